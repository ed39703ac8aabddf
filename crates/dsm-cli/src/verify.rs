//! `dsm verify`: what a receipt or a note proves, what it assumes, and who could still cheat.

use std::path::Path;

use anyhow::{Context, bail};
use dsm_core::receipt::Receipt;
use dsm_core::{Note, Policy, Value as Operation, View};
use dsm_crypto::text;
use dsm_encoding::from_slice;
use dsm_engine::{Examined, NoteProof, Step, examined, lineage_of, note_proof};
use dsm_home::Home;
use dsm_log::{DeviceId, Network};
use dsm_report::{Sum, plain};
use serde_json::{Value, json};

use crate::input::read_text;
use crate::output::Output;
use crate::proof::{NOTE, RECEIPT};

pub(crate) fn run(home: &Home, file: Option<&Path>, output: &mut Output) -> anyhow::Result<()> {
    let Some(file) = file else { return held(home, output) };
    let shown = read_text(file)?;
    // Names are a convenience: a file is checked without any wallet.
    let wallet = home.read().ok();
    let books = wallet.as_ref().and_then(|wallet| wallet.books().ok());
    let name = |device: &DeviceId| books.as_ref().and_then(|books| books.name_of(device));
    if shown.starts_with(RECEIPT) {
        let receipt: Receipt = from_slice(&text::decode(RECEIPT, &shown)?)?;
        let (text, object) = explain_receipt(&receipt, &name)?;
        output.say(&text, &object);
    } else if shown.starts_with(NOTE) {
        let proof: NoteProof = from_slice(&text::decode(NOTE, &shown)?)?;
        let (text, object) = explain_note(&proof, &name)?;
        output.say(&text, &object);
    } else {
        bail!("this is neither a receipt nor a note; make one with `dsm receipt` or `dsm export`");
    }
    Ok(())
}

/// Every note that the wallet holds, judged as by a stranger, from nothing.
fn held(home: &Home, output: &mut Output) -> anyhow::Result<()> {
    let wallet = home.read()?;
    let books = wallet.books()?;
    let name = |device: &DeviceId| {
        if *device == books.me() { Some("you".to_owned()) } else { books.name_of(device) }
    };
    let mut texts = Vec::new();
    let mut objects = Vec::new();
    for (held, frozen) in books.all_held() {
        let proof = note_proof(&books, &held.id())?;
        let (mut text, mut object) = explain_note(&proof, &name)?;
        if frozen {
            text.push_str("\n  frozen: it rests on a device that showed two histories");
        }
        object["frozen"] = Value::Bool(frozen);
        texts.push(text);
        objects.push(object);
    }
    books.check()?;
    if texts.is_empty() {
        texts.push("nothing is held".to_owned());
    }
    output.say(&texts.join("\n\n"), &json!({ "notes": objects }));
    Ok(())
}

type Name<'a> = &'a dyn Fn(&DeviceId) -> Option<String>;

fn called(device: &DeviceId, name: Name<'_>) -> String {
    let id = device.to_string();
    let short: String = id.chars().take(18).collect();
    name(device).map_or(short.clone(), |name| format!("{name} ({short})"))
}

fn explain_receipt(receipt: &Receipt, name: Name<'_>) -> anyhow::Result<(String, Value)> {
    let network = Network::TEST;
    let proven = receipt.verify(network).context("the receipt does not hold")?;
    let payer = called(&proven.payer, name);
    let payee = called(&proven.payee, name);
    let given = receipt.payer.entry.value.iter().flat_map(|value| value.outputs());
    let given = given
        .filter(|output| output.lock.device().is_some_and(|(owner, _)| *owner == proven.payee));
    let amounts: Vec<Value> = given
        .map(|output| {
            json!({ "token": output.token.to_string(), "units": output.amount.to_string() })
        })
        .collect();
    let text = format!(
        "Receipt\n  proven    {payer} signed entry {} to {payee}\n  proven    {payee} acknowledged \
         it in entry {}\n  proven    each entry changed only this relationship in its writer's tip \
         tree\n  assumed   the two contact cards are theirs\n  not shown that the value is good: \
         check the note (`dsm export`)",
        proven.payer_at.index, proven.payee_at.index,
    );
    let object = json!({
        "kind": "receipt", "payer": proven.payer.to_string(), "payer_entry": proven.payer_at.index,
        "payee": proven.payee.to_string(), "payee_entry": proven.payee_at.index,
        "outputs": amounts,
    });
    Ok((text, object))
}

fn explain_note(proof: &NoteProof, name: Name<'_>) -> anyhow::Result<(String, Value)> {
    let shown = examined(proof).context("the note does not hold")?;
    let Examined { note, lineage, policies, view } = &shown;
    let policy = policies.iter().find(|policy| policy.id() == note.output.token);
    let policy = policy.context("the note's policy is not shown")?;
    let steps = lineage_of(view, proof.device, proof.index);
    let mut lines = vec![headline(note, policy, name)];
    lines.push(format!("  token     {} {}", plain(&policy.name), policy.id()));
    lines.push(format!("  lineage   {} operations back to the issue:", lineage.hops));
    lines.extend(steps.iter().map(|step| format!("    {}", describe(step, policies, name))));
    lines.push("  proven    every operation is signed, conserved, within its policy,".to_owned());
    lines.push("            and the first on its log to spend what it spends".to_owned());
    lines.push(format!("  class     {}", lineage.class.name()));
    for device in &lineage.uncertified {
        lines.push(format!(
            "  could cheat  {}: by a second history that you have not met; evidence, not prevention",
            called(device, name)
        ));
    }
    let steps: Vec<Value> = steps
        .iter()
        .map(|step| {
            json!({
                "device": step.device.to_string(), "name": name(&step.device),
                "index": step.index, "records_shown": step.shown,
                "what": describe(step, policies, name),
            })
        })
        .collect();
    let could: Vec<String> = lineage.uncertified.iter().map(ToString::to_string).collect();
    let amount = Sum::of(policy, note.output.amount);
    let object = json!({
        "kind": "note", "id": note.id().to_string(), "token": policy.id().to_string(),
        "ticker": &*policy.ticker, "amount": amount.amount, "units": amount.units,
        "class": lineage.class.name(),
        "hops": lineage.hops, "lineage": steps, "could_cheat": could,
    });
    Ok((lines.join("\n"), object))
}

fn headline(note: &Note, policy: &Policy, name: Name<'_>) -> String {
    let amount = Sum::of(policy, note.output.amount);
    match note.output.lock.device() {
        Some((owner, _)) => format!("Note of {amount}, owned by {}", called(owner, name)),
        None => format!("Note of {amount}, in a vault"),
    }
}

fn describe(step: &Step, policies: &[Policy], name: Name<'_>) -> String {
    let policy = |token| policies.iter().find(|policy| policy.id() == token);
    let outputs = step.value.outputs().iter().map(|output| {
        let amount = Sum::with(policy(output.token), &output.token, output.amount);
        match output.lock.device() {
            Some((owner, _)) => format!("{amount} to {}", called(owner, name)),
            None => format!("{amount} to a vault"),
        }
    });
    let outputs: Vec<String> = outputs.collect();
    let verb = match step.value {
        Operation::Issue { lot, .. } => format!("issues lot {lot}"),
        Operation::Transfer { .. } => "transfers".to_owned(),
        Operation::Burn { .. } => "burns".to_owned(),
    };
    let who = called(&step.device, name);
    let (index, shown) = (step.index, step.shown);
    format!("{who} #{index} {verb}: {} [{shown} records shown]", outputs.join(", "))
}
