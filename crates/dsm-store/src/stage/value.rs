//! Notes that can be spent, and what they rest on.

use dsm_log::SpendId;
use dsm_session::Held;

use super::Stage;
use crate::StoreError;
use crate::kv::{Snapshot, Table};
use crate::rows::{bytes, device_key, joined};

impl<S: Snapshot> Stage<'_, S> {
    /// A note that can be spent from now on. Held again it is the same note, and once spent it is never
    /// held again.
    pub(super) fn hold(&mut self, held: &Held) -> Result<(), StoreError> {
        let key = held.id().0.as_bytes().to_vec();
        if self.has(Table::Spent, &key)? {
            return Ok(());
        }
        if self.put_first(Table::Held, key, bytes(held))? {
            self.expose(held, u64::saturating_add)?;
        }
        Ok(())
    }

    /// An id that was spent is known for ever.
    pub(super) fn spend(&mut self, id: &SpendId) -> Result<(), StoreError> {
        let key = id.0.as_bytes().to_vec();
        self.put_first(Table::Spent, key.clone(), Vec::new())?;
        if let Some(held) = self.load::<Held>(Table::Held, &key)? {
            self.remove(Table::Held, key);
            self.expose(&held, u64::saturating_sub)?;
        }
        Ok(())
    }

    /// Counts a note in or out of the sums of the devices that it rests on.
    fn expose(&mut self, held: &Held, count: fn(u64, u64) -> u64) -> Result<(), StoreError> {
        let (token, amount) = (held.note.output.token, held.note.output.amount);
        for device in held.uncertified.iter() {
            let key = joined(device_key(device), token.0.as_bytes());
            let sum: Option<u64> = self.load(Table::Exposures, &key)?;
            match count(sum.unwrap_or(0), amount) {
                0 => self.remove(Table::Exposures, key),
                sum => self.put(Table::Exposures, key, bytes(&sum)),
            }
        }
        Ok(())
    }
}
