//! `dsm balance`, `dsm history` and `dsm evidence`: what the books say.

use std::collections::BTreeMap;

use anyhow::Context;
use dsm_core::{TokenId, Value as Operation, View};
use dsm_crypto::text;
use dsm_encoding::to_vec;
use dsm_home::Home;
use dsm_log::DeviceId;
use dsm_store::{Books, HistoryEntry, Kv};
use serde_json::{Value, json};

use crate::amount;
use crate::output::Output;

pub(crate) fn balance(home: &Home, output: &mut Output) -> anyhow::Result<()> {
    let wallet = home.read()?;
    let books = wallet.books()?;
    let mut sums: BTreeMap<(TokenId, String), u64> = BTreeMap::new();
    for (held, frozen) in books.all_held() {
        let class = match (frozen, held.uncertified.is_empty()) {
            (true, _) => "frozen",
            // Nobody else has a hop in it: there is nothing to register.
            (false, true) => "own",
            (false, false) => held.class.name(),
        };
        let sum = sums.entry((held.note.output.token, class.to_owned())).or_insert(0);
        *sum = sum.saturating_add(held.note.output.amount);
    }
    let mut lines = Vec::new();
    let mut objects = Vec::new();
    for ((token, class), sum) in sums {
        let policy = books.policy(&token).context("a held token has no policy")?;
        let why =
            if class == "frozen" { ": it rests on a device that showed two histories" } else { "" };
        lines.push(format!("{:>16}  {class}{why}", amount::show(sum, &policy)));
        objects.push(json!({
            "token": token.to_string(), "ticker": &*policy.ticker, "amount": sum, "class": class,
        }));
    }
    books.check()?;
    if lines.is_empty() {
        lines.push("nothing yet; be paid with `dsm receive`".to_owned());
    }
    output.say(&lines.join("\n"), &json!({ "balances": objects }));
    Ok(())
}

pub(crate) fn history(
    home: &Home,
    contact: Option<&str>,
    output: &mut Output,
) -> anyhow::Result<()> {
    let wallet = home.read()?;
    let books = wallet.books()?;
    let peer = match contact {
        None => None,
        Some(name) => {
            let found = books.contact_named(name);
            let found =
                found.with_context(|| format!("no contact {name}; see `dsm contact list`"))?;
            Some(found.card.descriptor.id())
        }
    };
    let items = books.history(peer.as_ref());
    let shown: Vec<(String, Value)> = items.iter().map(|item| describe(&books, item)).collect();
    books.check()?;
    let (mut lines, objects): (Vec<String>, Vec<Value>) = shown.into_iter().unzip();
    if lines.is_empty() {
        lines.push("nothing yet".to_owned());
    }
    output.say(&lines.join("\n"), &json!({ "history": objects }));
    Ok(())
}

/// What an entry gives to a device, by token.
fn given(item: &HistoryEntry, to: impl Fn(&DeviceId) -> bool) -> BTreeMap<TokenId, u64> {
    let mut sums = BTreeMap::new();
    let outputs = item.entry.value.iter().flat_map(|value| value.outputs().iter());
    for output in outputs {
        if output.lock.device().is_some_and(|(owner, _)| to(owner)) {
            let sum: &mut u64 = sums.entry(output.token).or_insert(0);
            *sum = sum.saturating_add(output.amount);
        }
    }
    sums
}

fn describe<K: Kv>(books: &Books<'_, K>, item: &HistoryEntry) -> (String, Value) {
    let other = if item.own { item.peer } else { Some(item.device) };
    let peer = other.map(|other| books.name_of(&other).unwrap_or_else(|| other.to_string()));
    let with = peer.clone().unwrap_or_else(|| "nobody".to_owned());
    let sums = given(item, |owner| *owner != item.device);
    let amounts: Vec<String> = sums
        .iter()
        .map(|(token, sum)| {
            books.policy(token).map_or(sum.to_string(), |policy| amount::show(*sum, &policy))
        })
        .collect();
    let amounts = amounts.join(", ");
    let what = match (&item.entry.value, item.own) {
        (Some(Operation::Issue { .. }), _) => format!("issued {amounts}"),
        (Some(Operation::Burn { .. }), _) => "burnt".to_owned(),
        (Some(Operation::Transfer { .. }), true) => format!("paid {amounts} to {with}"),
        (Some(Operation::Transfer { .. }), false) => format!("received {amounts} from {with}"),
        (None, true) => format!("acknowledged to {with}"),
        (None, false) => format!("acknowledged by {with}"),
    };
    let class = item.class.map(|class| class.name());
    let state = match (item.own && item.entry.value.is_some() && item.peer.is_some(), class) {
        (true, _) if item.acknowledged => "  acknowledged".to_owned(),
        (true, _) => "  not acknowledged yet".to_owned(),
        (false, Some(class)) => format!("  class {class}"),
        (false, None) => String::new(),
    };
    let amounts: BTreeMap<String, u64> =
        sums.into_iter().map(|(token, sum)| (token.to_string(), sum)).collect();
    let object = json!({
        "own": item.own, "index": item.at.index, "head": item.at.head.to_string(), "peer": peer,
        "what": what, "amounts": amounts, "class": class, "acknowledged": item.acknowledged,
    });
    (format!("{:>6}  {what}{state}", item.at.index), object)
}

pub(crate) fn evidence(
    home: &Home,
    wanted: Option<&str>,
    output: &mut Output,
) -> anyhow::Result<()> {
    let wallet = home.read()?;
    let books = wallet.books()?;
    let mut proofs = books.fork_proofs();
    if let Some(wanted) = wanted {
        let named = books.contact_named(wanted).map(|contact| contact.card.descriptor.id());
        let device = named.or_else(|| wanted.parse().ok());
        let device = device.with_context(|| format!("{wanted} is no contact and no device"))?;
        proofs.retain(|proof| proof.device() == device);
    }
    let mut lines = Vec::new();
    let mut objects = Vec::new();
    for proof in &proofs {
        let device = proof.device();
        let bytes = to_vec(proof);
        let name = books.name_of(&device);
        let who = name.clone().unwrap_or_else(|| "no contact".to_owned());
        lines.push(format!(
            "{device} ({who}) signed two histories that part at entry {} or before ({} B of proof)",
            proof.start.index,
            bytes.len()
        ));
        let mut object = json!({
            "device": device.to_string(), "name": name, "index": proof.start.index,
            "bytes": bytes.len(),
        });
        if wanted.is_some() {
            let proof = text::encode("dsmfork", &bytes)?;
            lines.push(proof.clone());
            object["proof"] = Value::String(proof);
        }
        objects.push(object);
    }
    books.check()?;
    if lines.is_empty() {
        lines.push("no device showed two histories here".to_owned());
    }
    output.say(&lines.join("\n"), &json!({ "evidence": objects }));
    Ok(())
}
