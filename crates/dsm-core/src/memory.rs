//! A view in memory: for small devices, tests, models and vectors.

use alloc::collections::{BTreeMap, BTreeSet};

use dsm_crypto::Digest;
use dsm_log::{
    DeviceDescriptor, DeviceId, ForkProof, Network, Position, Record, SignedHead, SpendId, Verified,
};

use crate::accept::{Accepted, Verdict};
use crate::pack::OpenedEntry;
use crate::view::{Allowed, Facts, Origin, Peer, View};
use crate::{Lineage, Note, Output, Policy, Settings, TokenId};

/// Knowledge kept in ordered maps.
#[derive(Clone, Debug)]
pub struct MemoryView {
    network: Network,
    me: DeviceId,
    /// Further devices of the same owner.
    pub own: BTreeSet<DeviceId>,
    /// What the receiver asks of value.
    pub settings: Settings,
    /// Contacts' devices.
    pub peers: BTreeMap<DeviceId, Peer>,
    /// Devices that showed two histories.
    pub forks: BTreeMap<DeviceId, Verified<ForkProof>>,
    exposures: BTreeMap<(DeviceId, TokenId), u64>,
    descriptors: BTreeMap<DeviceId, DeviceDescriptor>,
    policies: BTreeMap<TokenId, Policy>,
    heads: BTreeMap<(DeviceId, u64), Digest>,
    records: BTreeMap<(DeviceId, u64), Record>,
    signed: BTreeMap<(DeviceId, u64), SignedHead>,
    opened: BTreeMap<(DeviceId, u64), OpenedEntry>,
    spends: BTreeSet<(DeviceId, SpendId, u64)>,
    origins: BTreeMap<SpendId, (Origin, Output)>,
    allowances: BTreeMap<(TokenId, DeviceId), Allowed>,
}

impl MemoryView {
    /// Knows nothing but who it is, and its own empty log.
    #[must_use]
    pub fn new(network: Network, me: DeviceId) -> Self {
        Self {
            network,
            me,
            own: BTreeSet::from([me]),
            settings: Settings::default(),
            peers: BTreeMap::new(),
            forks: BTreeMap::new(),
            exposures: BTreeMap::new(),
            descriptors: BTreeMap::new(),
            policies: BTreeMap::new(),
            heads: BTreeMap::from([((me, 0), Position::origin(&me).head)]),
            records: BTreeMap::new(),
            signed: BTreeMap::new(),
            opened: BTreeMap::new(),
            spends: BTreeSet::new(),
            origins: BTreeMap::new(),
            allowances: BTreeMap::new(),
        }
    }

    /// Keeps what a verified pack taught, or what the owner itself wrote and signed.
    pub fn learn(&mut self, facts: &Facts) {
        for descriptor in &facts.descriptors {
            self.descriptors.insert(descriptor.id(), descriptor.clone());
        }
        for policy in &facts.policies {
            self.policies.insert(policy.id(), policy.clone());
        }
        for line in &facts.lines {
            let device = line.device;
            self.heads.insert((device, line.start.index), line.start.head);
            let indexes = line.start.index.saturating_add(1)..;
            for ((index, head), record) in indexes.zip(&line.heads).zip(&line.records) {
                self.heads.insert((device, index), *head);
                for id in record.spends.iter() {
                    self.spends.insert((device, *id, index));
                }
                self.records.insert((device, index), record.clone());
            }
            let signed = line.signed();
            self.signed.insert((device, signed.at.index), signed);
        }
        for opened in &facts.opened {
            let (device, index) = (opened.device, opened.index);
            for (number, id, output) in opened.made() {
                self.origins.insert(id, (Origin { device, index, output: number }, output));
            }
            self.opened.insert((device, index), opened.clone());
        }
        for (token, device, proof) in &facts.allowances {
            self.allowances.insert((*token, *device), proof.clone());
        }
    }

