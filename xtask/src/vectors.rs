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
    process::run(writer(workspace).arg("check"))?;
    Ok(Verdict::Passed("vectors/ is what dsm-vectors writes".to_owned()))
}

/// Writes every vector to its file.
pub(crate) fn write(workspace: &Workspace) -> Result<(), Problem> {
    if !workspace.has(WRITER) {
        return Err(Problem::new(format!("there is no crate {WRITER} yet")));
    }
    process::run(writer(workspace).arg("write"))
}

fn writer(workspace: &Workspace) -> Command {
    let mut command = process::cargo(&workspace.root);
    command.args(["run", "--locked", "--package", WRITER, "--"]);
    command
}
