//! Exit codes, as `docs/json.md` lists them: 0, 1, 2, 3, 4 and 130.

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::interrupt::{pays, press};
use crate::places::directory;
use crate::stage::Stage;

fn code(stage: &Stage, name: &str, words: &[&str]) -> Option<i32> {
    let said = stage.run(name, &[&["--json"], words].concat());
    let rule = said.event("error").map(|error| error["rule"].is_string());
    assert_eq!(rule == Some(true), said.code == Some(3), "a rule and 3 go together: {said:?}");
    said.code
}

#[test]
fn what_was_done_is_0_what_failed_is_1_and_what_nobody_understands_is_2() {
    let stage = Stage::rich(&["ada", "ben"]);
    let nobody = "tcp:127.0.0.1:1";
    for (words, expected) in [
        (&["balance"][..], 0),
        (&["pay", "ben", "1", "--away"], 0),
        (&["history", "eve"], 1),
        (&["pay", "ben", "1000", "--away"], 1),
        (&["pay", "eve", "1", "--link", nobody], 1),
        (&["pay", "ben"], 2),
        (&["pay", "--resume", "ben", "1", "--link", nobody], 2),
        (&["pay", "--resume", "--away"], 2),
        (&["fly"], 2),
        (&["receive", "--link", "mail:.", "--amount", "1", "--token", "CUP"], 2),
        (&["receive", "--from", "ben", "--amount", "1", "--token", "CUP"], 2),
        (&["request", "1", "CUP", "--from", "ben", "--link", nobody], 2),
        (&["passphrase"], 2),
        (&["daemon", "--listen", "0.0.0.0:0"], 2),
        (&["daemon", "--link", "qr:"], 2),
    ] {
        assert_eq!(code(&stage, "ada", words), Some(expected), "{words:?}");
    }
}

#[test]
fn what_a_rule_refuses_is_3_on_both_sides() {
    let stage = Stage::rich(&["ada", "ben", "eve"]);
    stage.text("ben", &["settings", "--exposed-cap", "500"]);
    let (paid, refused) = stage.meet("ada", &["pay", "ben", "5.01"], "ben");
    assert_eq!((paid.code, refused.code), (Some(3), Some(3)), "{paid:?} {refused:?}");
    let note = stage.text("ada", &["export"]);
    let whole = dsm_crypto::text::decode("dsmnote", note.trim()).expect("a note");
    let mut proof: dsm_engine::NoteProof = dsm_encoding::from_slice(&whole).expect("a note");
    proof.index += 1;
    let bytes = dsm_encoding::to_vec(&proof);
    let file = stage.write("bad", &dsm_crypto::text::encode("dsmnote", &bytes).expect("a text"));
    assert_eq!(code(&stage, "ada", &["verify", &file]), Some(3));
}

#[test]
fn where_nobody_is_there_it_is_4() {
    let stage = Stage::rich(&["ada", "ben"]);
    let missing = format!("mail:{}", stage.path("missing").display());
    for link in ["tcp:127.0.0.1:1", &missing] {
        assert_eq!(code(&stage, "ada", &["pay", "ben", "1", "--link", link]), Some(4), "{link}");
        assert_eq!(code(&stage, "ada", &["contact", "sync", "ben", "--link", link]), Some(4));
    }
    // Somebody who hangs up at once.
    let place = TcpListener::bind("127.0.0.1:0").expect("a port");
    let link = format!("tcp:{}", place.local_addr().expect("an address"));
    thread::spawn(move || place.incoming().for_each(drop));
    assert_eq!(code(&stage, "ada", &["pay", "ben", "1", "--link", &link]), Some(4));
    assert_eq!(stage.balance("ada"), 10_000);
}

#[test]
fn what_a_person_interrupts_is_130() {
    let stage = Stage::rich(&["ada", "ben"]);
    let deaf = TcpListener::bind("127.0.0.1:0").expect("a port");
    let pay = pays(&stage, &format!("tcp:{}", deaf.local_addr().expect("an address")));
    thread::sleep(Duration::from_millis(500));
    assert_eq!(press(pay).0.status.code(), Some(130));
    let link = format!("file:{}", directory(&stage, "stick"));
    for words in [&["receive"][..], &["receive", "--link", &link]] {
        let mut command = stage.command("ben", &[&["--json"], words].concat());
        let process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let process = process.expect("the binary");
        thread::sleep(Duration::from_millis(1_000));
        assert_eq!(press(process).0.status.code(), Some(130), "{words:?}");
    }
    assert!(Command::new("true").status().expect("a command").success());
}
