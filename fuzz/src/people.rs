//! Ada and Ben with wallets in memory: Ada pays, Ben is paid.

use std::collections::VecDeque;
use std::sync::OnceLock;

use dsm_core::identity::{Genesis, device_tree};
use dsm_core::pack::Pack;
use dsm_core::{
    Cosigners, Draft, FinalityClass, Kind, Lock, Note, Output, OwnLog, Policy, Settings,
    Supervision, TokenId, Value, examine, lot_id, write,
};
use dsm_crypto::{Domain, KemSecret, RecoverySecret, Secret, SecretKey, Signer, hash};
use dsm_encoding::List;
use dsm_log::{Anchor, DeviceDescriptor, DeviceId, Network, Position};
use dsm_session::{Batch, Event, Goal, Held, Ledger, Notice, Request, Session, SessionError};
use dsm_store::{Books, Changes, Contact, Founding, MemoryKv, Wallet};

/// What Ada holds at first.
pub(crate) const PURSE: u64 = 1_000;
/// What she pays at a time.
pub(crate) const PRICE: u64 = 70;

const NETWORK: Network = Network::TEST;

/// `N` bytes from a seed and a purpose.
pub(crate) fn seeded<const N: usize>(seed: &str, purpose: &str) -> Secret<N> {
    let mut bytes = [0; N];
    for (at, part) in (0_u64..).zip(bytes.chunks_mut(32)) {
        let digest = hash(Domain::Seed, &("people", seed, purpose, at));
        part.copy_from_slice(&digest.as_bytes()[..part.len()]);
    }
    Secret::from_bytes(bytes)
}

/// What signs and opens for somebody.
pub(crate) struct Keys {
    pub(crate) device: SecretKey,
    pub(crate) kem: KemSecret,
}

impl Keys {
    fn new(name: &str) -> Self {
        let device = SecretKey::from_seed(seeded(name, "device"));
        Self { device, kem: KemSecret::from_seed(seeded(name, "kem")) }
    }
}

/// Somebody: keys, and books as they are now.
pub(crate) struct Person {
    pub(crate) keys: &'static Keys,
    pub(crate) wallet: Wallet<MemoryKv>,
}

impl Person {
    /// Somebody with what is on a disk.
    pub(crate) fn of(keys: &'static Keys, disk: &MemoryKv) -> Self {
        Self { keys, wallet: Wallet::open(disk.clone()).expect("a sound wallet") }
    }

    pub(crate) fn id(&self) -> DeviceId {
        self.wallet.me()
    }

    pub(crate) fn books(&self) -> Books<'_, MemoryKv> {
        self.wallet.books().expect("books in memory")
    }

    pub(crate) fn commit(&mut self, changes: &Changes) {
        self.wallet.commit(changes).expect("what was decided upon these books goes on from them");
    }

    /// What is on its disk, and how its wallet goes on from there.
    pub(crate) fn disk(self) -> MemoryKv {
        self.wallet.into_kv()
    }

    /// How much it can spend.
    pub(crate) fn balance(&self) -> u64 {
        let books = self.books();
        let sum = books.holdings().iter().map(|held| held.note.output.amount).sum();
        books.check().expect("sound books");
        sum
    }

    /// One event of a session, made durable as an engine does. Gives the session, if it goes on, and
    /// what it says.
    pub(crate) fn step(&mut self, session: Session, event: Event<'_>) -> Stepped {
        let stepped = {
            let books = self.books();
            let stepped = session.step(&books, &self.keys.device, event);
            books.check().expect("sound books");
            stepped
        };
        let (session, effects) = match stepped {
            Ok(next) => next,
            Err(error) => return Stepped { failure: Some(error), ..Stepped::default() },
        };
        let then = effects.persist(|batch| {
            self.commit(&Changes::from(batch));
            Ok::<(), core::convert::Infallible>(())
        });
        let Ok(then) = then;
        let mut all = Stepped { frames: then.frames, notices: then.notices, ..Stepped::default() };
        if let Some(error) = session.failure() {
            all.failure = Some(error.clone());
        } else if then.wrote || then.more {
            let more = self.step(session, Event::Durable);
            all.frames.extend(more.frames);
            all.notices.extend(more.notices);
            (all.session, all.failure) = (more.session, more.failure);
        } else {
            all.session = Some(session);
        }
        all
    }
}

/// What came of an event.
#[derive(Default)]
pub(crate) struct Stepped {
    pub(crate) session: Option<Session>,
    pub(crate) frames: Vec<Vec<u8>>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) failure: Option<SessionError>,
}

/// What Ada and Ben have from the first moment on: she a purse, both the other's card, and one payment
/// behind them.
pub(crate) struct People {
    pub(crate) keys: &'static [Keys; 2],
    pub(crate) ids: [DeviceId; 2],
    pub(crate) disks: [MemoryKv; 2],
    /// Before that payment.
    pub(crate) strangers: [MemoryKv; 2],
    pub(crate) token: TokenId,
}

