//! Cuts frames to fit a medium and joins them again.
//!
//! Implements `spec/links.md`. No input or output: a transport moves what comes out of here.
//!
//! Always true: no more is kept of what a peer says than two messages of the greatest length; who lies
//! about a length is refused before anything is allocated for it.
#![no_std]
#![cfg_attr(
    not(test),
    warn(clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)
)]

extern crate alloc;

mod block;
mod error;
mod frame;
pub mod mailbox;
mod serial;
mod steady;
mod stream;

pub use error::LinkError;
pub use frame::{Frame, Part, Tag, Word};
pub use mailbox::{Mailbox, MemoryMailbox};
pub use serial::{Unstuffer, stuff};
pub use steady::{Pace, Steady};
pub use stream::{Joiner, MAX_FRAME, cut};

use alloc::vec::Vec;

/// What went over a medium, all bytes counted that the link put there or took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes sent.
    pub sent: u64,
    /// Bytes received.
    pub received: u64,
    /// Frames sent, on a medium that has frames.
    pub frames_sent: u64,
    /// Frames received, on a medium that has frames.
    pub frames_received: u64,
}

impl Traffic {
    /// What went over it since it was so much.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            sent: self.sent.saturating_sub(before.sent),
            received: self.received.saturating_sub(before.received),
            frames_sent: self.frames_sent.saturating_sub(before.frames_sent),
            frames_received: self.frames_received.saturating_sub(before.frames_received),
        }
    }
}

/// A way to one peer, on which whole messages arrive in order or not at all.
pub trait Link {
    /// Sends a message. It may wait until [`Link::receive`] is called or the link is dropped.
    ///
    /// # Errors
    /// The link is gone or the message is too long; whether it arrived is not known.
    fn send(&mut self, message: &[u8]) -> Result<(), LinkError>;

    /// Sends messages one after the other; a medium on which it is cheaper takes them at once.
    ///
    /// # Errors
    /// As [`Link::send`]: how many of them arrived is not known.
    fn send_all(&mut self, messages: &[Vec<u8>]) -> Result<(), LinkError> {
        messages.iter().try_for_each(|message| self.send(message))
    }

    /// Waits for a message of at most so many bytes; none if the peer hung up. What announces itself
    /// as longer is refused before anything is kept of it.
    ///
    /// # Errors
    /// The link is gone, or nothing came for too long.
    fn receive(&mut self, most: usize) -> Result<Option<Vec<u8>>, LinkError>;

    /// Digest of the KEM key that the other end proved to own; none on a link that proves nothing,
    /// such as a piece of memory.
    fn peer_key(&self) -> Option<[u8; 32]> {
        None
    }

    /// What went over the medium so far; nothing where nobody counts.
    fn traffic(&self) -> Traffic {
        Traffic::default()
    }
}

impl<L: Link + ?Sized> Link for alloc::boxed::Box<L> {
    fn send(&mut self, message: &[u8]) -> Result<(), LinkError> {
        (**self).send(message)
    }

    fn send_all(&mut self, messages: &[Vec<u8>]) -> Result<(), LinkError> {
        (**self).send_all(messages)
    }

    fn receive(&mut self, most: usize) -> Result<Option<Vec<u8>>, LinkError> {
        (**self).receive(most)
    }

    fn peer_key(&self) -> Option<[u8; 32]> {
        (**self).peer_key()
    }

    fn traffic(&self) -> Traffic {
        (**self).traffic()
    }
}
