//! Devices that showed two histories.

use std::fmt;

use dsm_crypto::text;
use dsm_encoding::to_vec;
use dsm_log::ForkProof;
use dsm_session::Ledger;
use dsm_store::{Books, Kv};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Part;

/// The text form's prefix of a fork proof.
const FORK: &str = "dsmfork";

/// A fork proof that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Evidence {
    /// The device.
    pub device: String,
    /// Its name, if it is a contact.
    pub name: Option<String>,
    /// The entry at which the histories part, or one after it.
    pub index: u64,
    /// The size of the proof.
    pub bytes: usize,
    /// The proof itself, as text; given only if one device's is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
}

impl Evidence {
    /// Of a proof in these books; whole, with the proof itself, or short.
    fn new<K: Kv>(books: &Books<'_, K>, proof: &ForkProof, whole: bool) -> Self {
        let (device, bytes) = (proof.device(), to_vec(proof));
        Self {
            device: device.to_string(),
            name: books.name_of(&device),
            index: proof.start.index,
            bytes: bytes.len(),
            proof: if whole { text::encode(FORK, &bytes).ok() } else { None },
        }
    }

    /// Of every device that showed two histories, by its id, short.
    #[must_use]
    pub fn list<K: Kv>(books: &Books<'_, K>, part: &Part<String>) -> Vec<Self> {
        let shown = part.of(books.fork_proofs(), |proof| proof.device().to_string());
        shown.iter().map(|proof| Self::new(books, proof, false)).collect()
    }

    /// Of one device, by its id or a contact's name, whole.
    ///
    /// # Errors
    /// [`EvidenceError`].
    pub fn of<K: Kv>(books: &Books<'_, K>, wanted: &str) -> Result<Self, EvidenceError> {
        let named = books.contact_named(wanted).map(|contact| contact.card.descriptor.id());
        let device = named.or_else(|| wanted.parse().ok()).ok_or(EvidenceError::NoDevice)?;
        let proof = books.fork_proof(&device).ok_or(EvidenceError::None)?;
        Ok(Self::new(books, &proof, true))
    }
}

/// Why there is no evidence to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EvidenceError {
    /// What was named is nobody.
    NoDevice,
    /// Whoever was named showed no two histories.
    None,
}

impl fmt::Display for EvidenceError {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Self::NoDevice => "this is no contact and no device; see `dsm evidence list`",
            Self::None => "this device showed no two histories here; see `dsm evidence list`",
        })
    }
}

impl std::error::Error for EvidenceError {}
