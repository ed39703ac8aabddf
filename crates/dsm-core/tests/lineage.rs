//! Where value came from: runs, floors, holes, and what must not poison it (`spec/lineage.md`).

use std::collections::BTreeSet;

use dsm_core::pack::{PackLock, PackRecord, PackSpend, PackValue};
use dsm_core::{Claimed, Dealt, FinalityClass, Lock, Note, Output, Reject, Value, accept, lot_id};
use dsm_crypto::Digest;
use dsm_encoding::to_vec;
use dsm_log::{DeviceId, Position, SpendId};
use dsm_sim::{Actor, Certified, PURSE, Payment, Town, edit, introduce, outputs, stretch};

/// Ada paid Ben, who will pay Cleo: the payment and its dealt form.
fn two_hops() -> (Town, Payment, Dealt) {
    let mut town = Town::new();
    town.ada.settle(&mut town.ben, town.token, 600);
    let payment = town.ben.pay(&mut town.cleo, town.token, 500);
    let dealt = town.ben.deal(&payment.dealing, &town.cleo);
    (town, payment, dealt)
}

fn number(dealt: &Dealt, device: DeviceId) -> u32 {
    let at = dealt.pack.devices.iter().position(|one| one.id() == device);
    u32::try_from(at.expect("a device of the pack")).expect("few devices")
}

/// Changes the records that the pack shows of a device.
fn edit_records(dealt: &mut Dealt, device: DeviceId, change: impl Fn(&mut Vec<PackRecord>)) {
    let number = number(dealt, device);
    edit(&mut dealt.pack.runs, |runs| {
        for run in runs.iter_mut().filter(|run| run.device == number) {
            edit(&mut run.records, &change);
        }
    });
}

#[test]
fn accepts_value_over_two_hops() {
    let (mut town, payment, dealt) = two_hops();
    let accepted = town.cleo.receive(&dealt, payment.nonce).result.expect("honest money");
    assert_eq!(accepted.lineage().hops, 3);
    let behind = BTreeSet::from([town.mint.id(), town.ada.id(), town.ben.id()]);
    assert_eq!(accepted.lineage().uncertified, behind);
    assert_eq!(accepted.class(), FinalityClass::Exposed);
    assert_eq!(town.cleo.balance(town.token), 500);
}

#[test]
fn rejects_a_lineage_with_a_hole() {
    let (town, payment, dealt) = two_hops();
    let bens = stretch(town.ben.id(), 0, 2, &[2]);
    let adas = stretch(town.ada.id(), 0, 1, &[1]);
    // The issue is left out, then Ada's transfer too.
    let Value::Transfer { .. } = payment.dealing.entry.value.clone().expect("value") else {
        panic!("a transfer");
    };
    let without_issue = town.ben.show(&payment.dealing, &[adas, bens.clone()]);
    let without_both = town.ben.show(&payment.dealing, &[bens]);
    assert_eq!(town.cleo.refusal(&dealt, payment.nonce), None);
    for holed in [without_issue, without_both] {
        let refusal = town.cleo.refusal(&holed, payment.nonce);
        assert!(matches!(refusal, Some(Reject::Hole { .. })), "{refusal:?}");
    }
}

#[test]
fn rejects_an_input_that_was_never_made() {
    let mut town = Town::new();
    let id = SpendId(Digest::from_bytes([3; 32]));
    let output = Output { token: town.token, amount: 5, lock: town.ben.lock() };
    let value = Value::transfer(outputs([output]));
    let payment = town.ada.claim(&mut town.ben, vec![id], value);
    assert_eq!(town.ada.refused_by(&town.ben, &payment), Some(Reject::Hole { id }));
}

#[test]
fn rejects_a_lineage_with_a_cycle() {
    let (town, payment, mut dealt) = two_hops();
    let ben = number(&dealt, town.ben.id());
    let spent = dealt.pack.opened.iter().position(|one| one.device == ben).expect("opened");
    let spent = u32::try_from(spent).expect("few entries");
    // Ada's transfer consumes what Ben's makes, and Ben's what Ada's makes.
    edit_records(&mut dealt, town.ada.id(), |records| {
        edit(&mut records[0].spends, |spends| {
            *spends = vec![PackSpend::Note { opened: spent, output: 0 }];
        });
    });
    assert_eq!(town.cleo.refusal(&dealt, payment.nonce), Some(Reject::Cycle));
}

