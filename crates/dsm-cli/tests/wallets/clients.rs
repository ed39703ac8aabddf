//! The clients in other languages, as apps/clients/ shows them.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::daemon::two;
use crate::stage::Said;

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../apps/clients")
}

/// The lines of a client that do something.
fn lines(client: &Path) -> usize {
    let text = std::fs::read_to_string(client).expect("a client");
    let comment = |line: &&str| !line.starts_with("//") && !line.starts_with("\"\"\"");
    text.lines().filter(|line| !line.trim().is_empty()).filter(comment).count()
}

/// What a client says that pays 10.00 CUP to Ben: its code, its output and its errors.
fn said(start: &dyn Fn() -> Command, wallet: &Path, link: &str) -> Said {
    let mut command = start();
    command.arg(wallet).args(["ben", "10", link]);
    // Nobody answers there, and nobody is to hear the token.
    for name in ["all_proxy", "http_proxy", "HTTP_PROXY"] {
        command.env(name, "http://127.0.0.1:1");
    }
    Said::of(&command.output().expect("`cargo xtask test` installs what runs it"))
}

/// Pays, and is told what to do when it cannot.
fn pays(client: &Path, start: &dyn Fn() -> Command) {
    let (stage, ada, ben) = two();
    let wallet = stage.path("ada");
    let paid = said(start, &wallet, &ben.link);
    assert!(paid.out.starts_with("entry ") && paid.out.ends_with("is acknowledged\n"), "{paid:?}");
    assert_eq!((ada.units(), ben.units()), (9_000, 1_000));
    assert!(lines(client) <= 15, "{} is longer than promised", client.display());
    let refused = |said: &Said, why: &str| {
        assert!(said.code == Some(1) && said.out.is_empty(), "{said:?}");
        assert!(said.error.contains(why) && said.error.lines().count() == 1, "{said:?}");
    };
    refused(&said(start, &wallet, "tcp:127.0.0.1:1"), "nobody answers at");
    // The token of a daemon that was started anew since.
    let other = stage.path("other");
    std::fs::create_dir(&other).expect("a directory");
    let access = std::fs::read_to_string(wallet.join("daemon.json")).expect("the file");
    let mut access: Value = serde_json::from_str(&access).expect("an object");
    access["token"] = "0".repeat(64).into();
    std::fs::write(other.join("daemon.json"), access.to_string()).expect("a file");
    let file = File::open(other.join("daemon.json")).expect("the file");
    file.lock().expect("a lock");
    refused(&said(start, &other, &ben.link), "show the token of daemon.json");
    // Nobody else is told the token of a daemon that was killed.
    drop(ada);
    let there = wallet.join("daemon.json").exists();
    refused(&said(start, &wallet, &ben.link), "start `dsm --home");
    refused(&said(start, &stage.path("none"), &ben.link), "start `dsm --home");
    assert!(there && !stage.path("none").exists());
}

#[test]
fn a_client_in_python_makes_a_first_payment() {
    let client = examples().join("pay.py");
    pays(&client, &|| {
        let mut command = Command::new("/usr/bin/python3");
        command.arg(&client);
        command
    });
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
    pays(&client, &|| {
        let mut command = Command::new("node");
        command.arg(&script);
        command
    });
}
