//! Errors: each says what to do next, and a program learns them by exit code and as an object.

use crate::stage::Stage;

#[test]
fn every_refusal_says_what_to_do_next() {
    let stage = Stage::rich(&["ada", "ben"]);
    let card = stage.path("ada.card").display().to_string();
    let bens = stage.path("ben.card").display().to_string();
    let junk = stage.write("junk", "dsmcard1junk");
    let empty = stage.write("empty.toml", "");
    let zero = stage.write("zero.toml", "name='n'\nticker='T'\nlots=1\nunits_per_lot='0'\n");
    let huge = stage
        .write("huge.toml", "name='n'\nticker='T'\nlots=18446744073709551615\nunits_per_lot='2'\n");
    let odd = stage.write("odd.toml", "name='n'\nticker='T'\nlots=1\nunits_per_lot='1'\nextra=1\n");
    let nobody = "tcp:127.0.0.1:1";
    let long = "x".repeat(200);
    let cases: &[(&str, &[&str], &str)] = &[
        ("none", &["balance"], "make one with `dsm init`"),
        ("none", &["id"], "make one with `dsm init`"),
        ("none", &["verify"], "make one with `dsm init`"),
        ("ada", &["init"], "give another --home"),
        ("ada", &["contact", "add", "eve", "/no/such/file"], "cannot read /no/such/file"),
        ("ada", &["contact", "add", "eve", &junk], "this is no contact card"),
        ("ada", &["contact", "add", "me", &card], "ask the other side for theirs"),
        ("ada", &["contact", "add", "ben", &bens], "choose another name"),
        ("ada", &["contact", "add", "bea", &bens], "this device is a contact already: ben"),
        ("ada", &["contact", "add", "", &bens], "1 to 128 bytes"),
        ("ada", &["contact", "add", &long, &bens], "1 to 128 bytes"),
        ("ada", &["contact", "add", "e\u{1b}[2J", &bens], "no control characters"),
        ("ada", &["contact", "sync", "eve", "--link", nobody], "see `dsm contact list`"),
        ("ada", &["contact", "sync", "ben", "--link", nobody], "the other side runs `dsm receive`"),
        ("ada", &["pay", "ben", "1", "--link", nobody], "nothing was paid"),
        ("ada", &["pay", "eve", "1", "--link", nobody], "see `dsm contact list`"),
        ("ada", &["pay", "ben", "1", "XYZ", "--link", nobody], "see `dsm token show`"),
        ("ada", &["pay", "ben", "one", "--link", nobody], "write it like 12 or 12.50"),
        ("ada", &["pay", "ben", "1e3", "--link", nobody], "write it like 12 or 12.50"),
        ("ada", &["pay", "ben", "0.00", "--link", nobody], "the amount is zero"),
        ("ada", &["pay", "ben", "1.005", "--link", nobody], "2 decimal places"),
        ("ada", &["pay", "ben", "999999999999999999999", "--link", nobody], "too large"),
        ("ada", &["receive", "--amount", "1", "--token", "XYZ"], "see `dsm token show`"),
        ("ada", &["token", "new", "/no/such/file"], "cannot read"),
        ("ada", &["token", "new", &empty], "the policy file is not right"),
        ("ada", &["token", "new", &odd], "the policy file is not right"),
        ("ada", &["token", "new", &zero], "the amount is zero"),
        ("ada", &["token", "new", &huge], "must fit 64 bits"),
        ("ada", &["token", "show", "XYZ"], "see `dsm token show`"),
        ("ada", &["token", "issue", "CUP", "101"], "a lot issues 1 to 10000 base units"),
        ("ben", &["token", "issue", "CUP", "1"], "see `dsm token show`"),
        ("ada", &["history", "eve"], "see `dsm contact list`"),
        ("ada", &["receipt", "eve"], "see `dsm contact list`"),
        ("ada", &["receipt", "ben"], "this contact acknowledged no such entry"),
        ("ada", &["receipt", "ben", "77"], "this contact acknowledged no such entry"),
        ("ben", &["export"], "see `dsm token show`"),
        ("ada", &["verify", "/no/such/file"], "cannot read"),
        ("ada", &["verify", &card], "make one with `dsm receipt` or `dsm export`"),
        ("ada", &["evidence", "show", "eve"], "no contact and no device"),
    ];
    for (name, words, next) in cases {
        let error = stage.fails(name, words);
        assert!(error.contains(next), "dsm {words:?} says: {error}");
        assert!(!error.contains("Error {") && !error.contains("panicked"), "{error}");
        let parts: Vec<&str> = error.split(": ").collect();
        assert!(parts.windows(2).all(|pair| pair[0] != pair[1]), "it says so twice: {error}");
    }
    assert_eq!((stage.balance("ada"), stage.balance("ben")), (10_000, 0));
}

