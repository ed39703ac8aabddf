//! Lets many callers in at once, and keeps strangers from keeping contacts out.
//!
//! Always true: there are at most so many callers who are not known yet and so many who are, each with
//! a thread; nothing is allocated for more. A caller keeps its place until it was told how its visit
//! went, and gives it back however its thread ends. When there is no room for a new caller, the one who has been
//! unknown for longest is hung up: a contact is known a moment after it called, and whoever only waits,
//! trickles or floods is not. A contact's link stays for its next conversation; it rests meanwhile, and when
//! there is no room for another contact the one that has rested for longest is hung up.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dsm_crypto::{Domain, KemPublic, KemSecret, Secret};
use dsm_link::{Link, Traffic};
use dsm_log::{DeviceId, Network};
use dsm_session::Goal;
use dsm_store::Kv;

use crate::converse::greeting;
use crate::event::Conversation;
use crate::inbox::Inbox;
use crate::{ConverseError, Engine, Secure, SecureError, Stopwatch, VisitError};

/// How long a caller who was hung up holds up a new one.
const PATIENCE: Duration = Duration::from_secs(1);

/// The most calls of one contact at a time; one more takes the place of its first.
const MAX_OF_ONE: usize = 2;

/// The most conversations on one link: none lasts for ever, and so no channel.
const MAX_VISITS: u64 = 1 << 12;

/// Ends a link from another thread.
pub type HangUp = Box<dyn FnOnce() + Send>;

/// Where callers come in.
pub struct Lobby<K: Kv> {
    shared: Arc<Shared>,
    pub(crate) inbox: Inbox<K>,
}

impl<K: Kv> Clone for Lobby<K> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), inbox: self.inbox.clone() }
    }
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
    known: BTreeMap<Conversation, Known>,
}

/// A caller who is known.
struct Known {
    device: DeviceId,
    hang_up: Option<HangUp>,
    /// If its link rests: the name of its next conversation.
    rests: Option<Conversation>,
}

impl Known {
    /// Whoever rests goes first, of these who has done so for longest; then whoever called first.
    fn last_heard(&self) -> (bool, Option<Conversation>) {
        (self.rests.is_none(), self.rests)
    }
}

/// How a visit went.
#[derive(Debug)]
pub struct Visit {
    /// Which conversation it was.
    pub of: Conversation,
    /// Who it was, if it said.
    pub peer: Option<DeviceId>,
    /// What went over the medium, with the handshake if it was the first on its link.
    pub traffic: Traffic,
    /// How long it took, after the handshake. On a link that rested, from the first word.
    pub time: Duration,
    /// How it ended.
    pub result: Result<(), VisitError>,
}

