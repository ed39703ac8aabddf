//! What happens to an engine, and what it answers.

use std::sync::mpsc::Sender;

use dsm_crypto::Digest;
use dsm_log::{DeviceId, Nonce};
use dsm_session::{Goal, Notice};
use dsm_store::{Changes, StoreError};

use crate::ConverseError;

/// Names a conversation of one engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conversation(pub u64);

/// Everything that can happen to an engine.
#[derive(Debug)]
pub enum Event {
    /// A link is there.
    Open {
        /// A name that no other conversation has.
        of: Conversation,
        /// What for.
        goal: Goal,
        /// 32 bytes that nobody can guess.
        fresh: Nonce,
        /// Digest of the KEM key that the other end proved to own, if it proved any.
        proven: Option<Digest>,
    },
    /// Whoever called said its first message.
    Called {
        /// A name that no other conversation has.
        of: Conversation,
        /// What for.
        goal: Goal,
        /// 32 bytes that nobody can guess.
        fresh: Nonce,
        /// Digest of the KEM key that the other end proved to own, if it proved any.
        proven: Option<Digest>,
        /// The message.
        message: Vec<u8>,
    },
    /// A whole message came.
    Message {
        /// In which conversation.
        of: Conversation,
        /// The message.
        message: Vec<u8>,
    },
    /// A link sent what it was given, and takes more ([`Next::More`]).
    Ready {
        /// In which conversation.
        of: Conversation,
    },
    /// The person wants a conversation to end.
    Cancel {
        /// Which.
        of: Conversation,
    },
    /// The link of a conversation is gone.
    Close {
        /// Which.
        of: Conversation,
    },
    /// The person wants something kept.
    Keep {
        /// What.
        changes: Box<Changes>,
        /// Hears of it once it is durable, or why it is not kept.
        kept: Sender<Result<(), StoreError>>,
    },
}

impl Event {
    /// To which conversation it happens, if it is one's.
    #[must_use]
    pub fn of(&self) -> Option<Conversation> {
        match self {
            Self::Open { of, .. }
            | Self::Called { of, .. }
            | Self::Message { of, .. }
            | Self::Ready { of }
            | Self::Cancel { of }
            | Self::Close { of } => Some(*of),
            Self::Keep { .. } => None,
        }
    }
}

/// What follows for a conversation, once everything that it rests on is durable.
#[derive(Debug)]
pub struct Answer {
    /// To be sent, in order.
    pub frames: Vec<Vec<u8>>,
    /// To be told.
    pub notices: Vec<Notice>,
    /// The peer, once it said Hello and is known.
    pub peer: Option<DeviceId>,
    /// What is next.
    pub next: Next,
}

/// What is next in a conversation.
#[derive(Debug)]
pub enum Next {
    /// Another answer comes.
    Answer,
    /// There is more to send, once the link took this: [`Event::Ready`]. So what waits for one link is
    /// never more than one step says, however much the peer wants and however slowly it listens.
    More,
    /// The peer speaks.
    Listen,
    /// It is over.
    Over(Result<(), ConverseError>),
}
