//! What an accepted pack teaches, and what it does not (`spec/accept.md`, facts).

use dsm_core::pack::PackDevice;
use dsm_core::{Output, Policy, Reject, Value, View};
use dsm_crypto::Digest;
use dsm_log::SpendId;
use dsm_sim::{Actor, PURSE, Town, edit, introduce, outputs, stretch};

#[test]
fn a_dead_operation_beside_the_lineage_means_nothing() {
    let mut town = Town::new();
    let good = town.ada.only_note().id();
    let parts = [Output { token: town.token, amount: 9, lock: town.ben.lock() }];
    let bad = SpendId(Digest::from_bytes([1; 32]));
    town.ada.write(None, vec![bad], Some(Value::transfer(outputs(parts))), Vec::new(), None);
    let output = Output { token: town.token, amount: PURSE, lock: town.ben.lock() };
    let value = Value::transfer(outputs([output]));
    let payment = town.ada.claim(&mut town.ben, vec![good], value);
    let parts = [stretch(town.ada.id(), 0, 2, &[1, 2]), stretch(town.mint.id(), 0, 1, &[1])];
    let dealt = town.ada.show(&payment.dealing, &parts);
    let accepted = town.ben.judge(&dealt, payment.nonce).result.expect("honest money");
    assert_eq!(accepted.lineage().hops, 2);
    // And of it nothing is kept.
    let opened: Vec<u64> = accepted.facts().opened.iter().map(|one| one.index).collect();
    assert_eq!(opened.len(), 2);
}

#[test]
fn an_entry_without_value_teaches_its_run() {
    let mut town = Town::new();
    town.ada.idle();
    let written = town.ada.write(Some(town.ben.id()), vec![], None, vec![], None);
    let dealt = town.ada.insist(&written.dealing.expect("addressed"));
    town.ben.receive(&dealt, None).result.expect("an honest entry");
    assert_eq!(town.ben.view.latest(&town.ada.id()), Some(town.ada.at()));
}

#[test]
fn a_run_that_shows_only_that_nothing_was_spent_is_kept() {
    let mut town = Town::new();
    let ada = town.ada.id();
    town.ada.idle();
    town.ada.idle();
    // Ben knows the records 3 and 4 only; the first two come in a run of their own.
    let mut late = town.ada.clone();
    late.learned.clear();
    late.idle();
    late.idle();
    town.ben.take_log(&late);
    let payment = late.pay(&mut town.ben, town.token, PURSE);
    let parts =
        [stretch(ada, 0, 2, &[1]), stretch(ada, 4, 5, &[5]), stretch(town.mint.id(), 0, 1, &[1])];
    let dealt = late.show(&payment.dealing, &parts);
    town.ben.receive(&dealt, payment.nonce).result.expect("honest money");
    assert!((1..=5).all(|index| town.ben.view.has_record(&ada, index)));
    // So Ben can pay with it.
    town.ben.settle(&mut town.cleo, town.token, PURSE);
}

/// A cheat that is dealt value beside which it shows whatever it likes.
#[test]
fn a_pack_does_not_fill_the_memory_of_its_reader() {
    let mut town = Town::new();
    let mut stranger = Actor::new("stranger");
    stranger.scribble(vec![SpendId(Digest::ZERO)]);
    let policy = Policy { decimals: 7, issuer: stranger.id(), ..town.policy.clone() };
    stranger.learn_policy(&policy);
    let output = Output { token: policy.id(), amount: 1, lock: stranger.lock() };
    let value = Value::transfer(outputs([output]));
    stranger.write(None, vec![SpendId(Digest::ZERO)], Some(value), vec![], None);
    town.ada.take_log(&stranger);
    let payment = town.ada.pay(&mut town.ben, town.token, PURSE);
    let parts = [
        stretch(stranger.id(), 0, 2, &[1, 2]),
        stretch(town.ada.id(), 0, 1, &[1]),
        stretch(town.mint.id(), 0, 1, &[1]),
    ];
    let dealt = town.ada.show(&payment.dealing, &parts);
    let number = dealt.pack.devices.iter().map(PackDevice::id).collect::<Vec<_>>();
    assert!(number.contains(&stranger.id()));
    town.ben.receive(&dealt, payment.nonce).result.expect("honest money");
    let view = &town.ben.view;
    assert_eq!(view.latest(&stranger.id()), None);
    assert_eq!(view.descriptor(&stranger.id()), None);
    assert_eq!(view.policy(&policy.id()), None);
    assert_eq!(view.opened(&stranger.id(), 2), None);
    assert!(view.policy(&town.token).is_some() && view.has_record(&town.mint.id(), 1));
}

#[test]
fn a_refused_pack_teaches_nothing() {
    let mut town = Town::new();
    let payment = town.ada.pay(&mut town.ben, town.token, PURSE);
    let dealt = town.ada.insist(&payment.dealing);
    let before = format!("{:?}", town.ben.view);
    let other = Some(town.ben.ask());
    let verdict = town.ben.receive(&dealt, other);
    assert_eq!(verdict.result.err(), Some(Reject::Nonce));
    assert_eq!(format!("{:?}", town.ben.view), before);
}

#[test]
fn what_is_known_need_not_be_sent_again() {
    let mut town = Town::new();
    town.ada.settle(&mut town.ben, town.token, 100);
    let payment = town.ada.pay(&mut town.ben, town.token, 100);
    let dealt = town.ada.deal(&payment.dealing, &town.ben);
    assert_eq!(dealt.pack.runs.len(), 1);
    let named = |device: &PackDevice| matches!(device, PackDevice::Named { .. });
    assert!(dealt.pack.devices.iter().all(named));
    assert_eq!(town.ben.refusal(&dealt, payment.nonce), None);
    // Who does not know it misses it.
    let mut fresh = Town::new().ben;
    introduce(&mut fresh, &mut town.ada);
    assert!(fresh.refusal(&dealt, payment.nonce).is_some());
    let mut empty = dealt;
    edit(&mut empty.pack.runs, Vec::clear);
    assert!(town.ben.refusal(&empty, payment.nonce).is_some());
}
