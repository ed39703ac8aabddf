//! What a lineage consists of, and what of it a receiver lacks (`spec/packs.md`, plans).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use dsm_encoding::{DecodeError, List, record};
use dsm_log::{DeviceId, MAX_RECORDS, SpendId};

use super::MAX_TABLE;
use crate::evidence::signed_index_after;
use crate::{Entry, TokenId, Value, View};

/// How many records between two stretches are shown rather than a second signed head: about as
/// many as weigh what a signature and a start do.
const MAX_BETWEEN: u64 = 64;

/// A stretch of a device's log that a lineage needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Whose log.
    pub device: DeviceId,
    /// Index of the place where it starts.
    pub from: u64,
    /// Index of the signed head where it ends.
    pub to: u64,
    /// The entries to be opened, ascending.
    pub opened: List<u64, MAX_TABLE>,
}
record! { Stretch { device, from, to, opened } }

/// Everything that a lineage needs: announced before it is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// By (device, from).
    pub stretches: List<Stretch, MAX_TABLE>,
    /// Ascending.
    pub tokens: List<TokenId, MAX_TABLE>,
}
record! { Plan { stretches, tokens } }

/// What a receiver lacks of a stretch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// Whether it lacks the device's descriptor.
    pub descriptor: bool,
    /// The index after which it lacks records; the stretch's end if it lacks none.
    pub from: u64,
    /// The entries that it lacks opened, ascending.
    pub opened: List<u64, MAX_TABLE>,
}
record! { Want { descriptor, from, opened } }

/// What a receiver lacks of a plan: as many elements as the plan has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// For each stretch.
    pub stretches: List<Want, MAX_TABLE>,
    /// For each token, whether it lacks the policy.
    pub tokens: List<bool, MAX_TABLE>,
}
record! { Wanted { stretches, tokens } }

impl Wanted {
    /// All of a plan.
    ///
    /// # Errors
    /// If the plan is too long for an answer.
    pub fn all(plan: &Plan) -> Result<Self, DecodeError> {
        let want =
            |one: &Stretch| Want { descriptor: true, from: one.from, opened: one.opened.clone() };
        Ok(Self {
            stretches: List::try_collect(plan.stretches.iter().map(want))?,
            tokens: List::try_collect(plan.tokens.iter().map(|_| true))?,
        })
    }

    /// The same, with the entry that is dealt in any case: it may be known already, by the lineage of
    /// another, and is not accepted yet.
    ///
    /// # Errors
    /// If that is too long for an answer.
    pub fn with_entry(
        self,
        plan: &Plan,
        device: &DeviceId,
        index: u64,
    ) -> Result<Self, DecodeError> {
        let Self { stretches, tokens } = self;
        let shows = |one: &Stretch| {
            one.device == *device && one.from < index && one.opened.contains(&index)
        };
        let stretches = plan.stretches.iter().zip(stretches.into_inner()).map(|(one, want)| {
            let Want { descriptor, from, opened } = want;
            if !shows(one) {
                return Ok(Want { descriptor, from, opened });
            }
            let opened: BTreeSet<u64> = opened.iter().copied().chain([index]).collect();
            let from = from.min(index.saturating_sub(1));
            Ok(Want { descriptor, from, opened: List::try_collect(opened)? })
        });
        let stretches: Result<Vec<Want>, DecodeError> = stretches.collect();
        Ok(Self { stretches: List::try_from(stretches?)?, tokens })
    }

    /// Nothing of a plan.
    ///
    /// # Errors
    /// If the plan is too long for an answer.
    pub fn none(plan: &Plan) -> Result<Self, DecodeError> {
        let want =
            |one: &Stretch| Want { descriptor: false, from: one.to, opened: List::default() };
        Ok(Self {
            stretches: List::try_collect(plan.stretches.iter().map(want))?,
            tokens: List::try_collect(plan.tokens.iter().map(|_| false))?,
        })
    }

    /// What a view lacks of a plan. Looks at no more records than a pack may hold.
    ///
    /// # Errors
    /// If the plan is too long for an answer.
    pub fn of<V: View + ?Sized>(view: &V, plan: &Plan) -> Result<Self, DecodeError> {
        let mut left = MAX_RECORDS;
        let stretches = plan.stretches.iter().map(|stretch| {
            let device = &stretch.device;
            let lacks = |index: &&u64| !view.has_opened(device, **index);
            let opened: Vec<u64> = stretch.opened.iter().filter(lacks).copied().collect();
            let before = opened.first().map_or(stretch.to, |index| index.saturating_sub(1));
            let mut from = stretch.from;
            let joins = view.head(device, stretch.from).is_some();
            while joins
                && from < before.min(stretch.to)
                && left > 0
                && view.has_record(device, from.saturating_add(1))
            {
                from = from.saturating_add(1);
                left = left.saturating_sub(1);
            }
            let descriptor = view.descriptor(device).is_none();
            Ok(Want { descriptor, from, opened: List::try_from(opened)? })
        });
        let stretches: Result<Vec<Want>, DecodeError> = stretches.collect();
        Ok(Self {
            stretches: List::try_from(stretches?)?,
            tokens: List::try_collect(plan.tokens.iter().map(|id| view.policy(id).is_none()))?,
        })
    }
}

