//! Runs that were learned within others: the chip attested the longer one alone, so the shorter one's head cannot be shown from where the longer
//! one starts.

use dsm_core::pack::Line;
use dsm_core::{Facts, Op, View, prove_fork, signature_after, signed_after};
use dsm_log::{DeviceId, Position, SignedHead};
use dsm_sim::{Actor, PURSE, Town};

use crate::town;

/// What an actor can show of a device after an index, at least up to another.
fn shown(by: &Actor, device: &DeviceId, (from, to): (u64, u64)) -> SignedHead {
    let signed = signed_after(&by.view, device, from, to).expect("known");
    let signature = signature_after(&by.view, signed.clone(), from).expect("known");
    SignedHead { signature, ..signed }
}

/// An observer learns a run of a device, as it may be dealt.
fn learns(observer: &mut Actor, of: &Actor, (from, to): (u64, u64)) {
    let signature = shown(of, &of.id(), (from, to)).signature;
    let record = |index| of.view.record(&of.id(), index).expect("its own");
    let line = Line {
        device: of.id(),
        start: Position { index: from, head: of.view.head(&of.id(), from).expect("its own") },
        records: (from + 1..=to).map(record).collect(),
        heads: (from + 1..=to).map(|index| of.head(index)).collect(),
        signature,
    };
    observer.view.learn(&Facts { lines: vec![line], ..Facts::default() });
}

#[test]
fn money_can_be_passed_on_that_came_with_a_run_within_another() {
    let mut town = Town::anchored(crate::tpm, u64::MAX);
    let mut issued = Vec::new();
    for lot in 1..12 {
        let lock = if lot == 3 { town.ben.lock() } else { town.cleo.lock() };
        issued.push(town.mint.issue(town.token, lot, PURSE, lock));
    }
    let (index, note) = issued[2];
    town.ben.take_issue(&town.mint, index, note);
    // Ada is shown the mint's log up to the last lot, and then the lot before it by itself.
    for at in [10, 9] {
        let (index, note) = issued[at];
        town.cleo.take_issue(&town.mint, index, note);
        town.ada.notes.clear();
        town.cleo.settle(&mut town.ada, town.token, PURSE);
    }
    town.ada.settle(&mut town.ben, town.token, PURSE);
    assert_eq!(town.ben.balance(town.token), 2 * PURSE);
}

#[test]
fn a_view_that_learned_runs_in_any_order_shows_every_place_from_every_other() {
    const LAST: u64 = 5;
    let mut town = town();
    while town.ada.at().index < LAST {
        town.ada.idle();
    }
    let (ada, device) = (&town.ada, town.ada.id());
    let runs: Vec<(u64, u64)> =
        (0..LAST).flat_map(|from| (from + 1..=LAST).map(move |to| (from, to))).collect();
    for one in &runs {
        for other in &runs {
            let mut observer = Actor::new("observer");
            observer.view.pin(&ada.descriptor);
            for run in [*one, *other] {
                learns(&mut observer, ada, run);
            }
            let (first, last) = (one.0.min(other.0), one.1.max(other.1));
            let apart = one.1.max(other.1) - first > (one.1 - one.0) + (other.1 - other.0);
            for (from, to) in runs.iter().filter(|run| run.0 >= first && run.1 <= last && !apart) {
                let shown = shown(&observer, &device, (*from, *to));
                let end = shown.at.index;
                let heads: Vec<_> = (from + 1..=end).map(|index| ada.head(index)).collect();
                let head = ada.view.head(&device, *from).expect("hers");
                let start = Position { index: *from, head };
                let verified = shown.signature.verify(&ada.descriptor, &start, &heads);
                assert_eq!((end >= *to, verified), (true, Ok(())), "{one:?} {other:?}");
            }
        }
    }
}

#[test]
fn a_fork_is_proven_whose_one_side_was_learned_as_a_run_within_another() {
    let mut town = town();
    let mut copy = town.ada.clone();
    copy.copy_chip();
    let begun = copy.at().index;
    for _ in 0..12 {
        town.ada.idle();
    }
    for _ in 0..3 {
        copy.write(None, Vec::new(), None, vec![Op::Receive {}], None);
    }
    let (ada, device) = (&town.ada, town.ada.id());
    let mut observer = Actor::new("observer");
    observer.view.pin(&ada.descriptor);
    learns(&mut observer, ada, (0, begun + 12));
    learns(&mut observer, ada, (begun + 10, begun + 11));
    let signed = shown(&copy, &device, (begun, begun + 3));
    let start = Position { index: begun + 1, head: copy.head(begun + 1) };
    let pairs = [2, 3].map(|more| copy.view.record(&device, begun + more).expect("it").pair());
    let proof = prove_fork(&observer.view, &ada.descriptor, start, &pairs, &signed.signature);
    assert!(proof.is_some());
}
