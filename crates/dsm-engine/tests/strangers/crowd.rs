//! Many who call one wallet at once.

use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use dsm_core::TokenId;
use dsm_crypto::Secret;
use dsm_engine::{ConverseError, Inbox, Lobby, Visit, VisitError, inbox};
use dsm_link::Link;
use dsm_session::{Goal, Message, Notice, SessionError};
use dsm_store::StoreError;

use crate::disk::{Death, Disk};
use crate::person::{Person, UNITS, introduce};
use crate::raw::OPEN;
use crate::wire::{Met, Wire, fresh, wire};

/// A wallet that serves callers on a thread of its own.
pub(crate) struct Served {
    engine: JoinHandle<(Person, Result<(), StoreError>)>,
    pub(crate) inbox: Inbox<Disk>,
    pub(crate) lobby: Lobby<Disk>,
}

impl Served {
    pub(crate) fn new(mut person: Person, most: usize) -> Self {
        let (inbox, waiting) = inbox();
        let lobby = Lobby::new(&person.engine, inbox.clone(), most);
        let engine = thread::spawn(move || {
            let stopped = person.engine.run(waiting, &mut |_, _, _| {});
            (person, stopped)
        });
        Self { engine, inbox, lobby }
    }

    /// Lets somebody in.
    pub(crate) fn admit(&self, link: Wire) -> Receiver<Visit> {
        let (to, over) = channel();
        let hang_up = Box::new(link.hang_up());
        let fresh = secrets();
        let tell = move |visit| to.send(visit).is_ok();
        self.lobby.admit(link, hang_up, OPEN, fresh, tell).expect("a thread");
        over
    }

    pub(crate) fn stop(self) -> (Person, Result<(), StoreError>) {
        self.inbox.stop();
        self.engine.join().expect("no panic")
    }
}

/// For the channel and the conversations of a call.
pub(crate) fn secrets() -> (Secret<32>, Secret<32>) {
    (Secret::from_bytes(fresh()), Secret::from_bytes(fresh()))
}

/// A payee and payers who hold tokens of their own.
pub(crate) fn crowd(count: usize) -> (Person, Vec<(Person, TokenId)>) {
    let mut ben = Person::new("ben");
    let payers = (0..count).map(|number| {
        let mut payer = Person::new(&format!("payer {number}"));
        introduce(&mut payer, &mut ben);
        let token = payer.issue("mint");
        (payer, token)
    });
    let payers = payers.collect();
    (ben, payers)
}

pub(crate) fn pay(
    payer: &mut Person,
    payee: &dsm_core::identity::Card,
    token: TokenId,
    link: Wire,
) -> Met {
    let goal = Goal::Pay { peer: payee.descriptor.id(), token, amount: 50 };
    let mut notices: Vec<Notice> = Vec::new();
    let link = payer.engine.call(link, &payee.kem, Secret::from_bytes(fresh()));
    let result = match link {
        Ok(mut link) => {
            payer.engine.converse(&mut link, goal, fresh(), &mut |one| notices.push(one.clone()))
        }
        Err(error) => Err(ConverseError::Link(dsm_link::LinkError::medium(error))),
    };
    Met { result, notices }
}

/// Everybody pays at once, through a lobby.
pub(crate) fn all_pay(
    served: &Served,
    payee: &dsm_core::identity::Card,
    payers: &mut [(Person, TokenId)],
) {
    thread::scope(|scope| {
        for (payer, token) in payers {
            let (near, far) = wire();
            let over = served.admit(far);
            scope.spawn(move || {
                let met = pay(payer, payee, *token, near);
                // The payee may die on the way.
                let _ = over.recv_timeout(Duration::from_secs(60)).expect("an end");
                met
            });
        }
    });
}

fn sync(ben: &mut Person, payer: &mut Person) {
    let goal = Goal::Sync { peer: ben.id() };
    let met = crate::wire::between(payer, ben, (goal, OPEN), |_, _, frame| Some(vec![frame]));
    assert!(met.0.result.is_ok() && met.1.result.is_ok(), "{met:?}");
}

