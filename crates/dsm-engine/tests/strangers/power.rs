//! A cut of power at any operation of the payee's medium, with several payments in flight.

use std::collections::{BTreeMap, VecDeque};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use dsm_core::identity::Card;
use dsm_engine::{Answer, Conversation, Engine, Event, Lobby, Next, Visit, inbox};
use dsm_session::{Goal, Notice};
use dsm_store::{FileKv, Kv, StoreError, Wallet};

use crate::crowd::{pay, secrets};
use crate::medium::{Disk, Medium};
use crate::person::{Person, UNITS, founding, keys, pin};
use crate::raw::OPEN;
use crate::wire::{fresh, wire};

const PAYERS: u64 = 3;

type Payers = Vec<(Person, dsm_core::TokenId)>;

/// What each payer was told.
type Told = Vec<Vec<Notice>>;

/// What goes to one side of each conversation.
#[derive(Default)]
struct Line {
    frames: VecDeque<Vec<u8>>,
    told: Vec<Notice>,
    failed: bool,
}

impl Line {
    fn take(&mut self, back: &mut VecDeque<Vec<u8>>, answer: Answer) {
        back.extend(answer.frames);
        self.told.extend(answer.notices);
        self.failed |= matches!(answer.next, Next::Over(Err(_)));
    }
}

/// Lets an engine hear one message of each conversation, in one turn.
fn turn<K: Kv>(
    engine: &mut Engine<K>,
    events: Vec<Event>,
    near: &mut BTreeMap<Conversation, Line>,
    far: &mut BTreeMap<Conversation, Line>,
) -> Result<(), StoreError> {
    engine.turn(events, &mut |_, of, answer| {
        let back = &mut far.entry(of).or_default().frames;
        near.entry(of).or_default().take(back, answer);
    })
}

fn open(of: Conversation, goal: Goal) -> Event {
    Event::Open { of, goal, fresh: fresh(), proven: None }
}

/// All payers talk with the payee at once until nobody says anything more, or the payee dies. Gives
/// what the payers were told.
fn talk(
    payee: &mut Engine<FileKv>,
    payers: &mut Payers,
    goal: impl Fn(&(Person, dsm_core::TokenId)) -> Goal,
) -> Result<Told, (StoreError, Told)> {
    let names = || (0..PAYERS).map(Conversation);
    let (mut ours, mut theirs) = (BTreeMap::new(), BTreeMap::new());
    let mut died = turn(payee, names().map(|of| open(of, OPEN)).collect(), &mut ours, &mut theirs);
    for (of, payer) in names().zip(payers.iter_mut()) {
        let goal = goal(payer);
        turn(&mut payer.0.engine, vec![open(of, goal)], &mut theirs, &mut ours).expect("memory");
    }
    let next = |lines: &mut BTreeMap<Conversation, Line>, of: Conversation| {
        let message = lines.get_mut(&of)?.frames.pop_front()?;
        Some(Event::Message { of, message })
    };
    while died.is_ok() {
        let events: Vec<Event> = names().filter_map(|of| next(&mut ours, of)).collect();
        let mut idle = events.is_empty();
        died = turn(payee, events, &mut ours, &mut theirs);
        for (of, (payer, _)) in names().zip(payers.iter_mut()) {
            let event = next(&mut theirs, of);
            idle &= event.is_none();
            let events = event.into_iter().collect();
            turn(&mut payer.engine, events, &mut theirs, &mut ours).expect("memory");
        }
        if idle {
            assert!(ours.values().chain(theirs.values()).all(|line| !line.failed));
            break;
        }
    }
    let told = theirs.into_values().map(|line| line.told).collect();
    match died {
        Ok(()) => Ok(told),
        Err(error) => Err((error, told)),
    }
}

fn engine(medium: Medium) -> Result<Engine<FileKv>, StoreError> {
    Ok(Engine::new(Wallet::open(FileKv::on(medium)?)?, keys("ben")))
}

/// Once the power is back: nothing that a payer was told is lost, and everybody settles.
fn settles(disk: Disk, payers: &Payers, told: &[Vec<Notice>], place: &str) {
    let mut ben = engine(Medium::new(disk, u64::MAX)).expect("the wallet");
    let mut payers: Payers = payers.iter().map(|(one, token)| (one.copied(), *token)).collect();
    for ((payer, token), told) in payers.iter().zip(told) {
        if told.iter().any(|notice| matches!(notice, Notice::Acknowledged { .. })) {
            assert_eq!(crate::person::balance(&ben, token), 50, "{place}");
            assert_eq!(payer.balance(token), UNITS - 50, "{place}");
        }
    }
    let me = ben.wallet().me();
    talk(&mut ben, &mut payers, |_| Goal::Sync { peer: me }).expect("power");
    for (payer, token) in &payers {
        let spent = UNITS - payer.balance(token);
        assert!(spent == 0 || spent == 50, "{place}: {spent}");
        assert_eq!(crate::person::balance(&ben, token), spent, "{place}");
        let books = ben.wallet().books().expect("the books");
        assert!(!payer.knows_fork(&me), "{place}");
        assert_eq!(books.fork_proofs(), [], "{place}");
        let own = payer.history().into_iter().filter(|one| one.device == payer.id());
        assert!(own.filter(|one| one.entry.value.is_some()).all(|one| one.acknowledged), "{place}");
    }
}

