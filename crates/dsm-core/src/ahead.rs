//! A view one entry ahead of the books: what its writer will know once the entry is durable.

use dsm_crypto::Digest;
use dsm_log::{DeviceDescriptor, DeviceId, Network, Position, Record, SignedHead, SpendId};

use crate::pack::{Line, OpenedEntry};
use crate::view::{Allowed, Facts, Origin, Peer, View};
use crate::{MakerId, Output, Policy, Settings, TokenId, Value};

/// Facts about own entries, laid over a view that does not hold them yet.
#[derive(Clone, Copy, Debug)]
pub struct Ahead<'a, V: ?Sized> {
    /// What is durable.
    pub view: &'a V,
    /// What was written since.
    pub facts: &'a Facts,
}

impl<V: View + ?Sized> Ahead<'_, V> {
    fn lines(&self, device: &DeviceId) -> impl Iterator<Item = &Line> {
        self.facts.lines.iter().filter(move |line| line.device == *device)
    }
}

impl<V: View + ?Sized> View for Ahead<'_, V> {
    fn network(&self) -> Network {
        self.view.network()
    }

    fn me(&self) -> DeviceId {
        self.view.me()
    }

    fn is_own(&self, device: &DeviceId) -> bool {
        self.view.is_own(device)
    }

    fn settings(&self) -> &Settings {
        self.view.settings()
    }

    fn peer(&self, device: &DeviceId) -> Option<Peer> {
        self.view.peer(device)
    }

    fn exposure(&self, device: &DeviceId, token: &TokenId) -> u64 {
        self.view.exposure(device, token)
    }

    fn is_forked(&self, device: &DeviceId) -> bool {
        self.view.is_forked(device)
    }

    fn is_certified(&self, device: &DeviceId, from: u64, to: &Position) -> bool {
        self.view.is_certified(device, from, to)
    }

    fn maker(&self, device: &DeviceId) -> Option<MakerId> {
        self.view.maker(device)
    }

    fn descriptor(&self, device: &DeviceId) -> Option<DeviceDescriptor> {
        self.view.descriptor(device)
    }

    fn policy(&self, token: &TokenId) -> Option<Policy> {
        self.view.policy(token)
    }

    fn latest(&self, device: &DeviceId) -> Option<Position> {
        let ends = self.lines(device).map(Line::end).max_by_key(|at| at.index);
        ends.or_else(|| self.view.latest(device))
    }

    fn head(&self, device: &DeviceId, index: u64) -> Option<Digest> {
        let ahead = self.lines(device).find_map(|line| line.head(index));
        ahead.or_else(|| self.view.head(device, index))
    }

    fn record(&self, device: &DeviceId, index: u64) -> Option<Record> {
        let ahead = self.lines(device).find_map(|line| line.record(index)).cloned();
        ahead.or_else(|| self.view.record(device, index))
    }

    fn signed(&self, device: &DeviceId, index: u64) -> Option<SignedHead> {
        let known = self.view.signed(device, index);
        let ahead = self.lines(device).map(Line::signed);
        known.or_else(|| ahead.filter(|signed| signed.at.index >= index).min_by_key(|one| one.at))
    }

    fn opened(&self, device: &DeviceId, index: u64) -> Option<OpenedEntry> {
        let mut ahead = self.facts.opened.iter();
        let ahead = ahead.find(|one| one.device == *device && one.index == index).cloned();
        ahead.or_else(|| self.view.opened(device, index))
    }

    fn opened_value(&self, device: &DeviceId, index: u64) -> Option<Option<Value>> {
        let mut ahead = self.facts.opened.iter();
        let ahead = ahead.find(|one| one.device == *device && one.index == index);
        ahead.map(|one| one.value.clone()).or_else(|| self.view.opened_value(device, index))
    }

    fn first_spend(&self, device: &DeviceId, id: &SpendId, after: u64) -> Option<u64> {
        let ahead = || {
            self.lines(device).find_map(|line| {
                let indexes = line.start.index.saturating_add(1)..;
                let mut records = indexes.zip(&line.records);
                records
                    .find(|(index, record)| *index > after && record.spends.contains(id))
                    .map(|(index, _)| index)
            })
        };
        self.view.first_spend(device, id, after).or_else(ahead)
    }

    fn origin(&self, id: &SpendId) -> Option<(Origin, Output)> {
        let ahead = self.facts.opened.iter().find_map(|opened| {
            let (device, index) = (opened.device, opened.index);
            let (output, _, full) = opened.made().find(|(_, made, _)| made == id)?;
            Some((Origin { device, index, output }, full))
        });
        ahead.or_else(|| self.view.origin(id))
    }

    fn allowance(&self, token: &TokenId, device: &DeviceId) -> Option<Allowed> {
        self.view.allowance(token, device)
    }
}
