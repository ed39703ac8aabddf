//! Tells worlds: `log SEED`, `replay FILE`, `shrink SEED`, `soak FIRST COUNT`.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use dsm_sim::{Counts, Line, Plant, replay, shrink, tell};

const USAGE: &str = "\
dsm-sim log SEED            the log of the world of a seed, as JSON lines
dsm-sim replay FILE         what is done in a log is done again; its log
dsm-sim shrink SEED         a short log that breaks the invariant that the seed breaks
dsm-sim soak FIRST COUNT    the worlds of so many seeds; stops at the first that breaks an invariant
dsm-sim hunt SEEDS          the first seed, of so many, that breaks an invariant
dsm-sim planted SEEDS       how many seeds each planted bug takes, of so many at most";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["log", seed] => number(seed).and_then(|seed| show(&tell(seed, Plant::None, true).lines)),
        ["replay", file] => again(file),
        ["shrink", seed] => number(seed).and_then(|seed| {
            let tale = tell(seed, Plant::None, false);
            let least = shrink(&tale.actions, Plant::None);
            show(&replay(&least, Plant::None, true).lines)
        }),
        ["soak", first, count] => number(first).and_then(|first| soak(first, number(count)?)),
        ["hunt", seeds] => number(seeds).and_then(|seeds| found("none", Plant::None, seeds)),
        ["planted", seeds] => number(seeds).and_then(planted),
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn number(word: &str) -> Result<u64, String> {
    word.parse().map_err(|_| format!("`{word}` is not a number"))
}

fn show(lines: &[Line]) -> Result<(), String> {
    let mut out = std::io::stdout().lock();
    for line in lines {
        let text = serde_json::to_string(line).map_err(|error| error.to_string())?;
        writeln!(out, "{text}").map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn again(file: &str) -> Result<(), String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    let actions = dsm_sim::actions(&text)?;
    show(&replay(&actions, Plant::None, true).lines)
}

/// Worlds on all cores, each seed once. A failure ends all.
fn soak(first: u64, count: u64) -> Result<(), String> {
    let next = AtomicU64::new(first);
    let end = first.saturating_add(count);
    let failed = Mutex::new(None);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let sums: Vec<Counts> = std::thread::scope(|scope| {
        let work = || {
            let mut sum = Counts::default();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= end {
                    return sum;
                }
                let tale = tell(seed, Plant::None, false);
                sum.add(&tale.counts);
                if tale.violation.is_some() {
                    next.store(end, Ordering::Relaxed);
                    if let Ok(mut failed) = failed.lock() {
                        failed.get_or_insert((seed, tale));
                    }
                }
            }
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().filter_map(|worker| worker.join().ok()).collect()
    });
    if let Ok(Some((seed, tale))) = failed.into_inner() {
        let least = shrink(&tale.actions, Plant::None);
        show(&replay(&least, Plant::None, true).lines)?;
        let violation = tale.violation.ok_or("no violation")?;
        return Err(format!("seed {seed}: {:?}: {}", violation.invariant, violation.text));
    }
    let mut sum = Counts::default();
    sums.iter().for_each(|one| sum.add(one));
    let text = serde_json::to_string(&sum).map_err(|error| error.to_string())?;
    writeln!(std::io::stdout().lock(), "{text}").map_err(|error| error.to_string())
}

fn planted(seeds: u64) -> Result<(), String> {
    for plant in Plant::ALL {
        let name = serde_json::to_value(plant).map_err(|error| error.to_string())?;
        found(name.as_str().unwrap_or_default(), plant, seeds)?;
    }
    Ok(())
}

/// The first seed that breaks an invariant, as a number of seeds.
fn found(bug: &str, plant: Plant, seeds: u64) -> Result<(), String> {
    let found = (0..seeds).find_map(|seed| Some((seed, tell(seed, plant, false).violation?)));
    let text = match found {
        Some((seed, violation)) => serde_json::json!({
            "bug": bug, "seeds": seed + 1, "invariant": violation.invariant,
            "how": violation.text,
        }),
        None => serde_json::json!({ "bug": bug, "seeds": null, "tried": seeds }),
    };
    writeln!(std::io::stdout().lock(), "{text}").map_err(|error| error.to_string())
}