/// All payers call the payee, whose loop goes on while what it staged becomes durable.
fn call(
    mut ben: Engine<FileKv>,
    payers: &mut Payers,
    card: &Card,
) -> Result<Told, (StoreError, Told)> {
    let (inbox, waiting) = inbox();
    let lobby = Lobby::new(&ben, inbox.clone(), payers.len());
    let runs = thread::spawn(move || ben.run(waiting, &mut |_, _, _| {}));
    let visit = |(payer, token): &mut (Person, dsm_core::TokenId)| -> Vec<Notice> {
        let ((near, far), (to, over)) = (wire(), channel());
        let hang_up = Box::new(far.hang_up());
        let tell = move |visit: Visit| to.send(visit).is_ok();
        lobby.admit(far, hang_up, OPEN, secrets(), tell).expect("a thread");
        let met = pay(payer, card, *token, near);
        // The payee may die on the way.
        let _ = over.recv_timeout(Duration::from_secs(60)).expect("an end");
        met.notices
    };
    let told = thread::scope(|scope| {
        let calls = payers.iter_mut().map(|payer| scope.spawn(|| visit(payer)));
        let calls: Vec<_> = calls.collect();
        calls.into_iter().map(|call| call.join().expect("no panic")).collect()
    });
    inbox.stop();
    match runs.join().expect("no panic") {
        Ok(()) => Ok(told),
        Err(error) => Err((error, told)),
    }
}

/// The payee's medium and card, and payers who hold tokens of their own.
fn crowd() -> (Disk, Card, Payers) {
    let medium = Medium::new(Disk::default(), u64::MAX);
    let kv = FileKv::on(medium.clone()).expect("a store");
    let mut ben = Engine::new(Wallet::create(kv, founding("ben")).expect("a wallet"), keys("ben"));
    let card = ben.wallet().books().expect("the books").card();
    let payers: Payers = (0..PAYERS)
        .map(|number| {
            let mut payer = Person::new(&format!("payer {number}"));
            payer.pin("ben", card.clone());
            pin(&mut ben, &format!("payer {number}"), payer.card());
            let token = payer.issue("mint");
            (payer, token)
        })
        .collect();
    drop(ben);
    let begun = medium.disk().after_cut(1);
    (begun, card, payers)
}

/// Cuts the power at every operation of the payee's medium while it is paid in some way; how many of
/// its operations a writer made beside the loop.
fn cuts(
    pay: impl Fn(Engine<FileKv>, &mut Payers, &Card) -> Result<Told, (StoreError, Told)>,
) -> u64 {
    let (begun, card, payers) = crowd();
    for cut in 0..1_000 {
        let medium = Medium::new(begun.clone(), cut);
        let mut payers: Payers = payers.iter().map(|(one, token)| (one.copied(), *token)).collect();
        let talked = engine(medium.clone()).map(|ben| pay(ben, &mut payers, &card));
        let done = matches!(talked, Ok(Ok(_)));
        let told = match talked {
            Ok(Ok(told) | Err((_, told))) => told,
            Err(_) => Vec::new(),
        };
        for luck in 0..3 {
            let disk = medium.disk().after_cut(luck);
            settles(disk, &payers, &told, &format!("cut {cut}, luck {luck}"));
        }
        let disk = medium.disk();
        if done && disk.left > 0 {
            assert!(cut > 20, "the cut came nowhere");
            return disk.beside;
        }
    }
    panic!("it never ends");
}

#[test]
fn a_cut_of_power_at_any_operation_with_many_in_flight_loses_nothing() {
    let beside = cuts(|mut ben, payers, card| {
        let peer = card.descriptor.id();
        talk(&mut ben, payers, |(_, token)| Goal::Pay { peer, token: *token, amount: 50 })
    });
    assert_eq!(beside, 0);
}

#[test]
fn a_cut_of_power_while_the_loop_goes_on_beside_its_commits_loses_nothing() {
    assert!(cuts(call) > 0, "nothing became durable beside the loop");
}
