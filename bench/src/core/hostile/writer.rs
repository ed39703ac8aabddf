//! A device that signs whatever it is told to.

use dsm_core::identity::Card;
use dsm_core::pack::{Line, Plan, Stretch, Wanted};
use dsm_core::{
    Before, Cosigners, Dealing, Dealt, Facts, Lock, Note, Op, Output, OwnLog, Policy, TokenId,
    Value, deal, lot_id,
};
use dsm_crypto::Digest;
use dsm_encoding::{List, to_vec};
use dsm_log::{Record, SignedHead, SpendId};
use dsm_sim::{Actor, NETWORK, Owner, free_policy};
use dsm_store::MemoryKv;

use super::{Input, VICTIM};
use crate::core::transfer::device;
use crate::wallets::Person as Victim;

const NAME: &str = "mallory";

/// The attacker.
pub(super) struct Mallory {
    pub(super) actor: Actor,
    pub(super) tokens: Vec<TokenId>,
    /// What its victim knows already.
    pub(super) known: Vec<Facts>,
    /// As many hops as the victim follows, if not as many as usual.
    pub(super) max_hops: Option<u64>,
}

impl Mallory {
    pub(super) fn new() -> Self {
        let (_, mut devices) = Owner::new(NAME, &[NAME]);
        let mut actor = devices.pop().expect("a device");
        let descriptors = vec![actor.descriptor.clone()];
        actor.view.learn(&Facts { descriptors, ..Facts::default() });
        Self { actor, tokens: Vec::new(), known: Vec::new(), max_hops: None }
    }

    /// What its victim was shown face to face.
    pub(super) fn card() -> Card {
        let (owner, devices) = Owner::new(NAME, &[NAME]);
        owner.card(devices.first().expect("a device"))
    }

    /// Makes tokens that this device issues; `shape` makes each another one.
    pub(super) fn found(&mut self, count: usize, shape: impl Fn(&mut Policy)) {
        for number in 0..count {
            let mut policy = free_policy(&self.actor, 1 << 20, 1 << 40);
            policy.name = format!("Coupon {number}").try_into().expect("a short name");
            shape(&mut policy);
            self.tokens.push(policy.id());
            self.actor.view.learn(&Facts { policies: vec![policy], ..Facts::default() });
        }
        self.tokens.sort_unstable();
    }

    /// Outputs of its own: change, which takes the fewest bytes.
    pub(super) fn change(&self, token: TokenId, amounts: &[u64]) -> Vec<Output> {
        let lock: Lock = self.actor.lock();
        amounts.iter().map(|amount| Output { token, amount: *amount, lock }).collect()
    }

    /// Issues a lot to itself; the notes.
    pub(super) fn issue(
        &mut self,
        token: TokenId,
        lot: u64,
        amounts: &[u64],
        cosigners: &[&Actor],
    ) -> Vec<Note> {
        let outputs = List::try_from(self.change(token, amounts)).expect("few outputs");
        let message = dsm_core::value::cosign_message(&token, lot, &outputs);
        let cosignatures = cosigners.iter().zip(0..).map(|(cosigner, key)| {
            let signature = dsm_crypto::Signer::sign(&*cosigner.key, &message);
            dsm_core::value::Cosignature { key, signature }
        });
        let cosignatures = List::try_collect(cosignatures).expect("few signatures");
        let value = Value::Issue { token, lot, outputs, cosignatures };
        self.append(vec![lot_id(&token, lot)], Some(value))
    }

    /// Moves notes to new ones of its own; amounts are its own affair.
    pub(super) fn transfer(&mut self, inputs: &[Note], outputs: Vec<Output>) -> Vec<Note> {
        let value = Value::transfer(List::try_from(outputs).expect("few outputs"));
        self.append(inputs.iter().map(Note::id).collect(), Some(value))
    }

