//! Payments, and what may go wrong on the way.

use dsm_core::{TokenId, View};
use dsm_session::{Ledger, Notice};

use crate::home::Home;
use crate::person::{NETWORK, Person, total};
use crate::talk::{Cut, pay, sync};

const UNITS: u64 = 1_000;

/// Ada holds a token; Ben is her contact and she is his.
pub(crate) fn two<H: Home>(home: &H) -> (Person<'_, H>, Person<'_, H>, TokenId) {
    let mut ada = Person::new(home, "ada");
    let mut ben = Person::new(home, "ben");
    ada.meet(&ben);
    ben.meet(&ada);
    let token = ada.issue(UNITS);
    (ada, ben, token)
}

pub(crate) fn pays_and_gets_change_and_a_receipt<H: Home>(home: &H) {
    let (mut ada, mut ben, token) = two(home);
    let paid = pay(&mut ada, &mut ben, (token, 300), Cut::Never);
    assert!(paid.over, "{paid:?}");
    assert_eq!((ada.balance(&token), ben.balance(&token)), (700, 300));
    assert!(paid.notices[1].iter().any(|one| matches!(one, Notice::Received { amount: 300, .. })));
    assert!(paid.notices[0].iter().any(|one| matches!(one, Notice::Acknowledged { .. })));
    let back = pay(&mut ben, &mut ada, (token, 100), Cut::Never);
    assert!(back.over, "{back:?}");
    assert_eq!((ada.balance(&token), ben.balance(&token)), (800, 200));

    let books = ada.books();
    let history = books.history(Some(&ben.id()));
    let paid = history.iter().find(|one| one.own && one.entry.value.is_some());
    let paid = paid.expect("the payment is remembered");
    assert!(paid.acknowledged);
    assert_eq!(books.last_paid(&ben.id()).as_ref(), Some(paid));
    assert_eq!(books.last_paid(&ada.id()), None);
    let receipt = books.receipt(&ada.id(), paid.at.index).expect("a receipt");
    let shown = receipt.verify(NETWORK).expect("a valid receipt");
    assert_eq!((shown.payer, shown.payer_at, shown.payee), (ada.id(), paid.at, ben.id()));
    let taken = history.iter().find(|one| !one.own && one.entry.value.is_some());
    let taken = taken.expect("what was received is remembered");
    assert_eq!(taken.class.map(dsm_core::FinalityClass::name), Some("exposed"));
    let receipt = books.receipt(&ben.id(), taken.at.index).expect("a receipt");
    assert_eq!(receipt.verify(NETWORK).expect("a valid receipt").payee, ada.id());
    books.check().expect("sound books");
}

pub(crate) fn value_moves_on_without_its_issuer<H: Home>(home: &H) {
    let (mut ada, mut ben, token) = two(home);
    let mut cleo = Person::new(home, "cleo");
    ben.meet(&cleo);
    cleo.meet(&ben);
    assert!(pay(&mut ada, &mut ben, (token, 300), Cut::Never).over);
    let paid = pay(&mut ben, &mut cleo, (token, 300), Cut::Never);
    assert!(paid.over, "{paid:?}");
    assert_eq!((ben.balance(&token), cleo.balance(&token)), (0, 300));
    for payment in 0..3 {
        let paid = pay(&mut ada, &mut ben, (token, 10), Cut::Never);
        assert!(paid.over, "{payment}: {paid:?}");
        let books = ada.books();
        let history = books.history(Some(&ben.id()));
        let last = history.iter().rev().find(|one| one.own && one.entry.value.is_some());
        assert!(last.is_some() && books.last_paid(&ben.id()).as_ref() == last);
        let paid = pay(&mut ben, &mut cleo, (token, 10), Cut::Never);
        assert!(paid.over, "{payment}: {paid:?}");
        cleo.restart();
    }
    assert_eq!(cleo.balance(&token), 330);
    let books = cleo.books();
    assert_eq!(books.exposure(&ada.id(), &token), 330);
    assert_eq!(books.exposure(&ben.id(), &token), 330);
}

