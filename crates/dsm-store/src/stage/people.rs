//! Contacts: whose devices are pinned, and which of them are active.

use dsm_core::Reject;
use dsm_core::identity::{Card, IdentityId};
use dsm_log::DeviceId;

use super::Stage;
use crate::StoreError;
use crate::changes::{Contact, ContactRow, MAX_NAME};
use crate::kv::{Snapshot, Table};
use crate::rows::{PeerRow, bytes, damaged, device_key, read};

impl<S: Snapshot> Stage<'_, S> {
    /// Pins the device of a card, or renames it. What was dealt with it stays; its place in the card
    /// is a claim and not learned.
    pub(super) fn contact(&mut self, contact: &Contact) -> Result<(), StoreError> {
        match contact.card.roster(self.network) {
            Ok(_) | Err(Reject::NotEnrolled { .. }) => {}
            Err(reject) => return Err(StoreError::Card(reject)),
        }
        let device = contact.card.descriptor.id();
        let key = device_key(&device).to_vec();
        let name = contact.name.as_bytes().to_vec();
        if name.is_empty() || name.len() > MAX_NAME {
            return Err(StoreError::NameLength { most: MAX_NAME });
        }
        if self.get(Table::Names, &name)?.is_some_and(|of| of != key) {
            return Err(StoreError::NameTaken { name: contact.name.clone() });
        }
        let mut contact = contact.clone();
        if let Some(row) = self.load::<ContactRow>(Table::Contacts, &key)? {
            let before = Contact::from_row(row);
            self.remove(Table::Names, before.name.into_bytes());
            // The recovery key is public, so anyone can write a genesis that names it.
            if before.card.genesis.id() != contact.card.genesis.id() {
                return Err(StoreError::Card(Reject::Owner { device }));
            }
            // A card never takes back what a later one showed.
            if before.card.steps.len() > contact.card.steps.len() {
                contact.card = before.card;
            }
        }
        let row = contact.row().map_err(|_| damaged(Table::Contacts))?;
        self.put(Table::Contacts, key.clone(), bytes(&row));
        self.put(Table::Names, name, key.clone());
        self.descriptor(&contact.card.descriptor)?;
        let none = PeerRow { active: false, tip: None, stitch: None, at: None };
        self.put_first(Table::Peers, key, bytes(&none))?;
        self.enrol(&contact.card.genesis.id())
    }

    /// Deals nothing with a contact from now on, or deals with it again. What was dealt stays.
    pub(super) fn block(&mut self, device: &DeviceId, blocked: bool) -> Result<(), StoreError> {
        let key = device_key(device).to_vec();
        if !self.has(Table::Contacts, &key)? {
            return Err(StoreError::NoContact { device: *device });
        }
        self.mark(Table::Blocked, key, blocked);
        Ok(())
    }

    /// Of all pinned devices of an owner, those in the newest roster that is known are active.
    fn enrol(&mut self, owner: &IdentityId) -> Result<(), StoreError> {
        let cards: Vec<Card> =
            self.cards()?.into_iter().filter(|card| card.genesis.id() == *owner).collect();
        let newest = cards.iter().max_by_key(|card| card.steps.len());
        let roster = newest.map(|card| (card.descriptor.id(), card.roster(self.network)));
        for card in &cards {
            let device = card.descriptor.id();
            let active = match &roster {
                Some((_, Ok(roster))) => roster.devices().contains(&device),
                // A card of a retired device says of that device only.
                Some((retired, Err(_))) => *retired != device && card.roster(self.network).is_ok(),
                None => false,
            };
            self.activate(&device, active)?;
        }
        Ok(())
    }

    fn activate(&mut self, device: &DeviceId, active: bool) -> Result<(), StoreError> {
        let key = device_key(device).to_vec();
        match self.load::<PeerRow>(Table::Peers, &key)? {
            Some(peer) if peer.active != active => {
                self.put(Table::Peers, key, bytes(&PeerRow { active, ..peer }));
                Ok(())
            }
            Some(_) => Ok(()),
            None => Err(damaged(Table::Peers)),
        }
    }

    /// The cards of all contacts, those of this change among them.
    fn cards(&self) -> Result<Vec<Card>, StoreError> {
        let mut cards = Vec::new();
        self.now().scan(Table::Contacts, &[], &mut |_, row| {
            cards.push(Contact::from_row(read(Table::Contacts, row)?).card);
            Ok(())
        })?;
        Ok(cards)
    }
}
