//! One map over what was sent and what is cached: the verifier's knowledge during one verdict.

use alloc::collections::{BTreeMap, BTreeSet};

use dsm_crypto::Digest;
use dsm_log::{DeviceId, Position, Record, SpendId};

use crate::evidence::trusted;
use crate::lesson::Lesson;
use crate::lineage::Seen;
use crate::pack::{Line, OpenedEntry, Resolved};
use crate::view::{Allowed, Origin};
use crate::{Output, Policy, TokenId, Value, View};

/// A resolved pack laid over a view.
pub(crate) struct Known<'a, V: View + ?Sized> {
    pub(crate) view: &'a V,
    pack: &'a Resolved,
    spends: BTreeSet<(DeviceId, SpendId, u64)>,
    /// Which opened entry of the pack makes a note, and which output it is.
    origins: BTreeMap<SpendId, (usize, u32)>,
    allowed: BTreeMap<(TokenId, DeviceId), Allowed>,
    forked: BTreeSet<DeviceId>,
    /// Stretches of logs that were found whole: (device, last index) to the index before the first.
    whole: BTreeMap<(DeviceId, u64), u64>,
}

impl<'a, V: View + ?Sized> Known<'a, V> {
    pub(crate) fn new(view: &'a V, pack: &'a Resolved) -> Self {
        let mut spends = BTreeSet::new();
        for line in &pack.lines {
            for (index, record) in (line.start.index.saturating_add(1)..).zip(&line.records) {
                for id in record.spends.iter() {
                    spends.insert((line.device, *id, index));
                }
            }
        }
        let mut origins = BTreeMap::new();
        for (at, opened) in pack.opened.iter().enumerate() {
            origins.extend(opened.made().map(|(number, id, _)| (id, (at, number))));
        }
        let (allowed, forked, whole) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        Self { view, pack, spends, origins, allowed, forked, whole }
    }

    pub(crate) fn allow(&mut self, token: TokenId, device: DeviceId, proof: Allowed) {
        self.allowed.insert((token, device), proof);
    }

    /// What a verdict made use of, if it judged these operations.
    pub(crate) fn lesson(self, seen: Seen) -> Lesson {
        let Self { whole, forked, allowed, .. } = self;
        Lesson { seen, whole, forked, allowed }
    }

    pub(crate) fn is_allowed(&self, token: &TokenId, device: &DeviceId) -> bool {
        self.allowed.contains_key(&(*token, *device))
            || self.view.allowance(token, device).is_some()
    }

    pub(crate) fn mark_forked(&mut self, device: DeviceId) {
        self.forked.insert(device);
    }

    pub(crate) fn is_forked(&self, device: &DeviceId) -> bool {
        self.forked.contains(device) || self.view.is_forked(device)
    }