impl<K: Kv + 'static> Lobby<K> {
    /// A lobby of a running engine with room for so many callers who are not known yet, and for as many
    /// who are.
    pub fn new(engine: &Engine<K>, inbox: Inbox<K>, most: usize) -> Self {
        let network = engine.wallet().network();
        let kem = Arc::clone(&engine.kem);
        let (places, left) = (Mutex::default(), Condvar::new());
        Self { shared: Arc::new(Shared { network, kem, most: most.max(1), places, left }), inbox }
    }

    pub(crate) fn network(&self) -> Network {
        self.shared.network
    }

    /// Calls the owner of a pinned KEM key over a link, with 32 fresh bytes, while the engine runs.
    ///
    /// # Errors
    /// [`SecureError`].
    pub fn call<L: Link>(
        &self,
        link: L,
        peer: &KemPublic,
        fresh: Secret<32>,
    ) -> Result<Secure<L>, SecureError> {
        Secure::call(link, self.shared.network, &self.shared.kem, peer, fresh)
    }

    /// Lets a caller in: answers it, and holds one conversation after the other, on a thread of its
    /// own, until either side leaves. Waits for room if there is none. `fresh` are 32 bytes for the
    /// channel and 32 for the conversations; `over` hears how each went, and says whether the link
    /// stays for another one. It is dropped once the link is gone. Gives the name of the first
    /// conversation.
    ///
    /// # Errors
    /// There is no thread for it.
    pub fn admit<L: Link + Send + 'static>(
        &self,
        link: L,
        hang_up: HangUp,
        goal: Goal,
        fresh: (Secret<32>, Secret<32>),
        mut over: impl FnMut(Visit) -> bool + Send + 'static,
    ) -> Result<Conversation, std::io::Error> {
        let first = self.inbox.conversation();
        self.shared.enter(first, hang_up);
        let place = Place { shared: Arc::clone(&self.shared), of: first };
        let lobby = self.clone();
        let thread = std::thread::Builder::new().name(format!("caller {}", first.0));
        thread.spawn(move || {
            let _place = place;
            lobby.serve(first, link, &goal, fresh, &mut over);
        })?;
        Ok(first)
    }

    /// Conversations on one link, the first of which gives it its name.
    fn serve<L: Link>(
        &self,
        first: Conversation,
        link: L,
        goal: &Goal,
        (fresh, salts): (Secret<32>, Secret<32>),
        over: &mut dyn FnMut(Visit) -> bool,
    ) {
        let Shared { network, kem, .. } = &*self.shared;
        let mut link = match Secure::answer(link, *network, kem, fresh) {
            Ok(link) => link,
            Err(error) => {
                let (traffic, time) = Default::default();
                let result = Err(VisitError::Secure(error));
                over(Visit { of: first, peer: None, traffic, time, result });
                return;
            }
        };
        let (mut of, mut heard, mut before) = (first, None, Traffic::default());
        for number in 0..MAX_VISITS {
            let salt = *salts.derive(Domain::Seed, &("conversation", number)).expose();
            let (mut peer, clock) = (None, Stopwatch::start());
            let mut met = |device| {
                peer = Some(device);
                if of == first { self.shared.meet(first, device) } else { Ok(()) }
            };
            let how = (goal.clone(), salt);
            let result = self.inbox.answer(of, &mut link, how, heard.take(), &mut met);
            let (result, time) = (result.map_err(VisitError::Converse), clock.elapsed());
            let (after, stays) = (link.traffic(), result.is_ok());
            let traffic = after.since(std::mem::replace(&mut before, after));
            if !over(Visit { of, peer, traffic, time, result }) || !stays {
                return;
            }
            of = self.inbox.conversation();
            self.shared.rest(first, Some(of));
            // It leaves, or says nothing for too long: that is no failure of any conversation.
            let Ok(next) = greeting(&mut link) else { return };
            heard = Some(next);
            self.shared.rest(first, None);
        }
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
        let calls = places.known.values_mut().filter(|one| one.device == device);
        let calls: Vec<_> = calls.collect();
        if calls.len() >= MAX_OF_ONE {
            hang_up_one(calls.into_iter());
        }
        while places.known.len() >= self.most {
            // One goes for one who comes: perhaps somebody is on the way out.
            if places.known.values().all(|one| one.hang_up.is_some())
                && !hang_up_one(places.known.values_mut().filter(|one| one.rests.is_some()))
            {
                return Err(ConverseError::Busy);
            }
            places = self.left.wait(places).unwrap_or_else(PoisonError::into_inner);
        }
        places.unknown.remove(&of);
        places.known.insert(of, Known { device, hang_up: Some(hang_up), rests: None });
        self.left.notify_all();
        Ok(())
    }

    /// Notes that a link waits for its next conversation, of this name, or does not any more.
    fn rest(&self, of: Conversation, next: Option<Conversation>) {
        if let Some(one) = self.places().known.get_mut(&of) {
            one.rests = next;
        }
    }

    fn leave(&self, of: Conversation) {
        let mut places = self.places();
        places.unknown.remove(&of);
        places.known.remove(&of);
        self.left.notify_all();
    }
}

/// Hangs up one of these who is there; says whether there was one.
fn hang_up_one<'k>(ones: impl Iterator<Item = &'k mut Known>) -> bool {
    let one = ones.filter(|one| one.hang_up.is_some()).min_by_key(|one| one.last_heard());
    let hang_up = one.and_then(|one| one.hang_up.take());
    let any = hang_up.is_some();
    hang_up.into_iter().for_each(|hang_up| hang_up());
    any
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
