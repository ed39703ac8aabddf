//! Wallets whose entries a chip absorbs: what they show, and what a copy of their disks is good for.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dsm_core::{Dealt, MemoryView, Reject, TokenId, View, examine};
use dsm_crypto::Digest;
use dsm_engine::{Conversation, Event, MailError};
use dsm_log::{AbsorbError, Absorber, Chip, ChipEvidence, DeviceDescriptor, SimulatedChip};
use dsm_session::{Goal, Ledger, Message, Notice, pay_away};
use dsm_sim::NETWORK;
use dsm_store::{Changes, StoreError, Wallet, at_rest};

use crate::disk::Death;
use crate::interleaved::{frames, happen, pays_up_to};
use crate::person::{Person, UNITS, introduce, seeded};
use crate::raw::OPEN;
use crate::wire::between;

/// One chip, whichever process of its owner drives it, and however often that dies. It never goes back.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    chip: Arc<Mutex<SimulatedChip>>,
    death: Death,
    /// How many places there were at which this process could have died while the chip absorbed.
    places: Arc<AtomicUsize>,
    /// Whether it fails the next time, after it absorbed.
    fails: Arc<AtomicBool>,
}

impl Shared {
    pub(crate) fn new(name: &str) -> Self {
        let chip = SimulatedChip::new(seeded(name, "chip"), 1_000);
        Self {
            chip: Arc::new(Mutex::new(chip)),
            death: Death::Never,
            places: Arc::default(),
            fails: Arc::default(),
        }
    }

    pub(crate) fn chip(&self) -> Chip {
        self.chip.lock().expect("sound").chip().clone()
    }

    /// Another chip in the same state, for another run.
    pub(crate) fn copied(&self) -> Self {
        let chip = self.chip.lock().expect("sound").clone();
        Self {
            chip: Arc::new(Mutex::new(chip)),
            death: Death::Never,
            places: Arc::default(),
            fails: Arc::default(),
        }
    }

    /// The same chip, driven by a process that dies.
    pub(crate) fn dying(&self, death: Death) -> Self {
        Self { chip: Arc::clone(&self.chip), death, places: Arc::default(), fails: Arc::default() }
    }

    pub(crate) fn absorber(&self) -> Box<dyn Absorber> {
        Box::new(self.clone())
    }

    /// At how many places this process could have died while the chip absorbed.
    pub(crate) fn absorbed(&self) -> usize {
        self.places.load(Ordering::SeqCst)
    }

    /// The entry that it absorbs next.
    fn next(&self) -> Option<u64> {
        self.chip.lock().expect("sound").next()
    }
}

impl Absorber for Shared {
    fn stand(&self) -> Vec<u8> {
        self.chip.lock().expect("sound").stand()
    }

    fn absorb(
        &mut self,
        stand: Option<&[u8]>,
        first: u64,
        heads: &[Digest],
    ) -> Result<Vec<ChipEvidence>, AbsorbError> {
        let mut chip = self.chip.lock().expect("sound");
        for done in (0..=heads.len()).filter(|_| !heads.is_empty()) {
            let place = self.places.fetch_add(1, Ordering::SeqCst);
            let Death::Absorbing(at) = self.death else { continue };
            if place >= at {
                if place == at {
                    let _ = Absorber::absorb(&mut *chip, stand, first, &heads[..done]);
                }
                return Err(AbsorbError::Failed("the process died".into()));
            }
        }
        let absorbed = Absorber::absorb(&mut *chip, stand, first, heads);
        if !heads.is_empty() && self.fails.swap(false, Ordering::SeqCst) {
            return Err(AbsorbError::Failed("for a moment".into()));
        }
        absorbed
    }
}

/// Asserts that every signed head in a message is one for whoever knows the devices of all people.
pub(crate) fn shows_evidence(people: &[Person], frame: &[u8]) {
    let descriptors = people.iter().map(|one| one.engine.wallet().founding().descriptor.clone());
    let descriptors: Vec<DeviceDescriptor> = descriptors.collect();
    match dsm_encoding::from_slice(frame).expect("a message") {
        Message::Pay { dealt } | Message::Receipt { dealt } => pack_shows(&descriptors, &dealt),
        Message::Evidence { proofs } => {
            for proof in proofs {
                assert!(proof.verify().is_ok(), "a fork proof");
            }
        }
        Message::Contradict { run } => {
            let (mut at, mut heads) = (run.start, Vec::new());
            for pair in run.pairs.iter() {
                at = at.after(pair).expect("a run");
                heads.push(at.head);
            }
            let shown = run.signature.verify(&run.device, &run.start, &heads);
            assert_eq!(shown, Ok(()), "a run that contradicts");
        }
        Message::Shown { signed: Some(signed) } => {
            let of = descriptors.iter().find(|one| one.id() == signed.device);
            assert!(of.is_some_and(|of| signed.verify(of).is_some()), "a signed head");
        }
        _ => {}
    }
}