#[test]
fn rejects_an_entry_that_consumes_its_own_note() {
    let (town, payment, mut dealt) = two_hops();
    let ben = number(&dealt, town.ben.id());
    let own = dealt.pack.opened.iter().position(|one| one.device == ben).expect("opened");
    let own = u32::try_from(own).expect("few entries");
    edit_records(&mut dealt, town.ben.id(), |records| {
        let last = records.last_mut().expect("a record");
        edit(&mut last.spends, |spends| {
            *spends = vec![PackSpend::Note { opened: own, output: 0 }];
        });
    });
    assert_eq!(town.cleo.refusal(&dealt, payment.nonce), Some(Reject::Cycle));
}

#[test]
fn rejects_a_floor_that_needs_itself() {
    let (town, payment, mut dealt) = two_hops();
    // The floor of what Ben pays is the head after the payment.
    let ben = number(&dealt, town.ben.id());
    edit(&mut dealt.pack.opened, |opened| {
        for one in opened.iter_mut().filter(|one| one.device == ben) {
            let floor = one.index;
            if let Some(PackValue::Transfer { outputs, .. }) = &mut one.value {
                edit(outputs, |all| all[0].lock = PackLock::Shown { device: ben, floor });
            }
        }
    });
    let refusal = town.cleo.refusal(&dealt, payment.nonce);
    assert!(matches!(refusal, Some(Reject::Cycle | Reject::PackUnused)), "{refusal:?}");
}

/// Ada's log is three idle entries and then a payment to Ben.
fn long_run() -> (Town, Payment, Dealt) {
    let mut town = Town::new();
    for number in 0..3 {
        town.ada.scribble(vec![SpendId(Digest::from_bytes([number; 32]))]);
    }
    let payment = town.ada.pay(&mut town.ben, town.token, PURSE);
    let dealt = town.ada.deal(&payment.dealing, &town.ben);
    assert_eq!(town.ben.refusal(&dealt, payment.nonce), None);
    (town, payment, dealt)
}

#[test]
fn rejects_a_run_with_a_record_changed_reordered_or_named_otherwise() {
    let (town, payment, dealt) = long_run();
    let changes: [fn(&mut Vec<PackRecord>); 4] = [
        |records| records.swap(0, 1),
        |records| records[0] = records[1].clone(),
        |records| edit(&mut records[0].spends, Vec::clear),
        |records| records[0].body = Some(Digest::ZERO),
    ];
    for change in changes {
        let mut dealt = dealt.clone();
        edit_records(&mut dealt, town.ada.id(), change);
        let device = town.ada.id();
        let refusal = town.ben.refusal(&dealt, payment.nonce);
        assert_eq!(refusal, Some(Reject::Signature { device }));
    }
}

#[test]
fn rejects_a_run_with_a_record_left_out_or_doubled() {
    let (town, payment, dealt) = long_run();
    let device = town.ada.id();
    let changes: [fn(&mut Vec<PackRecord>); 2] =
        [|records| drop(records.remove(1)), |records| records.insert(1, records[1].clone())];
    for change in changes {
        let mut shifted = dealt.clone();
        edit_records(&mut shifted, device, change);
        // The entry is then elsewhere.
        let refusal = town.ben.refusal(&shifted, payment.nonce);
        assert_eq!(refusal, Some(Reject::OpenedMismatch));
        // Its index is made to fit.
        let ada = number(&dealt, device);
        let long = shifted.pack.runs.iter().find(|run| run.device == ada).expect("Ada's run");
        let last = long.start.index + long.records.len() as u64;
        edit(&mut shifted.pack.opened, |opened| {
            opened.iter_mut().filter(|one| one.device == ada).for_each(|one| one.index = last);
        });
        shifted.index = last;
        let refusal = town.ben.refusal(&shifted, payment.nonce);
        assert_eq!(refusal, Some(Reject::Signature { device }));
    }
}

