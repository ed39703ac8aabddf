//! The devices that a wallet deals with.

use std::collections::BTreeMap;

use dsm_core::{TokenId, View};
use dsm_session::{Ledger, Notice};
use dsm_store::{Books, Kv};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{AnchorReport, Event, Part, Sum};

/// Somebody whose device is pinned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Contact {
    /// What this wallet's owner calls it.
    pub name: String,
    /// Its device. The id commits to its keys and to its owner's recovery key: compare it to compare cards.
    pub device: String,
    /// Whether it showed two histories: nothing is accepted from it.
    pub forked: bool,
    /// Whether its owner wants nothing dealt with it: what comes from it is refused unread.
    pub blocked: bool,
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
            blocked: books.is_blocked(&device),
            known_index: books.latest(&device).map(|at| at.index),
            accepted_index: books.accepted(&device).map(|at| at.index),
        }
    }

    /// Contacts, by name.
    #[must_use]
    pub fn list<K: Kv>(books: &Books<'_, K>, part: &Part<String>) -> Vec<Self> {
        let shown = part.of(books.contacts(), |contact| contact.name.clone());
        shown.iter().map(|contact| Self::new(books, contact)).collect()
    }
}

/// A contact, and what is open between it and this wallet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Dealings {
    /// Who it is.
    #[serde(flatten)]
    pub contact: Contact,
    /// Its owner: the same for all devices of one person.
    pub owner: String,
    /// What binds its entries, and whether that counts here.
    pub anchor: AnchorReport,
    /// Whether the owner's newest roster that is known names it.
    pub active: bool,
    /// What is due to it: value that was written to it and that it has not acknowledged, by token.
    pub due_to: Vec<Sum>,
    /// What is due from it: an acknowledgement of each of these own entries.
    pub due_from: Vec<u64>,
    /// What it asked for last by a letter, and was not paid.
    pub asks: Option<Event>,
}

impl Dealings {
    /// With a contact of these books.
    #[must_use]
    pub fn new<K: Kv>(books: &Books<'_, K>, contact: &dsm_store::Contact) -> Self {
        let peer = contact.card.descriptor.id();
        let mut due: BTreeMap<TokenId, u64> = BTreeMap::new();
        let mut due_from = Vec::new();
        for (index, entry) in books.unacknowledged(&peer) {
            let Some(value) = &entry.value else { continue };
            due_from.push(index);
            let to_it = value
                .outputs()
                .iter()
                .filter(|output| output.lock.device().is_some_and(|(owner, _)| *owner == peer));
            for output in to_it {
                let sum = due.entry(output.token).or_insert(0);
                *sum = sum.saturating_add(output.amount);
            }
        }
        let asked = books.mail(&peer).inbox.asked.and_then(|asked| asked.request);
        Self {
            contact: Contact::new(books, contact),
            owner: contact.card.genesis.id().to_string(),
            anchor: AnchorReport::new(books, &contact.card.descriptor),
            active: contact.card.roster(books.network()).is_ok(),
            due_to: due.iter().map(|(token, units)| Sum::new(books, token, *units)).collect(),
            due_from,
            asks: asked.map(|request| Event::new(books, &Notice::Asked { peer, request })),
        }
    }
}

impl std::fmt::Display for Dealings {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Contact { name, device, forked, blocked, known_index, accepted_index } = &self.contact;
        let index = |index: &Option<u64>| index.map_or("nothing".to_owned(), |at| at.to_string());
        writeln!(to, "{name}")?;
        writeln!(to, "  device    {device}")?;
        writeln!(to, "  owner     {}", self.owner)?;
        writeln!(to, "  chip      {}", self.anchor)?;
        writeln!(to, "  known     up to entry {}", index(known_index))?;
        writeln!(to, "  accepted  up to entry {}", index(accepted_index))?;
        if !self.active {
            writeln!(to, "  retired   its owner's roster names it no more")?;
        }
        if *forked {
            writeln!(to, "  forked    it showed two histories: nothing is accepted from it")?;
        }
        if *blocked {
            writeln!(to, "  blocked   what comes from it is refused unread")?;
        }
        if let Some(asks) = &self.asks {
            writeln!(to, "  asks      {asks}")?;
        }
        let sums: Vec<String> = self.due_to.iter().map(ToString::to_string).collect();
        let due = if sums.is_empty() { "nothing".to_owned() } else { sums.join(", ") };
        writeln!(to, "  due to it    {due}")?;
        let entries: Vec<String> = self.due_from.iter().map(u64::to_string).collect();
        if entries.is_empty() {
            return to.write_str("  due from it  nothing");
        }
        write!(to, "  due from it  acknowledgements of entries {}", entries.join(", "))
    }
}
