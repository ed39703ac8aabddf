//! `kill -9` of either side in the middle of payments, over a line and at a memory stick: value is
//! conserved, and the next meeting settles.

use std::process::Stdio;
use std::time::Duration;

use dsm_engine::Stopwatch;

use crate::places::directory;
use crate::stage::Stage;

/// How often each side dies.
const DEATHS: u32 = 100;

/// How often both die at a memory stick.
const DEATHS_AT_A_STICK: u32 = 25;

/// How long a whole payment takes here and now, processes and all.
fn payment_time(stage: &Stage) -> Duration {
    let waiting = stage.wait("ben", &[]);
    let start = Stopwatch::start();
    let paid = stage.run("ada", &["pay", "ben", "0.01", "--link", &waiting.link]);
    let time = start.elapsed();
    assert_eq!(paid.code, Some(0), "{paid:?}");
    assert_eq!(waiting.end().code, Some(0));
    time
}

fn dies(payer_dies: bool) {
    let stage = Stage::rich(&["ada", "ben"]);
    let step = payment_time(&stage) * 5 / 4 / DEATHS;
    let mut unfinished = 0;
    for death in 0..DEATHS {
        let mut waiting = stage.wait("ben", &[]);
        let words = ["pay", "ben", "0.10", "--link", &waiting.link];
        let mut pay = stage.command("ada", &words);
        let mut pay = pay.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary");
        std::thread::sleep(step * death);
        if payer_dies {
            pay.kill().expect("it dies");
            // The other side hears the line break, or never heard of a call.
            std::thread::sleep(step);
            let _ = waiting.process.kill();
        } else {
            waiting.process.kill().expect("it dies");
        }
        let _ = pay.wait().expect("it ended");
        let _ = waiting.process.wait().expect("it ended");
        let before = stage.balance("ada");
        unfinished += u32::from(before + stage.balance("ben") != 10_000);
        let (one, other) = stage.meet("ada", &["contact", "sync", "ben"], "ben");
        assert_eq!((one.code, other.code), (Some(0), Some(0)), "{death}: {one:?} {other:?}");
        let (ada, ben) = (stage.balance("ada"), stage.balance("ben"));
        assert_eq!((ada, ada + ben), (before, 10_000), "{death}");
    }
    settled(&stage);
    assert!(unfinished < DEATHS, "some payments were never begun, or done");
}

/// Every payment is acknowledged, and nobody has anything against anybody.
fn settled(stage: &Stage) {
    let history = stage.text("ada", &["history", "ben"]);
    assert!(!history.contains("not acknowledged yet"), "{history}");
    for name in ["ada", "ben"] {
        let evidence = stage.json(name, &["evidence", "list"]);
        assert_eq!(evidence["evidence"], serde_json::json!([]), "nobody forked");
    }
    assert!(stage.text("ben", &["verify"]).contains("class     exposed"));
}

#[test]
fn a_killed_payer_loses_and_makes_nothing() {
    dies(true);
}

#[test]
fn a_killed_payee_loses_and_makes_nothing() {
    dies(false);
}

/// Runs a command that is killed after some time.
fn dies_at(stage: &Stage, name: &str, words: &[&str], time: Duration) {
    let mut command = stage.command(name, words);
    let command = command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut process = command.spawn().expect("the binary");
    std::thread::sleep(time);
    let _ = process.kill();
    process.wait().expect("it ended");
}

#[test]
fn payers_and_payees_killed_at_a_memory_stick_lose_and_make_nothing() {
    let stage = Stage::rich(&["ada", "ben"]);
    let link = format!("mail:{}", directory(&stage, "stick"));
    let pay = ["pay", "ben", "0.10", "CUP", "--link", &link];
    let sync = ["contact", "sync", "ben", "--link", &link];
    let receive = ["receive", "--link", &link];
    let start = Stopwatch::start();
    assert_eq!(stage.run("ada", &pay).code, Some(0));
    let step = start.elapsed() * 5 / 4 / DEATHS_AT_A_STICK;
    let mut paid = 0;
    for death in 0..DEATHS_AT_A_STICK {
        let had = stage.balance("ada");
        dies_at(&stage, "ada", &pay, step * death);
        // Now early in one, now in another.
        dies_at(&stage, "ben", &receive, step * (death * 7 % DEATHS_AT_A_STICK));
        dies_at(&stage, "ada", &receive, step * (death * 11 % DEATHS_AT_A_STICK));
        let before = stage.balance("ada");
        paid += u32::from(before != had);
        for (name, words) in [("ada", &sync[..]), ("ben", &receive), ("ada", &receive)] {
            let said = stage.run(name, words);
            assert_eq!(said.code, Some(0), "{death}: {name}: {said:?}");
        }
        let (ada, ben) = (stage.balance("ada"), stage.balance("ben"));
        assert_eq!((ada, ada + ben), (before, 10_000), "{death}");
    }
    settled(&stage);
    assert!(paid > 0 && paid < DEATHS_AT_A_STICK, "{paid} payments: the deaths are not in them");
}
