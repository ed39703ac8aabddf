//! `dsm pay` and `dsm contact sync`.

use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use anyhow::{anyhow, bail};
use cpu_time::ProcessTime;
use dsm_core::TokenId;
use dsm_core::identity::Card;
use dsm_crypto::Secret;
use dsm_engine::{ConverseError, Engine, Secure, Stopwatch, inbox};
use dsm_home::{Home, fresh};
use dsm_link::{Link, Traffic};
use dsm_log::{AbsorbError, DeviceId};
use dsm_report::{Event, dealt_with, token_of};
use dsm_session::{Goal, Ledger, Notice};
use dsm_store::{FileKv, StoreError, Wallet};
use serde_json::json;

use crate::exit::Interrupted;
use crate::interrupt::{Interrupt, MOMENT};
use crate::link::{self, AnyLink, Way, is_quiet};
use crate::output::{Output, chain};
use crate::served::Daemon;
use crate::{exchange, mail};

/// Whom to pay and how much, as typed.
pub(crate) struct Terms {
    pub(crate) contact: String,
    pub(crate) amount: String,
    pub(crate) token: Option<String>,
}

impl Terms {
    pub(crate) fn read(&self, engine: &Engine<FileKv>) -> anyhow::Result<(DeviceId, TokenId, u64)> {
        let peer = device(engine, &self.contact)?;
        let books = engine.wallet().books()?;
        let policy = token_of(&books, self.token.as_deref())?;
        let amount = dsm_report::parse(&self.amount, &policy)?;
        Ok((peer, policy.id(), amount))
    }
}

/// Pays a contact.
pub(crate) fn pay(
    home: &Home,
    terms: &Terms,
    way: &Way,
    output: &mut Output,
) -> anyhow::Result<()> {
    if let Some(daemon) = Daemon::of(home) {
        return daemon.pay(terms, Some(link::from_anywhere(way)?), output);
    }
    if let Way::Mail(directory) = way {
        return mail::pay(home, terms, directory, output);
    }
    let interrupt = Interrupt::new(output, "interrupted; nothing was paid")?;
    let mut engine = home.open()?;
    let contact = &terms.contact;
    let (peer, token, amount) = terms.read(&engine)?;
    let before = engine.wallet().books()?.own_log().at.index;
    let goal = Goal::Pay { peer, token, amount };
    let Err(error) = call(&mut engine, contact, way, goal, &interrupt, output) else {
        return Ok(());
    };
    let later = format!("dsm pay --resume {contact} --link ...");
    if let Some(StoreError::Chip(AbsorbError::Ended { .. } | AbsorbError::Foreign)) =
        error.downcast_ref()
    {
        // What was written last is shown to nobody, ever.
        return Err(error.context("nothing was paid"));
    }
    let mut found = outcome(engine.wallet(), &peer, before);
    drop(engine);
    if found.is_err() {
        // What a store or a chip came to that failed shows when the wallet is opened again.
        found = home.read().map_err(Into::into).and_then(|wallet| outcome(&wallet, &peer, before));
    }
    let Ok(outcome) = found else { return Err(error) };
    Err(match outcome {
        Outcome::Acknowledged => {
            let why = chain(&error);
            let text = format!("the payment is final; then the conversation broke off: {why}");
            output.note(&text, &json!({ "event": "broken_off", "error": why }));
            return Ok(());
        }
        Outcome::Written => error.context(format!(
            "the payment is written and not acknowledged; it is delivered when you meet again: \
             {later}"
        )),
        Outcome::Earlier(index) => error.context(format!(
            "nothing was paid; the earlier payment of entry {index} is not acknowledged yet and \
             goes first: {later}"
        )),
        Outcome::Nothing => error.context("nothing was paid"),
    })
}

/// What became of a payment whose conversation failed.
enum Outcome {
    /// Nobody is bound.
    Nothing,
    /// Nobody is bound by it; an earlier payment to this contact is due.
    Earlier(u64),
    /// The payer is bound, and the payee has not said that it accepted.
    Written,
    /// The payee accepted.
    Acknowledged,
}

/// Looks at the last payment to a contact, if the log stood at an index before.
fn outcome(wallet: &Wallet<FileKv>, peer: &DeviceId, before: u64) -> anyhow::Result<Outcome> {
    let books = wallet.books()?;
    let last = books.last_paid(peer);
    books.check()?;
    Ok(match last.map(|one| (one.at.index, one.acknowledged)) {
        Some((index, true)) if index > before => Outcome::Acknowledged,
        Some((index, false)) if index > before => Outcome::Written,
        Some((index, false)) => Outcome::Earlier(index),
        Some((_, true)) | None => Outcome::Nothing,
    })
}

