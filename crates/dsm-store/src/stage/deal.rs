//! Entries: one's own, and those of peers.

use dsm_core::{Accepted, Dealing, Entry, Op, OwnLog, Written};
use dsm_crypto::Digest;
use dsm_log::{DeviceId, Position};
use dsm_merkle::TipTree;

use super::Stage;
use crate::StoreError;
use crate::kv::{Snapshot, Table};
use crate::nodes::{self, TreeNodes};
use crate::rows::{EntryRow, PeerRow, bytes, damaged, device_key, place};

impl<S: Snapshot> Stage<'_, S> {
    /// An own entry. It goes on from where its log is, or nothing is kept: two entries must never be
    /// made from one place.
    pub(super) fn written(&mut self, written: &Written) -> Result<(), StoreError> {
        let Written { log, entry, dealing, tip, facts } = written;
        let device = log.device;
        let stale = || StoreError::Stale { device };
        let now: Option<OwnLog> = self.load(Table::OwnLogs, device_key(&device))?;
        let next = now.and_then(|now| entry.after(&now.at)) == Some(log.at);
        if !next || self.last_head(&device)? >= Some(log.at.index) {
            return Err(stale());
        }
        self.put(Table::OwnLogs, device_key(&device).to_vec(), bytes(log));
        self.facts(facts)?;
        let mut before = None;
        if let Some((key, tip)) = tip {
            before = self.tip(&now.ok_or_else(stale)?, log, key, tip)?;
        }
        let row = EntryRow {
            entry: entry.clone(),
            before: now.and_then(|now| now.before),
            stitch: dealing.as_ref().and_then(|dealing| dealing.stitch),
            tip: before,
            tip_proof: dealing.as_ref().map(|dealing| dealing.tip_proof.clone()),
            class: None,
        };
        if let Some(peer) = entry.peer.filter(|_| device == self.me) {
            self.put(Table::Addressed, place(&peer, entry.index), Vec::new());
            self.carries(&peer, entry, true)?;
        }
        self.entry(device, &row)
    }

    /// An entry of a peer. One that is kept already changes nothing.
    pub(super) fn accepted(&mut self, accepted: &Accepted) -> Result<(), StoreError> {
        let (device, at) = (accepted.writer(), accepted.at());
        self.facts(accepted.facts())?;
        if self.has(Table::Entries, &place(&device, at.index))? {
            return Ok(());
        }
        if self.head(&device, at.index)? != Some(at.head) {
            return Err(StoreError::Stale { device });
        }
        let peer: Option<PeerRow> = self.load(Table::Peers, device_key(&device))?;
        let tip = peer.and_then(|peer| peer.tip);
        let now = accepted.peer();
        let Position { index, .. } = at;
        let last = peer.and_then(|peer| peer.at).is_none_or(|last| last.index < index);
        if !last {
            return Err(StoreError::Stale { device });
        }
        let now = PeerRow { active: now.active, tip: now.tip, stitch: now.stitch, at: Some(at) };
        self.put(Table::Peers, device_key(&device).to_vec(), bytes(&now));
        let Dealing { entry, before, stitch, tip_proof } = accepted.dealing();
        self.carries(&device, &entry, false)?;
        let class = entry.value.is_some().then(|| accepted.class());
        let tip_proof = Some(tip_proof);
        self.entry(device, &EntryRow { entry, before, stitch, tip, tip_proof, class })
    }

    /// Puts a tip into the tree of a log of one's own, which goes on from `now` to `log`; gives the one
    /// before.
    fn tip(
        &mut self,
        now: &OwnLog,
        log: &OwnLog,
        key: &Digest,
        tip: &Digest,
    ) -> Result<Option<Digest>, StoreError> {
        let (before, _) = nodes::tip(&self.now(), now, key)?;
        let changed = {
            let mut tree = TipTree::new(TreeNodes::new(self.now(), log.device)?)?;
            if tree.update(*key, *tip)? != log.tips() {
                return Err(damaged(Table::Tips));
            }
            tree.nodes().changed().collect::<Vec<_>>()
        };
        for (id, node) in changed {
            self.put(Table::Tips, place(&log.device, id), bytes(&node));
        }
        Ok(before)
    }

    fn entry(&mut self, device: DeviceId, row: &EntryRow) -> Result<(), StoreError> {
        let index = row.entry.index;
        self.put(Table::Entries, place(&device, index), bytes(row));
        let sequence = self.next_history;
        self.next_history = sequence.saturating_add(1);
        self.put(Table::History, sequence.to_be_bytes().to_vec(), bytes(&(device, index)));
        if let (Some(peer), Some(stitch)) = (row.entry.peer, row.stitch)
            && acknowledges(&row.entry)
        {
            self.put_first(Table::Receipts, place(&peer, stitch), bytes(&(device, index)))?;
        }
        Ok(())
    }
}

/// Whether an entry says that what its stitch names was accepted.
fn acknowledges(entry: &Entry) -> bool {
    entry.ops.iter().any(|op| matches!(op, Op::Receive {}))
}
