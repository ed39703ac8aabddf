//! Value whose history fills a message: what cannot be sent binds nobody.

use std::collections::BTreeMap;

use dsm_core::{Note, Output, TokenId, Value};
use dsm_engine::MailError;
use dsm_session::{Goal, SessionError};
use dsm_sim::{Actor, Holding, outputs};

use crate::letters::{reads, writes};
use crate::person::{Person, introduce, rogue};
use crate::raw::{OPEN, rich, settle};
use crate::wire::between;

const LIGHT: u64 = 1_000;
const HEAVY: u64 = 1_000_000;

/// Moves an amount so often, and each time with 255 crumbs beside, that it takes a good part of a message to show it.
fn fatten(mallory: &mut Actor, token: TokenId, amount: u64, entries: u64) {
    let is_whole = |note: &Note| note.output.amount >= amount + 255 * entries;
    let (id, whole) = mallory
        .notes
        .iter()
        .find(|(_, one)| one.note.output.token == token && is_whole(&one.note))
        .map(|(id, one)| (*id, one.clone()))
        .expect("enough");
    mallory.notes.remove(&id);
    let (mut note, mut sum) = (whole.note, whole.note.output.amount);
    let mut split = |mallory: &mut Actor, parts: Vec<u64>| {
        let lock = mallory.lock();
        let output = |amount| Output { token, amount, lock };
        let parts: Vec<Output> = parts.into_iter().map(output).collect();
        let value = Value::transfer(outputs(parts.clone()));
        let head = mallory.write(None, vec![note.id()], Some(value), vec![], None).log.at.head;
        note = Note { output: parts[0], head, number: 0 };
        (head, parts)
    };
    // What is left over stays as light as it was.
    let rest = sum - amount - 255 * entries;
    sum -= rest;
    let (head, parts) = split(mallory, vec![sum, rest]);
    let left = Note { output: parts[1], head, number: 1 };
    mallory.notes.insert(left.id(), Holding { note: left, ..whole.clone() });
    for _ in 0..entries {
        sum -= 255;
        split(mallory, std::iter::once(sum).chain([1; 255]).collect());
    }
    assert_eq!(note.output.amount, amount);
    mallory.notes.insert(note.id(), Holding { note, ..whole });
}

/// Mallory pays Vera twice, both times with what fits in a message, and not in one.
fn town(mut vera: Person) -> (Person, Person, TokenId) {
    let mut ben = Person::new("ben");
    introduce(&mut vera, &mut ben);
    let mut mallory = rogue("mallory", &mut [&mut vera]);
    for one in [&mut vera, &mut ben] {
        one.set(|settings| settings.exposed_cap = u64::MAX);
    }
    let token = rich(&mut mallory, "mint", 1 << 30);
    for (amount, entries) in [(LIGHT, 170), (HEAVY, 680)] {
        fatten(&mut mallory, token, amount, entries);
        let is_it = |one: &Holding| one.note.output.amount == amount;
        let notes = std::mem::take(&mut mallory.notes).into_iter();
        let (it, rest): (BTreeMap<_, _>, BTreeMap<_, _>) = notes.partition(|(_, one)| is_it(one));
        mallory.notes = it;
        let met = settle(&mut mallory, &mut vera, token, amount);
        assert!(met.result.is_ok(), "{met:?}");
        mallory.notes.extend(rest);
    }
    assert_eq!(vera.balance(&token), LIGHT + HEAVY);
    (vera, ben, token)
}

/// Face to face.
fn meets(mut vera: Person, mut ben: Person, token: TokenId) {
    let before = vera.history().len();
    let pay = |amount| Goal::Pay { peer: ben.id(), token, amount };
    let (all, light) = (pay(LIGHT + HEAVY), pay(LIGHT));
    let (paid, _) = between(&mut vera, &mut ben, (all, OPEN), |_, _, one| Some(vec![one]));
    assert!(paid.error() == Some(&SessionError::TooLong), "{paid:?}");
    assert_eq!(vera.history().len(), before, "nothing was written");
    let (paid, _) = between(&mut vera, &mut ben, (light, OPEN), |_, _, one| Some(vec![one]));
    assert!(paid.result.is_ok(), "{paid:?}");
    assert_eq!(ben.balance(&token), LIGHT);
}

/// By letter.
fn writes_to(mut vera: Person, mut ben: Person, token: TokenId) {
    let before = vera.history().len();
    let refused = vera.engine.pay_away(&ben.id(), token, LIGHT + HEAVY);
    let too_long = matches!(refused, Err(MailError::Session(SessionError::TooLong)));
    assert!(too_long, "{refused:?}");
    assert_eq!(vera.history().len(), before, "nothing was written");
    vera.engine.pay_away(&ben.id(), token, LIGHT).expect("a payment");
    vera.engine.pay_away(&ben.id(), token, HEAVY).expect("a payment");
    for sum in [LIGHT, LIGHT + HEAVY] {
        let letter = writes(&mut vera, ben.id(), None);
        reads(&mut ben, &letter);
        assert_eq!(ben.balance(&token), sum);
        let receipt = writes(&mut ben, vera.id(), None);
        reads(&mut vera, &receipt);
    }
}

#[test]
fn a_payment_that_fits_in_no_message_binds_nobody() {
    let (vera, ben, token) = town(Person::new("vera"));
    meets(vera.copied(), ben.copied(), token);
    writes_to(vera, ben, token);
}

#[test]
fn a_payment_that_fits_in_no_message_binds_nobody_who_has_a_chip() {
    let (vera, ben, token) = town(Person::anchored("vera"));
    meets(vera.copied(), ben.copied(), token);
    writes_to(vera, ben, token);
}
