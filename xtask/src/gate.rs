//! Runs the steps, says how each one went, and ends with one line that a machine can read.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::steps::{STEPS, Step};
use crate::verdict::Verdict;
use crate::workspace::Workspace;

/// What the steps add up to.
#[derive(Debug, Default)]
struct Sum {
    passed: usize,
    failed: usize,
    notes: Vec<String>,
}

/// Runs every step, also after one that failed. The last line is `N passed, N failed`: it counts
/// each test of the test steps and each other step as one.
pub(crate) fn run(workspace: &Workspace) -> ExitCode {
    let clock = now();
    let mut sum = Sum::default();
    for (number, step) in (1..).zip(STEPS) {
        say(&format!("[{number}/{}] {} ...", STEPS.len(), step.name));
        perform(workspace, step, &mut sum);
    }
    say(&format!("the gate took {}", seconds(clock.elapsed())));
    sum.finish()
}

/// Runs one step by its name.
pub(crate) fn run_one(workspace: &Workspace, name: &str) -> ExitCode {
    let mut sum = Sum::default();
    for step in STEPS.iter().filter(|step| step.name == name) {
        perform(workspace, step, &mut sum);
    }
    sum.finish()
}

fn perform(workspace: &Workspace, step: &Step, sum: &mut Sum) {
    let clock = now();
    let verdict = Verdict::of_result((step.check)(workspace));
    let line = sum.add(step.name, verdict);
    say(&format!("{line}  ({})", seconds(clock.elapsed())));
}

impl Sum {
    /// Counts a verdict and returns the line that tells it.
    fn add(&mut self, step: &str, verdict: Verdict) -> String {
        match verdict {
            Verdict::Passed(looked_at) => {
                self.passed += 1;
                format!("ok {step}: {looked_at}")
            }
            Verdict::Skipped(missing) => {
                let line = format!("skipped {step}: {missing}");
                self.notes.push(line.clone());
                line
            }
            Verdict::Counted { passed, failures } => {
                self.passed += passed;
                if failures.is_empty() {
                    return format!("ok {step}: {passed} passed");
                }
                self.fail(step, failures)
            }
            Verdict::Failed(findings) => self.fail(step, findings),
        }
    }

    fn fail(&mut self, step: &str, findings: Vec<String>) -> String {
        self.failed += findings.len();
        let line = format!("FAILED {step}: {} findings", findings.len());
        self.notes.extend(findings.into_iter().map(|finding| format!("FAILED {step}: {finding}")));
        line
    }

    fn finish(self) -> ExitCode {
        for note in &self.notes {
            say(note);
        }
        say(&format!("{} passed, {} failed", self.passed, self.failed));
        if self.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[expect(clippy::disallowed_methods, reason = "a stopwatch for the reader; nothing depends on it")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::print_stdout, reason = "the report of the gate is its output")]
fn say(line: &str) {
    println!("{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_tests_singly_and_other_steps_as_one() {
        let mut sum = Sum::default();
        sum.add("a", Verdict::Passed("all".to_owned()));
        sum.add("b", Verdict::Counted { passed: 5, failures: vec!["x".to_owned()] });
        sum.add("c", Verdict::Failed(vec!["y".to_owned(), "z".to_owned()]));
        sum.add("d", Verdict::Skipped("none".to_owned()));
        assert_eq!((sum.passed, sum.failed, sum.notes.len()), (6, 3, 4));
    }
}
