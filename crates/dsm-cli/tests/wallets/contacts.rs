//! Contacts: their names, what is open with them, and those with whom nothing is dealt.

use std::fs;

use dsm_core::identity::Card;
use dsm_crypto::text;
use dsm_encoding::{from_slice, to_vec};
use serde_json::json;

use crate::daemon::Served;
use crate::places::directory;
use crate::stage::Stage;

#[test]
fn a_contact_shows_what_is_open_between_both() {
    let stage = Stage::rich(&["ada", "ben"]);
    let (paid, _) = stage.meet("ada", &["pay", "ben", "2"], "ben");
    assert_eq!(paid.code, Some(0), "{paid:?}");
    let ben = stage.json("ada", &["contact", "show", "ben"]);
    assert_eq!(ben["device"], stage.json("ben", &["id"])["device"]);
    assert_eq!((&ben["known_index"], &ben["accepted_index"]), (&json!(1), &json!(1)), "{ben}");
    assert_eq!(
        (&ben["due_to"], &ben["due_from"], &ben["asks"]),
        (&json!([]), &json!([]), &json!(null))
    );
    stage.json("ada", &["pay", "ben", "3", "CUP", "--away"]);
    stage.json("ada", &["pay", "ben", "1.50", "CUP", "--away"]);
    let ben = stage.json("ada", &["contact", "show", "ben"]);
    assert_eq!((&ben["due_to"][0]["units"], &ben["due_from"]), (&json!("450"), &json!([2, 3])));
    let shown = stage.text("ada", &["contact", "show", "ben"]);
    for part in
        ["due to it    4.50 CUP", "acknowledgements of entries 2, 3", "accepted  up to entry 1"]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let link = format!("mail:{}", directory(&stage, "stick"));
    stage.json("ben", &["request", "7", "CUP", "--from", "ada", "--memo", "tea", "--link", &link]);
    stage.json("ada", &["receive", "--link", &link]);
    let asks = &stage.json("ada", &["contact", "show", "ben"])["asks"];
    assert_eq!((&asks["units"], &asks["memo"]), (&json!("700"), &json!("tea")));
}

#[test]
fn a_contact_is_renamed_and_stays_who_it_is() {
    let stage = Stage::rich(&["ada", "ben", "cleo"]);
    let device = stage.json("ada", &["contact", "show", "ben"])["device"].clone();
    assert!(stage.text("ada", &["contact", "rename", "ben", "Benjamin"]).contains("Benjamin"));
    assert_eq!(stage.json("ada", &["contact", "show", "Benjamin"])["device"], device);
    assert!(stage.fails("ada", &["contact", "show", "ben"]).contains("see `dsm contact list`"));
    let (paid, _) = stage.meet("ada", &["pay", "Benjamin", "2"], "ben");
    assert_eq!(paid.event("hello").expect("a meeting")["peer"], "Benjamin", "{paid:?}");
    for (old, new, next) in [
        ("Benjamin", "cleo", "choose another name"),
        ("Benjamin", "", "1 to 128 bytes"),
        ("Benjamin", "e\u{1b}[2J", "no control characters"),
        ("eve", "bea", "see `dsm contact list`"),
    ] {
        assert!(stage.fails("ada", &["contact", "rename", old, new]).contains(next), "{new}");
    }
    // The old name is free again.
    stage.text("ada", &["contact", "rename", "cleo", "ben"]);
}

/// A card with the KEM key of another one.
fn forged(card: &str, kem_of: &str) -> String {
    let read = |text: &str| -> Card {
        from_slice(&text::decode("dsmcard", text.trim()).expect("a card")).expect("a card")
    };
    let forged = Card { kem: read(kem_of).kem, ..read(card) };
    text::encode("dsmcard", &to_vec(&forged)).expect("a text")
}

#[test]
fn who_may_be_pinned_is_one_rule_for_people_and_for_programs() {
    let stage = Stage::wallets(&["ada", "ben", "cleo"]);
    stage.found("dan");
    let card = |name: &str| stage.text(name, &["id"]);
    let forged = forged(&card("dan"), &card("ben"));
    let long = "x".repeat(129);
    let cases: [(&str, String, u16); 9] = [
        ("eve", "dsmcard1junk".to_owned(), 422),
        ("eve", "x".repeat(60_000), 422),
        ("eve", forged, 422),
        ("eve", card("ada"), 422),
        ("eve", card("ben"), 409),
        ("ben", card("dan"), 409),
        ("", card("dan"), 422),
        (&long, card("dan"), 422),
        ("e\u{7}", card("dan"), 422),
    ];
    let typed = |(name, card, _): &(&str, String, u16)| {
        let file = stage.write("card", card);
        let said = stage.run("ada", &["--json", "contact", "add", name, &file]);
        let error = said.event("error").expect("an error");
        (said.code, error["error"].clone(), error["rule"].clone())
    };
    let alone = cases.each_ref().map(typed);
    let ada = Served::new(&stage, "ada");
    for (case, alone) in cases.iter().zip(&alone) {
        let (name, card, expected) = case;
        let (status, said) =
            ada.send("POST", "/v1/contacts", Some(json!({ "name": name, "card": card })));
        assert_eq!(
            (status, &said["error"], &said["rule"]),
            (*expected, &alone.1, &alone.2),
            "{name}"
        );
        assert_eq!(typed(case), *alone, "{name}");
    }
    assert_eq!((alone[2].0, alone[3].0, &alone[2].2), (Some(3), Some(1), &json!("R-53")));
    // A contact keeps its name if it is asked to.
    for (old, new, code) in
        [("ben", "ben", 0), ("ben", "cleo", 1), ("ben", "", 1), ("eve", "x", 1), ("ben", "bob", 0)]
    {
        let said = stage.run("ada", &["contact", "rename", old, new]);
        assert_eq!(said.code, Some(code), "{old} {new}: {said:?}");
    }
    stage.text("ada", &["contact", "block", "bob"]);
    let shown = stage.json("ada", &["contact", "show", "bob"]);
    drop(ada);
    assert_eq!(
        (&shown["blocked"], &shown),
        (&json!(true), &stage.json("ada", &["contact", "show", "bob"]))
    );
    stage.text("ada", &["contact", "rename", "bob", "bob"]);
}

