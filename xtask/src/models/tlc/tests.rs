//! What TLC 2.15 really said about a small model, in `said/`.

use super::*;

fn said(text: &str) -> Report {
    Report::parse("T", text)
}

#[test]
fn reads_how_much_was_explored_and_what_fired() {
    let report = said(include_str!("said/holds.txt"));
    assert_eq!(report.ending, Ending::Holds);
    assert_eq!((report.generated, report.distinct, report.depth), (23, 10, 6));
    let counts = [("Init", 1), ("Nothing", 0), ("Say", 16), ("Up", 6)];
    assert_eq!(report.actions, counts.map(|(name, times)| (name.to_owned(), times)).into());
    assert_eq!(report.trace, "\n");
    let with_let = "<Offer line 191, col 1 to line 191, col 11 of module T (194 6 199 23)>: 0:7";
    assert_eq!(fired("T", with_let), Some(("Offer".to_owned(), 7)));
    assert_eq!(fired("Other", with_let), None);
}

#[test]
fn reads_a_violated_invariant_and_its_states() {
    let report = said(include_str!("said/invariant.txt"));
    assert!(report.ending.is_violation_of("Inv"));
    assert!(!report.ending.is_violation_of("Other"));
    let last =
        "State 2: <Say line 7, col 11 to line 8, col 43 of module T>\n/\\ a = 0\n/\\ b = {1}\n";
    assert!(report.trace.starts_with("State 1: <Initial predicate>"));
    assert!(report.trace.ends_with(last), "{}", report.trace);
}

#[test]
fn reads_an_invariant_that_the_first_state_breaks() {
    let report = said(include_str!("said/start.txt"));
    assert!(report.ending.is_violation_of("Wrong"));
    assert_eq!(report.trace, "/\\ a = 0\n/\\ b = {}\n");
}

#[test]
fn reads_violated_properties_though_they_have_no_name() {
    let stutters = said(include_str!("said/liveness.txt"));
    assert!(stutters.ending.is_violation_of("Later"));
    assert!(stutters.trace.trim_end().ends_with("Stuttering"), "{}", stutters.trace);
    let steps_back = said(include_str!("said/action.txt"));
    assert!(steps_back.ending.is_violation_of("Act"));
}

#[test]
fn anything_else_is_a_failure_and_no_violation() {
    let unknown = said(include_str!("said/unknown.txt"));
    assert!(matches!(&unknown.ending, Ending::Failed(why) if why.contains("Nix")));
    assert!(!unknown.ending.is_violation_of("Nix"));
    let (cut_short, _) =
        include_str!("said/holds.txt").split_once("Model checking").expect("there");
    assert!(matches!(said(cut_short).ending, Ending::Failed(_)));
    assert!(matches!(said("").ending, Ending::Failed(_)));
}
