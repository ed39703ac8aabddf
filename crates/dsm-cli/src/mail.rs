//! Letters in a directory: `--link mail:DIRECTORY`, `dsm pay --away`, `dsm request` and `dsm requests`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use dsm_crypto::Secret;
use dsm_engine::{Engine, MailError, Read};
use dsm_home::{Home, fresh};
use dsm_log::{AbsorbError, DeviceId};
use dsm_report::{Event, Part, RequestDraft};
use dsm_session::{LetterError, Notice, Request};
use dsm_store::{FileKv, StoreError};
use dsm_transport::DirectoryMailbox;
use serde_json::json;

use crate::exit::Usage;
use crate::interrupt::Interrupt;
use crate::link::Way;
use crate::output::Output;
use crate::pay::{Terms, device};
use crate::receive::asked;
use crate::served::{Daemon, listed};

/// A wallet at a directory of letters, which it has collected.
struct Office {
    engine: Engine<FileKv>,
    mailbox: DirectoryMailbox,
    directory: PathBuf,
    /// How many letters arrived.
    letters: usize,
    /// Who is to be answered.
    due: BTreeSet<DeviceId>,
    /// A letter of which the rest was not taken.
    failure: Option<anyhow::Error>,
}

impl Office {
    /// Collects what arrived, and tells it.
    fn open(home: &Home, directory: &Path, output: &mut Output) -> anyhow::Result<Self> {
        Interrupt::new(output, "interrupted; what was written stays")?;
        let engine = home.open()?;
        let mailbox = DirectoryMailbox::open(directory, fresh()?);
        let mailbox = mailbox.map_err(|error| MailError::Mailbox(Box::new(error)));
        let mailbox = mailbox.with_context(|| {
            format!("there is no directory {}; plug it in or make it", directory.display())
        })?;
        let directory = directory.to_owned();
        let due = BTreeSet::new();
        let mut office = Self { engine, mailbox, directory, letters: 0, due, failure: None };
        let mut reads = Vec::new();
        let work = output.work("reading letters");
        let collected = office.engine.collect(&mut office.mailbox, &mut reads);
        drop(work);
        let letters = reads.len();
        for read in reads {
            office.tell(read, output)?;
        }
        collected.map_err(describe).with_context(|| {
            format!("{} cannot be collected; letters stay there", office.directory.display())
        })?;
        office.letters = letters;
        Ok(office)
    }

    fn tell(&mut self, read: Read, output: &mut Output) -> anyhow::Result<()> {
        let books = self.engine.wallet().books()?;
        for notice in &read.notices {
            output.tell(&Event::new(&books, notice));
        }
        if read.is_answer_due {
            self.due.insert(read.from);
        }
        if let Some(failure) = read.failure {
            let name = books.name_of(&read.from).unwrap_or_else(|| read.from.to_string());
            let text = format!("the rest of a letter of {name} was not taken; the next brings it");
            self.failure = Some(anyhow!(failure).context(text));
        }
        Ok(books.check()?)
    }

    /// Leaves a letter with all that is due, and perhaps a request.
    fn post(
        &mut self,
        peer: &DeviceId,
        request: Option<Request>,
        output: &mut Output,
    ) -> anyhow::Result<()> {
        let directory = self.directory.display().to_string();
        // A request leaves out what only acknowledges.
        if request.is_none() {
            self.due.remove(peer);
        }
        let secret = Secret::from_bytes(fresh()?);
        self.engine
            .post(&mut self.mailbox, peer, request, &secret)
            .map_err(describe)
            .with_context(|| {
                format!("no letter could be left in {directory}; make room, or give another one")
            })?;
        let books = self.engine.wallet().books()?;
        let name = books.name_of(peer).unwrap_or_else(|| peer.to_string());
        books.check()?;
        let text = format!(
            "a letter to {name} lies in {directory}; carry it there: {name} runs \
             `dsm receive --link mail:{directory}`"
        );
        output.say(&text, &json!({ "event": "posted", "peer": name, "directory": directory }));
        Ok(())
    }

    /// Answers whoever is to be answered.
    fn close(mut self, output: &mut Output) -> anyhow::Result<()> {
        for peer in std::mem::take(&mut self.due) {
            self.post(&peer, None, output)?;
        }
        self.failure.map_or(Ok(()), Err)
    }
}

/// Keeps the causes, for the rule in `--json`.
pub(crate) fn describe(error: MailError) -> anyhow::Error {
    match error {
        MailError::Session(error) => anyhow!(error),
        MailError::Letter(LetterError::Rejected(reject)) => anyhow!(reject),
        other => anyhow!(other),
    }
}

