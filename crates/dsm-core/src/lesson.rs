//! What of a pack is worth keeping (`spec/accept.md`, facts).
//!
//! Only what the judged lineage rests on: whatever else a pack shows is forgotten, so nobody fills
//! another's memory, or names ids there, beside the value that he deals.

use alloc::collections::{BTreeMap, BTreeSet};

use dsm_log::DeviceId;

use crate::pack::{Line, Resolved};
use crate::view::Allowed;
use crate::{Facts, TokenId, Value};

/// What a verdict made use of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lesson {
    /// The operations of the lineage.
    pub(crate) seen: BTreeSet<(DeviceId, u64)>,
    /// Stretches whose every record counted: (device, last index) to the index before the first.
    pub(crate) whole: BTreeMap<(DeviceId, u64), u64>,
    /// Devices whose part of the pack contradicts what was known: of them only a proof is kept.
    pub(crate) forked: BTreeSet<DeviceId>,
    /// Allow set proofs of the pack.
    pub(crate) allowed: BTreeMap<(TokenId, DeviceId), Allowed>,
}

impl Lesson {
    /// Takes it out of a pack.
    pub(crate) fn learn(mut self, resolved: Resolved) -> Facts {
        let Resolved { descriptors, policies, mut lines, mut opened, .. } = resolved;
        lines.retain(|line| self.uses(line));
        opened.retain(|one| {
            !self.forked.contains(&one.device) && self.seen.contains(&(one.device, one.index))
        });
        let devices: BTreeSet<DeviceId> = lines.iter().map(|line| line.device).collect();
        let (mut tokens, mut owners) = (BTreeSet::new(), BTreeSet::new());
        for value in opened.iter().filter_map(|one| one.value.as_ref()) {
            if let Value::Issue { token, .. } | Value::Burn { token, .. } = value {
                tokens.insert(*token);
            }
            for output in value.outputs() {
                tokens.insert(output.token);
                owners.extend(output.lock.device().map(|(owner, _)| (output.token, *owner)));
            }
        }
        self.allowed.retain(|of, _| owners.contains(of));
        let descriptors = descriptors.into_iter().filter(|(id, _)| devices.contains(id));
        let policies = policies.into_iter().filter(|(id, _)| tokens.contains(id));
        let allowances = self.allowed.into_iter();
        Facts {
            descriptors: descriptors.map(|(_, descriptor)| descriptor).collect(),
            policies: policies.map(|(_, policy)| policy).collect(),
            lines,
            opened,
            allowances: allowances.map(|((token, device), proof)| (token, device, proof)).collect(),
        }
    }

    /// Whether an operation lies on a run, or a stretch that counted.
    fn uses(&self, line: &Line) -> bool {
        let (device, start, end) = (line.device, line.start.index, line.end().index);
        let after = (device, start.saturating_add(1));
        let operation = self.seen.range(after..=(device, end)).next().is_some();
        let stretch = self.whole.range(after..=(device, u64::MAX)).next();
        !self.forked.contains(&device)
            && (operation || stretch.is_some_and(|(_, before)| *before < end))
    }
}
