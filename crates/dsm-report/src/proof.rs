//! What others can check, as text: receipts, and notes with their whole lineage.

use std::fmt;

use dsm_core::{TokenId, View};
use dsm_crypto::text::{self, TextError};
use dsm_encoding::to_vec;
use dsm_engine::{ProofError, note_proof};
use dsm_log::DeviceId;
use dsm_session::Ledger;
use dsm_store::{Books, Kv};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The text form's prefix of a receipt.
pub const RECEIPT: &str = "dsmreceipt";
/// The text form's prefix of a note with its lineage.
pub const NOTE: &str = "dsmnote";

/// Why there is nothing to show.
#[derive(Debug)]
#[non_exhaustive]
pub enum ShowError {
    /// The contact acknowledged no such entry, or no payment at all.
    NotAcknowledged,
    /// It was acknowledged, and not all of the receipt is here.
    Incomplete,
    /// Nothing of the token is held.
    NotHeld,
    /// The books lack a part of the lineage.
    Lineage(ProofError),
    /// It is too long for a text.
    Text(TextError),
}

impl fmt::Display for ShowError {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAcknowledged => to.write_str(
                "this contact acknowledged no such entry; see `dsm history`, and meet it again if it \
                 has yet to answer",
            ),
            Self::Incomplete => {
                to.write_str("the books lack a part of the receipt; meet this contact again")
            }
            Self::NotHeld => to.write_str("nothing of this token is held; see `dsm balance`"),
            Self::Lineage(error) => error.fmt(to),
            Self::Text(error) => error.fmt(to),
        }
    }
}

impl std::error::Error for ShowError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NotAcknowledged | Self::Incomplete | Self::NotHeld => None,
            Self::Lineage(error) => Some(error),
            Self::Text(error) => Some(error),
        }
    }
}

/// What both sides signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReceiptFile {
    /// Index of the own entry.
    pub entry: u64,
    /// For `dsm verify`.
    pub receipt: String,
}

impl ReceiptFile {
    /// Of an own entry to a contact's device; of the last acknowledged payment to it if none is named.
    ///
    /// # Errors
    /// [`ShowError`].
    pub fn new<K: Kv>(
        books: &Books<'_, K>,
        peer: &DeviceId,
        entry: Option<u64>,
    ) -> Result<Self, ShowError> {
        let found = match entry {
            Some(index) => is_acknowledged(books, peer, index).then_some(index),
            None => last_acknowledged(books, peer),
        };
        let entry = found.ok_or(ShowError::NotAcknowledged)?;
        let receipt = books.receipt(&books.me(), entry).ok_or(ShowError::Incomplete)?;
        let receipt = text::encode(RECEIPT, &to_vec(&receipt)).map_err(ShowError::Text)?;
        Ok(Self { entry, receipt })
    }
}

/// The first own entry to a peer that it has not acknowledged: it acknowledges them in order.
fn first_open<K: Kv>(books: &Books<'_, K>, peer: &DeviceId) -> u64 {
    books.unacknowledged(peer).first().map_or(u64::MAX, |(index, _)| *index)
}

fn is_acknowledged<K: Kv>(books: &Books<'_, K>, peer: &DeviceId, index: u64) -> bool {
    let entry = books.entry(&books.me(), index);
    entry.is_some_and(|entry| entry.peer == Some(*peer)) && index < first_open(books, peer)
}

/// Looks no further back than it must.
fn last_acknowledged<K: Kv>(books: &Books<'_, K>, peer: &DeviceId) -> Option<u64> {
    let last = books.last_paid(peer)?;
    if last.acknowledged {
        return Some(last.at.index);
    }
    let is_payment = |index: &u64| {
        let entry = books.entry(&books.me(), *index);
        entry.is_some_and(|entry| entry.peer == Some(*peer) && entry.value.is_some())
    };
    (1..first_open(books, peer).min(last.at.index)).rev().find(is_payment)
}

/// A note with its whole lineage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NoteFile {
    /// The note's id.
    pub note: String,
    /// For `dsm verify`.
    pub proof: String,
}

impl NoteFile {
    /// Of the largest note of a token that is held.
    ///
    /// # Errors
    /// [`ShowError`].
    pub fn new<K: Kv>(books: &Books<'_, K>, token: &TokenId) -> Result<Self, ShowError> {
        let held = books.all_held().into_iter().map(|(held, _)| held);
        let largest = held
            .filter(|held| held.note.output.token == *token)
            .max_by_key(|held| held.note.output.amount);
        let held = largest.ok_or(ShowError::NotHeld)?;
        let proof = note_proof(books, &held.id()).map_err(ShowError::Lineage)?;
        let proof = text::encode(NOTE, &to_vec(&proof)).map_err(ShowError::Text)?;
        Ok(Self { note: held.id().to_string(), proof })
    }
}
