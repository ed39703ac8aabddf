//! The demo: separate processes of the real `dsm` binary pay each other, then one cheats.

mod script;
mod stage;

use std::path::PathBuf;

use crate::problem::Problem;
use crate::process;
use crate::workspace::Workspace;

const WALLET: &str = "dsm-cli";

/// Builds the wallet in release and plays the script.
pub(crate) fn run(workspace: &Workspace, options: &[&str]) -> Result<(), Problem> {
    let json = match options {
        [] => false,
        ["--json"] => true,
        _ => return Err(Problem::new("usage: cargo xtask demo [--json]")),
    };
    let words = ["build", "--release", "--locked", "--package", WALLET];
    process::run(process::cargo(&workspace.root).args(words))?;
    let binary: PathBuf = workspace.target.join("release/dsm");
    script::play(stage::Stage::new(binary, workspace.target.join("demo"), json)?)
}
