//! The benchmarks, in release.

use crate::problem::Problem;
use crate::process;
use crate::workspace::Workspace;

/// Runs one benchmark. With `--json` its standard output is one flat object and nothing else.
pub(crate) fn run(workspace: &Workspace, name: &str, options: &[&str]) -> Result<(), Problem> {
    let words = ["run", "--release", "--locked", "--package", "dsm-bench", "--", name];
    process::run(process::cargo(&workspace.root).args(words).args(options))
}
