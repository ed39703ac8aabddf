//! What every command says, to people and to programs.

use std::os::unix::fs::PermissionsExt;

use crate::stage::Stage;

#[test]
fn a_new_wallet_shows_its_mnemonic_once_and_is_for_its_owner_only() {
    let stage = Stage::new();
    let said = stage.text("ada", &["init", "--no-passphrase"]);
    let words = said.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let mnemonic = words.into_iter().find(|words| words.len() == 24).expect("24 words");
    for (file, mode) in [("", 0o700), ("keys", 0o600), ("wallet.redb", 0o600)] {
        let found = std::fs::metadata(stage.path("ada").join(file)).expect("a file");
        assert_eq!(found.permissions().mode() & 0o777, mode, "{file}");
    }
    let id = stage.json("ada", &["id"]);
    let device = id["device"].as_str().expect("a device");
    assert!(said.contains(device) && device.starts_with("dsmid1"));
    for command in [&["id"][..], &["balance"], &["history"], &["contact", "list"]] {
        let said = stage.text("ada", command);
        assert!(!said.contains(&mnemonic[..3].join(" ")));
    }
    let again = stage.fails("ada", &["init"]);
    assert!(again.contains("give another --home"), "{again}");
    assert_eq!(stage.json("ada", &["id"])["device"], device);
    let other = stage.json("ben", &["init", "--no-passphrase"]);
    assert_eq!(other["mnemonic"].as_str().expect("words").split(' ').count(), 24);
    assert_ne!(other["device"], device);
}

#[test]
fn an_empty_wallet_says_what_to_do_next() {
    let stage = Stage::new();
    stage.text("ada", &["init", "--no-passphrase"]);
    for (command, next) in [
        (&["balance"][..], "dsm receive"),
        (&["contact", "list"], "dsm contact add"),
        (&["token", "show"], "dsm token new"),
        (&["history"], "nothing yet"),
        (&["verify"], "nothing is held"),
        (&["evidence", "list"], "no device"),
    ] {
        assert!(stage.text("ada", command).contains(next), "{command:?}");
    }
    assert_eq!(stage.json("ada", &["balance"])["balances"], serde_json::json!([]));
    assert_eq!(stage.json("ada", &["history"])["history"], serde_json::json!([]));
    assert_eq!(stage.json("ada", &["evidence", "list"])["evidence"], serde_json::json!([]));
    let settings = stage.json("ada", &["settings"]);
    assert_eq!(
        (&settings["accept"], &settings["exposed_cap"]),
        (&"anchored".into(), &"10000".into())
    );
    let settings = stage.json("ada", &["settings", "--accept", "exposed", "--exposed-cap", "5"]);
    assert_eq!(stage.json("ada", &["settings"]), settings);
    assert!(stage.text("ada", &["settings"]).contains("exposed"));
}

#[test]
fn a_payment_shows_in_every_command() {
    let stage = Stage::rich(&["ada", "ben"]);
    let (paid, received) = stage.meet("ada", &["pay", "ben", "12.50"], "ben");
    assert_eq!((paid.code, received.code), (Some(0), Some(0)), "{paid:?} {received:?}");
    for event in ["hello", "bound", "acknowledged", "met"] {
        assert!(paid.event(event).is_some(), "{event}: {paid:?}");
    }
    let received = received.event("received").expect("the amount");
    assert_eq!(received["units"], "1250");
    assert_eq!((&received["peer"], &received["class"]), (&"ada".into(), &"exposed".into()));

    assert_eq!((stage.balance("ada"), stage.balance("ben")), (8_750, 1_250));
    assert!(stage.text("ada", &["balance"]).contains("87.50 CUP  own"));
    let mark = stage.json("ben", &["token", "show", "CUP"])["tokens"][0]["fingerprint"].clone();
    let mark = mark.as_str().expect("a fingerprint");
    assert!(stage.text("ben", &["balance"]).contains(&format!("12.50 CUP ({mark})  exposed")));
    assert!(stage.text("ada", &["history"]).contains("paid 12.50 CUP to ben  acknowledged"));
    assert!(
        stage
            .text("ben", &["history", "ada"])
            .contains(&format!("received 12.50 CUP ({mark}) from ada"))
    );
    let contacts = stage.json("ben", &["contact", "list"]);
    let ada = &contacts["contacts"][0];
    assert_eq!((&ada["name"], &ada["forked"]), (&"ada".into(), &false.into()));
    assert!(stage.text("ben", &["contact", "list"]).contains("ada"));
    assert!(stage.text("ben", &["token", "show"]).contains("CUP"));
    let token = stage.json("ben", &["token", "show", "CUP"]);
    assert_eq!(
        (&token["tokens"][0]["cap"], &token["tokens"][0]["decimals"]),
        (&"100000".into(), &2.into())
    );
    let verified = stage.text("ben", &["verify"]);
    for part in ["2 operations back to the issue", "class     exposed", "could cheat  ada"] {
        assert!(verified.contains(part), "{part}: {verified}");
    }
    assert_eq!(stage.json("ben", &["verify"])["notes"][0]["units"], "1250");
    assert!(stage.text("ada", &["receipt", "ben"]).starts_with("dsmreceipt1"));
    assert!(stage.text("ben", &["export", "CUP"]).starts_with("dsmnote1"));

    let (met, other) = stage.meet("ben", &["contact", "sync", "ada"], "ada");
    assert_eq!((met.code, other.code), (Some(0), Some(0)), "{met:?} {other:?}");
}

