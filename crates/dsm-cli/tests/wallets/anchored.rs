//! Wallets on real chips, as far as an emulator is one: what a receiver counts, and what a copied directory can still do.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use dsm_swtpm::{Emulator, Endorser};
use serde_json::{Value, json};

use crate::interrupt::{SOON, pays, press};
use crate::stage::{POLICY, Stage};

/// Wallets on chips of their own, that pinned each other; the chips of all were made by one maker.
struct Town {
    stage: Stage,
    chips: Vec<(Emulator, Endorser)>,
}

impl Town {
    fn new(names: &[&str]) -> Self {
        let stage = Stage::new();
        let mut chips = Vec::new();
        for name in names {
            let (emulator, endorser) = Emulator::endorsed().expect("swtpm");
            let chip = format!("tcp:{}", emulator.address());
            let made =
                stage.json(name, &["init", "--no-passphrase", "--anchor", "tpm", "--chip", &chip]);
            assert_eq!(made["anchor"], "tpm");
            stage.write(&format!("{name}.card"), &stage.text(name, &["id"]));
            stage.write(&format!("{name}.root"), &endorser.root);
            stage.write(&format!("{name}.between"), &endorser.between);
            chips.push((emulator, endorser));
        }
        for one in names {
            for other in names.iter().filter(|other| *other != one) {
                let card = stage.path(&format!("{other}.card")).display().to_string();
                stage.text(one, &["contact", "add", other, &card]);
            }
        }
        Self { stage, chips }
    }

    fn file(&self, name: &str) -> String {
        self.stage.path(name).display().to_string()
    }

    /// The verifier counts the chip of a contact, up to so much, after it answered a challenge.
    fn trusts(&self, verifier: &str, contact: &str, most: &str) -> Value {
        let (stage, file) = (&self.stage, |name: &str| self.file(name));
        let root = file(&format!("{contact}.root"));
        stage.text(
            verifier,
            &["anchor", "maker", "add", &root, "--most", most, "--danger-emulators"],
        );
        let above = file(&format!("{contact}.between"));
        stage.write("chain", &stage.text(contact, &["anchor", "certificate", "--above", &above]));
        stage.write(
            "challenge",
            &stage.text(verifier, &["anchor", "challenge", contact, &file("chain")]),
        );
        stage.write("answer", &stage.text(contact, &["anchor", "answer", &file("challenge")]));
        stage.json(verifier, &["anchor", "trust", contact, &file("chain"), &file("answer")])
    }

    /// Ada issues 100.00 CUP to herself, from her own log.
    fn rich(&self) {
        let policy = self.stage.write("coffee.toml", POLICY);
        self.stage.text("ada", &["token", "new", &policy, "--issue", "100"]);
    }
}

#[test]
fn a_payment_between_chips_is_anchored_and_says_so_everywhere() {
    let town = Town::new(&["ada", "ben"]);
    let stage = &town.stage;
    town.rich();
    stage.text("ben", &["settings", "--exposed-cap", "0"]);
    // Nobody vouched for Ada's chip yet.
    let (paid, refused) = stage.meet("ada", &["pay", "ben", "60"], "ben");
    assert_eq!((paid.code, refused.code), (Some(3), Some(3)), "{paid:?} {refused:?}");
    assert!(refused.event("rejected").is_some_and(|one| one["rule"] == "R-48"), "{refused:?}");
    let shown = stage.text("ben", &["contact", "show", "ada"]);
    assert!(shown.contains("nobody vouched"), "{shown}");
    town.trusts("ben", "ada", "7000");
    let shown = stage.json("ben", &["contact", "show", "ada"]);
    assert_eq!(
        (&shown["anchor"]["kind"], &shown["anchor"]["most"]),
        (&json!("tpm"), &json!("7000"))
    );
    let (paid, got) = stage.meet("ada", &["pay", "ben", "60"], "ben");
    assert_eq!((paid.code, got.code), (Some(0), Some(0)), "{paid:?} {got:?}");
    assert_eq!(got.event("received").expect("money")["class"], "anchored");
    assert_eq!((stage.balance("ada"), stage.balance("ben")), (4_000, 6_000));
    let held = stage.json("ben", &["balance"]);
    assert!(held.to_string().contains("anchored"), "{held}");
    // No more than Ben said may rest on her chip.
    let (paid, refused) = stage.meet("ada", &["pay", "ben", "10.01"], "ben");
    assert_eq!((paid.code, refused.code), (Some(3), Some(3)), "{paid:?} {refused:?}");
    let verified = stage.text("ben", &["verify"]);
    assert!(verified.contains("anchored"), "{verified}");
    assert!(stage.text("ada", &["anchor", "status"]).contains("as this wallet does"));
}

