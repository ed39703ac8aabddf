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

mod stream;

pub use stream::{FrameTooLong, Joiner, MAX_FRAME, cut};

use alloc::vec::Vec;

/// A way to one peer, on which whole messages arrive in order or not at all.
pub trait Link {
    /// Why it fails.
    type Error;

    /// Sends a message.
    ///
    /// # Errors
    /// The link is gone or the message is too long; whether it arrived is not known.
    fn send(&mut self, message: &[u8]) -> Result<(), Self::Error>;

    /// Waits for a message; none if the peer hung up.
    ///
    /// # Errors
    /// The link is gone, or nothing came for too long.
    fn receive(&mut self) -> Result<Option<Vec<u8>>, Self::Error>;

    /// Digest of the KEM key that the other end proved to own; none on a link that proves nothing,
    /// such as a piece of memory.
    fn peer_key(&self) -> Option<[u8; 32]> {
        None
    }
}
