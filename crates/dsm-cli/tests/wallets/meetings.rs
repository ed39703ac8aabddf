//! First meetings of wallets that daemons serve: by programs, and by persons before a screen.

use std::io::{BufRead, BufReader};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::daemon::Served;
use crate::interrupt::press;
use crate::meet::{Screen, line};
use crate::stage::Stage;

/// Two wallets that never met, both served.
fn strangers() -> (Stage, Served, Served) {
    let stage = Stage::new();
    for name in ["ada", "ben"] {
        stage.found(name);
    }
    let (ada, ben) = (Served::new(&stage, "ada"), Served::new(&stage, "ben"));
    (stage, ada, ben)
}

fn begin(of: &Served, wanted: Value) -> String {
    let (status, begun) = of.send("POST", "/v1/meetings", Some(wanted));
    assert_eq!((status, &begun["state"]), (202, &"waiting".into()), "{begun}");
    format!("/v1/meetings/{}", begun["meeting"])
}

fn look(of: &Served, meeting: &str) -> Value {
    let (status, report) = of.send("GET", meeting, None);
    assert_eq!(status, 200, "{report}");
    report
}

/// How it goes on once somebody came, or nobody did.
fn settled(of: &Served, meeting: &str) -> Value {
    let mut looks = (0..600).map(|_| {
        thread::sleep(Duration::from_millis(50));
        look(of, meeting)
    });
    looks.find(|report| report["state"] != "waiting").expect("somebody comes, or nobody")
}

fn waits(of: &Served, name: &str) -> (String, Value) {
    let meeting = begin(of, json!({ "name": name, "wait": "tcp:127.0.0.1:0" }));
    let place = look(of, &meeting)["place"].clone();
    (meeting, place)
}

/// A meeting of the two, until both show digits.
fn meeting(ada: &Served, ben: &Served) -> (String, String) {
    let (at_ben, place) = waits(ben, "ada");
    let at_ada = begin(ada, json!({ "name": "ben", "link": place }));
    let digits = [(ada, &at_ada), (ben, &at_ben)].map(|(of, meeting)| {
        let report = settled(of, meeting);
        assert_eq!(report["state"], "compare", "{report}");
        report["digits"].as_str().expect("digits").to_owned()
    });
    assert_eq!(digits[0], digits[1]);
    assert!(digits[0].len() == 6 && digits[0].bytes().all(|digit| digit.is_ascii_digit()));
    (at_ada, at_ben)
}

fn says(of: &Served, meeting: &str, same: bool) -> (u16, Value) {
    of.send("POST", meeting, Some(json!({ "same": same })))
}

fn contacts(of: &Served) -> usize {
    let (_, contacts) = of.send("GET", "/v1/contacts", None);
    contacts.as_array().expect("a list").len()
}

#[test]
fn two_daemons_whose_persons_find_the_same_digits_are_contacts() {
    let (_stage, ada, ben) = strangers();
    let head = ada.head("GET", "/v1/events");
    let mut events = BufReader::new(ada.raw(format!("{head}\r\n").as_bytes())).lines();
    events.next().expect("the status").expect("text");
    let (at_ada, at_ben) = meeting(&ada, &ben);
    let data = |line: String| serde_json::from_str::<Value>(line.strip_prefix("data: ")?).ok();
    let told = events.map_while(Result::ok).find_map(data).expect("an event");
    let report = look(&ada, &at_ada);
    assert_eq!((&told["event"], &told["string"]), (&"string".into(), &report["digits"]));
    assert_eq!(told["meeting"], report["meeting"]);
    assert_eq!((contacts(&ada), contacts(&ben)), (0, 0), "nobody said yes yet");
    for (of, meeting) in [(&ada, &at_ada), (&ben, &at_ben)] {
        let (status, pinned) = says(of, meeting, true);
        assert_eq!((status, &pinned["state"]), (200, &"pinned".into()), "{pinned}");
        assert!(pinned["device"].is_string() && pinned["digits"].is_null(), "{pinned}");
        assert_eq!(says(of, meeting, true).0, 409, "it is over");
    }
    let synced = ada.send("POST", "/v1/contacts/ben/sync", Some(json!({ "link": ben.link })));
    assert_eq!(synced.0, 200, "{synced:?}");
    // Whoever is a contact already is met by nobody: no digits are shown.
    let (_, place) = waits(&ben, "ada again");
    let again = settled(&ada, &begin(&ada, json!({ "name": "ben again", "link": place })));
    assert_eq!((&again["state"], &again["status"]), (&"failed".into(), &409.into()), "{again}");
}

