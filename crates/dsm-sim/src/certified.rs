//! What a verifier will know once there are nodes: which spends a slot set ordered.

use std::cell::Cell;
use std::collections::BTreeSet;

use dsm_core::pack::OpenedEntry;
use dsm_core::{
    Allowed, MakerId, MemoryView, Origin, Output, Peer, Policy, Settings, TokenId, View,
};
use dsm_crypto::Digest;
use dsm_log::{DeviceDescriptor, DeviceId, Network, Position, Record, SignedHead, SpendId};

/// A view that holds certificates for some heads.
#[derive(Clone, Debug)]
pub struct Certified {
    /// Everything else.
    pub view: MemoryView,
    /// The heads that a slot set ordered.
    pub heads: BTreeSet<(DeviceId, Digest)>,
    /// Whether the signed heads are lost.
    pub forgets: bool,
    /// How often it was asked for a record.
    pub asked: Cell<u64>,
    /// How many pieces of evidence it read.
    pub pieces: Cell<u64>,
}

impl Certified {
    /// A view with these certificates.
    #[must_use]
    pub fn new(view: &MemoryView, heads: &[(DeviceId, Digest)]) -> Self {
        let heads = heads.iter().copied().collect();
        Self {
            view: view.clone(),
            heads,
            forgets: false,
            asked: Cell::new(0),
            pieces: Cell::new(0),
        }
    }
}

impl View for Certified {
    fn network(&self) -> Network {
        self.view.network()
    }
    fn me(&self) -> DeviceId {
        self.view.me()
    }
    fn is_own(&self, device: &DeviceId) -> bool {
        self.view.is_own(device)
    }
    fn settings(&self) -> &Settings {
        self.view.settings()
    }
    fn peer(&self, device: &DeviceId) -> Option<Peer> {
        self.view.peer(device)
    }
    fn exposure(&self, device: &DeviceId, token: &TokenId) -> u64 {
        self.view.exposure(device, token)
    }
    fn is_forked(&self, device: &DeviceId) -> bool {
        self.view.is_forked(device)
    }
    fn is_certified(&self, device: &DeviceId, _from: u64, to: &Position) -> bool {
        self.heads.contains(&(*device, to.head))
    }
    fn maker(&self, device: &DeviceId) -> Option<MakerId> {
        self.view.maker(device)
    }
    fn descriptor(&self, device: &DeviceId) -> Option<DeviceDescriptor> {
        self.view.descriptor(device)
    }
    fn policy(&self, token: &TokenId) -> Option<Policy> {
        self.view.policy(token)
    }
    fn latest(&self, device: &DeviceId) -> Option<Position> {
        self.view.latest(device)
    }
    fn head(&self, device: &DeviceId, index: u64) -> Option<Digest> {
        self.view.head(device, index)
    }
    fn record(&self, device: &DeviceId, index: u64) -> Option<Record> {
        self.asked.set(self.asked.get() + 1);
        self.view.record(device, index)
    }
    fn has_record(&self, device: &DeviceId, index: u64) -> bool {
        self.asked.set(self.asked.get() + 1);
        self.view.has_record(device, index)
    }
    fn signed(&self, device: &DeviceId, index: u64) -> Option<SignedHead> {
        let signed = self.view.signed(device, index).filter(|_| !self.forgets);
        let pieces = signed.as_ref().map_or(0, |signed| signed.signature.evidence.len());
        self.pieces.set(self.pieces.get() + pieces as u64);
        signed
    }
    fn signed_index(&self, device: &DeviceId, index: u64) -> Option<u64> {
        self.view.signed_index(device, index).filter(|_| !self.forgets)
    }
    fn opened(&self, device: &DeviceId, index: u64) -> Option<OpenedEntry> {
        self.view.opened(device, index)
    }
    fn first_spend(&self, device: &DeviceId, id: &SpendId, after: u64) -> Option<u64> {
        self.view.first_spend(device, id, after)
    }
    fn origin(&self, id: &SpendId) -> Option<(Origin, Output)> {
        self.view.origin(id)
    }
    fn allowance(&self, token: &TokenId, device: &DeviceId) -> Option<Allowed> {
        self.view.allowance(token, device)
    }
}
