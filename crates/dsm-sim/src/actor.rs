//! A device with its keys, its log and what it knows.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use dsm_core::pack::{Plan, Wanted};
use dsm_core::{
    Addressee, Claimed, Cosigners, Dealing, Dealt, Draft, Facts, FinalityClass, Kind, Lineage,
    Lock, MemoryView, Note, Op, Output, OwnLog, Policy, Supervision, TokenId, Value, Verdict, View,
    Written, accept, deal, examine, lot_id, write,
};
use dsm_crypto::{Digest, Domain, KemPublic, KemSecret, Secret, SecretKey, Signer, hash};
use dsm_encoding::{List, from_slice, to_vec};
use dsm_log::{
    Anchor, Chip, DeviceDescriptor, DeviceId, Network, Nonce, Position, SimulatedChip, SpendId,
    relationship,
};
use dsm_merkle::TipTree;

/// The network of every simulated world.
pub const NETWORK: Network = Network::TEST;

/// A note with what it rests on.
#[derive(Clone, Debug)]
pub struct Holding {
    /// The note.
    pub note: Note,
    /// Its history.
    pub lineage: Lineage,
}

/// A payment that is durable and that its payee has not seen.
#[derive(Clone, Debug)]
pub struct Payment {
    /// What the payee needs.
    pub dealing: Dealing,
    /// The challenge that it answers.
    pub nonce: Option<Nonce>,
}

/// A simulated device. A clone is a copy of its disk, keys included.
#[derive(Clone)]
pub struct Actor {
    /// Signs for it.
    pub key: Arc<SecretKey>,
    /// What its name commits to.
    pub descriptor: DeviceDescriptor,
    /// To this key secrets for it are sealed.
    pub kem: Box<KemPublic>,
    /// What it knows.
    pub view: MemoryView,
    /// How far its log has come.
    pub log: OwnLog,
    /// Its tips.
    pub tree: TipTree,
    /// The last place of each peer that it accepted.
    pub accepted: BTreeMap<DeviceId, Position>,
    /// What it holds, by id.
    pub notes: BTreeMap<SpendId, Holding>,
    /// Everything that it learned, in order; what it wrote itself too.
    pub learned: Vec<Facts>,
    /// What absorbs its heads: copies of its disk share it.
    pub chip: Option<Arc<Mutex<SimulatedChip>>>,
    asked: u64,
}

/// 32 bytes from a seed and a number.
pub(crate) fn bytes(seed: &str, number: u64) -> [u8; 32] {
    *hash(Domain::Seed, &(seed, number)).as_bytes()
}

fn secret64(seed: &str) -> Secret<64> {
    let mut wide = [0; 64];
    wide[..32].copy_from_slice(&bytes(seed, 1));
    wide[32..].copy_from_slice(&bytes(seed, 2));
    Secret::from_bytes(wide)
}

impl Actor {
    /// A device whose keys come from a seed; its owner's recovery key is only a digest.
    #[must_use]
    pub fn new(seed: &str) -> Self {
        Self::owned(seed, hash(Domain::Seed, &(seed, 3_u8)))
    }

    /// The same of an owner whose recovery key has this digest.
    #[must_use]
    pub fn owned(seed: &str, recovery: Digest) -> Self {
        let kem = KemSecret::from_seed(Secret::from_bytes(bytes(seed, 4)));
        let key = SecretKey::from_seed(secret64(seed));
        let descriptor = DeviceDescriptor {
            network: NETWORK,
            recovery,
            slot_set: None,
            key: key.public_key().clone(),
            kem: kem.public_key().digest(),
            anchor: Anchor::Software {},
        };
        let device = descriptor.id();
        let mut view = MemoryView::new(NETWORK, device);
        view.pin(&descriptor);
        view.peers.remove(&device);
        Self {
            key: Arc::new(key),
            descriptor,
            kem: Box::new(kem.public_key().clone()),
            view,
            log: OwnLog::new(device),
            tree: TipTree::default(),
            accepted: BTreeMap::new(),
            notes: BTreeMap::new(),
            learned: Vec::new(),
            chip: None,
            asked: 0,
        }
    }