#[test]
fn rejects_a_run_without_its_last_record() {
    let (mut town, payment, _) = long_run();
    let device = town.ada.id();
    town.ada.idle();
    let parts = [stretch(device, 0, 5, &[4]), stretch(town.mint.id(), 0, 1, &[1])];
    let mut dealt = town.ada.show(&payment.dealing, &parts);
    assert_eq!(town.ben.refusal(&dealt, payment.nonce), None);
    edit_records(&mut dealt, device, |records| drop(records.pop()));
    let refusal = town.ben.refusal(&dealt, payment.nonce);
    assert_eq!(refusal, Some(Reject::Signature { device }));
}

/// Ben holds a note whose floor is not a head of his log, and pays Cleo with it.
#[test]
fn rejects_a_floor_that_is_no_head_of_the_run() {
    for junk in [false, true] {
        let mut town = Town::new();
        town.ben.idle();
        let floor = town.ben.at();
        let head = if junk { Digest::from_bytes([8; 32]) } else { floor.head };
        let lock = Lock::Device { id: town.ben.id(), floor: Position { head, ..floor } };
        let output = Output { token: town.token, amount: PURSE, lock };
        let id = town.ada.only_note().id();
        let value = Value::transfer(outputs([output]));
        let written = town.ada.write(None, vec![id], Some(value), Vec::new(), None);
        let note = Note { output, head: written.log.at.head, number: 0 };
        town.ben.take_log(&town.ada);
        let output = Output { token: town.token, amount: PURSE, lock: town.cleo.lock() };
        let value = Value::transfer(outputs([output]));
        let payment = town.ben.claim(&mut town.cleo, vec![note.id()], value);
        let expected = junk.then_some(Reject::FloorNotOnLog { id: note.id() });
        assert_eq!(town.ben.refused_by(&town.cleo, &payment), expected);
    }
}

#[test]
fn rejects_a_floor_named_by_an_index_that_no_run_shows() {
    let (town, payment, mut dealt) = two_hops();
    let ada = number(&dealt, town.ada.id());
    edit(&mut dealt.pack.opened, |opened| {
        for one in opened.iter_mut().filter(|one| one.device == ada) {
            if let Some(PackValue::Transfer { outputs, .. }) = &mut one.value {
                edit(outputs, |all| all[0].lock = PackLock::Shown { device: ada, floor: 77 });
            }
        }
    });
    assert_eq!(town.cleo.refusal(&dealt, payment.nonce), Some(Reject::FloorNotShown));
}

#[test]
fn an_honest_id_in_a_strangers_hidden_record_means_nothing() {
    let mut town = Town::new();
    town.ada.settle(&mut town.ben, town.token, PURSE);
    let bens = town.ben.only_note().id();
    // Cleo, a stranger and the mint name Ben's note; Ada too, who made it.
    for stranger in [&mut town.cleo, &mut town.mint, &mut town.ada] {
        stranger.scribble(vec![bens]);
    }
    // All of them come into one lineage: the mint issues, Ada and Cleo pay Ben.
    let (index, note) = town.mint.issue(town.token, 1, PURSE, town.cleo.lock());
    town.cleo.take_issue(&town.mint, index, note);
    let payment = town.cleo.pay(&mut town.ben, town.token, PURSE);
    let dealt = town.cleo.insist(&payment.dealing);
    town.ben.receive(&dealt, payment.nonce).result.expect("honest money");
    let mut dora = Actor::new("dora");
    introduce(&mut town.ben, &mut dora);
    let payment = town.ben.pay(&mut dora, town.token, 2 * PURSE);
    let dealt = town.ben.insist(&payment.dealing);
    assert_eq!(dora.refusal(&dealt, payment.nonce), None);
}