    /// What was known of a device. Of one that shows another history here only what it shows here
    /// counts: what one history did is not proven by another.
    fn kept(&self, device: &DeviceId) -> Option<&'a V> {
        (!self.forked.contains(device)).then_some(self.view)
    }

    /// The most base units that may rest on a device's chip, if it has one whose maker the receiver trusts.
    pub(crate) fn trusted(&self, device: &DeviceId) -> Option<u64> {
        if let Some(sent) = self.pack.descriptors.get(device) {
            return trusted(self.view, device, sent);
        }
        trusted(self.view, device, &self.view.descriptor(device)?)
    }

    pub(crate) fn policy(&self, token: &TokenId) -> Option<Policy> {
        let at = self.pack.policies.binary_search_by_key(token, |(id, _)| *id).ok();
        let sent = at.and_then(|at| self.pack.policies.get(at)).map(|(_, policy)| policy.clone());
        sent.or_else(|| self.view.policy(token))
    }

    /// The run of the pack that shows a device's index, its start included.
    pub(crate) fn line(&self, device: &DeviceId, index: u64) -> Option<&'a Line> {
        let lines = &self.pack.lines;
        let after = lines.partition_point(|one| (one.device, one.start.index) <= (*device, index));
        let line = lines.get(after.checked_sub(1)?)?;
        (line.device == *device && index <= line.end().index).then_some(line)
    }

    pub(crate) fn head(&self, device: &DeviceId, index: u64) -> Option<Digest> {
        let sent = self.line(device, index).and_then(|line| line.head(index));
        sent.or_else(|| self.kept(device)?.head(device, index))
    }

    pub(crate) fn record(&self, device: &DeviceId, index: u64) -> Option<Record> {
        let sent = self.line(device, index).and_then(|line| line.record(index)).cloned();
        sent.or_else(|| self.kept(device)?.record(device, index))
    }

    fn has_record(&self, device: &DeviceId, index: u64) -> bool {
        let sent = self.line(device, index).is_some_and(|line| line.record(index).is_some());
        sent || self.kept(device).is_some_and(|view| view.has_record(device, index))
    }

    pub(crate) fn opened(&self, device: &DeviceId, index: u64) -> Option<OpenedEntry> {
        let opened = &self.pack.opened;
        let at = opened.binary_search_by_key(&(*device, index), |one| (one.device, one.index));
        let sent = at.ok().and_then(|at| opened.get(at)).cloned();
        sent.or_else(|| self.kept(device)?.opened(device, index))
    }

    pub(crate) fn opened_value(&self, device: &DeviceId, index: u64) -> Option<Option<Value>> {
        let opened = &self.pack.opened;
        let at = opened.binary_search_by_key(&(*device, index), |one| (one.device, one.index));
        let sent = at.ok().and_then(|at| opened.get(at)).map(|one| one.value.clone());
        sent.or_else(|| self.kept(device)?.opened_value(device, index))
    }

    pub(crate) fn origin(&self, id: &SpendId) -> Option<(Origin, Output)> {
        let sent = self.origins.get(id).and_then(|(at, number)| {
            let opened = self.pack.opened.get(*at)?;
            let output = opened.outputs().get(usize::try_from(*number).ok()?)?;
            let (device, index) = (opened.device, opened.index);
            Some((Origin { device, index, output: *number }, *output))
        });
        let kept = |(origin, _): &(Origin, Output)| self.kept(&origin.device).is_some();
        sent.or_else(|| self.view.origin(id).filter(kept))
    }

    /// Where a record of a device between a floor and an index names an id, if one does.
    pub(crate) fn spent_before(
        &self,
        device: &DeviceId,
        id: &SpendId,
        floor: u64,
        index: u64,
    ) -> Option<u64> {
        let after = floor.saturating_add(1).min(index);
        let between = (*device, *id, after)..(*device, *id, index);
        let sent = self.spends.range(between).next().map(|(_, _, index)| *index);
        let kept = || self.kept(device)?.first_spend(device, id, floor);
        sent.or_else(|| kept().filter(|first| *first < index))
    }

    pub(crate) fn is_at(&self, device: &DeviceId, at: &Position) -> bool {
        self.head(device, at.index) == Some(at.head)
    }

    /// Whether every record after `from` up to `to` is known. Looks at each record once in a
    /// verdict, however many spends ask.
    pub(crate) fn is_whole(&mut self, device: &DeviceId, from: u64, to: u64) -> bool {
        let mut at = to;
        let mut joined = None;
        while at > from {
            let next = self.whole.range((*device, at)..).next();
            let next = next.filter(|((of, _), before)| of == device && **before < at);
            if let Some((key, before)) = next.map(|(key, before)| (*key, *before)) {
                at = before;
                joined = Some(joined.map_or(key.1, |last: u64| last.max(key.1)));
                self.whole.remove(&key);
            } else if self.has_record(device, at) {
                at = at.saturating_sub(1);
            } else {
                break;
            }
        }
        let last = joined.map_or(to, |joined| joined.max(to));
        if at < last {
            self.whole.insert((*device, last), at);
        }
        at <= from
    }
}
