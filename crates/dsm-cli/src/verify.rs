//! `dsm verify`: what a receipt or a note proves, what it assumes, and who could still cheat.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use dsm_core::receipt::Receipt;
use dsm_core::{TokenId, View};
use dsm_crypto::text;
use dsm_encoding::from_slice;
use dsm_engine::{NoteProof, note_proof};
use dsm_home::Home;
use dsm_log::{DeviceId, Network};
use dsm_report::{
    Explanation, NOTE, Names, NoteReport, Picture, RECEIPT, ReceiptReport, Sum, Sums, page,
};
use dsm_store::{Books, FileKv};
use serde_json::json;

use crate::input::read_text;
use crate::output::Output;

/// How what was found is shown.
pub(crate) struct Shape {
    /// As a drawing in DOT.
    pub(crate) dot: bool,
    /// As a page, in this file.
    pub(crate) html: Option<PathBuf>,
}

pub(crate) fn run(
    home: &Home,
    file: Option<&Path>,
    shape: &Shape,
    output: &mut Output,
) -> anyhow::Result<()> {
    let Some(file) = file else { return held(home, output) };
    let shown = read_text(file)?;
    // Names are a convenience: a file is checked without any wallet.
    let wallet = home.read().ok();
    let books = wallet.as_ref().and_then(|wallet| wallet.books().ok());
    let name = |device: &DeviceId| books.as_ref().and_then(|books| called(books, device));
    let sum = |token: &TokenId, units| match &books {
        Some(books) => Sum::new(books, token, units),
        None => Sum::with(None, token, units),
    };
    let explanation = explain(&shown, &name, &sum)?;
    if shape.dot {
        let dot = Picture::of(&explanation).to_dot();
        output.say(dot.trim_end(), &json!({ "dot": dot }));
    } else if let Some(to) = &shape.html {
        write_page(to, &page(&explanation), output)?;
    } else {
        output.say(&explanation.to_string(), &explanation);
    }
    Ok(())
}

/// The owner of a wallet is you, to yourself.
fn called(books: &Books<'_, FileKv>, device: &DeviceId) -> Option<String> {
    if books.is_own(device) { Some("you".to_owned()) } else { books.name_of(device) }
}

fn explain(shown: &str, names: Names<'_>, sums: Sums<'_>) -> anyhow::Result<Explanation> {
    if shown.starts_with(RECEIPT) {
        let receipt: Receipt = from_slice(&text::decode(RECEIPT, shown)?)?;
        let report = ReceiptReport::new(&receipt, Network::TEST, names, sums);
        Ok(Explanation::Receipt(Box::new(report.context("the receipt does not hold")?)))
    } else if shown.starts_with(NOTE) {
        let proof: NoteProof = from_slice(&text::decode(NOTE, shown)?)?;
        let report = NoteReport::new(&proof, names).context("the note does not hold")?;
        Ok(Explanation::Note(Box::new(report)))
    } else {
        bail!("this is neither a receipt nor a note; make one with `dsm receipt` or `dsm export`");
    }
}

fn write_page(to: &Path, page: &str, output: &mut Output) -> anyhow::Result<()> {
    if to.as_os_str() == "-" {
        output.say(page.trim_end(), &json!({ "page": page }));
        return Ok(());
    }
    let shown = to.display();
    std::fs::write(to, page).with_context(|| format!("cannot write {shown}; name another file"))?;
    let said = format!("{shown} explains it; open it in a browser");
    output.say(&said, &json!({ "file": shown.to_string(), "bytes": page.len() }));
    Ok(())
}

/// Every note that the wallet holds, judged as by a stranger, from nothing.
fn held(home: &Home, output: &mut Output) -> anyhow::Result<()> {
    let wallet = home.read()?;
    let books = wallet.books()?;
    let name = |device: &DeviceId| called(&books, device);
    let own = |device: &str| device.parse().is_ok_and(|device| books.is_own(&device));
    let mut reports = Vec::new();
    for (held, frozen) in books.all_held() {
        let report = NoteReport::new(&note_proof(&books, &held.id())?, &name);
        let mut report = report.context("the note does not hold")?;
        report.frozen = Some(frozen);
        // What the owner of the wallet could do is no threat to itself.
        report.threats.retain(|threat| !own(&threat.who.device));
        reports.push(Explanation::Note(Box::new(report)));
    }
    books.check()?;
    let texts: Vec<String> = reports.iter().map(ToString::to_string).collect();
    let text = if texts.is_empty() { "nothing is held".to_owned() } else { texts.join("\n\n") };
    output.say(&text, &json!({ "notes": reports }));
    Ok(())
}
