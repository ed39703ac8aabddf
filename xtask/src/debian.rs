//! Installs what is missing, where the system is Debian and we may.

use std::path::Path;
use std::process::Command;

use crate::problem::Problem;
use crate::process;

/// Makes sure that a file exists, by the packages that bring it.
pub(crate) fn ensure(probe: &Path, packages: &[&str]) -> Result<(), Problem> {
    if probe.exists() {
        return Ok(());
    }
    let by_hand = format!("apt-get install -y --no-install-recommends {}", packages.join(" "));
    if !is_root() {
        let probe = probe.display();
        return Err(Problem::new(format!("{probe} is missing; as root: `{by_hand}`")));
    }
    eprintln!("installing: {by_hand}");
    apt(&["update", "-qq"])?;
    let mut words = vec!["install", "-y", "-qq", "--no-install-recommends"];
    words.extend(packages);
    apt(&words)?;
    if probe.exists() {
        Ok(())
    } else {
        Err(Problem::new(format!("`{by_hand}` brought no {}", probe.display())))
    }
}

/// An emulator of a chip, and what endorses one.
pub(crate) fn ensure_swtpm() -> Result<(), Problem> {
    ensure(Path::new("/usr/bin/swtpm"), &["swtpm"])?;
    ensure(Path::new("/usr/bin/swtpm_setup"), &["swtpm-tools"])
}

fn apt(words: &[&str]) -> Result<(), Problem> {
    process::run(
        Command::new("apt-get")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdout(std::io::stderr())
            .args(words),
    )
}

fn is_root() -> bool {
    process::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}
