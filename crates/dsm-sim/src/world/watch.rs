//! Who sees everything: keeps the log, and what the invariants are checked against.
//!
//! Nothing here is known to any device. What is watched comes out of the shipped values as they become
//! durable; how it is judged is written here a second time, from `spec/`, without `accept`.

use std::collections::{BTreeMap, BTreeSet};

use dsm_core::{Output, Reject, View};
use dsm_crypto::Digest;
use dsm_encoding::from_slice;
use dsm_log::{DeviceId, Nonce, SpendId};
use dsm_session::{Batch, Ledger, Message, Notice};
use dsm_store::{Books, Kv};

use super::chip::Drive;
use super::event::{Action, Invariant, Saw};
use super::forger::Forger;
use super::prepared::{CAP, FORGER, HONEST, NAMES, prepared};
use super::show;

mod counts;
mod judge;

pub use counts::Counts;

/// How an Ask begins: a list of two, the first of which is 1.
const ASK: [u8; 2] = [0x82, 0x01];

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum Line {
    /// What was done.
    Done(Action),
    /// What was seen.
    Seen(Saw),
}

/// Which invariant does not hold, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// How.
    pub text: String,
}

/// What somebody honest knows and holds, as it was told to be durable.
#[derive(Clone, Debug, Default)]
pub(crate) struct Honest {
    /// Entries that it wrote.
    pub(crate) wrote: BTreeMap<u64, Digest>,
    /// The last entry of each peer that it accepted.
    pub(crate) accepted: BTreeMap<DeviceId, u64>,
    /// The greatest stitch of each peer.
    stitches: BTreeMap<DeviceId, u64>,
    /// What it holds.
    pub(crate) held: BTreeMap<SpendId, u64>,
    /// What it consumed.
    pub(crate) spent: BTreeSet<SpendId>,
    /// What rests on which devices, uncertified.
    rests: BTreeMap<SpendId, BTreeSet<DeviceId>>,
    /// The devices of which it holds a fork proof.
    forked: BTreeSet<DeviceId>,
    /// The heads of others that it takes for true.
    pub(crate) believed: BTreeMap<(DeviceId, u64), Digest>,
    /// The records of others that it knows.
    pub(crate) records: BTreeSet<(DeviceId, u64)>,
    /// Where it knows records that name an id.
    pub(crate) named: BTreeMap<(DeviceId, SpendId), BTreeSet<u64>>,
    /// What others consumed, by entries that it accepted or whose lineage it did.
    pub(crate) consumed: BTreeMap<SpendId, (DeviceId, Digest)>,
    /// The challenges that it told, in sessions.
    asked: BTreeSet<Nonce>,
    /// The indexes of entries that cheats announced in sessions, and whether one was said to answer no challenge.
    announced: BTreeMap<u64, bool>,
    /// Whether it asked for something in a letter too.
    pub(crate) asked_by_letter: bool,
    /// The entries that its person was told of.
    pub(crate) bound: BTreeSet<u64>,
    /// The last entry with value that it accepted.
    pub(crate) paid_last: Option<(DeviceId, u64)>,
    /// Own entries that a peer acknowledged.
    pub(crate) acknowledged: BTreeSet<u64>,
    /// The rules by which it refused something.
    pub(crate) refused: BTreeSet<&'static str>,
}

/// Who sees everything.
pub(crate) struct Watch {
    recording: bool,
    pub(crate) lines: Vec<Line>,
    pub(crate) violation: Option<Violation>,
    pub(crate) counts: Counts,
    /// How often something became durable at somebody honest.
    pub(crate) changes: u64,
    pub(crate) honest: [Honest; HONEST],
    /// Of each note that exists for somebody honest: what it is, and who made it.
    outputs: BTreeMap<SpendId, Output>,
    /// The entries of cheats that somebody honest took for true.
    pub(crate) heads: BTreeMap<(DeviceId, u64), BTreeSet<Digest>>,
    /// The heads of devices whose chips never go back of which somebody honest has seen evidence.
    absorbed: BTreeMap<(DeviceId, u64), Digest>,
    /// The chips that never go back, but for the mint's.
    pub(crate) chips: BTreeMap<DeviceId, Drive>,
    /// Whom somebody hears just now.
    pub(crate) peer: Option<usize>,
    /// Lots of others' tokens that were issued, by whom and in which entry.
    issued: BTreeMap<SpendId, BTreeSet<Digest>>,
    /// What cheats spent twice.
    pub(crate) excess: u64,
    supply: u64,
    held: u64,
}

