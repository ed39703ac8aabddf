//! Tells whoever listens what happens.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dsm_engine::Conversation;
use dsm_report::Event;
use tokio::sync::broadcast::{Receiver, Sender, channel};

/// How many events wait for a listener that is slow.
const MAX_WAITING: usize = 256;
/// The most events that one call is told: none has as many things to say.
const MAX_OF_CALL: usize = 1 << 12;

/// An event with its number since the daemon began.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) number: u64,
    pub(crate) event: Arc<Event>,
}

/// Where events go.
pub(crate) struct Hub {
    to: Sender<Told>,
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    count: u64,
    calls: BTreeMap<Conversation, Vec<Event>>,
}

impl Hub {
    pub(crate) fn new() -> Self {
        Self { to: channel(MAX_WAITING).0, heard: Mutex::default() }
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        // Whoever panicked left a list of events and nothing else.
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells an event of a conversation, or of none.
    pub(crate) fn tell(&self, of: Option<Conversation>, event: Event) {
        let mut heard = self.heard();
        heard.count = heard.count.saturating_add(1);
        let number = heard.count;
        if let Some(events) = of.and_then(|of| heard.calls.get_mut(&of))
            && events.len() < MAX_OF_CALL
        {
            events.push(event.clone());
        }
        // Perhaps nobody listens.
        let _ = self.to.send(Told { number, event: Arc::new(event) });
    }

    /// Collects the events of a call.
    pub(crate) fn collect(&self, of: Conversation) -> Collected<'_> {
        self.heard().calls.insert(of, Vec::new());
        Collected { hub: self, of }
    }

    pub(crate) fn listen(&self) -> Receiver<Told> {
        self.to.subscribe()
    }

    pub(crate) fn listeners(&self) -> usize {
        self.to.receiver_count()
    }
}

/// The events of a call, as long as somebody waits for them.
pub(crate) struct Collected<'h> {
    hub: &'h Hub,
    of: Conversation,
}

impl Collected<'_> {
    pub(crate) fn events(&self) -> Vec<Event> {
        self.hub.heard().calls.get(&self.of).cloned().unwrap_or_default()
    }
}

impl Drop for Collected<'_> {
    fn drop(&mut self) {
        self.hub.heard().calls.remove(&self.of);
    }
}