#[test]
fn a_copied_directory_pays_nobody_once_the_chip_has_gone_on() {
    let town = Town::new(&["ada", "ben", "cleo"]);
    let stage = &town.stage;
    town.rich();
    for receiver in ["ben", "cleo"] {
        stage.text(receiver, &["settings", "--exposed-cap", "0"]);
        town.trusts(receiver, "ada", "10000");
    }
    stage.copy("ada", "copy");
    let (paid, got) = stage.meet("ada", &["pay", "ben", "100"], "ben");
    assert_eq!((paid.code, got.code), (Some(0), Some(0)), "{paid:?} {got:?}");
    // On the same chip the copy is behind, and says so.
    let waiting = stage.wait("cleo", &[]);
    let said = stage.fails("copy", &["pay", "cleo", "100", "--link", &waiting.link]);
    assert!(said.contains("has ended"), "{said}");
    assert!(stage.text("copy", &["balance"]).contains("100"), "it can be looked at");
    // On another chip it is not that device.
    let other = format!("tcp:{}", town.chips[1].0.address());
    stage.text("copy", &["anchor", "place", &other]);
    let said = stage.fails("copy", &["pay", "cleo", "100", "--link", &waiting.link]);
    assert!(said.contains("has ended") && said.contains("not the chip of this device"), "{said}");
    waiting.stop();
    assert_eq!(stage.balance("cleo"), 0);
    // Ada herself goes on.
    let (paid, got) = stage.meet("ben", &["pay", "ada", "1"], "ada");
    assert!(paid.code.is_some() && got.code.is_some());
}

#[test]
fn a_chip_whose_state_is_copied_back_pays_twice_and_is_found_out_when_the_two_meet() {
    let mut town = Town::new(&["ada", "ben", "cleo"]);
    town.rich();
    for receiver in ["ben", "cleo"] {
        town.stage.text(receiver, &["settings", "--exposed-cap", "0"]);
        town.trusts(receiver, "ada", "30000");
    }
    town.trusts("cleo", "ben", "30000");
    town.stage.copy("ada", "copy");
    let state = town.chips[0].0.state().to_owned();
    town.chips[0].0.stop();
    let saved = tempfile::tempdir().expect("a directory");
    let copy = |from: &std::path::Path, to: &std::path::Path| {
        for file in fs::read_dir(from).expect("a directory") {
            let path = file.expect("a file").path();
            fs::copy(&path, to.join(path.file_name().expect("a name"))).expect("a copy");
        }
    };
    copy(&state, saved.path());
    let (first, second) = ("ada", "copy");
    for (payer, payee) in [(first, "ben"), (second, "cleo")] {
        town.chips[0].0.stop();
        copy(saved.path(), &state);
        town.chips[0].0.reset().expect("swtpm");
        let place = format!("tcp:{}", town.chips[0].0.address());
        town.stage.text(payer, &["anchor", "place", &place]);
        let (paid, got) = town.stage.meet(payer, &["pay", payee, "100"], payee);
        assert_eq!(
            (paid.code, got.code),
            (Some(0), Some(0)),
            "the assumption is broken: {paid:?} {got:?}"
        );
    }
    let (paid, refused) = town.stage.meet("ben", &["pay", "cleo", "100"], "cleo");
    assert_ne!((paid.code, refused.code), (Some(0), Some(0)), "{paid:?} {refused:?}");
    let forks = town.stage.json("cleo", &["evidence", "list"]);
    let forks = forks["evidence"].as_array().expect("a list");
    assert_eq!(forks.len(), 1, "{forks:?} {paid:?} {refused:?}");
}

