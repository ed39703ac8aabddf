//! Works out the rows of a change before any is written (`docs/store-format.md`, commit).

use std::collections::BTreeSet;

use dsm_core::{OwnLog, Policy, Settings};
use dsm_crypto::Digest;
use dsm_encoding::Decode;
use dsm_log::{DeviceDescriptor, DeviceId, Network, Position};

use crate::StoreError;
use crate::changes::Changes;
use crate::kv::{Snapshot, Table};
use crate::overlay::{Overlay, Rows};
use crate::rows::{
    KEY_MAKERS, KEY_SETTINGS, bytes, device_key, makers_to_vec, number, place, read,
    settings_to_vec, split_place,
};

mod deal;
mod learn;
mod mail;
mod people;
mod value;

/// A change over what is in the store.
pub(crate) struct Stage<'a, S> {
    base: &'a S,
    me: DeviceId,
    network: Network,
    own: BTreeSet<DeviceId>,
    rows: Rows,
    next_news: u64,
    next_history: u64,
}

impl<'a, S: Snapshot> Stage<'a, S> {
    pub(crate) fn new(
        base: &'a S,
        me: DeviceId,
        network: Network,
        own: BTreeSet<DeviceId>,
    ) -> Result<Self, StoreError> {
        let next_news = next_number(base, Table::News)?;
        let next_history = next_number(base, Table::History)?;
        let rows = Rows::default();
        Ok(Self { base, me, network, own, rows, next_news, next_history })
    }

    /// Everything that a change says, in an order in which each part finds what it rests on.
    pub(crate) fn take(&mut self, changes: &Changes) -> Result<(), StoreError> {
        for log in &changes.own_logs {
            self.own_log(log)?;
        }
        for descriptor in &changes.own_descriptors {
            self.descriptor(descriptor)?;
        }
        for policy in &changes.policies {
            self.policy(policy)?;
        }
        for contact in &changes.contacts {
            self.contact(contact)?;
        }
        for (device, blocked) in &changes.blocked {
            self.block(device, *blocked)?;
        }
        for (token, pinned) in &changes.pinned {
            self.mark(Table::Pinned, token.0.as_bytes().to_vec(), *pinned);
        }
        if let Some(settings) = &changes.settings {
            self.settings(settings)?;
        }
        for (device, maker) in &changes.makers {
            self.put(Table::Makers, device_key(device).to_vec(), bytes(maker));
        }
        let batch = &changes.batch;
        for proof in &batch.forks {
            self.fork(proof)?;
        }
        for facts in &changes.facts {
            self.facts(facts)?;
        }
        for accepted in &batch.accepted {
            self.accepted(accepted)?;
        }
        for written in &batch.written {
            self.written(written)?;
        }
        for id in &batch.spent {
            self.spend(id)?;
        }
        for held in batch.held.iter().chain(&changes.held) {
            self.hold(held)?;
        }
        if let Some((peer, upto)) = &batch.told {
            self.told(peer, *upto)?;
        }
        if let Some((peer, mail)) = &batch.mail {
            self.mail(peer, mail)?;
        }
        if let Some(signed) = &batch.shown {
            self.shown(signed)?;
        }
        Ok(())
    }

    /// What is to be written, and the own logs with it.
    pub(crate) fn finish(self) -> (Rows, BTreeSet<DeviceId>) {
        (self.rows, self.own)
    }

    /// The store as it would be with what is worked out so far.
    fn now(&self) -> Overlay<'_, &S> {
        Overlay::new(self.base, &self.rows)
    }

    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.now().get(table, key)
    }

    fn has(&self, table: Table, key: &[u8]) -> Result<bool, StoreError> {
        Ok(self.get(table, key)?.is_some())
    }

    fn load<T: Decode>(&self, table: Table, key: &[u8]) -> Result<Option<T>, StoreError> {
        self.get(table, key)?.map(|bytes| read(table, &bytes)).transpose()
    }

    pub(crate) fn put(&mut self, table: Table, key: Vec<u8>, value: Vec<u8>) {
        self.rows.set(table, key, Some(value));
    }

    /// Puts a value where nothing is; says whether nothing was.
    fn put_first(
        &mut self,
        table: Table,
        key: Vec<u8>,
        value: Vec<u8>,
    ) -> Result<bool, StoreError> {
        let first = !self.has(table, &key)?;
        if first {
            self.put(table, key, value);
        }
        Ok(first)
    }

    fn remove(&mut self, table: Table, key: Vec<u8>) {
        self.rows.set(table, key, None);
    }

    /// A row without a value, there or not.
    fn mark(&mut self, table: Table, key: Vec<u8>, there: bool) {
        self.rows.set(table, key, there.then(Vec::new));
    }

    pub(crate) fn settings(&mut self, settings: &Settings) -> Result<(), StoreError> {
        self.put(Table::Single, KEY_SETTINGS.to_vec(), settings_to_vec(settings)?);
        self.put(Table::Single, KEY_MAKERS.to_vec(), makers_to_vec(settings)?);
        Ok(())
    }

    /// A new log of one's own. One that is there already goes on from where it is.
    pub(crate) fn own_log(&mut self, log: &OwnLog) -> Result<(), StoreError> {
        let OwnLog { device, at, .. } = log;
        if *at != Position::origin(device) {
            return Err(StoreError::Stale { device: *device });
        }
        if self.put_first(Table::OwnLogs, device_key(device).to_vec(), bytes(log))? {
            self.put_first(Table::Heads, place(device, 0), bytes(&at.head))?;
            self.own.insert(*device);
        }
        Ok(())
    }

    pub(crate) fn descriptor(&mut self, descriptor: &DeviceDescriptor) -> Result<(), StoreError> {
        let key = device_key(&descriptor.id()).to_vec();
        self.put_first(Table::Descriptors, key, bytes(descriptor))?;
        Ok(())
    }

    fn policy(&mut self, policy: &Policy) -> Result<(), StoreError> {
        let key = policy.id().0.as_bytes().to_vec();
        self.put_first(Table::Policies, key, bytes(policy))?;
        Ok(())
    }

    /// The greatest index at which a head of a device was known before this change.
    fn last_head(&self, device: &DeviceId) -> Result<Option<u64>, StoreError> {
        let row = self.base.at_or_before(Table::Heads, &place(device, u64::MAX))?;
        let last = row.map(|(key, _)| split_place(Table::Heads, &key)).transpose()?;
        Ok(last.filter(|(of, _)| of == device).map(|(_, index)| index))
    }

    fn head(&self, device: &DeviceId, index: u64) -> Result<Option<Digest>, StoreError> {
        self.load(Table::Heads, &place(device, index))
    }
}

/// One more than the number of the last row of a table.
fn next_number<S: Snapshot>(base: &S, table: Table) -> Result<u64, StoreError> {
    match base.at_or_before(table, &[0xff; 8])? {
        Some((key, _)) => Ok(number(table, &key)?.saturating_add(1)),
        None => Ok(1),
    }
}
