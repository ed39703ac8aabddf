//! Format, lints, documentation and the tests.

use std::path::Path;
use std::process::Command;

use crate::bitcoind;
use crate::debian;
use crate::problem::Problem;
use crate::process;
use crate::verdict::Verdict;
use crate::workspace::Workspace;

/// Every file as rustfmt writes it.
pub(crate) fn format(workspace: &Workspace) -> Result<Verdict, Problem> {
    process::run(process::cargo(&workspace.root).args(["fmt", "--all", "--check"]))?;
    Ok(Verdict::Passed("rustfmt changes nothing".to_owned()))
}

/// Every lint, in every target, as an error.
pub(crate) fn lints(workspace: &Workspace) -> Result<Verdict, Problem> {
    let words = ["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"];
    process::run(process::cargo(&workspace.root).args(words))?;
    Ok(Verdict::Passed("clippy finds nothing in any target".to_owned()))
}

/// The documentation builds and its links lead somewhere.
pub(crate) fn documentation(workspace: &Workspace) -> Result<Verdict, Problem> {
    let words = ["doc", "--workspace", "--no-deps", "--locked", "--quiet"];
    process::run(
        process::cargo(&workspace.root).args(words).env("RUSTDOCFLAGS", "--deny warnings"),
    )?;
    Ok(Verdict::Passed("rustdoc finds nothing".to_owned()))
}

/// Unit, integration and documentation tests of the whole workspace.
pub(crate) fn tests(workspace: &Workspace) -> Result<Verdict, Problem> {
    // Pictures are read by a program too.
    debian::ensure(Path::new("/usr/bin/zbarimg"), &["zbar-tools"])?;
    debian::ensure_swtpm()?;
    // Clients in other languages.
    debian::ensure(Path::new("/usr/bin/python3"), &["python3"])?;
    debian::ensure(Path::new("/usr/bin/node"), &["nodejs"])?;
    debian::ensure(Path::new("/usr/bin/esbuild"), &["esbuild"])?;
    // The keyring of a desktop, on a bus of its own.
    debian::ensure(Path::new("/usr/bin/gnome-keyring-daemon"), &["gnome-keyring"])?;
    debian::ensure(Path::new("/usr/bin/dbus-run-session"), &["dbus-daemon"])?;
    // The page of `dsm verify`, and its drawing.
    debian::ensure(Path::new("/usr/bin/chromium"), &["chromium"])?;
    debian::ensure(Path::new("/usr/bin/dot"), &["graphviz"])?;
    let words = ["test", "--workspace", "--locked", "--no-fail-fast"];
    let mut command = process::cargo(&workspace.root);
    // Headers come from a real node; it is built where none is named.
    command.env(bitcoind::VARIABLE, bitcoind::path(workspace)?);
    run_tests(command.args(words))
}

/// The tests of a workspace of its own.
pub(crate) fn tests_of(manifest: &Path, root: &Path) -> Result<Verdict, Problem> {
    let words = ["test", "--locked", "--no-fail-fast", "--manifest-path"];
    run_tests(process::cargo(root).args(words).arg(manifest))
}

fn run_tests(command: &mut Command) -> Result<Verdict, Problem> {
    let mut tally = Tally::default();
    let succeeded = process::watch(command, |line| tally.see(line))?;
    if tally.ignored > 0 {
        tally.failures.push(format!("{} tests are ignored; none may be", tally.ignored));
    }
    if !succeeded && tally.failures.is_empty() {
        tally.failures.push("cargo test failed before or beside the tests; see above".to_owned());
    }
    Ok(Verdict::Counted { passed: tally.passed, failures: tally.failures })
}

/// What the test runner's lines add up to.
#[derive(Debug, Default)]
struct Tally {
    passed: usize,
    ignored: usize,
    failures: Vec<String>,
}

impl Tally {
    fn see(&mut self, line: &str) {
        if let Some(result) = line.strip_prefix("test result: ") {
            self.passed += number_before(result, " passed");
            self.ignored += number_before(result, " ignored");
        } else if let Some(test) = line.strip_prefix("test ") {
            self.failures.extend(test.strip_suffix(" ... FAILED").map(str::to_owned));
        }
    }
}

fn number_before(line: &str, word: &str) -> usize {
    let before = line.split(word).next().unwrap_or_default();
    let digits = before.rsplit(' ').next().unwrap_or_default();
    digits.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_up_the_results_of_several_runs() {
        let mut tally = Tally::default();
        tally.see("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out");
        tally.see("test a::b ... ok");
        tally.see("test a::c ... FAILED");
        tally.see("test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured");
        assert_eq!((tally.passed, tally.ignored), (15, 1));
        assert_eq!(tally.failures, ["a::c"]);
    }
}