    /// Pins a contact's device.
    pub fn pin(&mut self, descriptor: &DeviceDescriptor) {
        let device = descriptor.id();
        self.descriptors.insert(device, descriptor.clone());
        self.peers.insert(device, Peer { active: true, tip: None, stitch: None });
    }

    /// Keeps what a verdict taught: the forks in any case, the rest if it was accepted.
    pub fn keep(&mut self, verdict: &Verdict) {
        for proof in &verdict.forks {
            self.forks.insert(proof.device(), proof.clone());
        }
        if let Ok(accepted) = &verdict.result {
            self.learn(accepted.facts());
            self.peers.insert(accepted.writer(), accepted.peer());
            self.hold(accepted);
        }
    }

    fn hold(&mut self, accepted: &Accepted) {
        for note in accepted.notes() {
            self.expose(accepted.lineage(), note);
        }
    }

    /// Counts a note that is now held against the devices that it rests on.
    pub fn expose(&mut self, lineage: &Lineage, note: &Note) {
        for device in &lineage.uncertified {
            let sum = self.exposures.entry((*device, note.output.token)).or_insert(0);
            *sum = sum.saturating_add(note.output.amount);
        }
    }
}

impl View for MemoryView {
    fn network(&self) -> Network {
        self.network
    }

    fn me(&self) -> DeviceId {
        self.me
    }

    fn is_own(&self, device: &DeviceId) -> bool {
        self.own.contains(device)
    }

    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn peer(&self, device: &DeviceId) -> Option<Peer> {
        self.peers.get(device).copied()
    }

    fn exposure(&self, device: &DeviceId, token: &TokenId) -> u64 {
        self.exposures.get(&(*device, *token)).copied().unwrap_or(0)
    }

    fn is_forked(&self, device: &DeviceId) -> bool {
        self.forks.contains_key(device)
    }

    fn is_certified(&self, _device: &DeviceId, _from: u64, _to: &Position) -> bool {
        // No node exists yet, so no certificate does.
        false
    }

    fn descriptor(&self, device: &DeviceId) -> Option<DeviceDescriptor> {
        self.descriptors.get(device).cloned()
    }

    fn policy(&self, token: &TokenId) -> Option<Policy> {
        self.policies.get(token).cloned()
    }

    fn latest(&self, device: &DeviceId) -> Option<Position> {
        let of = (*device, 0)..=(*device, u64::MAX);
        let ((_, index), head) = self.heads.range(of).next_back()?;
        Some(Position { index: *index, head: *head })
    }

    fn head(&self, device: &DeviceId, index: u64) -> Option<Digest> {
        self.heads.get(&(*device, index)).copied()
    }

    fn record(&self, device: &DeviceId, index: u64) -> Option<Record> {
        self.records.get(&(*device, index)).cloned()
    }

    fn has_record(&self, device: &DeviceId, index: u64) -> bool {
        self.records.contains_key(&(*device, index))
    }

    fn signed(&self, device: &DeviceId, index: u64) -> Option<SignedHead> {
        let after = (*device, index)..=(*device, u64::MAX);
        self.signed.range(after).next().map(|(_, signed)| signed.clone())
    }

    fn opened(&self, device: &DeviceId, index: u64) -> Option<OpenedEntry> {
        self.opened.get(&(*device, index)).cloned()
    }

    fn first_spend(&self, device: &DeviceId, id: &SpendId, after: u64) -> Option<u64> {
        let of = (*device, *id, after.checked_add(1)?)..=(*device, *id, u64::MAX);
        self.spends.range(of).next().map(|(_, _, index)| *index)
    }

    fn origin(&self, id: &SpendId) -> Option<(Origin, Output)> {
        self.origins.get(id).copied()
    }

    fn allowance(&self, token: &TokenId, device: &DeviceId) -> Option<Allowed> {
        self.allowances.get(&(*token, *device)).cloned()
    }
}
