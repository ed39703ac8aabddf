//! The slow campaigns, which the gate does not run.

use std::path::Path;

use crate::models;
use crate::problem::Problem;
use crate::process;
use crate::tree;
use crate::workspace::Workspace;

const CAMPAIGNS: &str = "\
fuzz [SECONDS]   every fuzz target under libFuzzer and the address sanitizer, 60 seconds each
tla [MODULE]     every TLA+ model, its mutants, predicates and large runs; writes the results";

/// What rustc adds so that libFuzzer sees which code ran, and that a wrong access stops it.
const INSTRUMENT: &str = "-Zsanitizer=address -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares \
    -Ccodegen-units=1 --cfg fuzzing";

/// Runs a campaign, or lists them.
pub(crate) fn run(workspace: &Workspace, campaign: &[&str]) -> Result<(), Problem> {
    match campaign {
        [] => {
            eprintln!("{CAMPAIGNS}");
            Ok(())
        }
        ["fuzz"] => fuzz(workspace, "60"),
        ["fuzz", seconds] => fuzz(workspace, seconds),
        ["tla"] => models::soak(workspace, None),
        ["tla", module] => models::soak(workspace, Some(module)),
        _ => Err(Problem::new(format!("no such campaign; there are:\n{CAMPAIGNS}"))),
    }
}

/// Builds the binaries of `fuzz/` with its feature `libfuzzer` and runs each over its corpus,
/// which it extends with what reaches new code.
fn fuzz(workspace: &Workspace, seconds: &str) -> Result<(), Problem> {
    if seconds.parse::<u32>().is_err() {
        return Err(Problem::new(format!("`{seconds}` is not a number of seconds")));
    }
    let folder = workspace.root.join("fuzz");
    let sources = tree::under(&folder.join("fuzz_targets"), "rs")?;
    if sources.is_empty() {
        return Err(Problem::new("there are no fuzz/fuzz_targets/*.rs yet"));
    }
    // The sanitizer needs the target named, so that build scripts stay as they are.
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let words = ["build", "--release", "--locked", "--bins", "--features", "libfuzzer"];
    process::run(
        process::cargo(&folder)
            .args(words)
            .args(["--target", &target])
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTFLAGS", INSTRUMENT),
    )?;
    let built = folder.join("target").join(&target).join("release");
    for source in sources {
        let Some(name) = source.file_stem() else { continue };
        eprintln!("fuzz {}: {seconds} s", name.to_string_lossy());
        campaign(&folder, &built.join(name), name.as_ref(), seconds)?;
    }
    Ok(())
}

fn campaign(folder: &Path, binary: &Path, name: &Path, seconds: &str) -> Result<(), Problem> {
    let corpus = folder.join("corpus").join(name);
    let artifacts = folder.join("artifacts").join(name);
    for needed in [&corpus, &artifacts] {
        std::fs::create_dir_all(needed).map_err(|error| Problem::file(needed, &error))?;
    }
    let mut command = std::process::Command::new(binary);
    command
        .current_dir(folder)
        .arg(format!("-max_total_time={seconds}"))
        .arg("-rss_limit_mb=2048")
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .arg(&corpus);
    process::run(&mut command)
}
