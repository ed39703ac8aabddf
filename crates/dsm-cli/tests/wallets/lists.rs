//! Lists in parts: an answer is never longer than is asked for.

use dsm_core::identity::{Card, Genesis, device_tree};
use dsm_crypto::{KemSecret, RecoveryPublic, RecoverySecret, Secret, SecretKey, Signer};
use dsm_encoding::{List, Text};
use dsm_home::{Backup, SavedContact};
use dsm_log::{Anchor, DeviceDescriptor, Network, Position};
use serde_json::{Value, json};

use crate::daemon::Served;
use crate::stage::Stage;

/// More than one answer holds.
const MANY: u16 = 1_001;

fn numbers(history: &Value) -> Vec<u64> {
    let items = history.as_array().expect("a list").iter();
    items.map(|item| item["number"].as_u64().expect("a number")).collect()
}

#[test]
fn a_history_is_shown_from_its_end_part_by_part_alone_and_served() {
    let stage = Stage::rich(&["ada", "ben", "cleo"]);
    for contact in ["ben", "cleo", "ben", "ben", "cleo"] {
        stage.json("ada", &["pay", contact, "1", "--away"]);
    }
    let whole = stage.json("ada", &["history"])["history"].clone();
    let all = numbers(&whole);
    let last = *all.last().expect("an entry");
    assert_eq!(all, (1..=last).collect::<Vec<u64>>());
    let typed =
        |words: &[&str]| numbers(&stage.json("ada", &[&["history"], words].concat())["history"]);
    let cases: [(&[&str], &str, Vec<u64>); 5] = [
        (&["--limit", "2"], "limit=2", vec![last - 1, last]),
        (&["--limit", "2", "--before", "3"], "limit=2&before=3", vec![1, 2]),
        (&["--before", "1"], "before=1", vec![]),
        (&["cleo"], "contact=cleo", vec![last - 3, last]),
        (
            &["ben", "--limit", "1", "--before", &last.to_string()],
            &format!("contact=ben&limit=1&before={last}"),
            vec![last - 1],
        ),
    ];
    for (words, _, expected) in &cases {
        assert_eq!(typed(words), *expected, "{words:?}");
    }
    let shown = stage.text("ada", &["history", "ben", "--limit", "1"]);
    assert!(shown.contains(&format!("`dsm history ben --before {}`", last - 1)), "{shown}");
    assert!(!stage.text("ada", &["history"]).contains("--before"), "there is nothing before");
    for words in [["--limit", "0"], ["--limit", "1001"], ["--before", "-1"]] {
        assert_eq!(stage.run("ada", &[&["history"], &words[..]].concat()).code, Some(2));
    }
    let ada = Served::new(&stage, "ada");
    for (words, query, expected) in &cases {
        let (status, said) = ada.send("GET", &format!("/v1/history?{query}"), None);
        assert_eq!((status, &numbers(&said)), (200, expected), "{query}");
        assert_eq!(typed(words), *expected, "{words:?}");
    }
    for path in ["history", "contacts", "tokens", "requests", "evidence"] {
        for (query, expected) in [
            ("limit=0", 422),
            ("limit=1001", 422),
            ("limit=1000", 200),
            ("limit=-1", 400),
            ("limit=99999", 400),
            ("last=1", 400),
            ("limit=1&limit=2", 400),
        ] {
            let (status, said) = ada.send("GET", &format!("/v1/{path}?{query}"), None);
            assert_eq!(status, expected, "{path} {query}: {said}");
        }
    }
}

/// A contact of a number.
fn contact(number: u16, recovery: &RecoveryPublic) -> SavedContact {
    let secret = |kind: u8| {
        let mut bytes = [kind; 64];
        bytes[..2].copy_from_slice(&number.to_be_bytes());
        bytes
    };
    let key = SecretKey::from_seed(Secret::from_bytes(secret(1)));
    let kem = KemSecret::from_seed(Secret::from_bytes(secret(2)[..32].try_into().expect("32")));
    let descriptor = DeviceDescriptor {
        network: Network::TEST,
        recovery: recovery.digest(),
        slot_set: None,
        key: key.public_key().clone(),
        kem: kem.public_key().digest(),
        anchor: Anchor::Software {},
    };
    let device = descriptor.id();
    let devices = device_tree(&[device]);
    let card = Card {
        genesis: Genesis {
            network: Network::TEST,
            recovery: recovery.clone(),
            devices,
            window_blocks: 1_008,
        },
        devices: List::try_from(vec![device]).expect("one"),
        steps: List::default(),
        descriptor,
        kem: kem.public_key().clone(),
        at: Position::origin(&device),
    };
    let name = Text::try_from(format!("contact {number:04}").as_str()).expect("a name");
    SavedContact { name, card, blocked: false }
}

#[test]
fn a_list_that_is_longer_than_an_answer_is_whole_for_a_person() {
    let stage = Stage::wallets(&["ada"]);
    let file = stage.path("saved").display().to_string();
    stage.text("ada", &["backup", &file]);
    let saved = std::fs::read_to_string(&file).expect("a backup");
    let recovery = RecoverySecret::from_seed(&Secret::from_bytes([7; 48])).public_key().clone();
    let mut contacts: Vec<_> = (0..MANY).map(|number| contact(number, &recovery)).collect();
    contacts.sort_by_key(|one| one.card.descriptor.id());
    let contacts = List::try_from(contacts).expect("few enough");
    let backup = Backup { contacts, ..Backup::from_text(saved.trim()).expect("a backup") };
    let file = stage.write("many", &backup.to_text().expect("a text"));
    stage.json("ada", &["restore", &file]);
    let alone = stage.json("ada", &["contact", "list"]);
    let names: Vec<&str> = alone["contacts"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| one["name"].as_str().expect("a name"))
        .collect();
    assert_eq!((names.len(), names[0]), (usize::from(MANY), "contact 0000"));
    assert!(names.is_sorted());
    let ada = Served::new(&stage, "ada");
    assert_eq!(stage.json("ada", &["contact", "list"]), alone);
    let found = |query: &str| {
        let (status, said) = ada.send("GET", &format!("/v1/contacts{query}"), None);
        let names = said.as_array().expect("a list").iter().map(|one| one["name"].clone());
        (status, names.collect::<Vec<Value>>())
    };
    let (_, last) = found("");
    assert_eq!((last.len(), &last[99]), (100, &json!("contact 1000")));
    let expected = vec![json!("contact 0003"), json!("contact 0004")];
    assert_eq!(found("?limit=2&before=contact%200005"), (200, expected));
    assert_eq!(found("?before=a"), (200, vec![]));
}
