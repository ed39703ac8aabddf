//! `dsm passphrase`, and how `dsm init` learns what is to guard the keys.

use std::path::Path;

use anyhow::{Context, bail};
use dsm_home::{Home, Passphrase, Protection, is_asked};
use serde_json::json;

use crate::exit::Usage;
use crate::output::Output;

/// What was said on the command line.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wish {
    Passphrase,
    Keyring,
    Clear,
}

impl Wish {
    pub(crate) fn of(no_passphrase: bool, keyring: bool) -> Self {
        match (no_passphrase, keyring) {
            (true, _) => Self::Clear,
            (false, true) => Self::Keyring,
            (false, false) => Self::Passphrase,
        }
    }
}

/// What a person or a program wants. Nothing is ever taken for a wish to have the keys in clear.
pub(crate) fn choose(file: Option<&Path>, wish: Wish) -> anyhow::Result<Protection> {
    let passphrase = match (wish, file) {
        (Wish::Clear, _) => return Ok(Protection::Clear),
        (Wish::Keyring, _) => return Ok(Protection::Keyring),
        (Wish::Passphrase, Some(file)) => Passphrase::read(file).and_then(Passphrase::for_new),
        (Wish::Passphrase, None) if is_asked() => Passphrase::choose(),
        (Wish::Passphrase, None) => bail!(Usage(
            "say how the keys are to lie on the disk: sealed under a passphrase, which a terminal asks \
             for or a file holds (--passphrase-file FILE, for `dsm passphrase` --new-passphrase-file \
             FILE), under a key that a desktop's keyring keeps (--keyring), or in clear (--no-passphrase)"
        )),
    };
    passphrase.map(Protection::Passphrase).context("nothing was changed")
}

/// What it is called in `--json`.
pub(crate) fn name(protection: &Protection) -> &'static str {
    match protection {
        Protection::Clear => "clear",
        Protection::Passphrase(_) => "passphrase",
        Protection::Keyring => "keyring",
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
        Protection::Keyring => format!(
            "The keys lie in {path}, sealed under a key that the keyring of this session keeps: whoever \
             is logged in can spend, and without that keyring nobody can."
        ),
    }
}

/// Changes or removes the passphrase.
pub(crate) fn run(
    home: &Home,
    file: Option<&Path>,
    wish: Wish,
    output: &mut Output,
) -> anyhow::Result<()> {
    let protection = home.protect(|| choose(file, wish))?;
    let text = explain(home, &protection);
    output.say(&text, &json!({ "keys": name(&protection) }));
    Ok(())
}
