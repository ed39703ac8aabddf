//! Several conversations on one link.

use std::sync::mpsc::Receiver;
use std::time::Duration;

use dsm_core::identity::Card;
use dsm_crypto::Secret;
use dsm_engine::{ConverseError, Secure, Visit, VisitError};
use dsm_session::Goal;

use crate::crowd::{Served, crowd, secrets, settles};
use crate::person::Person;
use crate::raw::OPEN;
use crate::wire::{Wire, fresh, wire};

const LONG: Duration = Duration::from_secs(20);

/// A contact calls.
fn call(served: &Served, payer: &Person, payee: &Card) -> (Secure<Wire>, Receiver<Visit>) {
    let (near, far) = wire();
    let over = served.admit(far);
    let link = payer.engine.call(near, &payee.kem, Secret::from_bytes(fresh()));
    (link.expect("a channel"), over)
}

fn converse(person: &mut Person, link: &mut Secure<Wire>, goal: Goal) -> Result<(), ConverseError> {
    person.engine.converse(link, goal, fresh(), &mut |_| {})
}

fn went_well(over: &Receiver<Visit>) -> Visit {
    let visit = over.recv_timeout(LONG).expect("an end");
    assert!(visit.result.is_ok(), "{visit:?}");
    visit
}

#[test]
fn one_handshake_carries_several_payments() {
    let (ben, mut payers) = crowd(1);
    let card = ben.card();
    let served = Served::new(ben, 1);
    let (payer, token) = &mut payers[0];
    let (mut link, over) = call(&served, payer, &card);
    let peer = card.descriptor.id();
    let mut names = Vec::new();
    for amount in [1, 20, 29] {
        converse(payer, &mut link, Goal::Sync { peer }).expect("a meeting");
        names.push(went_well(&over).of);
        converse(payer, &mut link, Goal::Pay { peer, token: *token, amount }).expect("a payment");
        let visit = went_well(&over);
        assert_eq!(visit.peer, Some(payer.id()));
        names.push(visit.of);
    }
    names.dedup();
    assert_eq!(names.len(), 6, "each conversation has a name of its own");
    drop(link);
    // Its leaving is no visit.
    assert!(over.recv_timeout(LONG).is_err());
    let (ben, stopped) = served.stop();
    assert!(stopped.is_ok());
    assert_eq!(settles(&ben, &payers, "one call"), 1);
}

#[test]
fn two_who_are_alone_hold_one_conversation_after_the_other() {
    let (mut ben, mut payers) = crowd(1);
    let (payer, token) = &mut payers[0];
    let (near, far) = wire();
    let card = ben.card();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let link = ben.engine.answer(far, Secret::from_bytes(fresh()));
            let mut link = link.expect("a channel");
            for _ in 0..2 {
                converse(&mut ben, &mut link, OPEN).expect("a payment");
            }
            let last = converse(&mut ben, &mut link, OPEN);
            assert!(matches!(last, Err(ConverseError::HungUp)), "{last:?}");
        });
        let link = payer.engine.call(near, &card.kem, Secret::from_bytes(fresh()));
        let mut link = link.expect("a channel");
        for amount in [20, 30] {
            let goal = Goal::Pay { peer: card.descriptor.id(), token: *token, amount };
            converse(payer, &mut link, goal).expect("a payment");
        }
    });
    assert_eq!(settles(&ben, &payers, "alone"), 1);
}

#[test]
fn links_that_rest_keep_no_contact_out() {
    let (ben, mut payers) = crowd(4);
    let card = ben.card();
    let served = Served::new(ben, 2);
    let peer = card.descriptor.id();
    let mut calls = Vec::new();
    for (payer, token) in &mut payers {
        let (mut link, over) = call(&served, payer, &card);
        converse(payer, &mut link, Goal::Pay { peer, token: *token, amount: 50 }).expect("room");
        went_well(&over);
        calls.push((link, over));
    }
    // Of the first two each went for one who came.
    for (number, (payer, (link, over))) in payers.iter_mut().zip(&mut calls).enumerate() {
        let again = converse(&mut payer.0, link, Goal::Sync { peer });
        assert_eq!(again.is_ok(), number >= 2, "{number}: {again:?}");
        if again.is_err() {
            assert!(over.recv_timeout(LONG).is_err(), "no conversation failed there");
        }
    }
    drop(calls);
    let (ben, stopped) = served.stop();
    assert!(stopped.is_ok());
    assert_eq!(settles(&ben, &payers, "resting"), 4);
}

#[test]
fn of_three_calls_of_one_contact_the_one_that_rests_goes() {
    let (ben, mut payers) = crowd(1);
    let card = ben.card();
    let served = Served::new(ben, 8);
    let peer = card.descriptor.id();
    let payer = &mut payers[0].0;
    let (mut busy, in_talk) = call(&served, payer, &card);
    // It begins and does not go on.
    use dsm_link::Link;
    let hello = crate::raw::hello(payer.id(), 0, None);
    busy.send(&dsm_encoding::to_vec(&hello)).expect("a hello");
    busy.receive(1 << 10).expect("an answer").expect("a hello");
    let (mut rests, first) = call(&served, payer, &card);
    converse(payer, &mut rests, Goal::Sync { peer }).expect("a meeting");
    went_well(&first);
    let (mut third, last) = call(&served, payer, &card);
    converse(payer, &mut third, Goal::Sync { peer }).expect("a meeting");
    went_well(&last);
    assert!(first.recv_timeout(LONG).is_err());
    assert!(in_talk.try_recv().is_err(), "it is still there");
    drop((busy, third));
    assert!(served.stop().1.is_ok());
}

#[test]
fn whoever_waits_may_end_a_call_after_any_conversation() {
    let (ben, mut payers) = crowd(1);
    let card = ben.card();
    let served = Served::new(ben, 1);
    let (payer, token) = &mut payers[0];
    let (near, far) = wire();
    let hang_up = Box::new(far.hang_up());
    let admitted = served.lobby.admit(far, hang_up, OPEN, secrets(), |_| false);
    admitted.expect("a thread");
    let link = payer.engine.call(near, &card.kem, Secret::from_bytes(fresh()));
    let mut link = link.expect("a channel");
    let peer = card.descriptor.id();
    converse(payer, &mut link, Goal::Pay { peer, token: *token, amount: 50 }).expect("a payment");
    let next = converse(payer, &mut link, Goal::Pay { peer, token: *token, amount: 50 });
    assert!(matches!(next, Err(ConverseError::HungUp | ConverseError::Link(_))), "{next:?}");
    let (ben, stopped) = served.stop();
    assert!(stopped.is_ok());
    // Nobody is bound by the second.
    assert_eq!(settles(&ben, &payers, "ended"), 1);
}

#[test]
fn a_call_ends_with_a_conversation_that_fails() {
    let (ben, mut payers) = crowd(1);
    let card = ben.card();
    let served = Served::new(ben, 1);
    let (payer, token) = &mut payers[0];
    let (mut link, over) = call(&served, payer, &card);
    let peer = card.descriptor.id();
    let too_much = Goal::Pay { peer, token: *token, amount: 2_000 };
    assert!(converse(payer, &mut link, too_much).is_err());
    let visit = over.recv_timeout(LONG).expect("an end");
    assert!(matches!(visit.result, Err(VisitError::Converse(ConverseError::Session(_)))));
    assert!(converse(payer, &mut link, Goal::Sync { peer }).is_err());
    assert!(served.stop().1.is_ok());
}
