//! The demo: separate processes of the real `dsm` binary pay each other, then one cheats.
//!
//! This file builds the binary in release. What the wallets do and what is shown belongs in
//! `demo/`, beside it.

use std::path::PathBuf;

use crate::problem::Problem;
use crate::process;
use crate::workspace::Workspace;

const WALLET: &str = "dsm-cli";

/// Builds the wallet and plays the script.
pub(crate) fn run(workspace: &Workspace, _options: &[&str]) -> Result<(), Problem> {
    let binary = build(workspace)?;
    let binary = binary.display();
    Err(Problem::new(format!("{binary} is built, but the script of the demo is not written yet")))
}

fn build(workspace: &Workspace) -> Result<PathBuf, Problem> {
    if !workspace.has(WALLET) {
        return Err(Problem::new(format!("the demo needs {WALLET}, which does not exist yet")));
    }
    let words = ["build", "--release", "--locked", "--package", WALLET];
    process::run(process::cargo(&workspace.root).args(words))?;
    Ok(workspace.target.join("release/dsm"))
}
