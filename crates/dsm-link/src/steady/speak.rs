//! What is said next, and when.

use alloc::vec::Vec;

use super::{BACKOFF, SMALL, Steady};
use crate::block::{Incoming, Outgoing};
use crate::frame::{Frame, LENGTH, NOBODY, Tag, Word};

impl Steady {
    /// The next frame for the medium, if one is due.
    pub fn speak(&mut self, now: u64) -> Option<Vec<u8>> {
        let Some(peer) = self.peer else { return self.hello(now) };
        if let Some(frame) = self.speak_part(peer, now) {
            return Some(frame);
        }
        if self.ack_at.is_some_and(|at| at <= now) {
            return Some(self.frame(peer, Word::Ack));
        }
        let last = self.end_due(now)?;
        Some(self.frame(peer, Word::End { last }))
    }

    /// When [`Steady::speak`] has something to say next, or must be asked again.
    #[must_use]
    pub fn wake(&self) -> u64 {
        let patience = self.progress_at.saturating_add(self.pace.patience).saturating_add(1);
        let out = if self.peer.is_none() {
            self.met.hello_at
        } else if self.out.block.is_some() && self.out.credit == 0 {
            Some(self.out.retry_at)
        } else if self.is_flushed() {
            None
        } else {
            Some(self.out.gap_at)
        };
        [out, self.ack_at.filter(|_| self.peer.is_some()), self.leave_wake()]
            .into_iter()
            .flatten()
            .fold(patience, u64::min)
    }

    fn hello(&mut self, now: u64) -> Option<Vec<u8>> {
        if self.met.hello_at.is_none_or(|at| at > now) {
            return None;
        }
        let again = now.saturating_add(self.met.wait);
        let most = self.pace.answer.saturating_mul(BACKOFF);
        // Whoever was called answers what it hears; only the caller repeats.
        self.met.hello_at = self.met.calls.then_some(again);
        self.met.wait = self.met.wait.saturating_mul(2).min(most);
        Some(self.frame(self.met.candidate, Word::Hello))
    }

    /// A frame of ours; it carries the acknowledgement, so none is due any more.
    fn frame(&mut self, to: Tag, word: Word<'_>) -> Vec<u8> {
        if to != NOBODY && self.peer == Some(to) {
            self.ack_at = None;
        }
        let have = self.inn.block.as_ref().map_or(0, Incoming::have);
        Frame {
            from: self.own,
            to,
            ack: self.inn.whole,
            have: u16::try_from(have).unwrap_or(u16::MAX),
            seen: self.peer_ended(),
            word,
        }
        .encode()
    }

    fn speak_part(&mut self, peer: Tag, now: u64) -> Option<Vec<u8>> {
        if self.out.block.is_none() {
            self.next_block();
        }
        let mut block = self.out.block.take()?;
        if self.out.credit == 0 && self.out.retry_at <= now {
            // A sign of life brings back what is missing.
            self.out.credit = 1;
            let most = self.pace.answer.saturating_mul(BACKOFF);
            self.out.wait = self.out.wait.saturating_mul(2).min(most);
        }
        let due = self.out.credit > 0 && self.out.gap_at <= now;
        let frame = due.then(|| block.symbol(|part| self.frame(peer, Word::Part(part))));
        self.out.block = Some(block);
        if due {
            self.out.credit = self.out.credit.saturating_sub(1);
            self.out.gap_at = now.saturating_add(self.pace.gap);
            self.out.spoke_at = now;
            if self.out.first {
                self.progress_at = now;
            }
            if self.out.credit == 0 {
                self.out.first = false;
                self.out.retry_at = now.saturating_add(self.out.wait);
            }
        }
        frame
    }

    /// Makes a block of what waits: of one message, or of several short ones.
    fn next_block(&mut self) {
        let room = self.room.min(SMALL);
        let mut bytes = Vec::new();
        while let Some(message) = self.out.waiting.front() {
            let more = message.len().saturating_add(LENGTH);
            if !bytes.is_empty() && bytes.len().saturating_add(more) > room {
                break;
            }
            let len = u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes();
            bytes.extend_from_slice(len.get(1..).unwrap_or_default());
            bytes.extend_from_slice(message);
            self.out.waiting.pop_front();
        }
        let number = self.out.number.wrapping_add(1);
        let Some(block) = Outgoing::new(number, bytes, self.room) else { return };
        self.out.number = number;
        self.out.credit = block.count();
        self.out.first = true;
        self.out.known = 0;
        self.out.wait = self.pace.answer;
        self.out.block = Some(block);
    }
}
