//! What a session asks of the device's own books (`spec/sessions.md`, books).

use alloc::vec::Vec;

use dsm_core::{Dealing, Entry, OwnLog, View};
use dsm_crypto::{Digest, KemPublic, Secret};
use dsm_log::{DeviceId, ForkProof, Position};
use dsm_merkle::TipProof;

use crate::{Held, Mail};

/// Heads and fork proofs that a device learned, in the order in which it did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// Signed heads of other devices.
    pub heads: Vec<(DeviceId, Position)>,
    /// Fork proofs.
    pub forks: Vec<ForkProof>,
    /// Up to where in that order this goes.
    pub upto: u64,
}

/// A device's own books, read only; what changes goes out in a [`crate::Batch`].
pub trait Ledger: View {
    /// Its log.
    fn own_log(&self) -> OwnLog;
    /// Whether its log went on elsewhere: it knows a later head of it than it wrote. It must not sign.
    fn is_old_copy(&self) -> bool {
        self.latest(&self.me()).map(|at| at.index) > Some(self.own_log().at.index)
    }
    /// Whether its entries need evidence of a chip before anybody takes them.
    fn is_anchored(&self) -> bool;
    /// Its tip for a relationship, and the proof of it in its tip tree.
    fn tip(&self, key: &Digest) -> (Option<Digest>, TipProof);
    /// The last place of a peer's log that it accepted.
    fn accepted(&self, peer: &DeviceId) -> Option<Position>;
    /// Its first own entry to a peer after an index, if it can be shown: a chip has absorbed it, or none needs to.
    fn next_to(&self, peer: &DeviceId, after: u64) -> Option<Dealing>;
    /// What it can spend: nothing that rests on a forked device.
    fn holdings(&self) -> Vec<Held>;
    /// A secret from which challenges are made.
    fn ask_secret(&self) -> &Secret<32>;
    /// The KEM key of a contact's device.
    fn kem(&self, peer: &DeviceId) -> Option<KemPublic>;
    /// The place of its log that a contact's card names.
    fn card_place(&self, peer: &DeviceId) -> Option<Position>;
    /// An own or an accepted entry.
    fn entry(&self, device: &DeviceId, index: u64) -> Option<Entry>;
    /// How far the letters of a peer have come.
    fn mail(&self, peer: &DeviceId) -> Mail;
    /// The peers that opened a secret to it.
    fn correspondents(&self) -> Vec<DeviceId>;
    /// A few of the newest entries with value between it and a peer that both have accepted.
    fn dealt_with(&self, peer: &DeviceId) -> Vec<(DeviceId, u64)>;
    /// What shows that a device forked.
    fn fork_proof(&self, device: &DeviceId) -> Option<ForkProof>;
    /// What it learned since it last told a peer.
    fn news(&self, peer: &DeviceId) -> News;
    /// The last place before an index at which it knows a head of a device.
    fn before(&self, device: &DeviceId, index: u64) -> Option<Position>;
    /// The devices whose ids begin with some bytes and of which it knows a head.
    fn devices_like(&self, prefix: &[u8; 8]) -> Vec<DeviceId>;
}
