//! Connections of programs: who has not shown the token yet keeps out nobody who has it.
//!
//! A connection is a stranger until a request on it shows the token. A stranger has two seconds and one
//! request, and the oldest one goes when too many come; so another user of this machine, who cannot know the
//! token, takes up no place of those who do.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// The most connections that showed the token.
const MAX_KNOWN: usize = 64;
/// The most that did not.
const MAX_STRANGERS: usize = 256;
/// How long a connection may take to show it.
pub(crate) const MOMENT: Duration = Duration::from_secs(2);

/// Where connections come in.
pub(crate) struct Door {
    known: Arc<Semaphore>,
    strangers: Mutex<Strangers>,
}

#[derive(Default)]
struct Strangers {
    count: u64,
    /// In the order in which they came.
    all: BTreeMap<u64, Arc<Notify>>,
}

impl Door {
    pub(crate) fn new() -> Arc<Self> {
        let known = Arc::new(Semaphore::new(MAX_KNOWN));
        Arc::new(Self { known, strangers: Mutex::default() })
    }

    fn strangers(&self) -> MutexGuard<'_, Strangers> {
        // Whoever panicked left a list that is right.
        self.strangers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A stranger comes in; perhaps the oldest one has to go.
    pub(crate) fn enter(self: &Arc<Self>) -> Arc<Seat> {
        let mut strangers = self.strangers();
        if strangers.all.len() >= MAX_STRANGERS
            && let Some((_, oldest)) = strangers.all.pop_first()
        {
            oldest.notify_one();
        }
        let (number, goes) = (strangers.count, Arc::new(Notify::new()));
        strangers.count = strangers.count.wrapping_add(1);
        strangers.all.insert(number, Arc::clone(&goes));
        let (place, shown) = (Mutex::new(None), Notify::new());
        Arc::new(Seat { door: Arc::clone(self), number, goes, shown, place })
    }
}

/// One connection, as long as it lasts.
pub(crate) struct Seat {
    door: Arc<Door>,
    number: u64,
    goes: Arc<Notify>,
    shown: Notify,
    place: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Seat {
    /// The token was shown; false if there is no place for one more who did.
    pub(crate) fn show(&self) -> bool {
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        if place.is_some() {
            return true;
        }
        let Ok(free) = Arc::clone(&self.door.known).try_acquire_owned() else { return false };
        *place = Some(free);
        self.door.strangers().all.remove(&self.number);
        self.shown.notify_one();
        true
    }

    /// Returns when the token was shown.
    pub(crate) async fn shown(&self) {
        self.shown.notified().await;
    }

    /// Returns when a stranger has to go.
    pub(crate) async fn is_over(&self) {
        tokio::select! {
            () = self.goes.notified() => {}
            () = tokio::time::sleep(MOMENT) => {}
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.door.strangers().all.remove(&self.number);
    }
}
