//! Whatever the bytes are, reading and judging them ends, soon and without a panic.

use dsm_core::pack::{Wanted, build, plan_entry};
use dsm_core::{Claimed, Note, Output, Reject, Value, accept, lot_id};
use dsm_crypto::Digest;
use dsm_encoding::{DecodeError, List};
use dsm_log::{Position, SpendId};
use dsm_sim::{Actor, Certified, PURSE, Town, introduce, outputs, stretch};

#[test]
fn refuses_bytes_that_nest_or_claim_too_much() {
    let deep = vec![0x81; 1 << 20];
    let refusal = Claimed::decode(&deep).err();
    let expected = Reject::Form { error: DecodeError::WrongLength };
    let too_deep = Reject::Form { error: DecodeError::TooDeep };
    assert!([expected, too_deep].map(Some).contains(&refusal), "{refusal:?}");
    // An array that claims 2^63 elements, and one of 2^20 that are not there.
    for head in [&[0x9b, 0x80, 0, 0, 0, 0, 0, 0, 0][..], &[0x9a, 0, 0x10, 0, 0]] {
        assert!(Claimed::decode(head).is_err());
    }
    for length in 0..64 {
        assert!(Claimed::decode(&vec![0xff; length]).is_err());
        assert!(Claimed::decode(&vec![0x00; length]).is_err());
    }
}

/// Ada splits her note into 256, and moves all 256 again and again.
#[test]
fn accepts_the_widest_entries() {
    let mut town = Town::new();
    let token = town.token;
    let mut spends = vec![town.ada.only_note().id()];
    for _ in 0..4 {
        let lock = town.ada.lock();
        let part = |number: u64| Output { token, amount: if number == 0 { 745 } else { 1 }, lock };
        let parts: Vec<Output> = (0..256).map(part).collect();
        let value = Value::transfer(outputs(parts.clone()));
        let head = town.ada.write(None, spends, Some(value), vec![], None).log.at.head;
        let notes = parts.into_iter().zip(0..);
        spends = notes.map(|(output, number)| Note { output, head, number }.id()).collect();
    }
    let output = Output { token, amount: PURSE, lock: town.ben.lock() };
    let payment = town.ada.claim(&mut town.ben, spends, Value::transfer(outputs([output])));
    assert_eq!(town.ada.refused_by(&town.ben, &payment), None);
    let too_many = vec![output; 257];
    assert!(List::<Output, 256>::try_from(too_many).is_err());
}

/// A chain of runs, each of which needs the next one: as deep as there are devices.
#[test]
fn follows_a_lineage_through_many_devices() {
    let mut town = Town::new();
    let mut payer = town.ada.clone();
    for number in 0..60 {
        let mut payee = Actor::new(&number.to_string());
        introduce(&mut payer, &mut payee);
        payer.settle(&mut payee, town.token, PURSE);
        payer = payee;
    }
    introduce(&mut payer, &mut town.cleo);
    let payment = payer.pay(&mut town.cleo, town.token, PURSE);
    let dealt = payer.deal(&payment.dealing, &town.cleo);
    let accepted = town.cleo.receive(&dealt, payment.nonce).result.expect("honest money");
    assert_eq!(accepted.lineage().hops, 62);
    assert_eq!(accepted.lineage().uncertified.len(), 62);
}

/// Many spends from one old floor look at each record once, not once each.
#[test]
fn looks_at_a_cached_record_once() {
    const NOTES: u64 = 60;
    let mut town = Town::new();
    let token = town.token;
    let floor = town.ada.lock();
    let notes: Vec<Note> = (1..=NOTES)
        .map(|lot| {
            let (index, note) = town.mint.issue(token, lot, 1, floor);
            town.ada.take_issue(&town.mint, index, note);
            note
        })
        .collect();
    let mut made = Vec::new();
    for note in notes {
        let output = Output { token, amount: 1, lock: town.ada.lock() };
        let value = Value::transfer(outputs([output]));
        let written = town.ada.write(None, vec![note.id()], Some(value), vec![], None);
        made.push(Note { output, head: written.log.at.head, number: 0 }.id());
    }
    town.cleo.take_log(&town.ada);
    let output = Output { token, amount: NOTES, lock: town.cleo.lock() };
    let payment = town.ada.claim(&mut town.cleo, made, Value::transfer(outputs([output])));
    let index = payment.dealing.entry.index;
    let parts = [stretch(town.ada.id(), index - 2, index, &[index])];
    let dealt = town.ada.show(&payment.dealing, &parts);
    let view = Certified::new(&town.cleo.view, &[]);
    let verdict = accept(&view, &Claimed::from(dealt), payment.nonce);
    assert_eq!(verdict.result.map(|accepted| accepted.lineage().hops), Ok(2 * NOTES + 1));
    // Once for wholeness and once for what it consumes, of both logs, and a few beside.
    assert!(view.asked.get() <= 5 * NOTES, "{}", view.asked.get());
}

