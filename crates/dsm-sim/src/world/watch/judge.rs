//! What the operations of accepted lineages do, judged a second time: not by `accept`, but by somebody who
//! sees everything.

use std::collections::{BTreeMap, BTreeSet};

use dsm_core::pack::OpenedEntry;
use dsm_core::{Accepted, FinalityClass, Lock, TokenId, Value};
use dsm_crypto::Digest;
use dsm_log::{DeviceId, ForkProof, Position, SpendId};

use super::{Invariant, Watch, honest};
use crate::world::prepared::{HONEST, NAMES, prepared};

impl Watch {
    /// Whether honest devices together know that some device forked.
    pub(crate) fn has_forks(&self) -> bool {
        self.heads.values().any(|heads| heads.len() > 1)
    }

    /// Whether two honest devices together know that a device forked.
    fn forked(&self, device: &DeviceId) -> bool {
        let all = self.heads.range((*device, 0)..=(*device, u64::MAX));
        all.into_iter().any(|(_, heads)| heads.len() > 1)
    }

    /// The devices that consumed one id for two honest people in two ways.
    pub(crate) fn cheated(&self) -> BTreeSet<DeviceId> {
        let mut all = BTreeSet::new();
        for (id, (device, head)) in self.honest.iter().flat_map(|one| &one.consumed) {
            let others = self.honest.iter().filter_map(|one| one.consumed.get(id));
            if others.into_iter().any(|(_, other)| other != head) {
                all.insert(*device);
            }
        }
        all
    }

    /// Whether somebody has value that a device spent in another way for somebody else.
    pub(crate) fn is_victim(&self, who: usize, device: &DeviceId) -> bool {
        let mine = self.honest[who].consumed.iter().filter(|(_, (of, _))| of == device);
        mine.into_iter().any(|(id, (_, head))| {
            let others = self.honest.iter().filter_map(|one| one.consumed.get(id));
            others.into_iter().any(|(_, other)| other != head)
        })
    }

    /// Somebody honest has seen evidence of a head. One without entries has none; the start of a run has none either.
    pub(super) fn evident(&mut self, who: usize, device: DeviceId, index: u64, head: Digest) {
        if !prepared().bound.contains(&device) {
            return;
        }
        let there = self.chips.get(&device).is_none_or(|chip| chip.has_absorbed(index, &head));
        self.check(there, Invariant::Chips, || {
            format!(
                "{} believes an entry {index} that its device's chip did not absorb",
                NAMES[who]
            )
        });
        let before = *self.absorbed.entry((device, index)).or_insert(head);
        self.check(before == head, Invariant::Chips, || {
            format!("{} is shown another entry {index} of a device with a chip", NAMES[who])
        });
    }

    /// The heads of a fork proof of which there is evidence.
    pub(super) fn proven(&mut self, who: usize, proof: &ForkProof) {
        let device = proof.device();
        self.evident(who, device, proof.first.index, proof.first.head);
        if proof.pairs.is_empty() {
            self.evident(who, device, proof.start.index, proof.start.head);
        }
        let mut at = proof.start;
        for pair in proof.pairs.iter() {
            let Some(after) = at.after(pair) else { return };
            self.evident(who, device, after.index, after.head);
            at = after;
        }
    }

    /// An entry with value: for whom it is, and which challenge it answers.
    pub(super) fn paid(&mut self, who: usize, accepted: &Accepted) {
        let (writer, at, entry) = (accepted.writer(), accepted.at(), accepted.entry());
        self.counts.payments += 1;
        self.counts.anchored += u64::from(accepted.class() == FinalityClass::Anchored);
        let forked = &self.honest[who].forked;
        let frozen =
            forked.contains(&writer) || !forked.is_disjoint(&accepted.lineage().uncertified);
        self.check(!frozen, Invariant::Frozen, || {
            format!("{} accepts what rests on a device that it knows to have forked", NAMES[who])
        });
        self.honest[who].paid_last = Some((writer, at.index));
        let me = prepared().kits[who].id;
        for note in accepted.notes() {
            let Lock::Device { id, floor } = note.output.lock else { continue };
            let own = self.honest[who].wrote.get(&floor.index);
            let start = floor == Position::origin(&me);
            let mine = id == me && (start || own == Some(&floor.head));
            self.check(mine, Invariant::Settings, || {
                format!("{} holds a note whose floor is not on its log", NAMES[who])
            });
        }
        let outputs = entry.value.as_ref().map_or(&[][..], Value::outputs);
        let strange = outputs.iter().filter_map(|output| output.lock.device());
        let strange = strange.filter(|(owner, _)| **owner != me && **owner != writer).count();
        self.check(strange == 0, Invariant::Settings, || {
            format!("{} accepts what is for a third", NAMES[who])
        });
        if entry.nonce.is_none() && writer == prepared().forger.id() {
            let announced = self.honest[who].announced.get(&at.index);
            self.check(announced != Some(&false), Invariant::Settings, || {
                format!("{} is paid without the challenge that it was said to answer", NAMES[who])
            });
        }
        if let Some(nonce) = entry.nonce {
            let me = &self.honest[who];
            let asked = me.asked_by_letter || me.asked.contains(&nonce);
            self.check(asked, Invariant::Settings, || {
                format!("{} is paid for what it never asked", NAMES[who])
            });
        }
    }

