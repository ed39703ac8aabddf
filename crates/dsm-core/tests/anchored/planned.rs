//! Plans of what was learned: each stretch ends where everything in it can be shown, and finding that place is not dear.

use dsm_core::pack::{Wanted, build, plan_entry};
use dsm_core::{Facts, FinalityClass, Note, Output, Value, View, examine};
use dsm_sim::{Actor, Certified, PURSE, Town, outputs};

use crate::{shown::line, town};

/// Learns a run of a log, and what was opened there.
fn learns(observer: &mut Actor, of: &Actor, (from, to): (u64, u64)) {
    let (device, lines) = (of.id(), vec![line(of, from, to)]);
    let opened = (from + 1..=to).filter_map(|at| of.view.opened(&device, at)).collect();
    let descriptors = vec![of.descriptor.clone()];
    observer.learn(Facts { descriptors, lines, opened, ..Facts::default() });
}

/// Somebody who knows the mint's log and these runs of Ada's.
fn observer(town: &Town, runs: &[(u64, u64)]) -> Actor {
    let mut observer = Actor::new("observer");
    observer.take_log(&town.mint);
    runs.iter().for_each(|run| learns(&mut observer, &town.ada, *run));
    observer
}

#[test]
fn a_head_with_much_evidence_is_not_read_anew_for_each_operation_below_it() {
    const OPERATIONS: u64 = 100;
    let mut town = town();
    let mut note = town.ada.only_note();
    for _ in 0..OPERATIONS {
        town.ada.chip.as_ref().expect("her chip").lock().expect("sound").restart();
        let output = Output { lock: town.ada.lock(), ..note.output };
        let value = Value::transfer(outputs([output]));
        let written = town.ada.write(None, vec![note.id()], Some(value), vec![], None);
        note = Note { output, head: written.log.at.head, number: 0 };
    }
    let device = town.ada.id();
    // One head, with evidence of them all.
    let view = Certified::new(&observer(&town, &[(0, OPERATIONS)]).view, &[]);
    let plan = plan_entry(&view, device, OPERATIONS).expect("all is known");
    assert_eq!(
        plan.stretches.iter().find(|one| one.device == device).map(|one| one.to),
        Some(OPERATIONS)
    );
    assert!(view.pieces.get() < 8 * OPERATIONS, "{} pieces", view.pieces.get());
}

#[test]
fn what_lies_between_two_operations_is_shown_by_evidence_that_ends_after_both() {
    let mut town = Town::anchored(crate::tpm, u64::MAX);
    town.ada.settle(&mut town.ben, town.token, PURSE);
    let first = town.ada.view.origin(&town.ben.only_note().id()).expect("it").0.index;
    (0..4).for_each(|_| town.ada.idle());
    town.ben.settle(&mut town.ada, town.token, PURSE);
    let floor = town.ada.only_note().output.lock.device().expect("hers").1.index;
    town.ada.settle(&mut town.cleo, town.token, PURSE);
    let second = town.ada.view.origin(&town.cleo.only_note().id()).expect("it").0.index;
    town.ada.idle();
    let last = town.ada.at().index;
    assert!(first + 2 < floor && floor < second && second < last);
    // Evidence of what lies between came in one piece that ends after the second operation.
    let mut observer = observer(&town, &[(0, first), (first, last), (floor, second)]);
    learns(&mut observer, &town.ben, (0, town.ben.at().index));
    let device = town.ada.id();
    let plan = plan_entry(&observer.view, device, second).expect("all is known");
    let of_ada = plan.stretches.iter().filter(|one| one.device == device);
    let ends: Vec<(u64, u64)> = of_ada.map(|one| (one.from, one.to)).collect();
    assert_eq!(ends, [(0, last)]);
    let wanted = Wanted::all(&plan).expect("few");
    let pack = build(&observer.view, &plan, &wanted).expect("what is known can be shown");
    let (lineage, _) = examine(&town.mint.view, &pack, device, second).result.expect("sound");
    assert_eq!(lineage.class, FinalityClass::Anchored);
}
