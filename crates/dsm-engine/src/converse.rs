//! A conversation from the side of its link: what comes is handed to the engine, one message at a
//! time, and what it answers is sent.

use dsm_crypto::Digest;
use dsm_link::Link;
use dsm_log::{DeviceId, Nonce};
use dsm_session::{Goal, MAX_MESSAGE, Notice};
use dsm_store::Kv;

use crate::event::{Answer, Conversation, Event, Next};
use crate::{ConverseError, Engine};

/// The most bytes of a message of whoever is not known yet: a Hello or a Refuse.
pub const MAX_GREETING: usize = 1 << 10;

/// Where a conversation is.
pub(crate) struct Talk<'l, L> {
    pub(crate) of: Conversation,
    link: &'l mut L,
    /// The peer, once it said Hello and is known.
    pub(crate) peer: Option<DeviceId>,
    /// Whether the engine holds the conversation.
    pub(crate) held: bool,
    next: Next,
}

impl<'l, L: Link> Talk<'l, L> {
    /// A conversation over a link, and how it begins: whoever is called waits for the first word,
    /// unless it was heard already.
    pub(crate) fn begin(
        of: Conversation,
        link: &'l mut L,
        (goal, fresh): (Goal, Nonce),
        heard: Option<Vec<u8>>,
    ) -> Result<(Self, Event), ConverseError> {
        let proven = link.peer_key().map(Digest::from_bytes);
        let event = match (heard, &goal) {
            (Some(message), _) => Event::Called { of, goal, fresh, proven, message },
            (None, Goal::Receive { .. }) => {
                let message = greeting(link)?;
                Event::Called { of, goal, fresh, proven, message }
            }
            (None, _) => Event::Open { of, goal, fresh, proven },
        };
        Ok((Self { of, link, peer: None, held: true, next: Next::Listen }, event))
    }

    /// Takes an answer and sends it; says whether another one comes.
    pub(crate) fn take(&mut self, answer: Answer) -> bool {
        self.held = !matches!(answer.next, Next::Over(_));
        if let Next::Over(Err(ConverseError::Link(_))) = self.next {
            return matches!(answer.next, Next::Answer);
        }
        let sent = self.link.send_all(&answer.frames);
        self.peer = answer.peer.or(self.peer);
        let more = matches!(answer.next, Next::Answer);
        // Why the session ended says more than that its last word was not heard.
        self.next = match (answer.next, sent) {
            (next @ Next::Over(Err(_)), _) | (next, Ok(())) => next,
            (_, Err(error)) => Next::Over(Err(ConverseError::Link(error))),
        };
        more
    }

    /// Waits for what the peer says, or asks for more to send; the end, if this is it.
    pub(crate) fn hear(&mut self) -> Result<Event, Result<(), ConverseError>> {
        match std::mem::replace(&mut self.next, Next::Listen) {
            Next::Over(result) => return Err(result),
            Next::More => return Ok(Event::Ready { of: self.of }),
            Next::Answer | Next::Listen => {}
        }
        let most = if self.peer.is_some() { MAX_MESSAGE } else { MAX_GREETING };
        match self.link.receive(most) {
            Ok(Some(message)) => Ok(Event::Message { of: self.of, message }),
            Ok(None) => Err(Err(ConverseError::HungUp)),
            Err(error) => Err(Err(ConverseError::Link(error))),
        }
    }
}

/// What whoever called says first.
pub(crate) fn greeting<L: Link>(link: &mut L) -> Result<Vec<u8>, ConverseError> {
    match link.receive(MAX_GREETING) {
        Ok(Some(message)) => Ok(message),
        Ok(None) => Err(ConverseError::HungUp),
        Err(error) => Err(ConverseError::Link(error)),
    }
}

impl<K: Kv> Engine<K> {
    /// Holds a conversation over a link until both sides have nothing more to say: an engine's turns
    /// on the calling thread, for one link. Afterwards the link carries the next one.
    ///
    /// `fresh` is 32 bytes that nobody can guess; `tell` hears what a person may want to know, each
    /// after it is durable.
    ///
    /// # Errors
    /// [`ConverseError`]: whatever was durable stays, and a new conversation takes it up again.
    pub fn converse<L: Link>(
        &mut self,
        link: &mut L,
        goal: Goal,
        fresh: Nonce,
        tell: &mut dyn FnMut(&Notice),
    ) -> Result<(), ConverseError> {
        let (mut talk, mut event) = Talk::begin(Conversation(0), link, (goal, fresh), None)?;
        let result = loop {
            self.turn(vec![event], &mut |_, _, answer| {
                answer.notices.iter().for_each(&mut *tell);
                talk.take(answer);
            })?;
            match talk.hear() {
                Ok(next) => event = next,
                Err(result) => break result,
            }
        };
        if talk.held {
            self.turn(vec![Event::Close { of: talk.of }], &mut |_, _, _| {})?;
        }
        result
    }
}
