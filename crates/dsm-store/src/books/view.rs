//! What the core reads.

use dsm_core::pack::OpenedEntry;
use dsm_core::{
    Allowed, MakerId, Note, Origin, Output, Peer, Policy, Settings, TokenId, Value, View,
};
use dsm_crypto::Digest;
use dsm_log::{
    DeviceDescriptor, DeviceId, HeadSignature, Network, Position, Record, SignedHead, SpendId,
};

use super::Books;
use crate::StoreError;
use crate::kv::{Kv, Snapshot, Table};
use crate::rows::{
    OpenedRow, OriginRow, PeerRow, device_key, joined, number, place, read, split_place,
};

impl<K: Kv> Books<'_, K> {
    /// The last known head of a device up to an index.
    pub(super) fn head_up_to(
        &self,
        device: &DeviceId,
        index: u64,
    ) -> Result<Option<Position>, StoreError> {
        let last = self.snapshot.at_or_before(Table::Heads, &place(device, index))?;
        let Some((key, head)) = last else { return Ok(None) };
        let (of, index) = split_place(Table::Heads, &key)?;
        if of != *device {
            return Ok(None);
        }
        Ok(Some(Position { index, head: read(Table::Heads, &head)? }))
    }

    /// The first signed head at or after an index; of one's own only what the chip absorbed, if there is one.
    pub(super) fn next_signed(
        &self,
        device: &DeviceId,
        index: u64,
    ) -> Result<Option<SignedHead>, StoreError> {
        let awaits = self.wallet.is_anchored() && *device == self.wallet.me;
        let mut from = index;
        loop {
            let next = self.snapshot.at_or_after(Table::Signatures, &place(device, from))?;
            let Some((key, row)) = next else { return Ok(None) };
            let (of, index) = split_place(Table::Signatures, &key)?;
            if of != *device {
                return Ok(None);
            }
            let signature: HeadSignature = read(Table::Signatures, &row)?;
            if awaits && signature.evidence.is_empty() {
                from = index.saturating_add(1);
                continue;
            }
            let head: Option<Digest> = crate::rows::load(&self.snapshot, Table::Heads, &key)?;
            let head = head.ok_or_else(|| crate::rows::damaged(Table::Heads))?;
            return Ok(Some(SignedHead {
                device: *device,
                at: Position { index, head },
                signature,
            }));
        }
    }

    fn next_spend(
        &self,
        device: &DeviceId,
        id: &SpendId,
        after: u64,
    ) -> Result<Option<u64>, StoreError> {
        let Some(from) = after.checked_add(1) else { return Ok(None) };
        let of = joined(device_key(device), id.0.as_bytes());
        let key = joined(&of, &from.to_be_bytes());
        let next = self.snapshot.at_or_after(Table::Spends, &key)?;
        let index = next.as_ref().and_then(|(key, _)| key.strip_prefix(of.as_slice()));
        index.map(|index| number(Table::Spends, index)).transpose()
    }
}

impl<K: Kv> View for Books<'_, K> {
    fn network(&self) -> Network {
        self.wallet.network()
    }

    fn me(&self) -> DeviceId {
        self.wallet.me
    }

    fn is_own(&self, device: &DeviceId) -> bool {
        self.wallet.own.contains(device)
    }

    fn settings(&self) -> &Settings {
        &self.wallet.settings
    }

    fn peer(&self, device: &DeviceId) -> Option<Peer> {
        // Nothing is dealt with it, whatever comes from it, and over whichever medium.
        if self.is_blocked(device) {
            return None;
        }
        let row: PeerRow = self.find(Table::Peers, device_key(device))?;
        Some(Peer { active: row.active, tip: row.tip, stitch: row.stitch })
    }

    fn exposure(&self, device: &DeviceId, token: &TokenId) -> u64 {
        let key = joined(device_key(device), token.0.as_bytes());
        self.find(Table::Exposures, &key).unwrap_or(0)
    }

    fn is_forked(&self, device: &DeviceId) -> bool {
        self.has(Table::Forks, device_key(device))
    }

    fn is_certified(&self, _device: &DeviceId, _from: u64, _to: &Position) -> bool {
        // No node exists yet, so no certificate does.
        false
    }

    fn maker(&self, device: &DeviceId) -> Option<MakerId> {
        self.find(Table::Makers, device_key(device))
    }

    fn descriptor(&self, device: &DeviceId) -> Option<DeviceDescriptor> {
        self.find(Table::Descriptors, device_key(device))
    }

    fn policy(&self, token: &TokenId) -> Option<Policy> {
        self.find(Table::Policies, token.0.as_bytes())
    }

    fn latest(&self, device: &DeviceId) -> Option<Position> {
        self.latch(self.head_up_to(device, u64::MAX))
    }

    fn head(&self, device: &DeviceId, index: u64) -> Option<Digest> {
        self.find(Table::Heads, &place(device, index))
    }

    fn record(&self, device: &DeviceId, index: u64) -> Option<Record> {
        self.find(Table::Records, &place(device, index))
    }

    fn has_record(&self, device: &DeviceId, index: u64) -> bool {
        self.has(Table::Records, &place(device, index))
    }

    fn signed(&self, device: &DeviceId, index: u64) -> Option<SignedHead> {
        self.latch(self.next_signed(device, index))
    }

    fn signed_index(&self, device: &DeviceId, index: u64) -> Option<u64> {
        if self.wallet.is_anchored() && *device == self.wallet.me {
            return self.signed(device, index).map(|signed| signed.at.index);
        }
        let next = self.snapshot.at_or_after(Table::Signatures, &place(device, index));
        let next = next
            .and_then(|next| next.map(|(key, _)| split_place(Table::Signatures, &key)).transpose());
        self.latch(next).filter(|(of, _)| of == device).map(|(_, index)| index)
    }

    fn opened(&self, device: &DeviceId, index: u64) -> Option<OpenedEntry> {
        let (rest, value): OpenedRow = self.find(Table::Opened, &place(device, index))?;
        let head = self.head(device, index)?;
        let outputs = (0..).zip(value.as_ref().map_or(&[][..], Value::outputs));
        let notes =
            outputs.map(|(number, output)| Note { output: *output, head, number }.id()).collect();
        Some(OpenedEntry { device: *device, index, rest, value, notes })
    }

    fn opened_value(&self, device: &DeviceId, index: u64) -> Option<Option<Value>> {
        let (_, value): OpenedRow = self.find(Table::Opened, &place(device, index))?;
        Some(value)
    }

    fn has_opened(&self, device: &DeviceId, index: u64) -> bool {
        self.has(Table::Opened, &place(device, index))
    }

    fn first_spend(&self, device: &DeviceId, id: &SpendId, after: u64) -> Option<u64> {
        self.latch(self.next_spend(device, id, after))
    }

    fn origin(&self, id: &SpendId) -> Option<(Origin, Output)> {
        let row: OriginRow = self.find(Table::Origins, id.0.as_bytes())?;
        let (device, index, number, output) = row;
        Some((Origin { device, index, output: number }, output))
    }

    fn allowance(&self, token: &TokenId, device: &DeviceId) -> Option<Allowed> {
        self.find(Table::Allowances, &joined(token.0.as_bytes(), device_key(device)))
    }
}