    /// A device with a chip, which says of itself what `kind` says.
    #[must_use]
    pub fn anchored(seed: &str, kind: fn(Chip) -> Anchor) -> Self {
        let chip = SimulatedChip::new(Secret::from_bytes(bytes(seed, 7)), 1_000);
        let anchor = kind(chip.chip().clone());
        Self {
            chip: Some(Arc::new(Mutex::new(chip))),
            ..Self::new(seed).renamed(|of| of.anchor = anchor)
        }
    }

    /// The same before its first entry, under another descriptor.
    #[must_use]
    pub fn renamed(mut self, change: impl FnOnce(&mut DeviceDescriptor)) -> Self {
        change(&mut self.descriptor);
        let device = self.descriptor.id();
        self.view = MemoryView::new(NETWORK, device);
        self.view.pin(&self.descriptor);
        self.view.peers.remove(&device);
        self.log = OwnLog::new(device);
        self
    }

    /// Gives this copy of the disk a copy of the chip: what no chip may allow.
    ///
    /// # Panics
    /// If another thread failed in it.
    pub fn copy_chip(&mut self) {
        let copy = self.chip.as_ref().map(|chip| chip.lock().expect("no panic").clone());
        self.chip = copy.map(|chip| Arc::new(Mutex::new(chip)));
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> DeviceId {
        self.log.device
    }

    /// Where its log stands.
    #[must_use]
    pub fn at(&self) -> Position {
        self.log.at
    }

    /// A lock for this device with its last place as floor.
    #[must_use]
    pub fn lock(&self) -> Lock {
        Lock::Device { id: self.id(), floor: self.at() }
    }

    /// Keeps facts, and that it learned them.
    pub fn learn(&mut self, facts: Facts) {
        self.view.learn(&facts);
        self.learned.push(facts);
    }

    /// A fresh challenge.
    pub fn ask(&mut self) -> Nonce {
        self.asked += 1;
        *hash(Domain::Seed, &(self.id(), self.asked)).as_bytes()
    }

    /// Writes the next entry, if the log allows it, and goes on from there.
    ///
    /// # Panics
    /// If the draft passes a limit.
    pub fn write(
        &mut self,
        to: Option<DeviceId>,
        spends: Vec<SpendId>,
        value: Option<Value>,
        ops: Vec<Op>,
        nonce: Option<Nonce>,
    ) -> Written {
        self.try_write(to, spends, value, ops, nonce).expect("a draft within limits")
    }

    /// The same; none if the draft passes a limit, or the tips are not those of the log.
    pub fn try_write(
        &mut self,
        to: Option<DeviceId>,
        spends: Vec<SpendId>,
        value: Option<Value>,
        ops: Vec<Op>,
        nonce: Option<Nonce>,
    ) -> Option<Written> {
        let to = to.map(|device| {
            let key = relationship(&self.id(), &device);
            let (Ok(tip), Ok(proof)) = (self.tree.get(key), self.tree.prove(key));
            Addressee { device, stitch: self.accepted.get(&device).copied(), tip, proof }
        });
        let ops = List::try_from(ops).ok()?;
        let draft = Draft { to, spends, value, ops, nonce };
        let mut written = write(&self.log, draft, NETWORK, &*self.key)?;
        self.absorb(&mut written);
        if let Some((key, tip)) = written.tip {
            let Ok(_) = self.tree.update(key, tip);
        }
        self.log = written.log;
        self.learn(written.facts.clone());
        Some(written)
    }

    /// Has the chip absorb an entry, if it stands before it; else the entry has no evidence.
    fn absorb(&self, written: &mut Written) {
        let Some(mut chip) = self.chip.as_ref().and_then(|chip| chip.lock().ok()) else { return };
        if chip.next() == Some(written.log.at.index)
            && let Some(evidence) = chip.absorb(&written.log.at.head)
            && let Some(line) = written.facts.lines.first_mut()
        {
            line.signature.evidence = List::try_from(vec![evidence]).unwrap_or_default();
        }
    }

    /// Writes an entry that concerns nobody.
    pub fn idle(&mut self) {
        self.write(None, Vec::new(), None, vec![Op::Checkpoint {}], None);
    }

    /// Issues a lot to a lock. The issuer keeps what the entry says; whoever gets it needs a pack.
    pub fn issue(&mut self, token: TokenId, lot: u64, amount: u64, lock: Lock) -> (u64, Note) {
        let output = Output { token, amount, lock };
        let outputs = List::try_from(vec![output]).expect("one output");
        let value = Value::Issue { token, lot, outputs, cosignatures: List::default() };
        let written = self.write(None, vec![lot_id(&token, lot)], Some(value), Vec::new(), None);
        let note = Note { output, head: written.log.at.head, number: 0 };
        (written.log.at.index, note)
    }

    /// Takes an issue of another own device, or of a friend, by its pack.
    ///
    /// # Panics
    /// If the pack cannot be built, or is refused.
    pub fn take_issue(&mut self, issuer: &Self, index: u64, note: Note) {
        let plan = dsm_core::pack::plan_entry(&issuer.view, issuer.id(), index);
        let plan = plan.expect("the issuer knows its log");
        let wanted = Wanted::of(&self.view, &plan).expect("a short plan");
        let pack = dsm_core::pack::build(&issuer.view, &plan, &wanted).expect("a pack");
        let verdict = examine(&self.view, &pack, issuer.id(), index);
        let (lineage, facts) = verdict.result.expect("a valid issue");
        self.learn(facts);
        self.view.expose(&lineage, &note);
        self.notes.insert(note.id(), Holding { note, lineage });
    }

    /// Notes of a token worth at least an amount, and their sum.
    fn select(&self, token: TokenId, amount: u64) -> (Vec<SpendId>, u64) {
        let mut chosen = Vec::new();
        let mut sum = 0;
        for (id, holding) in self.notes.iter().filter(|(_, one)| one.note.output.token == token) {
            if sum < amount {
                chosen.push(*id);
                sum += holding.note.output.amount;
            }
        }
        (chosen, sum)
    }

    /// Writes a payment; change stays with the payer.
    ///
    /// # Panics
    /// If the payer does not hold enough.
    pub fn pay(&mut self, payee: &mut Self, token: TokenId, amount: u64) -> Payment {
        let nonce = payee.ask();
        self.pay_to(payee.id(), payee.lock(), token, amount, Some(nonce))
    }

    /// The same, for a payee that is not there.
    ///
    /// # Panics
    /// If the payer does not hold enough.
    pub fn pay_to(
        &mut self,
        payee: DeviceId,
        lock: Lock,
        token: TokenId,
        amount: u64,
        nonce: Option<Nonce>,
    ) -> Payment {
        let (spends, sum) = self.select(token, amount);
        assert!(sum >= amount, "the payer holds {sum}, not {amount}");
        let mut outputs = vec![Output { token, amount, lock }];
        if sum > amount {
            let lock = self.lock();
            outputs.push(Output { token, amount: sum - amount, lock });
        }
        let outputs = List::try_from(outputs).expect("two outputs");
        let value = Value::transfer(outputs.clone());
        let inputs: Vec<Lineage> =
            spends.iter().filter_map(|id| self.notes.remove(id)).map(|one| one.lineage).collect();
        let written = self.write(Some(payee), spends, Some(value), Vec::new(), nonce);
        if let Some(change) = outputs.get(1) {
            let note = Note { output: *change, head: written.log.at.head, number: 1 };
            let lineage = inputs.into_iter().reduce(join).expect("an input");
            self.notes.insert(note.id(), Holding { note, lineage });
        }
        Payment { dealing: written.dealing.expect("an addressed entry"), nonce }
    }

    /// What a peer is told about an entry, by itself: plan and, from the peer's answer, the entry.
    ///
    /// # Panics
    /// If this actor lacks a part of the lineage.
    #[must_use]
    pub fn deal(&self, dealing: &Dealing, peer: &Self) -> Dealt {
        let known = peer.view.latest(&self.id()).map(|at| at.index);
        let plan: Plan = dealing.plan(&self.view, known).expect("a complete lineage");
        let wanted = Wanted::of(&peer.view, &plan).expect("a short plan");
        deal(&self.view, dealing, &plan, &wanted).expect("a complete lineage")
    }

    /// Judges a dealt entry and keeps what the verdict taught.
    pub fn receive(&mut self, dealt: &Dealt, asked: Option<Nonce>) -> Verdict {
        let verdict = accept(&self.view, &Claimed::from(dealt.clone()), asked);
        self.view.keep(&verdict);
        if let Ok(accepted) = &verdict.result {
            self.learned.push(accepted.facts().clone());
            self.accepted.insert(accepted.writer(), accepted.at());
            for note in accepted.notes() {
                let lineage = accepted.lineage().clone();
                self.notes.insert(note.id(), Holding { note: *note, lineage });
            }
        }
        verdict
    }

    /// Acknowledges what it accepted from a peer.
    pub fn acknowledge(&mut self, peer: DeviceId) -> Dealing {
        let written = self.write(Some(peer), Vec::new(), None, vec![Op::Receive {}], None);
        written.dealing.expect("an addressed entry")
    }

    /// A whole payment, there and back.
    ///
    /// # Panics
    /// If either side refuses.
    pub fn settle(&mut self, payee: &mut Self, token: TokenId, amount: u64) {
        let payment = self.pay(payee, token, amount);
        let dealt = self.deal(&payment.dealing, payee);
        // Over the wire and back, as bytes.
        let dealt: Dealt = from_slice(&to_vec(&dealt)).expect("canonical bytes");
        payee.receive(&dealt, payment.nonce).result.expect("an honest payment");
        let receipt = payee.acknowledge(self.id());
        let dealt = payee.deal(&receipt, self);
        self.receive(&dealt, None).result.expect("an honest receipt");
    }

    /// How much of a token it holds.
    #[must_use]
    pub fn balance(&self, token: TokenId) -> u64 {
        let of = self.notes.values().filter(|one| one.note.output.token == token);
        of.map(|one| one.note.output.amount).sum()
    }
}

/// What a note rests on that is made from two.
fn join(mut one: Lineage, other: Lineage) -> Lineage {
    one.class = one.class.weaker(other.class);
    one.uncertified.extend(other.uncertified);
    one.hops = one.hops.max(other.hops);
    one
}

/// Two devices pin each other.
pub fn introduce(one: &mut Actor, other: &mut Actor) {
    one.view.pin(&other.descriptor);
    other.view.pin(&one.descriptor);
}

/// A token that anybody may hold: `lots` lots of `units` base units, issued by one device.
#[must_use]
pub fn free_policy(issuer: &Actor, lots: u64, units: u64) -> Policy {
    Policy {
        network: NETWORK,
        name: "Coupon".try_into().expect("a short name"),
        ticker: "CPN".try_into().expect("a short ticker"),
        decimals: 2,
        kind: Kind::Fungible,
        issuer: issuer.id(),
        issuer_floor: Position::origin(&issuer.id()),
        lots,
        units_per_lot: units,
        cosigners: Cosigners::default(),
        allow_set: None,
        entry_limit: None,
        transferable: true,
        class_floor: FinalityClass::Exposed,
        supervision: Supervision::None {},
        burnable: true,
        metadata: None,
    }
}
