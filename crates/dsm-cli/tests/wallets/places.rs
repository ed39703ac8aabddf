//! Every place at which two wallets can meet on one machine: a payment and its receipt arrive.

use dsm_crypto::Secret;
use dsm_home::{Home, fresh};
use dsm_session::Goal;
use dsm_transport::trial::Line;
use dsm_transport::{Mark, Place};

use crate::stage::Stage;

/// One wallet waits at a place, the other pays it at what may be another end of it.
fn pays(waits_at: &str, calls_at: Option<&str>, stage: &Stage) {
    let waiting = stage.wait("ben", &["--link", waits_at]);
    let link = calls_at.unwrap_or(&waiting.link).to_owned();
    let paid = stage.run("ada", &["--json", "pay", "ben", "12.50", "--link", &link]);
    let received = waiting.end();
    assert_eq!((paid.code, received.code), (Some(0), Some(0)), "{paid:?} {received:?}");
    assert!(paid.event("acknowledged").is_some(), "{paid:?}");
    assert_eq!(received.event("received").expect("the amount")["units"], "1250");
    let figures = paid.event("met").expect("the figures");
    assert!(figures["sent_bytes"].as_u64() > Some(3_000), "{figures}");
}

pub(crate) fn directory(stage: &Stage, name: &str) -> String {
    let path = stage.path(name);
    std::fs::create_dir(&path).expect("a directory");
    path.display().to_string()
}

#[test]
fn two_wallets_pay_over_tcp_by_name() {
    pays("tcp:localhost:0", None, &Stage::rich(&["ada", "ben"]));
}

#[test]
fn two_wallets_find_each_other_on_the_network() {
    pays("lan:loopback", None, &Stage::rich(&["ada", "ben"]));
}

#[test]
fn two_wallets_pay_over_a_serial_line() {
    let line = Line::new(None).expect("a line");
    let [near, far] = line.ends().map(|end| format!("serial:{}", end.display()));
    let stage = Stage::rich(&["ada", "ben"]);
    pays(&near, Some(&far), &stage);
    pays(&near, Some(&far), &stage);
}

#[test]
fn two_wallets_pay_through_files() {
    let stage = Stage::rich(&["ada", "ben"]);
    let stick = directory(&stage, "stick");
    pays(&format!("file:{stick}"), None, &stage);
    pays(&format!("file:{stick}"), None, &stage);
}

#[test]
fn two_contacts_use_one_stick_one_after_the_other() {
    let stage = Stage::rich(&["ada", "ben", "cleo"]);
    let link = format!("file:{}", directory(&stage, "stick"));
    let waiting = stage.wait("ben", &["--link", &link, "--times", "2"]);
    let paid = stage.run("ada", &["--json", "pay", "ben", "1", "--link", &link]);
    let synced = stage.run("cleo", &["--json", "contact", "sync", "ben", "--link", &link]);
    let received = waiting.end();
    let codes = [paid.code, synced.code, received.code];
    assert_eq!(codes, [Some(0); 3], "{paid:?} {synced:?} {received:?}");
    assert_eq!(stage.balance("ben"), 100);
}

#[test]
fn who_stays_at_a_stick_and_says_nothing_more_keeps_nobody_else_from_it() {
    let stage = Stage::rich(&["ada", "ben", "cleo"]);
    let link = format!("file:{}", directory(&stage, "stick"));
    let waiting = stage.wait("ben", &["--link", &link, "--times", "2"]);
    let mut ada = Home::new(Some(stage.path("ada"))).expect("a home").open().expect("a wallet");
    let books = ada.wallet().books().expect("books");
    let card = books.contact_named("ben").expect("a contact").card;
    let place: Place = link.parse().expect("a place");
    let stays = place.call(fresh().expect("bytes"), &|_| Mark::default()).expect("a link");
    let secret = Secret::from_bytes(fresh().expect("bytes"));
    let mut stays = ada.call(stays, &card.kem, secret).expect("a channel");
    let goal = Goal::Sync { peer: card.descriptor.id() };
    ada.converse(&mut stays, goal, fresh().expect("bytes"), &mut |_| ()).expect("a conversation");
    // Her end lives on, as that of a stick that was pulled. `end` waits for one minute, a link over a stick for 15.
    let synced = stage.run("cleo", &["--json", "contact", "sync", "ben", "--link", &link]);
    let received = waiting.end();
    assert_eq!((synced.code, received.code), (Some(0), Some(0)), "{synced:?} {received:?}");
    drop(stays);
}

#[test]
fn two_wallets_pay_by_showing_pictures_of_letters_to_each_other() {
    let stage = Stage::rich(&["ada", "ben"]);
    let (ada, ben) = (directory(&stage, "of-ada"), directory(&stage, "of-ben"));
    let (at_ben, at_ada) = (format!("qr:{ben},{ada}"), format!("qr:{ada},{ben}"));
    pays(&at_ben, Some(&at_ada), &stage);
    // Whoever asks gets just that, and calling without paying delivers what is due.
    let asks = ["--amount", "2", "--token", "CUP", "--memo", "tea", "--link", &at_ben];
    let waiting = stage.wait("ben", &asks);
    let paid = stage.run("ada", &["--json", "pay", "ben", "2", "--link", &at_ada]);
    let received = waiting.end();
    assert_eq!((paid.code, received.code), (Some(0), Some(0)), "{paid:?} {received:?}");
    assert_eq!(paid.event("asked").expect("the request")["memo"], "tea");
    assert_eq!(received.event("received").expect("the amount")["units"], "200");
    stage.json("ben", &["pay", "ada", "1", "--away"]);
    let waiting = stage.wait("ben", &["--link", &at_ben]);
    let synced = stage.run("ada", &["--json", "contact", "sync", "ben", "--link", &at_ada]);
    let answered = waiting.end();
    assert_eq!((synced.code, answered.code), (Some(0), Some(0)), "{synced:?} {answered:?}");
    assert_eq!(synced.event("received").expect("the amount")["units"], "100");
    assert!(answered.event("acknowledged").is_some(), "{answered:?}");
    assert_eq!((stage.balance("ada"), stage.balance("ben")), (10_000 - 1_350, 1_350));
}
