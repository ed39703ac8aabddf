//! Cuts frames to fit a medium and joins them again.
//!
//! Implements `spec/links.md`. No input or output: a transport moves what comes out of here.
//!
//! Always true: no more is kept than one message of the greatest length; a medium that lies about
//! a length is refused before anything is allocated for it.
#![no_std]
#![cfg_attr(
    not(test),
    warn(clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)
)]

extern crate alloc;

mod error;
mod stream;

pub use error::LinkError;
pub use stream::{Joiner, MAX_FRAME, cut};

use alloc::vec::Vec;

/// A way to one peer, on which whole messages arrive in order or not at all.
pub trait Link {
    /// Sends a message.
    ///
    /// # Errors
    /// The link is gone or the message is too long; whether it arrived is not known.
    fn send(&mut self, message: &[u8]) -> Result<(), LinkError>;

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
}

impl<L: Link + ?Sized> Link for alloc::boxed::Box<L> {
    fn send(&mut self, message: &[u8]) -> Result<(), LinkError> {
        (**self).send(message)
    }

    fn receive(&mut self, most: usize) -> Result<Option<Vec<u8>>, LinkError> {
        (**self).receive(most)
    }

    fn peer_key(&self) -> Option<[u8; 32]> {
        (**self).peer_key()
    }
}