fn pack_shows(descriptors: &[DeviceDescriptor], dealt: &Dealt) {
    let mut view = MemoryView::new(NETWORK, dsm_log::DeviceId(Digest::ZERO));
    descriptors.iter().for_each(|one| view.pin(one));
    let device = dealt.pack.devices.get(dealt.writer as usize).expect("a writer").id();
    // Signatures and evidence are looked at before anything that this observer may lack.
    match examine(&view, &dealt.pack, device, dealt.index).result.map(|_| ()) {
        Ok(())
        | Err(
            Reject::Hole { .. }
            | Reject::PolicyUnknown { .. }
            | Reject::RunIncomplete { .. }
            | Reject::FloorNotOnLog { .. },
        ) => {}
        Err(reject) => panic!("{reject}"),
    }
}

/// A payment of one to another on a line.
fn pays(one: &mut Person, other: &mut Person, token: TokenId) -> bool {
    let goal = Goal::Pay { peer: other.id(), token, amount: 5 };
    let (paid, _) = between(one, other, (goal, OPEN), |_, _, frame| Some(vec![frame]));
    paid.result.is_ok()
}

fn town() -> (Person, Person, TokenId) {
    let (mut ada, mut ben) = (Person::anchored("ada"), Person::anchored("ben"));
    introduce(&mut ada, &mut ben);
    let token = ada.issue("mint");
    (ada, ben, token)
}

#[test]
fn an_old_copy_of_a_wallet_with_a_chip_is_refused_when_it_is_opened() {
    let (mut ada, mut ben, token) = town();
    let old = ada.disk.copied();
    assert!(pays(&mut ada, &mut ben, token));
    let before = old.everything();
    let opened = ada.opened(old.clone(), ada.chip.clone());
    let ended = |error: &StoreError| matches!(error, StoreError::Chip(AbsorbError::Ended { .. }));
    assert!(opened.err().is_some_and(|error| ended(&error)));
    assert_eq!(old.everything(), before, "nothing was signed");
    assert_eq!(ada.chip.as_ref().and_then(Shared::next), Some(3), "nothing was absorbed");
    assert!(pays(&mut ada, &mut ben, token), "who was not copied goes on");
}

#[test]
fn two_copies_of_a_wallet_that_run_at_once_have_one_history_between_them() {
    let (mut ada, mut ben, token) = town();
    let mut cleo = Person::anchored("cleo");
    introduce(&mut ada, &mut cleo);
    // Both are opened before either writes.
    let mut copy = ada.opened(ada.disk.copied(), ada.chip.clone()).expect("the same place");
    assert!(pays(&mut ada, &mut ben, token));
    assert!(!pays(&mut copy, &mut cleo, token), "its chip went on");
    assert_eq!((ben.balance(&token), cleo.balance(&token)), (5, 0));
    // What it wrote is absorbed by nobody, and whoever opens it again is told so.
    assert!(copy.engine.wallet().books().is_err());
    assert!(copy.opened(copy.disk.clone(), copy.chip.clone()).is_err());
    let read = Wallet::open(copy.disk.clone()).expect("it can be read");
    let books = read.books().expect("books");
    assert!(books.next_to(&cleo.id(), 0).is_none(), "and shows nothing of it");
}

#[test]
fn a_wallet_without_its_chip_can_be_read_and_writes_nothing() {
    let (ada, ben, token) = town();
    let before = ada.disk.everything();
    let mut ada = ada.opened(ada.disk.clone(), None).expect("books");
    assert_eq!(ada.balance(&token), UNITS);
    let bound = ada.engine.pay_away(&ben.id(), token, 5);
    assert!(matches!(bound, Err(MailError::Store(StoreError::NoChip))), "{bound:?}");
    assert!(ada.engine.issue(&token, 5).is_err());
    assert_eq!(ada.disk.everything(), before);
}

#[test]
fn a_wallet_that_dies_at_any_place_while_it_is_opened_comes_to_the_same_books() {
    let (mut ada, ben, token) = town();
    // Several entries become durable at once, and none is absorbed.
    let peer = ben.id();
    let dying = ada.chip.as_ref().map(|chip| chip.dying(Death::Absorbing(0)));
    ada = ada.opened(ada.disk.clone(), dying).expect("nothing is to be absorbed");
    let shown = ada.card().at;
    assert!(ada.engine.pay_away(&peer, token, 5).is_err(), "the chip is away");
    let read = ada.opened(ada.disk.copied(), None).expect("books");
    assert_eq!(read.card().at, shown, "what is not absorbed is shown to nobody");
    let (disk, chip) = (ada.disk.copied(), ada.chip.as_ref().map(Shared::copied));
    let whole = ada.opened(disk.clone(), chip).expect("its chip");
    let deaths = (0..2).flat_map(|at| [Death::Absorbing(at), Death::Before(at), Death::After(at)]);
    let mut tried = 0;
    for death in deaths {
        let (disk, chip) = (ada.disk.copied(), ada.chip.as_ref().map(Shared::copied));
        let dying = chip.as_ref().map(|chip| chip.dying(death));
        tried += usize::from(ada.opened(disk.dying(death), dying).is_err());
        let again = ada.opened(disk.clone(), chip).expect("its chip");
        assert_eq!(again.disk.everything(), whole.disk.everything(), "{death:?}");
        let books = again.engine.wallet().books().expect("books");
        assert!(books.next_to(&peer, 0).is_some(), "it can be shown");
    }
    assert_eq!(tried, 4, "both places of the chip, and the one write");
}

