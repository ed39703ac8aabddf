//! A first meeting between real engines (`spec/introduction.md`).

use dsm_crypto::Secret;
use dsm_engine::{IntroduceError, Secure};
use dsm_link::{Link, LinkError};
use dsm_session::Goal;
use dsm_session::introduction::{FIRST, IntroductionError, LONGEST, SECOND};

use crate::person::Person;
use crate::wire::{Wire, fresh, wire};

fn secret() -> Secret<32> {
    Secret::from_bytes(fresh())
}

/// Somebody waits, and a script is at the other end of the link.
fn waits(ben: &Person, script: impl FnOnce(Wire)) -> IntroduceError {
    let (near, mut far) = wire();
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| ben.engine.be_introduced(&mut far, &secret()));
        script(near);
        waits.join().expect("no panic").expect_err("nobody was introduced")
    })
}

#[test]
fn two_who_met_are_contacts_and_speak_over_the_channel() {
    let (mut ada, mut ben) = (Person::new("ada"), Person::new("ben"));
    let (mut near, mut far) = wire();
    let (at_ada, at_ben) = std::thread::scope(|scope| {
        let waits = scope.spawn(|| ben.engine.be_introduced(&mut far, &secret()));
        let met = ada.engine.introduce(&mut near, &secret());
        (met.expect("a meeting"), waits.join().expect("no panic").expect("a meeting"))
    });
    assert_eq!(at_ada.string, at_ben.string);
    assert_eq!((&at_ada.card, &at_ben.card), (&ben.card(), &ada.card()));
    // The persons said yes.
    ada.pin("ben", at_ada.card.clone());
    ben.pin("ada", at_ben.card);
    let (near, far) = wire();
    let peer = ben.id();
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| {
            let mut link: Secure<Wire> = ben.engine.answer(far, secret()).expect("a channel");
            ben.engine.converse(&mut link, Goal::Receive { ask: None }, fresh(), &mut |_| {})
        });
        let mut link = ada.engine.call(near, &at_ada.card.kem, secret()).expect("a channel");
        let met = ada.engine.converse(&mut link, Goal::Sync { peer }, fresh(), &mut |_| {});
        met.expect("a meeting of contacts");
        waits.join().expect("no panic").expect("a meeting of contacts");
    });
}

#[test]
fn whoever_hangs_up_early_is_no_acquaintance() {
    let ben = Person::new("ben");
    assert!(matches!(waits(&ben, drop), IntroduceError::HungUp));
    let (_, first) = dsm_session::introduction::Initiator::call(dsm_sim::NETWORK, &secret());
    let after_the_call = waits(&ben, |mut link| link.send(&first).expect("a link"));
    assert!(matches!(after_the_call, IntroduceError::HungUp | IntroduceError::Link(_)));
    assert!(ben.engine.wallet().books().expect("books").contacts().is_empty());
}

#[test]
fn what_is_too_long_or_no_call_is_refused_before_it_is_kept() {
    let ben = Person::new("ben");
    let long = waits(&ben, |mut link| link.send(&[0; FIRST + 1]).expect("a link"));
    assert!(matches!(long, IntroduceError::Link(LinkError::TooLong { most: FIRST })));
    let short = waits(&ben, |mut link| link.send(&[0; FIRST - 1]).expect("a link"));
    assert!(matches!(short, IntroduceError::Introduction(IntroductionError::Broken)));
    let (_, first) = dsm_session::introduction::Initiator::call(dsm_sim::NETWORK, &secret());
    let third = waits(&ben, |mut link| {
        link.send(&first).expect("a link");
        link.receive(SECOND).expect("a link").expect("an answer");
        link.send(&vec![0; LONGEST + 1]).expect("a link");
    });
    assert!(matches!(third, IntroduceError::Link(LinkError::TooLong { most: LONGEST })));
}
