//! A device's own books in a store (`docs/store-format.md`, wallet).
//!
//! One writer: whoever holds the wallet. Facts are kept, never verdicts. Changes are staged, and
//! become durable together, all or none; the books show what is staged, so whoever reads them says
//! nothing before [`Wallet::flush`]. What is under a key that names it by hash
//! or by its place in a log is never replaced: the first wins.

use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};

use dsm_core::{OwnLog, Settings};
use dsm_crypto::Digest;
use dsm_log::{Absorber, DeviceId, Network};

use crate::StoreError;
use crate::books::Books;
use crate::changes::{Changes, Founding};
use crate::kv::{Kv, Snapshot, Table};
use crate::nodes::{plant, tip};
use crate::overlay::{Overlay, Rows};
use crate::rows::{
    FORMAT, KEY_FORMAT, KEY_FOUNDING, KEY_MAKERS, KEY_SETTINGS, bytes, damaged, load, read,
    settings_from, split,
};
use crate::stage::Stage;

mod chip;

pub use chip::at_rest;

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
    /// What becomes durable while the wallet goes on.
    begun: Option<Begun>,
    /// What absorbs the heads of the own log, if they need that.
    chip: Option<Box<dyn Absorber>>,
    /// Whether a change may or may not have become durable, or what was staged was given up.
    broken: bool,
}

/// What becomes durable meanwhile, and where it is said that it is.
#[derive(Debug)]
struct Begun {
    rows: Arc<Rows>,
    done: Mutex<Receiver<Result<(), StoreError>>>,
    /// What was said.
    result: Option<Result<(), StoreError>>,
}

fn heard<T>(done: &mut Mutex<T>) -> &mut T {
    done.get_mut().unwrap_or_else(PoisonError::into_inner)
}

/// A store as it would be with what becomes durable and what is staged.
pub(crate) type Now<'a, K> = Overlay<'a, Overlay<'a, <K as Kv>::Snapshot<'a>>>;

static NOTHING: Rows = Rows::NONE;

/// Says whether something is durable, and wakes who waits for it, also if the store never says.
struct Tell<W: FnOnce()> {
    to: Option<Sender<Result<(), StoreError>>>,
    wake: Option<W>,
}

impl<W: FnOnce()> Tell<W> {
    fn say(mut self, result: Result<(), StoreError>) {
        // Whoever does not wait any more opens the wallet anew.
        let _ = self.to.take().map(|to| to.send(result));
    }
}

