//! `dsm pay --resume`: takes up a payment that was begun, on any link.

use anyhow::{Context, bail};
use dsm_home::Home;
use dsm_report::{Contact, Dealings};
use serde_json::json;

use crate::link::Way;
use crate::output::Output;
use crate::served::{Daemon, part};
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
    let mut all = match Daemon::of(home) {
        Some(daemon) => {
            let names = match contact {
                Some(name) => vec![name.to_owned()],
                None => {
                    let all = daemon.list("/v1/contacts", |one: &Contact| &one.name)?;
                    all.into_iter().map(|one| one.name).collect()
                }
            };
            let of = |name: String| {
                let path = format!("/v1/contacts/{}", part(&name));
                let Dealings { due_from, .. } = daemon.get(&path)?;
                Ok(Begun { name, entries: due_from })
            };
            names.into_iter().map(of).collect::<anyhow::Result<Vec<_>>>()?
        }
        None => {
            let wallet = home.read()?;
            let books = wallet.books()?;
            let contacts = match contact {
                Some(name) => vec![contact::named(&books, name)?],
                None => books.contacts(),
            };
            let of = |contact: dsm_store::Contact| {
                let entries = Dealings::new(&books, &contact).due_from;
                Begun { name: contact.name, entries }
            };
            let all = contacts.into_iter().map(of).collect();
            books.check()?;
            all
        }
    };
    all.retain(|one| !one.entries.is_empty());
    Ok(all)
}
