//! What each guard of `tla/Spend.tla` stands against, played at shipped devices.
//!
//! The counterexamples of that module name entries by their numbers in a constant that TLC does not print,
//! so they are not read here: the attack of each guard is played instead. Guards of what is not built yet
//! are listed with what is missing.

use std::collections::BTreeSet;

use dsm_checker::{Does, Meeting, Node, Talk};
use stateright::Model;

/// The attack that works if a guard is off: entries of the cheat, shown one after the other on runs that
/// begin so far on; and the rule by which the last is refused.
struct Attack {
    guard: &'static str,
    nodes: &'static [Node],
    shown: &'static [(usize, u64)],
    rule: &'static str,
}

const fn node(parent: Option<usize>, does: Does) -> Node {
    Node { parent, does }
}

const PAYS_ANN: Does = Does::Pays { to: 0, note: 0 };
const PAYS_BEN: Does = Does::Pays { to: 1, note: 0 };

const ATTACKS: [Attack; 7] = [
    Attack {
        guard: "first",
        nodes: &[node(None, PAYS_ANN), node(Some(0), PAYS_BEN)],
        shown: &[(0, 0), (1, 0)],
        rule: "R-25",
    },
    Attack {
        guard: "floor_run",
        nodes: &[node(None, PAYS_ANN), node(Some(0), Does::Idles), node(Some(1), PAYS_BEN)],
        shown: &[(0, 0), (2, 1)],
        rule: "R-23",
    },
    Attack {
        guard: "owner",
        nodes: &[node(None, PAYS_ANN), node(Some(0), Does::Takes { to: 1, from: 0 })],
        shown: &[(0, 0), (1, 0)],
        rule: "R-22",
    },
    Attack {
        guard: "lineage",
        nodes: &[
            node(None, PAYS_ANN),
            node(Some(0), Does::Changes { note: 0 }),
            node(Some(1), Does::Takes { to: 1, from: 1 }),
        ],
        shown: &[(0, 0), (2, 0)],
        rule: "R-25",
    },
    Attack {
        guard: "conserve",
        nodes: &[node(None, Does::Inflates { to: 0, note: 0 })],
        shown: &[(0, 0)],
        rule: "R-19",
    },
    Attack {
        guard: "own_floor",
        nodes: &[node(None, Does::Floats { to: 0, note: 0 })],
        shown: &[(0, 0)],
        rule: "R-43",
    },
    Attack {
        guard: "tripwire",
        nodes: &[
            node(None, PAYS_ANN),
            node(None, Does::Changes { note: 0 }),
            node(Some(1), Does::Takes { to: 0, from: 1 }),
        ],
        shown: &[(0, 0), (2, 0)],
        rule: "R-44",
    },
];

/// Guards that are shown elsewhere, or stand for what is not built.
const ELSEWHERE: [(&str, &str); 17] = [
    ("compare", "below: two victims that meet"),
    ("floor_bytes", "lineage.rs a_junk_floor_in_an_output_that_nobody_spends_means_nothing"),
    ("signed", "dealing.rs rejects_a_signature_over_anything_else"),
    ("weakest", "lineage.rs a_weak_hop_is_not_hidden_behind_a_strong_last_hop"),
    ("each_index", "chips are not built"),
    ("index", "chips are not built"),
    ("node_evidence", "chips are not built"),
    ("end_certified", "slots are not built"),
    ("end_counts", "slots are not built"),
    ("in_time", "slots are not built"),
    ("leaf", "slots are not built"),
    ("no_close", "slots are not built"),
    ("once", "slots are not built"),
    ("q", "slots are not built"),
    ("range", "slots are not built"),
    ("spares", "slots are not built"),
    ("window", "slots are not built"),
];

#[test]
fn the_attack_of_each_guard_is_refused_by_its_rule() {
    for Attack { guard, nodes, shown, rule } in &ATTACKS {
        let model = Meeting::over(nodes);
        let mut now = model.init_states().remove(0);
        for (step, (node, from)) in shown.iter().enumerate() {
            let is_it = |number: &usize| {
                let one = &model.cheat.showings[*number];
                (one.node, one.end, one.from) == (*node, *node, *from)
            };
            let showing = (0..model.cheat.showings.len()).find(is_it).expect("a showing");
            let to = model.cheat.showings[showing].to;
            let (disk, refused) = model.deal(&now.0[to], showing);
            if step + 1 == shown.len() {
                assert_eq!(refused, Some(*rule), "{guard}");
                assert_eq!(disk.deeds(), now.0[to].deeds(), "{guard}: nothing is accepted");
            } else {
                assert_eq!(refused, None, "{guard}: what comes before is good");
            }
            now.0[to] = disk;
        }
    }
}

#[test]
fn two_victims_of_one_note_hold_a_proof_each_once_they_met() {
    let model = Meeting::over(&[node(None, PAYS_ANN), node(None, PAYS_BEN)]);
    let mut now = model.init_states().remove(0);
    for showing in 0..model.cheat.showings.len() {
        now = model.next_state(&now, Talk::Deal { showing }).expect("both accept");
    }
    let met = model.next_state(&now, Talk::Meet { eager: 0, most: usize::MAX });
    let met = met.expect("a meeting changes something");
    assert!(met.0.iter().all(|disk| disk.summary().forks == [model.payer.id()]));
}

#[test]
fn every_guard_of_the_module_is_played_or_listed() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tla/Spend.tla");
    let text = std::fs::read_to_string(path).expect("the module");
    let on = text.split("On(\"").skip(1).filter_map(|rest| rest.split('"').next());
    let pieces: Vec<&str> = text.split("\" \\in Off").collect();
    let off = pieces.iter().rev().skip(1).filter_map(|piece| piece.rsplit('"').next());
    let guards: BTreeSet<&str> = on.chain(off).collect();
    let played = ATTACKS.iter().map(|attack| attack.guard);
    let known: BTreeSet<&str> = played.chain(ELSEWHERE.iter().map(|(guard, _)| *guard)).collect();
    assert_eq!(guards.difference(&known).copied().collect::<Vec<_>>(), Vec::<&str>::new());
    for (guard, place) in ELSEWHERE {
        let Some((file, name)) = place.split_once(".rs ") else { continue };
        let tests = concat!(env!("CARGO_MANIFEST_DIR"), "/../dsm-core/tests");
        let text = std::fs::read_to_string(format!("{tests}/{file}.rs")).expect("a file of tests");
        assert!(text.contains(&format!("fn {name}()")), "{guard}: there is no {name}");
    }
}
