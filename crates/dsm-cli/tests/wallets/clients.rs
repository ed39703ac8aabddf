//! The clients in other languages, as apps/clients/ shows them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::daemon::two;

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../apps/clients")
}

/// The lines of a client that do something.
fn lines(client: &Path) -> usize {
    let text = std::fs::read_to_string(client).expect("a client");
    let comment = |line: &&str| !line.starts_with("//") && !line.starts_with("\"\"\"");
    text.lines().filter(|line| !line.trim().is_empty()).filter(comment).count()
}

/// Runs a client that pays 10.00 CUP.
fn pays(client: &Path, command: &mut Command) {
    let (stage, ada, ben) = two();
    command.arg(stage.path("ada")).args(["ben", "10", &ben.link]);
    // Nobody answers there, and nobody is to hear the token.
    for name in ["all_proxy", "http_proxy", "HTTP_PROXY"] {
        command.env(name, "http://127.0.0.1:1");
    }
    let output = command.output().expect("`cargo xtask test` installs what runs it");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.starts_with("entry ") && said.ends_with("is acknowledged\n"), "{output:?}");
    assert_eq!((ada.units(), ben.units()), (9_000, 1_000));
    assert!(lines(client) <= 15, "{} is longer than promised", client.display());
}

#[test]
fn a_client_in_python_makes_a_first_payment() {
    let client = examples().join("pay.py");
    pays(&client, Command::new("/usr/bin/python3").arg(&client));
}

#[test]
fn a_client_in_typescript_makes_a_first_payment() {
    let client = examples().join("pay.ts");
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("pay.mjs");
    let built = Command::new("/usr/bin/esbuild")
        .arg(&client)
        .args(["--format=esm", "--log-level=error"])
        .stderr(Stdio::inherit())
        .output()
        .expect("`cargo xtask test` installs esbuild");
    std::fs::write(&script, built.stdout).expect("a file");
    pays(&client, Command::new("node").arg(&script));
}
