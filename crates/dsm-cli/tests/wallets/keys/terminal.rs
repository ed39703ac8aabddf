//! A person at a terminal: the real binary under `script`, which gives it one.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::stage::Stage;

use super::{ISSUE, sealed};

/// A terminal with a command that runs on it.
struct Terminal {
    process: Child,
    shown: String,
}

impl Terminal {
    fn new(stage: &Stage, name: &str, words: &[&str]) -> Self {
        let command = stage.command(name, words);
        let words: Vec<_> =
            std::iter::once(command.get_program()).chain(command.get_args()).collect();
        let line: Vec<_> = words.iter().map(|word| format!("'{}'", word.display())).collect();
        let mut script = Command::new("script");
        script.args(["--quiet", "--return", "--command", &line.join(" "), "/dev/null"]);
        script.env_remove("DSM_PASSPHRASE_FILE").stdin(Stdio::piped()).stdout(Stdio::piped());
        Self { process: script.spawn().expect("script, of util-linux"), shown: String::new() }
    }

    /// Waits for a question, and types the answer.
    fn answer(mut self, question: &str, answer: &str) -> Self {
        let from = self.shown.len();
        let out = self.process.stdout.as_mut().expect("the screen");
        let mut byte = [0];
        while !self.shown[from..].contains(question) {
            assert_ne!(out.read(&mut byte).expect("a byte"), 0, "it ended: {}", self.shown);
            self.shown.push(char::from(byte[0]));
        }
        // The echo goes off a moment after the question; nobody types in that moment.
        std::thread::sleep(Duration::from_millis(700));
        let stdin = self.process.stdin.as_mut().expect("the keyboard");
        writeln!(stdin, "{answer}").and_then(|()| stdin.flush()).expect("a person who types");
        self
    }

    /// Its exit code, and all that was on the screen.
    fn end(mut self) -> (Option<i32>, String) {
        let mut rest = Vec::new();
        let out = self.process.stdout.as_mut().expect("the screen");
        out.read_to_end(&mut rest).expect("the rest");
        self.shown.push_str(&String::from_utf8_lossy(&rest));
        (self.process.wait().expect("its end").code(), self.shown)
    }
}

#[test]
fn a_person_is_asked_twice_and_what_is_typed_is_not_shown() {
    // No word of the list that mnemonics are written with, as `horse` is.
    const TYPED: &str = "Xylophon 1756";
    let stage = Stage::new();
    let init = Terminal::new(&stage, "ada", &["init"])
        .answer("New passphrase: ", TYPED)
        .answer("The same again: ", TYPED);
    let (code, shown) = init.end();
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("sealed under your passphrase") && !shown.contains("Xyl"), "{shown}");
    let meet = ["receive", "--link", "mail:/no/such/directory"];
    let ask = |typed| Terminal::new(&stage, "ada", &meet).answer("Passphrase of ", typed).end();
    let (_, right) = ask(TYPED);
    assert!(right.contains("there is no directory") && !right.contains("Xyl"), "{right}");
    let (code, wrong) = ask("Xylophon 175");
    assert_eq!(code, Some(1));
    assert!(wrong.contains("this is not the passphrase; try again"), "{wrong}");
    let (_, empty) = ask("");
    assert!(empty.contains("the passphrase is empty"), "{empty}");
    // What only reads asks nobody.
    let (code, shown) = Terminal::new(&stage, "ada", &["balance"]).end();
    assert!(code == Some(0) && shown.contains("nothing yet") && !shown.contains("Passphrase"));
}

#[test]
fn a_person_who_types_two_things_or_too_little_makes_nothing() {
    let stage = Stage::new();
    let differs = Terminal::new(&stage, "ada", &["init"])
        .answer("New passphrase: ", "correct horse")
        .answer("The same again: ", "correct house");
    let (code, shown) = differs.end();
    assert!(code == Some(1) && shown.contains("the two are not the same; try again"), "{shown}");
    for (typed, said) in [("short", "at least 8 characters"), ("", "say --no-passphrase")] {
        let init = Terminal::new(&stage, "ada", &["init"]).answer("New passphrase: ", typed);
        let (code, shown) = init.end();
        assert!(code == Some(1) && shown.contains(said), "{shown}");
    }
    assert!(!stage.path("ada").exists());
}

#[test]
fn a_person_changes_the_passphrase() {
    let (stage, _, new) = sealed();
    let change = Terminal::new(&stage, "ada", &["passphrase"])
        .answer("Passphrase of ", "correct horse")
        .answer("New passphrase: ", "battery staple")
        .answer("The same again: ", "battery staple");
    let (code, shown) = change.end();
    assert_eq!(code, Some(0), "{shown}");
    stage.text("ada", &super::with(&new, &ISSUE));
}