/// The fixed people.
pub(crate) fn people() -> &'static People {
    static KEYS: OnceLock<[Keys; 2]> = OnceLock::new();
    static PEOPLE: OnceLock<People> = OnceLock::new();
    PEOPLE.get_or_init(|| {
        let keys = KEYS.get_or_init(|| ["ada", "ben"].map(Keys::new));
        let mut both = ["ada", "ben"].map(|name| {
            let at = usize::from(name == "ben");
            let wallet = Wallet::create(MemoryKv::default(), founding(name, &keys[at]));
            Person { keys: &keys[at], wallet: wallet.expect("an empty store") }
        });
        let cards = [0, 1].map(|at| both[at].books().card());
        for (at, name) in [(0, "ben"), (1, "ada")] {
            let contact = Contact { name: name.to_owned(), card: cards[1 - at].clone() };
            both[at].commit(&Changes { contacts: vec![contact], ..Changes::default() });
        }
        let token = issue(&mut both[0]);
        let goal = Goal::Pay { peer: both[1].id(), token, amount: PRICE };
        let ids = [0, 1].map(|at| both[at].id());
        let strangers = both.map(Person::disk);
        let mut both = [0, 1].map(|at| Person::of(&keys[at], &strangers[at]));
        let [ada, ben] = &mut both;
        let talk = talk(ada, ben, goal, Some(Request::new(token, PRICE)));
        assert!(talk.over, "an honest payment: {:?}", talk.failures);
        People { keys, ids, disks: both.map(Person::disk), strangers, token }
    })
}

/// How a conversation went.
#[derive(Default)]
pub(crate) struct Talk {
    /// Whether both sides had nothing more to say.
    pub(crate) over: bool,
    pub(crate) failures: [Option<SessionError>; 2],
    /// Every frame that was heard: by whom, and what.
    pub(crate) heard: Vec<(usize, Vec<u8>)>,
}

/// The caller's goal; what the callee asks for. Nothing is lost.
pub(crate) fn talk(
    caller: &mut Person,
    callee: &mut Person,
    goal: Goal,
    ask: Option<Request>,
) -> Talk {
    let mut talk = Talk::default();
    let goals = [goal, Goal::Receive { ask }];
    let mut sessions = goals.map(|goal| Some(Session::new(goal, [7; 32])));
    let mut inboxes = [VecDeque::new(), VecDeque::new()];
    let people = [caller, callee];
    for side in 0..2 {
        let session = sessions[side].take().expect("a session");
        let stepped = people[side].step(session, Event::Start);
        sessions[side] = stepped.session;
        inboxes[1 - side].extend(stepped.frames);
    }
    while let Some(side) = [1, 0].into_iter().find(|side| !inboxes[*side].is_empty()) {
        let frame: Vec<u8> = inboxes[side].pop_front().expect("a frame");
        let Some(session) = sessions[side].take() else { continue };
        let stepped = people[side].step(session, Event::Message(&frame));
        talk.heard.push((side, frame));
        sessions[side] = stepped.session;
        talk.failures[side] = stepped.failure;
        inboxes[1 - side].extend(stepped.frames);
    }
    talk.over = sessions.iter().all(|one| one.as_ref().is_some_and(Session::is_over));
    talk
}

fn descriptor(name: &str, key: &SecretKey, kem: &KemSecret) -> DeviceDescriptor {
    let recovery = RecoverySecret::from_seed(&seeded(name, "recovery"));
    DeviceDescriptor {
        network: NETWORK,
        recovery: recovery.public_key().digest(),
        slot_set: None,
        key: key.public_key().clone(),
        kem: kem.public_key().digest(),
        anchor: Anchor::Software {},
    }
}

fn founding(name: &str, keys: &Keys) -> Founding {
    let descriptor = descriptor(name, &keys.device, &keys.kem);
    let devices = vec![descriptor.id()];
    let recovery = RecoverySecret::from_seed(&seeded(name, "recovery")).public_key().clone();
    let tree = device_tree(&devices);
    Founding {
        descriptor,
        genesis: Genesis { network: NETWORK, recovery, devices: tree, window_blocks: 1_008 },
        devices: List::try_from(devices).expect("one device"),
        steps: List::default(),
        kem: keys.kem.public_key().clone(),
        ask_secret: seeded(name, "ask"),
        settings: Settings::default(),
    }
}

/// Somebody founds a token and issues its only lot to itself.
fn issue(owner: &mut Person) -> TokenId {
    let mint = SecretKey::from_seed(seeded("mint", "device"));
    let device = DeviceDescriptor {
        key: mint.public_key().clone(),
        ..owner.wallet.founding().descriptor.clone()
    };
    let (issuer, policy) = (device.id(), policy(device.id()));
    let token = policy.id();
    owner.commit(&Changes {
        own_logs: vec![OwnLog::new(issuer)],
        own_descriptors: vec![device],
        policies: vec![policy],
        ..Changes::default()
    });
    let (log, floor) = {
        let books = owner.books();
        (books.own_log_of(&issuer).expect("the issuing log"), books.own_log().at)
    };
    let output = Output { token, amount: PURSE, lock: Lock::Device { id: owner.id(), floor } };
    let outputs = List::try_from(vec![output]).expect("one output");
    let value = Value::Issue { token, lot: 0, outputs, cosignatures: List::default() };
    let draft = Draft { spends: vec![lot_id(&token, 0)], value: Some(value), ..Draft::default() };
    let written = write(&log, draft, NETWORK, &mint).expect("an issue");
    let at = written.log.at;
    let batch = Batch { written: vec![written], ..Batch::default() };
    owner.commit(&Changes { batch, ..Changes::default() });
    let (lineage, facts) = {
        let verdict = examine(&owner.books(), &Pack::default(), issuer, at.index);
        verdict.result.expect("a valid issue")
    };
    let held = Held::new(Note { output, head: at.head, number: 0 }, &lineage);
    let (facts, held) = (vec![facts], vec![held.expect("a short lineage")]);
    owner.commit(&Changes { facts, held, ..Changes::default() });
    token
}

fn policy(issuer: DeviceId) -> Policy {
    Policy {
        network: NETWORK,
        name: "Coupon".try_into().expect("a short name"),
        ticker: "CPN".try_into().expect("a short ticker"),
        decimals: 2,
        kind: Kind::Fungible,
        issuer,
        issuer_floor: Position::origin(&issuer),
        lots: 1,
        units_per_lot: PURSE,
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