#[test]
fn an_id_named_again_after_its_spend_means_nothing() {
    let mut town = Town::new();
    let spent = town.ada.only_note().id();
    town.ada.settle(&mut town.ben, town.token, 400);
    town.ada.scribble(vec![spent]);
    town.ada.settle(&mut town.ben, town.token, 100);
    // Cleo is shown the record that names it again.
    let payment = town.ben.pay(&mut town.cleo, town.token, 500);
    assert_eq!(town.ben.refused_by(&town.cleo, &payment), None);
}

#[test]
fn a_junk_floor_in_an_output_that_nobody_spends_means_nothing() {
    let mut town = Town::new();
    let id = town.ada.only_note().id();
    let floor = Position { index: 1, head: Digest::from_bytes([5; 32]) };
    // Ada pays Ben and, in the same entry, Cleo with a floor that is no head of Cleo's log.
    let junk = Lock::Device { id: town.cleo.id(), floor };
    let parts = [
        Output { token: town.token, amount: PURSE - 1, lock: town.ben.lock() },
        Output { token: town.token, amount: 1, lock: junk },
    ];
    town.ada.write(None, vec![id], Some(Value::transfer(outputs(parts))), Vec::new(), None);
    let at = town.ada.at();
    let note = Note { output: parts[0], head: at.head, number: 0 };
    town.ben.take_log(&town.ada);
    let dora = &mut Actor::new("dora");
    introduce(&mut town.ben, dora);
    town.cleo.idle();
    dora.take_log(&town.cleo);
    let output = Output { token: town.token, amount: PURSE - 1, lock: dora.lock() };
    let value = Value::transfer(outputs([output]));
    let payment = town.ben.claim(dora, vec![note.id()], value);
    assert_eq!(town.ben.refused_by(dora, &payment), None);
    assert!(dora.judge(&town.ben.insist(&payment.dealing), payment.nonce).forks.is_empty());
}

#[test]
fn rejects_a_spend_inside_a_cached_stretch() {
    for hidden in [false, true] {
        let mut town = Town::new();
        let id = town.ada.only_note().id();
        // Cleo learns Ada's log, in which a record names the note; Ada then shows her the rest.
        town.ada.scribble(if hidden { vec![id] } else { vec![] });
        town.cleo.take_log(&town.ada);
        let output = Output { token: town.token, amount: PURSE, lock: town.cleo.lock() };
        let value = Value::transfer(outputs([output]));
        let payment = town.ada.claim(&mut town.cleo, vec![id], value);
        let parts = [stretch(town.ada.id(), 1, 2, &[2]), stretch(town.mint.id(), 0, 1, &[1])];
        let dealt = town.ada.show(&payment.dealing, &parts);
        let device = town.ada.id();
        let expected = hidden.then_some(Reject::SpentBefore { id, device, index: 1 });
        assert_eq!(town.cleo.refusal(&dealt, payment.nonce), expected);
    }
}

#[test]
fn rejects_a_gap_between_a_cached_stretch_and_the_run() {
    let mut town = Town::new();
    town.cleo.take_log(&town.ada);
    town.ada.idle();
    town.cleo.take_log(&town.ada);
    town.ada.idle();
    town.ada.idle();
    let payment = town.ada.pay(&mut town.cleo, town.token, PURSE);
    let device = town.ada.id();
    for (from, refused) in [(1, false), (2, true)] {
        let parts = [stretch(device, from, 4, &[4]), stretch(town.mint.id(), 0, 1, &[1])];
        let dealt = town.ada.show(&payment.dealing, &parts);
        let mut cleo = town.cleo.clone();
        cleo.view.settings.max_gap = 0;
        let expected = refused.then_some(Reject::RunIncomplete { device });
        assert_eq!(cleo.refusal(&dealt, payment.nonce), expected);
    }
}

