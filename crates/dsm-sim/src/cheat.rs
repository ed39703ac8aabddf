//! What a cheat does: any code, its own keys, and whatever it ever saw.
//!
//! An [`Actor`] signs whatever it is told to, and a clone of it forks its log. Here it also shows
//! what an honest planner would not: lineages with holes, runs that it chose, packs that it changed.

use std::collections::{BTreeMap, BTreeSet};

use dsm_core::pack::{Line, OpenedEntry, Plan, Stretch, Wanted};
use dsm_core::{
    Before, Claimed, Dealing, Dealt, Facts, Lock, Note, Output, OwnLog, Reject, Value, Verdict,
    View, accept, deal,
};
use dsm_crypto::Digest;
use dsm_encoding::{List, to_vec};
use dsm_log::{DeviceId, Nonce, Position, SignedHead, SpendId};

use crate::{Actor, NETWORK, Payment};

/// Changes a list in place.
///
/// # Panics
/// If it becomes too long.
pub fn edit<T: Clone, const MAX: usize>(list: &mut List<T, MAX>, change: impl FnOnce(&mut Vec<T>)) {
    let mut elements = list.to_vec();
    change(&mut elements);
    *list = List::try_from(elements).expect("a list within its limit");
}

/// A stretch of a log to show, with the entries to open.
#[must_use]
pub fn stretch(device: DeviceId, from: u64, to: u64, opened: &[u64]) -> Stretch {
    let opened = List::try_collect(opened.iter().copied()).expect("few entries");
    Stretch { device, from, to, opened }
}

/// Outputs of a value operation.
///
/// # Panics
/// If there are too many.
pub fn outputs<const MAX: usize>(outputs: impl IntoIterator<Item = Output>) -> List<Output, MAX> {
    List::try_collect(outputs).expect("few outputs")
}

impl Actor {
    /// Writes any value operation that consumes any ids, addressed to a payee that asked for it.
    pub fn claim(&mut self, payee: &mut Self, spends: Vec<SpendId>, value: Value) -> Payment {
        let nonce = payee.ask();
        let written = self.write(Some(payee.id()), spends, Some(value), Vec::new(), Some(nonce));
        Payment { dealing: written.dealing.expect("an addressed entry"), nonce: Some(nonce) }
    }

    /// Writes an entry that names any ids and that nobody is ever shown.
    pub fn scribble(&mut self, spends: Vec<SpendId>) {
        self.write(None, spends, None, Vec::new(), None);
    }

    /// Goes on from any place, as if the log had come there.
    pub fn leap(&mut self, to: Position) {
        self.log.at = to;
    }

    /// A head of its own log.
    ///
    /// # Panics
    /// If its log has not come so far.
    #[must_use]
    pub fn head(&self, index: u64) -> Digest {
        self.view.head(&self.id(), index).expect("a head of its own log")
    }

    /// Signs any entry in the place of its next one, and what it shows of the one before.
    ///
    /// # Panics
    /// If the log is full.
    pub fn forge(&mut self, dealing: &Dealing) {
        let record = dealing.entry.record();
        let (device, start) = (self.id(), self.at());
        let at = start.after(&record.pair()).expect("a place in the log");
        let signature = SignedHead::sign(NETWORK, device, at, &*self.key).signature;
        let line = Line { device, start, records: vec![record], heads: vec![at.head], signature };
        let opened = OpenedEntry::new(device, &dealing.entry, at.head);
        self.learn(Facts { lines: vec![line], opened: vec![opened], ..Facts::default() });
        self.log = OwnLog { device, at, before: Some(Before::of(&dealing.entry)) };
    }

    /// The only note that it holds.
    ///
    /// # Panics
    /// If it holds another number of notes.
    #[must_use]
    pub fn only_note(&self) -> Note {
        let mut notes = self.notes.values();
        let only = notes.next().filter(|_| self.notes.len() == 1);
        only.expect("exactly one note").note
    }

    /// Deals an entry with everything that it rests on as far as this actor knows it, and shows
    /// holes where it does not.
    ///
    /// # Panics
    /// If not even what it knows can be shown.
    #[must_use]
    pub fn insist(&self, dealing: &Dealing) -> Dealt {
        self.try_insist(dealing).expect("what it knows can be shown")
    }

