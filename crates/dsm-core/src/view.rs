//! What a verifier knows (`spec/accept.md`, the view).
//!
//! Facts, never verdicts: heads under signed heads, records, opened entries, descriptors,
//! policies. A cached fact is checked as if it had been sent.

use dsm_crypto::Digest;
use dsm_encoding::record;
use dsm_log::{DeviceDescriptor, DeviceId, Network, Position, Record, SignedHead, SpendId};
use dsm_merkle::ListProof;

use crate::pack::{Line, OpenedEntry};
use crate::{MakerId, Output, Policy, Settings, TokenId, Value};

/// A contact's device, and how far the verifier has dealt with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Whether it is an active device of the newest roster that the verifier knows.
    pub active: bool,
    /// Its tip for this relationship after the last entry that it dealt here.
    pub tip: Option<Digest>,
    /// Index of the verifier's own entry that its last stitch names.
    pub stitch: Option<u64>,
}

/// Where a note was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// Whose log.
    pub device: DeviceId,
    /// The index of the entry.
    pub index: u64,
    /// The number of the output.
    pub output: u32,
}

/// A proof that a device is in the allow set of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// Which leaf it is.
    pub index: u64,
    /// How many leaves there are.
    pub count: u64,
    /// The siblings.
    pub proof: ListProof,
}
record! { Allowed { index, count, proof } }

/// A verifier's knowledge. A lookup never fails: a shell whose store can fail keeps the error,
/// answers none, and throws the verdict away.
pub trait View {
    /// The network on which it lives.
    fn network(&self) -> Network;
    /// The verifier's own device.
    fn me(&self) -> DeviceId;
    /// Whether a device is one of the verifier's own (its issuing logs, for example).
    fn is_own(&self, device: &DeviceId) -> bool;
    /// What the receiver asks of value.
    fn settings(&self) -> &Settings;
    /// A contact's device.
    fn peer(&self, device: &DeviceId) -> Option<Peer>;
    /// How much of a token it holds whose lineage has an uncertified spend by a device.
    fn exposure(&self, device: &DeviceId, token: &TokenId) -> u64;
    /// Whether it holds a fork proof of a device.
    fn is_forked(&self, device: &DeviceId) -> bool;
    /// Whether a certificate of a slot set that it trusts covers a device's log from one place to
    /// another.
    fn is_certified(&self, device: &DeviceId, from: u64, to: &Position) -> bool;
    /// Who made a device's chip, if somebody whom the verifier trusts in this vouched for it.
    fn maker(&self, device: &DeviceId) -> Option<MakerId>;
    /// A device's descriptor.
    fn descriptor(&self, device: &DeviceId) -> Option<DeviceDescriptor>;
    /// A token's policy.
    fn policy(&self, token: &TokenId) -> Option<Policy>;
    /// The known place with the greatest index of a device's log.
    fn latest(&self, device: &DeviceId) -> Option<Position>;
    /// The known head of a device at an index.
    fn head(&self, device: &DeviceId, index: u64) -> Option<Digest>;
    /// The known record of the entry of a device at an index.
    fn record(&self, device: &DeviceId, index: u64) -> Option<Record>;
    /// Whether it knows that record.
    fn has_record(&self, device: &DeviceId, index: u64) -> bool {
        self.record(device, index).is_some()
    }
    /// The first signed head of a device at or after an index, with evidence of as many entries before it as are known to have some; of
    /// one's own entries only those that have been absorbed.
    fn signed(&self, device: &DeviceId, index: u64) -> Option<SignedHead>;
    /// The index of that signed head.
    fn signed_index(&self, device: &DeviceId, index: u64) -> Option<u64> {
        self.signed(device, index).map(|signed| signed.at.index)
    }
    /// An opened entry.
    fn opened(&self, device: &DeviceId, index: u64) -> Option<OpenedEntry>;
    /// The value operation of an opened entry.
    fn opened_value(&self, device: &DeviceId, index: u64) -> Option<Option<Value>> {
        self.opened(device, index).map(|opened| opened.value)
    }
    /// Whether it knows that entry opened.
    fn has_opened(&self, device: &DeviceId, index: u64) -> bool {
        self.opened_value(device, index).is_some()
    }
    /// The least index greater than `after` at which a known record of a device names an id. What a
    /// device wrote at or before the floor of a note lies on another line than the note's.
    fn first_spend(&self, device: &DeviceId, id: &SpendId, after: u64) -> Option<u64>;
    /// Where a note of an opened entry was made, and the note's output.
    fn origin(&self, id: &SpendId) -> Option<(Origin, Output)>;
    /// A proof that a device is in a token's allow set.
    fn allowance(&self, token: &TokenId, device: &DeviceId) -> Option<Allowed>;
}

/// What a verified pack teaches: to be kept as long as something held rests on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Devices in full.
    pub descriptors: alloc::vec::Vec<DeviceDescriptor>,
    /// Tokens in full.
    pub policies: alloc::vec::Vec<Policy>,
    /// Runs under a verified signed head.
    pub lines: alloc::vec::Vec<Line>,
    /// Opened entries that those runs hold.
    pub opened: alloc::vec::Vec<OpenedEntry>,
    /// Proofs that devices are in allow sets.
    pub allowances: alloc::vec::Vec<(TokenId, DeviceId, Allowed)>,
}
