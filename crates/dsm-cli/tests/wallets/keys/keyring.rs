//! The keyring of a desktop: the real gnome-keyring, on a bus of its own.

use std::os::unix::fs::DirBuilderExt;
use std::process::{Command, Stdio};

use crate::stage::{Said, Stage};

use super::{ISSUE, sealed, with};

/// Unlocks the keyring as a login does.
const LOGIN: &str = "printf login | gnome-keyring-daemon --unlock --components=secrets >&2";
/// Leaves the keyring to be started, locked, by whoever asks for it.
const NO_LOGIN: &str = ":";

/// Logs in with a keyring, runs commands of a wallet one after the other while all goes well, and logs out.
fn session(stage: &Stage, login: &str, keyring: &str, name: &str, commands: &[&[&str]]) -> Said {
    let mut script = format!("{login}\n");
    for words in commands {
        let command = stage.command(name, words);
        let words: Vec<_> =
            std::iter::once(command.get_program()).chain(command.get_args()).collect();
        let line: Vec<_> = words.iter().map(|word| format!("'{}'", word.display())).collect();
        script.push_str(&format!("{}\n", line.join(" ")));
    }
    let mut bus = Command::new("dbus-run-session");
    bus.args(["--", "sh", "-ec", &script]).stdin(Stdio::null());
    for (variable, part) in
        [("HOME", "home"), ("XDG_DATA_HOME", "data"), ("XDG_RUNTIME_DIR", "run")]
    {
        let path = stage.path(keyring).join(part);
        let mut dirs = std::fs::DirBuilder::new();
        dirs.recursive(true).mode(0o700).create(&path).expect("a directory");
        bus.env(variable, path);
    }
    for variable in ["DSM_HOME", "DSM_PASSPHRASE_FILE", "DISPLAY", "WAYLAND_DISPLAY"] {
        bus.env_remove(variable);
    }
    Said::of(&bus.output().expect("dbus-run-session, of the package dbus-daemon"))
}

fn works(stage: &Stage, keyring: &str, commands: &[&[&str]]) {
    let said = session(stage, LOGIN, keyring, "ada", commands);
    assert_eq!(said.code, Some(0), "{said:?}");
}

fn fails(said: &Said, why: &str) {
    assert!(said.code == Some(1) && said.error.contains(why), "{said:?}");
}

/// Without any session.
fn alone(stage: &Stage, words: &[&str]) -> Said {
    let mut command = stage.command("ada", words);
    command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/no/such/bus");
    Said::of(&command.output().expect("the binary"))
}

/// Whether a wallet lies there, or a part of one.
fn is_made(stage: &Stage, name: &str) -> bool {
    ["keys", "keys.new", "wallet.redb"].iter().any(|file| stage.path(name).join(file).exists())
}

const AWAY: &str = "the keyring does not have the key of this wallet; log in where it was sealed";

#[test]
fn a_wallet_of_a_keyring_opens_where_that_is_and_nowhere_else() {
    let (stage, old, _) = sealed();
    works(&stage, "desktop", &[&with(&old, &["passphrase", "--keyring"]), &ISSUE]);
    // Another login with the same keyring.
    works(&stage, "desktop", &[&ISSUE, &["balance"]]);
    fails(&alone(&stage, &ISSUE), "no keyring answers");
    assert_eq!(alone(&stage, &["balance"]).code, Some(0));
    fails(&session(&stage, LOGIN, "other", "ada", &[&ISSUE]), AWAY);
    // Nobody is there to type the keyring's password.
    fails(&session(&stage, NO_LOGIN, "desktop", "ada", &[&ISSUE]), "the keyring is locked");
    // When the keys lie otherwise, the keyring forgets, and a copy of the file does not open any more.
    stage.copy("ada", "copy");
    works(&stage, "desktop", &[&with(&old, &["passphrase", "--new-passphrase-file", &old])]);
    stage.text("ada", &with(&old, &ISSUE));
    fails(&session(&stage, LOGIN, "desktop", "copy", &[&ISSUE]), AWAY);
}

#[test]
fn a_wallet_is_made_with_a_keyring_or_not_at_all() {
    let stage = Stage::new();
    let init = ["init", "--keyring"];
    fails(&alone(&stage, &init), "no keyring answers");
    fails(&session(&stage, NO_LOGIN, "fresh", "ada", &[&init]), "has no keyring yet");
    assert!(!is_made(&stage, "ada"));
    works(&stage, "desktop", &[&init]);
    let file = stage.write("policy.toml", "name='n'\nticker='T'\nlots=1\nunits_per_lot='5'\n");
    works(&stage, "desktop", &[&["token", "new", &file], &["token", "issue", "T", "1"]]);
    assert_eq!(stage.balance("ada"), 1);
    let keys = std::fs::read(stage.path("ada").join("keys")).expect("the keys");
    fails(&session(&stage, NO_LOGIN, "desktop", "ben", &[&init]), "the keyring is locked");
    assert!(!is_made(&stage, "ben"));
    // Keys that a keyring seals are never left in clear instead.
    fails(&alone(&stage, &["passphrase", "--no-passphrase"]), "no keyring answers");
    fails(&alone(&stage, &["passphrase", "--keyring"]), "no keyring answers");
    assert_eq!(std::fs::read(stage.path("ada").join("keys")).expect("the keys"), keys);
    let file = stage.write("passphrase", "correct horse");
    let both = stage.run("ben", &["init", "--keyring", "--passphrase-file", &file]);
    assert_eq!(both.code, Some(2), "{both:?}");
}