#[test]
fn answers_of_other_chips_and_certificates_of_nobody_on_the_list_are_refused() {
    let town = Town::new(&["ada", "ben", "cleo"]);
    let (stage, file) = (&town.stage, |name: &str| town.file(name));
    let root = file("ada.root");
    // A root that says of itself that it stands for emulators is one only if that is said.
    let said = stage.fails("ben", &["anchor", "maker", "add", &root, "--most", "1"]);
    assert!(said.contains("emulator"), "{said}");
    stage.write(
        "ada.chain",
        &stage.text("ada", &["anchor", "certificate", "--above", &file("ada.between")]),
    );
    stage.write(
        "cleo.chain",
        &stage.text("cleo", &["anchor", "certificate", "--above", &file("cleo.between")]),
    );
    stage.fails("ben", &["anchor", "challenge", "ada", &file("ada.chain")]);
    stage.text("ben", &["anchor", "maker", "add", &root, "--most", "1", "--danger-emulators"]);
    stage.fails("ben", &["anchor", "challenge", "cleo", &file("cleo.chain")]);
    stage.write(
        "challenge",
        &stage.text("ben", &["anchor", "challenge", "ada", &file("ada.chain")]),
    );
    // Cleo's chip does not open it, nor does she get in with Ada's certificate.
    stage.fails("cleo", &["anchor", "answer", &file("challenge")]);
    stage.write("hers", &stage.text("ben", &["anchor", "challenge", "cleo", &file("ada.chain")]));
    stage.fails("ada", &["anchor", "answer", &file("hers")]);
    stage.write("answer", &stage.text("ada", &["anchor", "answer", &file("challenge")]));
    stage.fails("ben", &["anchor", "trust", "cleo", &file("ada.chain"), &file("answer")]);
    let trusted =
        stage.json("ben", &["anchor", "trust", "ada", &file("ada.chain"), &file("answer")]);
    let makers = stage.json("ben", &["anchor", "maker", "list"]);
    assert_eq!(makers["makers"], json!([{ "maker": trusted["maker"], "most": "1" }]));
    let maker = trusted["maker"].as_str().expect("a maker");
    assert_eq!(stage.json("ben", &["anchor", "maker", "remove", maker])["makers"], json!([]));
    // Whoever is off the list vouches for nobody.
    stage.fails("ben", &["anchor", "challenge", "ada", &file("ada.chain")]);
    stage.fails("ben", &["anchor", "trust", "ada", &file("ada.chain"), &file("answer")]);
    // A maker that is put on the list again and again is there once.
    for most in ["5", "6"] {
        let add = ["anchor", "maker", "add", &root, "--most", most, "--danger-emulators"];
        assert_eq!(stage.json("ben", &add)["makers"], json!([{ "maker": maker, "most": most }]));
    }
    let kept = fs::read_to_string(stage.path("ben").join("emulators.pem")).expect("the roots");
    assert_eq!(kept.matches("BEGIN").count(), 1);
}

/// Stands between a wallet and its chip, and loses the first increment once.
fn losing(chip: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    thread::spawn(move || {
        let mut lost = false;
        for wallet in listener.incoming() {
            let (Ok(mut wallet), Ok(mut chip)) = (wallet, TcpStream::connect(chip)) else { return };
            while let Some(command) = said(&mut wallet) {
                if command[6..10] == [0, 0, 0x01, 0x34] && !lost {
                    lost = true;
                    break;
                }
                chip.write_all(&command).expect("the chip hears");
                let Some(answer) = said(&mut chip) else { break };
                wallet.write_all(&answer).expect("the wallet hears");
            }
        }
    });
    address
}

/// A command, or an answer.
fn said(from: &mut TcpStream) -> Option<Vec<u8>> {
    let mut said = vec![0; 10];
    from.read_exact(&mut said).ok()?;
    let length = u32::from_be_bytes([said[2], said[3], said[4], said[5]]);
    said.resize(length as usize, 0);
    from.read_exact(&mut said[10..]).ok()?;
    Some(said)
}

