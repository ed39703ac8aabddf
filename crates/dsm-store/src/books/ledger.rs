//! What a session reads.

use dsm_core::{Dealing, Entry, OwnLog, View};
use dsm_crypto::{Digest, KemPublic, Secret};
use dsm_log::{DeviceId, ForkProof, Position};
use dsm_merkle::{TipProof, TipTree};
use dsm_session::{Held, Ledger, Mail, News};

use super::Books;
use crate::StoreError;
use crate::kv::{Kv, Snapshot, Table};
use crate::nodes::tip;
use crate::rows::{
    EntryRow, NewsRow, PeerRow, damaged, device_key, joined, load, number, place, read, split,
    split_place,
};

/// The most heads and fork proofs that are told at one meeting.
const MAX_HEADS: usize = 64;
const MAX_FORKS: usize = 16;
/// The most devices that are looked at for one hint.
const MAX_LIKE: usize = 8;

impl<K: Kv> Books<'_, K> {
    fn next_addressed(&self, peer: &DeviceId, after: u64) -> Result<Option<Dealing>, StoreError> {
        let Some(from) = after.checked_add(1) else { return Ok(None) };
        let next = self.snapshot.at_or_after(Table::Addressed, &place(peer, from))?;
        let Some((key, _)) = next else { return Ok(None) };
        let (of, index) = split_place(Table::Addressed, &key)?;
        // What the chip has not absorbed yet is shown to nobody.
        let waits = |me| Ok::<_, StoreError>(self.next_signed(me, index)?.is_none());
        let shown = of == *peer && !(self.wallet.is_anchored() && waits(&self.wallet.me)?);
        if shown { self.dealt(&self.wallet.me, index) } else { Ok(None) }
    }

    /// An entry as its writer deals it.
    pub(super) fn dealt(
        &self,
        device: &DeviceId,
        index: u64,
    ) -> Result<Option<Dealing>, StoreError> {
        let row: Option<EntryRow> = load(&self.snapshot, Table::Entries, &place(device, index))?;
        Ok(row.and_then(|row| {
            let EntryRow { entry, before, stitch, tip_proof, .. } = row;
            Some(Dealing { entry, before, stitch, tip_proof: tip_proof? })
        }))
    }

    fn news_after(&self, peer: &DeviceId, told: u64) -> Result<News, StoreError> {
        let mut news = News::default();
        let Some(from) = told.checked_add(1) else { return Ok(news) };
        let mut forks = Vec::new();
        self.snapshot.walk(Table::News, &from.to_be_bytes(), &mut |key, row| {
            let sequence = number(Table::News, key)?;
            match read(Table::News, row)? {
                // Nobody needs to hear of itself.
                NewsRow::Head { device, .. } | NewsRow::Fork { device } if device == *peer => {}
                NewsRow::Head { .. } if news.heads.len() >= MAX_HEADS => return Ok(false),
                NewsRow::Fork { .. } if forks.len() >= MAX_FORKS => return Ok(false),
                NewsRow::Head { device, at } => news.heads.push((device, at)),
                NewsRow::Fork { device } => forks.push(device),
            }
            news.upto = sequence;
            Ok(true)
        })?;
        for device in forks {
            let proof: Option<ForkProof> = load(&self.snapshot, Table::Forks, device_key(&device))?;
            news.forks.push(proof.ok_or_else(|| damaged(Table::Forks))?);
        }
        if news.heads.is_empty() && news.forks.is_empty() {
            news.upto = 0;
        }
        Ok(news)
    }

    fn like(&self, prefix: &[u8; 8]) -> Result<Vec<DeviceId>, StoreError> {
        let mut devices = Vec::new();
        let mut next = prefix.to_vec();
        while devices.len() < MAX_LIKE {
            let Some((key, _)) = self.snapshot.at_or_after(Table::Heads, &next)? else { break };
            if !key.starts_with(prefix) {
                break;
            }
            let (device, _) = split(Table::Heads, &key)?;
            devices.push(DeviceId(device));
            next = joined(device.as_bytes(), &[0xff; 9]);
        }
        Ok(devices)
    }
}

impl<K: Kv> Ledger for Books<'_, K> {
    fn own_log(&self) -> OwnLog {
        let me = self.wallet.me;
        self.own_log_of(&me).unwrap_or_else(|| {
            let _ = self.failure.set(damaged(Table::OwnLogs));
            OwnLog::new(me)
        })
    }

    fn is_anchored(&self) -> bool {
        self.wallet.is_anchored()
    }

    fn tip(&self, key: &Digest) -> (Option<Digest>, TipProof) {
        self.latch(tip(&self.snapshot, &self.own_log(), key).map(Some)).unwrap_or_else(|| {
            let Ok(nothing) = TipTree::default().prove(*key);
            (None, nothing)
        })
    }

    fn accepted(&self, peer: &DeviceId) -> Option<Position> {
        self.find::<PeerRow>(Table::Peers, device_key(peer))?.at
    }

    fn next_to(&self, peer: &DeviceId, after: u64) -> Option<Dealing> {
        self.latch(self.next_addressed(peer, after))
    }

    fn holdings(&self) -> Vec<Held> {
        let all = self.all_held().into_iter();
        all.filter(|(_, frozen)| !frozen).map(|(held, _)| held).collect()
    }

    fn ask_secret(&self) -> &Secret<32> {
        &self.wallet.founding.ask_secret
    }

    fn kem(&self, peer: &DeviceId) -> Option<KemPublic> {
        Some(self.contact(peer)?.card.kem)
    }

    fn card_place(&self, peer: &DeviceId) -> Option<Position> {
        Some(self.contact(peer)?.card.at)
    }

    fn entry(&self, device: &DeviceId, index: u64) -> Option<Entry> {
        self.entry_at(device, index)
    }

    fn mail(&self, peer: &DeviceId) -> Mail {
        self.mail_of(peer)
    }

    fn correspondents(&self) -> Vec<DeviceId> {
        self.openers()
    }

    fn dealt_with(&self, peer: &DeviceId) -> Vec<(DeviceId, u64)> {
        self.latch(self.shared(peer))
    }

    fn fork_proof(&self, device: &DeviceId) -> Option<ForkProof> {
        self.find(Table::Forks, device_key(device))
    }

    fn news(&self, peer: &DeviceId) -> News {
        let key = device_key(peer);
        let told = match self.wallet.pending(Table::Told, key) {
            Some(Some(told)) => self.latch(read(Table::Told, told).map(Some)),
            _ => self.find(Table::Told, key),
        };
        let told = told.unwrap_or(0);
        self.latch(self.news_after(peer, told))
    }

    fn before(&self, device: &DeviceId, index: u64) -> Option<Position> {
        self.latch(self.head_up_to(device, index.checked_sub(1)?))
    }

    fn devices_like(&self, prefix: &[u8; 8]) -> Vec<DeviceId> {
        self.latch(self.like(prefix))
    }
}

impl<K: Kv> Books<'_, K> {
    /// Everything that is held; of each note whether it is frozen, because it rests on a forked
    /// device.
    #[must_use]
    pub fn all_held(&self) -> Vec<(Held, bool)> {
        let all = self.all(Table::Held, &[], |_, row| read::<Held>(Table::Held, row));
        let all = all.into_iter().map(|held| {
            let frozen = held.uncertified.iter().any(|device| self.is_forked(device));
            (held, frozen)
        });
        all.collect()
    }

    /// How far a log of one's own has come.
    #[must_use]
    pub fn own_log_of(&self, device: &DeviceId) -> Option<OwnLog> {
        self.find(Table::OwnLogs, device_key(device))
    }
}
