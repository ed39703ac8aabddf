//! The benchmarks, in release.

use crate::debian;
use crate::problem::Problem;
use crate::process;
use crate::workspace::Workspace;

/// Runs one benchmark. With `--json` its standard output is one flat object and nothing else.
pub(crate) fn run(workspace: &Workspace, name: &str, options: &[&str]) -> Result<(), Problem> {
    if name == "anchor" {
        debian::ensure_swtpm()?;
    }
    // What a person would run is measured as it is.
    let binary = ["build", "--release", "--locked", "--quiet", "--package", "dsm-cli"];
    process::run(process::cargo(&workspace.root).args(binary))?;
    let words = ["run", "--release", "--locked", "--package", "dsm-bench", "--", name];
    process::run(process::cargo(&workspace.root).args(words).args(options))
}
