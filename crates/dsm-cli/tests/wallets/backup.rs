//! Backups: what they hold, what they do not, and hostile ones.

use std::os::unix::fs::PermissionsExt;

use dsm_core::FinalityClass;
use dsm_encoding::{List, Text};
use dsm_home::Backup;
use dsm_log::Network;
use serde_json::json;

use crate::daemon::Served;
use crate::stage::Stage;

/// A wallet with two contacts, of which one is blocked, and a backup of it.
fn saved() -> (Stage, String) {
    let stage = Stage::rich(&["ada", "ben", "cleo"]);
    stage.text("ada", &["contact", "block", "cleo"]);
    stage.text("ada", &["settings", "--accept", "exposed", "--exposed-cap", "777"]);
    stage.text("ada", &["token", "pin", "CUP"]);
    let file = stage.path("ada.backup").display().to_string();
    let said = stage.json("ada", &["backup", &file]);
    assert_eq!((&said["contacts"], &said["pinned"]), (&json!(2), &json!(1)));
    (stage, file)
}

fn read(file: &str) -> String {
    std::fs::read_to_string(file).expect("a file").trim().to_owned()
}

#[test]
fn a_fresh_wallet_takes_over_settings_and_contacts() {
    let (stage, file) = saved();
    let mode = std::fs::metadata(&file).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(stage.fails("ada", &["backup", &file]).contains("a name that is free"));
    assert_eq!(stage.text("ada", &["backup", "-"]).trim(), read(&file));

    stage.found("new");
    for round in ["added", "known"] {
        let said = stage.json("new", &["restore", &file]);
        assert_eq!(said[round].as_array().map(Vec::len), Some(2), "{said}");
        assert_eq!(said["settings"]["exposed_cap"], "777");
    }
    assert_eq!(stage.json("new", &["settings"]), stage.json("ada", &["settings"]));
    let devices = |name: &str| {
        let contacts = stage.json(name, &["contact", "list"])["contacts"].clone();
        let of = |one: &serde_json::Value| {
            [&one["name"], &one["device"], &one["blocked"]].map(Clone::clone)
        };
        contacts.as_array().expect("contacts").iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(devices("new"), devices("ada"));
    // Written again it is the same, byte for byte.
    assert_eq!(stage.text("new", &["backup", "-"]).trim(), read(&file));
    // What counts stays where it was.
    assert_eq!((stage.balance("new"), stage.balance("ada")), (0, 10_000));
    assert_eq!(stage.json("new", &["history"])["history"], json!([]));
    assert_ne!(stage.json("new", &["id"])["device"], stage.json("ada", &["id"])["device"]);
    // A contact that has the new card deals with it.
    let card = stage.write("new.card", &stage.text("new", &["id"]));
    stage.text("ben", &["contact", "add", "new", &card]);
    assert_eq!(stage.meet("new", &["contact", "sync", "ben"], "ben").0.code, Some(0));
}

#[test]
fn no_key_and_no_value_is_in_a_backup() {
    let (stage, file) = saved();
    let bytes = dsm_crypto::text::decode("dsmbackup", &read(&file)).expect("a backup");
    let keys = std::fs::read(stage.path("ada").join("keys")).expect("the keys");
    let holds = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    assert!(keys.windows(16).all(|part| !holds(part)), "a part of the keys");
    let device = stage.json("ada", &["id"])["device"].as_str().expect("a device").to_owned();
    let device: dsm_log::DeviceId = device.parse().expect("a device");
    assert!(!holds(device.0.as_bytes()), "its own device is not in it");
    let help = stage.run("ada", &["backup", "--help"]).out;
    assert!(help.contains("a fork"), "{help}");
}

#[test]
fn a_restore_merges_and_never_unblocks_or_renames() {
    let (stage, file) = saved();
    stage.found("new");
    let card = stage.path("ben.card").display().to_string();
    stage.text("new", &["contact", "add", "Benjamin", &card]);
    stage.text("new", &["contact", "block", "Benjamin"]);
    let said = stage.json("new", &["restore", &file]);
    assert_eq!((&said["added"], &said["known"]), (&json!(["cleo"]), &json!(["Benjamin"])));
    assert_eq!(stage.json("new", &["contact", "show", "Benjamin"])["blocked"], true);
    // Somebody else has a name: nothing at all is taken.
    stage.found("other");
    let card = stage.write("new.card", &stage.text("new", &["id"]));
    stage.text("other", &["contact", "add", "ben", &card]);
    let error = stage.fails("other", &["restore", &file]);
    assert!(error.contains("another contact is called ben here"), "{error}");
    assert_eq!(
        stage.json("other", &["contact", "list"])["contacts"].as_array().map(Vec::len),
        Some(1)
    );
    assert_eq!(stage.json("other", &["settings"])["accept"], "anchored");
    // Whoever is in the backup itself takes the others.
    let said = stage.json("ben", &["restore", &file]);
    assert_eq!((&said["added"], &said["known"]), (&json!([]), &json!(["cleo"])));
}

#[test]
fn no_changed_byte_of_a_backup_ends_the_program() {
    let (_stage, file) = saved();
    let shown = read(&file);
    let bytes = dsm_crypto::text::decode("dsmbackup", &shown).expect("a backup");
    let good = Backup::from_text(&shown).expect("a backup");
    for (at, flip) in (0..bytes.len()).step_by(7).zip([1, 0x80, 0xff].into_iter().cycle()) {
        let mut changed = bytes.clone();
        changed[at] ^= flip;
        let text = dsm_crypto::text::encode("dsmbackup", &changed).expect("a text");
        // What holds all the same is written as it was read: there is one form of it.
        if let Ok(other) = Backup::from_text(&text) {
            assert!(other != good && other.to_text().expect("a text") == text, "{at}");
        }
        let cut = dsm_crypto::text::encode("dsmbackup", &bytes[..at]).expect("a text");
        assert!(Backup::from_text(&cut).is_err(), "{at}");
    }
}

#[test]
fn hostile_backups_are_refused_and_change_nothing() {
    let (stage, file) = saved();
    let good = Backup::from_text(&read(&file)).expect("a backup");
    let change = |change: &dyn Fn(&mut Backup)| {
        let mut backup = good.clone();
        change(&mut backup);
        backup.to_text().expect("a text")
    };
    let with = |backup: &mut Backup, change: &dyn Fn(&mut Vec<dsm_home::SavedContact>)| {
        let mut contacts = backup.contacts.clone().into_inner();
        change(&mut contacts);
        backup.contacts = List::try_from(contacts).expect("few");
    };
    let name = |name: &str| Text::try_from(name).expect("a short name");
    let mut cut = read(&file);
    cut.truncate(cut.len() / 2);
    let card = read(&stage.path("ben.card").display().to_string());
    let long = format!("dsmbackup1{}", "q".repeat(dsm_home::MAX_BACKUP));
    let none = dsm_crypto::text::encode("dsmbackup", &[0xff; 64]).expect("a text");
    let many = dsm_crypto::text::encode("dsmbackup", &[0x85, 0x01, 0x9b, 0xff, 0xff, 0xff, 0xff]);
    let twice = |contacts: &mut Vec<dsm_home::SavedContact>| contacts.push(contacts[0].clone());
    let cases = [
        (String::new(), "this is no backup"),
        (cut, "this is no backup"),
        (card, "this is no backup"),
        (long, "this is no backup"),
        (none, "this is no backup"),
        (many.expect("a text"), "this is no backup"),
        (change(&|one| one.format = 2), "has format 2"),
        (change(&|one| one.network = Network(77)), "is refused"),
        (change(&|one| one.settings.enough = FinalityClass::Purse), "asks for class purse"),
        (change(&|one| with(one, &|all| all.reverse())), "not in order"),
        (change(&|one| with(one, &twice)), "not in order"),
        (
            change(&|one| one.pinned = List::try_from(vec![one.pinned[0]; 2]).expect("two")),
            "not in order",
        ),
        (
            change(&|one| with(one, &|all| all[1].name = all[0].name.clone())),
            "a contact's name twice",
        ),
        (
            change(&|one| with(one, &|all| all[0].name = name("e\u{1b}[2J"))),
            "a contact's name twice",
        ),
        (change(&|one| with(one, &|all| all[0].name = name(""))), "a contact's name twice"),
        (change(&|one| with(one, &|all| all[0].card.kem = all[1].card.kem.clone())), "is refused"),
        (
            change(&|one| with(one, &|all| all[0].card.genesis = all[1].card.genesis.clone())),
            "is refused",
        ),
    ];
    stage.found("new");
    for (shown, next) in cases {
        let bad = stage.write("bad", &shown);
        let error = stage.fails("new", &["restore", &bad]);
        let shown: String = shown.chars().take(60).collect();
        assert!(error.contains(next) && !error.contains('\u{1b}'), "{shown}: {error}");
    }
    assert!(stage.fails("new", &["restore", "/no/such/file"]).contains("cannot read"));
    assert_eq!(stage.json("new", &["contact", "list"])["contacts"], json!([]));
    assert_eq!(good.settings.enough, FinalityClass::Exposed);
    assert_eq!(stage.json("new", &["settings"])["accept"], "anchored");
    let other = Backup { contacts: List::default(), network: Network(77), ..good };
    let other = stage.write("other", &other.to_text().expect("a text"));
    assert!(stage.fails("new", &["restore", &other]).contains("another network"));
}

#[test]
fn a_wallet_is_saved_and_restored_while_a_daemon_serves_it() {
    let (stage, file) = saved();
    let alone = read(&file);
    stage.found("new");
    let bad = stage.write("bad", &alone[..alone.len() / 2]);
    let (ada, new) = (Served::new(&stage, "ada"), Served::new(&stage, "new"));
    assert_eq!(stage.text("ada", &["backup", "-"]).trim(), alone);
    let (status, said) = ada.send("GET", "/v1/backup", None);
    assert_eq!((status, &said["backup"]), (200, &json!(alone)));
    assert!(stage.fails("new", &["restore", &bad]).contains("this is no backup"));
    for (text, expected) in
        [("x", 422), ("", 422), (&*"q".repeat(1 << 20), 422), (&*"q".repeat(17 << 20), 413)]
    {
        let (status, said) = new.send("POST", "/v1/backup", Some(json!({ "backup": text })));
        assert_eq!(status, expected, "{said}");
    }
    let taken = stage.json("new", &["restore", &file]);
    let (status, again) = new.send("POST", "/v1/backup", Some(json!({ "backup": alone })));
    assert_eq!((status, &again["known"]), (200, &taken["added"]), "{again}");
    assert_eq!(again["settings"], taken["settings"]);
    let served = stage.json("new", &["contact", "list"]);
    drop((ada, new));
    assert_eq!(stage.json("new", &["contact", "list"]), served);
    assert_eq!(
        served["contacts"].as_array().map(Vec::len),
        taken["added"].as_array().map(Vec::len)
    );
}
