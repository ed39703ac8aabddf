//! A whole entry, as its writer and its addressee know it (`spec/log.md`, entries).

use dsm_crypto::Digest;
use dsm_encoding::{List, record, to_vec};
use dsm_log::{
    DeviceId, MAX_SPENDS, Nonce, Position, Record, Rest, Side, SpendId, other_hash, tip_after,
    value_hash,
};

use crate::value::MAX_OPS;
use crate::{Op, Value};

/// An entry of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its position, from 1.
    pub index: u64,
    /// The device that it is addressed to.
    pub peer: Option<DeviceId>,
    /// The last head of the peer's log that the writer accepted in this relationship.
    pub stitch: Option<Digest>,
    /// Root of the tip tree after it.
    pub tips: Digest,
    /// The ids that it consumes, strictly ascending.
    pub spends: List<SpendId, MAX_SPENDS>,
    /// Its value operation.
    pub value: Option<Value>,
    /// Its other operations.
    pub ops: List<Op, MAX_OPS>,
    /// The receiver's challenge.
    pub nonce: Option<Nonce>,
}
record! { Entry { index, peer, stitch, tips, spends, value, ops, nonce } }

impl Entry {
    /// Hash of the value operation, or of none.
    #[must_use]
    pub fn value_hash(&self) -> Digest {
        value_hash(&to_vec(&self.value))
    }

    /// Hash of the other operations.
    #[must_use]
    pub fn other_hash(&self) -> Digest {
        other_hash(&to_vec(&self.ops))
    }

    /// The part that a lineage does not open.
    #[must_use]
    pub fn rest(&self) -> Rest {
        let Self { index, peer, stitch, nonce, .. } = *self;
        let side = Side { index, peer, stitch, nonce }.hash();
        Rest { tips: self.tips, side, other: self.other_hash() }
    }

    /// What a run shows of it.
    #[must_use]
    pub fn record(&self) -> Record {
        Record::from_parts(self.spends.clone(), &self.rest().hash(), &self.value_hash())
    }

    /// The place after it, if `before` is the place that it follows.
    #[must_use]
    pub fn after(&self, before: &Position) -> Option<Position> {
        before.after(&self.record().pair()).filter(|after| after.index == self.index)
    }

    /// The tip of its relationship after it.
    #[must_use]
    pub fn tip_after(&self, before: Option<Digest>) -> Digest {
        tip_after(before, self.stitch, &self.value_hash(), &self.other_hash())
    }
}

/// What opens the body of the entry before the one that is dealt, to show its tip tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Before {
    /// Root of the tip tree after it.
    pub tips: Digest,
    /// Hash of its side.
    pub side: Digest,
    /// Hash of its other operations.
    pub other: Digest,
    /// Hash of its value operation.
    pub value: Digest,
}
record! { Before { tips, side, other, value } }

impl Before {
    /// The opening of an entry.
    #[must_use]
    pub fn of(entry: &Entry) -> Self {
        let Rest { tips, side, other } = entry.rest();
        Self { tips, side, other, value: entry.value_hash() }
    }

    /// The body that it opens.
    #[must_use]
    pub fn body(&self) -> Digest {
        let Self { tips, side, other, value } = *self;
        let rest = Rest { tips, side, other }.hash();
        Record::from_parts(List::default(), &rest, &value).body
    }
}
