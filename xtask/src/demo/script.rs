//! What happens: Ada, Ben and Cleo pay each other; then Ada puts her files back and pays twice.

use serde_json::{Value, json};

use super::stage::{Meeting, Stage};
use crate::problem::Problem;

const POLICY: &str = include_str!("../../../docs/examples/coffee.toml");

/// Plays the whole script.
pub(super) fn play(stage: &mut Stage) -> Result<(), Problem> {
    introduce(stage)?;
    issue(stage)?;
    pay(stage, "ada", "ben", "10")?;
    pay(stage, "ben", "cleo", "4")?;
    verify(stage)?;
    cheat(stage)?;
    catch(stage)?;
    refuse(stage)?;
    let text = "\nThe wallets are in target/demo: try dsm --home target/demo/ben balance";
    stage.tell(text, &json!({ "step": "done" }));
    Ok(())
}

/// Who takes part.
pub(super) const NAMES: [&str; 3] = ["ada", "ben", "cleo"];

fn introduce(stage: &mut Stage) -> Result<(), Problem> {
    for name in NAMES {
        stage.run(name, &["init", "--no-passphrase"])?;
    }
    pin(stage)?;
    let text = "Ada, Ben and Cleo: three processes, three directories, no network.\n\
                They exchanged contact cards face to face.";
    stage.tell(text, &json!({ "step": "introduce", "wallets": NAMES }));
    Ok(())
}

/// Everybody pins the cards of the others.
pub(super) fn pin(stage: &Stage) -> Result<(), Problem> {
    for name in NAMES {
        let said = stage.run(name, &["id"])?;
        let card = said.first().and_then(|id| id["card"].as_str()).unwrap_or_default();
        stage.file(&format!("{name}.card"), card)?;
    }
    for one in NAMES {
        for other in NAMES.iter().filter(|other| **other != one) {
            let card = stage.home(&format!("{other}.card"));
            stage.run(one, &["contact", "add", other, &card.to_string_lossy()])?;
        }
    }
    Ok(())
}

/// Ada makes a token, and money for herself.
pub(super) fn issue(stage: &mut Stage) -> Result<(), Problem> {
    let policy = stage.file("coffee.toml", POLICY)?;
    stage.run("ada", &["token", "new", &policy.to_string_lossy()])?;
    stage.run("ada", &["token", "issue", "CUP", "100"])?;
    let text = "\nAda makes the token CUP and issues 100.00 CUP to herself.";
    stage.tell(text, &json!({ "step": "issue", "token": "CUP", "amount": "100.00" }));
    Ok(())
}

/// One payment, which both sides must like.
pub(super) fn pay(
    stage: &mut Stage,
    payer: &str,
    payee: &str,
    amount: &str,
) -> Result<(), Problem> {
    // A payer that learned of the token by being paid knows its ticker.
    let meeting = stage.meet(payer, &["pay", payee, amount, "CUP"], payee)?;
    let received = meeting.event("received").cloned();
    let Some(received) = received.filter(|_| meeting.event("acknowledged").is_some()) else {
        let (caller, waiter) = (&meeting.caller, &meeting.waiter);
        return Err(Problem::new(format!("{payer} could not pay {payee}: {caller:?} {waiter:?}")));
    };
    let text = format!(
        "\n{payer} pays {payee} {amount}.00 CUP: accepted in class {}, {} hops back to the issue{}",
        received["class"].as_str().unwrap_or_default(),
        received["hops"],
        cost(&meeting),
    );
    let object = json!({
        "step": "pay", "payer": payer, "payee": payee, "amount": received["amount"],
        "class": received["class"], "hops": received["hops"], "figures": meeting.figures(),
    });
    stage.tell(&text, &object);
    Ok(())
}

/// What a meeting cost, in words.
fn cost(meeting: &Meeting) -> String {
    let figures = meeting.figures();
    let micro = |side: &str, what: &str| figures[side][what].as_f64().unwrap_or_default() / 1_000.0;
    format!(
        "\n  {} B one way, {} B back; CPU {:.1} ms and {:.1} ms; {:.1} ms on the clock",
        figures["caller"]["sent_bytes"],
        figures["waiter"]["sent_bytes"],
        micro("caller", "cpu_us"),
        micro("waiter", "cpu_us"),
        micro("caller", "wall_us"),
    )
}

fn verify(stage: &mut Stage) -> Result<(), Problem> {
    let said = stage.run("cleo", &["verify"])?;
    let text = stage.text("cleo", &["verify"])?;
    let text = format!("\nCleo checks what she holds, from nothing (dsm verify):\n\n{text}");
    stage.tell(&text, &json!({ "step": "verify", "verify": said }));
    Ok(())
}

fn cheat(stage: &mut Stage) -> Result<(), Problem> {
    stage.copy("ada", "ada.copy")?;
    stage.tell("Now Ada copies her files, and cheats.", &json!({ "step": "copy" }));
    pay(stage, "ada", "ben", "20")?;
    stage.copy("ada.copy", "ada")?;
    stage.tell(
        "\nAda puts her files back: her wallet has forgotten that payment.",
        &json!({ "step": "restore" }),
    );
    pay(stage, "ada", "cleo", "20")?;
    let text = "\nBoth accepted: in class exposed nothing prevents it, and both took no more than \
                their settings allow\n(dsm settings).";
    stage.tell(text, &json!({ "step": "cheated" }));
    Ok(())
}

fn catch(stage: &mut Stage) -> Result<(), Problem> {
    let meeting = stage.meet("ben", &["contact", "sync", "cleo"], "cleo")?;
    let both = [&meeting.caller, &meeting.waiter]
        .iter()
        .all(|side| side.iter().any(|said| said["event"] == "forked"));
    if !both {
        let (caller, waiter) = (&meeting.caller, &meeting.waiter);
        return Err(Problem::new(format!("the fork was not found: {caller:?} {waiter:?}")));
    }
    let evidence = stage.run("cleo", &["evidence", "list"])?;
    let shown = stage.text("cleo", &["evidence", "list"])?;
    let balance = stage.text("cleo", &["balance"])?;
    let text = format!(
        "\nBen and Cleo meet and compare notes (dsm contact sync): the fork proof is found.{}\n\n  {}\n\
         Cleo's balance, with what rests on the fork frozen:\n\n{balance}",
        cost(&meeting),
        shown.replace('\n', "\n  "),
    );
    let object = json!({ "step": "catch", "evidence": evidence, "figures": meeting.figures() });
    stage.tell(&text, &object);
    Ok(())
}

fn refuse(stage: &mut Stage) -> Result<(), Problem> {
    let meeting = stage.meet("ada", &["pay", "ben", "1", "CUP"], "ben")?;
    let rejected: Option<&Value> = meeting.event("rejected");
    let Some(rejected) = rejected.filter(|_| meeting.event("received").is_none()) else {
        let (caller, waiter) = (&meeting.caller, &meeting.waiter);
        return Err(Problem::new(format!("Ada was not refused: {caller:?} {waiter:?}")));
    };
    let text = format!(
        "Ada's next payment is refused: {} ({}).",
        rejected["text"].as_str().unwrap_or_default(),
        rejected["rule"].as_str().unwrap_or_default(),
    );
    stage.tell(&text, &json!({ "step": "refuse", "rule": rejected["rule"] }));
    Ok(())
}