/// Whoever paid must not be able to freeze the money later, by a record elsewhere in its log.
#[test]
fn a_record_before_the_floor_cannot_poison_a_later_spend() {
    let mut town = Town::new();
    for _ in 0..4 {
        town.ada.idle();
    }
    // Ada's note lies on a floor at 4; she pays Ben with it at 5.
    let (index, note) = town.mint.issue(town.token, 1, PURSE, town.ada.lock());
    town.ada.notes.clear();
    town.ada.take_issue(&town.mint, index, note);
    let mut poison = town.ada.clone();
    let payment = town.ada.pay(&mut town.ben, town.token, PURSE);
    let dealt = town.ada.insist(&payment.dealing);
    town.ben.receive(&dealt, payment.nonce).result.expect("honest money");
    // Then she signs an island that ends before that floor and names the note there.
    poison.leap(Position { index: 2, head: Digest::from_bytes([6; 32]) });
    poison.scribble(vec![note.id()]);
    let honest = town.ben.pay(&mut town.cleo, town.token, PURSE);
    let dealt = town.ben.insist(&honest.dealing);
    assert_eq!(town.cleo.refusal(&dealt, honest.nonce), None);
    let mut known = town.cleo.clone();
    known.take_last(&poison);
    assert_eq!(known.refusal(&dealt, honest.nonce), None);
}

/// Nor does it count where a pack shows it.
#[test]
fn a_record_before_the_floor_counts_nowhere() {
    let mut town = Town::new();
    for _ in 0..4 {
        town.ada.idle();
    }
    let (index, note) = town.mint.issue(town.token, 1, PURSE, town.ada.lock());
    town.ada.take_issue(&town.mint, index, note);
    let mut island = town.ada.clone();
    island.leap(Position { index: 1, head: Digest::from_bytes([6; 32]) });
    island.scribble(vec![note.id()]);
    let output = Output { token: town.token, amount: PURSE, lock: town.ben.lock() };
    let value = Value::transfer(outputs([output]));
    let payment = town.ada.claim(&mut town.ben, vec![note.id()], value);
    town.ada.take_last(&island);
    let (ada, mint) = (town.ada.id(), town.mint.id());
    let parts = [stretch(ada, 1, 2, &[2]), stretch(ada, 3, 5, &[5]), stretch(mint, 0, 2, &[2])];
    let dealt = town.ada.show(&payment.dealing, &parts);
    assert_eq!(town.ben.refusal(&dealt, payment.nonce), None);
}

/// A floor lies before the spend; one that a device claims far ahead is on no run to it.
#[test]
fn rejects_a_floor_after_the_spend() {
    let mut town = Town::new();
    let mut ahead = town.ada.clone();
    ahead.leap(Position { index: 100, head: Digest::from_bytes([6; 32]) });
    ahead.idle();
    let (index, note) = town.mint.issue(town.token, 1, PURSE, ahead.lock());
    town.ada.take_issue(&town.mint, index, note);
    town.ada.idle();
    let output = Output { token: town.token, amount: PURSE, lock: town.ben.lock() };
    let value = Value::transfer(outputs([output]));
    let payment = town.ada.claim(&mut town.ben, vec![note.id()], value);
    town.ada.take_last(&ahead);
    let (ada, mint) = (town.ada.id(), town.mint.id());
    let parts =
        [stretch(ada, 0, 2, &[2]), stretch(ada, 100, 101, &[101]), stretch(mint, 0, 2, &[2])];
    let dealt = town.ada.show(&payment.dealing, &parts);
    let expected = Some(Reject::FloorNotOnLog { id: note.id() });
    assert_eq!(town.ben.refusal(&dealt, payment.nonce), expected);
}

/// Nor can such a record hide an earlier spend.
#[test]
fn a_record_before_the_floor_cannot_hide_a_spend() {
    let mut town = Town::new();
    for _ in 0..4 {
        town.ada.idle();
    }
    let (index, note) = town.mint.issue(town.token, 1, PURSE, town.ada.lock());
    town.ada.take_issue(&town.mint, index, note);
    let mut poison = town.ada.clone();
    poison.leap(Position { index: 2, head: Digest::from_bytes([6; 32]) });
    poison.scribble(vec![note.id()]);
    town.cleo.take_last(&poison);
    town.cleo.view.settings.max_gap = 0;
    town.ada.scribble(vec![note.id()]);
    let output = Output { token: town.token, amount: PURSE, lock: town.cleo.lock() };
    let value = Value::transfer(outputs([output]));
    let payment = town.ada.claim(&mut town.cleo, vec![note.id()], value);
    let parts = [stretch(town.ada.id(), 4, 6, &[6]), stretch(town.mint.id(), 0, 2, &[2])];
    let dealt = town.ada.show(&payment.dealing, &parts);
    let (id, device) = (note.id(), town.ada.id());
    let expected = Some(Reject::SpentBefore { id, device, index: 5 });
    assert_eq!(town.cleo.refusal(&dealt, payment.nonce), expected);
}

