//! The demo: separate processes of the real `dsm` binary pay each other, then one cheats.

mod picture;
mod script;
mod stage;

use std::path::PathBuf;

use crate::problem::Problem;
use crate::process;
use crate::verdict::Verdict;
use crate::workspace::Workspace;

const WALLET: &str = "dsm-cli";

/// Builds the wallet in release and plays the script.
pub(crate) fn run(workspace: &Workspace, options: &[&str]) -> Result<(), Problem> {
    let (json, picture) = match options {
        [] => (false, None),
        ["--json"] => (true, None),
        ["--picture", file] => (false, Some(*file)),
        _ => return Err(Problem::new("usage: cargo xtask demo [--json | --picture FILE]")),
    };
    let words = ["build", "--release", "--locked", "--package", WALLET];
    process::run(process::cargo(&workspace.root).args(words))?;
    let binary: PathBuf = workspace.target.join("release/dsm");
    let mut stage = stage::Stage::new(binary, workspace.target.join("demo"), json)?;
    script::play(&mut stage)?;
    match picture {
        Some(file) => std::fs::write(file, picture::svg(&stage.told))
            .map_err(|error| Problem::new(format!("{file}: {error}"))),
        None => Ok(()),
    }
}

/// Plays the script with the wallet as the tests build it, which takes less time to build.
pub(crate) fn check(workspace: &Workspace) -> Result<Verdict, Problem> {
    let words = ["build", "--locked", "--workspace", "--bin", "dsm"];
    process::run(process::cargo(&workspace.root).args(words))?;
    let binary = workspace.target.join("debug/dsm");
    script::play(&mut stage::Stage::new(binary, workspace.target.join("demo-check"), false)?)?;
    Ok(Verdict::Passed("the payments arrive and the cheat is found".to_owned()))
}
