//! What both sides of a relationship contributed to application state (`spec/state.md`).

use dsm_core::data::Contribution;
use dsm_crypto::Digest;
use dsm_log::DeviceId;

use super::Books;
use crate::StoreError;
use crate::kv::{Kv, Snapshot, Table};
use crate::rows::{EntryRow, damaged, device_key, load, place, read, split_place};

impl<K: Kv> Books<'_, K> {
    /// What this wallet contributed to a schema over a relationship, in the order of its log.
    #[must_use]
    pub fn contributed(&self, peer: &DeviceId, schema: &Digest) -> Vec<Contribution> {
        self.latch(self.written_to(peer, schema))
    }

    /// What a peer contributed, as far as it was accepted here, in the order of its log.
    #[must_use]
    pub fn contributions_of(&self, peer: &DeviceId, schema: &Digest) -> Vec<Contribution> {
        let mut found = Vec::new();
        let entries = self.snapshot.scan(Table::Entries, device_key(peer), &mut |_, row| {
            let row: EntryRow = read(Table::Entries, row)?;
            found.extend(Contribution::of(&row.entry, row.stitch, schema));
            Ok(())
        });
        self.latch(entries);
        found
    }

    fn written_to(
        &self,
        peer: &DeviceId,
        schema: &Digest,
    ) -> Result<Vec<Contribution>, StoreError> {
        let mut indexes = Vec::new();
        self.snapshot.scan(Table::Addressed, device_key(peer), &mut |key, _| {
            indexes.push(split_place(Table::Addressed, key)?.1);
            Ok(())
        })?;
        let mut found = Vec::new();
        for index in indexes {
            let key = place(&self.wallet.me, index);
            let row: Option<EntryRow> = load(&self.snapshot, Table::Entries, &key)?;
            let row = row.ok_or_else(|| damaged(Table::Entries))?;
            found.extend(Contribution::of(&row.entry, row.stitch, schema));
        }
        Ok(found)
    }
}
