//! What the log says of messages and changes.

use std::collections::BTreeSet;

use dsm_core::{Facts, Note, Op, Value};
use dsm_crypto::Digest;
use dsm_log::{DeviceId, SpendId};
use dsm_session::{Batch, Message};

use super::event::{Made, Saw, Took, Wrote};
use super::prepared::prepared;

/// The first bytes of a hash.
pub(crate) fn short(digest: &Digest) -> String {
    digest.as_bytes()[..4].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The number of a device; the first of those that share it.
pub(crate) fn number_of(device: &DeviceId) -> Option<usize> {
    let start = prepared();
    let ids = start.kits.iter().map(|kit| kit.id).chain([start.forger.id()]);
    ids.into_iter().position(|id| id == *device)
}

pub(crate) fn said(link: usize, who: usize, message: Option<&Message>) -> Saw {
    let (index, accepted) = match message {
        Some(Message::Hello { accepted, .. }) => (None, Some(*accepted)),
        Some(Message::Offer { index, .. } | Message::Resume { index, .. }) => (Some(*index), None),
        Some(Message::Pay { dealt } | Message::Receipt { dealt }) => {
            (Some(dealt.index), dealt.stitch)
        }
        _ => (None, None),
    };
    let message = message.map_or("?", Message::name).into();
    Saw::Said { link, who, message, index, accepted }
}

fn made(id: &SpendId, output: &dsm_core::Output) -> Made {
    let lock = output.lock.device();
    let owner = lock.and_then(|(owner, _)| number_of(owner));
    let floor = lock.map(|(_, floor)| (floor.index, short(&floor.head)));
    Made { id: short(&id.0), owner, amount: output.amount, floor }
}

/// The notes that there are at first.
pub(crate) fn given() -> Saw {
    let notes = prepared().notes.iter();
    Saw::Given { notes: notes.map(|(id, output)| made(id, output)).collect() }
}

/// The entries of a device that facts speak of, but for those that were shown before.
pub(crate) fn forged(
    device: DeviceId,
    facts: &[Facts],
    shown: &mut BTreeSet<Digest>,
) -> Vec<Wrote> {
    let mut wrote = Vec::new();
    for (fact, line) in
        facts.iter().flat_map(|fact| fact.lines.iter().map(move |line| (fact, line)))
    {
        let heads = std::iter::once(&line.start.head).chain(&line.heads);
        let places = (line.start.index + 1..).zip(heads.zip(&line.heads)).zip(&line.records);
        for ((index, (before, head)), record) in places {
            if line.device != device || !shown.insert(*head) {
                continue;
            }
            let opened = fact.opened.iter();
            let opened = opened.filter(|one| (one.device, one.index) == (device, index));
            let makes = opened.flat_map(|one| one.made().map(|(_, id, output)| made(&id, &output)));
            wrote.push(Wrote {
                index,
                before: short(before),
                head: short(head),
                to: None,
                spends: names(&record.spends),
                makes: makes.collect(),
                receive: false,
            });
        }
    }
    wrote
}

fn names(ids: &[SpendId]) -> Vec<String> {
    ids.iter().map(|id| short(&id.0)).collect()
}

pub(crate) fn durable(who: usize, batch: &Batch) -> Saw {
    let wrote = batch.written.iter().map(|written| {
        let (entry, head) = (&written.entry, written.log.at.head);
        let outputs = entry.value.as_ref().map_or(&[][..], Value::outputs);
        let makes = (0..)
            .zip(outputs)
            .map(|(number, output)| made(&Note { output: *output, head, number }.id(), output));
        let start = written.facts.lines.first().map(|line| line.start.head);
        Wrote {
            index: entry.index,
            before: start.as_ref().map(short).unwrap_or_default(),
            head: short(&head),
            to: entry.peer.as_ref().and_then(number_of),
            spends: names(&entry.spends),
            makes: makes.collect(),
            receive: entry.ops.iter().any(|op| matches!(op, Op::Receive {})),
        }
    });
    let accepted = batch.accepted.iter().map(|one| Took {
        from: number_of(&one.writer()).unwrap_or(usize::MAX),
        index: one.at().index,
        head: short(&one.at().head),
        spends: names(&one.entry().spends),
        notes: one.notes().iter().map(|note| made(&note.id(), &note.output)).collect(),
        class: format!("{:?}", one.class()).to_lowercase(),
    });
    Saw::Durable {
        who,
        wrote: wrote.collect(),
        accepted: accepted.collect(),
        forks: batch.forks.iter().filter_map(|proof| number_of(&proof.device())).collect(),
        old: batch.shown.is_some(),
    }
}
