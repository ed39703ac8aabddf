//! People with wallets in a store, and sessions between them on one thread.

use std::collections::VecDeque;

use dsm_core::identity::{Genesis, device_tree};
use dsm_core::{
    Draft, FinalityClass, Lineage, Lock, Note, Op, Output, OwnLog, Settings, TokenId, Value,
    lot_id, write,
};
use dsm_crypto::{Domain, KemSecret, RecoveryPublic, Secret, Signer, hash};
use dsm_encoding::List;
use dsm_log::{Absorber, Anchor, Chip, DeviceId, relationship};
use dsm_session::{Batch, Event, Goal, Held, Ledger, Request, Session};
use dsm_sim::{Actor, NETWORK, free_policy};
use dsm_store::{Books, Changes, Contact, Founding, Kv, Wallet};

/// Somebody.
pub(crate) struct Person<K: Kv> {
    name: String,
    actor: Actor,
    wallet: Wallet<K>,
    talks: u64,
}

/// Somebody whose store is closed.
pub(crate) struct Resting<K> {
    name: String,
    actor: Actor,
    kv: K,
    talks: u64,
}

impl<K: Kv + Clone> Resting<K> {
    /// Takes up a copy.
    pub(crate) fn wake(&self) -> Person<K> {
        let wallet = Wallet::open(self.kv.clone()).expect("a wallet");
        let (name, actor) = (self.name.clone(), self.actor.clone());
        let person = Person { name, actor, wallet, talks: self.talks };
        // The tip tree is rebuilt when it is first asked for: not in the measurement.
        person.wallet.books().expect("the books").tip(&relationship(&person.id(), &person.id()));
        person
    }
}

fn seeded(name: &str, purpose: u8) -> Secret<32> {
    Secret::from_bytes(*hash(Domain::Seed, &(name, purpose)).as_bytes())
}

impl<K: Kv> Person<K> {
    /// Somebody new with an empty store.
    pub(crate) fn new(name: &str, kv: K) -> Self {
        Self::with(name, kv, None)
    }

    /// The same, whose entries a chip absorbs if there is one.
    pub(crate) fn with(name: &str, kv: K, chip: Option<(Chip, Box<dyn Absorber>)>) -> Self {
        let recovery = RecoveryPublic::from_bytes(seeded(name, 7).expose()).expect("the length");
        let kem = KemSecret::from_seed(seeded(name, 8)).public_key().clone();
        let mut actor = Actor::new(name);
        actor.descriptor.recovery = recovery.digest();
        actor.descriptor.kem = kem.digest();
        let (anchor, absorber) = match chip {
            Some((chip, absorber)) => (Anchor::Tpm2 { chip }, Some(absorber)),
            None => (Anchor::Software {}, None),
        };
        actor.descriptor.anchor = anchor;
        let devices = vec![actor.descriptor.id()];
        let tree = device_tree(&devices);
        let genesis = Genesis { network: NETWORK, recovery, devices: tree, window_blocks: 1_008 };
        let founding = Founding {
            descriptor: actor.descriptor.clone(),
            genesis,
            devices: List::try_from(devices).expect("one device"),
            steps: List::default(),
            kem,
            ask_secret: seeded(name, 9),
            settings: Settings { exposed_cap: u64::MAX, ..Settings::default() },
        };
        let mut wallet = Wallet::create(kv, founding).expect("a new wallet");
        if let Some(absorber) = absorber {
            wallet = wallet.anchored(absorber).expect("its chip");
        }
        Self { name: name.to_owned(), actor, wallet, talks: 0 }
    }

    /// Puts it aside, to be taken up again more than once.
    pub(crate) fn rest(self) -> Resting<K> {
        let Self { name, actor, wallet, talks } = self;
        Resting { name, actor, kv: wallet.into_kv(), talks }
    }

    pub(crate) fn id(&self) -> DeviceId {
        self.wallet.me()
    }