/// Writes a payment to somebody who is away.
fn bind(
    engine: &mut Engine<FileKv>,
    terms: &Terms,
    output: &mut Output,
) -> anyhow::Result<(DeviceId, u64)> {
    let (peer, token, amount) = terms.read(engine)?;
    let index = engine.pay_by_letter(&peer, token, amount).map_err(|error| {
        let waits = matches!(error, MailError::Store(StoreError::Chip(AbsorbError::Failed(_))));
        let contact = &terms.contact;
        describe(error).context(match waits {
            true => format!(
                "the payment is written and waits for the chip; then `dsm pay --resume {contact} --link ...`"
            ),
            false => "nothing was paid".to_owned(),
        })
    })?;
    let books = engine.wallet().books()?;
    output.tell(&Event::new(&books, &Notice::Bound { index }));
    Ok((peer, index))
}

/// Pays by a letter in a directory.
pub(crate) fn pay(
    home: &Home,
    terms: &Terms,
    directory: &Path,
    output: &mut Output,
) -> anyhow::Result<()> {
    let mut office = Office::open(home, directory, output)?;
    let (peer, index) = bind(&mut office.engine, terms, output)?;
    office.post(&peer, None, output).with_context(|| {
        let contact = &terms.contact;
        format!(
            "the payment is written as entry {index} and not on its way; then \
             `dsm pay --resume {contact} --link mail:DIRECTORY`"
        )
    })?;
    office.close(output)
}

/// Pays without delivering it now.
pub(crate) fn pay_later(home: &Home, terms: &Terms, output: &mut Output) -> anyhow::Result<()> {
    match Daemon::of(home) {
        Some(daemon) => daemon.pay(terms, None, output)?,
        None => {
            Interrupt::new(output, "interrupted; `dsm history` shows whether it is written")?;
            bind(&mut home.open()?, terms, output)?;
        }
    }
    let contact = &terms.contact;
    let text = format!(
        "it is delivered when you meet, or by a letter: `dsm pay --resume {contact} --link ...`"
    );
    output.note(&text, &json!({ "event": "undelivered", "peer": contact }));
    Ok(())
}

/// Collects and leaves a contact a letter.
pub(crate) fn sync(
    home: &Home,
    contact: &str,
    directory: &Path,
    output: &mut Output,
) -> anyhow::Result<()> {
    let mut office = Office::open(home, directory, output)?;
    let peer = device(&office.engine, contact)?;
    office.post(&peer, None, output)?;
    office.close(output)
}

/// Collects and answers; perhaps asks a contact for something.
pub(crate) fn receive(
    home: &Home,
    directory: &Path,
    ask: Option<RequestDraft>,
    from: Option<&str>,
    output: &mut Output,
) -> anyhow::Result<()> {
    let request = match (ask, from) {
        (Some(ask), Some(from)) => Some((ask, from)),
        (None, None) => None,
        (Some(_), None) => {
            bail!(Usage("a letter has one reader: say whom to ask, with --from CONTACT"))
        }
        (None, Some(_)) => bail!(Usage("say what to ask for, with --amount and --token")),
    };
    let mut office = Office::open(home, directory, output)?;
    let letters = office.letters;
    let text = format!("{letters} letters arrived in {}", directory.display());
    if letters == 0 && request.is_none() {
        output.say(&text, &json!({ "event": "collected", "letters": letters }));
    } else if letters > 0 {
        output.note(&text, &json!({ "event": "collected", "letters": letters }));
    }
    if let Some((ask, from)) = request {
        let peer = device(&office.engine, from)?;
        let request = asked(&office.engine, Some(ask))?;
        office.post(&peer, request, output)?;
    }
    office.close(output)
}

/// Leaves a contact a request.
pub(crate) fn request(
    home: &Home,
    ask: RequestDraft,
    from: &str,
    way: &Way,
    output: &mut Output,
) -> anyhow::Result<()> {
    let Way::Mail(directory) = way else {
        bail!(Usage(
            "a request is left in a mail:DIRECTORY; whoever calls is asked by `dsm receive --amount`"
        ))
    };
    receive(home, directory, Some(ask), Some(from), output)
}

/// Who asks.
fn asker(request: &Event) -> &str {
    if let Event::Asked { peer, .. } = request { peer } else { "" }
}

/// What contacts asked for last by letters, and were not paid.
pub(crate) fn requests(home: &Home, output: &mut Output) -> anyhow::Result<()> {
    let requests =
        listed(home, "/v1/requests", asker, |books| dsm_report::requests(books, &Part::whole()))?;
    let mut lines: Vec<String> = requests.iter().map(ToString::to_string).collect();
    lines.push(match lines.len() {
        0 => "nobody asks for anything".to_owned(),
        _ => "answer with `dsm pay CONTACT AMOUNT TOKEN --link mail:DIRECTORY`".to_owned(),
    });
    output.say(&lines.join("\n"), &json!({ "requests": requests }));
    Ok(())
}
