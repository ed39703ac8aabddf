//! Letters in a directory that is carried between two wallets: lost, repeated, and in both directions.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::places::directory;
use crate::stage::{Said, Stage};

/// Ada, who is rich, Ben, and a memory stick.
struct Post {
    stage: Stage,
    stick: String,
    link: String,
}

impl Post {
    fn new() -> Self {
        let stage = Stage::rich(&["ada", "ben"]);
        let stick = directory(&stage, "stick");
        let link = format!("mail:{stick}");
        Self { stage, stick, link }
    }

    /// A command at the stick that must succeed.
    fn at(&self, name: &str, words: &[&str]) -> Said {
        let said = self.stage.run(name, &[&["--json"], words, &["--link", &self.link]].concat());
        assert_eq!(said.code, Some(0), "{name}: dsm {words:?}: {said:?}");
        assert!(said.error.is_empty(), "{said:?}");
        said
    }

    fn receive(&self, name: &str) -> Said {
        self.at(name, &["receive"])
    }

    fn letters(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(&self.stick).expect("the stick");
        let mut letters: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
        letters.sort();
        letters
    }

    fn balances(&self) -> (u64, u64) {
        (self.stage.balance("ada"), self.stage.balance("ben"))
    }

    /// Whether the wallet's newest payment is acknowledged.
    fn is_acknowledged(&self, name: &str) -> bool {
        let history = self.stage.json(name, &["history"]);
        let all = history["history"].as_array().expect("entries").clone();
        let paid = |one: &&Value| one["what"] == "paid";
        all.iter().rev().find(paid).expect("a payment")["acknowledged"] == true
    }
}

#[test]
fn a_payment_and_its_receipt_are_carried_on_a_stick_in_both_directions() {
    let post = Post::new();
    for (payer, payee) in [("ada", "ben"), ("ada", "ben"), ("ben", "ada")] {
        let paid = post.at(payer, &["pay", payee, "5", "CUP"]);
        assert!(paid.event("bound").is_some() && paid.event("posted").is_some(), "{paid:?}");
        assert!(!post.is_acknowledged(payer) && post.letters().len() == 1);
        let received = post.receive(payee);
        assert_eq!(received.event("received").expect("the amount")["units"], "500");
        assert_eq!(post.letters().len(), 1, "the receipt");
        assert!(post.receive(payer).event("acknowledged").is_some());
        assert!(post.is_acknowledged(payer) && post.letters().is_empty());
    }
    assert_eq!(post.balances(), (9_500, 500));
    let nothing = post.receive("ben");
    assert_eq!(nothing.event("collected").expect("an event")["letters"], 0);
    assert!(post.letters().is_empty());
}

#[test]
fn a_person_reads_what_to_do_next() {
    let post = Post::new();
    let pay = ["pay", "ben", "5", "CUP", "--link", &post.link];
    let said = post.stage.run("ada", &pay);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("payment written as entry 1"), "{said:?}");
    let next = format!("ben runs `dsm receive --link {}`", post.link);
    assert!(said.out.contains(&next), "{said:?}");
    let said = post.stage.run("ben", &["receive", "--link", &post.link]);
    assert!(said.out.contains("received 5.00 CUP ("), "{said:?}");
}

#[test]
fn a_lost_letter_is_written_again_and_a_repeated_one_changes_nothing() {
    let post = Post::new();
    post.at("ada", &["pay", "ben", "5"]);
    fs::remove_file(&post.letters()[0]).expect("a lost letter");
    assert_eq!(post.receive("ben").event("collected").expect("an event")["letters"], 0);
    // The next letter says the same; it is found though the one before is missing.
    post.at("ada", &["contact", "sync", "ben"]);
    let pay = post.letters()[0].clone();
    let bytes = fs::read(&pay).expect("a letter");
    assert!(post.receive("ben").event("received").is_some());
    // The receipt is lost, and the payment comes once more.
    fs::remove_file(&post.letters()[0]).expect("a lost receipt");
    fs::write(&pay, &bytes).expect("a repeated letter");
    let again = post.receive("ben");
    assert!(again.event("received").is_none() && post.stage.balance("ben") == 500, "{again:?}");
    post.at("ada", &["contact", "sync", "ben"]);
    let again = post.receive("ben");
    assert!(again.event("received").is_none(), "{again:?}");
    assert!(post.receive("ada").event("acknowledged").is_some());
    assert_eq!(post.balances(), (9_500, 500));
}

