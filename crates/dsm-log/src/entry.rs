//! What a head hashes (`spec/log.md`, entries).
//!
//! ```text
//! side = H("side", index, peer, stitch, nonce)
//! rest = H("rest", tips, side, H("other", ops))
//! body = H("body", rest, H("value", value))
//! head = H("head", head before, H("spends", spends), body)
//! ```

use dsm_crypto::{Digest, Domain, hash, hash_bytes};
use dsm_encoding::{List, record};

use crate::DeviceId;

/// The most ids that one entry may consume.
pub const MAX_SPENDS: usize = 256;
/// The most records in one run.
pub const MAX_RECORDS: usize = 1 << 20;

/// A receiver's challenge.
pub type Nonce = [u8; 32];

crate::id! {
    /// An id that may be consumed once: of a note, or of a lot.
    SpendId
}

/// The part of an entry that concerns its two devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side {
    /// The entry's index.
    pub index: u64,
    /// The device that this entry is addressed to.
    pub peer: Option<DeviceId>,
    /// The last head of the peer's log that the writer accepted in this relationship.
    pub stitch: Option<Digest>,
    /// The receiver's challenge.
    pub nonce: Option<Nonce>,
}
record! { Side { index, peer, stitch, nonce } }

impl Side {
    /// `H("side", index, peer, stitch, nonce)`.
    #[must_use]
    pub fn hash(&self) -> Digest {
        hash(Domain::Side, self)
    }
}

/// The part of an entry that a lineage does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rest {
    /// Root of the tip tree after the entry.
    pub tips: Digest,
    /// Hash of the [`Side`].
    pub side: Digest,
    /// Hash of the operations without value.
    pub other: Digest,
}
record! { Rest { tips, side, other } }

impl Rest {
    /// `H("rest", tips, side, other)`.
    #[must_use]
    pub fn hash(&self) -> Digest {
        hash(Domain::Rest, self)
    }
}

/// `H("value", bytes)`, over the canonical bytes of a value operation or of null.
#[must_use]
pub fn value_hash(canonical: &[u8]) -> Digest {
    hash_bytes(Domain::Value, canonical)
}

/// `H("other", bytes)`, over the canonical bytes of the list of other operations.
#[must_use]
pub fn other_hash(canonical: &[u8]) -> Digest {
    hash_bytes(Domain::Other, canonical)
}

/// `H("spends", ids)`.
#[must_use]
pub fn spends_hash(spends: &List<SpendId, MAX_SPENDS>) -> Digest {
    hash(Domain::Spends, spends)
}

/// `H("tip", tip before, stitch, value, other)`; the first tip before is 32 zero bytes.
#[must_use]
pub fn tip_after(
    before: Option<Digest>,
    stitch: Option<Digest>,
    value: &Digest,
    other: &Digest,
) -> Digest {
    hash(Domain::Tip, &(before.unwrap_or(Digest::ZERO), stitch, value, other))
}

/// What a node sees of an entry: two hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// `H("spends", spends)`.
    pub spends: Digest,
    /// The body.
    pub body: Digest,
}
record! { Pair { spends, body } }

/// A spine record: what a run shows of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The ids that the entry consumes, strictly ascending.
    pub spends: List<SpendId, MAX_SPENDS>,
    /// The body.
    pub body: Digest,
}
record! { Record { spends, body } }

impl Record {
    /// A record from an opened entry: `body = H("body", rest, value)`.
    #[must_use]
    pub fn from_parts(spends: List<SpendId, MAX_SPENDS>, rest: &Digest, value: &Digest) -> Self {
        Self { spends, body: hash(Domain::Body, &(rest, value)) }
    }

    /// What a node sees of it.
    #[must_use]
    pub fn pair(&self) -> Pair {
        Pair { spends: spends_hash(&self.spends), body: self.body }
    }
}
