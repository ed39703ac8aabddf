//! A cheat that speaks frames of its own making: it signs anything, shows what it likes, and goes on
//! from any disk that it ever had.

use std::collections::BTreeSet;

use dsm_core::pack::{Plan, Wanted};
use dsm_core::{Dealing, Dealt, Lock, Note, Op, Output, Value, View, deal, lot_id};
use dsm_crypto::{Digest, Domain, hash};
use dsm_encoding::{List, from_slice, to_vec};
use dsm_log::{DeviceId, HeadSignature, Nonce, Position, SpendId};
use dsm_session::Message;

use super::accuse::{evidence, of_one_head};
use super::event::{Trick, Wrote};
use super::prepared::{HONEST, Kit, prepared};
use super::show;
use crate::{Actor, Holding, NETWORK, edit, outputs, stretch};

/// A conversation in which it pays.
pub(crate) struct Talk {
    trick: Trick,
    peer: DeviceId,
    amount: u64,
    known: Option<u64>,
    /// The challenge that it was told, and where the payee's log stood.
    asked: Option<(Nonce, Position)>,
    /// Whether it was paid out once, and goes on.
    again: bool,
    /// What it would pay, and by whom it is written.
    dealing: Option<(Dealing, Plan)>,
    /// Its disk before it paid.
    before: Option<Box<Actor>>,
}

/// Everything that it has.
pub(crate) struct Forger {
    pub(crate) actor: Actor,
    mint: Actor,
    talks: std::collections::BTreeMap<usize, Talk>,
    /// Challenges that it was told.
    nonces: Vec<Nonce>,
    /// The heads of its own that are in the log.
    shown: BTreeSet<Digest>,
}

impl Forger {
    pub(crate) fn new() -> Self {
        let start = prepared();
        let (actor, mint) = (start.forger.clone(), start.rogue.mint.clone());
        let shown = BTreeSet::new();
        Self { actor, mint, talks: Default::default(), nonces: Vec::new(), shown }
    }

    /// What it wrote since it was asked last.
    pub(crate) fn wrote(&mut self) -> Vec<Wrote> {
        show::forged(self.actor.id(), &self.actor.learned, &mut self.shown)
    }

    /// Calls somebody.
    pub(crate) fn call(
        &mut self,
        link: usize,
        peer: DeviceId,
        (trick, amount, fresh): (Trick, u64, u64),
    ) -> Vec<Vec<u8>> {
        let salt = *hash(Domain::Seed, &("forger", fresh)).as_bytes();
        let (known, asked, again, dealing, before) = (None, None, false, None, None);
        let talk = Talk { trick, peer, amount, known, asked, again, dealing, before };
        self.talks.insert(link, talk);
        let accepted = self.actor.accepted.get(&peer).map_or(0, |at| at.index);
        let known = self.actor.view.latest(&peer).map(|at| at.index);
        let device = self.actor.id();
        vec![to_vec(&Message::Hello { network: NETWORK, device, salt, accepted, known })]
    }

    /// A conversation is over. What the other did not acknowledge it takes back: nobody knows of it.
    pub(crate) fn forget(&mut self, link: usize) {
        if let Some(talk) = self.talks.remove(&link)
            && let Some(before) = talk.before
        {
            self.actor = *before;
        }
    }

    /// Hears a message, and says what it likes.
    pub(crate) fn hear(&mut self, link: usize, bytes: &[u8]) -> Vec<Vec<u8>> {
        let Ok(message) = from_slice::<Message>(bytes) else { return Vec::new() };
        let Some(mut talk) = self.talks.remove(&link) else { return Vec::new() };
        let answers = self.answer(&mut talk, message);
        self.talks.insert(link, talk);
        answers.iter().map(to_vec).collect()
    }

    fn answer(&mut self, talk: &mut Talk, message: Message) -> Vec<Message> {
        match message {
            Message::Hello { known, .. } => {
                talk.known = known;
                Vec::new()
            }
            Message::Ask { ask } => {
                self.nonces.push(ask.nonce);
                talk.asked = Some((ask.nonce, ask.floor));
                let mut said = vec![Message::Sync { hints: List::default() }];
                if talk.dealing.is_none() {
                    said.extend(self.offer(talk));
                }
                said
            }
            Message::Want { wanted } => self.pay(talk, &wanted).into_iter().collect(),
            Message::Sync { hints } if !hints.is_empty() => {
                vec![Message::Behind { hints: List::default() }]
            }
            Message::Contradict { .. } => vec![Message::Evidence { proofs: List::default() }],
            Message::Receipt { dealt } => {
                let mut said = self.acknowledged(talk, &dealt);
                // Whoever goes on has something to say.
                if !matches!(said.last(), Some(Message::Offer { .. })) {
                    said.push(Message::Done {});
                }
                said
            }
            _ => Vec::new(),
        }
    }