#[test]
fn a_no_to_a_program_pins_nobody_and_binds_nobody_else() {
    let (_stage, ada, ben) = strangers();
    let (at_ada, at_ben) = meeting(&ada, &ben);
    let (status, failed) = says(&ada, &at_ada, false);
    assert_eq!((status, &failed["state"]), (200, &"failed".into()), "{failed}");
    assert!(failed["why"]["error"].to_string().contains("somebody stands in between"), "{failed}");
    assert_eq!(says(&ada, &at_ada, true).0, 409, "a no is a no");
    assert_eq!((contacts(&ada), contacts(&ben)), (0, 0));
    assert_eq!(says(&ben, &at_ben, true).0, 200);
    assert_eq!((contacts(&ada), contacts(&ben)), (0, 1));
}

#[test]
fn a_meeting_that_is_ended_pins_nobody_and_leaves_its_place() {
    let (_stage, ada, ben) = strangers();
    let (at_ada, at_ben) = meeting(&ada, &ben);
    let (status, ended) = ada.send("DELETE", &at_ada, None);
    assert_eq!((status, &ended["state"]), (200, &"failed".into()), "{ended}");
    assert_eq!(says(&ada, &at_ada, true).0, 404);
    assert_eq!(ada.send("DELETE", &at_ada, None).0, 404);
    assert_eq!(contacts(&ada), 0);
    let (waiting, place) = waits(&ada, "ben");
    assert_eq!(says(&ada, &waiting, true).0, 409, "there are no digits");
    let taken = json!({ "name": "ben", "wait": place });
    assert_eq!(ada.send("POST", "/v1/meetings", Some(taken.clone())).0, 424);
    assert_eq!(ada.send("DELETE", &waiting, None).0, 200);
    let free = (0..100).any(|_| {
        thread::sleep(Duration::from_millis(50));
        ada.send("POST", "/v1/meetings", Some(taken.clone())).0 == 202
    });
    assert!(free, "nobody waits there any more");
    // Somebody who comes and says nothing holds up nobody when the meeting ends.
    let (waiting, place) = waits(&ben, "eve");
    let address = place.as_str().and_then(|place| place.strip_prefix("tcp:")).expect("a place");
    let mut silent = std::net::TcpStream::connect(address).expect("it waits");
    thread::sleep(Duration::from_millis(200));
    assert_eq!(ben.send("DELETE", &waiting, None).0, 200);
    silent.set_read_timeout(Some(Duration::from_secs(5))).expect("a timeout");
    let heard = std::io::Read::read(&mut silent, &mut [0; 1]).map_err(|error| error.kind());
    assert!(matches!(heard, Ok(0) | Err(std::io::ErrorKind::ConnectionReset)), "{heard:?}");
    assert_eq!(says(&ben, &at_ben, false).0, 200);
}

#[test]
fn more_meetings_than_a_person_can_watch_are_refused() {
    let (_stage, ada, _ben) = strangers();
    let all: Vec<String> = (0..4).map(|_| waits(&ada, "ben").0).collect();
    let more = json!({ "name": "ben", "wait": "tcp:127.0.0.1:0" });
    assert_eq!(ada.send("POST", "/v1/meetings", Some(more.clone())).0, 429);
    assert_eq!(ada.send("DELETE", &all[1], None).0, 200);
    let free = (0..100).any(|_| {
        thread::sleep(Duration::from_millis(50));
        ada.send("POST", "/v1/meetings", Some(more.clone())).0 == 202
    });
    assert!(free, "there is a place again");
    assert_eq!(ada.send("POST", "/v1/meetings", Some(more)).0, 429);
}

