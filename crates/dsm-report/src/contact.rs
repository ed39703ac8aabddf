//! The devices that a wallet deals with.

use dsm_core::View;
use dsm_session::Ledger;
use dsm_store::{Books, Kv};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Somebody whose device is pinned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Contact {
    /// What this wallet's owner calls it.
    pub name: String,
    /// Its device.
    pub device: String,
    /// Whether it showed two histories: nothing is accepted from it.
    pub forked: bool,
    /// How far its log is known here.
    pub known_index: Option<u64>,
    /// How far its log was accepted here.
    pub accepted_index: Option<u64>,
}

impl Contact {
    /// Of a contact of these books.
    #[must_use]
    pub fn new<K: Kv>(books: &Books<'_, K>, contact: &dsm_store::Contact) -> Self {
        let device = contact.card.descriptor.id();
        Self {
            name: contact.name.clone(),
            device: device.to_string(),
            forked: books.is_forked(&device),
            known_index: books.latest(&device).map(|at| at.index),
            accepted_index: books.accepted(&device).map(|at| at.index),
        }
    }

    /// Every contact.
    #[must_use]
    pub fn all<K: Kv>(books: &Books<'_, K>) -> Vec<Self> {
        books.contacts().iter().map(|contact| Self::new(books, contact)).collect()
    }
}