#[test]
fn a_command_that_does_not_exist_is_another_exit_code() {
    let stage = Stage::new();
    for words in [&["fly"][..], &["pay"], &["pay", "ben", "1", "--link", "ble:1"], &[]] {
        let said = stage.run("ada", words);
        assert_eq!(said.code, Some(2), "{said:?}");
        assert!(said.out.is_empty() && said.error.contains("--help"), "{said:?}");
    }
    assert_eq!(stage.run("ada", &["--help"]).code, Some(0));
    assert!(!stage.path("ada").exists());
}

#[test]
fn not_enough_is_told_before_anybody_is_bound() {
    let stage = Stage::rich(&["ada", "ben"]);
    let (paid, _) = stage.meet("ada", &["pay", "ben", "100.01"], "ben");
    let error = paid.event("error").expect("an error")["error"].to_string();
    assert!(
        error.contains("nothing was paid") && error.contains("only 10000 base units"),
        "{error}"
    );
    // More than the payee takes in class exposed.
    stage.text("ben", &["settings", "--exposed-cap", "500"]);
    let (paid, refused) = stage.meet("ada", &["pay", "ben", "5.01"], "ben");
    assert_eq!(paid.event("error").expect("an error")["rule"], "R-48");
    assert_eq!(refused.event("rejected").expect("a rule")["rule"], "R-48");
    assert!(paid.event("bound").is_none());
    assert_eq!((stage.balance("ada"), stage.balance("ben")), (10_000, 0));
    assert_eq!(stage.meet("ada", &["pay", "ben", "5"], "ben").0.code, Some(0));
}

#[test]
fn every_lot_is_issued_once() {
    let stage = Stage::rich(&["ada"]);
    for _ in 1..10 {
        stage.text("ada", &["token", "issue", "CUP", "1.5"]);
    }
    let error = stage.fails("ada", &["token", "issue", "CUP", "1"]);
    assert!(error.contains("every lot of the token is used"), "{error}");
    assert_eq!(stage.balance("ada"), 10_000 + 9 * 150);
}

#[test]
fn one_wallet_is_used_by_one_process_at_a_time() {
    let stage = Stage::rich(&["ada", "ben"]);
    let mut waiting = stage.wait("ada", &[]);
    for words in [&["balance"][..], &["receive"], &["token", "issue", "CUP", "1"]] {
        let error = stage.fails("ada", words);
        assert!(error.contains("another process has the store open"), "{error}");
        assert!(error.contains("is `dsm receive` or `dsm daemon` running?"), "{error}");
    }
    // Another wallet is not concerned, and a file is checked without any.
    stage.text("ben", &["balance"]);
    waiting.process.kill().expect("it ends");
    waiting.process.wait().expect("it ended");
    assert_eq!(stage.balance("ada"), 10_000);
}

#[test]
fn a_half_made_or_damaged_wallet_is_told() {
    let stage = Stage::rich(&["ada"]);
    stage.copy("ada", "damaged");
    std::fs::write(stage.path("damaged").join("keys"), b"no keys").expect("a file");
    let error = stage.fails("damaged", &["token", "issue", "CUP", "1"]);
    assert!(error.contains("is damaged"), "{error}");
    assert_eq!(stage.balance("damaged"), 10_000);
    stage.copy("ada", "half");
    std::fs::remove_file(stage.path("half").join("wallet.redb")).expect("a file");
    let error = stage.fails("half", &["balance"]);
    assert!(error.contains("cannot open the wallet"), "{error}");
    let store = stage.path("half").join("wallet.redb");
    drop(dsm_store::FileKv::create(&store).expect("an empty store"));
    let error = stage.fails("half", &["balance"]);
    assert!(error.contains("if `dsm init` was interrupted, remove the directory"), "{error}");
    stage.copy("ada", "cut");
    let file = std::fs::OpenOptions::new().write(true).open(stage.path("cut").join("wallet.redb"));
    file.and_then(|file| file.set_len(4_096)).expect("a shorter file");
    let error = stage.fails("cut", &["balance"]);
    assert!(error.contains("cannot open the wallet"), "{error}");
    assert_eq!(stage.balance("ada"), 10_000);
}

#[test]
fn strangers_do_not_use_up_a_contacts_visit() {
    use std::io::Write;
    use std::net::TcpStream;

    let stage = Stage::rich(&["ada", "ben", "cleo"]);
    let waiting = stage.wait("ben", &[]);
    let address = waiting.link.strip_prefix("tcp:").expect("an address").to_owned();
    for junk in [&[][..], &[0, 0, 0, 2, 1, 2], &[0xff; 4], &[0, 0, 0, 9]] {
        let mut stranger = TcpStream::connect(&address).expect("a call");
        stranger.write_all(junk).expect("a link");
    }
    let paid = stage.run("ada", &["pay", "ben", "1", "--link", &waiting.link]);
    assert_eq!(paid.code, Some(0), "{paid:?}");
    let said = waiting.end();
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.event("received").is_some());
}
