//! What a lineage consists of, and what of it a receiver lacks (`spec/packs.md`, plans).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use dsm_encoding::{DecodeError, List, record};
use dsm_log::{DeviceId, MAX_RECORDS};

use super::MAX_TABLE;
use crate::{TokenId, Value, View};

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

    /// What a view lacks of a plan. Looks at no more records than a pack may hold.
    ///
    /// # Errors
    /// If the plan is too long for an answer.
    pub fn of<V: View + ?Sized>(view: &V, plan: &Plan) -> Result<Self, DecodeError> {
        let mut left = MAX_RECORDS;
        let stretches = plan.stretches.iter().map(|stretch| {
            let device = &stretch.device;
            let lacks = |index: &&u64| view.opened(device, **index).is_none();
            let opened: Vec<u64> = stretch.opened.iter().filter(lacks).copied().collect();
            let before = opened.first().map_or(stretch.to, |index| index.saturating_sub(1));
            let mut from = stretch.from;
            while from < before.min(stretch.to)
                && left > 0
                && view.head(device, stretch.from).is_some()
                && view.record(device, from.saturating_add(1)).is_some()
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

/// An operation of a lineage, and how far back it needs its log.
type Needs = BTreeMap<(DeviceId, u64), u64>;

/// Plans the lineage of entries, from what a view knows, with further stretches
/// (device, from, to). None if the view lacks a part of it.
pub fn plan<V: View + ?Sized>(
    view: &V,
    entries: &[(DeviceId, u64)],
    further: &[(DeviceId, u64, u64)],
) -> Option<Plan> {
    let mut needs = Needs::new();
    let mut tokens = BTreeSet::new();
    let mut open: Vec<(DeviceId, u64)> = entries.to_vec();
    while let Some((device, index)) = open.pop() {
        if needs.contains_key(&(device, index)) {
            continue;
        }
        let opened = view.opened(&device, index)?;
        let mut from = index.checked_sub(1)?;
        if let Some(Value::Issue { token, .. }) = &opened.value {
            tokens.insert(*token);
            from = view.policy(token)?.issuer_floor.index;
        } else {
            for id in view.record(&device, index)?.spends.iter() {
                let (origin, output) = view.origin(id)?;
                let (_, floor) = output.lock.device()?;
                from = from.min(floor.index);
                open.push((origin.device, origin.index));
            }
        }
        let outputs = opened.value.iter().flat_map(|value| value.outputs().iter());
        tokens.extend(outputs.map(|output| output.token));
        if let Some(Value::Burn { token, .. }) = &opened.value {
            tokens.insert(*token);
        }
        needs.insert((device, index), from);
    }
    let stretches = stretches(view, &needs, further)?;
    let tokens = List::try_collect(tokens).ok()?;
    Some(Plan { stretches: List::try_from(stretches).ok()?, tokens })
}

/// Joins what overlaps or touches; each stretch ends at a signed head.
fn stretches<V: View + ?Sized>(
    view: &V,
    needs: &Needs,
    further: &[(DeviceId, u64, u64)],
) -> Option<Vec<Stretch>> {
    let mut parts: Vec<(DeviceId, u64, u64)> = further.to_vec();
    parts.extend(needs.iter().map(|((device, index), from)| (*device, *from, *index)));
    for (device, _, to) in &mut parts {
        *to = view.signed(device, *to)?.at.index;
    }
    parts.sort_unstable();
    let mut joined: Vec<(DeviceId, u64, u64)> = Vec::new();
    for (device, from, to) in parts {
        match joined.last_mut() {
            Some((last, _, end)) if *last == device && from <= *end => *end = (*end).max(to),
            _ => joined.push((device, from, to)),
        }
    }
    let stretch = |(device, from, to)| {
        let range = needs.range((device, from)..=(device, to));
        let opened = range.map(|((_, index), _)| *index);
        Some(Stretch { device, from, to, opened: List::try_collect(opened).ok()? })
    };
    joined.into_iter().map(stretch).collect()
}
