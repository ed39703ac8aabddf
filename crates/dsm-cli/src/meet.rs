//! `dsm contact meet`: a contact from a first meeting over a link, by a short string.

use std::io::Read;

use anyhow::bail;
use dsm_crypto::Secret;
use dsm_engine::{Engine, IntroduceError};
use dsm_home::{Home, fresh};
use dsm_session::introduction::Introduced;
use dsm_store::FileKv;
use serde_json::json;

use crate::contact;
use crate::link::{self, Place, Waiting, is_quiet};
use crate::output::Output;

/// The most bytes of an answer.
const MAX_ANSWER: u64 = 64;

/// Who calls and who waits.
pub(crate) enum Side {
    Calls(Place),
    Waits(Place),
}

/// Meets somebody, shows the string, and pins the contact if the person says yes.
pub(crate) fn run(home: &Home, name: &str, side: &Side, output: &mut Output) -> anyhow::Result<()> {
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
    let text = format!("{string}\nsame on the other screen? [y/N]");
    output.say(&text, &json!({ "event": "string", "string": string.to_string() }));
    if !says_yes()? {
        bail!(
            "nobody is pinned; if the digits differ, somebody stands in between: meet again over \
             another link, or exchange cards with `dsm id` and `dsm contact add`"
        );
    }
    contact::pin(name, card, |changes| engine.commit(changes), output)
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
