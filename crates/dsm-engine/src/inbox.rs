//! The engine's loop: takes what waits, lets it happen in one turn, answers.
//!
//! One thread owns the engine and runs the loop; each link has a thread of its own. A link hands over
//! one message and waits for the answer, so no more waits than there are links.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use dsm_link::Link;
use dsm_log::{DeviceId, Nonce};
use dsm_session::{Goal, Notice};
use dsm_store::{Changes, Kv, StoreError, Wallet};

use crate::converse::Talk;
use crate::event::{Answer, Conversation, Event, Next};
use crate::turn::{Flow, Wake};
use crate::{ConverseError, Engine};

/// The most events of one turn, and the most that wait for one.
const MAX_WAITING: usize = 128;

/// The most conversations that are remembered as cancelled.
const MAX_CANCELLED: usize = 1 << 10;

/// What is done with an engine between two turns.
type Errand<K> = Box<dyn FnOnce(&mut Engine<K>) + Send>;

enum Letter<K: Kv> {
    Event(Event, Option<Sender<Answer>>),
    Errand(Errand<K>),
    /// A turn is durable, or the store failed.
    Landed,
    Stop,
}

/// Where links and people hand things to a running engine.
pub struct Inbox<K: Kv> {
    to: Arc<SyncSender<Letter<K>>>,
    conversations: Arc<AtomicU64>,
    stops: Arc<AtomicBool>,
    /// Who was cancelled, perhaps before it began.
    cancelled: Arc<Mutex<BTreeSet<Conversation>>>,
}

impl<K: Kv> Clone for Inbox<K> {
    fn clone(&self) -> Self {
        let Self { to, conversations, stops, cancelled } = self;
        Self {
            to: to.clone(),
            conversations: Arc::clone(conversations),
            stops: Arc::clone(stops),
            cancelled: Arc::clone(cancelled),
        }
    }
}

/// What waits for an engine.
pub struct Waiting<K: Kv> {
    from: Receiver<Letter<K>>,
    /// While there is an inbox.
    to: Weak<SyncSender<Letter<K>>>,
    /// Whether somebody asked for the end.
    stops: Arc<AtomicBool>,
}

impl<K: Kv> Drop for Waiting<K> {
    fn drop(&mut self) {
        self.stops.store(true, Ordering::SeqCst);
    }
}

/// An inbox and its other end, for [`Engine::run`].
#[must_use]
pub fn inbox<K: Kv>() -> (Inbox<K>, Waiting<K>) {
    let (to, from) = sync_channel(MAX_WAITING);
    let to = Arc::new(to);
    let (stops, cancelled) = (Arc::<AtomicBool>::default(), Arc::default());
    let waiting = Waiting { from, to: Arc::downgrade(&to), stops: Arc::clone(&stops) };
    (Inbox { to, conversations: Arc::default(), stops, cancelled }, waiting)
}

impl<K: Kv> Inbox<K> {
    /// A name for a conversation.
    #[must_use]
    pub fn conversation(&self) -> Conversation {
        Conversation(self.conversations.fetch_add(1, Ordering::Relaxed).saturating_add(1))
    }

    fn put(&self, letter: Letter<K>) -> Result<(), ConverseError> {
        self.to.send(letter).map_err(|_| ConverseError::Stopped)
    }

    /// Holds a conversation over a link, on the calling thread, until both sides have nothing more to
    /// say. `met` hears once who the peer is, and may end it.
    ///
    /// # Errors
    /// [`ConverseError`]: whatever was durable stays, and a new conversation takes it up again.
    pub fn converse<L: Link>(
        &self,
        of: Conversation,
        link: &mut L,
        how: (Goal, Nonce),
        met: &mut dyn FnMut(DeviceId) -> Result<(), ConverseError>,
    ) -> Result<(), ConverseError> {
        self.answer(of, link, how, None, met)
    }

    /// The same once the first word was heard, perhaps.
    pub(crate) fn answer<L: Link>(
        &self,
        of: Conversation,
        link: &mut L,
        how: (Goal, Nonce),
        heard: Option<Vec<u8>>,
        met: &mut dyn FnMut(DeviceId) -> Result<(), ConverseError>,
    ) -> Result<(), ConverseError> {
        let mut closes = Closes { inbox: self, of, begun: false };
        if self.stops.load(Ordering::SeqCst) {
            return Err(ConverseError::Stopped);
        }
        let (mut talk, event) = Talk::begin(of, link, how, heard)?;
        let (to, answers) = channel();
        self.put(Letter::Event(event, Some(to)))?;
        closes.begun = true;
        if self.cancelled().contains(&of) {
            self.put(Letter::Event(Event::Cancel { of }, None))?;
        }
        let mut known = false;
        loop {
            while talk.take(answers.recv().map_err(|_| ConverseError::Stopped)?) {}
            closes.begun = talk.held;
            if let Some(peer) = talk.peer.filter(|_| !known) {
                known = true;
                met(peer)?;
            }
            match talk.hear() {
                Ok(event) => self.put(Letter::Event(event, None))?,
                Err(result) => return result,
            }
        }
    }

