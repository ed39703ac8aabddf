//! What a peer is known to have of a lineage, because it was dealt to it or by it.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use dsm_core::TokenId;
use dsm_core::pack::{Plan, Stretch, Want, Wanted, plan_entry};
use dsm_encoding::List;
use dsm_log::DeviceId;

use crate::ledger::Ledger;

/// Parts of lineages that a peer has.
#[derive(Debug, Default)]
pub(super) struct Shown {
    opened: BTreeSet<(DeviceId, u64)>,
    /// Places from and to which it has every record.
    runs: BTreeMap<DeviceId, Vec<(u64, u64)>>,
    tokens: BTreeSet<TokenId>,
}

impl Shown {
    /// What the newest entries with value rest on that both sides have accepted.
    pub(super) fn to<L: Ledger>(books: &L, peer: &DeviceId) -> Self {
        let mut shown = Self::default();
        // Both always know each other.
        shown.runs.entry(*peer).or_default();
        shown.runs.entry(books.me()).or_default();
        for (device, index) in books.dealt_with(peer) {
            let Some(plan) = plan_entry(books, device, index) else { continue };
            for stretch in plan.stretches.iter() {
                let opened = stretch.opened.iter().map(|index| (stretch.device, *index));
                shown.opened.extend(opened);
                let runs = shown.runs.entry(stretch.device).or_default();
                runs.push((stretch.from, stretch.to));
            }
            shown.tokens.extend(plan.tokens.iter().copied());
        }
        shown
    }

    fn has_record(&self, device: &DeviceId, index: u64) -> bool {
        let runs = self.runs.get(device).into_iter().flatten();
        runs.into_iter().any(|(from, to)| *from < index && index <= *to)
    }

    /// What is lacking of a plan. None if that is too long.
    pub(super) fn lacks(&self, plan: &Plan) -> Option<Wanted> {
        let stretches = plan.stretches.iter().map(|stretch| self.want(stretch));
        let tokens = plan.tokens.iter().map(|token| !self.tokens.contains(token));
        Some(Wanted {
            stretches: List::try_from(stretches.collect::<Option<Vec<Want>>>()?).ok()?,
            tokens: List::try_collect(tokens).ok()?,
        })
    }

    fn want(&self, stretch: &Stretch) -> Option<Want> {
        let device = stretch.device;
        let lacks = |index: &&u64| !self.opened.contains(&(device, **index));
        let opened: Vec<u64> = stretch.opened.iter().filter(lacks).copied().collect();
        let before = opened.first().map_or(stretch.to, |index| index.saturating_sub(1));
        let mut from = stretch.from;
        while from < before.min(stretch.to) && self.has_record(&device, from.saturating_add(1)) {
            from = from.saturating_add(1);
        }
        let descriptor = !self.runs.contains_key(&device);
        Some(Want { descriptor, from, opened: List::try_from(opened).ok()? })
    }
}