impl Watch {
    pub(crate) fn new(recording: bool) -> Self {
        let start = prepared();
        let mut watch = Self {
            recording,
            lines: Vec::new(),
            violation: None,
            counts: Counts::default(),
            changes: 0,
            honest: Default::default(),
            outputs: start.notes.clone(),
            heads: BTreeMap::new(),
            absorbed: BTreeMap::new(),
            chips: BTreeMap::new(),
            peer: None,
            issued: BTreeMap::new(),
            excess: 0,
            supply: start.notes.values().map(|output| output.amount).sum(),
            held: 0,
        };
        watch.see(show::given);
        for (id, output) in &start.notes {
            if let Some(who) = output.lock.device().and_then(|(owner, _)| honest(owner)) {
                watch.honest[who].held.insert(*id, output.amount);
                watch.held += output.amount;
            }
        }
        watch
    }

    pub(crate) fn did(&mut self, action: &Action) {
        self.counts.actions += 1;
        if self.recording {
            self.lines.push(Line::Done(action.clone()));
        }
    }

    pub(crate) fn see(&mut self, saw: impl FnOnce() -> Saw) {
        if self.recording {
            self.lines.push(Line::Seen(saw()));
        }
    }

    /// An invariant does not hold. The first is kept.
    pub(crate) fn broken(&mut self, invariant: Invariant, text: impl FnOnce() -> String) {
        if self.violation.is_none() {
            let text = text();
            self.see(|| Saw::Broken { invariant, text: text.clone() });
            self.violation = Some(Violation { invariant, text });
        }
    }

    fn check(&mut self, holds: bool, invariant: Invariant, text: impl FnOnce() -> String) {
        if !holds {
            self.broken(invariant, text);
        }
    }

    pub(crate) fn said(&mut self, link: usize, who: usize, frame: &[u8]) {
        self.counts.frames += 1;
        let asks = frame.starts_with(&ASK) && who < HONEST;
        if !self.recording && !asks {
            return;
        }
        let message = from_slice::<Message>(frame).ok();
        if let Some(Message::Ask { ask }) = &message
            && let Some(honest) = self.honest.get_mut(who)
        {
            honest.asked.insert(ask.nonce);
        }
        self.see(|| show::said(link, who, message.as_ref()));
    }

    /// Somebody honest hears what a cheat says.
    pub(crate) fn heard(&mut self, who: usize, frame: &[u8]) {
        let Some(honest) = self.honest.get_mut(who) else { return };
        let (index, unasked) = match from_slice::<Message>(frame) {
            Ok(Message::Offer { index, .. }) => (index, false),
            Ok(Message::Resume { index, floor, .. }) => (index, floor.is_none()),
            _ => return,
        };
        *honest.announced.entry(index).or_default() |= unasked;
    }

    /// What the forger wrote.
    pub(crate) fn forged(&mut self, forger: Option<&mut Forger>) {
        let wrote = forger.filter(|_| self.recording).map(Forger::wrote).unwrap_or_default();
        if !wrote.is_empty() {
            self.see(|| Saw::Forged { who: FORGER, wrote });
        }
    }

    pub(crate) fn refused(&mut self, who: usize, reject: &Reject) {
        self.counts.refusals += 1;
        let rule = reject.rule();
        if let Some(honest) = self.honest.get_mut(who) {
            honest.refused.insert(rule);
        }
        if matches!(reject, Reject::Evidence { .. }) {
            self.counts.unproven += 1;
            let among = who < HONEST && self.peer.is_some_and(|peer| peer < HONEST);
            self.check(!among, Invariant::Chips, || {
                format!("{} is shown too little by somebody honest: {reject}", NAMES[who])
            });
        }
        self.see(|| Saw::Refused { who, rule: rule.into() });
    }

    pub(crate) fn told(&mut self, who: usize, notice: &Notice) {
        let Some(honest) = self.honest.get_mut(who) else { return };
        match notice {
            Notice::Bound { index } => {
                honest.bound.insert(*index);
            }
            Notice::Acknowledged { index } => {
                honest.acknowledged.insert(*index);
            }
            _ => {}
        }
    }

