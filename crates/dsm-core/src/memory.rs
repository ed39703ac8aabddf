//! A view in memory: for small devices, tests, models and vectors.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};

use dsm_crypto::Digest;
use dsm_log::{
    DeviceDescriptor, DeviceId, ForkProof, Network, Position, Record, SignedHead, SpendId, Verified,
};

use crate::accept::{Accepted, Verdict};
use crate::pack::OpenedEntry;
use crate::view::{Allowed, Facts, Origin, Peer, View};
use crate::{Lineage, MakerId, Note, Output, Policy, Settings, TokenId, Value};

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
    /// Who made the chips of devices.
    pub makers: BTreeMap<DeviceId, MakerId>,
    exposures: BTreeMap<(DeviceId, TokenId), u64>,
    policies: BTreeMap<TokenId, Policy>,
    logs: BTreeMap<DeviceId, Box<Log>>,
    origins: BTreeMap<SpendId, (Origin, Output)>,
    allowances: BTreeMap<(TokenId, DeviceId), Allowed>,
}

/// What is known of one device.
#[derive(Clone, Debug, Default)]
struct Log {
    descriptor: Option<DeviceDescriptor>,
    heads: BTreeMap<u64, Digest>,
    records: BTreeMap<u64, Record>,
    signed: BTreeMap<u64, SignedHead>,
    opened: BTreeMap<u64, OpenedEntry>,
    spends: BTreeSet<(SpendId, u64)>,
}

impl MemoryView {
    /// Knows nothing but who it is, and its own empty log.
    #[must_use]
    pub fn new(network: Network, me: DeviceId) -> Self {
        let heads = BTreeMap::from([(0, Position::origin(&me).head)]);
        let own = Log { heads, ..Log::default() };
        Self {
            network,
            me,
            own: BTreeSet::from([me]),
            settings: Settings::default(),
            peers: BTreeMap::new(),
            forks: BTreeMap::new(),
            makers: BTreeMap::new(),
            exposures: BTreeMap::new(),
            policies: BTreeMap::new(),
            logs: BTreeMap::from([(me, Box::new(own))]),
            origins: BTreeMap::new(),
            allowances: BTreeMap::new(),
        }
    }

    /// Keeps what a verified pack taught, or what the owner itself wrote and signed.
    pub fn learn(&mut self, facts: &Facts) {
        for descriptor in &facts.descriptors {
            self.log(descriptor.id()).descriptor = Some(descriptor.clone());
        }
        for policy in &facts.policies {
            self.policies.insert(policy.id(), policy.clone());
        }
        for line in &facts.lines {
            let log = self.log(line.device);
            log.heads.insert(line.start.index, line.start.head);
            let indexes = line.start.index.saturating_add(1)..;
            for ((index, head), record) in indexes.zip(&line.heads).zip(&line.records) {
                log.heads.insert(index, *head);
                log.spends.extend(record.spends.iter().map(|id| (*id, index)));
                log.records.insert(index, record.clone());
            }
            let signed = line.signed();
            // Of two with evidence the one of more entries.
            let further = |known: &&SignedHead| {
                let first = |of: &SignedHead| of.signature.first().unwrap_or(u64::MAX);
                known.at == signed.at && first(known) < first(&signed)
            };
            if log.signed.get(&signed.at.index).filter(further).is_none() {
                log.signed.insert(signed.at.index, signed);
            }
        }
        for opened in &facts.opened {
            let (device, index) = (opened.device, opened.index);
            for (number, id, output) in opened.made() {
                self.origins.insert(id, (Origin { device, index, output: number }, output));
            }
            self.log(device).opened.insert(index, opened.clone());
        }
        for (token, device, proof) in &facts.allowances {
            self.allowances.insert((*token, *device), proof.clone());
        }
    }

    fn log(&mut self, device: DeviceId) -> &mut Log {
        self.logs.entry(device).or_default()
    }

    /// Pins a contact's device.
    pub fn pin(&mut self, descriptor: &DeviceDescriptor) {
        let device = descriptor.id();
        self.log(device).descriptor = Some(descriptor.clone());
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

    fn maker(&self, device: &DeviceId) -> Option<MakerId> {
        self.makers.get(device).copied()
    }

    fn descriptor(&self, device: &DeviceId) -> Option<DeviceDescriptor> {
        self.logs.get(device)?.descriptor.clone()
    }

    fn policy(&self, token: &TokenId) -> Option<Policy> {
        self.policies.get(token).cloned()
    }

    fn latest(&self, device: &DeviceId) -> Option<Position> {
        let (index, head) = self.logs.get(device)?.heads.last_key_value()?;
        Some(Position { index: *index, head: *head })
    }

    fn head(&self, device: &DeviceId, index: u64) -> Option<Digest> {
        self.logs.get(device)?.heads.get(&index).copied()
    }

    fn record(&self, device: &DeviceId, index: u64) -> Option<Record> {
        self.logs.get(device)?.records.get(&index).cloned()
    }

    fn has_record(&self, device: &DeviceId, index: u64) -> bool {
        self.logs.get(device).is_some_and(|log| log.records.contains_key(&index))
    }

    fn signed(&self, device: &DeviceId, index: u64) -> Option<SignedHead> {
        let mut after = self.logs.get(device)?.signed.range(index..);
        after.next().map(|(_, signed)| signed.clone())
    }

    fn opened(&self, device: &DeviceId, index: u64) -> Option<OpenedEntry> {
        self.logs.get(device)?.opened.get(&index).cloned()
    }

    fn opened_value(&self, device: &DeviceId, index: u64) -> Option<Option<Value>> {
        Some(self.logs.get(device)?.opened.get(&index)?.value.clone())
    }

    fn first_spend(&self, device: &DeviceId, id: &SpendId, after: u64) -> Option<u64> {
        let of = (*id, after.checked_add(1)?)..=(*id, u64::MAX);
        self.logs.get(device)?.spends.range(of).next().map(|(_, index)| *index)
    }

    fn origin(&self, id: &SpendId) -> Option<(Origin, Output)> {
        self.origins.get(id).copied()
    }

    fn allowance(&self, token: &TokenId, device: &DeviceId) -> Option<Allowed> {
        self.allowances.get(&(*token, *device)).cloned()
    }
}