/// Calls a contact, exchanges news and delivers what is due.
pub(crate) fn sync(
    home: &Home,
    contact: &str,
    way: &Way,
    output: &mut Output,
) -> anyhow::Result<()> {
    if let Some(daemon) = Daemon::of(home) {
        return daemon.sync(contact, &link::from_anywhere(way)?, output);
    }
    if let Way::Mail(directory) = way {
        return mail::sync(home, contact, directory, output);
    }
    let interrupt = Interrupt::new(output, "interrupted")?;
    let mut engine = home.open()?;
    let peer = device(&engine, contact)?;
    call(&mut engine, contact, way, Goal::Sync { peer }, &interrupt, output)
}

fn card(engine: &Engine<FileKv>, contact: &str) -> anyhow::Result<Card> {
    let books = engine.wallet().books()?;
    let found = dealt_with(&books, contact);
    books.check()?;
    Ok(found?.card)
}

pub(crate) fn device(engine: &Engine<FileKv>, contact: &str) -> anyhow::Result<DeviceId> {
    Ok(card(engine, contact)?.descriptor.id())
}

fn call(
    engine: &mut Engine<FileKv>,
    contact: &str,
    way: &Way,
    goal: Goal,
    interrupt: &Interrupt,
    output: &mut Output,
) -> anyhow::Result<()> {
    let card = card(engine, contact)?;
    let place = match way {
        Way::Talk(place) => place,
        Way::Exchange(place) => {
            let pay = match goal {
                Goal::Pay { token, amount, .. } => Some((token, amount)),
                _ => None,
            };
            return exchange::call(engine, card.descriptor.id(), place, pay, interrupt, output);
        }
        Way::Mail(_) => bail!("letters in a directory are no call"),
    };
    let _work = is_quiet(place).then(|| output.work(&format!("calling {contact}")));
    let link = link::call(place, Some(&card.descriptor.id()), "dsm receive")?;
    let link = engine.call(link, &card.kem, Secret::from_bytes(fresh()?))?;
    converse(engine, link, goal, interrupt, output)
}

/// One conversation, with its figures. Upon Ctrl-C it ends, unless the payment is bound.
fn converse(
    engine: &mut Engine<FileKv>,
    mut link: Secure<AnyLink>,
    goal: Goal,
    interrupt: &Interrupt,
    output: &mut Output,
) -> anyhow::Result<()> {
    let (cpu, clock) = (ProcessTime::now(), Stopwatch::start());
    let (inbox, waiting) = inbox();
    let (of, fresh) = (inbox.conversation(), fresh()?);
    let (to, ends) = sync_channel(1);
    let talks = inbox.clone();
    interrupt.does(move || {
        // If it stopped meanwhile nothing is to be ended.
        let _ = inbox.cancel(of);
        thread::sleep(MOMENT);
        inbox.stop();
    });
    thread::spawn(move || {
        let result = talks.converse(of, &mut link, (goal, fresh), &mut |_| Ok(()));
        let traffic = link.traffic();
        // The other side must hear the last word before the process ends.
        drop(link);
        let _ = to.send((result, traffic));
        talks.stop();
    });
    let mut heard = Vec::new();
    let ran = engine.run(waiting, &mut |_, _, notice| heard.push(notice.clone()));
    let (result, traffic) = match ends.try_recv() {
        Ok((result, traffic)) => (result.map_err(describe), traffic),
        // Its thread waits for the other side, which says nothing.
        Err(_) => (Err(anyhow!(Interrupted("interrupted"))), Traffic::default()),
    };
    let figures = Figures { traffic, cpu: cpu.elapsed(), wall: clock.elapsed() };
    tell(engine, &heard, &figures, output);
    // Why the store fails says more than that the wallet is closing.
    ran?;
    result
}

/// What a conversation took.
pub(crate) struct Figures {
    pub(crate) traffic: Traffic,
    pub(crate) cpu: Duration,
    pub(crate) wall: Duration,
}

impl Figures {
    pub(crate) fn tell(&self, output: &mut Output) {
        let Self { traffic: Traffic { sent, received, .. }, cpu, wall } = self;
        let micros = |time: &Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let figures = json!({
            "event": "met", "sent_bytes": sent, "received_bytes": received,
            "cpu_us": micros(cpu), "wall_us": micros(wall),
        });
        output.note(&format!("{sent} B sent, {received} B received"), &figures);
    }
}

/// Tells what was heard, and what it took.
pub(crate) fn tell(
    engine: &Engine<FileKv>,
    heard: &[Notice],
    figures: &Figures,
    output: &mut Output,
) {
    // If the store failed there are no books to look things up in.
    if let Ok(books) = engine.wallet().books() {
        for notice in heard {
            output.tell(&Event::new(&books, notice));
        }
    }
    figures.tell(output);
}

/// Keeps the causes, for exit texts and for the rule in `--json`.
pub(crate) fn describe(error: ConverseError) -> anyhow::Error {
    match error {
        ConverseError::Session(error) => anyhow!(error),
        ConverseError::Store(error) => anyhow!(error),
        ConverseError::Link(error) => anyhow!(error),
        other => anyhow!(other),
    }
}
