//! `dsm token`: tokens that this wallet issues, and tokens that it knows.

use std::path::Path;

use anyhow::{Context, bail};
use dsm_core::{Note, Policy, Value, View};
use dsm_engine::Engine;
use dsm_home::Home;
use dsm_report::{Issued, Part, PolicyDraft, Sum, Token, token_of};
use dsm_session::Ledger;
use dsm_store::{Changes, FileKv, Wallet};
use serde_json::json;
use ureq::http::Method;

use crate::arguments::TokenCommand;
use crate::input::read_text;
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::served::{Daemon, listed, part, seen};

/// Any command of tokens.
pub(crate) fn run(home: &Home, command: TokenCommand, output: &mut Output) -> anyhow::Result<()> {
    match command {
        TokenCommand::New { policy, issue } => new(home, &policy, issue.as_deref(), output),
        TokenCommand::Show { token } => show(home, token, output),
        TokenCommand::Pin { token } => pin(home, &token, true, output),
        TokenCommand::Unpin { token } => pin(home, &token, false, output),
        TokenCommand::Issue { token, amount } => issue(home, &token, &amount, output),
    }
}

/// Makes a token, and perhaps issues the first lot of it.
fn new(home: &Home, file: &Path, first: Option<&str>, output: &mut Output) -> anyhow::Result<()> {
    let text = read_text(file)?;
    let draft: PolicyDraft = toml::from_str(&text).context("the policy file is not right")?;
    Interrupt::new(output, "interrupted; `dsm token list` shows what was made")?;
    let (mut engine, mut keys) = home.open_keys()?;
    let mut issued = None;
    let policy = home.make_token(&mut engine, &mut keys, |issuer, floor| -> anyhow::Result<_> {
        let policy = draft.policy(issuer, floor)?;
        // What cannot be issued shows before anything is made.
        issued = first.map(|text| dsm_report::parse(text, &policy)).transpose()?;
        if issued.is_some_and(|units| units > policy.units_per_lot) {
            bail!("one lot has at most {}", Sum::of(&policy, policy.units_per_lot));
        }
        Ok(policy)
    })?;
    let shape = Token::new(&engine.wallet().books()?, &policy);
    let Token { token, name, ticker, lots, lot, .. } = &shape;
    let text = format!(
        "Token {token}\n{name} ({ticker}): {lots} lots of {lot}. Issue one with `dsm token issue \
         {ticker} AMOUNT`."
    );
    output.say(&text, &shape);
    if let Some(units) = issued {
        tell_issued(&mut engine, &policy, units, output)?;
    }
    Ok(())
}

fn show(home: &Home, wanted: Option<String>, output: &mut Output) -> anyhow::Result<()> {
    let tokens = match wanted {
        None => listed(
            home,
            "/v1/tokens",
            |token: &Token| &token.token,
            |books| Token::list(books, &Part::whole()),
        )?,
        Some(wanted) => vec![seen(home, &format!("/v1/tokens/{}", part(&wanted)), |books| {
            Ok(Token::new(books, &token_of(books, Some(&wanted))?))
        })?],
    };
    let line = |Token { token, ticker, fingerprint, pinned, lots, lot, issuer, .. }: &Token| {
        let (pinned, lot) = (if *pinned { " pinned" } else { "" }, &lot.amount);
        format!(
            "{ticker:<8} {fingerprint}{pinned}  {token}  {lots} lots of {lot}, issued by {issuer}"
        )
    };
    let mut lines: Vec<String> = tokens.iter().map(line).collect();
    if lines.is_empty() {
        lines.push("no tokens are known; make one with `dsm token new POLICY.toml`".to_owned());
    }
    output.say(&lines.join("\n"), &json!({ "tokens": tokens }));
    Ok(())
}

/// Shows a token by its ticker alone from now on, or not any more.
fn pin(home: &Home, wanted: &str, pinned: bool, output: &mut Output) -> anyhow::Result<()> {
    let shape = match Daemon::of(home) {
        Some(daemon) => {
            let method = if pinned { Method::PUT } else { Method::DELETE };
            let path = format!("/v1/tokens/{}/pin", part(wanted));
            daemon.ask(&method, &path, None::<&()>)?.1
        }
        None => {
            let mut wallet = home.read()?;
            let policy = token_of(&wallet.books()?, Some(wanted))?;
            wallet
                .commit(&Changes { pinned: vec![(policy.id(), pinned)], ..Changes::default() })?;
            let books = wallet.books()?;
            let shape = Token::new(&books, &policy);
            books.check()?;
            shape
        }
    };
    let Token { token, ticker, fingerprint, lot, .. } = &shape;
    let text = match (pinned, &lot.fingerprint) {
        (true, None) => format!("{ticker} means {token} from now on"),
        (true, Some(_)) => format!(
            "{ticker} ({fingerprint}) is pinned; its fingerprint stays beside it, since another token \
             that you know has that ticker, or it is not plain letters and digits"
        ),
        (false, _) => format!("{ticker} ({fingerprint}) is not pinned any more"),
    };
    output.say(&text, &shape);
    Ok(())
}

fn issue(home: &Home, wanted: &str, text: &str, output: &mut Output) -> anyhow::Result<()> {
    if let Some(daemon) = Daemon::of(home) {
        let path = format!("/v1/tokens/{}/lots", part(wanted));
        let body = json!({ "amount": text });
        let (_, issued): (_, Issued) = daemon.ask(&Method::POST, &path, Some(&body))?;
        output.say(&format!("Issued {}", issued.sum), &issued);
        return Ok(());
    }
    Interrupt::new(output, "interrupted; `dsm history` shows whether it is issued")?;
    let waits = waiting(home)?;
    let mut engine = home.open()?;
    let policy = token_of(&engine.wallet().books()?, Some(wanted))?;
    let units = dsm_report::parse(text, &policy)?;
    match waits.filter(|note| (note.output.token, note.output.amount) == (policy.id(), units)) {
        // Its chip has absorbed it now.
        Some(note) => say_issued(engine.wallet(), &note, output),
        None => tell_issued(&mut engine, &policy, units, output),
    }
}

/// What was issued last, if its chip has yet to absorb that.
fn waiting(home: &Home) -> anyhow::Result<Option<Note>> {
    let wallet = home.read()?;
    let books = wallet.books()?;
    let (me, at) = (books.me(), books.own_log().at);
    if !books.is_anchored() || books.signed_index(&me, at.index).is_some() {
        return Ok(None);
    }
    let value = books.opened_value(&me, at.index).flatten();
    books.check()?;
    Ok(value.and_then(|value| match value {
        Value::Issue { outputs, .. } => {
            let output = *outputs.first()?;
            Some(Note { output, head: at.head, number: 0 })
        }
        Value::Transfer { .. } | Value::Burn { .. } => None,
    }))
}

fn tell_issued(
    engine: &mut Engine<FileKv>,
    policy: &Policy,
    units: u64,
    output: &mut Output,
) -> anyhow::Result<()> {
    let note = engine.issue(&policy.id(), units)?;
    say_issued(engine.wallet(), &note, output)
}

fn say_issued(wallet: &Wallet<FileKv>, note: &Note, output: &mut Output) -> anyhow::Result<()> {
    let sum = Sum::new(&wallet.books()?, &note.output.token, note.output.amount);
    let issued = Issued { sum, note: note.id().to_string() };
    output.say(&format!("Issued {}", issued.sum), &issued);
    Ok(())
}