#[test]
fn a_blocked_contact_is_refused_at_every_place_and_nothing_is_signed_for_it() {
    let stage = Stage::rich(&["ada", "ben", "cleo"]);
    let (paid, _) = stage.meet("ada", &["pay", "ben", "2"], "ben");
    assert_eq!(paid.code, Some(0), "{paid:?}");
    stage.json("ben", &["pay", "ada", "1", "CUP", "--away"]);
    stage.text("ben", &["contact", "block", "ada"]);
    assert!(stage.text("ben", &["contact", "list"]).contains("blocked"));
    // The card names the place of the own log: it moves with every signature.
    let (card, history) = (stage.text("ben", &["id"]), stage.text("ben", &["history"]));

    let waiting = stage.wait("ben", &[]);
    for words in [&["pay", "ben", "5"][..], &["contact", "sync", "ben"]] {
        let said = stage.run("ada", &[&["--json"], words, &["--link", &waiting.link]].concat());
        let error = said.event("error").expect("an error");
        assert_eq!(error["rule"], "R-35", "{said:?}");
        assert!(said.event("hello").is_none() && said.event("bound").is_none(), "{said:?}");
    }
    // It uses up the visit of nobody, and hears of nobody's money.
    let synced = stage.run("cleo", &["contact", "sync", "ben", "--link", &waiting.link]);
    assert_eq!(synced.code, Some(0), "{synced:?}");
    let received = waiting.end();
    assert_eq!(received.code, Some(0), "{received:?}");
    assert!(received.objects().iter().all(|one| one["peer"] != "ada"), "{received:?}");

    let (of_ada, of_ben) = (directory(&stage, "of-ada"), directory(&stage, "of-ben"));
    let waiting = stage.wait("ben", &["--link", &format!("qr:{of_ben},{of_ada}")]);
    let said = stage.run("ada", &["pay", "ben", "5", "--link", &format!("qr:{of_ada},{of_ben}")]);
    assert!(said.error.contains("nothing was paid") || said.code != Some(0), "{said:?}");
    drop(waiting.stop());

    let stick = directory(&stage, "stick");
    let link = format!("mail:{stick}");
    stage.json("ada", &["pay", "ben", "5", "CUP", "--link", &link]);
    let letters = || fs::read_dir(&stick).expect("the stick").count();
    assert_eq!(letters(), 1);
    let collected = stage.json("ben", &["receive", "--link", &link]);
    assert_eq!((&collected["letters"], letters()), (&json!(0), 1), "it is left where it is");

    for words in [&["pay", "ada", "1"][..], &["contact", "sync", "ada"]] {
        let error = stage.fails("ben", &[words, &["--link", "tcp:127.0.0.1:1"]].concat());
        assert!(error.contains("`dsm contact unblock ada` first"), "{error}");
    }
    assert!(stage.fails("ben", &["pay", "ada", "1", "--away"]).contains("unblock"));
    assert_eq!(stage.text("ben", &["id"]), card, "nothing was signed");
    assert_eq!(stage.text("ben", &["history"]), history, "what is owed stays written");
    assert_eq!(stage.json("ben", &["contact", "show", "ada"])["due_from"], json!([2]));

    stage.text("ben", &["contact", "unblock", "ada"]);
    assert_eq!(stage.json("ben", &["receive", "--link", &link])["event"], "posted");
    assert_eq!(stage.balance("ben"), 600);
    assert!(stage.json("ada", &["receive", "--link", &link])["event"] == "posted");
    assert_eq!(stage.balance("ada"), 9_400);
}

#[test]
fn the_evidence_against_a_blocked_contact_is_kept() {
    let stage = Stage::rich(&["ada", "ben", "cleo"]);
    stage.copy("ada", "copy");
    assert_eq!(stage.meet("ada", &["pay", "ben", "2"], "ben").0.code, Some(0));
    assert_eq!(stage.meet("copy", &["pay", "cleo", "2"], "cleo").0.code, Some(0));
    stage.text("ben", &["contact", "block", "ada"]);
    assert_eq!(stage.meet("cleo", &["contact", "sync", "ben"], "ben").0.code, Some(0));
    let evidence = stage.json("ben", &["evidence", "list"]);
    assert_eq!(evidence["evidence"][0]["name"], "ada", "{evidence}");
    assert_eq!(stage.json("ben", &["contact", "show", "ada"])["forked"], true);
}
