//! The cheat of the first script among wallets on chips: emulators, of which the receivers were told the makers.

use dsm_swtpm::{Emulator, Endorser};
use serde_json::{Value, json};

use super::script::{NAMES, issue, pay, pin};
use super::stage::{Meeting, Stage};
use crate::debian;
use crate::problem::Problem;

/// What a broken chip gets, and what then happens.
const BROKEN: &str =
    "a_chip_whose_state_is_copied_back_pays_twice_and_is_found_out_when_the_two_meet";

/// Plays the whole script.
pub(super) fn play(stage: &mut Stage) -> Result<(), Problem> {
    debian::ensure_swtpm()?;
    let chips = chips()?;
    introduce(stage, &chips)?;
    for (verifier, contact) in [("ben", "ada"), ("cleo", "ada"), ("cleo", "ben")] {
        trust(stage, verifier, contact)?;
    }
    let text = "\nBen and Cleo take nothing exposed. They count the makers of the chips of Ada and Ben, up to 100.00 of\n\
                any token on any one chip: each chip showed its certificates and answered a challenge.";
    stage.tell(text, &json!({ "step": "trust" }));
    issue(stage)?;
    pay(stage, "ada", "ben", "60")?;
    pay(stage, "ben", "cleo", "20")?;
    explain(stage)?;
    cheat(stage)?;
    steal(stage)?;
    assume(stage);
    Ok(())
}

/// A chip for each, endorsed by a maker of its own.
fn chips() -> Result<Vec<(Emulator, Endorser)>, Problem> {
    std::thread::scope(|scope| {
        let started = NAMES.map(|_| scope.spawn(Emulator::endorsed));
        let joined = started.into_iter().map(|one| one.join());
        joined
            .map(|one| match one {
                Ok(Ok(chip)) => Ok(chip),
                Ok(Err(error)) => Err(Problem::new(error.to_string())),
                Err(_) => Err(Problem::new("a chip could not be started")),
            })
            .collect()
    })
}

fn introduce(stage: &mut Stage, chips: &[(Emulator, Endorser)]) -> Result<(), Problem> {
    for (name, (emulator, endorser)) in NAMES.into_iter().zip(chips) {
        let place = format!("tcp:{}", emulator.address());
        stage.run(name, &["init", "--no-passphrase", "--anchor", "tpm", "--chip", &place])?;
        stage.file(&format!("{name}.root"), &endorser.root)?;
        stage.file(&format!("{name}.between"), &endorser.between)?;
    }
    pin(stage)?;
    let text = "Ada, Ben and Cleo: three processes, three directories, three chips, no network. The chips are emulators\n\
                (swtpm). What each wallet signs counts only with its chip's evidence.";
    stage.tell(text, &json!({ "step": "introduce", "wallets": NAMES, "chips": "swtpm" }));
    Ok(())
}

/// Somebody counts the chip of a contact, which answers a challenge.
fn trust(stage: &Stage, verifier: &str, contact: &str) -> Result<(), Problem> {
    let path = |name: &str| stage.home(name).to_string_lossy().into_owned();
    let root = path(&format!("{contact}.root"));
    let maker = ["anchor", "maker", "add", &root, "--most", "10000", "--danger-emulators"];
    stage.run(verifier, &maker)?;
    stage.run(verifier, &["settings", "--exposed-cap", "0"])?;
    let between = path(&format!("{contact}.between"));
    let steps: [(&str, &str, &[&str]); 3] = [
        ("chain", contact, &["anchor", "certificate", "--above", &between]),
        ("challenge", verifier, &["anchor", "challenge", contact, &path("chain")]),
        ("answer", contact, &["anchor", "answer", &path("challenge")]),
    ];
    for (file, who, words) in steps {
        let said = stage.text(who, words)?;
        stage.file(file, &said)?;
    }
    let words = ["anchor", "trust", contact, &path("chain"), &path("answer")];
    stage.run(verifier, &words).map(|_| ())
}

fn explain(stage: &mut Stage) -> Result<(), Problem> {
    let said = stage.run("cleo", &["verify"])?;
    let text = stage.text("cleo", &["verify"])?;
    let text = format!("\nCleo checks what she holds, from nothing (dsm verify):\n\n{text}");
    stage.tell(&text, &json!({ "step": "verify", "verify": said }));
    Ok(())
}

/// The cheat of the first demo, with the wallet as it is.
fn cheat(stage: &mut Stage) -> Result<(), Problem> {
    stage.copy("ada", "ada.copy")?;
    stage.tell("Now Ada copies her files, and cheats.", &json!({ "step": "copy" }));
    pay(stage, "ada", "ben", "40")?;
    // Nobody is called: before that the wallet asks its chip.
    let words = ["pay", "cleo", "40", "CUP", "--link", "tcp:127.0.0.1:1"];
    let error = stage.fails("ada.copy", &words)?;
    let error = error["error"].as_str().unwrap_or_default().to_owned();
    if !error.contains("has ended") {
        return Err(Problem::new(format!("the copy does not say that its log has ended: {error}")));
    }
    let text =
        format!("\nThe copy is to pay Cleo the same 40.00. The wallet itself refuses:\n  {error}");
    stage.tell(&text, &json!({ "step": "behind", "error": error }));
    Ok(())
}

/// The same with a program that does not ask.
fn steal(stage: &mut Stage) -> Result<(), Problem> {
    let meeting = stage.thief(["ada.copy", "ada"], ["cleo", "4000"])?;
    let Meeting { caller, waiter } = &meeting;
    let rejected = waiter.iter().find(|said| said["event"] == "rejected");
    let written = caller.iter().any(|said| said["event"] == "bound");
    let rejected: &Value = rejected
        .filter(|one| one["rule"] == "R-73" && written && meeting.event("received").is_none())
        .ok_or_else(|| Problem::new(format!("no refusal by R-73: {caller:?} {waiter:?}")))?;
    let text = format!(
        "\nA thief runs any program. This one (crates/dsm-cli/examples/thief.rs) has the copy and its keys, signs a\n\
         payment to Cleo, and shows what the chip said of Ada's payment to Ben. Cleo, offline, on the spot:\n  \
         refused: {} ({})",
        rejected["text"].as_str().unwrap_or_default(),
        rejected["rule"].as_str().unwrap_or_default(),
    );
    stage.tell(&text, &json!({ "step": "refuse", "rule": rejected["rule"] }));
    Ok(())
}

fn assume(stage: &mut Stage) {
    let text = format!(
        "\nWhat this rests on: that a chip does what its standard says and that nobody copies its state. The state of an\n\
         emulator is a file. Put back with the wallet's files it pays twice, and both accept; it is found out when\n\
         the two meet (crates/dsm-cli/tests/wallets/anchored.rs,\n\
         {BROKEN}).\n\
         So nobody counts emulators but by --danger-emulators."
    );
    stage.tell(&text, &json!({ "step": "assumption", "test": BROKEN }));
}
