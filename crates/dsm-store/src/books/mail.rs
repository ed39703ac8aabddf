//! What letters need: who can write some, and what a peer is known to have.

use dsm_core::Entry;
use dsm_log::DeviceId;
use dsm_session::Mail;

use super::Books;
use crate::StoreError;
use crate::kv::{Kv, Snapshot, Table};
use crate::rows::{EntryRow, PeerRow, device_key, load, place, read, split_place};

/// How many entries of each side are looked at for what a peer has, and how many of them count.
const LOOKED_AT: usize = 8;
const COUNTED: usize = 2;

impl<K: Kv> Books<'_, K> {
    pub(super) fn mail_of(&self, peer: &DeviceId) -> Mail {
        self.find(Table::Mail, device_key(peer)).unwrap_or_default()
    }

    pub(super) fn entry_at(&self, device: &DeviceId, index: u64) -> Option<Entry> {
        Some(self.find::<EntryRow>(Table::Entries, &place(device, index))?.entry)
    }

    /// The peers that opened a secret to this device, and that may write.
    pub(super) fn openers(&self) -> Vec<DeviceId> {
        let all = self.all(Table::Mail, &[], |key, row| {
            let mail: Mail = read(Table::Mail, row)?;
            let (device, _) = crate::rows::split(Table::Mail, key)?;
            Ok(mail.inbox.opened.map(|_| DeviceId(device)))
        });
        all.into_iter().flatten().filter(|device| !self.is_blocked(device)).collect()
    }

    /// The newest entries with value between this device and a peer that both have accepted.
    pub(super) fn shared(&self, peer: &DeviceId) -> Result<Vec<(DeviceId, u64)>, StoreError> {
        let row: Option<PeerRow> = load(&self.snapshot, Table::Peers, device_key(peer))?;
        let Some(row) = row else { return Ok(Vec::new()) };
        let me = self.wallet.me;
        let mut found = self.newest(Table::Addressed, *peer, me, row.stitch)?;
        let at = row.at.map(|at| at.index);
        found.extend(self.newest(Table::Entries, *peer, *peer, at)?);
        Ok(found)
    }

    /// The newest entries with value of a device that a table lists under a key, up to an index.
    fn newest(
        &self,
        table: Table,
        key: DeviceId,
        writer: DeviceId,
        upto: Option<u64>,
    ) -> Result<Vec<(DeviceId, u64)>, StoreError> {
        let mut found = Vec::new();
        let mut next = upto;
        for _ in 0..LOOKED_AT {
            let Some(from) = next.filter(|_| found.len() < COUNTED) else { break };
            let Some((row, _)) = self.snapshot.at_or_before(table, &place(&key, from))? else {
                break;
            };
            let (of, index) = split_place(table, &row)?;
            if of != key {
                break;
            }
            let has_value = |entry: Entry| entry.value.is_some();
            if self.entry_at(&writer, index).is_some_and(has_value) {
                found.push((writer, index));
            }
            next = index.checked_sub(1);
        }
        Ok(found)
    }
}