/// A payment that is cut, whatever comes of it, and one more meeting.
fn cut_and_resume<H: Home>(home: &H, cut: Cut) -> bool {
    let (mut ada, mut ben, token) = two(home);
    // Both know each other's logs already, as in most payments.
    assert!(pay(&mut ada, &mut ben, (token, 100), Cut::Never).over);
    let first = pay(&mut ada, &mut ben, (token, 50), cut);
    ada.restart();
    ben.restart();
    assert!(total(&[&ada, &ben], &token) <= UNITS, "{cut:?} made value");
    let bound = ada.balance(&token) == 850;
    let met = sync(&mut ada, &mut ben);
    assert!(met.over, "{cut:?}: {met:?}");
    assert_eq!(total(&[&ada, &ben], &token), UNITS, "{cut:?} lost value");
    assert_eq!(ben.balance(&token), if bound { 150 } else { 100 }, "{cut:?}");
    let again = pay(&mut ben, &mut ada, (token, 20), Cut::Never);
    assert!(again.over, "{cut:?}: {again:?}");
    let again = pay(&mut ada, &mut ben, (token, 30), Cut::Never);
    assert!(again.over, "{cut:?}: {again:?}");
    assert_eq!(total(&[&ada, &ben], &token), UNITS, "{cut:?} lost value");
    let (ada_id, books) = (ada.id(), ada.books());
    for one in books.history(None).iter().filter(|one| one.device == ada_id) {
        let last = one.at.index == books.own_log().at.index;
        assert!(one.acknowledged || last || one.entry.value.is_none(), "{cut:?}: {one:?}");
    }
    books.check().expect("sound books");
    first.over
}

pub(crate) fn a_cut_after_any_frame_loses_nothing<H: Home>(home: &H) {
    every_cut(home, Cut::Frames);
}

pub(crate) fn a_death_after_any_batch_loses_nothing<H: Home>(home: &H) {
    every_cut(home, Cut::Persisted);
}

pub(crate) fn a_death_before_any_batch_loses_nothing<H: Home>(home: &H) {
    every_cut(home, Cut::Unpersisted);
}

fn every_cut<H: Home>(home: &H, cut: fn(usize) -> Cut) {
    let went_through = (0..100).find(|at| {
        home.clear();
        cut_and_resume(home, cut(*at))
    });
    // Hello, Ask, Sync, Offer, Want, Pay and Receipt in two directions, or two batches and more.
    let places = went_through.expect("a payment ends");
    assert!(places > 1, "the cut came nowhere");
}

pub(crate) fn frames_delivered_again_change_nothing<H: Home>(home: &H) {
    use dsm_session::{Event, Goal, Session};
    use dsm_store::Changes;

    let (mut ada, mut ben, token) = two(home);
    let paid = pay(&mut ada, &mut ben, (token, 300), Cut::Never);
    assert!(paid.over);
    let before = ben.books().history(None);
    // All that Ada said, said again to a new session.
    let ask = Some(dsm_session::Request::new(token, 300));
    let mut session = Some(Session::new(Goal::Receive { ask }, [9; 32]));
    for (_, frame) in paid.heard.iter().filter(|(side, _)| *side == 0) {
        let Some(now) = session.take() else { break };
        let stepped = {
            let books = ben.books();
            now.step(&books, &ben.key, Event::Message(frame))
        };
        let Ok((next, effects)) = stepped else { break };
        let kept = effects
            .persist(|batch| ben.commit(&Changes { batch: batch.clone(), ..Changes::default() }));
        let _ = kept.expect("a durable batch");
        session = next.failure().is_none().then_some(next);
    }
    assert_eq!(ben.books().history(None), before);
    assert_eq!((ada.balance(&token), ben.balance(&token)), (700, 300));
}

#[test]
fn a_second_payment_carries_no_secret_and_fits_seven_thousand_bytes() {
    let (mut ada, mut ben, token) = two(&crate::Memory);
    let first: usize = pay(&mut ada, &mut ben, (token, 300), Cut::Never).bytes.iter().sum();
    let second: usize = pay(&mut ada, &mut ben, (token, 30), Cut::Never).bytes.iter().sum();
    // Each side opened a secret to the other in its first entry.
    assert!(second + 2 * 1_120 < first && second < 6_800, "{first} {second}");
}
