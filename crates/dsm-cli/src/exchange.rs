//! Letters over a live and slow link, without a handshake: `--link qr:SHOW,WATCH`.

use anyhow::anyhow;
use cpu_time::ProcessTime;
use dsm_core::TokenId;
use dsm_crypto::Secret;
use dsm_engine::{Engine, ExchangeError, Exchanged, Fresh, Stopwatch};
use dsm_home::{Home, fresh};
use dsm_link::Link;
use dsm_log::DeviceId;
use dsm_report::RequestDraft;
use dsm_session::Notice;
use dsm_store::FileKv;

use crate::interrupt::Interrupt;
use crate::link::{self, AnyLink, Place, Waiting, is_quiet};
use crate::mail;
use crate::output::Output;
use crate::pay::{Figures, tell};
use crate::receive::{asked, check_received};

/// What happened, and what the person may want to know of it.
type Held = (Result<Exchanged, ExchangeError>, Vec<Notice>);

/// Calls a contact, and perhaps pays it.
pub(crate) fn call(
    engine: &mut Engine<FileKv>,
    peer: DeviceId,
    place: &Place,
    pay: Option<(TokenId, u64)>,
    interrupt: &Interrupt,
    output: &mut Output,
) -> anyhow::Result<()> {
    let secrets = secrets()?;
    let _work = is_quiet(place).then(|| output.work("showing and reading letters"));
    let mut link = link::call(place, Some(&peer), "dsm receive")?;
    if pay.is_some() {
        interrupt.says("interrupted; `dsm history` shows whether the payment was written already");
    }
    let (result, _) = hold(engine, &mut link, output, |engine, link, tell| {
        let mut tell = |notice: &Notice| {
            if let Notice::Bound { index } = notice {
                interrupt.says(&format!(
                    "interrupted; the payment is written as entry {index} and delivered when you \
                     meet again"
                ));
            }
            tell(notice);
        };
        engine.exchange_with(link, peer, pay, &secrets, &mut tell)
    });
    result.map_err(describe)?;
    Ok(engine.rest()?)
}

/// Waits for contacts that call, one after the other.
pub(crate) fn wait(
    home: &Home,
    place: &Place,
    ask: Option<RequestDraft>,
    times: u32,
    output: &mut Output,
) -> anyhow::Result<()> {
    Interrupt::new(output, "interrupted; `dsm history` shows what arrived")?;
    let mut engine = home.open()?;
    let ask = asked(&engine, ask)?;
    let own = engine.wallet().me();
    let (at, place) = (place, Waiting::at(place, Some(&own), output)?);
    let _work = is_quiet(at).then(|| output.work("waiting for letters"));
    let (mut met, mut last) = (0, Ok(()));
    while met < times {
        let (mut link, _) = place.accept()?;
        let (ask, secrets) = (ask.clone(), secrets()?);
        let asked = ask.as_ref().map(|request| (request.token, request.amount));
        let (result, heard) = hold(&mut engine, &mut link, output, |engine, link, tell| {
            engine.exchange(link, ask, &secrets, tell)
        });
        engine.rest()?;
        // A stranger does not use up the visit of a contact.
        met += u32::from(heard.iter().any(|one| matches!(one, Notice::Met { .. })));
        last = result.map_err(describe).map(|_| ());
        if let (Some(asked), Ok(())) = (asked, &last) {
            last = check_received(asked, heard.iter());
        }
        if let (Err(error), true) = (&last, met < times) {
            output.fail(error);
        }
    }
    last
}

fn secrets() -> anyhow::Result<Fresh> {
    Ok([Secret::from_bytes(fresh()?), Secret::from_bytes(fresh()?)])
}

/// One exchange, with what is to be told and its figures.
fn hold(
    engine: &mut Engine<FileKv>,
    link: &mut AnyLink,
    output: &mut Output,
    exchange: impl FnOnce(
        &mut Engine<FileKv>,
        &mut AnyLink,
        &mut dyn FnMut(&Notice),
    ) -> Result<Exchanged, ExchangeError>,
) -> Held {
    let (cpu, clock) = (ProcessTime::now(), Stopwatch::start());
    let mut heard = Vec::new();
    let result = exchange(engine, link, &mut |notice| heard.push(notice.clone()));
    let figures = Figures { traffic: link.traffic(), cpu: cpu.elapsed(), wall: clock.elapsed() };
    tell(engine, &heard, &figures, output);
    (result, heard)
}

/// Keeps the causes, for the rule in `--json`.
fn describe(error: ExchangeError) -> anyhow::Error {
    match error {
        ExchangeError::Mail(error) => mail::describe(error),
        ExchangeError::Session(error) => anyhow!(error),
        ExchangeError::Link(error) => anyhow!(error),
        other => anyhow!(other),
    }
}
