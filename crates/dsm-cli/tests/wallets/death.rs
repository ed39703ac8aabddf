//! `kill -9` of either side in the middle of payments: value is conserved, and the next meeting settles.

use std::process::Stdio;
use std::time::Duration;

use dsm_engine::Stopwatch;

use crate::stage::Stage;

/// How often each side dies.
const DEATHS: u32 = 100;

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
    let history = stage.text("ada", &["history", "ben"]);
    assert!(!history.contains("not acknowledged yet"), "{history}");
    for name in ["ada", "ben"] {
        let evidence = stage.json(name, &["evidence", "list"]);
        assert_eq!(evidence["evidence"], serde_json::json!([]), "nobody forked");
    }
    assert!(stage.text("ben", &["verify"]).contains("class     exposed"));
    assert!(unfinished < DEATHS, "some payments were never begun, or done");
}

#[test]
fn a_killed_payer_loses_and_makes_nothing() {
    dies(true);
}

#[test]
fn a_killed_payee_loses_and_makes_nothing() {
    dies(false);
}
