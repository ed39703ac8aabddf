//! The test vectors: written by `dsm-vectors`, and written again without a difference.

use std::process::Command;

use crate::problem::Problem;
use crate::process;
use crate::verdict::Verdict;
use crate::workspace::Workspace;

const WRITER: &str = "dsm-vectors";

/// Generates every vector again in memory and compares it with the file.
pub(crate) fn check(workspace: &Workspace) -> Result<Verdict, Problem> {
    if !workspace.has(WRITER) {
        return Ok(Verdict::Skipped(format!("there is no crate {WRITER} yet")));
    }
    process::run(writer(workspace)?.arg("check"))?;
    Ok(Verdict::Passed("vectors/ is what dsm-vectors writes".to_owned()))
}

/// Writes every vector to its file.
pub(crate) fn write(workspace: &Workspace) -> Result<(), Problem> {
    if !workspace.has(WRITER) {
        return Err(Problem::new(format!("there is no crate {WRITER} yet")));
    }
    process::run(writer(workspace)?.arg("write"))
}

/// Built with the workspace, so that nothing is built twice.
fn writer(workspace: &Workspace) -> Result<Command, Problem> {
    let words = ["build", "--locked", "--workspace", "--bin", WRITER];
    process::run(process::cargo(&workspace.root).args(words))?;
    let mut command = Command::new(workspace.target.join("debug").join(WRITER));
    command.current_dir(&workspace.root);
    Ok(command)
}