/// A token whose policy allows 2^62 lots from a floor at 2^62 costs its holder no more to pay.
#[test]
fn builds_a_pack_of_a_token_with_countless_lots() {
    let mut mint = Actor::new("mint");
    mint.leap(Position { index: 1 << 62, head: Digest::from_bytes([1; 32]) });
    let floor = mint.at();
    let mut town = Town::poor(|policy| {
        policy.issuer_floor = floor;
        (policy.lots, policy.units_per_lot) = (1 << 62, 1);
    });
    town.mint.leap(floor);
    introduce(&mut town.mint, &mut town.ben);
    let token = town.token;
    let output = Output { token, amount: 1, lock: town.ben.lock() };
    let value = |lot, cosignatures| {
        let outputs = outputs([output]);
        Value::Issue { token, lot, outputs, cosignatures }
    };
    // The opening of the entry before it needs an entry before it.
    town.mint.idle();
    let spends = vec![lot_id(&token, 1 << 61)];
    let payment = town.mint.claim(&mut town.ben, spends, value(1 << 61, List::default()));
    let to = town.mint.at().index;
    let dealt = town.mint.show(&payment.dealing, &[stretch(town.mint.id(), 1 << 62, to, &[to])]);
    town.ben.receive(&dealt, payment.nonce).result.expect("an odd but valid token");
    town.ben.settle(&mut town.cleo, token, 1);
}

#[test]
fn plans_whatever_a_view_holds_without_a_panic() {
    let mut mint = Actor::new("mint");
    mint.idle();
    mint.idle();
    let floor = mint.at();
    // The mint issues before the floor of the policy.
    let mut town = Town::poor(|policy| policy.issuer_floor = floor);
    let (index, _) = town.mint.issue(town.token, 0, 1, town.ada.lock());
    let plan = plan_entry(&town.mint.view, town.mint.id(), index).expect("a plan");
    let wanted = Wanted::all(&plan).expect("a short plan");
    assert!(build(&town.mint.view, &plan, &wanted).is_some());
    // Nobody knows the entry, or what it rests on.
    assert!(plan_entry(&town.mint.view, town.mint.id(), 9).is_none());
    let id = SpendId(Digest::ZERO);
    let value = Value::transfer(outputs([]));
    town.ada.write(None, vec![id], Some(value), vec![], None);
    assert!(plan_entry(&town.ada.view, town.ada.id(), 1).is_none());
}

/// Wants that no plan answers: not a panic, and not a pack.
#[test]
fn builds_nothing_for_senseless_wants() {
    let mut town = Town::new();
    let payment = town.ada.pay(&mut town.ben, town.token, 1);
    let plan = payment.dealing.plan(&town.ada.view, None).expect("a plan");
    let all = Wanted::all(&plan).expect("a short plan");
    assert!(build(&town.ada.view, &plan, &all).is_some());
    for (from, opened) in [(u64::MAX, vec![1]), (1, vec![1]), (0, vec![7]), (0, vec![0])] {
        let mut wanted = all.clone();
        dsm_sim::edit(&mut wanted.stretches, |wants| {
            for want in wants {
                want.from = from;
                want.opened = List::try_from(opened.clone()).expect("one");
            }
        });
        let pack = build(&town.ada.view, &plan, &wanted);
        assert!(pack.is_none_or(|pack| pack.runs.is_empty()), "{from} {opened:?}");
    }
    let mut short = all;
    dsm_sim::edit(&mut short.tokens, Vec::clear);
    assert!(build(&town.ada.view, &plan, &short).is_none());
}