    /// One operation of a lineage that somebody honest took for true.
    pub(super) fn operation(
        &mut self,
        who: usize,
        opened: &OpenedEntry,
        head: Digest,
        spends: &[SpendId],
        class: FinalityClass,
    ) {
        let device = opened.device;
        for id in spends {
            self.consumes(who, device, head, *id, class);
            self.shown(who, (device, opened.index), id);
        }
        let mut sums: BTreeMap<TokenId, i128> = BTreeMap::new();
        let mut add = |token, amount: i128| *sums.entry(token).or_default() += amount;
        for output in opened.outputs() {
            add(output.token, i128::from(output.amount));
        }
        let change = opened.outputs().iter().filter_map(|output| output.lock.device());
        let mut change = change.filter(|(owner, _)| **owner == device);
        let floors = change.all(|(_, floor)| floor.index + 1 == opened.index);
        self.check(floors, Invariant::Settings, || {
            format!("{} accepts change with a chosen floor", NAMES[who])
        });
        let zero = opened.outputs().iter().any(|output| output.amount == 0);
        let issue = matches!(opened.value, Some(Value::Issue { .. }));
        let mut own = true;
        if issue {
            sums.clear();
        } else {
            if let Some(Value::Burn { token, amount }) = &opened.value {
                add(*token, i128::from(*amount));
            }
            for id in spends {
                let Some(output) = self.outputs.get(id) else {
                    own = false;
                    continue;
                };
                own &= output.lock.device().is_some_and(|(owner, _)| *owner == device);
                *sums.entry(output.token).or_default() -= i128::from(output.amount);
            }
        }
        self.check(own, Invariant::Conservation, || {
            format!("{} accepts what consumes others' notes, or none", NAMES[who])
        });
        let conserved = !zero && sums.values().all(|sum| *sum == 0);
        self.check(conserved, Invariant::Conservation, || {
            format!("{} accepts what makes other sums than it consumes", NAMES[who])
        });
        if issue {
            self.issues(who, opened, spends, head);
        }
    }

    /// From the floor of a note to its spend every record is known, the floor is on that line, and no other
    /// record names the id.
    fn shown(&mut self, who: usize, (device, index): (DeviceId, u64), id: &SpendId) {
        let lock = self.outputs.get(id).and_then(|output| output.lock.device());
        let Some((_, floor)) = lock.filter(|(owner, _)| **owner == device) else { return };
        let floor = *floor;
        let me = &self.honest[who];
        if device == prepared().kits[who].id {
            return;
        }
        let mut since = floor.index + 1..=index;
        let whole = since.all(|index| me.records.contains(&(device, index)));
        let joins = me.believed.get(&(device, floor.index)) == Some(&floor.head);
        let named = me.named.get(&(device, *id)).into_iter().flatten();
        let first = named.into_iter().find(|named| **named > floor.index).copied();
        let name = NAMES[who];
        self.check(whole, Invariant::NoDoubleAcceptance, || {
            format!("{name} accepts a spend without every record since the floor")
        });
        self.check(joins, Invariant::NoDoubleAcceptance, || {
            format!("{name} accepts a spend of a note whose floor is elsewhere")
        });
        self.check(first == Some(index), Invariant::NoDoubleAcceptance, || {
            format!("{name} accepts a spend that is not the first on its line")
        });
    }

    /// An id is consumed, as far as somebody honest believes.
    fn consumes(
        &mut self,
        who: usize,
        device: DeviceId,
        head: Digest,
        id: SpendId,
        class: FinalityClass,
    ) {
        let before = self.honest[who].consumed.insert(id, (device, head));
        let again = before.is_some_and(|before| before != (device, head));
        self.check(!again, Invariant::NoDoubleAcceptance, || {
            format!("{} accepts one id twice", NAMES[who])
        });
        if again || before.is_some() {
            return;
        }
        let others = (0..HONEST).filter(|other| *other != who);
        let others = others.filter_map(|other| self.honest[other].consumed.get(&id).copied());
        let differing: BTreeSet<Digest> =
            others.filter(|(_, one)| *one != head).map(|(_, one)| one).collect();
        if differing.is_empty() {
            return;
        }
        self.counts.doubles += 1;
        self.excess += self.outputs.get(&id).map_or(0, |output| output.amount);
        self.check(class == FinalityClass::Exposed, Invariant::NoDoubleAcceptance, || {
            format!("an id is accepted twice in class {class:?}")
        });
        self.check(!prepared().bound.contains(&device), Invariant::Chips, || {
            "an id is accepted twice of a device whose chip did not go back".into()
        });
        let guilty = honest(&device).is_none() && self.forked(&device);
        self.check(guilty, Invariant::NoDoubleAcceptance, || {
            "an id is accepted twice, and nothing shows that its device forked".into()
        });
    }

    /// A lot is issued in the log that its policy names, within its bounds, and once.
    fn issues(&mut self, who: usize, opened: &OpenedEntry, spends: &[SpendId], head: Digest) {
        let Some(Value::Issue { token, lot, outputs, .. }) = &opened.value else { return };
        let start = prepared();
        let policy = if *token == start.token { &start.policy } else { &start.rogue.policy };
        let sum: u128 = outputs.iter().map(|output| u128::from(output.amount)).sum();
        let right = policy.id() == *token
            && policy.issuer == opened.device
            && *lot < policy.lots
            && sum <= u128::from(policy.units_per_lot)
            && *spends == [dsm_core::lot_id(token, *lot)]
            && outputs.iter().all(|output| output.token == *token);
        self.check(right, Invariant::Conservation, || {
            format!("{} accepts an issue against its policy", NAMES[who])
        });
        let heads =
            self.issued.entry(spends.first().copied().unwrap_or(SpendId(head))).or_default();
        heads.insert(head);
        let twice = heads.len() > 1;
        self.check(!twice || self.forked(&opened.device), Invariant::Conservation, || {
            format!("{} accepts a lot that was issued before", NAMES[who])
        });
    }
}
