//! Every fuzz target under libFuzzer and the address sanitizer.
//!
//! One binary holds all targets; which one it runs, the environment says. What reaches new code goes
//! into the corpus, the short ones first, and not too much of it: the gate replays it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::problem::Problem;
use crate::process;
use crate::results;
use crate::workspace::Workspace;

/// What rustc adds so that libFuzzer sees which code ran, and that a wrong access stops it.
const INSTRUMENT: &str = "-Zsanitizer=address -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares \
    --cfg fuzzing";
const SECONDS: u32 = 60;
/// The most bytes of a corpus; nothing is added beyond it.
const CORPUS: u64 = 48 << 10;
/// The most files of one.
const FILES: usize = 48;
const RESULT: &str = "fuzz.json";

/// Builds the binary, runs each target over its corpus, extends that and writes the result.
pub(super) fn run(workspace: &Workspace, options: &[&str]) -> Result<(), Problem> {
    let seconds = match options.first() {
        None => SECONDS,
        Some(text) => {
            text.parse().map_err(|_| Problem::new(format!("`{text}` is no number of seconds")))?
        }
    };
    let folder = workspace.root.join("fuzz");
    let binary = build(&folder)?;
    let mut rows = results::rows(workspace, RESULT)?;
    let mut crashes = 0;
    for target in folders(&folder.join("corpus"))? {
        if options.get(1).is_some_and(|only| *only != target) {
            continue;
        }
        let row = Campaign { folder: &folder, binary: &binary, target: &target }.run(seconds)?;
        eprintln!("{row}");
        crashes += row.get("crashes").and_then(Value::as_u64).unwrap_or(0);
        results::put(&mut rows, "target", row);
        results::write(workspace, RESULT, &rows)?;
    }
    if crashes > 0 {
        return Err(Problem::new(format!("{crashes} inputs in fuzz/artifacts/ end a target")));
    }
    Ok(())
}

fn build(folder: &Path) -> Result<PathBuf, Problem> {
    // The sanitizer needs the target named, so that build scripts stay as they are.
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let words = ["build", "--release", "--locked", "--bin", "guided", "--features", "libfuzzer"];
    process::run(
        process::cargo(folder)
            .args(words)
            .args(["--target", &target])
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTFLAGS", INSTRUMENT),
    )?;
    Ok(folder.join("target").join(&target).join("release/guided"))
}

struct Campaign<'a> {
    folder: &'a Path,
    binary: &'a Path,
    target: &'a str,
}

impl Campaign<'_> {
    fn run(&self, seconds: u32) -> Result<Value, Problem> {
        let corpus = self.folder.join("corpus").join(self.target);
        let [found, reached, artifacts] = ["target/found", "target/reached", "artifacts"]
            .map(|name| self.folder.join(name).join(self.target));
        for fresh in [&found, &reached, &artifacts] {
            if fresh.exists() {
                std::fs::remove_dir_all(fresh).map_err(|error| Problem::file(fresh, &error))?;
            }
            std::fs::create_dir_all(fresh).map_err(|error| Problem::file(fresh, &error))?;
        }
        eprintln!("fuzz {}: {seconds} s", self.target);
        let time = format!("-max_total_time={seconds}");
        let prefix = format!("-artifact_prefix={}/", artifacts.display());
        let options = ["-print_final_stats=1", "-rss_limit_mb=2048", &time, &prefix];
        let told = self.guided(&options, &[&found, &corpus])?;
        self.guided(&["-merge=1"], &[&reached, &corpus, &found])?;
        extend(&corpus, &reached)?;
        let told: Vec<&str> = told.lines().collect();
        let status = told.iter().rev().find(|line| line.contains(" cov: ")).unwrap_or(&"");
        let files = sizes(&corpus)?;
        Ok(json!({
            "target": self.target,
            "seconds": seconds,
            "executions": figure(&told, "stat::number_of_executed_units:"),
            "edges": after(status, "cov:"),
            "features": after(status, "ft:"),
            "crashes": crashes(&sizes(&artifacts)?),
            "corpus files": files.len(),
            "corpus bytes": files.iter().map(|(len, _)| len).sum::<u64>(),
        }))
    }

    /// Runs the binary and gives what it told; it fails when it finds something, so its end says nothing.
    fn guided(&self, options: &[&str], folders: &[&Path]) -> Result<String, Problem> {
        let mut command = Command::new(self.binary);
        command.current_dir(self.folder).env("TARGET", self.target).args(options).args(folders);
        let output = command.stdin(Stdio::null()).output();
        let output = output.map_err(|error| Problem::file(self.binary, &error))?;
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        if !output.status.success() {
            eprintln!("{told}");
        }
        Ok(told)
    }
}

/// The inputs that ended a target. A slow one is kept beside them, and is slow on a busy machine only.
fn crashes(artifacts: &[(u64, PathBuf)]) -> usize {
    let slow = |path: &PathBuf| path.to_string_lossy().contains("/slow-unit-");
    artifacts.iter().filter(|(_, path)| !slow(path)).count()
}

/// Adds what reaches code that nothing in the corpus reaches, while there is room.
fn extend(corpus: &Path, reached: &Path) -> Result<(), Problem> {
    let there = sizes(corpus)?;
    let mut files = there.len();
    let mut bytes: u64 = there.iter().map(|(len, _)| len).sum();
    for (len, path) in sizes(reached)? {
        let Some(name) = path.file_name() else { continue };
        let copy = corpus.join(name);
        if copy.exists() || files >= FILES || bytes + len > CORPUS || same(&there, &path)? {
            continue;
        }
        std::fs::copy(&path, &copy).map_err(|error| Problem::file(&copy, &error))?;
        files += 1;
        bytes += len;
    }
    Ok(())
}

/// Whether a file is in the corpus under another name.
fn same(corpus: &[(u64, PathBuf)], path: &Path) -> Result<bool, Problem> {
    let read = |path: &Path| std::fs::read(path).map_err(|error| Problem::file(path, &error));
    let bytes = read(path)?;
    for (len, other) in corpus {
        if u64::try_from(bytes.len()) == Ok(*len) && read(other)? == bytes {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The files of a folder, the short ones first.
fn sizes(folder: &Path) -> Result<Vec<(u64, PathBuf)>, Problem> {
    let problem = |error: std::io::Error| Problem::file(folder, &error);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(problem)? {
        let entry = entry.map_err(problem)?;
        files.push((entry.metadata().map_err(problem)?.len(), entry.path()));
    }
    files.sort();
    Ok(files)
}

fn folders(corpus: &Path) -> Result<Vec<String>, Problem> {
    let problem = |error: std::io::Error| Problem::file(corpus, &error);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(corpus).map_err(problem)? {
        names.push(entry.map_err(problem)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn figure(told: &[&str], name: &str) -> u64 {
    told.iter().rev().find_map(|line| line.strip_prefix(name)).map_or(0, first_number)
}

fn after(line: &str, name: &str) -> u64 {
    line.split_once(name).map_or(0, |(_, rest)| first_number(rest))
}

fn first_number(text: &str) -> u64 {
    text.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_libfuzzer_tells() {
        let told = ["#9\tDONE   cov: 120 ft: 345 corp: 6/60b", "stat::number_of_executed_units: 9"];
        assert_eq!((after(told[0], "cov:"), after(told[0], "ft:")), (120, 345));
        assert_eq!(figure(&told, "stat::number_of_executed_units:"), 9);
    }
}