    /// Something became durable.
    pub(crate) fn durable(&mut self, who: usize, batch: &Batch) {
        self.see(|| show::durable(who, batch));
        if who >= HONEST {
            return;
        }
        self.changes += 1;
        for proof in &batch.forks {
            self.counts.forks += 1;
            let accused = honest(&proof.device());
            self.check(accused.is_none(), Invariant::NoHonestAccusation, || {
                format!("{} holds a proof against {}", NAMES[who], NAMES[accused.unwrap_or(0)])
            });
            self.proven(who, proof);
        }
        for accepted in &batch.accepted {
            self.accepted(who, accepted);
        }
        for written in &batch.written {
            self.wrote(who, written);
        }
        for id in &batch.spent {
            let me = &mut self.honest[who];
            let fresh = me.spent.insert(*id);
            if let Some(amount) = me.held.remove(id) {
                self.held -= amount;
            } else {
                self.broken(Invariant::Conservation, || {
                    format!("{} spends what it has not", NAMES[who])
                });
            }
            self.check(fresh, Invariant::NoDoubleAcceptance, || {
                format!("{} spends twice", NAMES[who])
            });
            let me = &self.honest[who];
            let frozen = me.rests.get(id).is_some_and(|rests| !rests.is_disjoint(&me.forked));
            self.check(!frozen, Invariant::Frozen, || {
                format!("{} spends what rests on a device that forked", NAMES[who])
            });
        }
        for held in &batch.held {
            let (id, output) = (held.id(), held.note.output);
            let known = self.outputs.get(&id) == Some(&output);
            self.check(known, Invariant::Conservation, || {
                format!("{} holds {} units that nobody made", NAMES[who], output.amount)
            });
            let me = &mut self.honest[who];
            me.rests.insert(id, held.uncertified.iter().copied().collect());
            if !me.spent.contains(&id)
                && output.token == prepared().token
                && me.held.insert(id, output.amount).is_none()
            {
                self.held += output.amount;
            } else if output.token != prepared().token {
                me.held.insert(id, 0);
            }
        }
        self.honest[who].forked.extend(batch.forks.iter().map(|proof| proof.device()));
        // All that she holds rests on one mint, which no certificate covers.
        let paid = batch.accepted.iter().any(|one| !one.notes().is_empty());
        let trusted: u64 = self.honest[who].held.values().sum();
        let capped = paid && NAMES[who] == "cleo" && trusted > CAP;
        self.check(!capped, Invariant::Settings, || format!("{trusted} units pass a cap"));
        let (held, most) = (self.held, self.supply.saturating_add(self.excess));
        self.check(held <= most, Invariant::Conservation, || {
            format!("{held} units are held, and {most} exist")
        });
    }

    fn wrote(&mut self, who: usize, written: &dsm_core::Written) {
        let at = written.log.at;
        if written.log.device != prepared().kits[who].id {
            return;
        }
        let before = self.honest[who].wrote.insert(at.index, at.head);
        self.check(before.is_none_or(|head| head == at.head), Invariant::LogLinearity, || {
            format!("{} writes entry {} twice", NAMES[who], at.index)
        });
        let next = self.honest[who].wrote.len() as u64 == at.index;
        self.check(next, Invariant::LogLinearity, || {
            format!("{} leaves a gap before entry {}", NAMES[who], at.index)
        });
        for opened in &written.facts.opened {
            self.outputs.extend(opened.made().map(|(_, id, output)| (id, output)));
        }
    }

    fn accepted(&mut self, who: usize, accepted: &dsm_core::Accepted) {
        let (writer, at, entry) = (accepted.writer(), accepted.at(), accepted.entry());
        let known = self.honest[who].believed.range((writer, 0)..=(writer, u64::MAX));
        let known = known.map(|((_, index), _)| *index).next_back();
        for line in &accepted.facts().lines {
            let heads = std::iter::once(&line.start.head).chain(&line.heads);
            for (index, head) in (line.start.index..).zip(heads) {
                self.believes(who, line.device, index, *head);
            }
            for (index, head) in (line.start.index + 1..).zip(&line.heads) {
                self.evident(who, line.device, index, *head);
            }
            for (index, record) in (line.start.index + 1..).zip(&line.records) {
                self.honest[who].records.insert((line.device, index));
                for id in record.spends.iter() {
                    let named = &mut self.honest[who].named;
                    named.entry((line.device, *id)).or_default().insert(index);
                }
            }
        }
        let mut lines = accepted.facts().lines.iter().filter(|line| line.device == writer);
        let signed = lines.find_map(|line| line.record(at.index)) == Some(&entry.record());
        self.check(signed, Invariant::Receipts, || {
            format!("{} accepts another entry than was signed", NAMES[who])
        });
        let mut since = known.unwrap_or(at.index)..at.index;
        let joined = since.all(|index| self.honest[who].records.contains(&(writer, index + 1)));
        self.check(joined, Invariant::LogLinearity, || {
            format!("{} accepts an entry to which nothing leads from what it knew", NAMES[who])
        });
        let last = self.honest[who].accepted.insert(writer, at.index);
        self.check(last < Some(at.index), Invariant::NoDoubleAcceptance, || {
            format!("{} accepts entry {} of one device again", NAMES[who], at.index)
        });
        self.stitched(who, writer, accepted.peer().stitch, entry.stitch);
        let opened = &accepted.facts().opened;
        self.outputs
            .extend(opened.iter().flat_map(|one| one.made().map(|(_, id, output)| (id, output))));
        for one in opened {
            let line = accepted
                .facts()
                .lines
                .iter()
                .find(|line| line.device == one.device && line.record(one.index).is_some());
            let Some((head, record)) =
                line.and_then(|line| Some((line.head(one.index)?, line.record(one.index)?)))
            else {
                continue;
            };
            self.operation(who, one, head, &record.spends, accepted.class());
        }
        if entry.value.is_none() {
            self.counts.receipts += 1;
            return;
        }
        self.paid(who, accepted);
    }

