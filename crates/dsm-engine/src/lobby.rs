//! Lets many callers in at once, and keeps strangers from keeping contacts out.
//!
//! Always true: there are at most so many callers who are not known yet and so many who are, each with
//! a thread; nothing is allocated for more. A caller keeps its place until it was told how its visit
//! went, and gives it back however its thread ends. When there is no room for a new caller, the one who has been
//! unknown for longest is hung up: a contact is known a moment after it called, and whoever only waits,
//! trickles or floods is not.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dsm_crypto::{KemSecret, Secret};
use dsm_link::{Link, Traffic};
use dsm_log::{DeviceId, Network, Nonce};
use dsm_session::Goal;
use dsm_store::Kv;

use crate::event::Conversation;
use crate::inbox::Inbox;
use crate::{ConverseError, Engine, Secure, Stopwatch, VisitError};

/// How long a caller who was hung up holds up a new one.
const PATIENCE: Duration = Duration::from_secs(1);

/// The most calls of one contact at a time; one more takes the place of its first.
const MAX_OF_ONE: usize = 2;

/// Ends a link from another thread.
pub type HangUp = Box<dyn FnOnce() + Send>;

/// Where callers come in.
#[derive(Clone)]
pub struct Lobby {
    shared: Arc<Shared>,
    inbox: Inbox,
}

struct Shared {
    network: Network,
    kem: Arc<KemSecret>,
    most: usize,
    places: Mutex<Places>,
    left: Condvar,
}

/// Who is there, in the order of their calls.
#[derive(Default)]
struct Places {
    unknown: BTreeMap<Conversation, Option<HangUp>>,
    known: BTreeMap<Conversation, (DeviceId, Option<HangUp>)>,
}

/// How a visit went.
#[derive(Debug)]
pub struct Visit {
    /// Which conversation it was.
    pub of: Conversation,
    /// Who it was, if it said.
    pub peer: Option<DeviceId>,
    /// What went over the medium.
    pub traffic: Traffic,
    /// How long it took, after the handshake.
    pub time: Duration,
    /// How it ended.
    pub result: Result<(), VisitError>,
}

impl Lobby {
    /// A lobby of a running engine with room for so many callers who are not known yet, and for as many
    /// who are.
    pub fn new<K: Kv>(engine: &Engine<K>, inbox: Inbox, most: usize) -> Self {
        let network = engine.wallet().network();
        let kem = Arc::clone(&engine.kem);
        let (places, left) = (Mutex::default(), Condvar::new());
        Self { shared: Arc::new(Shared { network, kem, most: most.max(1), places, left }), inbox }
    }

    /// Lets a caller in: answers it, and holds a conversation, on a thread of its own. Waits for room
    /// if there is none. `fresh` are 32 bytes for the channel and 32 for the conversation; `over`
    /// hears how it went.
    ///
    /// # Errors
    /// There is no thread for it.
    pub fn admit<L: Link + Send + 'static>(
        &self,
        link: L,
        hang_up: HangUp,
        goal: Goal,
        fresh: (Secret<32>, Nonce),
        over: impl FnOnce(Visit) + Send + 'static,
    ) -> Result<Conversation, std::io::Error> {
        let of = self.inbox.conversation();
        self.shared.enter(of, hang_up);
        let place = Place { shared: Arc::clone(&self.shared), of };
        let lobby = self.clone();
        let thread = std::thread::Builder::new().name(format!("caller {}", of.0));
        thread.spawn(move || {
            let _place = place;
            over(lobby.visit(of, link, goal, fresh));
        })?;
        Ok(of)
    }

    fn visit<L: Link>(
        &self,
        of: Conversation,
        link: L,
        goal: Goal,
        (fresh, nonce): (Secret<32>, Nonce),
    ) -> Visit {
        let Shared { network, kem, .. } = &*self.shared;
        let mut peer = None;
        let (mut traffic, mut time) = (Traffic::default(), Duration::ZERO);
        let result = match Secure::answer(link, *network, kem, fresh) {
            Err(error) => Err(VisitError::Secure(error)),
            Ok(mut link) => {
                let clock = Stopwatch::start();
                let mut met = |device| {
                    peer = Some(device);
                    self.shared.meet(of, device)
                };
                let result = self.inbox.converse(of, &mut link, (goal, nonce), &mut met);
                (traffic, time) = (link.traffic(), clock.elapsed());
                result.map_err(VisitError::Converse)
            }
        };
        Visit { of, peer, traffic, time, result }
    }
}

impl Shared {
    fn places(&self) -> MutexGuard<'_, Places> {
        // Whoever panicked changed a map and nothing else.
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes room and takes it.
    fn enter(&self, of: Conversation, hang_up: HangUp) {
        let mut places = self.places();
        let mut impatient = false;
        while places.unknown.len() >= self.most {
            // One goes for one who comes: whoever has no way to be hung up is on its way already.
            let nobody_goes = places.unknown.values().all(Option::is_some);
            if (nobody_goes || impatient)
                && let Some(hang_up) = places.unknown.values_mut().find_map(Option::take)
            {
                hang_up();
            }
            let waited = self.left.wait_timeout(places, PATIENCE);
            let (left, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            (places, impatient) = (left, timeout.timed_out());
        }
        places.unknown.insert(of, Some(hang_up));
    }

    /// A caller proved to be a contact.
    fn meet(&self, of: Conversation, device: DeviceId) -> Result<(), ConverseError> {
        let mut places = self.places();
        // It was hung up already.
        let Some(Some(hang_up)) = places.unknown.get_mut(&of).map(Option::take) else {
            return Err(ConverseError::HungUp);
        };
        let calls = places.known.values_mut().filter(|(other, _)| *other == device);
        let mut calls: Vec<_> = calls.collect();
        if calls.len() >= MAX_OF_ONE
            && let Some(hang_up) = calls.iter_mut().find_map(|(_, hang_up)| hang_up.take())
        {
            hang_up();
        }
        while places.known.len() >= self.most {
            if places.known.values().all(|(_, hang_up)| hang_up.is_some()) {
                return Err(ConverseError::Busy);
            }
            // Somebody is on the way out.
            places = self.left.wait(places).unwrap_or_else(PoisonError::into_inner);
        }
        places.unknown.remove(&of);
        places.known.insert(of, (device, Some(hang_up)));
        self.left.notify_all();
        Ok(())
    }

    fn leave(&self, of: Conversation) {
        let mut places = self.places();
        places.unknown.remove(&of);
        places.known.remove(&of);
        self.left.notify_all();
    }
}

/// A place that is given back however the thread ends that has it.
struct Place {
    shared: Arc<Shared>,
    of: Conversation,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.leave(self.of);
    }
}
