//! `dsm verify`: what a receipt or a note proves, what it assumes, and who could still cheat.

use std::path::{Path, PathBuf};

use anyhow::Context;
use dsm_core::{TokenId, View};
use dsm_daemon::called;
use dsm_engine::{chips, note_proof};
use dsm_home::Home;
use dsm_log::DeviceId;
use dsm_report::{Explanation, NoteReport, Picture, Sum, page};
use serde_json::json;
use ureq::http::Method;

use crate::input::read_text;
use crate::output::Output;
use crate::served::Daemon;

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
    let explanation = match Daemon::of(home) {
        Some(daemon) => {
            daemon.ask(&Method::POST, "/v1/explanations", Some(&json!({ "shown": shown })))?.1
        }
        None => explain(home, &shown)?,
    };
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

fn explain(home: &Home, shown: &str) -> anyhow::Result<Explanation> {
    // Names are a convenience: a file is checked without any wallet.
    let wallet = home.read().ok();
    let books = wallet.as_ref().and_then(|wallet| wallet.books().ok());
    let name = |device: &DeviceId| books.as_ref().and_then(|books| called(books, device));
    let sum = |token: &TokenId, units| match &books {
        Some(books) => Sum::new(books, token, units),
        None => Sum::with(None, token, units),
    };
    let chip = |device: &DeviceId| books.as_ref().and_then(|books| chips(books)(device));
    Ok(Explanation::of(shown, &name, &sum, &chip)?)
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

/// Every note that the wallet holds, judged as by a stranger, from nothing but whose chips count here.
fn held(home: &Home, output: &mut Output) -> anyhow::Result<()> {
    let wallet = home.read()?;
    let books = wallet.books()?;
    let name = |device: &DeviceId| called(&books, device);
    let own = |device: &str| device.parse().is_ok_and(|device| books.is_own(&device));
    let mut reports = Vec::new();
    for (held, frozen) in books.all_held() {
        let report = NoteReport::new(&note_proof(&books, &held.id())?, &name, &chips(&books));
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
