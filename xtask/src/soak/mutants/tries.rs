//! Runs the tests with one change on, until one fails.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use super::build::Test;
use crate::gate;
use crate::problem::Problem;

/// What a program may take for itself, in KiB: a change may make it ask for ever.
const MEMORY: &str = "8000000";
/// What any program may take at least.
const PATIENCE: Duration = Duration::from_secs(10);

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Caught,
    Missed,
    Timeout,
}

impl Outcome {
    /// As cargo-mutants calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Caught => "CaughtMutant",
            Self::Missed => "MissedMutant",
            Self::Timeout => "Timeout",
        }
    }
}

/// A program of tests and what it takes when nothing is changed.
#[derive(Debug)]
pub(super) struct Timed {
    pub(super) test: Test,
    takes: Duration,
}

/// Runs all with a change that does not exist: they must pass. The shortest is first.
pub(super) fn unchanged(tests: Vec<Test>) -> Result<Vec<Timed>, Problem> {
    let mut timed = Vec::new();
    for test in tests {
        let begun = gate::now();
        if run(&test, usize::MAX, Duration::from_secs(1_200))? != Outcome::Missed {
            return Err(Problem::new(format!("{} fails unchanged", test.program.display())));
        }
        timed.push(Timed { test, takes: begun.elapsed() });
    }
    timed.sort_by_key(|timed| timed.takes);
    Ok(timed)
}

/// Tries changes, as many at once as there are processors, and says what became of each.
pub(super) fn all(
    tests: &[&Timed],
    changes: &[usize],
    mut said: impl FnMut(usize, Outcome) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let queue = Mutex::new(changes.iter().copied());
    let next = || queue.lock().ok().and_then(|mut queue| queue.next());
    let (tell, told) = channel();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            let (tell, next) = (tell.clone(), &next);
            scope.spawn(move || {
                while let Some(change) = next() {
                    if tell.send((change, one(tests, change))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(tell);
        for (change, outcome) in told {
            said(change, outcome?)?;
        }
        Ok(())
    })
}

fn one(tests: &[&Timed], change: usize) -> Result<Outcome, Problem> {
    for timed in tests {
        let outcome = run(&timed.test, change, PATIENCE + timed.takes * 5)?;
        if outcome != Outcome::Missed {
            return Ok(outcome);
        }
    }
    Ok(Outcome::Missed)
}

/// Runs one program; it is stopped at its first failure.
fn run(test: &Test, change: usize, patience: Duration) -> Result<Outcome, Problem> {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -v {MEMORY}; exec \"$0\" --test-threads=1")]);
    command.arg(&test.program).current_dir(&test.folder);
    command.env("CARGO_MANIFEST_DIR", &test.folder).env("DSM_CHANGE", change.to_string());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let failed = |error: std::io::Error| Problem::file(&test.program, &error);
    let mut child = command.spawn().map_err(failed)?;
    let lines = lines(&mut child);
    let until = gate::now() + patience;
    let outcome = loop {
        match lines.recv_timeout(until.saturating_duration_since(gate::now())) {
            Ok(line) if line.ends_with("FAILED") => break Outcome::Caught,
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout) => break Outcome::Timeout,
            Err(RecvTimeoutError::Disconnected) => {
                let passed = child.wait().map_err(failed)?.success();
                break if passed { Outcome::Missed } else { Outcome::Caught };
            }
        }
    };
    // It may have ended by itself.
    child.kill().ok();
    child.wait().map_err(failed)?;
    Ok(outcome)
}

/// What it writes, read by a thread of its own, which ends with it.
fn lines(child: &mut Child) -> Receiver<String> {
    let (tell, told) = channel();
    if let Some(stdout) = child.stdout.take() {
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
    }
    told
}
