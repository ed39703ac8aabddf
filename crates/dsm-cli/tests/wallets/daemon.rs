//! Programs that use a wallet over HTTP, and others that should not.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::stage::{Said, Stage};

/// A daemon and its only client.
pub(crate) struct Served {
    process: Child,
    address: SocketAddr,
    token: String,
    /// Where it waits for contacts.
    pub(crate) link: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Served {
    pub(crate) fn new(stage: &Stage, name: &str) -> Self {
        Self::with(stage, name, &[])
    }

    /// One that is told more.
    pub(crate) fn with(stage: &Stage, name: &str, more: &[&str]) -> Self {
        let words = [&["--json", "daemon", "--link", "tcp:127.0.0.1:0"], more].concat();
        let mut command = stage.command(name, &words);
        let mut process = command.stdout(Stdio::piped()).spawn().expect("the binary");
        let mut said = String::new();
        let out = process.stdout.take().expect("a pipe");
        BufReader::new(out).read_line(&mut said).expect("its first line");
        let said: Value = serde_json::from_str(&said).expect("an object");
        let path = said["access"].as_str().expect("a path");
        let mode = std::fs::metadata(path).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "the token is for its owner only");
        let file = std::fs::read_to_string(path).expect("the token");
        let access: Value = serde_json::from_str(&file).expect("an object");
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let address = text(&access["address"]).parse().expect("an address");
        Self { process, address, token: text(&access["token"]), link: text(&said["links"][0]) }
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Where it listens for programs.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a client says first; then whatever it likes.
    pub(crate) fn raw(&self, said: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).expect("the daemon listens");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
        // Whoever is refused early may not hear all.
        let _ = stream.write_all(said);
        stream
    }

    /// Says something; the status and the body, once the daemon hangs up.
    fn answer(&self, said: &[u8]) -> (u16, String) {
        let mut text = Vec::new();
        let _ = self.raw(said).read_to_end(&mut text);
        let text = String::from_utf8(text).expect("text");
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
        let body = text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
        (status.unwrap_or(0), body.unwrap_or_default())
    }

