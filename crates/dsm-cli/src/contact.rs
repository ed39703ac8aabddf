//! `dsm id` and `dsm contact`: cards, given face to face.

use dsm_core::View;
use dsm_core::identity::Card;
use dsm_daemon::WalletReport;
use dsm_home::Home;
use dsm_report::{Dealings, Part, card_text, check_card, check_name, contact_of, read_card};
use dsm_store::{Books, Changes, Contact, FileKv, StoreError, Wallet};
use serde_json::{Value, json};
use ureq::http::Method;

use crate::output::Output;
use crate::served::{Daemon, listed, part, seen};

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
    let card = card_text(&books.card())?;
    let device = books.me().to_string();
    books.check()?;
    Ok((device, card))
}

pub(crate) fn add(home: &Home, name: &str, shown: &str, output: &mut Output) -> anyhow::Result<()> {
    if let Some(daemon) = Daemon::of(home) {
        let pin = json!({ "name": name, "card": shown.trim() });
        let (_, pinned) = daemon.ask(&Method::POST, "/v1/contacts", Some(&pin))?;
        let dsm_report::Contact { name, device, .. } = pinned;
        is_pinned(&name, &device, output);
        return Ok(());
    }
    let mut wallet = home.read()?;
    let card = read_card(shown)?;
    check(&wallet, name, Some(&card))?;
    pin(name, card, |changes| wallet.commit(changes), output)
}

/// Whether somebody may be pinned under a name, by a card if it is known already.
pub(crate) fn check(
    wallet: &Wallet<FileKv>,
    name: &str,
    card: Option<&Card>,
) -> anyhow::Result<()> {
    let books = wallet.books()?;
    let checked = check_name(&books, name, None)
        .and_then(|()| card.map_or(Ok(()), |card| check_card(&books, card)));
    books.check()?;
    Ok(checked?)
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
    is_pinned(name, &device.to_string(), output);
    Ok(())
}

/// Says so.
pub(crate) fn is_pinned(name: &str, device: &str, output: &mut Output) {
    let text = format!("{name} is pinned: device {device}");
    output.say(&text, &json!({ "name": name, "device": device }));
}

pub(crate) fn list(home: &Home, output: &mut Output) -> anyhow::Result<()> {
    let contacts = listed(
        home,
        "/v1/contacts",
        |one: &dsm_report::Contact| &one.name,
        |books| dsm_report::Contact::list(books, &Part::whole()),
    )?;
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
    let found = contact_of(books, name);
    books.check()?;
    Ok(found?)
}

pub(crate) fn show(home: &Home, name: &str, output: &mut Output) -> anyhow::Result<()> {
    let dealings = seen(home, &format!("/v1/contacts/{}", part(name)), |books| {
        Ok(Dealings::new(books, &named(books, name)?))
    })?;
    output.say(&dealings.to_string(), &dealings);
    Ok(())
}

/// Has the daemon change a contact, if one serves the wallet; gives the contact's device.
fn changed(home: &Home, name: &str, change: &Value) -> anyhow::Result<Option<String>> {
    let Some(daemon) = Daemon::of(home) else { return Ok(None) };
    let path = format!("/v1/contacts/{}", part(name));
    let (_, changed): (_, dsm_report::Contact) = daemon.ask(&Method::PATCH, &path, Some(change))?;
    Ok(Some(changed.device))
}

pub(crate) fn rename(home: &Home, old: &str, new: &str, output: &mut Output) -> anyhow::Result<()> {
    let device = match changed(home, old, &json!({ "name": new }))? {
        Some(device) => device,
        None => {
            let mut wallet = home.read()?;
            let books = wallet.books()?;
            let contact = named(&books, old)?;
            let device = contact.card.descriptor.id();
            check_name(&books, new, Some(&device))?;
            books.check()?;
            drop(books);
            let contact = Contact { name: new.to_owned(), ..contact };
            wallet.commit(&Changes { contacts: vec![contact], ..Changes::default() })?;
            device.to_string()
        }
    };
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
    let device = match changed(home, name, &json!({ "blocked": blocked }))? {
        Some(device) => device,
        None => {
            let mut wallet = home.read()?;
            let device = named(&wallet.books()?, name)?.card.descriptor.id();
            wallet.commit(&Changes { blocked: vec![(device, blocked)], ..Changes::default() })?;
            device.to_string()
        }
    };
    let text = if blocked {
        format!("{name} is blocked: what comes from it is refused unread (`dsm contact unblock`)")
    } else {
        format!("{name} is not blocked any more")
    };
    output.say(&text, &json!({ "name": name, "device": device, "blocked": blocked }));
    Ok(())
}
