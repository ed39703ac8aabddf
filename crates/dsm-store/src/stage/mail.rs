//! How far letters have come: which entries open a relationship's secrets, and the next keys.

use dsm_core::{Entry, Op};
use dsm_log::DeviceId;
use dsm_session::Mail;

use super::Stage;
use crate::StoreError;
use crate::kv::{Snapshot, Table};
use crate::rows::{bytes, device_key};

impl<S: Snapshot> Stage<'_, S> {
    /// An entry that carries a secret, to a peer or from it. The first one counts.
    pub(super) fn carries(
        &mut self,
        peer: &DeviceId,
        entry: &Entry,
        own: bool,
    ) -> Result<(), StoreError> {
        if !entry.ops.iter().any(|op| matches!(op, Op::Open { .. })) {
            return Ok(());
        }
        let mut mail = self.kept(peer)?;
        let opened = if own { &mut mail.outbox.opened } else { &mut mail.inbox.opened };
        if opened.is_none() {
            *opened = Some(entry.index);
            self.put(Table::Mail, device_key(peer).to_vec(), bytes(&mail));
        }
        Ok(())
    }

    /// The letters came so far. What entries carried stays.
    pub(super) fn mail(&mut self, peer: &DeviceId, mail: &Mail) -> Result<(), StoreError> {
        let (kept, mut mail) = (self.kept(peer)?, mail.clone());
        mail.outbox.opened = kept.outbox.opened.or(mail.outbox.opened);
        mail.inbox.opened = kept.inbox.opened.or(mail.inbox.opened);
        self.put(Table::Mail, device_key(peer).to_vec(), bytes(&mail));
        Ok(())
    }

    fn kept(&self, peer: &DeviceId) -> Result<Mail, StoreError> {
        Ok(self.load(Table::Mail, device_key(peer))?.unwrap_or_default())
    }
}