#[test]
fn a_payee_asks_for_what_it_wants() {
    let stage = Stage::rich(&["ada", "ben"]);
    let (first, _) = stage.meet("ada", &["pay", "ben", "1"], "ben");
    assert_eq!(first.code, Some(0), "{first:?}");
    for (amount, code) in [("3", Some(1)), ("2", Some(0))] {
        let waiting = stage.wait("ben", &["--amount", "2", "--token", "CUP"]);
        let paid = stage.run("ada", &["pay", "ben", amount, "CUP", "--link", &waiting.link]);
        assert_eq!(paid.code, code, "{paid:?}");
        // The payee cannot know why the payer went.
        assert_eq!(waiting.end().code, code.map(|code| 4 * code));
        if code == Some(1) {
            assert!(paid.error.contains("nothing was paid"), "{paid:?}");
            assert!(paid.error.contains("another token or amount"), "{paid:?}");
        }
    }
    assert_eq!((stage.balance("ada"), stage.balance("ben")), (9_700, 300));
    // Who only says hello has not paid.
    let waiting = stage.wait("ben", &["--amount", "2", "--token", "CUP"]);
    stage.run("ada", &["contact", "sync", "ben", "--link", &waiting.link]);
    let said = waiting.end();
    assert_eq!(said.code, Some(1), "{said:?}");
    let error = said.event("error").expect("an error")["error"].to_string();
    assert!(error.contains("did not arrive"), "{error}");
}

#[test]
fn a_fork_is_shown_and_freezes_money() {
    let stage = Stage::rich(&["ada", "ben", "cleo"]);
    stage.copy("ada", "copy");
    assert_eq!(stage.meet("ada", &["pay", "ben", "20"], "ben").0.code, Some(0));
    assert_eq!(stage.meet("copy", &["pay", "cleo", "30"], "cleo").0.code, Some(0));
    let (one, other) = stage.meet("ben", &["contact", "sync", "cleo"], "cleo");
    assert!(one.event("forked").is_some() && other.event("forked").is_some(), "{one:?} {other:?}");
    let shown = stage.text("cleo", &["evidence", "show", "ada"]);
    assert!(shown.contains("(ada) signed two histories") && shown.contains("dsmfork1"), "{shown}");
    assert!(stage.text("ben", &["evidence", "list"]).contains("(ada)"));
    assert!(stage.text("ben", &["contact", "list"]).contains("showed two histories"));
    assert!(stage.text("ben", &["balance"]).contains(")  frozen"));
    assert!(stage.text("ben", &["verify"]).contains("frozen"));
    let (paid, refused) = stage.meet("ada", &["pay", "ben", "1"], "ben");
    assert_eq!((paid.code, refused.code), (Some(3), Some(3)));
    assert_eq!(refused.event("rejected").expect("a rule")["rule"], "R-44");
    let error = paid.event("error").expect("an error");
    assert_eq!(error["rule"], "R-44");
    assert!(error["error"].as_str().expect("text").contains("nothing was paid"), "{error}");
    let (paid, _) = stage.meet("ben", &["pay", "cleo", "1"], "cleo");
    assert!(
        paid.event("error")
            .is_some_and(|one| one["error"].to_string().contains("only 0 base units"))
    );
}

#[test]
fn a_request_shows_its_memo_to_the_payer_and_nothing_of_it_acts_on_the_terminal() {
    let stage = Stage::rich(&["ada", "ben"]);
    let asks = ["--amount", "3", "--token", "CUP", "--expires", "1900000000"];
    let memo = ["--memo", "two \u{1b}[31mcoffees\u{202e}"];
    // He learns of the token by being paid once.
    stage.meet("ada", &["pay", "ben", "1"], "ben");
    let waiting = stage.wait("ben", &[&asks[..], &memo[..]].concat());
    let paid = stage.run("ada", &["--json", "pay", "ben", "3", "--link", &waiting.link]);
    assert_eq!((paid.code, waiting.end().code), (Some(0), Some(0)), "{paid:?}");
    let asked = paid.event("asked").expect("the request");
    assert_eq!(asked["memo"], "two \\u{1b}[31mcoffees\\u{202e}");
    assert_eq!((&asked["amount"], &asked["expires"]), (&"3.00".into(), &1_900_000_000.into()));
    let long = "x".repeat(141);
    let refused = stage.run("ben", &[&["receive"], &asks[..], &["--memo", &long]].concat());
    assert_ne!(refused.code, Some(0));
}

#[test]
fn what_only_reads_the_books_needs_no_keys() {
    let stage = Stage::rich(&["ada", "ben"]);
    assert_eq!(stage.meet("ada", &["pay", "ben", "20"], "ben").0.code, Some(0));
    let receipt = stage.text("ada", &["receipt", "ben"]);
    let card = stage.text("ada", &["id"]);
    let file = stage.write("receipt", &receipt);
    std::fs::remove_file(stage.path("ada").join("keys")).expect("the keys go");
    for words in [
        &["balance"][..],
        &["history"],
        &["history", "ben"],
        &["contact", "list"],
        &["token", "show"],
        &["evidence", "list"],
        &["requests"],
        &["export"],
        &["verify"],
        &["verify", &file],
        &["settings"],
        &["settings", "--exposed-cap", "7"],
    ] {
        stage.text("ada", words);
    }
    assert_eq!(stage.text("ada", &["receipt", "ben"]), receipt);
    assert_eq!(stage.text("ada", &["id"]), card);
    let own = stage.write("own.card", &card);
    assert!(stage.fails("ada", &["contact", "add", "me", &own]).contains("your own card"));
    let error = stage.fails("ada", &["token", "issue", "CUP", "1"]);
    assert!(error.contains("put the file back from a copy"), "{error}");
}
