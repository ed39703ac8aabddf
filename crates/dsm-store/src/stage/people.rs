//! Contacts: whose devices are pinned.

use dsm_core::Reject;
use dsm_core::identity::Card;
use dsm_encoding::Text;

use super::Stage;
use crate::StoreError;
use crate::changes::{Contact, MAX_NAME};
use crate::kv::{Snapshot, Table};
use crate::rows::{PeerRow, bytes, damaged, device_key};

impl<S: Snapshot> Stage<'_, S> {
    /// Pins the device of a card, or renames it. What was dealt with it stays; its place in the card is a
    /// claim and not learned.
    pub(super) fn contact(&mut self, contact: &Contact) -> Result<(), StoreError> {
        let active = match contact.card.roster(self.network) {
            Ok(_) => true,
            Err(Reject::NotEnrolled { .. }) => false,
            Err(reject) => return Err(StoreError::Card(reject)),
        };
        let device = contact.card.descriptor.id();
        let key = device_key(&device).to_vec();
        let name = contact.name.as_bytes().to_vec();
        let of: Option<Vec<u8>> = self.get(Table::Names, &name)?;
        if contact.name.is_empty() || of.is_some_and(|of| of != key) {
            return Err(StoreError::NameTaken { name: contact.name.clone() });
        }
        if let Some(before) = self.load::<(Text<MAX_NAME>, Card)>(Table::Contacts, &key)? {
            self.remove(Table::Names, before.0.as_bytes().to_vec());
        }
        let row = contact.row().map_err(|_| damaged(Table::Contacts))?;
        self.put(Table::Contacts, key.clone(), bytes(&row));
        self.put(Table::Names, name, key.clone());
        self.descriptor(&contact.card.descriptor)?;
        let peer: Option<PeerRow> = self.load(Table::Peers, &key)?;
        let none = PeerRow { active, tip: None, stitch: None, at: None };
        let peer = peer.map_or(none, |peer| PeerRow { active, ..peer });
        self.put(Table::Peers, key, bytes(&peer));
        Ok(())
    }
}