    /// The stitch is a head of the reader's own log and never goes back.
    fn stitched(&mut self, who: usize, writer: DeviceId, index: Option<u64>, head: Option<Digest>) {
        let me = &mut self.honest[who];
        let before = me.stitches.get(&writer).copied();
        if let Some(index) = index {
            me.stitches.insert(writer, index);
        }
        let own = index.filter(|index| *index > 0).and_then(|index| me.wrote.get(&index).copied());
        let holds = before <= index && (index.is_none_or(|index| index == 0) || own == head);
        self.check(holds, Invariant::Settings, || {
            format!("{} accepts a stitch to {index:?} after {before:?}", NAMES[who])
        });
    }

    /// Somebody honest takes a head for true.
    fn believes(&mut self, who: usize, device: DeviceId, index: u64, head: Digest) {
        let before = self.honest[who].believed.insert((device, index), head);
        self.check(before.is_none_or(|before| before == head), Invariant::LogLinearity, || {
            format!("{} believes two histories of one device", NAMES[who])
        });
        let Some(of) = honest(&device).filter(|_| index > 0) else {
            self.heads.entry((device, index)).or_default().insert(head);
            return;
        };
        let holds = self.honest[of].wrote.get(&index) == Some(&head);
        self.check(holds, Invariant::LogLinearity, || {
            format!("{} believes another entry {index} of {}", NAMES[who], NAMES[of])
        });
    }

    /// A process was started again: what its person was told is so.
    pub(crate) fn restarted<K: Kv>(&mut self, who: usize, books: &Books<'_, K>) {
        self.counts.crashes += 1;
        if who < HONEST {
            self.keeps(who, books);
        }
    }

    /// What a person was told, and what became durable, is in the books.
    pub(crate) fn keeps<K: Kv>(&mut self, who: usize, books: &Books<'_, K>) {
        let me = &self.honest[who];
        let at = books.own_log().at;
        let wrote = me.wrote.last_key_value().map(|(index, head)| (*index, *head));
        let log = wrote.is_none_or(|(index, head)| (index, head) == (at.index, at.head));
        let bound = me.bound.iter().all(|index| books.entry(&books.me(), *index).is_some());
        let took = me
            .accepted
            .iter()
            .all(|(peer, index)| books.accepted(peer).map(|at| at.index) == Some(*index));
        let all = books.all_held();
        let listed: BTreeSet<SpendId> = all.iter().map(|(held, _)| held.id()).collect();
        let held = me.held.keys().all(|id| listed.contains(id))
            && listed.iter().all(|id| me.held.contains_key(id));
        let name = NAMES[who];
        self.check(log && bound, Invariant::Promises, || format!("{name} forgot what it wrote"));
        self.check(took, Invariant::Promises, || format!("{name} forgot what it accepted"));
        self.check(held, Invariant::Promises, || format!("{name} forgot what it holds"));
        if let Err(error) = books.check() {
            self.broken(Invariant::Soundness, || format!("the books of {name}: {error}"));
        }
    }
}

/// Which of the honest a device is.
pub(crate) fn honest(device: &DeviceId) -> Option<usize> {
    prepared().kits.iter().take(HONEST).position(|kit| kit.id == *device)
}
