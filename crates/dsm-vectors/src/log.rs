//! `vectors/log`: entries with every hash on the way to a head, runs and signed heads.

use dsm_core::{Entry, Op, Value as Operation};
use dsm_encoding::{from_slice, to_vec};
use dsm_log::{Pair, Position, SignedHead, SpendId, spends_hash};
use serde_json::{Value, json};

use crate::accept::trade::transfer;
use crate::json::{
    as_bytes, as_digest, as_option, bytes, canonical, device, digest, hex, id, items, list, member,
    number, object, option, place, position, same,
};
use crate::world::{Draft, NETWORK, limited, seed};
use crate::{Problem, Vector};

pub(crate) fn vectors() -> Vec<Vector> {
    let (mut trade, _) = transfer();
    let (ada, issuer) = (trade.ada, trade.issuer);
    trade.world.idle(&ada);
    let schema = seed("schema", 0);
    let data = Op::Data { schema, bytes: vec![1, 2, 3].try_into().unwrap_or_default() };
    let stitch = Some(Position { index: 7, head: seed("stitch", 0) });
    let ops = vec![Op::Receive {}, data];
    let peer = Some(trade.ben);
    trade.world.write(&ada, Draft { peer, stitch, ops, ..Draft::default() });
    let spends = vec![SpendId(seed("note", 0))];
    let burn = Operation::Burn { token: trade.token, amount: 5 };
    trade.world.write(&ada, Draft { spends, value: Some(burn), ..Draft::default() });
    let one = |name, about, writer, index| {
        let device = trade.world.get(writer);
        let before = device.written(index - 1).map_or(device.start, |before| before.at);
        let written = device.written(index).expect("an entry");
        let value = json!({
            "before": position(&before),
            "tip_before": option(written.tip_before, digest),
            "bytes": canonical(&written.entry),
        });
        Vector::new("log", name, about, described(&value).expect("an entry in its place"))
    };
    vec![
        one("issue", "The first entry of an issuing log.", &issuer, 1),
        one("transfer", "A payment to Ben that answers his nonce.", &ada, 1),
        one("checkpoint", "An entry that concerns nobody.", &ada, 2),
        one("stitched", "An entry to Ben with a stitch and two operations.", &ada, 3),
        one("burn", "An entry that burns.", &ada, 4),
        Vector::new("log", "run", "A run from head 0, signed at its end.", run(&trade)),
        limits(),
    ]
}

/// An entry, member by member, with every hash that its head is made of.
pub(crate) fn entry_hashes(entry: &Entry) -> Value {
    let rest = entry.rest();
    json!({
        "index": number(entry.index),
        "peer": option(entry.peer, device),
        "stitch": option(entry.stitch, digest),
        "nonce": option(entry.nonce, |nonce| hex(nonce)),
        "tips": digest(&entry.tips),
        "spends": list(&entry.spends, |id| digest(&id.0)),
        "value_bytes": canonical(&entry.value),
        "ops_bytes": canonical(&entry.ops),
        "side": digest(&rest.side),
        "other": digest(&rest.other),
        "rest": digest(&rest.hash()),
        "value": digest(&entry.value_hash()),
        "body": digest(&entry.record().body),
        "spends_hash": digest(&spends_hash(&entry.spends)),
    })
}

/// What follows from an entry, the place before it and the tip before it.
fn described(value: &Value) -> Result<Value, Problem> {
    let entry: Entry = object(value, "bytes")?;
    let before = place(value, "before")?;
    let tip_before = as_option(member(value, "tip_before")?, as_digest)?;
    let after = entry.after(&before);
    let after = after.ok_or_else(|| Problem::new("the entry does not follow"))?;
    Ok(json!({
        "before": position(&before),
        "tip_before": option(tip_before, digest),
        "bytes": canonical(&entry),
        "entry": entry_hashes(&entry),
        "tip_after": option(entry.peer, |_| digest(&entry.tip_after(tip_before))),
        "head": digest(&after.head),
    }))
}

fn run(trade: &crate::accept::trade::Trade) -> Value {
    let device = trade.world.get(&trade.ada);
    let pairs: Vec<Pair> = device.log.iter().map(|written| written.entry.record().pair()).collect();
    let signed = SignedHead::sign(NETWORK, trade.ada, device.at(), &device.key);
    json!({
        "device": canonical(&device.descriptor),
        "start": position(&device.start),
        "records": list(&device.log, |written| canonical(&written.entry.record())),
        "pairs": list(&pairs, canonical),
        "heads": list(&device.log, |written| digest(&written.at.head)),
        "message": digest(&SignedHead::message(NETWORK, &trade.ada, &device.at())),
        "signed_head": canonical(&signed),
    })
}

/// The last index that a log can reach.
fn limits() -> Vector {
    let pair = Pair { spends: spends_hash(&limited(Vec::new())), body: seed("body", 0) };
    let head = seed("head", 0);
    let case = |index: u64| {
        let after = Position { index, head }.after(&pair);
        json!({
            "before": position(&Position { index, head }),
            "pair": canonical(&pair),
            "after": option(after, position),
        })
    };
    let cases = [0, (1 << 53) - 1, 1 << 53, (1 << 63) - 2, (1 << 63) - 1].map(case);
    Vector::new(
        "log",
        "limits",
        "One record more, up to the last index.",
        json!({ "cases": cases }),
    )
}

pub(crate) fn check(value: &Value) -> Result<(), Problem> {
    if value.get("cases").is_some() {
        return items(value, "cases")?.iter().try_for_each(|case| {
            let pair: Pair = object(case, "pair")?;
            let after = place(case, "before")?.after(&pair);
            same(member(case, "after")?, &option(after, position))
        });
    }
    if value.get("records").is_some() {
        return check_run(value);
    }
    let mut found = described(value)?;
    found["about"] = member(value, "about")?.clone();
    found["noun"] = member(value, "noun")?.clone();
    same(value, &found)
}

fn check_run(value: &Value) -> Result<(), Problem> {
    let wrong = |error: dsm_encoding::DecodeError| Problem::new(error.to_string());
    let mut at = place(value, "start")?;
    let parts = items(value, "records")?.iter().zip(items(value, "pairs")?);
    for ((record, pair), head) in parts.zip(items(value, "heads")?) {
        let record: dsm_log::Record = from_slice(&as_bytes(record)?).map_err(wrong)?;
        same(pair, &canonical(&record.pair()))?;
        at = at.after(&record.pair()).ok_or_else(|| Problem::new("no such index"))?;
        same(head, &digest(&at.head))?;
    }
    let descriptor: dsm_log::DeviceDescriptor = object(value, "device")?;
    let message = SignedHead::message(descriptor.network, &descriptor.id(), &at);
    same(member(value, "message")?, &digest(&message))?;
    id(value, "message")?;
    let signed: SignedHead = object(value, "signed_head")?;
    same(&position(&signed.at), &position(&at))?;
    let verified = signed.verify(&descriptor);
    let verified = verified.ok_or_else(|| Problem::new("the signed head does not verify"))?;
    same(&hex(&to_vec(&*verified)), &hex(&bytes(value, "signed_head")?))
}
