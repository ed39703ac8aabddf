//! `dsm verify`: anybody can check a receipt or a note, and each change breaks a rule that is named.

use dsm_core::pack::{Pack, PackDevice, PackValue};
use dsm_core::receipt::Receipt;
use dsm_crypto::text;
use dsm_encoding::{Decode, Encode, List, from_slice, to_vec};
use dsm_engine::NoteProof;
use dsm_log::Network;
use serde_json::{Value, json};

use crate::daemon::Served;
use crate::stage::Stage;

/// Ada paid Ben, and Ben paid Cleo; the receipt of Ada's payment and Cleo's note, as texts.
fn shown() -> (Stage, String, String) {
    let stage = Stage::rich(&["ada", "ben", "cleo"]);
    assert_eq!(stage.meet("ada", &["pay", "ben", "10"], "ben").0.code, Some(0));
    assert_eq!(stage.meet("ben", &["pay", "cleo", "4", "CUP"], "cleo").0.code, Some(0));
    let receipt = stage.text("ada", &["receipt", "ben"]);
    let note = stage.text("cleo", &["export"]);
    (stage, receipt.trim().to_owned(), note.trim().to_owned())
}

fn decoded<T: Decode>(prefix: &str, shown: &str) -> T {
    from_slice(&text::decode(prefix, shown).expect("a text")).expect("canonical bytes")
}

fn encoded<T: Encode>(prefix: &str, value: &T) -> String {
    text::encode(prefix, &to_vec(value)).expect("a text")
}

/// What a third party without a wallet says of a file: none if it holds, or the rule.
fn verdict(stage: &Stage, shown: &str) -> Result<Value, (Option<String>, String)> {
    let file = stage.write("shown", shown);
    let said = stage.run("nobody", &["--json", "verify", &file]);
    if said.code == Some(0) {
        return Ok(said.objects().remove(0));
    }
    assert!(matches!(said.code, Some(1 | 3)), "{said:?}");
    let error = said.event("error").expect("an error");
    assert_eq!(error["rule"].is_string(), said.code == Some(3), "{error}");
    Err((error["rule"].as_str().map(str::to_owned), error["error"].to_string()))
}

fn breaks(stage: &Stage, shown: &str, rule: &str) {
    let (found, text) = verdict(stage, shown).expect_err(rule);
    assert_eq!(found.as_deref(), Some(rule), "{text}");
    assert!(text.contains(rule), "{text}");
}

#[test]
fn a_third_party_checks_without_a_wallet() {
    let (stage, receipt, note) = shown();
    assert_eq!(verdict(&stage, &receipt).expect("a good receipt")["kind"], "receipt");
    assert_eq!(verdict(&stage, &note).expect("a good note")["units"], "400");
    assert!(!stage.path("nobody").exists(), "looking makes no wallet");
    std::fs::create_dir(stage.path("empty")).expect("a directory");
    let file = stage.write("note", &note);
    let said = stage.text("empty", &["verify", &file]);
    assert!(said.contains("3 operations back to the issue") && said.contains("4.00 CUP"), "{said}");
    let file = stage.write("receipt", &receipt);
    let said = stage.text("empty", &["verify", &file]);
    assert!(said.contains("not shown that the value is good"), "{said}");
    let said = stage.json("ben", &["verify", &file]);
    assert_eq!((&said["kind"], &said["outputs"][0]["units"]), (&"receipt".into(), &"1000".into()));
    let piped = {
        use std::io::Write;
        let mut command = stage.command("empty", &["verify", "-"]);
        let mut process = command
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("the binary");
        let mut input = process.stdin.take().expect("its input");
        input.write_all(note.as_bytes()).expect("a pipe");
        drop(input);
        process.wait_with_output().expect("its end")
    };
    assert!(piped.status.success());
}

#[test]
fn each_change_of_a_receipt_breaks_a_rule_that_is_named() {
    let (stage, receipt, _) = shown();
    let good: Receipt = decoded("dsmreceipt", &receipt);
    let change = |rule: &str, change: &dyn Fn(&mut Receipt)| {
        let mut changed = good.clone();
        change(&mut changed);
        breaks(&stage, &encoded("dsmreceipt", &changed), rule);
    };
    change("R-02", &|one| one.payer.card.genesis.network = Network::MAIN);
    change("R-13", &|one| one.payee.signature = one.payer.signature.clone());
    change("R-13", &|one| one.payer.entry.nonce = None);
    change("R-38", &|one| one.payer.entry.index += 1);
    change("R-39", &|one| one.payer.tip = Some(dsm_crypto::Digest::ZERO));
    change("R-39", &|one| one.payee.tip = Some(dsm_crypto::Digest::ZERO));
    change("R-52", &|one| one.payer.card.devices = one.payee.card.devices.clone());
    change("R-53", &|one| one.payer.card.kem = one.payee.card.kem.clone());
    change("R-54", &|one| one.payee = one.payer.clone());
    change("R-55", &|one| core::mem::swap(&mut one.payer, &mut one.payee));
}

