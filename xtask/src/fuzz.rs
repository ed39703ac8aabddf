//! The fuzz targets, each run over its committed corpus as a plain test.
//!
//! `fuzz/` is a workspace of its own, because its slow build needs another compiler mode. Its
//! library has one public function for each target; its test replays `fuzz/corpus/TARGET/`.

use crate::problem::Problem;
use crate::process;
use crate::suite;
use crate::verdict::Verdict;
use crate::workspace::Workspace;

/// Format, lints and the replay of every corpus.
pub(crate) fn check(workspace: &Workspace) -> Result<Verdict, Problem> {
    let manifest = workspace.root.join("fuzz/Cargo.toml");
    if !manifest.exists() {
        return Ok(Verdict::Skipped("there is no fuzz/ yet".to_owned()));
    }
    let cargo = || process::cargo(&workspace.root);
    process::run(cargo().args(["fmt", "--check", "--manifest-path"]).arg(&manifest))?;
    let lint = ["clippy", "--all-targets", "--locked", "--manifest-path"];
    process::run(cargo().args(lint).arg(&manifest).args(["--", "--deny", "warnings"]))?;
    suite::tests_of(&manifest, &workspace.root)
}
