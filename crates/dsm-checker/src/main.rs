//! `dsm-checker meeting`: every projected state of the small model, one a line, as TLC writes them.
//! `dsm-checker soak STATES`: explores large worlds, breadth first, until so many states were generated in
//! each, and writes what came of it as JSON.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Instant;

use dsm_checker::{Bounds, Hunt, Meeting, Seen, Worlds};
use stateright::{Checker, Model, Property};

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
        ["soak", most] => match most.parse() {
            Ok(most) => soak(most),
            Err(_) => usage(),
        },
        _ => usage(),
    }
}

fn usage() -> ExitCode {
    eprintln!("dsm-checker meeting | dsm-checker soak STATES");
    ExitCode::FAILURE
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

/// Every world, with the flaws that are looked for in it.
fn soak(most: usize) -> ExitCode {
    let mut found = Vec::new();
    let meeting = explore("Meeting", Meeting::new(), most, &mut found);
    let bounds = "1 cheat with 10 entries in 6 histories, 2 victims, 2 notes";
    say(&row("Meeting", bounds, &meeting, 0));
    for bounds in [Bounds::LARGE_PAIR, Bounds::LARGE_CHEATED] {
        let explored = explore(bounds.name, Worlds::new(bounds, None), most, &mut found);
        let mut caught = 0;
        for hunt in Hunt::ALL.iter().filter(|hunt| hunt.bounds.scene == bounds.scene) {
            match hunt.run() {
                Some(_) => caught += 1,
                None => found.push(format!("{:?} breaks nothing", hunt.flaw)),
            }
        }
        say(&row(bounds.name, &bounds.to_string(), &explored, caught));
    }
    for finding in &found {
        eprintln!("{finding}");
    }
    if found.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct Explored {
    generated: usize,
    distinct: usize,
    depth: usize,
    seconds: f64,
    whole: bool,
}

fn explore<M>(name: &str, model: M, most: usize, found: &mut Vec<String>) -> Explored
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + PartialEq + std::hash::Hash + Send + Sync + 'static,
    M::Action: Clone + PartialEq + std::fmt::Debug,
{
    let clock = now();
    let checker = model.checker().target_state_count(most).spawn_bfs().join();
    let seconds = clock.elapsed().as_secs_f64();
    let discoveries = checker.discoveries();
    for Property { expectation, name: property, .. } in checker.model().properties() {
        let discovery = discoveries.get(property);
        if discovery.is_some() == expectation.discovery_is_failure() {
            let events = discovery.map(|path| path.clone().into_actions());
            found.push(format!("{name}: not {expectation:?}: {property}: {events:?}"));
        }
    }
    Explored {
        generated: checker.state_count(),
        distinct: checker.unique_state_count(),
        depth: checker.max_depth(),
        seconds,
        whole: checker.state_count() < most,
    }
}

fn row(module: &str, bounds: &str, explored: &Explored, caught: usize) -> String {
    let Explored { generated, distinct, depth, seconds, whole } = explored;
    let cut = if *whole { "" } else { "; the nearest of them" };
    format!(
        "{{\"module\":\"{module}\",\"bounds\":\"{bounds}{cut}\",\"generated\":{generated},\
         \"distinct\":{distinct},\"depth\":{depth},\"time\":{seconds:.1},\"mutants caught\":{caught}}}"
    )
}

#[expect(clippy::disallowed_methods, reason = "how long it took; nothing depends on it")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::print_stdout, reason = "what another program reads")]
fn say(line: &str) {
    println!("{line}");
}
