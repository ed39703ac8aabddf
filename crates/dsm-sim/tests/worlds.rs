//! Whole worlds: what always holds in them, and that they can be told again.

use dsm_sim::{Action, Counts, Plant, actions, replay, shrink, tell};

/// How many seeds the gate tries.
const SEEDS: u64 = 200;

fn log(lines: &[dsm_sim::Line]) -> String {
    let line = |line| serde_json::to_string(line).expect("a line of text") + "\n";
    lines.iter().map(line).collect()
}

#[test]
fn two_hundred_worlds_break_no_invariant() {
    let mut sum = Counts::default();
    for seed in 0..SEEDS {
        let tale = tell(seed, Plant::None, false);
        assert_eq!(tale.violation, None, "seed {seed}");
        sum.add(&tale.counts);
    }
    // Something happens in them.
    assert!(sum.payments > SEEDS && sum.crashes > SEEDS / 4 && sum.letters > SEEDS, "{sum:?}");
    assert!(sum.refusals > SEEDS / 4 && sum.forks > 0 && sum.doubles > 0, "{sum:?}");
    assert!(sum.anchored > SEEDS && sum.unproven > 0 && sum.shut_out > 0, "{sum:?}");
}

#[test]
fn a_seed_tells_the_same_world_every_time() {
    for seed in 0..20 {
        let (one, other) = (tell(seed, Plant::None, true), tell(seed, Plant::None, true));
        assert_eq!(log(&one.lines), log(&other.lines), "seed {seed}");
    }
}

#[test]
fn what_is_done_in_a_log_repeats_it() {
    for seed in 0..20 {
        let told = log(&tell(seed, Plant::None, true).lines);
        let done = actions(&told).expect("a log");
        assert_eq!(log(&replay(&done, Plant::None, true).lines), told, "seed {seed}");
    }
}

#[test]
fn worlds_that_broke_an_invariant_once_break_none() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/seeds");
    let mut count = 0;
    for file in std::fs::read_dir(folder).expect("a folder of logs") {
        let path = file.expect("a file").path();
        let text = std::fs::read_to_string(&path).expect("a log");
        let done = actions(&text).expect("a log");
        assert!(!done.is_empty(), "{}", path.display());
        assert_eq!(replay(&done, Plant::None, false).violation, None, "{}", path.display());
        count += 1;
    }
    assert!(count > 0);
}

#[test]
fn a_planted_bug_is_found_and_shrunk_to_a_log_that_still_shows_it() {
    let plant = Plant::PersistAfterSend;
    let found = (0..SEEDS).map(|seed| tell(seed, plant, false));
    let tale = found.into_iter().find(|tale| tale.violation.is_some()).expect("a broken invariant");
    let invariant = tale.violation.expect("a broken invariant").invariant;
    let least = shrink(&tale.actions, plant);
    assert!(least.len() < tale.actions.len());
    let again = replay(&least, plant, false);
    assert_eq!(again.violation.map(|one| one.invariant), Some(invariant));
    // Nothing is left that could be left out, and without the bug nothing is wrong.
    assert!(least.iter().any(|one| matches!(one, Action::Crash { .. })), "{least:?}");
    assert_eq!(replay(&least, Plant::None, false).violation, None);
}
