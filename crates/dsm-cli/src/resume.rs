//! `dsm pay --resume`: takes up a payment that was begun, on any link.

use anyhow::{Context, bail};
use dsm_home::Home;
use dsm_store::Contact;
use serde_json::json;

use crate::link::Way;
use crate::output::Output;
use crate::{contact, pay};

/// A contact, and the entries that pay it and that it has not acknowledged.
struct Begun {
    name: String,
    entries: Vec<u64>,
}

/// Delivers what is begun, and pays nothing new.
pub(crate) fn run(
    home: &Home,
    contact: Option<&str>,
    way: &Way,
    output: &mut Output,
) -> anyhow::Result<()> {
    let all = begun(home, contact)?;
    let Begun { name, mut entries } = match <[Begun; 1]>::try_from(all) {
        Ok([one]) => one,
        Err(none) if none.is_empty() => {
            let text = "no payment is begun and not acknowledged: nothing is paid";
            output.say(text, &json!({ "event": "nothing_due" }));
            return Ok(());
        }
        Err(several) => {
            let mut names: Vec<String> = several.into_iter().map(|one| one.name).collect();
            names.sort();
            bail!("payments to {} are begun: say which contact", names.join(", "))
        }
    };
    pay::sync(home, &name, way, output).with_context(|| {
        format!(
            "the payment to {name} stays written; take it up again on this link or another: \
             dsm pay --resume {name} --link ..."
        )
    })?;
    let due: Vec<u64> = begun(home, Some(&name))?.into_iter().flat_map(|one| one.entries).collect();
    entries.retain(|entry| !due.contains(entry));
    if !entries.is_empty() {
        let shown: Vec<String> = entries.iter().map(u64::to_string).collect();
        let text = format!("{name} has what entries {} pay: final against it", shown.join(", "));
        output.say(&text, &json!({ "event": "resumed", "peer": name, "entries": entries }));
    }
    Ok(())
}

/// The contacts, or the one that is named, to whom a payment is begun.
fn begun(home: &Home, contact: Option<&str>) -> anyhow::Result<Vec<Begun>> {
    let wallet = home.read()?;
    let books = wallet.books()?;
    let contacts = match contact {
        Some(name) => vec![contact::named(&books, name)?],
        None => books.contacts(),
    };
    let of = |contact: Contact| {
        let due = books.unacknowledged(&contact.card.descriptor.id());
        let pays = due.into_iter().filter(|(_, entry)| entry.value.is_some());
        Begun { name: contact.name, entries: pays.map(|(index, _)| index).collect() }
    };
    let mut all: Vec<Begun> = contacts.into_iter().map(of).collect();
    all.retain(|one| !one.entries.is_empty());
    books.check()?;
    Ok(all)
}