#[test]
fn a_payment_whose_chip_went_away_is_said_to_be_written_and_is_paid_once() {
    let town = Town::new(&["ada", "ben"]);
    let stage = &town.stage;
    town.rich();
    let place = format!("tcp:{}", losing(town.chips[0].0.address()));
    stage.text("ada", &["anchor", "place", &place]);
    let (paid, got) = stage.meet("ada", &["pay", "ben", "60"], "ben");
    assert_eq!(paid.code, Some(1), "{paid:?} {got:?}");
    assert!(format!("{paid:?}").contains("the payment is written"), "{paid:?}");
    assert_eq!(stage.balance("ben"), 0);
    let (paid, got) = stage.meet("ada", &["pay", "--resume", "ben"], "ben");
    assert_eq!((paid.code, got.code), (Some(0), Some(0)), "{paid:?} {got:?}");
    assert_eq!((stage.balance("ada"), stage.balance("ben")), (4_000, 6_000));
    // And so is one that nobody hears of yet.
    let place = format!("tcp:{}", losing(town.chips[0].0.address()));
    stage.text("ada", &["anchor", "place", &place]);
    let out = stage.run("ada", &["pay", "ben", "5", "--away"]);
    assert_eq!(out.code, Some(1), "{out:?}");
    let said = out.error;
    assert!(said.contains("waits for the chip"), "{said}");
    let (paid, got) = stage.meet("ada", &["pay", "--resume", "ben"], "ben");
    assert_eq!((paid.code, got.code), (Some(0), Some(0)), "{paid:?} {got:?}");
    assert_eq!((stage.balance("ada"), stage.balance("ben")), (3_500, 6_500));
}

/// Stands between wallets and a chip as a resource manager does: a session ends with the connection that began it. Each increment is told, and takes
/// a while; or the first is done, and said to have failed.
fn managed(chip: SocketAddr, takes: Option<Duration>) -> (String, Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let place = format!("tcp:{}", listener.local_addr().expect("its address"));
    let (tell, told) = channel();
    let mut fails = takes.is_none();
    thread::spawn(move || {
        for wallet in listener.incoming() {
            let (Ok(mut wallet), Ok(mut chip)) = (wallet, TcpStream::connect(chip)) else { return };
            let mut begun = Vec::new();
            while let Some(command) = said(&mut wallet) {
                chip.write_all(&command).expect("the chip hears");
                let mut answer = said(&mut chip).expect("the chip says");
                match (&command[6..10], &answer[6..10]) {
                    ([0, 0, 0x01, 0x76], [0, 0, 0, 0]) => begun.push(answer[10..14].to_vec()),
                    ([0, 0, 0x01, 0x34], _) => {
                        let _ = tell.send(());
                        thread::sleep(takes.unwrap_or_default());
                        if std::mem::take(&mut fails) {
                            answer = vec![0x80, 1, 0, 0, 0, 10, 0, 0, 0x01, 0x01];
                        }
                    }
                    _ => {}
                }
                if wallet.write_all(&answer).is_err() {
                    break;
                }
            }
            for session in begun {
                let flush = [&[0x80, 1, 0, 0, 0, 14, 0, 0, 0x01, 0x65][..], &session].concat();
                chip.write_all(&flush).expect("the chip hears");
                // One that the wallet ended is not there any more.
                said(&mut chip).expect("the chip says");
            }
        }
    });
    (place, told)
}

