//! Tokens of one ticker: never shown alike.

use serde_json::{Value, json};

use crate::daemon::Served;
use crate::stage::Stage;

/// A policy of somebody else with a ticker of his choice.
fn forge(stage: &Stage, name: &str, ticker: &str) -> String {
    let text = format!(
        "name = \"Coffee\"\nticker = \"{ticker}\"\ndecimals = 2\nlots = 9\nunits_per_lot = \"100\"\n"
    );
    let policy = stage.write(&format!("{name}-{ticker}.toml"), &text);
    let made = stage.json(name, &["token", "new", &policy]);
    let id = made["token"].as_str().expect("an id").to_owned();
    stage.json(name, &["token", "issue", &id, "50"]);
    id
}

fn pays(stage: &Stage, payer: &str, payee: &str, token: &str) {
    let (paid, _) = stage.meet(payer, &["pay", payee, "1", token], payee);
    assert_eq!(paid.code, Some(0), "{paid:?}");
}

/// How a wallet shows what it holds, without amounts and classes.
fn names(stage: &Stage, name: &str) -> Vec<String> {
    let shown = stage.text(name, &["balance"]);
    let names = shown.lines().map(|line| {
        let sum = line.trim().rsplit_once("  ").expect("a class").0;
        sum.split_once(' ').expect("a token").1.to_owned()
    });
    names.collect()
}

fn fingerprint(stage: &Stage, name: &str, token: &str) -> String {
    let shown = stage.json(name, &["token", "show", token]);
    shown["tokens"][0]["fingerprint"].as_str().expect("a fingerprint").to_owned()
}

#[test]
fn two_tokens_of_one_ticker_are_never_shown_alike() {
    let stage = Stage::rich(&["ada", "ben", "eve"]);
    let good = stage.json("ada", &["token", "show"])["tokens"][0]["token"].clone();
    let good = good.as_str().expect("an id");
    let bad = forge(&stage, "eve", "CUP");
    pays(&stage, "ada", "ben", good);
    pays(&stage, "eve", "ben", &bad);
    let (mark, other) = (fingerprint(&stage, "ben", good), fingerprint(&stage, "ben", &bad));
    assert!(good.contains(&mark.replace('-', "")) && mark != other, "{good} {mark} {other}");
    let sorted = |mut names: Vec<String>| {
        names.sort();
        names
    };
    let both = sorted(vec![format!("CUP ({mark})"), format!("CUP ({other})")]);
    assert_eq!(sorted(names(&stage, "ben")), both);
    // The issuer sees its own by the ticker.
    assert_eq!(names(&stage, "ada"), ["CUP"]);
    assert!(
        stage.fails("ben", &["token", "pin", "CUP"]).contains("give the id or the fingerprint")
    );

    assert_eq!(stage.json("ben", &["token", "pin", &mark])["pinned"], true);
    let pinned = sorted(vec!["CUP".to_owned(), format!("CUP ({other})")]);
    assert_eq!(sorted(names(&stage, "ben")), pinned);
    let balances = stage.json("ben", &["balance"])["balances"].as_array().expect("all").clone();
    let beside = |token: &str| {
        let found = balances.iter().find(|one: &&Value| one["token"] == token);
        found.expect("a balance")["fingerprint"].clone()
    };
    assert_eq!((beside(good), beside(&bad)), (Value::Null, json!(other)));

    // Whoever knows two of one ticker sees both with their fingerprints.
    assert!(stage.text("ben", &["token", "pin", &bad]).contains("stays beside it"));
    assert_eq!(sorted(names(&stage, "ben")), both);
    stage.text("ben", &["token", "unpin", &bad]);
    assert_eq!(sorted(names(&stage, "ben")), pinned);
    stage.text("ben", &["token", "unpin", good]);
    assert_eq!(sorted(names(&stage, "ben")), both);
    // So does an issuer who pins another's.
    pays(&stage, "eve", "ada", &bad);
    stage.text("ada", &["token", "pin", &other]);
    assert_eq!(sorted(names(&stage, "ada")), both);
}

#[test]
fn a_ticker_that_looks_like_another_keeps_its_fingerprint() {
    let stage = Stage::rich(&["ada", "ben", "eve"]);
    for ticker in ["CUP (x)", "\u{421}UP", "CUP "] {
        let token = forge(&stage, "eve", ticker);
        pays(&stage, "eve", "ben", &token);
        stage.text("ben", &["token", "pin", &token]);
        let mark = fingerprint(&stage, "ben", &token);
        assert!(names(&stage, "ben").contains(&format!("{ticker} ({mark})")), "{ticker}");
        assert!(names(&stage, "eve").contains(&format!("{ticker} ({mark})")), "{ticker}");
    }
    let lower = forge(&stage, "eve", "cup");
    pays(&stage, "eve", "ben", &lower);
    pays(&stage, "ada", "ben", "CUP");
    stage.text("ben", &["token", "pin", &lower]);
    stage.text("ben", &["token", "pin", "CUP"]);
    assert!(names(&stage, "ben").iter().all(|name| name.ends_with(')')));
}

#[test]
fn nobody_asks_for_a_class_that_is_compared_with_nothing() {
    let stage = Stage::rich(&["ada", "ben"]);
    let policy = |floor: &str| {
        format!("name='n'\nticker='T'\nlots=1\nunits_per_lot='1'\nclass_floor='{floor}'\n")
    };
    let purse = stage.write("purse.toml", &policy("purse"));
    let registered = stage.write("registered.toml", &policy("registered"));
    let typed = || {
        let said = stage.run("ada", &["settings", "--accept", "purse"]);
        assert!(said.code == Some(2) && said.error.contains("registered"), "{said:?}");
        stage.text("ada", &["settings", "--accept", "registered"]);
    };
    typed();
    assert!(stage.fails("ada", &["token", "new", &purse]).contains("policy file is not right"));
    assert_eq!(stage.json("ada", &["token", "new", &registered])["class_floor"], "registered");
    let ada = Served::new(&stage, "ada");
    typed();
    let draft = json!({
        "name": "n", "ticker": "P", "lots": 1, "units_per_lot": "1", "class_floor": "purse",
    });
    for (method, path, body) in
        [("PUT", "/v1/settings", json!({ "accept": "purse" })), ("POST", "/v1/tokens", draft)]
    {
        let (status, said) = ada.send(method, path, Some(body));
        assert_eq!(status, 422, "{path}: {said}");
    }
    assert_eq!(stage.json("ada", &["settings"])["accept"], "registered");
    assert!(stage.fails("ada", &["token", "show", "P"]).contains("no such token"));
}
