//! `dsm contact meet`: a contact from a first meeting over a link, by a short string; of this process, or of the
//! daemon that has the wallet.

use std::io::Read;
use std::thread;
use std::time::Duration;

use anyhow::{anyhow, bail};
use dsm_crypto::Secret;
use dsm_daemon::{Compared, Meeting, MeetingReport, MeetingState};
use dsm_engine::{Engine, IntroduceError};
use dsm_home::{Home, fresh};
use dsm_report::{Event, NOT_THE_SAME};
use dsm_session::introduction::Introduced;
use dsm_store::FileKv;
use serde_json::json;
use ureq::http::Method;

use crate::contact;
use crate::interrupt::Interrupt;
use crate::link::{self, Place, Waiting, Way, is_quiet};
use crate::output::Output;
use crate::served::{Daemon, Refusal};

/// The most bytes of an answer.
const MAX_ANSWER: u64 = 64;
/// How often a daemon is asked how far its meeting has come.
const LOOK: Duration = Duration::from_millis(100);

/// Who calls and who waits.
pub(crate) enum Side {
    Calls(Place),
    Waits(Place),
}

/// Meets somebody, shows the string, and pins the contact if the person says yes.
pub(crate) fn run(home: &Home, name: &str, side: &Side, output: &mut Output) -> anyhow::Result<()> {
    if let Some(daemon) = Daemon::of(home) {
        return served(&daemon, name, side, output);
    }
    let interrupt = Interrupt::new(output, "interrupted; nobody is pinned")?;
    let mut engine = home.open()?;
    contact::check(engine.wallet(), name, None)?;
    let introduced = match side {
        Side::Calls(place) => {
            let _work = is_quiet(place).then(|| output.work("calling"));
            call(&engine, place)?
        }
        Side::Waits(place) => wait(&engine, place, output)?,
    };
    let Introduced { card, string } = introduced;
    contact::check(engine.wallet(), name, Some(&card))?;
    output.tell(&Event::String { string: string.to_string(), meeting: None });
    if !says_yes()? {
        bail!(NOT_THE_SAME);
    }
    interrupt.says("interrupted; `dsm contact show` tells whether the contact is pinned");
    contact::pin(name, card, |changes| engine.commit(changes), output)
}

/// Has the daemon meet somebody; the person answers here.
fn served(daemon: &Daemon, name: &str, side: &Side, output: &mut Output) -> anyhow::Result<()> {
    let named = |place: &Place| link::from_anywhere(&Way::Talk(place.clone()));
    let (wait, link) = match side {
        Side::Calls(place) => (None, Some(named(place)?)),
        Side::Waits(place) => (Some(named(place)?), None),
    };
    let wanted = Meeting { name: name.to_owned(), wait, link };
    let (_, begun): (_, MeetingReport) =
        daemon.ask(&Method::POST, "/v1/meetings", Some(&wanted))?;
    let path = format!("/v1/meetings/{}", begun.meeting);
    let interrupt = Interrupt::new(output, "interrupted; nobody is pinned")?;
    let (left, of) = (path.clone(), daemon.clone());
    interrupt.does_first(move || of.end(&left));
    if let Some(place) = &begun.place {
        let text = format!("waiting at {place}");
        output.note(&text, &json!({ "event": "waiting", "link": place }));
    }
    let work = begun.place.is_none().then(|| output.work("calling"));
    let mut report = begun;
    while report.state == MeetingState::Waiting {
        thread::sleep(LOOK);
        report = daemon.get(&path)?;
    }
    drop(work);
    if let Some(string) = report.digits.take() {
        output.tell(&Event::String { string, meeting: None });
        let same = says_yes()?;
        report = daemon.ask(&Method::POST, &path, Some(&Compared { same }))?.1;
    }
    match (report.device, report.status.zip(report.why)) {
        (Some(device), _) => contact::is_pinned(name, &device, output),
        (_, Some((status, report))) => return Err(Refusal { status, report }.into()),
        _ => return Err(anyhow!("this meeting is over, and nobody is pinned by it")),
    }
    Ok(())
}

fn call(engine: &Engine<FileKv>, place: &Place) -> anyhow::Result<Introduced> {
    let mut link = link::call(place, None, "dsm contact meet --wait")?;
    let fresh = Secret::from_bytes(fresh()?);
    engine.introduce(&mut link, &fresh).map_err(failed)
}

fn wait(engine: &Engine<FileKv>, place: &Place, output: &mut Output) -> anyhow::Result<Introduced> {
    let (mut link, _) = Waiting::at(place, None, output)?.accept()?;
    let fresh = Secret::from_bytes(fresh()?);
    engine.be_introduced(&mut link, &fresh).map_err(failed)
}

fn failed(error: IntroduceError) -> anyhow::Error {
    anyhow::Error::new(error).context("nobody is pinned; begin again on both sides")
}

/// Whether the person's next line is a yes. Nothing at all is a no.
fn says_yes() -> anyhow::Result<bool> {
    let mut line = Vec::new();
    for byte in std::io::stdin().lock().take(MAX_ANSWER).bytes() {
        match byte? {
            b'\n' => break,
            byte => line.push(byte),
        }
    }
    let answer = line.trim_ascii().to_ascii_lowercase();
    Ok(answer == b"y" || answer == b"yes")
}