#[test]
fn whoever_is_interrupted_while_its_chip_absorbs_does_not_end_its_log() {
    let town = Town::new(&["ada", "ben"]);
    let stage = &town.stage;
    town.rich();
    let chip = town.chips[0].0.address();
    // Once before anybody hears of the payment.
    let (place, told) = managed(chip, Some(Duration::from_millis(500)));
    stage.text("ada", &["anchor", "place", &place]);
    let mut pay = stage.command("ada", &["pay", "ben", "1", "--away"]);
    let pay = pay.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary");
    told.recv_timeout(SOON).expect("it increments");
    let (output, _) = press(pay);
    let (paid, got) = stage.meet("ada", &["pay", "--resume", "ben"], "ben");
    assert_eq!((paid.code, got.code), (Some(0), Some(0)), "{paid:?} {got:?}");
    assert_eq!((stage.balance("ada"), stage.balance("ben")), (9_900, 100));
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    // And twice, by somebody who does not wait for the conversation to end.
    let (place, told) = managed(chip, Some(Duration::from_secs(3)));
    stage.text("ada", &["anchor", "place", &place]);
    let waiting = stage.wait("ben", &[]);
    let pay = pays(stage, &waiting.link);
    told.recv_timeout(SOON).expect("it increments");
    let pid = pay.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().expect("a command").success());
    thread::sleep(Duration::from_millis(500));
    let (output, _) = press(pay);
    assert!(!output.status.success(), "{output:?}");
    waiting.stop();
    let place = format!("tcp:{chip}");
    stage.text("ada", &["anchor", "place", &place]);
    let (paid, got) = stage.meet("ada", &["pay", "--resume", "ben"], "ben");
    assert_eq!((paid.code, got.code), (Some(0), Some(0)), "{paid:?} {got:?}");
    assert_eq!((stage.balance("ada"), stage.balance("ben")), (9_800, 200));
}

#[test]
fn a_chip_that_fails_for_a_moment_is_tried_again_while_its_session_is_there() {
    let town = Town::new(&["ada", "ben"]);
    let stage = &town.stage;
    town.rich();
    for paid in [100, 200] {
        let (place, _told) = managed(town.chips[0].0.address(), None);
        stage.text("ada", &["anchor", "place", &place]);
        let (one, other) = stage.meet("ada", &["pay", "ben", "1"], "ben");
        assert_eq!((one.code, other.code), (Some(0), Some(0)), "{one:?} {other:?}");
        assert_eq!((stage.balance("ada"), stage.balance("ben")), (10_000 - paid, paid));
    }
}

#[test]
fn a_lot_that_waits_for_its_chip_is_issued_once_however_often_one_asks() {
    let town = Town::new(&["ada"]);
    let stage = &town.stage;
    town.rich();
    let issue = ["token", "issue", "CUP", "5"];
    let place = format!("tcp:{}", losing(town.chips[0].0.address()));
    stage.text("ada", &["anchor", "place", &place]);
    let failed = stage.run("ada", &issue);
    assert_eq!(failed.code, Some(1), "{failed:?}");
    assert!(failed.error.contains("what was written last waits"), "{failed:?}");
    let issued = stage.json("ada", &issue);
    assert_eq!((issued["units"].as_str(), stage.balance("ada")), (Some("500"), 10_500), "{issued}");
    // Whoever asks again after that wants another one, and so does who asks for another amount.
    stage.json("ada", &issue);
    assert_eq!(stage.balance("ada"), 11_000);
    let place = format!("tcp:{}", losing(town.chips[0].0.address()));
    stage.text("ada", &["anchor", "place", &place]);
    assert_eq!(stage.run("ada", &issue).code, Some(1));
    stage.json("ada", &["token", "issue", "CUP", "7"]);
    assert_eq!(stage.balance("ada"), 12_200);
}

#[test]
fn a_wallet_that_is_not_made_takes_no_place_in_the_chip() {
    let (stage, emulator) = (Stage::new(), Emulator::start().expect("swtpm"));
    let chip = format!("tcp:{}", emulator.address());
    for _ in 0..2 {
        let keyring = ["init", "--keyring", "--anchor", "tpm", "--chip", &chip];
        let mut command = stage.command("ada", &keyring);
        command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/no/such/bus");
        assert!(!command.output().expect("the binary").status.success());
    }
    stage.json("ada", &["init", "--no-passphrase", "--anchor", "tpm", "--chip", &chip]);
    assert_eq!(stage.json("ada", &["anchor", "status"])["counter"], 0x0180_d5d0);
}
