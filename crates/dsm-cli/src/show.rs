//! `dsm balance`, `dsm history` and `dsm evidence`: what the books say.

use anyhow::Context;
use dsm_home::Home;
use dsm_report::{Balance, Evidence, HistoryItem, Standing, balances, contact_of};
use dsm_store::{Books, FileKv};
use serde_json::json;

use crate::output::Output;
use crate::served::{Daemon, part, seen};

pub(crate) fn balance(home: &Home, output: &mut Output) -> anyhow::Result<()> {
    let balances = seen(home, "/v1/balances", |books| Ok(balances(books)))?;
    let width = balances.iter().map(|one| one.sum.to_string().chars().count()).max();
    let width = width.unwrap_or(0).max(16);
    let line = |Balance { sum, class }: &Balance| {
        let why = if *class == Standing::Frozen {
            ": it rests on a device that showed two histories"
        } else {
            ""
        };
        format!("{sum:>width$}  {}{why}", class.name())
    };
    let mut lines: Vec<String> = balances.iter().map(line).collect();
    if lines.is_empty() {
        lines.push("nothing yet; be paid with `dsm receive`".to_owned());
    }
    output.say(&lines.join("\n"), &json!({ "balances": balances }));
    Ok(())
}

pub(crate) fn history(
    home: &Home,
    contact: Option<&str>,
    output: &mut Output,
) -> anyhow::Result<()> {
    let with = contact.map(|name| format!("&contact={}", part(name))).unwrap_or_default();
    let items = seen(home, &format!("/v1/history?last=1000{with}"), |books| {
        let peer = contact.map(|name| contact_of(books, name)).transpose()?;
        let peer = peer.map(|peer| peer.card.descriptor.id());
        let items = books.history(peer.as_ref());
        Ok(items.iter().map(|item| HistoryItem::new(books, item)).collect::<Vec<_>>())
    })?;
    let mut lines: Vec<String> = items.iter().map(ToString::to_string).collect();
    if lines.is_empty() {
        lines.push("nothing yet".to_owned());
    }
    output.say(&lines.join("\n"), &json!({ "history": items }));
    Ok(())
}

pub(crate) fn evidence(
    home: &Home,
    wanted: Option<&str>,
    output: &mut Output,
) -> anyhow::Result<()> {
    let all = |books: &Books<'_, FileKv>| {
        let mut proofs = books.fork_proofs();
        if let Some(wanted) = wanted {
            let named = books.contact_named(wanted).map(|contact| contact.card.descriptor.id());
            let device = named.or_else(|| wanted.parse().ok());
            let device = device.with_context(|| format!("{wanted} is no contact and no device"))?;
            proofs.retain(|proof| proof.device() == device);
        }
        let whole = wanted.is_some();
        Ok(proofs.iter().map(|proof| Evidence::new(books, proof, whole)).collect::<Vec<_>>())
    };
    let found = match (Daemon::of(home), wanted) {
        (Some(daemon), Some(device)) => {
            vec![daemon.get(&format!("/v1/evidence/{}", part(device)))?]
        }
        _ => seen(home, "/v1/evidence", all)?,
    };
    let mut lines = Vec::new();
    for Evidence { device, name, index, bytes, proof } in &found {
        let who = name.as_deref().unwrap_or("no contact");
        lines.push(format!(
            "{device} ({who}) signed two histories that part at entry {index} or before ({bytes} B \
             of proof)"
        ));
        lines.extend(proof.clone());
    }
    if lines.is_empty() {
        lines.push("no device showed two histories here".to_owned());
    }
    output.say(&lines.join("\n"), &json!({ "evidence": found }));
    Ok(())
}
