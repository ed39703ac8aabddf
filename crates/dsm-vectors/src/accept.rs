//! `vectors/accept`: dealt entries, what their receiver knows, and the verdict.
//!
//! The member `view` holds the receiver's facts, `claimed` the canonical bytes that it is dealt and
//! `asked` the nonce of its Ask.

mod chips;
mod contacts;
mod history;
mod issues;
mod packs;
mod payments;
mod runs;
pub(crate) mod trade;
mod transfers;

use dsm_core::{Accepted, Claimed, Dealt, Verdict, accept};
use dsm_crypto::Digest;
use dsm_encoding::{from_slice, to_vec};
use dsm_log::{Nonce, relationship};
use serde_json::{Value, json};

use crate::json::{
    as_bytes, as_digest, as_option, canonical, device, digest, hex, list, member, number, option,
    position, same,
};
use crate::knowledge::Knowledge;
use crate::log::entry_hashes;
use crate::{Problem, Vector};

/// What a receiver knows, what it asked for, and what it is dealt.
#[derive(Clone)]
pub(crate) struct Deal {
    pub(crate) knowledge: Knowledge,
    pub(crate) asked: Option<Nonce>,
    pub(crate) dealt: Dealt,
}

impl Deal {
    /// The same with one change.
    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// The same with one change of what is dealt.
    fn dealing(self, change: impl FnOnce(&mut Dealt)) -> Self {
        self.with(|deal| change(&mut deal.dealt))
    }

    fn value(&self, claimed: &[u8]) -> Value {
        let mut value = json!({
            "view": self.knowledge.to_json(),
            "asked": option(self.asked, |nonce| hex(nonce)),
            "claimed": hex(claimed),
        });
        // What follows is what the code answers; the scenario's word is checked against it.
        let verdict = judge(&value).expect("the scenario's own JSON");
        value["forks"] = list(&verdict.forks, |proof| canonical(&**proof));
        if let Ok(accepted) = &verdict.result {
            let before = self.knowledge.peers.iter().find(|(id, _)| *id == accepted.writer());
            let before = before.and_then(|(_, peer)| peer.tip);
            value["result"] = result(accepted);
            value["hashes"] = hashes(accepted, before, &self.dealt, self.knowledge.me);
        }
        value["answer"] = match &verdict.result {
            Ok(_) => json!("accept"),
            Err(reject) => json!(reject.rule()),
        };
        value
    }
}

/// A vector that is accepted.
fn good(name: &str, about: &str, deal: &Deal) -> Vector {
    let value = told(deal.value(&to_vec(&deal.dealt)), "accept", name);
    Vector::good("accept", name, about, value)
}

/// A vector with one fault.
fn bad(names: (&str, &str), sibling: &str, about: &str, deal: &Deal) -> Vector {
    bad_bytes(names, sibling, about, deal, &to_vec(&deal.dealt))
}

/// The same, if what is dealt is no canonical bytes.
fn bad_bytes(names: (&str, &str), sibling: &str, about: &str, deal: &Deal, bytes: &[u8]) -> Vector {
    let value = told(deal.value(bytes), names.0, names.1);
    Vector::bad("accept", names, sibling, about, value)
}

/// Whether the code answers what the scenario says that it must.
fn told(mut value: Value, expected: &str, name: &str) -> Value {
    let answer = value.as_object_mut().and_then(|members| members.remove("answer"));
    assert_eq!(answer, Some(json!(expected)), "{expected} {name}");
    value
}

pub(crate) fn vectors() -> Vec<Vector> {
    let mut all = packs::vectors();
    all.extend(runs::vectors());
    all.extend(transfers::vectors());
    all.extend(issues::vectors());
    all.extend(history::vectors());
    all.extend(contacts::vectors());
    all.extend(payments::vectors());
    all.extend(chips::vectors());
    all
}

fn judge(value: &Value) -> Result<Verdict, Problem> {
    let view = Knowledge::from_json(member(value, "view")?)?.view()?;
    let asked = as_option(member(value, "asked")?, as_digest)?;
    let claimed = Claimed::decode(&as_bytes(member(value, "claimed")?)?);
    Ok(match claimed {
        Ok(claimed) => accept(&view, &claimed, asked.map(|nonce| *nonce.as_bytes())),
        Err(reject) => Verdict { result: Err(reject), forks: Vec::new() },
    })
}

pub(crate) fn check(value: &Value) -> Result<(), Problem> {
    let verdict = judge(value)?;
    same(member(value, "forks")?, &list(&verdict.forks, |proof| canonical(&**proof)))?;
    match &verdict.result {
        Err(reject) => same(member(value, "rule")?, &json!(reject.rule())),
        Ok(accepted) => {
            same(member(value, "expect")?, &json!("accept"))?;
            same(member(value, "result")?, &result(accepted))?;
            let knowledge = Knowledge::from_json(member(value, "view")?)?;
            let before = knowledge.peers.iter().find(|(id, _)| *id == accepted.writer());
            let before = before.and_then(|(_, peer)| peer.tip);
            let dealt: Dealt = from_slice(&as_bytes(member(value, "claimed")?)?)
                .map_err(|error| Problem::new(error.to_string()))?;
            same(member(value, "hashes")?, &hashes(accepted, before, &dealt, knowledge.me))
        }
    }
}

fn result(accepted: &Accepted) -> Value {
    let lineage = accepted.lineage();
    let uncertified: Vec<_> = lineage.uncertified.iter().copied().collect();
    json!({
        "writer": device(&accepted.writer()),
        "at": position(&accepted.at()),
        "class": accepted.class().name(),
        "hops": number(lineage.hops),
        "uncertified": list(&uncertified, device),
        "notes": list(accepted.notes(), |note| digest(&note.id().0)),
        "tip": option(accepted.peer().tip, digest),
        "stitch": option(accepted.peer().stitch, |index| number(*index)),
    })
}

/// Every hash on the way to the verdict.
fn hashes(
    accepted: &Accepted,
    tip_before: Option<Digest>,
    dealt: &Dealt,
    me: dsm_log::DeviceId,
) -> Value {
    let entry = accepted.entry();
    let facts = accepted.facts();
    let key = relationship(&accepted.writer(), &me);
    json!({
        "entry": entry_hashes(entry),
        "relationship": digest(&key),
        "tip_before": option(tip_before, digest),
        "tip_after": digest(&entry.tip_after(tip_before)),
        "tips_before": option(dealt.before, |before| digest(&before.tips)),
        "tips_after": digest(&entry.tips),
        "runs": list(&facts.lines, |line| json!({
            "device": device(&line.device),
            "heads": list(&line.heads, digest),
            "message": digest(&dsm_log::SignedHead::message(
                dealt.network, &line.device, &line.end(),
            )),
        })),
        "opened": list(&facts.opened, |opened| json!({
            "device": device(&opened.device),
            "index": number(opened.index),
            "value": digest(&dsm_log::value_hash(&to_vec(&opened.value))),
            "notes": list(&opened.notes, |id| digest(&id.0)),
        })),
    })
}