    /// The payee acknowledged. Its own disk goes on, unless it would rather have the money again.
    fn acknowledged(&mut self, talk: &mut Talk, dealt: &Dealt) -> Vec<Message> {
        let Some(before) = talk.before.take() else { return Vec::new() };
        if talk.trick == Trick::Restore {
            self.actor = *before;
            return Vec::new();
        }
        let _ = self.actor.receive(dealt, None);
        match talk.trick {
            Trick::NoStitch | Trick::TwoMints | Trick::Leap if !talk.again => {
                talk.again = true;
                self.offer(talk).into_iter().collect()
            }
            Trick::Slander => self.slander(talk).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    /// A proof of nothing against somebody honest of whom it knows a head.
    fn slander(&self, talk: &Talk) -> Option<Message> {
        let view = &self.actor.view;
        let head = |kit: &Kit| {
            let signed = view.signed(&kit.id, view.latest(&kit.id)?.index)?;
            Some((view.descriptor(&kit.id)?, signed))
        };
        let all: Vec<_> = prepared().kits.iter().take(HONEST).filter_map(head).collect();
        let whom = usize::try_from(talk.amount).ok()?.checked_rem(all.len())?;
        let (descriptor, signed) = all.into_iter().nth(whom)?;
        Some(evidence(of_one_head(&descriptor, signed)))
    }

    fn pays(&self, amount: u64, lock: Lock) -> Output {
        Output { token: prepared().token, amount, lock }
    }

    /// Writes what it would pay, and announces it.
    fn offer(&mut self, talk: &mut Talk) -> Option<Message> {
        let start = prepared();
        let (nonce, floor) = talk.asked?;
        talk.before = Some(Box::new(self.actor.clone()));
        let (device, at) = (talk.peer, floor);
        let lock = Lock::Device { id: device, floor: at };
        let dealing = self.write(talk, nonce, lock)?;
        let plan = dealing.plan(&self.actor.view, talk.known);
        let plan =
            plan.or_else(|| Some(Plan { stretches: List::default(), tokens: List::default() }))?;
        let index = dealing.entry.index;
        let (token, amount) = match &dealing.entry.value {
            Some(value) => {
                let mut to = value.outputs().iter();
                to.find(|output| output.lock.device().is_some_and(|(owner, _)| *owner == device))
                    .map_or((start.token, 1), |output| (output.token, output.amount))
            }
            None => (start.token, talk.amount),
        };
        talk.dealing = Some((dealing, plan.clone()));
        Some(Message::Offer { index, floor: floor.index, token, amount, plan })
    }

    /// Any entry to the payee.
    fn write(&mut self, talk: &Talk, nonce: Nonce, lock: Lock) -> Option<Dealing> {
        let nonce = match talk.trick {
            Trick::OldNonce => self.nonces.first().copied(),
            Trick::NoNonce | Trick::DealtNonce => None,
            _ => Some(nonce),
        };
        match talk.trick {
            Trick::OverLot
            | Trick::LotRange
            | Trick::LotTwice
            | Trick::AlienFloor
            | Trick::TwoMints => {
                return self.issue(talk, nonce, lock);
            }
            Trick::Leap if talk.again => return self.issue(talk, nonce, lock),
            Trick::NotIssuer => return self.issue_elsewhere(talk, nonce, lock),
            _ => {}
        }
        if talk.trick == Trick::NoStitch {
            let told = talk.asked.filter(|_| !talk.again);
            match told {
                Some((_, floor)) => self.actor.accepted.insert(talk.peer, floor),
                None => self.actor.accepted.remove(&talk.peer),
            };
        }
        if talk.trick == Trick::Gap {
            self.prepare_gap()?;
        }
        let (spends, paid, kept) = self.draft(talk, lock)?;
        let mut all = vec![paid];
        all.extend(kept);
        let value = Some(Value::transfer(outputs(all)));
        let ids = spends.clone();
        let written = self.actor.try_write(Some(talk.peer), ids, value, Vec::new(), nonce);
        let mut dealing = written?.dealing?;
        if talk.trick == Trick::Tips {
            self.actor.log = talk.before.as_ref()?.log;
            dealing.entry.tips = hash(Domain::Seed, &("tips", talk.amount));
            self.actor.forge(&dealing);
        }
        if talk.trick == Trick::PayTwice {
            return Some(dealing);
        }
        for id in &spends {
            self.actor.notes.remove(id);
        }
        let own = |output: &Output| {
            output.lock.device().is_some_and(|(owner, _)| *owner == self.actor.id())
        };
        if let Some(output) = kept.filter(own) {
            let (head, number) = (self.actor.at().head, 1);
            let note = Note { output, head, number };
            let lineage = talk.before.as_ref()?.notes.values().next()?.lineage.clone();
            self.actor.notes.insert(note.id(), Holding { note, lineage });
        }
        Some(dealing)
    }

    /// Moves its first note to itself, so that its floor lies on the log, and writes two more entries.
    fn prepare_gap(&mut self) -> Option<()> {
        let (id, holding) = self.actor.notes.iter().next()?;
        let (id, holding) = (*id, holding.clone());
        let output = self.pays(holding.note.output.amount, self.actor.lock());
        let value = Some(Value::transfer(outputs([output])));
        let written = self.actor.try_write(None, vec![id], value, Vec::new(), None)?;
        let note = Note { output, head: written.log.at.head, number: 0 };
        for _ in 0..2 {
            let nothing = vec![Op::Checkpoint {}];
            self.actor.try_write(None, Vec::new(), None, nothing, None)?;
        }
        self.actor.notes.clear();
        self.actor.notes.insert(note.id(), Holding { note, ..holding });
        Some(())
    }

    /// The entry with its log in two runs, and a hole between them.
    fn with_gap(&self, dealing: &Dealing) -> Option<Dealt> {
        let (device, index) = (self.actor.id(), dealing.entry.index);
        let whole = dealing.plan(&self.actor.view, None)?;
        let mut parts = Vec::new();
        for part in whole.stretches.iter() {
            let before = part.opened.iter().copied().filter(|one| *one < index);
            let before: Vec<u64> = before.collect();
            match before.last() {
                Some(last) if part.device == device => {
                    parts.push(stretch(device, part.from, *last, &before));
                    parts.push(stretch(device, index.checked_sub(2)?, index, &[index]));
                }
                _ => parts.push(part.clone()),
            }
        }
        self.actor.try_show(dealing, parts)
    }

    /// What a transfer consumes, what it gives the payee, and what it keeps.
    fn draft(
        &mut self,
        talk: &Talk,
        mut to: Lock,
    ) -> Option<(Vec<SpendId>, Output, Option<Output>)> {
        let start = prepared();
        let note = self.actor.notes.values().next().map(|holding| holding.note)?;
        let held = note.output.amount;
        let amount = talk.amount.clamp(1, held);
        let mut spends = vec![note.id()];
        let mut change = self.actor.lock();
        let (mut paid, mut kept) = (amount, held - amount);
        match talk.trick {
            Trick::Inflate => paid = held + 1 + talk.amount,
            Trick::Zero => (paid, kept) = (0, held),
            Trick::SpendAgain => {
                let value = Value::transfer(outputs([self.pays(held, self.actor.lock())]));
                self.actor.try_write(None, spends.clone(), Some(value), Vec::new(), None)?;
                change = self.actor.lock();
            }
            Trick::Scribble => {
                self.actor.try_write(None, spends.clone(), None, Vec::new(), None)?;
                change = self.actor.lock();
            }
            Trick::Steal => {
                let (id, output) = start.notes.iter().find(|(_, output)| {
                    output.lock.device().is_some_and(|(owner, _)| *owner == talk.peer)
                })?;
                (spends, paid, kept) = (vec![*id], output.amount, 0);
            }
            Trick::Invent => spends = vec![SpendId(hash(Domain::Seed, &("invented", talk.amount)))],
            Trick::Mismatch => spends.push(SpendId(Digest::from_bytes([0xff; 32]))),
            Trick::ForeignFloor => {
                let floor = Position { index: 0, head: hash(Domain::Seed, &talk.amount) };
                to = Lock::Device { id: talk.peer, floor };
            }
            Trick::ChangeFloor => {
                let device = self.actor.id();
                change = Lock::Device { id: device, floor: Position::origin(&device) };
                // So that the origin is not where the log stands.
                if self.actor.at().index == 0 {
                    let nothing = vec![Op::Checkpoint {}];
                    self.actor.try_write(None, Vec::new(), None, nothing, None)?;
                }
            }
            Trick::Stranger => {
                let third = start.kits.iter().find(|kit| kit.id != talk.peer)?.id;
                change = Lock::Device { id: third, floor: Position::origin(&third) };
            }
            _ => {}
        }
        let kept = (kept > 0).then(|| self.pays(kept, change));
        Some((spends, self.pays(paid, to), kept))
    }

    /// An issue of a token whose policy names another log.
    fn issue_elsewhere(&mut self, talk: &Talk, nonce: Option<Nonce>, to: Lock) -> Option<Dealing> {
        let start = prepared();
        let (token, lot) = (start.token, 90);
        let all = outputs([self.pays(talk.amount, to)]);
        let value = Value::Issue { token, lot, outputs: all, cosignatures: List::default() };
        self.actor.learn_policy(&start.policy);
        let (spends, peer) = (vec![lot_id(&token, lot)], Some(talk.peer));
        self.actor.try_write(peer, spends, Some(value), Vec::new(), nonce)?.dealing
    }

    /// An issue of its own token that its policy does not allow, and its payment.
    fn issue(&mut self, talk: &Talk, nonce: Option<Nonce>, to: Lock) -> Option<Dealing> {
        let policy = &prepared().rogue.policy;
        let token = policy.id();
        let mut mint = self.mint.clone();
        let (lot, amount) = match talk.trick {
            Trick::OverLot => (0, policy.units_per_lot + 1),
            Trick::LotRange => (policy.lots, 1),
            Trick::TwoMints => (u64::from(talk.again), policy.units_per_lot),
            _ => (1, policy.units_per_lot),
        };
        if talk.trick == Trick::Leap {
            let head = hash(Domain::Seed, &("leap", talk.amount));
            self.actor.leap(Position { index: self.actor.at().index + 2, head });
            let nothing = vec![Op::Checkpoint {}];
            self.actor.try_write(None, Vec::new(), None, nothing, None)?;
        }
        let lock = match talk.trick {
            Trick::AlienFloor => {
                let head = hash(Domain::Seed, &("alien", talk.amount));
                let floor = Position { head, ..self.actor.at() };
                Lock::Device { id: self.actor.id(), floor }
            }
            _ => self.actor.lock(),
        };
        if talk.trick == Trick::LotTwice {
            mint.issue(token, lot, amount, lock);
        }
        let (_, note) = mint.issue(token, lot, amount, lock);
        self.actor.take_log(&mint);
        let value = Value::transfer(outputs([Output { token, amount, lock: to }]));
        let spends = vec![note.id()];
        self.actor.try_write(Some(talk.peer), spends, Some(value), Vec::new(), nonce)?.dealing
    }

    /// Sends the entry, with what it likes around it.
    fn pay(&mut self, talk: &mut Talk, wanted: &Wanted) -> Option<Message> {
        let (dealing, plan) = talk.dealing.take()?;
        let planned = deal(&self.actor.view, &dealing, &plan, wanted);
        let gap = (talk.trick == Trick::Gap).then(|| self.with_gap(&dealing)).flatten();
        let planned = gap.or(planned);
        // The payee wants nothing of a history that it takes for one that it knows.
        let planned = planned.filter(|_| !(talk.again && talk.trick == Trick::TwoMints));
        let mut dealt: Dealt = planned.or_else(|| self.actor.try_insist(&dealing))?;
        match talk.trick {
            Trick::Dealt => edit(&mut dealt.ops, |ops| ops.push(Op::Checkpoint {})),
            Trick::DealtNonce => dealt.nonce = self.nonces.last().copied(),
            Trick::Signature => edit(&mut dealt.pack.runs, |runs| {
                for run in runs.iter_mut() {
                    run.signature = spoilt(&run.signature);
                }
            }),
            Trick::Hole => edit(&mut dealt.pack.opened, |opened| {
                opened.retain(|one| one.index == dealt.index && one.device == dealt.writer);
            }),
            Trick::ShortRun => edit(&mut dealt.pack.runs, |runs| {
                for run in runs.iter_mut() {
                    edit(&mut run.records, |records| {
                        records.truncate(1);
                    });
                }
            }),
            Trick::Noise => {
                dealt.index = talk.amount;
                dealt.writer = 7;
            }
            _ => {}
        }
        Some(Message::Pay { dealt: Box::new(dealt) })
    }
}

/// Another signature.
fn spoilt(signature: &HeadSignature) -> HeadSignature {
    let mut bytes = to_vec(signature);
    if let Some(last) = bytes.last_mut() {
        *last ^= 1;
    }
    from_slice(&bytes).unwrap_or_else(|_| signature.clone())
}