/// How far back each operation of a lineage needs its log.
#[derive(Default)]
struct Needs {
    from: BTreeMap<(DeviceId, u64), u64>,
    tokens: BTreeSet<TokenId>,
    open: Vec<(DeviceId, u64)>,
}

impl Needs {
    /// Counts in one operation.
    fn add<V: View + ?Sized>(
        &mut self,
        view: &V,
        (device, index): (DeviceId, u64),
        value: Option<&Value>,
        spends: &[SpendId],
    ) -> Option<()> {
        let mut from = index.checked_sub(1)?;
        if let Some(Value::Issue { token, .. } | Value::Burn { token, .. }) = value {
            self.tokens.insert(*token);
        }
        if let Some(Value::Issue { token, .. }) = value {
            from = from.min(view.policy(token)?.issuer_floor.index);
        } else {
            for id in spends {
                let (origin, output) = view.origin(id)?;
                let (_, floor) = output.lock.device()?;
                from = from.min(floor.index);
                self.open.push((origin.device, origin.index));
            }
        }
        let outputs = value.map_or(&[][..], Value::outputs);
        self.tokens.extend(outputs.iter().map(|output| output.token));
        self.from.insert((device, index), from);
        Some(())
    }

    /// Counts in everything that is still open, and what that rests on.
    fn follow<V: View + ?Sized>(&mut self, view: &V) -> Option<()> {
        while let Some((device, index)) = self.open.pop() {
            if !self.from.contains_key(&(device, index)) {
                let value = view.opened_value(&device, index)?;
                let record = view.record(&device, index)?;
                self.add(view, (device, index), value.as_ref(), &record.spends)?;
            }
        }
        Some(())
    }

    /// Joins what overlaps or touches, and what lies so near that the records between weigh less than
    /// a signature; each stretch ends at a signed head with which all of it can be shown.
    fn plan<V: View + ?Sized>(
        &self,
        view: &V,
        further: Option<(DeviceId, u64, u64)>,
    ) -> Option<Plan> {
        let mut parts: Vec<(DeviceId, u64, u64)> = further.into_iter().collect();
        parts.extend(self.from.iter().map(|((device, index), from)| (*device, *from, *index)));
        parts.sort_unstable();
        // What is not signed yet is the entry that is being written.
        let reach = |device: &_, from, to| signed_index_after(view, device, from, to).unwrap_or(to);
        let mut joined: Vec<(DeviceId, u64, u64)> = Vec::new();
        for (device, from, to) in parts {
            match joined.last_mut() {
                Some((last, _, end)) if *last == device && is_near(view, &device, *end, from) => {
                    // No further than it reaches already: evidence is read once, however many parts it is of.
                    if *end < to {
                        *end = reach(&device, *end, to);
                    }
                }
                _ => joined.push((device, from, reach(&device, from, to))),
            }
        }
        let stretch = |(device, from, to)| {
            let range = self.from.range((device, from)..=(device, to));
            let opened = range.map(|((_, index), _)| *index);
            Some(Stretch { device, from, to, opened: List::try_collect(opened).ok()? })
        };
        let stretches: Option<Vec<Stretch>> = joined.into_iter().map(stretch).collect();
        Some(Plan {
            stretches: List::try_from(stretches?).ok()?,
            tokens: List::try_collect(self.tokens.iter().copied()).ok()?,
        })
    }
}

/// Whether a stretch from `from` on may join one that ends at `end`.
fn is_near<V: View + ?Sized>(view: &V, device: &DeviceId, end: u64, from: u64) -> bool {
    let between = from.saturating_sub(end);
    let known = |index| view.has_record(device, index);
    between <= MAX_BETWEEN && (end.saturating_add(1)..=from).all(known)
}

/// Plans the lineage of an entry of a device, which the view need not hold yet, with the stretch
/// (from, to) of that device's log beside. None if the view lacks a part of it.
pub(crate) fn plan<V: View + ?Sized>(
    view: &V,
    (device, entry): (DeviceId, &Entry),
    (from, to): (u64, u64),
) -> Option<Plan> {
    let mut needs = Needs::default();
    needs.add(view, (device, entry.index), entry.value.as_ref(), &entry.spends)?;
    needs.follow(view)?;
    needs.plan(view, Some((device, from, to)))
}

/// Plans the lineage of an entry that the view holds. None if it lacks a part of it.
pub fn plan_entry<V: View + ?Sized>(view: &V, device: DeviceId, index: u64) -> Option<Plan> {
    let mut needs = Needs { open: alloc::vec![(device, index)], ..Needs::default() };
    needs.follow(view)?;
    needs.plan(view, None)
}