/// Once everybody has met again each payer who is bound has paid once, and nobody else anything.
pub(crate) fn settles(ben: &Person, payers: &[(Person, TokenId)], place: &str) -> usize {
    let mut ben = ben.restarted(Death::Never);
    let mut paid = 0;
    for (payer, token) in payers {
        let mut payer = payer.copied();
        let spent = UNITS - payer.balance(token);
        assert!(spent == 0 || spent == 50, "{place}: {spent}");
        sync(&mut ben, &mut payer);
        assert_eq!(ben.balance(token), spent, "{place}");
        assert_eq!(UNITS - payer.balance(token), spent, "{place}");
        assert!(!ben.knows_fork(&payer.id()) && !payer.knows_fork(&ben.id()), "{place}");
        let own = payer.history().into_iter().filter(|one| one.device == payer.id());
        assert!(own.filter(|one| one.entry.value.is_some()).all(|one| one.acknowledged), "{place}");
        paid += usize::from(spent > 0);
    }
    paid
}

#[test]
fn many_contacts_pay_at_once_and_share_commits() {
    const COUNT: usize = 16;
    let (ben, mut payers) = crowd(COUNT);
    let card = ben.card();
    let before = ben.disk.writes();
    let served = Served::new(ben.slow(Duration::from_millis(50)), COUNT);
    all_pay(&served, &card, &mut payers);
    let (ben, stopped) = served.stop();
    assert!(stopped.is_ok(), "{stopped:?}");
    assert_eq!(settles(&ben, &payers, "at once"), COUNT);
    let writes = ben.disk.writes() - before;
    assert!(writes < COUNT, "{writes} commits for {COUNT} payments");
}

#[test]
fn a_death_at_any_write_with_many_in_flight_loses_nothing() {
    const COUNT: usize = 5;
    let (ben, payers) = crowd(COUNT);
    let card = ben.card();
    for death in [Death::Before, Death::After] {
        for place in 0..100 {
            let dying = ben.copied().restarted(death(place)).slow(Duration::from_millis(5));
            let mut payers: Vec<_> =
                payers.iter().map(|(payer, token)| (payer.copied(), *token)).collect();
            let served = Served::new(dying, COUNT);
            all_pay(&served, &card, &mut payers);
            let (ben, stopped) = served.stop();
            let name = format!("{:?}", death(place));
            let paid = settles(&ben, &payers, &name);
            if ben.disk.writes() <= place {
                assert!(stopped.is_ok() && paid == COUNT && place > 0, "{name}: {stopped:?}");
                break;
            }
            assert!(stopped.is_err(), "{name}");
            // Whatever the dead process staged, it does nothing more.
            let books = ben.engine.wallet().books();
            assert!(matches!(books, Err(StoreError::Reopen)), "{name}");
        }
    }
}

#[test]
fn a_contact_gets_in_past_strangers_who_keep_every_place() {
    const MOST: usize = 4;
    let (ben, mut payers) = crowd(1);
    let card = ben.card();
    let served = Served::new(ben, MOST);
    let strangers: Vec<_> = (0..100).map(|_| wire()).collect();
    let mut ends = Vec::new();
    let mut near_ends = Vec::new();
    for (number, (mut near, far)) in (0..).zip(strangers) {
        if number % 2 == 0 {
            // It floods, as far as it is heard at all.
            for _ in 0..100 {
                let _ = near.send(&vec![7; 2_000]);
            }
        }
        near_ends.push(near);
        ends.push(served.admit(far));
    }
    all_pay(&served, &card, &mut payers);
    // All but those who are still there were hung up.
    let gone = ends.iter().filter(|end| end.try_recv().is_ok()).count();
    assert!(gone >= 100 - MOST, "{gone}");
    drop(near_ends);
    let (ben, stopped) = served.stop();
    assert!(stopped.is_ok(), "{stopped:?}");
    assert_eq!(settles(&ben, &payers, "past strangers"), 1);
}

