//! What a person asks for.

use dsm_core::identity::Card;
use dsm_core::{Dealing, Entry, FinalityClass, Policy, TokenId, View};
use dsm_log::{DeviceId, ForkProof, Position};
use dsm_session::Ledger;

use super::Books;
use crate::StoreError;
use crate::changes::Contact;
use crate::kv::{Kv, Snapshot, Table};
use crate::rows::{EntryRow, PeerRow, damaged, device_key, load, place, read, split, split_place};

/// An entry of one's own, or one that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Whether a device of one's own wrote it.
    pub own: bool,
    /// Who wrote it.
    pub device: DeviceId,
    /// To whom it is addressed.
    pub peer: Option<DeviceId>,
    /// Where it stands.
    pub at: Position,
    /// What it says.
    pub entry: Entry,
    /// How final its value was when it was accepted; none for own entries and without value.
    pub class: Option<FinalityClass>,
    /// Whether its addressee accepted it, as far as is known here.
    pub acknowledged: bool,
}

impl<K: Kv> Books<'_, K> {
    /// Everybody who is pinned.
    #[must_use]
    pub fn contacts(&self) -> Vec<Contact> {
        self.all(Table::Contacts, &[], |_, row| read(Table::Contacts, row).map(Contact::from_row))
    }

    /// Whom the owner calls by a name.
    #[must_use]
    pub fn contact_named(&self, name: &str) -> Option<Contact> {
        let key = self.latch(self.snapshot.get(Table::Names, name.as_bytes()))?;
        self.find(Table::Contacts, &key).map(Contact::from_row)
    }

    /// The contact whose device this is.
    #[must_use]
    pub fn contact(&self, device: &DeviceId) -> Option<Contact> {
        self.find(Table::Contacts, device_key(device)).map(Contact::from_row)
    }

    /// What the owner calls a device.
    #[must_use]
    pub fn name_of(&self, device: &DeviceId) -> Option<String> {
        self.contact(device).map(|contact| contact.name)
    }

    /// Whether the owner wants nothing dealt with a contact's device.
    #[must_use]
    pub fn is_blocked(&self, device: &DeviceId) -> bool {
        self.has(Table::Blocked, device_key(device))
    }

    /// Whether the owner knows a token.
    #[must_use]
    pub fn is_pinned(&self, token: &TokenId) -> bool {
        self.has(Table::Pinned, token.0.as_bytes())
    }

    /// Every token that the owner knows.
    #[must_use]
    pub fn pinned(&self) -> Vec<TokenId> {
        self.all(Table::Pinned, &[], |key, _| Ok(TokenId(split(Table::Pinned, key)?.0)))
    }

    /// The wallet's own card, with the place where its log stands now.
    #[must_use]
    pub fn card(&self) -> Card {
        let founding = &self.wallet.founding;
        Card {
            genesis: founding.genesis.clone(),
            devices: founding.devices.clone(),
            steps: founding.steps.clone(),
            descriptor: founding.descriptor.clone(),
            kem: founding.kem.clone(),
            at: self.shown_place(),
        }
    }

    /// The last place of the own log that may be shown: a chip has absorbed it, or none needs to.
    fn shown_place(&self) -> Position {
        let last = self.own_log().at;
        let mut index = last.index;
        while self.is_anchored() && index > 0 && self.signed_index(&self.wallet.me, index).is_none()
        {
            index = index.saturating_sub(1);
        }
        match index {
            0 => Position::origin(&self.wallet.me),
            _ if index == last.index => last,
            _ => Position { index, head: self.head(&self.wallet.me, index).unwrap_or(last.head) },
        }
    }

    /// The logs of one's own, the wallet's device among them.
    #[must_use]
    pub fn own_devices(&self) -> Vec<DeviceId> {
        self.wallet.own.iter().copied().collect()
    }

    /// Every token that is known.
    #[must_use]
    pub fn policies(&self) -> Vec<Policy> {
        self.all(Table::Policies, &[], |_, row| read(Table::Policies, row))
    }

    /// Every fork that is known.
    #[must_use]
    pub fn fork_proofs(&self) -> Vec<ForkProof> {
        self.all(Table::Forks, &[], |_, row| read(Table::Forks, row))
    }

    /// An own entry to a peer, ready to be dealt.
    #[must_use]
    pub fn dealing(&self, peer: &DeviceId, index: u64) -> Option<Dealing> {
        let dealing = self.latch(self.dealt(&self.wallet.me, index));
        dealing.filter(|dealing| dealing.entry.peer == Some(*peer))
    }

    /// The own entries to a peer that it has not acknowledged, with their indexes.
    #[must_use]
    pub fn unacknowledged(&self, peer: &DeviceId) -> Vec<(u64, Entry)> {
        self.latch(self.written_after(peer))
    }

    fn written_after(&self, peer: &DeviceId) -> Result<Vec<(u64, Entry)>, StoreError> {
        let row: Option<PeerRow> = load(&self.snapshot, Table::Peers, device_key(peer))?;
        let mut next = row.and_then(|row| row.stitch).map_or(Some(0), |index| index.checked_add(1));
        let mut found = Vec::new();
        while let Some(from) = next {
            let row = self.snapshot.at_or_after(Table::Addressed, &place(peer, from))?;
            let Some((key, _)) = row else { break };
            let (of, index) = split_place(Table::Addressed, &key)?;
            if of != *peer {
                break;
            }
            let entry = self.entry_at(&self.wallet.me, index);
            found.push((index, entry.ok_or_else(|| damaged(Table::Entries))?));
            next = index.checked_add(1);
        }
        Ok(found)
    }

    /// Own and accepted entries in the order in which they were committed, all or those between this
    /// wallet and one peer.
    #[must_use]
    pub fn history(&self, peer: Option<&DeviceId>) -> Vec<HistoryEntry> {
        let places: Vec<(DeviceId, u64)> =
            self.all(Table::History, &[], |_, row| read(Table::History, row));
        let entries = places.into_iter().filter_map(|(device, index)| self.past(device, index));
        let of = |one: &HistoryEntry| {
            peer.is_none_or(|peer| one.device == *peer || one.peer == Some(*peer))
        };
        entries.filter(of).collect()
    }

    /// The last payment to somebody, however long the history is.
    #[must_use]
    pub fn last_paid(&self, peer: &DeviceId) -> Option<HistoryEntry> {
        let mut upto = u64::MAX;
        loop {
            let row = self.snapshot.at_or_before(Table::Addressed, &place(peer, upto));
            let (key, _) = self.latch(row)?;
            let at = split_place(Table::Addressed, &key).map(Some);
            let (_, index) = self.latch(at).filter(|(of, _)| of == peer)?;
            let past = self.past(self.wallet.me, index)?;
            if past.entry.value.is_some() {
                return Some(past);
            }
            upto = index.checked_sub(1)?;
        }
    }

    fn past(&self, device: DeviceId, index: u64) -> Option<HistoryEntry> {
        let row: Option<EntryRow> = self.find(Table::Entries, &place(&device, index));
        let (Some(row), Some(head)) = (row, self.head(&device, index)) else {
            let _ = self.failure.set(damaged(Table::Entries));
            return None;
        };
        let own = self.is_own(&device);
        let acknowledged = if own {
            let peer = row
                .entry
                .peer
                .and_then(|peer| self.find::<PeerRow>(Table::Peers, device_key(&peer)));
            peer.is_some_and(|peer| peer.stitch >= Some(index))
        } else {
            self.has(Table::Receipts, &place(&device, index))
        };
        let EntryRow { entry, class, .. } = row;
        let (peer, at) = (entry.peer, Position { index, head });
        Some(HistoryEntry { own, device, peer, at, entry, class, acknowledged })
    }
}