impl<W: FnOnce()> Drop for Tell<W> {
    fn drop(&mut self) {
        self.to = None;
        self.wake.take().into_iter().for_each(|wake| wake());
    }
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
            stage.settings(&founding.settings)?;
            stage.own_log(&OwnLog::new(me))?;
            stage.descriptor(&founding.descriptor)?;
            stage.finish()
        };
        kv.apply(&rows.into_list())?;
        let (settings, staged) = (founding.settings.clone(), Rows::default());
        let (begun, chip, broken) = (None, None, false);
        Ok(Self { kv, settings, founding, me, own, staged, begun, chip, broken })
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
                Some(2 | 3) => Some(Rows::default()),
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
            let makers = snapshot.get(Table::Single, KEY_MAKERS)?;
            (founding, settings_from(&settings, makers.as_deref())?, own)
        };
        let me = founding.descriptor.id();
        let (staged, begun, chip, broken) = (Rows::default(), None, None, false);
        Ok(Self { kv, founding, me, settings, own, staged, begun, chip, broken })
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
        Ok(Books::new(self, self.now()?))
    }

    /// The books as they are durable; what peers were told is as in [`Wallet::books`], since that can
    /// wait. Whatever is decided upon them and wants nothing kept rests on nothing that could be lost.
    ///
    /// # Errors
    /// The store fails.
    pub fn durable_books(&self) -> Result<Books<'_, K>, StoreError> {
        self.sound()?;
        let durable = Overlay::new(Overlay::new(self.kv.snapshot()?, &NOTHING), &NOTHING);
        Ok(Books::new(self, durable))
    }

    /// What a row becomes that is not durable yet.
    pub(crate) fn pending(&self, table: Table, key: &[u8]) -> Option<&Option<Vec<u8>>> {
        let begun = || self.begun.as_ref()?.rows.get(table, key);
        self.staged.get(table, key).or_else(begun)
    }

    fn now(&self) -> Result<Now<'_, K>, StoreError> {
        let begun = self.begun.as_ref().map_or(&NOTHING, |begun| &*begun.rows);
        Ok(Overlay::new(Overlay::new(self.kv.snapshot()?, begun), &self.staged))
    }

    /// Works changes out over what is kept and staged. The books show them from now on; they become
    /// durable with the next [`Wallet::flush`], all that is staged or none.
    ///
    /// # Errors
    /// The store fails, or the changes do not go on from what is there; then nothing of them is staged.
    pub fn stage(&mut self, changes: &Changes) -> Result<(), StoreError> {
        self.sound()?;
        let writes = changes.batch.written.iter().any(|written| written.log.device == self.me);
        if writes && self.is_anchored() && self.chip.is_none() {
            return Err(StoreError::NoChip);
        }
        let (rows, own) = {
            let base = self.now()?;
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

    /// Makes durable what is staged, all or none, and has the chip absorb what was written, if there is one; returns when all of
    /// that is durable. After an error nothing that
    /// rests on it may leave the device: the wallet does nothing more and is to be opened anew.
    ///
    /// # Errors
    /// The store fails.
    pub fn flush(&mut self) -> Result<(), StoreError> {
        self.land()?;
        if self.staged.is_empty() {
            return Ok(());
        }
        // It stays broken if this fails, or panics.
        self.broken = true;
        self.kv.apply(&std::mem::take(&mut self.staged).into_list())?;
        self.absorb()?;
        self.broken = false;
        Ok(())
    }

    /// Begins to make durable what is staged, all or none, while the wallet goes on: `wake` is called
    /// from any thread once it is known whether it is, perhaps before this returns. Whatever is read or
    /// staged from now on rests on it: nothing of that may leave the device before [`Wallet::land`].
    ///
    /// # Errors
    /// What was begun before failed.
    pub fn begin(&mut self, wake: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
        self.land()?;
        if self.chip.is_some() {
            // What the chip does comes after one commit and before another.
            self.flush()?;
            wake();
            return Ok(());
        }
        let rows = Arc::new(std::mem::take(&mut self.staged));
        let (to, done) = channel();
        let tell = Tell { to: Some(to), wake: Some(wake) };
        self.begun = Some(Begun { rows: Arc::clone(&rows), done: Mutex::new(done), result: None });
        self.kv.begin(rows, Box::new(|result| tell.say(result)));
        Ok(())
    }

    /// Whether [`Wallet::land`] would not wait.
    pub fn has_landed(&mut self) -> bool {
        let Some(Begun { done, result, .. }) = &mut self.begun else { return true };
        if result.is_none() {
            *result = match heard(done).try_recv() {
                Ok(result) => Some(result),
                Err(TryRecvError::Empty) => None,
                Err(TryRecvError::Disconnected) => Some(Err(StoreError::Reopen)),
            };
        }
        result.is_some()
    }

    /// Returns when what was begun is durable. After an error nothing that rests on it may leave the
    /// device, as after [`Wallet::flush`].
    ///
    /// # Errors
    /// The store fails.
    pub fn land(&mut self) -> Result<(), StoreError> {
        self.sound()?;
        let Some(Begun { mut done, result, .. }) = self.begun.take() else { return Ok(()) };
        let result =
            result.or_else(|| heard(&mut done).recv().ok()).unwrap_or(Err(StoreError::Reopen));
        self.broken = result.is_err();
        result
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

    /// Gives the store back, once what was begun is over: also after an error, lest it become durable
    /// under whoever opens the store anew.
    #[must_use]
    pub fn into_kv(mut self) -> K {
        if let Some(Begun { mut done, result: None, .. }) = self.begun.take() {
            // How it ended shows when the store is opened again.
            let _ = heard(&mut done).recv();
        }
        self.kv
    }
}