    /// Its books as they are now.
    pub(crate) fn books(&self) -> Books<'_, K> {
        self.wallet.books().expect("the books")
    }

    /// Signs and verifies one message.
    pub(crate) fn sign_and_verify(&self, number: u64) {
        let message = hash(Domain::SignedHead, &number);
        let signature = self.actor.key.sign(&message);
        let key = &self.actor.descriptor.key;
        key.verify(&message, &signature).expect("an own signature");
    }

    pub(crate) fn commit(&mut self, changes: &Changes) {
        self.wallet.commit(changes).expect("a durable change");
    }

    /// Pins somebody.
    pub(crate) fn meet<O: Kv>(&mut self, other: &Person<O>) {
        let card = other.wallet.books().expect("the books").card();
        let contact = Contact { name: other.name.clone(), card };
        self.commit(&Changes { contacts: vec![contact], ..Changes::default() });
    }

    /// Writes entries that concern nobody.
    pub(crate) fn idle(&mut self, count: usize) {
        for _ in 0..count {
            let log = self.books().own_log();
            let ops = List::try_from(vec![Op::Checkpoint {}]).expect("one operation");
            let draft = Draft { ops, ..Draft::default() };
            let written = write(&log, draft, NETWORK, &*self.actor.key).expect("an entry");
            let batch = Batch { written: vec![written], ..Batch::default() };
            self.commit(&Changes { batch, ..Changes::default() });
        }
    }

    /// The same wallet after its chip was without power: another session absorbs.
    pub(crate) fn rebooted(self, absorber: Box<dyn Absorber>) -> Self {
        let Self { name, actor, wallet, talks } = self;
        let wallet = Wallet::open(wallet.into_kv()).expect("a wallet");
        Self { name, actor, wallet: wallet.anchored(absorber).expect("its chip"), talks }
    }

    /// Makes a token and issues it to itself.
    pub(crate) fn issue(&mut self, name: &str, units: u64) -> TokenId {
        let mint = Actor::new(&format!("{} {name}", self.name));
        let policy = free_policy(&mint, 1, units);
        let token = policy.id();
        self.commit(&Changes {
            own_logs: vec![OwnLog::new(mint.id())],
            own_descriptors: vec![mint.descriptor.clone()],
            policies: vec![policy],
            ..Changes::default()
        });
        let floor = self.wallet.books().expect("the books").own_log().at;
        let lock = Lock::Device { id: self.id(), floor };
        let output = Output { token, amount: units, lock };
        let outputs = List::try_from(vec![output]).expect("one output");
        let value = Value::Issue { token, lot: 0, outputs, cosignatures: List::default() };
        let spends = vec![lot_id(&token, 0)];
        let draft = Draft { spends, value: Some(value), ..Draft::default() };
        let written = write(&mint.log, draft, NETWORK, &*mint.key).expect("an issue");
        let note = Note { output, head: written.log.at.head, number: 0 };
        let class = FinalityClass::Registered;
        let lineage = Lineage { class, uncertified: Default::default(), hops: 1 };
        let held = vec![Held::new(note, &lineage).expect("a short lineage")];
        let batch = Batch { written: vec![written], held, ..Batch::default() };
        self.commit(&Changes { batch, ..Changes::default() });
        token
    }

    /// One event of a session; what it sends once everything is durable.
    fn step(&mut self, session: &mut Option<Session>, event: Event<'_>) -> Vec<Vec<u8>> {
        let Some(now) = session.take() else { return Vec::new() };
        let books = self.wallet.books().expect("the books");
        let (next, effects) = now.step(&books, &*self.actor.key, event).expect("an honest peer");
        books.check().expect("sound books");
        drop(books);
        assert!(next.failure().is_none(), "{:?}", next.failure());
        *session = Some(next);
        let wallet = &mut self.wallet;
        let then = effects
            .persist(|batch| wallet.commit(&Changes { batch: batch.clone(), ..Changes::default() }))
            .expect("a durable batch");
        let mut frames = then.frames;
        if then.wrote || then.more {
            frames.extend(self.step(session, Event::Durable));
        }
        frames
    }

    fn session(&mut self, goal: Goal) -> Option<Session> {
        self.talks += 1;
        let fresh = hash(Domain::Seed, &("fresh", self.name.as_str(), self.talks));
        Some(Session::new(goal, *fresh.as_bytes()))
    }
}

/// A whole session in which one pays another; the bytes of all its messages.
pub(crate) fn pay<K: Kv, O: Kv>(
    payer: &mut Person<K>,
    payee: &mut Person<O>,
    token: TokenId,
    amount: u64,
) -> usize {
    let mut one = payer.session(Goal::Pay { peer: payee.id(), token, amount });
    let mut other = payee.session(Goal::Receive { ask: Some(Request::new(token, amount)) });
    let mut there = VecDeque::from(payer.step(&mut one, Event::Start));
    let mut back = VecDeque::from(payee.step(&mut other, Event::Start));
    let mut bytes = 0;
    loop {
        if let Some(frame) = there.pop_front() {
            bytes += frame.len();
            back.extend(payee.step(&mut other, Event::Message(&frame)));
        } else if let Some(frame) = back.pop_front() {
            bytes += frame.len();
            there.extend(payer.step(&mut one, Event::Message(&frame)));
        } else {
            break;
        }
    }
    let over = [one, other].iter().all(|end| end.as_ref().is_some_and(Session::is_over));
    assert!(over, "a session that does not end");
    bytes
}