/// A chip that says when it is asked to absorb, and waits.
#[derive(Debug)]
struct Slow {
    chip: Shared,
    begun: Sender<()>,
    goes_on: Mutex<Receiver<()>>,
}

impl Absorber for Slow {
    fn stand(&self) -> Vec<u8> {
        self.chip.stand()
    }

    fn absorb(
        &mut self,
        stand: Option<&[u8]>,
        first: u64,
        heads: &[Digest],
    ) -> Result<Vec<ChipEvidence>, AbsorbError> {
        if !heads.is_empty() {
            self.begun.send(()).expect("the test");
            self.goes_on.lock().expect("sound").recv().expect("the test");
        }
        self.chip.absorb(stand, first, heads)
    }
}

#[test]
fn whoever_ends_a_process_at_rest_leaves_no_entry_without_evidence() {
    let (ada, ben, token) = town();
    let (disk, peer, key) = (ada.disk.clone(), ben.id(), ada.key());
    let (begun, begins) = channel();
    let (go, goes_on) = channel();
    let chip = ada.chip.clone().expect("her chip");
    let chip = Slow { chip, begun, goes_on: Mutex::new(goes_on) };
    drop(ada);
    let wallet = Wallet::open(disk.clone()).expect("her wallet");
    let mut wallet = wallet.anchored(Box::new(chip)).expect("her chip");
    let (batch, index) = {
        let books = wallet.books().expect("books");
        pay_away(&books, &key, peer, token, 5).expect("a payment")
    };
    let shown = move || {
        let read = Wallet::open(disk.copied()).expect("books");
        let books = read.books().expect("books");
        books.next_to(&peer, 0).map(|dealing| dealing.entry.index)
    };
    let writes = std::thread::spawn(move || wallet.commit(&Changes::from(&batch)));
    begins.recv().expect("it begins");
    let ends = std::thread::spawn(move || at_rest(shown));
    std::thread::sleep(Duration::from_millis(100));
    assert!(!ends.is_finished(), "it waits for the chip");
    go.send(()).expect("the chip goes on");
    assert_eq!(ends.join().expect("it ends"), Some(index), "the entry can be shown");
    writes.join().expect("it ends").expect("durable");
}

#[test]
fn a_payment_that_a_chip_attests_with_another_entry_only_leaves_all_the_same() {
    let (mut ada, mut ben, token) = town();
    let mut cleo = Person::anchored("cleo");
    introduce(&mut ada, &mut cleo);
    assert!(pays(&mut ada, &mut cleo, token));
    assert!((0..9).all(|_| pays(&mut ada, &mut cleo, token)), "Cleo has something to pay with");
    let (first, second) = (Conversation(1), Conversation(2));
    let want = pays_up_to(first, &mut ada, &mut ben, token, "Want");
    let paid = pays_up_to(second, &mut cleo, &mut ada, token, "Pay");
    // In one turn Ada binds herself and takes what Cleo pays; her chip fails after it absorbed both.
    ada.chip.as_ref().expect("her chip").fails.store(true, Ordering::SeqCst);
    let events = vec![
        Event::Message { of: first, message: want },
        Event::Message { of: second, message: paid },
    ];
    let (mut to_ben, mut index) = (VecDeque::new(), None);
    let turned = ada.engine.turn(events, &mut |_, of, answer| {
        if of == first {
            let bound = |notice: &Notice| match notice {
                Notice::Bound { index } => Some(*index),
                _ => None,
            };
            index = index.or(answer.notices.iter().find_map(bound));
            to_ben.extend(answer.frames);
        }
    });
    turned.expect("tried again");
    let index = index.expect("she is bound");
    let at = ada.engine.wallet().books().expect("books").signed_index(&ada.id(), index);
    assert_eq!(at, Some(index + 1), "both have one piece of evidence");
    while let Some(message) = to_ben.pop_front() {
        let answers = happen(&mut ben, Event::Message { of: first, message });
        for message in frames(answers) {
            to_ben.extend(frames(happen(&mut ada, Event::Message { of: first, message })));
        }
    }
    assert_eq!((ada.balance(&token), ben.balance(&token)), (UNITS - 50, 50));
}
