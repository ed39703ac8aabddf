//! Measures, side by side in one run.
//!
//! `dsm-bench NAME [--json] [--save]`: runs one benchmark, prints a table or one flat JSON object, and
//! with `--save` writes the object to `bench/results/NAME.json`.

mod anchor;
mod core;
mod engine;
mod headers;
mod report;
mod timing;
mod wallet;
mod wallets;

use std::path::Path;
use std::process::ExitCode;

use crate::report::{Reach, Report};

/// Counts what is in use, for the benchmarks of hostile input.
#[global_allocator]
static HEAP: peak_alloc::PeakAlloc = peak_alloc::PeakAlloc;

/// A benchmark: its name, its targets, and what measures.
type Benchmark = (&'static str, &'static [Reach], fn(&mut Report));

const BENCHMARKS: &[Benchmark] = &[
    ("anchor", anchor::REACH, anchor::run),
    ("core", core::REACH, core::run),
    ("durable", engine::DURABLE, engine::durable),
    ("engine", engine::REACH, engine::run),
    ("headers", headers::REACH, headers::run),
    ("wallet", wallet::REACH, wallet::run),
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [word, path] = words.as_slice()
        && word == engine::PROBE
    {
        let (millis, mib) = engine::probe(Path::new(path));
        print(&format!("{millis} {mib}\n"));
        return ExitCode::SUCCESS;
    }
    if let [word, address, numbers @ ..] = words.as_slice()
        && word == engine::LOAD
        && let Ok(address) = address.parse()
        && let Ok([run, payers, at_once]) = numbers_of(numbers)
    {
        let (rate, micros) = engine::pay(address, run, payers, at_once);
        print(&format!("{rate} {micros}\n"));
        return ExitCode::SUCCESS;
    }
    let (options, names): (Vec<&str>, Vec<&str>) =
        words.iter().map(String::as_str).partition(|word| word.starts_with("--"));
    let known = options.iter().all(|option| matches!(*option, "--json" | "--save"));
    let chosen = BENCHMARKS.iter().find(|(name, ..)| names == [*name]);
    let (true, Some((name, targets, run))) = (known, chosen) else {
        let all: Vec<&str> = BENCHMARKS.iter().map(|(name, ..)| *name).collect();
        eprintln!("dsm-bench NAME [--json] [--save]; there are: {}", all.join(", "));
        return ExitCode::FAILURE;
    };
    let mut report = Report::default();
    run(&mut report);
    let json = options.contains(&"--json");
    print(&if json { report.json() } else { report.table(targets) });
    if !options.contains(&"--save") {
        return ExitCode::SUCCESS;
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("results").join(format!("{name}.json"));
    match std::fs::write(&path, report.json()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {} cannot be written: {error}", path.display());
            ExitCode::FAILURE
        }
    }
}

fn numbers_of(words: &[String]) -> Result<[usize; 3], std::num::ParseIntError> {
    let mut numbers = [0; 3];
    for (number, word) in numbers.iter_mut().zip(words) {
        *number = word.parse()?;
    }
    Ok(numbers)
}

#[expect(clippy::print_stdout, reason = "the result is the output")]
fn print(text: &str) {
    print!("{text}");
}
