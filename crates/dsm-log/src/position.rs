//! Places in a log (`spec/log.md`, positions).

use dsm_crypto::{Digest, Domain, hash};
use dsm_encoding::record;

use crate::{DeviceId, Pair};

/// One more than the greatest index of a log: 2^63.
pub const MAX_INDEX: u64 = 1 << 63;

/// A place in a log: an index and the head there. As the start of a run it is a claim; as the
/// floor of a lock it says from where on a spend must be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Entries are numbered from 1; 0 is the empty log.
    pub index: u64,
    /// The head after the entry at `index`.
    pub head: Digest,
}
record! { Position { index, head } }

impl Position {
    /// The empty log of a device: index 0, head `H("log", DeviceId)`, known without a signature.
    #[must_use]
    pub fn origin(device: &DeviceId) -> Self {
        Self { index: 0, head: hash(Domain::Log, device) }
    }

    /// The place after one more record, or none past [`MAX_INDEX`].
    #[must_use]
    pub fn after(&self, pair: &Pair) -> Option<Self> {
        let index = self.index.checked_add(1).filter(|index| *index < MAX_INDEX)?;
        Some(Self { index, head: hash(Domain::Head, &(self.head, pair.spends, pair.body)) })
    }
}

/// The key of an unordered pair of devices: `H("relationship", smaller id, larger id)`.
#[must_use]
pub fn relationship(one: &DeviceId, other: &DeviceId) -> Digest {
    let (small, large) = if one <= other { (one, other) } else { (other, one) };
    hash(Domain::Relationship, &(small, large))
}