#[test]
fn each_change_of_a_note_breaks_a_rule_that_is_named() {
    let (stage, _, note) = shown();
    let good: NoteProof = decoded("dsmnote", &note);
    let change = |rule: &str, change: &dyn Fn(&mut NoteProof)| {
        let mut changed = good.clone();
        change(&mut changed);
        breaks(&stage, &encoded("dsmnote", &changed), rule);
    };
    change("R-02", &|one| one.network = Network::MAIN);
    change("R-03", &|one| edit(&mut one.pack.devices, |devices| devices.reverse()));
    change("R-04", &|one| edit(&mut one.pack.runs, |runs| drop(runs.pop())));
    change("R-05", &|one| edit(&mut one.pack.runs, |runs| runs[2].device = 99));
    change("R-06", &|one| {
        edit(&mut one.pack.runs, |runs| {
            let mut touching = runs[0].clone();
            touching.start.index += 1;
            runs.insert(1, touching);
        });
    });
    change("R-07", &|one| one.index += 1);
    change("R-04", &|one| edit(&mut one.pack.opened, |opened| drop(opened.remove(0))));
    change("R-13", &|one| {
        edit(&mut one.pack.runs, |runs| runs[0].signature = runs[1].signature.clone());
    });
    change("R-13", &|one| more_money(&mut one.pack));
    change("R-14", &|one| {
        let id = one.device;
        let named = |device: &PackDevice| match device.id() == id {
            true => PackDevice::Named { id },
            false => device.clone(),
        };
        one.pack.devices = List::try_collect(one.pack.devices.iter().map(named)).expect("as many");
    });
    let (rule, text) = {
        let mut changed = good.clone();
        changed.output = 7;
        verdict(&stage, &encoded("dsmnote", &changed)).expect_err("no such output")
    };
    assert!(rule.is_none() && text.contains("does not make the note"), "{text}");
}

fn edit<T: Clone, const MAX: usize>(list: &mut List<T, MAX>, change: impl FnOnce(&mut Vec<T>)) {
    let mut elements = list.to_vec();
    change(&mut elements);
    *list = List::try_from(elements).expect("few elements");
}

/// One more unit in the first output of each transfer.
fn more_money(pack: &mut Pack) {
    edit(&mut pack.opened, |opened| {
        for one in opened {
            if let Some(PackValue::Transfer { outputs, .. }) = &mut one.value {
                edit(outputs, |outputs| outputs[0].amount += 1);
            }
        }
    });
}

#[test]
fn no_changed_byte_or_letter_is_believed() {
    let (stage, receipt, note) = shown();
    for (prefix, shown) in [("dsmreceipt", receipt), ("dsmnote", note)] {
        let bytes = text::decode(prefix, &shown).expect("a text");
        let good = verdict(&stage, &shown).expect("a good proof");
        for part in 0..25 {
            let at = part * bytes.len() / 25;
            let mut changed = bytes.clone();
            changed[at] ^= 1 << (part % 8);
            let changed = text::encode(prefix, &changed).expect("a text");
            // A card says where its log stood when it was made: nobody signs that, and nothing
            // of what is shown rests on it.
            if let Ok(said) = verdict(&stage, &changed) {
                assert_eq!((said, prefix), (good.clone(), "dsmreceipt"), "byte {at}");
            }
        }
        let mut letter = shown.clone().into_bytes();
        let at = letter.len() / 2;
        letter[at] = if letter[at] == b'q' { b'p' } else { b'q' };
        let letter = String::from_utf8(letter).expect("letters");
        let (_, error) = verdict(&stage, &letter).expect_err("a checksum");
        assert!(error.contains("mistyped"), "{error}");
        assert!(verdict(&stage, &shown[..shown.len() - 9]).is_err());
        assert!(verdict(&stage, &format!("{shown}q")).is_err());
        assert!(verdict(&stage, prefix).is_err());
    }
}

#[test]
fn what_is_shown_is_explained_alike_by_a_daemon_and_costs_nobody_else() {
    let stage = Stage::rich(&["ada", "ben"]);
    assert_eq!(stage.meet("ada", &["pay", "ben", "2"], "ben").0.code, Some(0));
    let receipt = stage.write("receipt", &stage.text("ada", &["receipt", "ben"]));
    let note = stage.write("note", &stage.text("ben", &["export"]));
    let text = std::fs::read_to_string(&note).expect("a note");
    let junk = stage.write("junk", "junk");
    let cut = stage.write("cut", text.trim().split_at(text.len() / 2).0);
    let words: [&[&str]; 5] = [
        &["verify", &receipt],
        &["verify", &note],
        &["verify", &note, "--dot"],
        &["verify", &note, "--html", "-"],
        &["--json", "verify", &receipt],
    ];
    let good = || words.map(|words| stage.text("ada", words));
    let bad = || [&junk, &cut].map(|file| stage.fails("ada", &["verify", file]));
    let (alone, refused) = (good(), bad());
    let mut proof: NoteProof = decoded("dsmnote", text.trim());
    proof.index += 1;
    let wrong = encoded("dsmnote", &proof);
    let file = stage.write("wrong", &wrong);
    let broken = stage.run("ada", &["verify", &file]);
    let ada = Served::new(&stage, "ada");
    assert_eq!((good(), bad()), (alone, refused));
    let served = stage.run("ada", &["verify", &file]);
    assert_eq!((broken.code, &broken.error), (Some(3), &served.error));
    assert_eq!(served.code, Some(3));
    let ask = |shown: &str| ada.send("POST", "/v1/explanations", Some(json!({ "shown": shown })));
    let (status, said) = ask(&text);
    assert_eq!((status, &said["kind"], &said["units"]), (200, &json!("note"), &json!("200")));
    assert!(ask(&wrong).1["rule"].is_string());
    assert_eq!((ask("").0, ask(&"x".repeat(17 << 20)).0), (422, 413));
}
