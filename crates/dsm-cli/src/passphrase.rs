//! `dsm passphrase`, and how `dsm init` learns what is to guard the keys.

use std::path::Path;

use anyhow::{Context, bail};
use dsm_home::{Home, Passphrase, Protection, is_asked};
use serde_json::json;

use crate::output::Output;

/// What a person or a program wants. Nothing is ever taken for a wish to have the keys in clear.
pub(crate) fn choose(file: Option<&Path>, none: bool) -> anyhow::Result<Protection> {
    let passphrase = match (none, file) {
        (true, _) => return Ok(Protection::Clear),
        (false, Some(file)) => Passphrase::read(file).and_then(Passphrase::for_new),
        (false, None) if is_asked() => Passphrase::choose(),
        (false, None) => bail!(
            "say how the keys are to lie on the disk: sealed under a passphrase, which a terminal asks \
             for or a file holds (--passphrase-file FILE, for `dsm passphrase` --new-passphrase-file \
             FILE), or in clear (--no-passphrase)"
        ),
    };
    passphrase.map(Protection::Passphrase).context("nothing was changed")
}

/// What it is called in `--json`.
pub(crate) fn name(protection: &Protection) -> &'static str {
    match protection {
        Protection::Clear => "clear",
        Protection::Passphrase(_) => "passphrase",
    }
}

/// What it means, for a person.
pub(crate) fn explain(home: &Home, protection: &Protection) -> String {
    let path = home.path().join("keys");
    let path = path.display();
    match protection {
        Protection::Clear => format!(
            "Warning: the keys lie unencrypted in {path}: whoever reads that file can spend. \
             `dsm passphrase` seals them."
        ),
        Protection::Passphrase(_) => format!(
            "The keys lie in {path}, sealed under your passphrase; without it nobody can spend, you \
             neither."
        ),
    }
}

/// Changes or removes the passphrase.
pub(crate) fn run(
    home: &Home,
    file: Option<&Path>,
    none: bool,
    output: &mut Output,
) -> anyhow::Result<()> {
    let protection = home.protect(|| choose(file, none))?;
    let text = explain(home, &protection);
    output.say(&text, &json!({ "keys": name(&protection) }));
    Ok(())
}
