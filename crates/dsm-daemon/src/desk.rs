//! A running wallet, from the side of requests.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dsm_clock::{HeaderFile, now};
use dsm_core::identity::Card;
use dsm_crypto::Secret;
use dsm_engine::{Engine, Inbox, Lobby, mark};
use dsm_home::{Home, OpenKeys, fresh};
use dsm_log::DeviceId;
use dsm_report::{Event, FeedReport, Height, HeightReport, PolicyDraft, Token};
use dsm_session::{Goal, Request};
use dsm_store::{Books, FileKv};
use dsm_transport::Place;
use tokio::sync::Semaphore;

use crate::hub::Hub;
use crate::meetings::Meetings;
use crate::problem::Problem;

/// The most calls of this wallet at once.
const MAX_CALLS: usize = 16;

/// A running wallet.
pub(crate) struct Desk {
    home: Home,
    keys: Mutex<OpenKeys>,
    pub(crate) inbox: Inbox<FileKv>,
    pub(crate) lobby: Lobby<FileKv>,
    pub(crate) hub: Hub,
    pub(crate) meetings: Meetings,
    /// Where it waits for callers.
    pub(crate) places: Vec<String>,
    /// What it asks of whoever calls.
    ask: Mutex<Option<Request>>,
    /// Whom it pays at the moment: one payment at a time to each, so that none is written twice.
    paying: Mutex<BTreeMap<DeviceId, ()>>,
    calls: Semaphore,
    /// What the feeds of Bitcoin's headers said last.
    feeds: Mutex<Vec<FeedReport>>,
}

impl Desk {
    pub(crate) fn new(
        (home, keys): (Home, OpenKeys),
        inbox: Inbox<FileKv>,
        lobby: Lobby<FileKv>,
        places: Vec<String>,
    ) -> Self {
        let (ask, paying, feeds) = Default::default();
        let calls = Semaphore::new(MAX_CALLS);
        let keys = Mutex::new(keys);
        let (hub, meetings) = (Hub::new(), Meetings::new());
        Self { home, keys, inbox, lobby, hub, meetings, places, ask, paying, calls, feeds }
    }

    fn ask(&self) -> MutexGuard<'_, Option<Request>> {
        // Whoever panicked changed nothing by halves.
        self.ask.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a token, between two turns of the engine.
    pub(crate) async fn make_token(self: &Arc<Self>, draft: PolicyDraft) -> Result<Token, Problem> {
        let desk = Arc::clone(self);
        self.errand(move |engine| {
            // Whoever panicked wrote the keys as a whole, or not.
            let mut keys = desk.keys.lock().unwrap_or_else(PoisonError::into_inner);
            let policy = |issuer: &_, floor| draft.policy(issuer, floor).map_err(Problem::from);
            let policy = desk.home.make_token(engine, &mut keys, policy)?;
            Ok(Token::new(&engine.wallet().books()?, &policy))
        })
        .await
    }

    /// Keeps what the feeds said.
    pub(crate) fn heard(&self, said: Vec<FeedReport>) {
        *self.feeds.lock().unwrap_or_else(PoisonError::into_inner) = said;
    }

    /// Where the file of headers lies.
    pub(crate) fn headers_path(&self) -> PathBuf {
        self.home.headers_path()
    }

    /// How high Bitcoin's chain is, as its file says, whoever writes that.
    pub(crate) fn height(&self) -> Result<HeightReport, Problem> {
        let read = HeaderFile::read(&self.home.headers_path());
        let chain = read.map_err(|error| Problem::Conflict(error.to_string()))?;
        let bitcoin = chain.and_then(|chain| Height::of(&chain, now()));
        let feeds = self.feeds.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(HeightReport { bitcoin, feeds })
    }

    /// What whoever calls is told.
    pub(crate) fn goal(&self) -> Goal {
        Goal::Receive { ask: self.asked() }
    }

    pub(crate) fn asked(&self) -> Option<Request> {
        self.ask().clone()
    }

    pub(crate) fn ask_for(&self, request: Option<Request>) {
        *self.ask() = request;
    }

    /// Lets something be done with the engine between two turns, on a thread that may wait.
    pub(crate) async fn errand<T: Send + 'static>(
        self: &Arc<Self>,
        act: impl FnOnce(&mut Engine<FileKv>) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.aside(move |desk| desk.inbox.errand(act)?).await
    }

    /// Looks at the books.
    pub(crate) async fn look<T: Send + 'static>(
        self: &Arc<Self>,
        look: impl FnOnce(&Books<'_, FileKv>) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.errand(move |engine| {
            let books = engine.wallet().books()?;
            let seen = look(&books);
            // What was read of a store that fails counts for nothing.
            books.check()?;
            seen
        })
        .await
    }

    /// Does something that waits, beside the requests. It goes on if the client leaves.
    pub(crate) async fn aside<T: Send + 'static>(
        self: &Arc<Self>,
        act: impl FnOnce(&Self) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let desk = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || act(&desk)).await;
        done.map_err(|_| Problem::Stopped)?
    }

    /// Calls a contact at a place; gives what was told and how it ended.
    pub(crate) fn call(
        &self,
        place: &Place,
        card: &Card,
        goal: Goal,
    ) -> (Vec<Event>, Result<(), Problem>) {
        let of = self.inbox.conversation();
        let collected = self.hub.collect(of);
        let ended = (|| {
            let _turn = self.calls.try_acquire().map_err(|_| Problem::Busy)?;
            let device = card.descriptor.id();
            let link = place.call(fresh()?, &|salt| mark(Some(&device), salt));
            let link = link.map_err(|error| {
                Problem::Away(format!(
                    "nobody answers at {place} ({error}); is the other side waiting?"
                ))
            })?;
            let mut link = self.lobby.call(link, &card.kem, Secret::from_bytes(fresh()?))?;
            Ok(self.inbox.converse(of, &mut link, (goal, fresh()?), &mut |_| Ok(()))?)
        })();
        (collected.events(), ended)
    }

    /// One's turn to pay a contact.
    pub(crate) fn turn_to_pay(&self, peer: DeviceId) -> Result<Turn<'_>, Problem> {
        let mut paying = self.paying.lock().unwrap_or_else(PoisonError::into_inner);
        match paying.insert(peer, ()) {
            None => Ok(Turn { desk: self, peer }),
            Some(()) => Err(Problem::Conflict(
                "a payment to this contact is under way; wait for its end".to_owned(),
            )),
        }
    }
}

/// One payment to a contact, as long as it lasts.
pub(crate) struct Turn<'d> {
    desk: &'d Desk,
    peer: DeviceId,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut paying = self.desk.paying.lock().unwrap_or_else(PoisonError::into_inner);
        paying.remove(&self.peer);
    }
}
