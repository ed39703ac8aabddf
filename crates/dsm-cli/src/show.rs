//! `dsm balance`, `dsm history` and `dsm evidence`: what the books say.

use dsm_home::Home;
use dsm_report::{
    Balance, Evidence, HistoryItem, MAX_LISTED, Part, Standing, balances, contact_of,
};
use serde_json::json;

use crate::output::Output;
use crate::served::{self, listed, seen};

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
    part: &Part<u64>,
    output: &mut Output,
) -> anyhow::Result<()> {
    let mut path = format!("/v1/history?limit={}", part.limit.unwrap_or(MAX_LISTED));
    if let Some(before) = part.before {
        path = format!("{path}&before={before}");
    }
    if let Some(name) = contact {
        path = format!("{path}&contact={}", served::part(name));
    }
    let items = seen(home, &path, |books| {
        let peer = contact.map(|name| contact_of(books, name)).transpose()?;
        let peer = peer.map(|peer| peer.card.descriptor.id());
        Ok(dsm_report::history(books, peer.as_ref(), part))
    })?;
    let mut lines: Vec<String> = items.iter().map(ToString::to_string).collect();
    let is_cut = Some(items.len()) == part.limit.map(usize::from);
    if let Some(HistoryItem { number, .. }) =
        items.first().filter(|first| is_cut && first.number > 1)
    {
        let all = contact.map(|name| format!(" {name}")).unwrap_or_default();
        lines.insert(0, format!("what was before: `dsm history{all} --before {number}`"));
    }
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
    let found = match wanted {
        None => listed(
            home,
            "/v1/evidence",
            |one: &Evidence| &one.device,
            |books| Evidence::list(books, &Part::whole()),
        )?,
        Some(wanted) => {
            let path = format!("/v1/evidence/{}", served::part(wanted));
            vec![seen(home, &path, |books| Ok(Evidence::of(books, wanted)?))?]
        }
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
