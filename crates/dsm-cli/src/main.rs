//! Lets a person use the engine.
//!
//! The command `dsm`. Every command reads and writes one wallet directory; errors say what to do
//! next; nothing secret is printed except the mnemonic, once, by `init`.

mod anchor;
mod arguments;
mod backup;
mod card;
mod contact;
mod daemon;
mod exchange;
mod exit;
mod headers;
mod init;
mod input;
mod interrupt;
mod link;
mod mail;
mod manual;
mod meet;
mod output;
mod passphrase;
mod pay;
mod proof;
mod receive;
mod resume;
mod served;
mod settings;
mod show;
mod token;
mod verify;

use std::process::ExitCode;

use clap::Parser;
use dsm_home::Home;
use dsm_report::{Part, RequestDraft, SettingsChange, Units};

use crate::arguments::{Arguments, Command, ContactCommand, EvidenceCommand};
use crate::exit::Usage;
use crate::output::Output;
use crate::passphrase::Wish;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut output = Output::new(arguments.json);
    let done = run(arguments, &mut output);
    interrupt::ends();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output.fail(&error);
            exit::code(&error)
        }
    }
}

fn run(arguments: Arguments, output: &mut Output) -> anyhow::Result<()> {
    let home = Home::new(arguments.home)?.with_passphrase_file(arguments.passphrase_file);
    match arguments.command {
        Command::Init { no_passphrase, keyring, anchor, chip } => {
            init::run(&home, Wish::of(no_passphrase, keyring), anchor.at(&chip), output)
        }
        Command::Anchor(command) => anchor::run(&home, command, output),
        Command::Passphrase { new_passphrase_file, no_passphrase, keyring } => {
            let wish = Wish::of(no_passphrase, keyring);
            passphrase::run(&home, new_passphrase_file.as_deref(), wish, output)
        }
        Command::Id { qr: None } => contact::id(&home, output),
        Command::Id { qr: Some(to) } => card::show(&home, to.as_deref(), output),
        Command::Contact(command) => deal(&home, command, output),
        Command::Token(command) => token::run(&home, command, output),
        Command::Receive { link, amount, from, token, memo, expires, times } => {
            let ask = amount.zip(token);
            let ask = ask.map(|(amount, token)| RequestDraft {
                amount,
                token: Some(token),
                memo,
                expires,
            });
            receive::receive(&home, &link, ask, from.as_deref(), times, output)
        }
        Command::Pay { contact, resume: true, link, .. } => {
            let way = link.ok_or(Usage("give --link"))?;
            resume::run(&home, contact.as_deref(), &way, output)
        }
        Command::Pay { contact, amount, token, link, .. } => {
            let terms = contact.zip(amount);
            let (contact, amount) = terms.ok_or(Usage("say whom to pay, and how much"))?;
            let terms = pay::Terms { contact, amount, token };
            match link {
                Some(way) => pay::pay(&home, &terms, &way, output),
                None => mail::pay_later(&home, &terms, output),
            }
        }
        Command::Request { amount, token, from, memo, expires, link } => {
            let ask = RequestDraft { amount, token: Some(token), memo, expires };
            mail::request(&home, ask, &from, &link, output)
        }
        Command::Requests => mail::requests(&home, output),
        Command::Balance => show::balance(&home, output),
        Command::History { contact, limit, before } => {
            let part = Part { limit: Some(limit), before };
            show::history(&home, contact.as_deref(), &part, output)
        }
        Command::Receipt { contact, entry } => proof::receipt(&home, &contact, entry, output),
        Command::Export { token } => proof::export(&home, token.as_deref(), output),
        Command::Verify { file, dot, html } => {
            verify::run(&home, file.as_deref(), &verify::Shape { dot, html }, output)
        }
        Command::Evidence(EvidenceCommand::List) => show::evidence(&home, None, output),
        Command::Evidence(EvidenceCommand::Show { device }) => {
            show::evidence(&home, Some(&device), output)
        }
        Command::Status => headers::status(&home, output),
        Command::Headers(command) => headers::run(&home, command, output),
        Command::Daemon { listen, link, feeds, openapi } => {
            daemon::run(&home, listen, link, &feeds, openapi, output)
        }
        Command::Backup { file } => backup::save(&home, &file, output),
        Command::Restore { file } => backup::restore(&home, &file, output),
        Command::Completions { shell } => manual::completions(shell),
        Command::Manual { directory } => manual::write(&directory, output),
        Command::Settings { accept, exposed_cap } => {
            let exposed_cap = exposed_cap.map(Units);
            settings::run(&home, &SettingsChange { accept, exposed_cap }, output)
        }
    }
}

fn deal(home: &Home, command: ContactCommand, output: &mut Output) -> anyhow::Result<()> {
    match command {
        ContactCommand::Add { name, file, qr } => {
            let shown = card::read(file.as_deref(), &qr)?;
            contact::add(home, &name, &shown, output)
        }
        ContactCommand::Meet { name, link, wait } => {
            let side = link.map(meet::Side::Calls).or(wait.map(meet::Side::Waits));
            meet::run(home, &name, &side.ok_or(Usage("give --link or --wait"))?, output)
        }
        ContactCommand::List => contact::list(home, output),
        ContactCommand::Show { name } => contact::show(home, &name, output),
        ContactCommand::Rename { old, new } => contact::rename(home, &old, &new, output),
        ContactCommand::Block { name } => contact::block(home, &name, true, output),
        ContactCommand::Unblock { name } => contact::block(home, &name, false, output),
        ContactCommand::Sync { name, link } => pay::sync(home, &name, &link, output),
    }
}