#[test]
fn rejects_more_hops_than_the_receiver_follows() {
    let (mut town, payment, dealt) = two_hops();
    for (most, refused) in [(3, false), (2, true)] {
        town.cleo.view.settings.max_hops = most;
        let expected = refused.then_some(Reject::Hops { most });
        assert_eq!(town.cleo.refusal(&dealt, payment.nonce), expected);
    }
}

/// One dead unit beside a thousand good ones voids the whole operation.
#[test]
fn rejects_a_dead_input_beside_good_ones() {
    let mut town = Town::new();
    let (index, note) = town.mint.issue(town.token, 1, 1, town.ada.lock());
    let good = town.ada.only_note().id();
    town.ada.take_issue(&town.mint, index, note);
    town.ada.scribble(vec![note.id()]);
    let (id, device) = (note.id(), town.ada.id());
    for (spends, amount, refused) in [(vec![good], PURSE, false), (vec![good, id], PURSE + 1, true)]
    {
        let mut ada = town.ada.clone();
        let output = Output { token: town.token, amount, lock: town.ben.lock() };
        let payment = ada.claim(&mut town.ben, spends, Value::transfer(outputs([output])));
        let expected = refused.then_some(Reject::SpentBefore { id, device, index: 1 });
        assert_eq!(ada.refused_by(&town.ben, &payment), expected);
    }
}

/// Every hop counts: certificates for the last ones do not make up for an earlier one.
#[test]
fn a_weak_hop_is_not_hidden_behind_a_strong_last_hop() {
    let (town, payment, dealt) = two_hops();
    let head = |actor: &Actor, index| (actor.id(), actor.head(index));
    let heads = [head(&town.mint, 1), head(&town.ada, 1), head(&town.ben, 2)];
    let claimed = Claimed::decode(&to_vec(&dealt)).expect("canonical bytes");
    let judge = |certified: &[(DeviceId, Digest)]| {
        let view = Certified::new(&town.cleo.view, certified);
        accept(&view, &claimed, payment.nonce).result.expect("honest money")
    };
    let all = judge(&heads);
    assert_eq!(all.class(), FinalityClass::Registered);
    assert!(all.lineage().uncertified.is_empty());
    for weak in 0..3 {
        let mut some = heads.to_vec();
        let (device, _) = some.remove(weak);
        let accepted = judge(&some);
        assert_eq!(accepted.class(), FinalityClass::Exposed);
        assert_eq!(accepted.lineage().uncertified, BTreeSet::from([device]));
    }
}

#[test]
fn the_weakest_class_of_all_hops_counts_for_the_cap() {
    let (mut town, payment, dealt) = two_hops();
    let token = town.token;
    town.cleo.view.settings.exposed_cap = 499;
    let refusal = town.cleo.refusal(&dealt, payment.nonce);
    assert!(matches!(refusal, Some(Reject::ExposedCap { token: of, .. }) if of == token));
    town.cleo.view.settings.exposed_cap = 500;
    assert_eq!(town.cleo.refusal(&dealt, payment.nonce), None);
}

#[test]
fn a_lot_is_no_note_and_a_note_no_lot() {
    let mut town = Town::new();
    let lot = lot_id(&town.token, 0);
    let output = Output { token: town.token, amount: PURSE, lock: town.ben.lock() };
    let value = Value::transfer(outputs([output]));
    let payment = town.ada.claim(&mut town.ben, vec![lot], value);
    assert_eq!(town.ada.refused_by(&town.ben, &payment), Some(Reject::Hole { id: lot }));
}