#[test]
fn a_contact_who_calls_and_says_nothing_takes_two_places_at_most() {
    let (ben, mut payers) = crowd(2);
    let card = ben.card();
    let served = Served::new(ben, 3);
    let mut silent = Vec::new();
    for _ in 0..6 {
        let (near, far) = wire();
        let end = served.admit(far);
        let engine = &payers[0].0.engine;
        let link = engine.call(near, &card.kem, Secret::from_bytes(fresh()));
        let mut link = link.expect("a channel");
        let hello = crate::raw::hello(payers[0].0.id(), 0, None);
        link.send(&dsm_encoding::to_vec(&hello)).expect("a hello");
        link.receive(1 << 10).expect("an answer").expect("a hello");
        silent.push((link, end));
    }
    let met = all_pay_one(&served, &card, &mut payers[1]);
    assert!(met.is_acknowledged(), "{met:?}");
    let hung_up = |visit: Visit| matches!(visit.result, Err(VisitError::Converse(_)));
    let gone = silent.iter().filter(|(_, end)| end.try_recv().is_ok_and(hung_up)).count();
    assert!(gone >= 4, "{gone}");
    drop(silent);
    assert!(served.stop().1.is_ok());
}

#[test]
fn a_person_cancels_one_conversation_of_many_and_keeps_things_meanwhile() {
    let (ben, mut payers) = crowd(2);
    let card = ben.card();
    let served = Served::new(ben, 4);
    let (near, far) = wire();
    let (to, over) = channel();
    let hang_up = Box::new(far.hang_up());
    let tell = move |visit: Visit| to.send(visit).is_ok();
    let of = served.lobby.admit(far, hang_up, OPEN, secrets(), tell).expect("a thread");
    let link = payers[0].0.engine.call(near, &card.kem, Secret::from_bytes(fresh()));
    let mut link = link.expect("a channel");
    let hello = dsm_encoding::to_vec(&crate::raw::hello(payers[0].0.id(), 0, None));
    link.send(&hello).expect("a hello");
    let mut heard = vec![link.receive(1 << 20).expect("an answer").expect("a hello")];
    served.inbox.cancel(of).expect("it runs");
    let zoe = Person::new("zoe").card();
    let contact = dsm_store::Contact { name: "zoe".into(), card: zoe };
    let contacts = vec![contact];
    let changes = dsm_store::Changes { contacts, ..Default::default() };
    served.inbox.keep(changes.clone()).expect("kept");
    let mut refused = changes;
    refused.contacts[0].name.clear();
    assert!(served.inbox.keep(refused).is_err());
    // It says so as soon as the peer says anything.
    let _ = link.send(&hello);
    while let Ok(Some(frame)) = link.receive(1 << 20) {
        heard.push(frame);
    }
    let last: Message = dsm_encoding::from_slice(heard.last().expect("words")).expect("a message");
    assert!(matches!(last, Message::Cancel {}), "{last:?}");
    let visit = over.recv_timeout(Duration::from_secs(60)).expect("an end");
    let cancelled = matches!(
        visit.result,
        Err(VisitError::Converse(ConverseError::Session(SessionError::Cancelled)))
    );
    assert!(cancelled, "{visit:?}");
    let met = all_pay_one(&served, &card, &mut payers[1]);
    assert!(met.is_acknowledged(), "{met:?}");
    let (ben, stopped) = served.stop();
    assert!(stopped.is_ok());
    assert!(ben.engine.wallet().books().expect("books").contact_named("zoe").is_some());
}

pub(crate) fn all_pay_one(
    served: &Served,
    payee: &dsm_core::identity::Card,
    (payer, token): &mut (Person, TokenId),
) -> Met {
    let (near, far) = wire();
    let _over = served.admit(far);
    pay(payer, payee, *token, near)
}
