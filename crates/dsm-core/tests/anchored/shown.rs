//! What somebody can show who learned the runs of a log one by one.

use dsm_core::pack::{Line, Wanted, build, plan_entry};
use dsm_core::{Facts, FinalityClass, View, examine, prove_fork};
use dsm_log::Position;
use dsm_sim::Actor;

use crate::town;

/// A run of an actor's own log.
pub(crate) fn line(actor: &Actor, from: u64, to: u64) -> Line {
    let (device, view) = (actor.id(), &actor.view);
    let head = |index| view.head(&device, index).expect("its own");
    let signed = view.signed(&device, to).expect("its own");
    Line {
        device,
        start: Position { index: from, head: head(from) },
        records: (from + 1..=to).map(|one| view.record(&device, one).expect("its own")).collect(),
        heads: (from + 1..=to).map(head).collect(),
        signature: dsm_core::signature_after(view, signed, from).expect("its own"),
    }
}

/// Ada pays Ben, and an observer is shown runs of her log, and that entry opened. The second actor is a copy of Ada with another first entry.
fn observer(runs: &[(u64, u64)]) -> (dsm_sim::Town, Actor, Actor) {
    let mut town = town();
    let mut copy = town.ada.clone();
    copy.copy_chip();
    copy.idle();
    town.ada.settle(&mut town.ben, town.token, 10);
    (0..5).for_each(|_| town.ada.idle());
    let mut observer = Actor::new("observer");
    observer.take_log(&town.mint);
    observer.view.pin(&town.ada.descriptor);
    let lines = runs.iter().map(|(from, to)| line(&town.ada, *from, *to)).collect();
    let opened = town.ada.view.opened(&town.ada.id(), 1).into_iter().collect();
    observer.learn(Facts { lines, opened, ..Facts::default() });
    (town, copy, observer)
}

#[test]
fn an_entry_is_shown_although_its_first_signed_head_has_evidence_of_too_few() {
    // Each time the last run alone reaches back to the entry, and the others end before it does.
    for runs in [&[(0, 4)][..], &[(2, 3), (0, 4)], &[(3, 4), (1, 5), (2, 3), (0, 6)]] {
        let (town, copy, observer) = observer(runs);
        let device = town.ada.id();
        let plan = plan_entry(&observer.view, device, 1).expect("all is known");
        let wanted = Wanted::all(&plan).expect("few");
        let pack = build(&observer.view, &plan, &wanted).expect("what is known can be shown");
        let (lineage, _) = examine(&town.ben.view, &pack, device, 1).result.expect("sound");
        assert_eq!(lineage.class, FinalityClass::Anchored);
        // Another history contradicts it there as well.
        let other = line(&copy, 0, 1);
        let (start, signature) = (other.end(), other.signature);
        let proof = prove_fork(&observer.view, &town.ada.descriptor, start, &[], &signature);
        assert!(proof.is_some(), "{runs:?}");
    }
}
