//! The counterexamples of the mutants of `tla/Session.tla`, step by step at shipped devices.
//!
//! `a` and `b` of the module are Ann and Ben with two notes of one unit each, whom a third may be paid by.
//! What the module says in several steps a shipped session may say in one: then what it said waits on its
//! way until the module hears it. News, which the module leaves out, are heard as soon as they may be.

#[path = "session/devices.rs"]
mod devices;

use devices::{Devices, Parting};
use dsm_checker::trace::{Stage, Tla, read};

/// At which action, and how, shipped devices part from what a model does without a guard.
const PARTINGS: [(&str, &str, Parting); 14] = [
    // What was never kept is never heard.
    ("persist_pay", "HearPay", Parting::WroteFirst),
    ("persist_receipt", "HearReceipt", Parting::WroteFirst),
    ("persist_receipt-Linear", "HearReceipt", Parting::WroteFirst),
    // What was sent before goes first, and what comes twice changes nothing.
    ("redeliver", "HearOffer", Parting::DoesNot("pay anew before it delivered")),
    ("tip", "Commit", Parting::DoesNot("accept")),
    // Said again by anybody: what was accepted is not wanted again.
    ("tip-NoRepeat", "HearPay", Parting::DoesNot("go on")),
    // Done answers the other's Sync, which comes behind all that was due.
    ("order", "HearDone", Parting::NeverSaid("Done")),
    ("current", "Commit", Parting::DoesNot("pay")),
    ("too_late", "Cancel", Parting::DoesNot("take a bound payment back")),
    ("nonce", "HearPay", Parting::Refuses("R-41")),
    ("doubt", "HearHello", Parting::Doubts),
    ("shown", "Commit", Parting::DoesNot("believe that it is an old copy")),
    // Where one entry was accepted, no other is wanted.
    ("extends", "HearPay", Parting::DoesNot("go on")),
    ("old_copy", "HearHello", Parting::DoesNot("go on")),
];

/// Guards whose absence no step of their counterexample shows at shipped devices, and what checks them.
const ELSEWHERE: [(&str, &str); 3] = [
    (
        "channel",
        "a forged message does not come out of the channel: \
         messages_cannot_be_reflected_replayed_reordered_or_dropped in crates/dsm-session",
    ),
    (
        "known",
        "it ends before the second copy is heard: \
         two_who_meet_in_several_conversations_at_once_deliver_each_entry_once in crates/dsm-engine",
    ),
    (
        "ahead",
        "it ends where both wait for ever: \
         two_who_owe_each_other_several_payments_do_not_wait_for_each_other in crates/dsm-engine",
    ),
];

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tla/counterexamples");

/// What a trace says of the session of a device in a conversation.
fn session<'a>(stage: &'a Stage, device: &str, talk: usize) -> &'a Tla {
    &stage.state["sess"].field(device).list()[talk]
}

/// Follows a trace as far as shipped devices go; at which action they part, and how.
fn follow(trace: &[Stage]) -> (Devices, Option<(String, Parting)>) {
    let mut devices = Devices::new();
    for (before, after) in trace.iter().zip(&trace[1..]) {
        if let Err(parting) = devices.take(before, after) {
            return (devices, Some((after.action.clone(), parting)));
        }
    }
    (devices, None)
}

/// Every kept counterexample of the module, by what follows its name.
fn counterexamples() -> Vec<(String, Vec<Stage>)> {
    let files = std::fs::read_dir(FOLDER).expect("counterexamples");
    let mut all = Vec::new();
    for file in files {
        let path = file.expect("a file").path();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        if let Some(off) = name.strip_prefix("Session-") {
            let text = std::fs::read_to_string(&path).expect("text");
            all.push((off.to_owned(), read(&text)));
        }
    }
    all
}

#[test]
fn shipped_devices_part_from_every_model_without_a_guard_and_nothing_is_wrong() {
    for (off, trace) in counterexamples() {
        let (devices, parting) = follow(&trace);
        assert_eq!(devices.wrong(), Vec::<&str>::new(), "without {off}");
        if let Some((_, reason)) = ELSEWHERE.iter().find(|(guard, _)| *guard == off) {
            assert_eq!(parting, None, "without {off}: {reason}");
            continue;
        }
        let (action, parting) = parting.unwrap_or_else(|| panic!("nothing parts without {off}"));
        if let Some((_, at, how)) = PARTINGS.iter().find(|(guard, ..)| *guard == off) {
            assert_eq!((action.as_str(), &parting), (*at, how), "without {off}");
        }
    }
}

#[test]
fn the_counterexamples_are_there() {
    let all = counterexamples();
    // A second counterexample of a guard may be kept or not.
    let missing: Vec<&str> = PARTINGS
        .iter()
        .map(|(off, ..)| *off)
        .filter(|off| !off.contains('-'))
        .filter(|off| !all.iter().any(|(name, _)| name == off))
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}
