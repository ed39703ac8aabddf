//! Holds a conversation with one peer, without I/O.
//!
//! Implements `spec/sessions.md`. A session is a value: [`Session::step`] takes it, an event and
//! what the device knows, and gives the next one and its effects. No clock, no randomness, no
//! input or output (checked by the `no_std` build of the gate).
//!
//! Always true: a frame leaves only after the batch of its step is durable ([`Effects::persist`]);
//! the payer is bound when its entry is durable; delivering again changes nothing.
#![no_std]
#![cfg_attr(
    not(test),
    warn(clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)
)]

extern crate alloc;

mod ask;
pub mod channel;
mod doubt;
mod effects;
mod error;
mod held;
mod incoming;
pub mod introduction;
mod ledger;
mod letter;
mod mail;
mod message;
mod outgoing;
mod payment;
mod room;
mod session;
mod sync;
mod turn;
#[cfg(test)]
mod words;

pub use ask::{Ask, MAX_MEMO, Request};
pub use effects::{Batch, Effects, Notice, Then};
pub use error::SessionError;
pub use held::{Held, SelectError, select};
pub use ledger::{Ledger, News};
pub use letter::{
    Contents, Enclosure, Letter, LetterError, MAX_LETTER, Posting, Reading, Signed, boxes,
    write_letter,
};
pub use mail::{Chain, Inbox, Mail, Outbox, opening};
pub use message::{Hint, MAX_MESSAGE, Message, SignedRun};
pub use payment::{pay_asked, pay_away};
pub use session::{Event, Goal, Session};
pub use turn::Turn;