    /// Writes any entry; the notes that it makes.
    pub(super) fn append(&mut self, spends: Vec<SpendId>, value: Option<Value>) -> Vec<Note> {
        let outputs = value.as_ref().map_or(&[][..], Value::outputs).to_vec();
        let head = self.actor.write(None, spends, value, Vec::new(), None).log.at.head;
        let notes = outputs.into_iter().zip(0..);
        notes.map(|(output, number)| Note { output, head, number }).collect()
    }

    /// Goes on by this many entries without content, all under one signature.
    pub(super) fn long_run(&mut self, count: usize) -> Facts {
        let (device, start) = (self.actor.id(), self.actor.at());
        let before = Before { tips: self.actor.log.tips(), ..EMPTY };
        let record = Record { spends: List::default(), body: before.body() };
        let (mut at, mut heads) = (start, Vec::with_capacity(count));
        for _ in 0..count {
            at = at.after(&record.pair()).expect("a small index");
            heads.push(at.head);
        }
        let signature = SignedHead::sign(NETWORK, device, at, &*self.actor.key).signature;
        let line = Line { device, start, records: vec![record; count], heads, signature };
        let descriptors = vec![self.actor.descriptor.clone()];
        let facts = Facts { lines: vec![line], descriptors, ..Facts::default() };
        self.actor.view.learn(&facts);
        self.actor.log = OwnLog { device, at, before: Some(before) };
        facts
    }

    /// Writes the entry that it deals, which passes everything on that it is given.
    pub(super) fn dealing(&mut self, inputs: &[Note], ops: Vec<Op>) -> Dealing {
        let lock = self.actor.lock();
        let outputs = inputs.iter().map(|note| Output { lock, ..note.output });
        let outputs = List::try_collect(outputs.take(256)).expect("few outputs");
        let value = (!inputs.is_empty()).then(|| Value::transfer(outputs));
        let spends = inputs.iter().map(Note::id).collect();
        let to = Some(Victim::<MemoryKv>::new(VICTIM, MemoryKv::default()).id());
        self.actor.write(to, spends, value, ops, None).dealing.expect("an addressed entry")
    }

    /// Deals the stretches (from, to, opened) of its log, everything in full.
    pub(super) fn deal(&self, dealing: &Dealing, stretches: &[(u64, u64, Vec<u64>)]) -> Dealt {
        let device = self.actor.id();
        let stretch = |(from, to, opened): &(u64, u64, Vec<u64>)| {
            let opened = List::try_from(opened.clone()).expect("a short list");
            Stretch { device, from: *from, to: *to, opened }
        };
        let stretches = List::try_collect(stretches.iter().map(stretch)).expect("few stretches");
        let tokens = List::try_from(self.tokens.clone()).expect("few tokens");
        let plan = Plan { stretches, tokens };
        let wanted = Wanted::all(&plan).expect("a short plan");
        deal(&self.actor.view, dealing, &plan, &wanted).expect("a complete log")
    }

    /// The whole log in one run, every entry opened.
    pub(super) fn input(self, name: &'static str, dealing: &Dealing) -> Input {
        let last = dealing.entry.index;
        let dealt = self.deal(dealing, &[(0, last, (1..=last).collect())]);
        self.finish(name, &dealt)
    }

    pub(super) fn finish(self, name: &'static str, dealt: &Dealt) -> Input {
        Input { name, bytes: to_vec(dealt), known: self.known, max_hops: self.max_hops }
    }
}

/// An opening with nothing in it.
const EMPTY: Before =
    Before { tips: Digest::ZERO, side: Digest::ZERO, other: Digest::ZERO, value: Digest::ZERO };

/// Sixteen co-signers, all of whom must sign.
pub(super) fn cosigners() -> (Vec<Actor>, Cosigners) {
    let actors: Vec<Actor> = (0..16).map(|n| device(&format!("cosigner {n}"))).collect();
    let keys = actors.iter().map(|actor| actor.descriptor.key.clone());
    let keys = List::try_collect(keys).expect("sixteen keys");
    (actors, Cosigners { threshold: 16, keys })
}