#[test]
fn a_request_is_seen_paid_and_receipted_by_letters() {
    let post = Post::new();
    // Ben learns of the token by being paid in it.
    post.at("ada", &["pay", "ben", "1"]);
    post.receive("ben");
    post.receive("ada");
    let memo = "ros\u{e9}\u{1b}[2J";
    let ask =
        ["request", "2.50", "CUP", "--from", "ada", "--memo", memo, "--expires", "2000000000"];
    post.at("ben", &ask);
    assert!(post.receive("ada").event("asked").is_some());
    let requests = post.stage.json("ada", &["requests"]);
    assert_eq!(requests["requests"][0]["units"], "250");
    let shown = post.stage.text("ada", &["requests"]);
    assert!(shown.contains("ben asks for 2.50 CUP") && shown.contains("\\u{1b}[2J"), "{shown}");
    assert!(!shown.contains('\u{1b}'));
    post.at("ada", &["pay", "ben", "2.50"]);
    let none = post.stage.text("ada", &["requests"]);
    assert!(none.contains("nobody asks"), "{none}");
    assert_eq!(post.receive("ben").event("received").expect("the amount")["units"], "250");
    assert!(post.receive("ada").event("acknowledged").is_some());
    // The same by the flags of receive; whoever pays something else leaves the request open.
    let flags = ["receive", "--amount", "3", "--token", "CUP", "--from", "ada"];
    post.at("ben", &flags);
    post.at("ada", &["pay", "ben", "1"]);
    assert!(post.stage.text("ada", &["requests"]).contains("3.00 CUP"));
    post.receive("ben");
    assert_eq!(post.balances(), (9_550, 450));
}

#[test]
fn a_payment_to_somebody_who_is_away_is_delivered_by_letter_or_at_a_meeting() {
    let post = Post::new();
    let stage = &post.stage;
    let said = stage.run("ada", &["--json", "pay", "ben", "3", "--away"]);
    assert!(said.code == Some(0) && said.event("bound").is_some(), "{said:?}");
    let (synced, received) = stage.meet("ada", &["contact", "sync", "ben"], "ben");
    assert_eq!((synced.code, received.code), (Some(0), Some(0)), "{synced:?} {received:?}");
    assert_eq!(stage.balance("ben"), 300);
    stage.run("ada", &["pay", "ben", "4", "--away"]);
    post.at("ada", &["contact", "sync", "ben"]);
    assert_eq!(post.receive("ben").event("received").expect("the amount")["units"], "400");
    assert!(post.receive("ada").event("acknowledged").is_some());
    assert_eq!(post.balances(), (9_300, 700));
}

#[test]
fn what_cannot_be_done_says_what_to_do_next() {
    let post = Post::new();
    let (stage, link) = (&post.stage, post.link.as_str());
    for (words, next) in [
        (&["pay", "ben", "5", "--link", "mail:/no/such/stick"][..], "plug it in or make it"),
        (&["pay", "ben", "500", "--link", link], "nothing was paid"),
        (&["pay", "cleo", "5", "--link", link], "dsm contact list"),
        (&["receive", "--amount", "5", "--token", "CUP", "--link", link], "--from CONTACT"),
        (&["receive", "--amount", "5", "--token", "CUP", "--from", "ben"], "mail:DIRECTORY"),
        (
            &["request", "5", "CUP", "--from", "ben", "--link", "tcp:[::1]:1"],
            "dsm receive --amount",
        ),
    ] {
        let error = stage.fails("ada", words);
        assert!(error.contains(next), "{words:?}: {error}");
    }
    assert!(post.letters().is_empty());
    let nowhere = stage.run("ada", &["pay", "ben", "5"]);
    assert!(nowhere.code == Some(2) && nowhere.error.contains("--link"), "{nowhere:?}");
    let odd = stage.run("ada", &["pay", "ben", "5", "--link", "mail:"]);
    assert!(odd.code == Some(2) && odd.error.contains("mail:DIRECTORY"), "{odd:?}");
    assert_eq!(post.balances(), (10_000, 0));
}
