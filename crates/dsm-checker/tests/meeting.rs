//! The counterexamples of the mutants of `tla/Meeting.tla`, step by step at the shipped values: where a
//! guard was off, they refuse by a rule.

use std::collections::{BTreeMap, BTreeSet};

use dsm_checker::trace::{Stage, Tla, read};
use dsm_checker::{Meeting, Seen, Talk, Victims};
use stateright::Model;

/// The rules by which the shipped values refuse what a model without a guard accepts.
const REFUSALS: [(&str, &[&str]); 5] = [
    ("joined", &["R-44"]),
    ("tip", &["R-39"]),
    // Shown whole it was spent before; shown without the start it does not open the entry before.
    ("run", &["R-25", "R-39"]),
    ("spent", &["R-25"]),
    ("forked", &["R-44"]),
];

fn counterexample(off: &str) -> Vec<Stage> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tla/counterexamples");
    let text = std::fs::read_to_string(format!("{path}/Meeting-{off}.txt"));
    read(&text.expect("a counterexample for each guard"))
}

fn seen(state: &BTreeMap<String, Tla>, victim: usize) -> Seen {
    let of = |name: &str| state[name].list()[victim].clone();
    let number = |value: &Tla| usize::try_from(value.number()).expect("an entry");
    let accepted: BTreeSet<usize> = of("accepted").list().iter().map(number).collect();
    (number(&of("known")), accepted, of("proof").is_true())
}

/// Follows the trace as far as the shipped values go; what they say to the first step that they refuse.
fn follow(model: &Meeting, trace: &[Stage]) -> (Victims, Option<BTreeSet<&'static str>>) {
    let mut now = model.init_states().remove(0);
    for stage in &trace[1..] {
        let target = [seen(&stage.state, 0), seen(&stage.state, 1)];
        let looks_like =
            |next: &Victims| [0, 1].map(|victim| model.project(&next.0[victim])) == target;
        if looks_like(&now) {
            continue;
        }
        match model.next_states(&now).into_iter().find(looks_like) {
            Some(next) => now = next,
            None => return (now.clone(), Some(refusals(model, &now, &target))),
        }
    }
    (now, None)
}

/// The rules by which every showing is refused that would lead to what the model says.
fn refusals(model: &Meeting, now: &Victims, target: &[Seen; 2]) -> BTreeSet<&'static str> {
    let mut rules = BTreeSet::new();
    for (number, showing) in model.cheat.showings.iter().enumerate() {
        let (known, accepted, _) = &target[showing.to];
        let before = model.project(&now.0[showing.to]);
        let is_it = *known == showing.end + 1
            && accepted.contains(&(showing.node + 1))
            && !before.1.contains(&(showing.node + 1));
        if is_it {
            let (disk, refused) = model.deal(&now.0[showing.to], number);
            assert_eq!(disk.deeds(), now.0[showing.to].deeds(), "nothing is accepted");
            rules.extend(refused);
        }
    }
    rules
}

#[test]
fn what_a_model_without_a_guard_accepts_the_shipped_values_refuse_by_a_rule() {
    let model = Meeting::new();
    for (off, expected) in REFUSALS {
        let (_, refused) = follow(&model, &counterexample(off));
        let refused = refused.unwrap_or_else(|| panic!("nothing is refused without {off}"));
        assert_eq!(refused, expected.iter().copied().collect(), "without {off}");
    }
}

#[test]
fn where_a_model_tells_no_news_the_shipped_values_end_with_two_proofs() {
    let model = Meeting::new();
    let (last, refused) = follow(&model, &counterexample("news"));
    assert_eq!(refused, None, "every step before the meeting can be taken");
    let next = model.next_state(&last, Talk::Meet { eager: 0, most: usize::MAX });
    let next = next.expect("a meeting changes something");
    assert!(next.0.iter().all(|disk| model.project(disk).2));
}

#[test]
fn every_guard_of_the_module_is_replayed() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tla/counterexamples");
    let files = std::fs::read_dir(folder).expect("counterexamples");
    let names = files.map(|file| file.expect("a file").file_name().to_string_lossy().into_owned());
    for name in names {
        let Some(off) = name.strip_prefix("Meeting-").and_then(|name| name.strip_suffix(".txt"))
        else {
            continue;
        };
        assert!(off == "news" || REFUSALS.iter().any(|(known, _)| *known == off), "{off}");
    }
}