    fn cancelled(&self) -> MutexGuard<'_, BTreeSet<Conversation>> {
        // Whoever panicked changed a set and nothing else.
        self.cancelled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for the end of a conversation, of one that has not begun yet too. Its link says so when it
    /// next hears the peer.
    ///
    /// # Errors
    /// The engine stopped.
    pub fn cancel(&self, of: Conversation) -> Result<(), ConverseError> {
        let mut cancelled = self.cancelled();
        cancelled.insert(of);
        if cancelled.len() > MAX_CANCELLED {
            // The oldest is over: so many are never before their beginning.
            cancelled.pop_first();
        }
        drop(cancelled);
        self.put(Letter::Event(Event::Cancel { of }, None))
    }

    /// Keeps something beside all conversations, and returns when it is durable.
    ///
    /// # Errors
    /// The engine stopped, or what the store says.
    pub fn keep(&self, changes: Changes) -> Result<(), ConverseError> {
        let (kept, told) = channel();
        self.put(Letter::Event(Event::Keep { changes: Box::new(changes), kept }, None))?;
        Ok(told.recv().map_err(|_| ConverseError::Stopped)??)
    }

    /// Lets something be done with the engine between two turns, and returns what came of it: what
    /// is no conversation, such as looking at the books or writing a letter. Conversations wait
    /// meanwhile.
    ///
    /// # Errors
    /// The engine stopped.
    pub fn errand<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Engine<K>) -> T + Send + 'static,
    ) -> Result<T, ConverseError> {
        let (to, done) = channel();
        // Whoever asked may not wait for the answer.
        let errand = move |engine: &mut Engine<K>| drop(to.send(act(engine)));
        self.put(Letter::Errand(Box::new(errand)))?;
        done.recv().map_err(|_| ConverseError::Stopped)
    }

    /// Asks the engine to stop after what waits before this. Never waits itself: whoever asks may be
    /// the one for whom the engine waits.
    pub fn stop(&self) {
        self.stops.store(true, Ordering::SeqCst);
        // If there is no room for it the loop is awake, or gone.
        let _ = self.to.try_send(Letter::Stop);
    }
}

/// Says that a link is gone, however its thread ends.
struct Closes<'i, K: Kv> {
    inbox: &'i Inbox<K>,
    of: Conversation,
    /// Whether the engine holds the conversation.
    begun: bool,
}

impl<K: Kv> Drop for Closes<'_, K> {
    fn drop(&mut self) {
        let Self { inbox, of, begun } = *self;
        inbox.cancelled().remove(&of);
        if begun {
            // The engine may have stopped.
            let _ = inbox.put(Letter::Event(Event::Close { of }, None));
        }
    }
}

impl<K: Kv + 'static> Engine<K> {
    /// Runs until every [`Inbox`] is gone or one asks for the end. `tell` hears what a person may want
    /// to know, each after it is durable. What waits ends with the loop, so that nobody waits for ever
    /// for an answer.
    ///
    /// # Errors
    /// The store fails: every conversation is over, and the wallet is to be opened anew.
    pub fn run(
        &mut self,
        waiting: Waiting<K>,
        tell: &mut dyn FnMut(&Wallet<K>, Conversation, &Notice),
    ) -> Result<(), StoreError> {
        let Waiting { from, to, stops } = &waiting;
        let wake = || to.upgrade().map(landed);
        let mut answers = Answers::default();
        let mut flow = Flow::default();
        let mut runs = true;
        while runs {
            runs = !stops.load(Ordering::SeqCst);
            let first = if runs { from.recv().ok() } else { from.try_recv().ok() };
            runs &= first.is_some();
            let (mut events, mut errands) = (Vec::new(), Vec::new());
            for letter in first.into_iter().chain(from.try_iter()).take(MAX_WAITING) {
                match letter {
                    Letter::Event(event, to) => {
                        answers.0.extend(event.of().zip(to));
                        events.push(event);
                    }
                    Letter::Errand(errand) => errands.push(errand),
                    Letter::Landed => {}
                    Letter::Stop => runs = false,
                }
            }
            let closed: Vec<Conversation> = events.iter().filter_map(closes).collect();
            // Whoever has an errand, and whoever stops, finds all that happened durable.
            let wake: Option<Wake<'_>> =
                if runs && errands.is_empty() { Some(&wake) } else { None };
            self.flow(&mut flow, events, wake, &mut |wallet, of, answer| {
                answer.notices.iter().for_each(|notice| tell(wallet, of, notice));
                answers.give(of, answer);
            })?;
            for of in closed {
                answers.0.remove(&of);
            }
            errands.into_iter().for_each(|errand| errand(self));
        }
        self.rest()
    }
}

/// Calls the loop when a turn is durable.
fn landed<K: Kv + 'static>(to: Arc<SyncSender<Letter<K>>>) -> Box<dyn FnOnce() + Send> {
    // If there is no room for it the loop is awake.
    Box::new(move || drop(to.try_send(Letter::Landed)))
}

/// Who waits for answers.
#[derive(Default)]
struct Answers(BTreeMap<Conversation, Sender<Answer>>);

impl Answers {
    fn give(&mut self, of: Conversation, answer: Answer) {
        let over = matches!(answer.next, Next::Over(_));
        if let Some(to) = self.0.get(&of) {
            // Whoever does not wait any more closes the conversation.
            let _ = to.send(answer);
        }
        if over {
            self.0.remove(&of);
        }
    }
}

fn closes(event: &Event) -> Option<Conversation> {
    if let Event::Close { of } = event { Some(*of) } else { None }
}
