//! A device's own books in a store (`docs/store-format.md`, wallet).
//!
//! One writer: whoever holds the wallet. Facts are kept, never verdicts. A change is durable in
//! whole or not at all, and only then does memory follow. What is under a key that names it by hash
//! or by its place in a log is never replaced: the first wins.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use dsm_core::{OwnLog, Settings};
use dsm_log::{DeviceId, Network};
use dsm_merkle::TipTree;

use crate::StoreError;
use crate::books::Books;
use crate::changes::{Changes, Founding};
use crate::kv::{Kv, Row, Snapshot, Table};
use crate::rows::{
    FORMAT, KEY_FORMAT, KEY_FOUNDING, KEY_SETTINGS, bytes, damaged, device_key, load,
    settings_from, settings_to_vec, split,
};
use crate::stage::Stage;

/// A wallet in a store.
#[derive(Debug)]
pub struct Wallet<K> {
    pub(crate) kv: K,
    pub(crate) founding: Founding,
    pub(crate) me: DeviceId,
    pub(crate) settings: Settings,
    /// The tip tree of each log of one's own, rebuilt from its leaves when it is first asked for.
    pub(crate) trees: BTreeMap<DeviceId, OnceLock<TipTree>>,
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
        let rows = {
            let snapshot = kv.snapshot()?;
            let own = std::collections::BTreeSet::from([me]);
            let mut stage = Stage::new(&snapshot, me, founding.descriptor.network, own)?;
            stage.put(Table::Single, KEY_FORMAT.to_vec(), bytes(&FORMAT));
            stage.put(Table::Single, KEY_FOUNDING.to_vec(), bytes(&founding));
            let settings = settings_to_vec(&founding.settings)?;
            stage.put(Table::Single, KEY_SETTINGS.to_vec(), settings);
            stage.own_log(&OwnLog::new(me))?;
            stage.descriptor(&founding.descriptor)?;
            stage.finish().rows
        };
        kv.apply(&rows)?;
        let trees = BTreeMap::from([(me, OnceLock::new())]);
        Ok(Self { kv, settings: founding.settings.clone(), founding, me, trees })
    }

    /// Opens the wallet of a store.
    ///
    /// # Errors
    /// There is none, its format is another one, or the store fails.
    pub fn open(kv: K) -> Result<Self, StoreError> {
        let (founding, settings, trees) = {
            let snapshot = kv.snapshot()?;
            let found: Option<u64> = load(&snapshot, Table::Single, KEY_FORMAT)?;
            match found {
                None => return Err(StoreError::Missing),
                Some(FORMAT) => {}
                Some(found) => return Err(StoreError::Format { found, known: FORMAT }),
            }
            let founding: Option<Founding> = load(&snapshot, Table::Single, KEY_FOUNDING)?;
            let settings = snapshot.get(Table::Single, KEY_SETTINGS)?;
            let (founding, settings) =
                founding.zip(settings).ok_or_else(|| damaged(Table::Single))?;
            let mut trees = BTreeMap::new();
            snapshot.scan(Table::OwnLogs, &[], &mut |key, _| {
                let (device, _) = split(Table::OwnLogs, key)?;
                trees.insert(DeviceId(device), OnceLock::new());
                Ok(())
            })?;
            (founding, settings_from(&settings)?, trees)
        };
        let me = founding.descriptor.id();
        Ok(Self { kv, founding, me, settings, trees })
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

    /// The books as they are now.
    ///
    /// # Errors
    /// The store fails.
    pub fn books(&self) -> Result<Books<'_, K>, StoreError> {
        Ok(Books::new(self, self.kv.snapshot()?))
    }

    /// Keeps changes, durably, all or none. After an error nothing of them may leave the device, and
    /// the wallet is to be opened anew.
    ///
    /// # Errors
    /// The store fails, or the changes do not go on from what is kept; then nothing is kept.
    pub fn commit(&mut self, changes: &Changes) -> Result<(), StoreError> {
        let staged = {
            let snapshot = self.kv.snapshot()?;
            let own = self.trees.keys().copied().collect();
            let mut stage = Stage::new(&snapshot, self.me, self.network(), own)?;
            stage.take(changes)?;
            stage.finish()
        };
        if staged.rows.is_empty() {
            return Ok(());
        }
        self.kv.apply(&staged.rows)?;
        for device in staged.own {
            self.trees.entry(device).or_default();
        }
        for (device, key, tip) in staged.tips {
            if let Some(tree) = self.trees.get_mut(&device).and_then(OnceLock::get_mut) {
                let Ok(_) = tree.update(key, tip);
            }
        }
        if let Some(settings) = &changes.settings {
            self.settings = settings.clone();
        }
        Ok(())
    }

    /// Gives the store back.
    #[must_use]
    pub fn into_kv(self) -> K {
        self.kv
    }
}

/// What is to be written, and what memory follows with.
pub(crate) struct Staged {
    pub(crate) rows: Vec<Row>,
    pub(crate) own: std::collections::BTreeSet<DeviceId>,
    pub(crate) tips: Vec<(DeviceId, dsm_crypto::Digest, dsm_crypto::Digest)>,
}

/// How far a log of one's own has come.
pub(crate) fn own_log<S: Snapshot>(
    from: &S,
    device: &DeviceId,
) -> Result<Option<OwnLog>, StoreError> {
    load(from, Table::OwnLogs, device_key(device))
}
