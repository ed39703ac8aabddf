//! First meetings: two real processes, two persons who answer.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStderr, ChildStdout, Stdio};

use crate::stage::Stage;

/// A wallet at a first meeting, with a person before its screen.
pub(crate) struct Screen {
    pub(crate) process: Child,
    out: BufReader<ChildStdout>,
    pub(crate) error: BufReader<ChildStderr>,
}

pub(crate) fn line(from: &mut impl BufRead) -> String {
    let mut line = String::new();
    from.read_line(&mut line).expect("a line");
    line.trim_end().to_owned()
}

impl Screen {
    pub(crate) fn new(stage: &Stage, name: &str, words: &[&str]) -> Self {
        let mut command = stage.command(name, &[&["contact", "meet"], words].concat());
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("the binary");
        let out = BufReader::new(process.stdout.take().expect("its output"));
        let error = BufReader::new(process.stderr.take().expect("its errors"));
        Self { process, out, error }
    }

    /// The string, once it is shown.
    pub(crate) fn string(&mut self) -> String {
        let string = line(&mut self.out);
        assert_eq!(line(&mut self.out), "same on the other screen? [y/N]");
        assert!(string.len() == 6 && string.bytes().all(|digit| digit.is_ascii_digit()));
        string
    }

    /// The person answers; gives the exit code, and all that is still said.
    pub(crate) fn answer(mut self, answer: &str) -> (Option<i32>, String) {
        let mut stdin = self.process.stdin.take().expect("its input");
        stdin.write_all(answer.as_bytes()).expect("a person who answers");
        drop(stdin);
        let mut said = String::new();
        self.out.read_to_string(&mut said).expect("its output");
        self.error.read_to_string(&mut said).expect("its errors");
        (self.process.wait().expect("its end").code(), said)
    }
}

/// Two wallets that never met, and the screens of both at a meeting.
fn meeting() -> (Stage, Screen, Screen) {
    let stage = Stage::new();
    for name in ["ada", "ben"] {
        stage.json(name, &["init", "--no-passphrase"]);
    }
    let mut ben = Screen::new(&stage, "ben", &["ada", "--wait", "tcp:127.0.0.1:0"]);
    let waiting = line(&mut ben.error);
    let link = waiting.strip_prefix("waiting at ").expect("a place").to_owned();
    let ada = Screen::new(&stage, "ada", &["ben", "--link", &link]);
    (stage, ada, ben)
}

fn contacts(stage: &Stage, name: &str) -> usize {
    stage.json(name, &["contact", "list"])["contacts"].as_array().expect("an array").len()
}

#[test]
fn two_who_find_the_same_digits_are_contacts() {
    let (stage, mut ada, mut ben) = meeting();
    assert_eq!(ada.string(), ben.string());
    for (screen, pinned) in [(ada, "ben is pinned"), (ben, "ada is pinned")] {
        let (code, said) = screen.answer("y\n");
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains(pinned), "{said}");
    }
    let (met, _) = stage.meet("ada", &["contact", "sync", "ben"], "ben");
    assert_eq!(met.code, Some(0), "{met:?}");
}

#[test]
fn nobody_is_pinned_without_a_yes() {
    for answer in ["n\n", "\n", "", "yep\n", "no y\n"] {
        let (stage, mut ada, mut ben) = meeting();
        let _ = (ada.string(), ben.string());
        let (code, said) = ada.answer(answer);
        assert_eq!(code, Some(1), "{answer:?}: {said}");
        assert!(said.contains("nobody is pinned") && said.contains("`dsm contact add`"), "{said}");
        assert_eq!(contacts(&stage, "ada"), 0, "{answer:?}");
        // What the one person says binds nobody else.
        assert_eq!(ben.answer("yes\n").0, Some(0));
        assert_eq!(contacts(&stage, "ben"), 1);
    }
}

#[test]
fn a_program_reads_the_digits_as_an_object() {
    let stage = Stage::new();
    for name in ["ada", "ben"] {
        stage.json(name, &["init", "--no-passphrase"]);
    }
    let mut ben = Screen::new(&stage, "ben", &["ada", "--wait", "tcp:127.0.0.1:0", "--json"]);
    let read = |text: &str| -> serde_json::Value { serde_json::from_str(text).expect("an object") };
    let link = read(&line(&mut ben.out))["link"].as_str().expect("a link").to_owned();
    let mut ada = Screen::new(&stage, "ada", &["ben", "--link", &link, "--json"]);
    let (at_ada, at_ben) = (read(&line(&mut ada.out)), read(&line(&mut ben.out)));
    assert_eq!(at_ada["event"], "string");
    assert_eq!(at_ada["string"], at_ben["string"]);
    for screen in [ada, ben] {
        let (code, said) = screen.answer("Y\n");
        assert_eq!(code, Some(0), "{said}");
        assert!(read(&said)["device"].is_string());
    }
}

#[test]
fn a_meeting_that_cannot_end_well_is_not_begun() {
    let stage = Stage::wallets(&["ada", "ben"]);
    let nobody = "tcp:127.0.0.1:1";
    let text = stage.fails("ada", &["contact", "meet", "ben", "--link", nobody]);
    assert!(text.contains("choose another name"), "{text}");
    let text = stage.fails("ada", &["contact", "meet", "eve", "--link", nobody]);
    assert!(text.contains("the other side runs `dsm contact meet --wait`"), "{text}");
    let neither = stage.run("ada", &["contact", "meet", "eve"]);
    assert_eq!(neither.code, Some(2), "{neither:?}");
    let both = ["contact", "meet", "eve", "--link", nobody, "--wait", nobody];
    assert_eq!(stage.run("ada", &both).code, Some(2));
}
