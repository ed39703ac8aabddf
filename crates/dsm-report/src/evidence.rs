//! Devices that showed two histories.

use dsm_crypto::text;
use dsm_encoding::to_vec;
use dsm_log::ForkProof;
use dsm_store::{Books, Kv};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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
    #[must_use]
    pub fn new<K: Kv>(books: &Books<'_, K>, proof: &ForkProof, whole: bool) -> Self {
        let (device, bytes) = (proof.device(), to_vec(proof));
        Self {
            device: device.to_string(),
            name: books.name_of(&device),
            index: proof.start.index,
            bytes: bytes.len(),
            proof: if whole { text::encode(FORK, &bytes).ok() } else { None },
        }
    }
}
