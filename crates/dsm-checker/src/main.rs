//! `dsm-checker meeting`: every projected state of the small model, one a line, as TLC writes them.

use std::collections::BTreeSet;
use std::process::ExitCode;

use dsm_checker::{Meeting, Seen};
use stateright::{Checker, Model};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["meeting"] => {
            let checker = Meeting::new().checker().spawn_bfs().join();
            for state in checker.model().projected() {
                say(&line(&state));
            }
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("dsm-checker meeting");
            ExitCode::FAILURE
        }
    }
}

/// A projected state: the variables of `tla/Meeting.tla`.
fn line([ann, ben]: &[Seen; 2]) -> String {
    let set = |numbers: &BTreeSet<usize>| {
        let numbers: Vec<String> = numbers.iter().map(usize::to_string).collect();
        format!("{{{}}}", numbers.join(", "))
    };
    let truth = |holds: bool| if holds { "TRUE" } else { "FALSE" };
    format!(
        "accepted = <<{}, {}>> known = <<{}, {}>> proof = <<{}, {}>>",
        set(&ann.1),
        set(&ben.1),
        ann.0,
        ben.0,
        truth(ann.2),
        truth(ben.2)
    )
}

#[expect(clippy::print_stdout, reason = "what another program reads")]
fn say(line: &str) {
    println!("{line}");
}
