//! The demo: separate processes of the real `dsm` binary pay each other, then one cheats. With `--anchor`, the same on chips.

mod anchored;
mod picture;
mod script;
mod stage;

use std::path::PathBuf;

use crate::problem::Problem;
use crate::process;
use crate::verdict::Verdict;
use crate::workspace::Workspace;

const WALLET: &str = "dsm-cli";
/// What a thief would write for himself.
const THIEF: &str = "thief";

/// Builds the wallet in release and plays the script.
pub(crate) fn run(workspace: &Workspace, options: &[&str]) -> Result<(), Problem> {
    let (anchor, options) = match options {
        ["--anchor", options @ ..] => (true, options),
        options => (false, options),
    };
    let (json, picture) = match options {
        [] => (false, None),
        ["--json"] => (true, None),
        ["--picture", file] if !anchor => (false, Some(*file)),
        _ => {
            let usage = "usage: cargo xtask demo [--anchor] [--json], or demo --picture FILE";
            return Err(Problem::new(usage));
        }
    };
    let words = ["build", "--release", "--locked", "--package", WALLET];
    let thief: &[&str] = if anchor { &["--bin", "dsm", "--example", THIEF] } else { &[] };
    process::run(process::cargo(&workspace.root).args(words).args(thief))?;
    let binary: PathBuf = workspace.target.join("release/dsm");
    let mut stage = stage::Stage::new(binary, workspace.target.join("demo"), json)?;
    if anchor {
        return anchored::play(&mut stage);
    }
    script::play(&mut stage)?;
    match picture {
        Some(file) => std::fs::write(file, picture::svg(&stage.told))
            .map_err(|error| Problem::new(format!("{file}: {error}"))),
        None => Ok(()),
    }
}

/// Plays both scripts with the wallet as the tests build it, which takes less time to build.
pub(crate) fn check(workspace: &Workspace) -> Result<Verdict, Problem> {
    let words = ["build", "--locked", "--workspace", "--bin", "dsm", "--example", THIEF];
    process::run(process::cargo(&workspace.root).args(words))?;
    let stage = |folder: &str| {
        let binary = workspace.target.join("debug/dsm");
        stage::Stage::new(binary, workspace.target.join(folder), false)
    };
    script::play(&mut stage("demo-check")?)?;
    anchored::play(&mut stage("demo-check-anchor")?)?;
    let what = "the payments arrive and the cheat is found; between chips it is refused at once";
    Ok(Verdict::Passed(what.to_owned()))
}