    pub(crate) fn head(&self, method: &str, path: &str) -> String {
        let Self { address, token, .. } = self;
        format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
             Connection: close\r\n"
        )
    }

    pub(crate) fn send(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let head = self.head(method, path);
        let length = body.len();
        let said = format!(
            "{head}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        let (status, body) = self.answer(said.as_bytes());
        (status, serde_json::from_str(&body).expect("every answer is JSON"))
    }

    fn get(&self, path: &str) -> Value {
        let (status, body) = self.send("GET", path, None);
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// What is held in all, in base units.
    pub(crate) fn units(&self) -> u64 {
        let balances = self.get("/v1/balances");
        let units = |one: &Value| one["units"].as_str().and_then(|units| units.parse::<u64>().ok());
        balances.as_array().expect("a list").iter().map(|one| units(one).expect("units")).sum()
    }
}

/// Ada, who has 100.00 CUP, and Ben, both served and pinned to each other.
pub(crate) fn two() -> (Stage, Served, Served) {
    let stage = Stage::rich(&["ada", "ben"]);
    let (ada, ben) = (Served::new(&stage, "ada"), Served::new(&stage, "ben"));
    (stage, ada, ben)
}

fn pay(of: &Served, to: &Served, amount: &str) -> (u16, Value) {
    let body = json!({ "contact": "ben", "amount": amount, "link": to.link });
    of.send("POST", "/v1/payments", Some(body))
}

#[test]
fn a_program_pays_and_another_hears_of_it() {
    let (stage, ada, ben) = two();
    let head = ben.head("GET", "/v1/events");
    let mut events = BufReader::new(ben.raw(format!("{head}\r\n").as_bytes()));
    let mut line = String::new();
    events.read_line(&mut line).expect("the status");
    assert!(line.starts_with("HTTP/1.1 200"), "{line}");
    let (status, paid) = pay(&ada, &ben, "12.50");
    assert_eq!((status, &paid["state"]), (200, &"acknowledged".into()), "{paid}");
    let heard = std::iter::from_fn(|| {
        line.clear();
        events.read_line(&mut line).ok().map(|_| line.clone())
    });
    let received = heard
        .filter_map(|line| serde_json::from_str::<Value>(line.strip_prefix("data: ")?).ok())
        .find(|event| event["event"] == "received");
    assert_eq!(received.expect("a stream does not end")["amount"], "12.50");
    assert_eq!((ada.units(), ben.units()), (8_750, 1_250));
    let index = paid["entry"].as_u64().expect("an index");
    let receipt = ada.get(&format!("/v1/receipts/ben?entry={index}"));
    let file = stage.write("receipt", receipt["receipt"].as_str().expect("a text"));
    assert!(stage.text("cleo", &["verify", &file]).contains("acknowledged"));
    let note = ben.get("/v1/notes/CUP");
    let file = stage.write("note", note["proof"].as_str().expect("a text"));
    assert_eq!(stage.json("cleo", &["verify", &file])["units"], "1250");
    assert_eq!(ben.get("/v1/history?contact=ada")[0]["what"], "received");
    assert_eq!(ada.get("/v1/contacts/ben")["name"], "ben");
    assert_eq!(ada.get("/v1/evidence"), json!([]));
}

#[test]
fn a_person_types_the_same_while_a_daemon_serves_the_wallet() {
    let (stage, ada, ben) = two();
    let link = ben.link.clone();
    let paid = stage.run("ada", &["--json", "pay", "ben", "12.50", "--link", &link]);
    assert!(paid.code == Some(0) && paid.event("acknowledged").is_some(), "{paid:?}");
    let away = stage.run("ada", &["pay", "ben", "1", "--away"]);
    assert_eq!(away.code, Some(0), "{away:?}");
    let nobody = stage.run("ada", &["pay", "ben", "1", "--link", "tcp:127.0.0.1:1"]);
    assert_eq!(nobody.code, Some(4), "{nobody:?}");
    let unknown = stage.run("ada", &["pay", "cleo", "1", "--link", &link]);
    assert!(unknown.code == Some(1) && unknown.error.contains("contact"), "{unknown:?}");
    stage.text("ada", &["contact", "sync", "ben", "--link", &link]);
    stage.text("ada", &["token", "issue", "CUP", "5"]);
    stage.text("ada", &["settings", "--exposed-cap", "7"]);
    let words: [&[&str]; 14] = [
        &["contact", "show", "ben"],
        &["id"],
        &["receipt", "ben"],
        &["receipt", "ben", "1"],
        &["export"],
        &["export", "CUP"],
        &["balance"],
        &["history"],
        &["history", "ben"],
        &["contact", "list"],
        &["token", "show"],
        &["token", "show", "CUP"],
        &["evidence", "list"],
        &["settings"],
    ];
    let served = words.map(|words| (stage.json("ada", words), stage.text("ada", words)));
    drop((ada, ben));
    // It was killed, and its file names a daemon that is gone.
    assert!(stage.path("ada").join("daemon.json").exists());
    let alone = words.map(|words| (stage.json("ada", words), stage.text("ada", words)));
    assert_eq!(served, alone);
    assert_eq!((stage.balance("ada"), stage.balance("ben")), (9_150, 1_350));
}

#[test]
fn a_person_resumes_pins_and_names_directories_while_a_daemon_serves_the_wallet() {
    let (stage, ada, ben) = two();
    let here = |name: &str, words: &[&str]| {
        // The daemon was started elsewhere.
        let mut command = stage.command(name, &[&["--json"], words].concat());
        let said = Said::of(&command.current_dir(stage.path("")).output().expect("the binary"));
        assert_eq!(said.code, Some(0), "{words:?}: {said:?}");
        said
    };
    std::fs::create_dir(stage.path("stick")).expect("a directory");
    here("ada", &["pay", "ben", "3", "--link", "mail:stick"]);
    here("ben", &["contact", "sync", "ada", "--link", "mail:stick"]);
    assert_eq!((ada.units(), ben.units()), (9_700, 300));
    let nothing = here("ada", &["pay", "--resume", "--link", &ben.link]);
    assert_eq!(nothing.event("resumed").expect("news")["entries"], json!([1]));
    let nothing = here("ada", &["pay", "--resume", "--link", &ben.link]);
    assert!(nothing.event("nothing_due").is_some(), "{nothing:?}");
    here("ada", &["pay", "ben", "2", "--away"]);
    let resumed = here("ada", &["pay", "--resume", "ben", "--link", &ben.link]);
    assert_eq!(resumed.event("resumed").expect("an end")["peer"], "ben", "{resumed:?}");
    assert_eq!((ada.units(), ben.units()), (9_500, 500));
    let served = ["pin", "unpin"].map(|verb| stage.json("ben", &["token", verb, "CUP"]));
    drop((ada, ben));
    let alone = ["pin", "unpin"].map(|verb| stage.json("ben", &["token", verb, "CUP"]));
    assert!(served == alone && alone[0]["pinned"] == true, "{served:?} {alone:?}");
}

#[test]
fn whoever_asks_without_the_token_or_for_another_host_is_told_nothing() {
    let (_stage, ada, _ben) = two();
    let Served { address, token, .. } = &ada;
    let other: String = token.chars().map(|one| if one == '0' { '1' } else { '0' }).collect();
    let auth = |token: &str| format!("Authorization: Bearer {token}\r\n");
    let short = auth(&token[..63]);
    for (host, auth, expected) in [
        (address.to_string(), String::new(), 401),
        (address.to_string(), auth(&other), 401),
        (address.to_string(), short, 401),
        (address.to_string(), auth(&format!("{token}0")), 401),
        (address.to_string(), format!("Authorization: Basic {token}\r\n"), 401),
        (address.to_string(), auth(token), 200),
        ("evil.example".to_owned(), auth(token), 421),
        ("127.0.0.1.evil.example".to_owned(), auth(token), 421),
    ] {
        let said =
            format!("GET /v1/wallet HTTP/1.1\r\nHost: {host}\r\n{auth}Connection: close\r\n\r\n");
        let (status, body) = ada.answer(said.as_bytes());
        assert_eq!(status, expected, "{host} {auth}: {body}");
        assert_eq!(body.contains("card"), expected == 200, "{body}");
    }
}

#[test]
fn what_is_malformed_or_too_long_is_refused_and_nothing_happens() {
    let (_stage, ada, ben) = two();
    let head = ada.head("POST", "/v1/payments");
    let json = "Content-Type: application/json\r\n";
    let body = |kind: &str, body: &[u8]| {
        let head = format!("{head}{kind}Content-Length: {}\r\n\r\n", body.len());
        [head.as_bytes(), body].concat()
    };
    let link = &ben.link;
    let with =
        |amount: &str| format!("{{\"contact\":\"ben\",\"amount\":{amount},\"link\":\"{link}\"}}");
    let nested = "[".repeat(60_000);
    for (said, expected) in [
        (body(json, b""), 400),
        (body(json, b"{"), 400),
        (body(json, nested.as_bytes()), 400),
        (body(json, b"{\"contact\":\"b\xff\"}"), 400),
        (body("", with("\"1\"").as_bytes()), 415),
        (body(json, b"{}"), 422),
        (body(json, format!("[\"ben\",\"1\",null,\"{link}\",null]").as_bytes()), 422),
        (body(json, with("1").as_bytes()), 422),
        (body(json, with("\"-1\"").as_bytes()), 422),
        (body(json, with("\"1e3\"").as_bytes()), 422),
        (body(json, with("\"0\"").as_bytes()), 422),
        (body(json, with("\"1.001\"").as_bytes()), 422),
        (body(json, with("\"99999999999999999999\"").as_bytes()), 422),
        (body(json, with("\"1\",\"more\":1").as_bytes()), 422),
        (body(json, &[b' '; 65 << 10]), 413),
        (format!("{head}{json}Transfer-Encoding: chunked\r\n\r\nzz\r\n").into_bytes(), 400),
    ] {
        let (status, body) = ada.answer(&said);
        let shown = String::from_utf8_lossy(&said[said.len().saturating_sub(80)..]).into_owned();
        assert_eq!(status, expected, "{shown}: {body}");
    }
    for (method, path, expected) in [
        ("GET", "/", 404),
        ("GET", "/v1/contacts/nobody", 404),
        ("GET", "/v1/contacts/%ff", 400),
        ("GET", "/v1/history?limit=x", 400),
        ("GET", "/v1/history?limit=0", 422),
        ("GET", "/v1/history?other=1", 400),
        ("GET", "/v1/tokens/NONE", 404),
        ("GET", "/v1/receipts/ben", 404),
        ("DELETE", "/v1/wallet", 405),
    ] {
        let (status, body) = ada.send(method, path, None);
        assert_eq!(status, expected, "{method} {path}: {body}");
        assert!(body["error"].as_str().is_some_and(|error| !error.is_empty()), "{body}");
    }
    let long = format!("{}X-Long: {}\r\n\r\n", ada.head("GET", "/v1/wallet"), "x".repeat(1 << 20));
    assert!(matches!(ada.answer(long.as_bytes()).0, 0 | 431), "headers without an end");
    assert_eq!((ada.units(), ben.units()), (10_000, 0));
}

#[test]
fn programs_that_pay_at_once_pay_what_they_were_told() {
    let (_stage, ada, ben) = two();
    let paid = thread::scope(|scope| {
        let all: Vec<_> = (0..12).map(|_| scope.spawn(|| pay(&ada, &ben, "1"))).collect();
        let all = all.into_iter().map(|one| one.join().expect("an answer"));
        all.map(|(status, body)| match status {
            200 => 1_u64,
            409 => 0,
            other => panic!("{other}: {body}"),
        })
        .sum::<u64>()
    });
    assert!(paid > 0);
    assert_eq!((ada.units(), ben.units()), (10_000 - 100 * paid, 100 * paid));
}

#[test]
fn whoever_heard_no_answer_asks_again_and_pays_once() {
    let (_stage, ada, ben) = two();
    let after = ada.get("/v1/wallet")["index"].clone();
    let body = json!({ "contact": "ben", "amount": "5", "link": ben.link, "after": after });
    // The client leaves before it hears anything.
    let text = body.to_string();
    let head = ada.head("POST", "/v1/payments");
    let length = text.len();
    let said =
        format!("{head}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{text}");
    drop(ada.raw(said.as_bytes()));
    let again = |_| {
        thread::sleep(Duration::from_millis(50));
        ada.send("POST", "/v1/payments", Some(body.clone())).0
    };
    let statuses: Vec<u16> = (0..10).map(again).collect();
    assert!(statuses.iter().filter(|status| **status == 200).count() <= 1, "{statuses:?}");
    assert!(statuses.ends_with(&[409, 409]), "{statuses:?}");
    assert_eq!((ada.units(), ben.units()), (9_500, 500));
}

#[test]
fn a_payment_to_somebody_away_waits_for_the_meeting() {
    let (stage, ada, ben) = two();
    let nobody = json!({ "contact": "ben", "amount": "1", "link": "tcp:127.0.0.1:1" });
    let (status, body) = ada.send("POST", "/v1/payments", Some(nobody));
    assert_eq!(status, 424, "{body}");
    assert_eq!(ada.units(), 10_000, "nothing was paid");
    let (status, paid) =
        ada.send("POST", "/v1/payments", Some(json!({ "contact": "ben", "amount": "2" })));
    assert_eq!((status, &paid["state"]), (202, &"written".into()), "{paid}");
    assert_eq!((ada.units(), ben.units()), (9_800, 0));
    let meet = json!({ "link": ben.link });
    let (status, met) = ada.send("POST", "/v1/contacts/ben/sync", Some(meet));
    assert_eq!(status, 200, "{met}");
    assert_eq!((ada.units(), ben.units()), (9_800, 200));
    // The same by letters.
    std::fs::create_dir(stage.path("stick")).expect("a directory");
    let link = format!("mail:{}", stage.path("stick").display());
    let letter = json!({ "contact": "ben", "amount": "3", "link": link });
    assert_eq!(ada.send("POST", "/v1/payments", Some(letter)).0, 202);
    let meet = json!({ "link": link });
    let (status, read) = ben.send("POST", "/v1/contacts/ada/sync", Some(meet.clone()));
    assert_eq!((status, ben.units()), (200, 500), "{read}");
    let (_, read) = ada.send("POST", "/v1/contacts/ben/sync", Some(meet));
    assert!(read["events"].to_string().contains("acknowledged"), "{read}");
}

#[test]
fn whoever_calls_is_asked_and_settings_hold() {
    let (stage, ada, ben) = two();
    // Ben learns of the token by being paid once.
    assert_eq!(pay(&ada, &ben, "1").0, 200);
    let ask = json!({ "amount": "3", "token": "CUP", "memo": "coffee" });
    assert_eq!(ben.send("PUT", "/v1/ask", Some(ask)).0, 200);
    assert_eq!(ben.get("/v1/ask")["sum"]["amount"], "3.00");
    let (_, met) = ada.send("POST", "/v1/contacts/ben/sync", Some(json!({ "link": ben.link })));
    let asked =
        met["events"].as_array().expect("a list").iter().find(|one| one["event"] == "asked");
    assert_eq!(asked.expect("a request")["memo"], "coffee", "{met}");
    assert_eq!(ben.send("PUT", "/v1/ask", Some(json!({}))).0, 200);
    let cap = json!({ "exposed_cap": "150" });
    let (status, settings) = ben.send("PUT", "/v1/settings", Some(cap));
    assert_eq!((status, &settings["exposed_cap"]), (200, &"150".into()));
    let (status, refused) = pay(&ada, &ben, "1");
    assert_eq!((status, &refused["rule"]), (422, &"R-48".into()), "{refused}");
    drop(ben);
    assert_eq!(stage.json("ben", &["settings"])["exposed_cap"], "150");
}

#[test]
fn tokens_are_made_and_pinned_and_contacts_renamed_and_blocked() {
    let (stage, ada, ben) = two();
    let draft = json!({ "name": "Tea", "ticker": "TEA", "lots": 2, "units_per_lot": "10" });
    let (status, token) = ben.send("POST", "/v1/tokens", Some(draft));
    assert_eq!((status, &token["ticker"]), (201, &"TEA".into()), "{token}");
    let lot =
        |amount: &str| ben.send("POST", "/v1/tokens/TEA/lots", Some(json!({ "amount": amount })));
    assert_eq!((lot("11").0, lot("10").0, ben.units()), (422, 201, 10));
    let none = json!({ "name": "No", "ticker": "NO", "lots": 0, "units_per_lot": "10" });
    assert_eq!(ben.send("POST", "/v1/tokens", Some(none)).0, 422);
    assert_eq!(pay(&ada, &ben, "1").0, 200);
    let pinned = |method| ben.send(method, "/v1/tokens/CUP/pin", None).1["pinned"].clone();
    assert_eq!((pinned("PUT"), pinned("DELETE")), (true.into(), false.into()));
    let change = |of: &Served, change| of.send("PATCH", "/v1/contacts/ben", Some(change));
    assert_eq!(change(&ada, json!({ "name": "ada\u{1b}" })).0, 422);
    let (status, blocked) = change(&ada, json!({ "blocked": true }));
    assert_eq!((status, &blocked["blocked"]), (200, &true.into()));
    let (status, refused) = pay(&ada, &ben, "1");
    assert_eq!((status, ada.units()), (422, 9_900), "{refused}");
    let (status, renamed) = change(&ada, json!({ "blocked": false, "name": "benjamin" }));
    assert_eq!(
        (status, &renamed["name"], &renamed["blocked"]),
        (200, &"benjamin".into(), &false.into())
    );
    assert_eq!(pay(&ada, &ben, "1").0, 404);
    drop((ada, ben));
    // The key of the new token's device lies with the others.
    stage.text("ben", &["token", "issue", "TEA", "10"]);
}

#[test]
fn it_ends_in_order_when_it_is_told_to() {
    let (stage, mut ada, ben) = two();
    assert_eq!(pay(&ada, &ben, "1").0, 200);
    let id = ada.process.id().to_string();
    let told = std::process::Command::new("kill").args(["-TERM", &id]).status();
    assert!(told.expect("kill").success());
    let status = ada.process.wait().expect("its end");
    assert!(status.success(), "{status}");
    assert!(!stage.path("ada").join("daemon.json").exists(), "the token went with it");
    assert_eq!(stage.balance("ada"), 9_900);
}

#[test]
fn the_document_that_is_checked_in_is_the_one_that_is_served() {
    let stage = Stage::new();
    let said = stage.run("nobody", &["daemon", "--openapi"]);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let checked_in = std::fs::read_to_string(path).expect("the document");
    assert!(said.out == checked_in, "run `dsm daemon --openapi > docs/openapi.json`");
}
