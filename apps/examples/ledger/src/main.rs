//! Keeps who paid what with a contact, over two wallets.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::{Parser, Subcommand};
use dsm_core::data::{Author, Reducer};
use dsm_core::identity::Card;
use dsm_crypto::Secret;
use dsm_encoding::{Text, from_slice, to_vec};
use dsm_engine::Engine;
use dsm_home::{Home, fresh};
use dsm_session::Goal;
use dsm_store::FileKv;
use dsm_transport::{TcpLink, TcpPlace};

struct Ledger;

/// Who paid, how many cents, for what.
type Expense = (Author, u64, String);
/// An expense as it is written.
type Written = (u64, Text<200>);

/// More than that nobody spends on lunch.
const MAX_CENTS: u64 = 1_000_000_000;

impl Reducer for Ledger {
    /// In ascending order, so that it does not matter which came first.
    type State = Vec<Expense>;
    const SCHEMA: &'static str = "dsm examples, ledger, 1";

    fn start(&self) -> Vec<Expense> {
        Vec::new()
    }

    fn apply(&self, all: &Vec<Expense>, author: Author, bytes: &[u8]) -> Option<Vec<Expense>> {
        let (cents, what): Written = from_slice(bytes).ok()?;
        let expense = (author, cents, what.to_string());
        let mut all = all.clone();
        all.insert(all.partition_point(|one| *one < expense), expense);
        (1..=MAX_CENTS).contains(&cents).then_some(all)
    }
}

/// Share expenses with a contact of your wallet, half and half.
#[derive(Parser)]
struct Arguments {
    /// The wallet's directory [default: $DSM_HOME, or .dsm in the home directory].
    #[arg(long)]
    home: Option<PathBuf>,
    /// With whom.
    contact: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write down what you paid, like 12.50 lunch.
    Add { amount: String, what: String },
    /// Show all expenses, and who owes whom.
    Show,
    /// Call the other side and exchange expenses.
    Sync {
        #[arg(long, value_parser = place)]
        link: SocketAddr,
    },
    /// Wait for the other side's call.
    Wait {
        #[arg(long, value_parser = place, default_value = "tcp:127.0.0.1:0")]
        link: SocketAddr,
    },
}

fn place(text: &str) -> Result<SocketAddr, String> {
    let address = text.strip_prefix("tcp:").and_then(|address| address.parse().ok());
    address.ok_or_else(|| "write tcp:127.0.0.1:PORT".to_owned())
}

fn main() -> anyhow::Result<()> {
    let Arguments { home, contact, command } = Arguments::parse();
    let mut engine = Home::new(home)?.open()?;
    let found = engine.wallet().books()?.contact_named(&contact);
    let card = found.context("no such contact; see `dsm contact list`")?.card;
    let peer = card.descriptor.id();
    match command {
        Command::Add { amount, what } => {
            let written: Written = (cents(&amount)?, Text::try_from(what.as_str())?);
            engine.share(&peer, &Ledger, &to_vec(&written))?;
        }
        Command::Show => {}
        Command::Sync { link } => sync(&mut engine, &card, link)?,
        Command::Wait { link } => wait(&mut engine, link)?,
    }
    let expenses = engine.state(&peer, &Ledger)?.state;
    let me = engine.author(&peer);
    print(&show(&expenses, me, &contact))
}

fn sync(engine: &mut Engine<FileKv>, card: &Card, address: SocketAddr) -> anyhow::Result<()> {
    let link = TcpLink::connect(address)?;
    let mut link = engine.call(link, &card.kem, Secret::from_bytes(fresh()?))?;
    let goal = Goal::Sync { peer: card.descriptor.id() };
    Ok(engine.converse(&mut link, goal, fresh()?, &mut |_| {})?)
}

fn wait(engine: &mut Engine<FileKv>, address: SocketAddr) -> anyhow::Result<()> {
    let place = TcpPlace::bind(address)?;
    print(&format!("waiting at tcp:{}", place.address()?))?;
    let mut link = engine.answer(place.accept()?, Secret::from_bytes(fresh()?))?;
    Ok(engine.converse(&mut link, Goal::Receive { ask: None }, fresh()?, &mut |_| {})?)
}

fn cents(text: &str) -> anyhow::Result<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "00"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|one| one.is_ascii_digit());
    ensure!(digits(whole) && digits(part) && part.len() == 2, "write it like 12 or 12.50");
    Ok(format!("{whole}{part}").parse()?)
}

fn show(expenses: &[Expense], me: Author, contact: &str) -> String {
    let money = |cents: u128| format!("{}.{:02}", cents / 100, cents % 100);
    let paid = |by| -> u128 {
        expenses.iter().filter(|one| one.0 == by).map(|one| u128::from(one.1)).sum()
    };
    let mut text = String::new();
    for (author, cents, what) in expenses {
        let who = if *author == me { "you" } else { contact };
        // What the other side wrote must not steer the terminal.
        let amount = money(u128::from(*cents));
        text += &format!("{amount:>12}  {who:<10}  {}\n", what.escape_debug());
    }
    let (own, theirs) = (paid(me), paid(me.other()));
    let half = money(own.abs_diff(theirs) / 2);
    text + &match own.cmp(&theirs) {
        std::cmp::Ordering::Greater => format!("{contact} owes you {half}"),
        std::cmp::Ordering::Less => format!("you owe {contact} {half}"),
        std::cmp::Ordering::Equal => "nobody owes anything".to_owned(),
    }
}

fn print(text: &str) -> anyhow::Result<()> {
    Ok(std::io::Write::write_fmt(&mut std::io::stdout(), format_args!("{text}\n"))?)
}

#[cfg(test)]
mod tests;
