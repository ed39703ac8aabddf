//! `dsm id` and `dsm contact`: cards, given face to face.

use anyhow::{Context, bail};
use dsm_core::View;
use dsm_core::identity::Card;
use dsm_crypto::text;
use dsm_daemon::WalletReport;
use dsm_encoding::{from_slice, to_vec};
use dsm_home::Home;
use dsm_report::Dealings;
use dsm_store::{Books, Changes, Contact, FileKv, MAX_NAME, StoreError, Wallet};
use serde_json::json;
use ureq::http::Method;

use crate::output::Output;
use crate::served::{Daemon, seen};

/// The text form's prefix of a contact card.
const CARD: &str = "dsmcard";

pub(crate) fn id(home: &Home, output: &mut Output) -> anyhow::Result<()> {
    let (device, card) = own_card(home)?;
    output.say(&card, &json!({ "device": device, "card": card }));
    Ok(())
}

/// The wallet's device and its card, as text.
pub(crate) fn own_card(home: &Home) -> anyhow::Result<(String, String)> {
    if let Some(daemon) = Daemon::of(home) {
        let WalletReport { device, card, .. } = daemon.get("/v1/wallet")?;
        return Ok((device, card));
    }
    let wallet = home.read()?;
    let books = wallet.books()?;
    let card = text::encode(CARD, &to_vec(&books.card()))?;
    let device = books.me().to_string();
    books.check()?;
    Ok((device, card))
}

pub(crate) fn add(home: &Home, name: &str, shown: &str, output: &mut Output) -> anyhow::Result<()> {
    if let Some(daemon) = Daemon::of(home) {
        let pin = json!({ "name": name, "card": shown.trim() });
        let (_, pinned) = daemon.ask(&Method::POST, "/v1/contacts", Some(&pin))?;
        let dsm_report::Contact { name, device, .. } = pinned;
        let text = format!("{name} is pinned: device {device}");
        output.say(&text, &json!({ "name": name, "device": device }));
        return Ok(());
    }
    let mut wallet = home.read()?;
    check_name(&wallet, name)?;
    let bytes = text::decode(CARD, shown).context("this is no contact card")?;
    let card: Card = from_slice(&bytes).context("this is no contact card")?;
    check_card(&wallet, &card)?;
    pin(name, card, |changes| wallet.commit(changes), output)
}

/// Whether a contact may be called so.
pub(crate) fn check_name(wallet: &Wallet<FileKv>, name: &str) -> anyhow::Result<()> {
    if name.is_empty() || name.len() > MAX_NAME || name.contains(char::is_control) {
        bail!("a contact's name has 1 to {MAX_NAME} bytes and no control characters");
    }
    let books = wallet.books()?;
    if books.contact_named(name).is_some() {
        bail!("there is a contact {name} already; choose another name");
    }
    Ok(books.check()?)
}

/// Whether a card holds and is of somebody new.
pub(crate) fn check_card(wallet: &Wallet<FileKv>, card: &Card) -> anyhow::Result<()> {
    let books = wallet.books()?;
    card.roster(books.network()).context("this card does not hold")?;
    let device = card.descriptor.id();
    if device == books.me() {
        bail!("this is your own card; ask the other side for theirs");
    }
    if let Some(name) = books.name_of(&device) {
        bail!("this device is a contact already: {name}");
    }
    Ok(books.check()?)
}

/// Makes a contact of a card that was checked.
pub(crate) fn pin(
    name: &str,
    card: Card,
    commit: impl FnOnce(&Changes) -> Result<(), StoreError>,
    output: &mut Output,
) -> anyhow::Result<()> {
    let device = card.descriptor.id();
    let contacts = vec![Contact { name: name.to_owned(), card }];
    commit(&Changes { contacts, ..Changes::default() })?;
    let text = format!("{name} is pinned: device {device}");
    output.say(&text, &json!({ "name": name, "device": device.to_string() }));
    Ok(())
}

pub(crate) fn list(home: &Home, output: &mut Output) -> anyhow::Result<()> {
    let contacts = seen(home, "/v1/contacts", |books| Ok(dsm_report::Contact::all(books)))?;
    let line = |contact: &dsm_report::Contact| {
        let dsm_report::Contact { name, device, forked, blocked, .. } = contact;
        let mark = match (blocked, forked) {
            (true, _) => "  blocked",
            (false, true) => "  showed two histories: nothing is accepted from it",
            (false, false) => "",
        };
        format!("{name:<12} {device}{mark}")
    };
    let mut lines: Vec<String> = contacts.iter().map(line).collect();
    if lines.is_empty() {
        lines.push("no contacts; add one with `dsm contact add` or `dsm contact meet`".to_owned());
    }
    output.say(&lines.join("\n"), &json!({ "contacts": contacts }));
    Ok(())
}

/// The contact of a name.
pub(crate) fn named(books: &Books<'_, FileKv>, name: &str) -> anyhow::Result<Contact> {
    let found = books.contact_named(name);
    books.check()?;
    found.with_context(|| format!("no contact {name}; see `dsm contact list`"))
}

pub(crate) fn show(home: &Home, name: &str, output: &mut Output) -> anyhow::Result<()> {
    let wallet = home.read()?;
    let books = wallet.books()?;
    let dealings = Dealings::new(&books, &named(&books, name)?);
    books.check()?;
    output.say(&dealings.to_string(), &dealings);
    Ok(())
}

pub(crate) fn rename(home: &Home, old: &str, new: &str, output: &mut Output) -> anyhow::Result<()> {
    let mut wallet = home.read()?;
    check_name(&wallet, new)?;
    let contact = Contact { name: new.to_owned(), ..named(&wallet.books()?, old)? };
    let device = contact.card.descriptor.id().to_string();
    wallet.commit(&Changes { contacts: vec![contact], ..Changes::default() })?;
    let text = format!("{old} is called {new} from now on");
    output.say(&text, &json!({ "name": new, "device": device }));
    Ok(())
}

pub(crate) fn block(
    home: &Home,
    name: &str,
    blocked: bool,
    output: &mut Output,
) -> anyhow::Result<()> {
    let mut wallet = home.read()?;
    let device = named(&wallet.books()?, name)?.card.descriptor.id();
    wallet.commit(&Changes { blocked: vec![(device, blocked)], ..Changes::default() })?;
    let text = if blocked {
        format!("{name} is blocked: what comes from it is refused unread (`dsm contact unblock`)")
    } else {
        format!("{name} is not blocked any more")
    };
    output.say(&text, &json!({ "name": name, "device": device.to_string(), "blocked": blocked }));
    Ok(())
}
