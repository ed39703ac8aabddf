//! Receipts, put together from what both sides signed.

use dsm_core::receipt::{Receipt, ReceiptLink, ReceiptSide};
use dsm_core::{View, signature_after};
use dsm_log::{DeviceId, Position};

use super::Books;
use crate::kv::{Kv, Table};
use crate::rows::{EntryRow, place};

impl<K: Kv> Books<'_, K> {
    /// The receipt of an entry, own or accepted, if its addressee acknowledged it by one of its own
    /// and both signatures over just these entries are known.
    #[must_use]
    pub fn receipt(&self, writer: &DeviceId, index: u64) -> Option<Receipt> {
        let acknowledged: (DeviceId, u64) = self.find(Table::Receipts, &place(writer, index))?;
        let payer = self.side(writer, index)?;
        let payee = self.side(&acknowledged.0, acknowledged.1)?;
        Some(Receipt { payer, payee })
    }

    fn side(&self, device: &DeviceId, index: u64) -> Option<ReceiptSide> {
        let row: EntryRow = self.find(Table::Entries, &place(device, index))?;
        let EntryRow { entry, before: opening, tip, tip_proof, .. } = row;
        let before = self.position(device, index.checked_sub(1)?)?;
        let link = match before.index.checked_sub(1) {
            None => None,
            Some(earlier) => Some(ReceiptLink {
                head: self.position(device, earlier)?.head,
                spends: self.record(device, before.index)?.pair().spends,
                opening: opening?,
            }),
        };
        let card = if *device == self.me() { self.card() } else { self.contact(device)?.card };
        let signed = self.signed(device, index).filter(|signed| signed.at.index == index)?;
        let (tip_proof, signature) = (tip_proof?, signature_after(self, signed, before.index)?);
        Some(ReceiptSide { card, entry, before, link, tip, tip_proof, signature })
    }

    fn position(&self, device: &DeviceId, index: u64) -> Option<Position> {
        match index {
            0 => Some(Position::origin(device)),
            _ => Some(Position { index, head: self.head(device, index)? }),
        }
    }
}
