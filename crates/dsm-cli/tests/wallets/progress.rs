//! What a person at a terminal sees while something takes long, and what a program does not.

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::stage::Stage;

/// What a command writes to a terminal of its own within a moment, at a place where nobody answers.
fn on_a_terminal(stage: &Stage, json: &str, colour: Option<&str>) -> String {
    let deaf = TcpListener::bind("127.0.0.1:0").expect("a port");
    let (dsm, home) = (env!("CARGO_BIN_EXE_dsm"), stage.path("ada"));
    let place = deaf.local_addr().expect("an address");
    let line = format!(
        "timeout -s INT 3 {dsm} --home {} {json} pay ben 1 --link tcp:{place}",
        home.display()
    );
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]).env("TERM", "xterm").stdin(Stdio::null());
    match colour {
        Some(value) => command.env("NO_COLOR", value),
        None => command.env_remove("NO_COLOR"),
    };
    let said = command.output().expect("the command script, of bsdutils");
    String::from_utf8_lossy(&said.stdout).into_owned()
}

#[test]
fn a_person_at_a_terminal_sees_that_something_goes_on() {
    let stage = Stage::rich(&["ada", "ben"]);
    for colour in [None, Some("1")] {
        let seen = on_a_terminal(&stage, "", colour);
        assert!(seen.contains("calling ben"), "{seen:?}");
        assert!(seen.contains("nothing was paid"), "{seen:?}");
        // An `m` ends what sets a colour.
        let sets_colour = seen.split("\u{1b}[").skip(1).any(|part| {
            part.trim_start_matches(|one: char| one.is_ascii_digit() || one == ';').starts_with('m')
        });
        assert!(!sets_colour, "{seen:?}");
    }
    let seen = on_a_terminal(&stage, "--json", None);
    assert!(!seen.contains("calling") && !seen.contains('\u{1b}'), "{seen:?}");
}

#[test]
fn who_is_no_terminal_sees_nothing_of_it() {
    let stage = Stage::rich(&["ada", "ben"]);
    let mut pay = stage.wait("ben", &[]);
    thread::sleep(Duration::from_millis(500));
    let paid = stage.run("ada", &["pay", "ben", "1", "--link", &pay.link]);
    assert!(!paid.error.contains("calling") && !paid.out.contains("calling"), "{paid:?}");
    let _ = pay.process.wait();
}
