//! Each flaw around the shipped values is found, by the property that it breaks.

use dsm_checker::{Flaw, Hunt};

fn is_found(flaw: Flaw) {
    let hunt = Hunt::ALL.iter().find(|hunt| hunt.flaw == flaw).expect("a hunt for each flaw");
    let events = hunt.run();
    assert!(events.is_some(), "{flaw:?} does not break `{}`", hunt.breaks);
}

#[test]
fn a_device_that_forgets_heads_is_found() {
    is_found(Flaw::ForgetsHeads);
}

#[test]
fn a_device_that_takes_every_run_for_whole_is_found() {
    is_found(Flaw::SkipsRuns);
}

#[test]
fn a_device_that_deals_with_known_cheats_is_found() {
    is_found(Flaw::IgnoresForks);
}

#[test]
fn a_device_that_drops_evidence_is_found() {
    is_found(Flaw::DropsEvidence);
}

#[test]
fn a_device_that_tells_nothing_is_found() {
    is_found(Flaw::TellsNothing);
}

#[test]
fn a_device_that_takes_an_entry_twice_is_found() {
    is_found(Flaw::TakesTwice);
}

#[test]
fn a_device_that_speaks_before_it_wrote_is_found() {
    is_found(Flaw::SpeaksFirst);
}

#[test]
fn a_device_that_goes_on_from_a_copy_is_found() {
    is_found(Flaw::RestoresCopies);
}
