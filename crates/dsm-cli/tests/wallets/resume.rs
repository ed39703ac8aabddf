//! A payment that was begun on one link is taken up on another, and nothing new is paid.

use std::thread;
use std::time::Duration;

use crate::interrupt::{PAID, SOON, pays, press, silent_after};
use crate::places::directory;
use crate::stage::Stage;

/// Ada's payment of 1.00 to Ben is written, and the line breaks before he can say that he has it.
fn begun(stage: &Stage) {
    let waiting = stage.wait("ben", &[]);
    let (link, told) = silent_after(PAID, &waiting.link);
    let pay = pays(stage, &link);
    told.recv_timeout(SOON).expect("it pays");
    thread::sleep(Duration::from_millis(500));
    let said = press(pay).0;
    assert!(String::from_utf8_lossy(&said.stderr).contains("dsm pay --resume ben"), "{said:?}");
    waiting.end();
}

fn is_acknowledged(stage: &Stage) -> bool {
    stage.json("ada", &["contact", "show", "ben"])["due_from"] == serde_json::json!([])
}

#[test]
fn a_payment_that_was_begun_is_taken_up_on_any_link() {
    for kind in ["file", "qr", "tcp"] {
        let stage = Stage::rich(&["ada", "ben", "cleo"]);
        begun(&stage);
        assert!(!is_acknowledged(&stage));
        let (one, other) = (directory(&stage, "one"), directory(&stage, "other"));
        let (at_ben, at_ada) = match kind {
            "file" => (format!("file:{one}"), format!("file:{one}")),
            "qr" => (format!("qr:{one},{other}"), format!("qr:{other},{one}")),
            _ => ("tcp:127.0.0.1:0".to_owned(), String::new()),
        };
        let waiting = stage.wait("ben", &["--link", &at_ben]);
        let link = if at_ada.is_empty() { waiting.link.clone() } else { at_ada };
        let said = stage.run("ada", &["--json", "pay", "--resume", "--link", &link]);
        let received = waiting.end();
        assert_eq!((said.code, received.code), (Some(0), Some(0)), "{kind} {said:?} {received:?}");
        assert!(said.event("bound").is_none(), "{said:?}");
        let resumed = said.event("resumed").expect("what was delivered");
        assert_eq!(resumed["entries"], serde_json::json!([1]));
        assert!(is_acknowledged(&stage));
        assert_eq!((stage.balance("ada"), stage.balance("ben")), (9_900, 100), "{kind}");
    }
}

#[test]
fn a_payment_that_was_begun_goes_on_by_letter_and_is_paid_once() {
    let stage = Stage::rich(&["ada", "ben"]);
    begun(&stage);
    let link = format!("mail:{}", directory(&stage, "stick"));
    for _ in 0..2 {
        let posted = stage.json("ada", &["pay", "--resume", "ben", "--link", &link]);
        assert_eq!(posted["event"], "posted");
    }
    stage.json("ben", &["receive", "--link", &link]);
    stage.json("ada", &["receive", "--link", &link]);
    assert!(is_acknowledged(&stage));
    assert_eq!((stage.balance("ada"), stage.balance("ben")), (9_900, 100));
}

#[test]
fn where_no_payment_is_begun_it_says_so_and_calls_nobody() {
    let stage = Stage::rich(&["ada", "ben", "cleo"]);
    let nobody = "tcp:127.0.0.1:1";
    for words in [&["pay", "--resume"][..], &["pay", "--resume", "ben"]] {
        let said = stage.json("ada", &[words, &["--link", nobody]].concat());
        assert_eq!(said["event"], "nothing_due");
        assert!(
            stage.text("ada", &[words, &["--link", nobody]].concat()).contains("nothing is paid")
        );
    }
    stage.json("ada", &["pay", "ben", "1", "--away"]);
    let error = stage.fails("ada", &["pay", "--resume", "--link", nobody]);
    assert!(error.contains("stays written") && error.contains("dsm pay --resume ben"), "{error}");
    stage.json("ada", &["pay", "cleo", "1", "--away"]);
    let error = stage.fails("ada", &["pay", "--resume", "--link", nobody]);
    assert!(error.contains("ben, cleo are begun: say which"), "{error}");
    assert!(
        stage.fails("ada", &["pay", "--resume", "eve", "--link", nobody]).contains("no contact")
    );
    assert_eq!(stage.balance("ada"), 9_800);
}

#[test]
fn who_meets_again_is_told_of_the_payments_that_became_final_since() {
    let stage = Stage::rich(&["ada", "ben"]);
    let link = format!("mail:{}", directory(&stage, "stick"));
    stage.json("ada", &["pay", "ben", "1", "--link", &link]);
    stage.json("ada", &["pay", "ben", "2", "--link", &link]);
    stage.json("ben", &["receive", "--link", &link]);
    // Ben's answer lies in the directory, and both meet before Ada reads it.
    let (synced, _) = stage.meet("ada", &["contact", "sync", "ben"], "ben");
    let told: Vec<_> = synced
        .objects()
        .iter()
        .filter(|one| one["event"] == "acknowledged")
        .map(|one| one["entry"].clone())
        .collect();
    assert_eq!(told, [1, 2], "{synced:?}");
    // Once.
    stage.json("ada", &["receive", "--link", &link]);
    let (again, _) = stage.meet("ada", &["pay", "ben", "1"], "ben");
    let told = again.objects().iter().filter(|one| one["event"] == "acknowledged").count();
    assert_eq!(told, 1, "{again:?}");
}
