//! Whole messages, in order and once, over frames that may be lost, repeated, reordered, spoiled,
//! delayed, or not of this conversation at all (`spec/links.md`, conversations).
//!
//! A state machine without a clock: it is told the time in milliseconds. [`Steady::hear`] takes a
//! frame, [`Steady::speak`] gives the next one, [`Steady::wake`] says when to ask again.
//!
//! Always true: one block at most is on its way out and one on its way in; what waits to be taken is
//! at most one message of the greatest length; a frame counts only if it names this side's tag.

mod end;
mod hear;
mod speak;

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::LinkError;
use crate::block::{Incoming, Outgoing};
use crate::frame::{AROUND, LENGTH, MAX_SYMBOLS, NOBODY, Tag};
use crate::stream::MAX_FRAME;

/// A block of at most so many bytes is taken however short a message may be: it may be several.
const SMALL: usize = 4096;
/// How often a block may come together spoiled before the link is given up.
const SPOILED_MOST: u32 = 16;
/// How far the time between two attempts grows: to so many times the first.
const BACKOFF: u64 = 8;

/// How fast a medium is, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Time between two frames.
    pub gap: u64,
    /// Within which an answer comes if nothing was lost.
    pub answer: u64,
    /// How long nothing may happen before the link is given up.
    pub patience: u64,
    /// How long what was not acknowledged is repeated after this side has left.
    pub linger: u64,
}

/// One side of a conversation over a medium that loses frames.
#[derive(Debug)]
pub struct Steady {
    pace: Pace,
    room: usize,
    own: Tag,
    peer: Option<Tag>,
    met: Met,
    out: Out,
    inn: In,
    leave: Leave,
    ack_at: Option<u64>,
    progress_at: u64,
}

/// How the sides find each other.
#[derive(Debug)]
struct Met {
    candidate: Tag,
    hello_at: Option<u64>,
    wait: u64,
    calls: bool,
}

/// What is on its way out.
#[derive(Debug, Default)]
struct Out {
    waiting: VecDeque<Vec<u8>>,
    block: Option<Outgoing>,
    number: u16,
    /// Symbols to send before an answer is awaited.
    credit: usize,
    /// Whether the pieces of the block itself are still going out.
    first: bool,
    gap_at: u64,
    spoke_at: u64,
    retry_at: u64,
    wait: u64,
    /// The most symbols of the block that the other side said it has.
    known: u16,
}

/// What is on its way in.
#[derive(Debug, Default)]
struct In {
    whole: u16,
    block: Option<Incoming>,
    waiting: VecDeque<Vec<u8>>,
    waiting_bytes: usize,
    most: usize,
    announced: Option<usize>,
    spoiled: u32,
}

/// How the sides part.
#[derive(Debug, Default)]
struct Leave {
    since: Option<u64>,
    end_at: u64,
    ends: u32,
    peer_last: Option<u16>,
    peer_saw: bool,
}

impl Steady {
    /// The side that calls, with fresh random bytes, on a medium whose frames have at most so many
    /// bytes.
    ///
    /// # Errors
    /// If frames of that size have no room.
    pub fn call(fresh: Tag, frame: usize, pace: Pace, now: u64) -> Result<Self, LinkError> {
        Self::begin(fresh, frame, pace, now, true)
    }

    /// The side that waits for a call, and is silent until one comes.
    ///
    /// # Errors
    /// If frames of that size have no room.
    pub fn wait(fresh: Tag, frame: usize, pace: Pace, now: u64) -> Result<Self, LinkError> {
        Self::begin(fresh, frame, pace, now, false)
    }

    fn begin(
        fresh: Tag,
        frame: usize,
        pace: Pace,
        now: u64,
        calls: bool,
    ) -> Result<Self, LinkError> {
        let room = frame.min(usize::from(u16::MAX)).checked_sub(AROUND).filter(|room| *room > 0);
        let room = room.ok_or(LinkError::TooLong { most: frame })?;
        let own = if fresh == NOBODY { [1; 4] } else { fresh };
        let hello_at = calls.then_some(now);
        let met = Met { candidate: NOBODY, hello_at, wait: pace.answer, calls };
        Ok(Self {
            pace,
            room,
            own,
            peer: None,
            met,
            out: Out::default(),
            inn: In::default(),
            leave: Leave::default(),
            ack_at: None,
            progress_at: now,
        })
    }

    /// Whether the other side is there.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.peer.is_some()
    }

    /// Takes a message to be sent. Several short ones that wait together go together.
    ///
    /// # Errors
    /// If it is too long, or the other side has left.
    pub fn send(&mut self, message: &[u8]) -> Result<(), LinkError> {
        let most = self.room.saturating_mul(MAX_SYMBOLS).saturating_sub(LENGTH).min(MAX_FRAME);
        if message.len() > most {
            return Err(LinkError::TooLong { most });
        }
        if self.leave.peer_last.is_some() {
            return Err(LinkError::CutOff);
        }
        self.out.waiting.push_back(message.to_vec());
        Ok(())
    }

    /// Whether so much waits to be sent that it should go now.
    #[must_use]
    pub fn is_full(&self) -> bool {
        let bytes: usize = self.out.waiting.iter().map(Vec::len).sum();
        bytes > self.room.min(SMALL) || self.out.waiting.len() > SMALL / LENGTH
    }

    /// Whether all that was sent was acknowledged.
    #[must_use]
    pub fn is_flushed(&self) -> bool {
        self.out.block.is_none() && self.out.waiting.is_empty()
    }

    /// The next message, of at most so many bytes.
    ///
    /// # Errors
    /// If the next one is longer, or what comes is spoiled again and again.
    pub fn take(&mut self, most: usize) -> Result<Option<Vec<u8>>, LinkError> {
        self.inn.most = most.min(MAX_FRAME);
        let most = self.inn.most;
        if let Some(message) = self.inn.waiting.pop_front() {
            self.inn.waiting_bytes = self.inn.waiting_bytes.saturating_sub(message.len());
            return if message.len() > most {
                Err(LinkError::TooLong { most })
            } else {
                Ok(Some(message))
            };
        }
        if self.inn.announced.take().is_some_and(|len| len > self.inn.longest()) {
            return Err(LinkError::TooLong { most });
        }
        if self.inn.spoiled > SPOILED_MOST {
            return Err(LinkError::Spoiled);
        }
        Ok(None)
    }

    /// Begins to wait now: what did not happen before is not held against the other side.
    pub fn begin_waiting(&mut self, now: u64) {
        self.progress_at = self.progress_at.max(now);
    }

    /// Whether nothing has happened for too long.
    #[must_use]
    pub fn is_silent(&self, now: u64) -> bool {
        let idle = !self.met.calls && self.peer.is_none();
        !idle && now.saturating_sub(self.progress_at) > self.pace.patience
    }

    /// Bytes held for the other side's sake, for tests of the bound.
    #[must_use]
    pub fn held(&self) -> usize {
        self.inn.waiting_bytes.saturating_add(self.inn.block.as_ref().map_or(0, Incoming::bytes))
    }
}

impl In {
    /// The longest block that is taken now.
    fn longest(&self) -> usize {
        self.most.saturating_add(LENGTH).max(SMALL)
    }
}

#[cfg(test)]
mod tests;