#[test]
fn a_program_cannot_begin_a_meeting_that_cannot_end_well() {
    let stage = Stage::wallets(&["ada", "cleo"]);
    stage.found("ben");
    let (ada, ben) = (Served::new(&stage, "ada"), Served::new(&stage, "ben"));
    let here = "tcp:127.0.0.1:0";
    let mail = format!("mail:{}", stage.path("").display());
    for (wanted, expected) in [
        (json!({ "name": "cleo", "wait": here }), 409),
        (json!({ "name": "", "wait": here }), 422),
        (json!({ "name": "b\u{1b}", "wait": here }), 422),
        (json!({ "name": "ben" }), 422),
        (json!({ "name": "ben", "wait": here, "link": here }), 422),
        (json!({ "name": "ben", "wait": "nowhere" }), 422),
        (json!({ "name": "ben", "wait": mail }), 422),
        (json!({ "name": "ben", "wait": "qr:-,/dev/video0" }), 422),
        (json!({ "name": "ben", "wait": here, "more": 1 }), 422),
    ] {
        let (status, refused) = ada.send("POST", "/v1/meetings", Some(wanted.clone()));
        assert_eq!(status, expected, "{wanted}: {refused}");
    }
    for (path, expected) in [("/v1/meetings/7", 404), ("/v1/meetings/x", 400)] {
        assert_eq!(ada.send("GET", path, None).0, expected, "{path}");
    }
    let nobody = begin(&ada, json!({ "name": "ben", "link": "tcp:127.0.0.1:1" }));
    let failed = settled(&ada, &nobody);
    assert_eq!((&failed["state"], &failed["status"]), (&"failed".into(), &424.into()), "{failed}");
    // The name is somebody else's by the time of the yes.
    let (at_ada, _) = meeting(&ada, &ben);
    let name = json!({ "name": "ben" });
    assert_eq!(ada.send("PATCH", "/v1/contacts/cleo", Some(name)).0, 200);
    let (status, taken) = says(&ada, &at_ada, true);
    assert_eq!((status, look(&ada, &at_ada)["state"].clone()), (409, "failed".into()), "{taken}");
    assert_eq!(contacts(&ada), 1);
}

#[test]
fn a_person_compares_at_the_terminal_while_a_daemon_serves_the_wallet() {
    let (stage, ada, _ben) = strangers();
    for answer in ["n\n", "y\n"] {
        let mut at_ben = Screen::new(&stage, "ben", &["ada", "--wait", "tcp:127.0.0.1:0"]);
        let waiting = line(&mut at_ben.error);
        let link = waiting.strip_prefix("waiting at ").expect("a place").to_owned();
        let mut at_ada = Screen::new(&stage, "ada", &["ben", "--link", &link]);
        assert_eq!(at_ada.string(), at_ben.string());
        let (code, said) = at_ada.answer(answer);
        let (expected, words) =
            if answer == "y\n" { (0, "ben is pinned: device") } else { (1, "nobody is pinned") };
        assert!(code == Some(expected) && said.contains(words), "{said}");
        let (code, said) = at_ben.answer(answer);
        assert!(code == Some(expected) && said.contains("pinned"), "{said}");
    }
    assert_eq!(contacts(&ada), 1);
    let text = stage.fails("ada", &["contact", "meet", "ben", "--link", "tcp:127.0.0.1:1"]);
    assert!(text.contains("choose another name"), "{text}");
    let nobody = ["contact", "meet", "eve", "--link", "tcp:127.0.0.1:1"];
    let text = stage.fails("ada", &nobody);
    assert!(text.contains("the other side runs `dsm contact meet --wait`"), "{text}");
    assert_eq!(stage.run("ada", &nobody).code, Some(4));
}

#[test]
fn whoever_presses_ctrl_c_at_a_served_meeting_ends_it() {
    let (stage, _ada, _ben) = strangers();
    let mut waiting = Screen::new(&stage, "ada", &["ben", "--wait", "tcp:127.0.0.1:0"]);
    let place = line(&mut waiting.error);
    let place = place.strip_prefix("waiting at ").expect("a place").to_owned();
    let (output, _) = press(waiting.process);
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let address = place.strip_prefix("tcp:").expect("an address");
    let free = (0..100).any(|_| {
        thread::sleep(Duration::from_millis(50));
        std::net::TcpListener::bind(address).is_ok()
    });
    assert!(free, "its daemon waits no more");
}