    /// The same, if it knows anything of the entry.
    #[must_use]
    pub fn try_insist(&self, dealing: &Dealing) -> Option<Dealt> {
        let index = dealing.entry.index;
        let mut parts: BTreeMap<DeviceId, (u64, u64, BTreeSet<u64>)> = BTreeMap::new();
        let opening = index.saturating_sub(2);
        parts.insert(self.id(), (opening, index, BTreeSet::new()));
        let mut open = vec![(self.id(), index)];
        while let Some((device, index)) = open.pop() {
            let from = index.saturating_sub(1);
            let part = parts.entry(device).or_insert((from, index, BTreeSet::new()));
            part.0 = part.0.min(from);
            part.1 = part.1.max(index);
            if !part.2.insert(index) {
                continue;
            }
            if let Some(Value::Issue { token, .. }) =
                self.view.opened(&device, index).and_then(|opened| opened.value)
            {
                let floor = self.view.policy(&token)?.issuer_floor;
                part.0 = part.0.min(floor.index);
            }
            let record = self.view.record(&device, index)?;
            for (origin, output) in record.spends.iter().filter_map(|id| self.view.origin(id)) {
                if let Lock::Device { id, floor } = output.lock
                    && id == device
                {
                    part.0 = part.0.min(floor.index);
                }
                open.push((origin.device, origin.index));
            }
        }
        let parts = parts.into_iter().map(|(device, (from, to, opened))| {
            let to = self.view.signed(&device, to)?.at.index;
            Some(stretch(device, from, to, &opened.into_iter().collect::<Vec<_>>()))
        });
        self.try_show(dealing, parts.collect::<Option<Vec<_>>>()?)
    }

    /// Deals an entry with just these stretches.
    ///
    /// # Panics
    /// If this actor does not know them.
    #[must_use]
    pub fn show(&self, dealing: &Dealing, parts: &[Stretch]) -> Dealt {
        self.try_show(dealing, parts.to_vec()).expect("known stretches")
    }

    pub(crate) fn try_show(&self, dealing: &Dealing, mut parts: Vec<Stretch>) -> Option<Dealt> {
        parts.sort_by_key(|part| (part.device, part.from));
        let mut tokens = BTreeSet::new();
        for (device, index) in
            parts.iter().flat_map(|part| part.opened.iter().map(|index| (part.device, *index)))
        {
            let value = self.view.opened(&device, index).and_then(|opened| opened.value);
            let Some(value) = value else { continue };
            if let Value::Issue { token, .. } | Value::Burn { token, .. } = &value {
                tokens.insert(*token);
            }
            tokens.extend(value.outputs().iter().map(|output| output.token));
        }
        let tokens = List::try_collect(tokens).expect("few tokens");
        let plan = Plan { stretches: List::try_from(parts).expect("few stretches"), tokens };
        let wanted = Wanted::all(&plan).expect("a short plan");
        deal(&self.view, dealing, &plan, &wanted)
    }

    /// What this actor makes of a dealt entry; it keeps nothing. Over the wire and back, as bytes.
    ///
    /// # Panics
    /// If the bytes are not canonical.
    #[must_use]
    pub fn judge(&self, dealt: &Dealt, asked: Option<Nonce>) -> Verdict {
        let claimed = Claimed::decode(&to_vec(dealt)).expect("canonical bytes");
        accept(&self.view, &claimed, asked)
    }

    /// Why this actor refuses a dealt entry, if it does.
    #[must_use]
    pub fn refusal(&self, dealt: &Dealt, asked: Option<Nonce>) -> Option<Reject> {
        self.judge(dealt, asked).result.err()
    }

    /// Why a payee refuses a payment of this actor, if it does.
    #[must_use]
    pub fn refused_by(&self, payee: &Self, payment: &Payment) -> Option<Reject> {
        payee.refusal(&self.insist(&payment.dealing), payment.nonce)
    }
}

impl Actor {
    /// Learns all that another ever learned, without judging anything.
    pub fn take_log(&mut self, other: &Self) {
        self.view.pin(&other.descriptor);
        for facts in &other.learned {
            self.learn(facts.clone());
        }
    }

    /// Learns just what another learned last.
    pub fn take_last(&mut self, other: &Self) {
        if let Some(facts) = other.learned.last() {
            self.learn(facts.clone());
        }
    }
}
