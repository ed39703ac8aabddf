//! A device's own books in a store (`docs/store-format.md`, wallet).
//!
//! One writer: whoever holds the wallet. Facts are kept, never verdicts. Changes are staged, and
//! become durable together, all or none; the books show what is staged, so whoever reads them says
//! nothing before [`Wallet::flush`]. What is under a key that names it by hash
//! or by its place in a log is never replaced: the first wins.

use std::collections::BTreeSet;

use dsm_core::{OwnLog, Settings};
use dsm_crypto::Digest;
use dsm_log::{DeviceId, Network};

use crate::StoreError;
use crate::books::Books;
use crate::changes::{Changes, Founding};
use crate::kv::{Kv, Snapshot, Table};
use crate::nodes::{plant, tip};
use crate::overlay::{Overlay, Rows};
use crate::rows::{
    FORMAT, KEY_FORMAT, KEY_FOUNDING, KEY_SETTINGS, bytes, damaged, load, read, settings_from,
    settings_to_vec, split,
};
use crate::stage::Stage;

/// A wallet in a store.
#[derive(Debug)]
pub struct Wallet<K> {
    pub(crate) kv: K,
    pub(crate) founding: Founding,
    pub(crate) me: DeviceId,
    pub(crate) settings: Settings,
    /// The devices whose logs are one's own.
    pub(crate) own: BTreeSet<DeviceId>,
    /// What is worked out and not durable yet.
    pub(crate) staged: Rows,
    /// Whether a change may or may not have become durable, or what was staged was given up.
    broken: bool,
}

impl<K: Kv> Wallet<K> {
    /// Begins a wallet in an empty store.
    ///
    /// # Errors
    /// There is a wallet already, or the store fails.
    pub fn create(mut kv: K, founding: Founding) -> Result<Self, StoreError> {
        if kv.snapshot()?.get(Table::Single, KEY_FORMAT)?.is_some() {
            return Err(StoreError::Exists);
        }
        let me = founding.descriptor.id();
        let (rows, own) = {
            let snapshot = kv.snapshot()?;
            let own = BTreeSet::from([me]);
            let mut stage = Stage::new(&snapshot, me, founding.descriptor.network, own)?;
            stage.put(Table::Single, KEY_FORMAT.to_vec(), bytes(&FORMAT));
            stage.put(Table::Single, KEY_FOUNDING.to_vec(), bytes(&founding));
            let settings = settings_to_vec(&founding.settings)?;
            stage.put(Table::Single, KEY_SETTINGS.to_vec(), settings);
            stage.own_log(&OwnLog::new(me))?;
            stage.descriptor(&founding.descriptor)?;
            stage.finish()
        };
        kv.apply(&rows.into_list())?;
        let (settings, staged) = (founding.settings.clone(), Rows::default());
        Ok(Self { kv, settings, founding, me, own, staged, broken: false })
    }

    /// Opens the wallet of a store. One of an earlier format is rewritten, in one change.
    ///
    /// # Errors
    /// There is none, its format is another one, or the store fails.
    pub fn open(mut kv: K) -> Result<Self, StoreError> {
        let upgrade = {
            let snapshot = kv.snapshot()?;
            match load(&snapshot, Table::Single, KEY_FORMAT)? {
                None => return Err(StoreError::Missing),
                Some(FORMAT) => None,
                Some(1_u64) => Some(plant(&snapshot)?),
                // It lacks tables, and what is in them is nothing.
                Some(2) => Some(Rows::default()),
                Some(found) => return Err(StoreError::Format { found, known: FORMAT }),
            }
        };
        if let Some(mut rows) = upgrade {
            rows.set(Table::Single, KEY_FORMAT.to_vec(), Some(bytes(&FORMAT)));
            kv.apply(&rows.into_list())?;
        }
        let (founding, settings, own) = {
            let snapshot = kv.snapshot()?;
            let founding: Option<Founding> = load(&snapshot, Table::Single, KEY_FOUNDING)?;
            let settings = snapshot.get(Table::Single, KEY_SETTINGS)?;
            let (founding, settings) =
                founding.zip(settings).ok_or_else(|| damaged(Table::Single))?;
            let mut own = BTreeSet::new();
            snapshot.scan(Table::OwnLogs, &[], &mut |key, log| {
                let (device, _) = split(Table::OwnLogs, key)?;
                let log: OwnLog = read(Table::OwnLogs, log)?;
                own.insert(DeviceId(device));
                // The root must be the one that the log commits to; the rest is seen when it is read.
                tip(&snapshot, &log, &Digest::ZERO).map(|_| ())
            })?;
            (founding, settings_from(&settings)?, own)
        };
        let me = founding.descriptor.id();
        let staged = Rows::default();
        Ok(Self { kv, founding, me, settings, own, staged, broken: false })
    }

    /// The device that pays and is paid.
    #[must_use]
    pub fn me(&self) -> DeviceId {
        self.me
    }

    /// The network on which it lives.
    #[must_use]
    pub fn network(&self) -> Network {
        self.founding.descriptor.network
    }

    /// What it is from its first moment on.
    #[must_use]
    pub fn founding(&self) -> &Founding {
        &self.founding
    }

    /// The books as they are now, with what is staged.
    ///
    /// # Errors
    /// The store fails.
    pub fn books(&self) -> Result<Books<'_, K>, StoreError> {
        self.sound()?;
        Ok(Books::new(self, self.kv.snapshot()?))
    }

    /// Works changes out over what is kept and staged. The books show them from now on; they become
    /// durable with the next [`Wallet::flush`], all that is staged or none.
    ///
    /// # Errors
    /// The store fails, or the changes do not go on from what is there; then nothing of them is staged.
    pub fn stage(&mut self, changes: &Changes) -> Result<(), StoreError> {
        self.sound()?;
        let (rows, own) = {
            let base = Overlay::new(self.kv.snapshot()?, &self.staged);
            let mut stage = Stage::new(&base, self.me, self.network(), self.own.clone())?;
            stage.take(changes)?;
            stage.finish()
        };
        self.staged.extend(rows);
        self.own = own;
        if let Some(settings) = &changes.settings {
            self.settings = settings.clone();
        }
        Ok(())
    }

    /// Makes durable what is staged, all or none, and returns when it is. After an error nothing that
    /// rests on it may leave the device: the wallet does nothing more and is to be opened anew.
    ///
    /// # Errors
    /// The store fails.
    pub fn flush(&mut self) -> Result<(), StoreError> {
        self.sound()?;
        if self.staged.is_empty() {
            return Ok(());
        }
        // It stays broken if this fails, or panics.
        self.broken = true;
        self.kv.apply(&std::mem::take(&mut self.staged).into_list())?;
        self.broken = false;
        Ok(())
    }

    /// Keeps changes, and what was staged before, durably, all or none.
    ///
    /// # Errors
    /// As [`Wallet::stage`] and [`Wallet::flush`].
    pub fn commit(&mut self, changes: &Changes) -> Result<(), StoreError> {
        self.stage(changes)?;
        self.flush()
    }

    /// Gives up what is staged, because not all that belongs to it could be: the wallet does nothing
    /// more and is to be opened anew.
    pub fn give_up(&mut self) {
        self.staged = Rows::default();
        self.broken = true;
    }

    fn sound(&self) -> Result<(), StoreError> {
        if self.broken { Err(StoreError::Reopen) } else { Ok(()) }
    }

    /// Gives the store back.
    #[must_use]
    pub fn into_kv(self) -> K {
        self.kv
    }
}
