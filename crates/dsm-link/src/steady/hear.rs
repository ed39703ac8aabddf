//! What a frame does.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::{Steady, Tag};
use crate::block::{Grown, Incoming};
use crate::frame::{Frame, LENGTH, Part, Word};
use crate::stream::MAX_FRAME;

impl Steady {
    /// Takes what came out of the medium, whatever it is.
    pub fn hear(&mut self, bytes: &[u8], now: u64) {
        let Some(frame) = Frame::decode(bytes) else { return };
        if frame.from == self.own {
            return;
        }
        if frame.to != self.own {
            // Somebody who does not know us. Nothing is believed but that it may be there.
            if frame.word == Word::Hello && self.peer.is_none() && !self.is_leaving() {
                self.met.candidate = frame.from;
                self.met.hello_at = Some(now);
            }
            return;
        }
        // Who names our tag heard us in this conversation; the first who does is the peer.
        match self.peer {
            Some(peer) if peer != frame.from => return,
            Some(_) => {}
            None => self.meet(frame.from, now),
        }
        self.acknowledge(&frame, now);
        match frame.word {
            Word::Hello => self.ack_by(now),
            Word::Ack => {}
            Word::Part(part) => self.part(&part, now),
            Word::End { last } => self.peer_ends(last, now),
        }
        if frame.seen {
            self.leave.peer_saw = true;
        }
    }

    fn meet(&mut self, peer: Tag, now: u64) {
        self.peer = Some(peer);
        self.met.hello_at = None;
        self.progress_at = now;
    }

    pub(super) fn ack_by(&mut self, at: u64) {
        self.ack_at = Some(self.ack_at.map_or(at, |before| before.min(at)));
    }

    /// What the other side says that it has.
    fn acknowledge(&mut self, frame: &Frame<'_>, now: u64) {
        let Some(block) = &self.out.block else { return };
        if frame.ack == block.number() {
            self.out.block = None;
            self.out.wait = self.pace.answer;
            self.out.gap_at = self.out.gap_at.min(now.saturating_add(self.pace.gap));
            self.progress_at = now;
            return;
        }
        if frame.ack != block.number().wrapping_sub(1) {
            return;
        }
        let came = usize::from(frame.have);
        if frame.have > self.out.known {
            self.out.known = frame.have;
            self.progress_at = now;
            self.out.wait = self.pace.answer;
        }
        // What it says may be older than what we sent last.
        let settled = now.saturating_sub(self.out.spoke_at) >= self.pace.answer / 2;
        if self.out.credit == 0 && settled && !matches!(frame.word, Word::Hello) {
            self.out.credit = block.count().saturating_sub(came).max(1);
        }
    }

    fn part(&mut self, part: &Part<'_>, now: u64) {
        if part.block != self.inn.whole.wrapping_add(1) {
            let old = self.inn.whole.wrapping_sub(part.block) < 1 << 15;
            if old {
                self.ack_by(now);
            }
            return;
        }
        if part.len > self.inn.longest() {
            self.inn.announced = Some(part.len);
            return;
        }
        if self.inn.waiting_bytes.saturating_add(part.len) > MAX_FRAME + LENGTH {
            return;
        }
        if !self.inn.block.as_ref().is_some_and(|block| block.is_of(part)) {
            self.inn.block = Some(Incoming::new(part));
        }
        let Some(block) = &mut self.inn.block else { return };
        match block.add(part) {
            Grown::Not => self.ack_by(now.saturating_add(self.pace.answer / 2)),
            Grown::Once => {
                self.progress_at = now;
                // Only when nothing follows for a while is it said what is missing.
                self.ack_at = Some(now.saturating_add(self.pace.answer / 2));
            }
            Grown::Spoiled => self.inn.spoiled = self.inn.spoiled.saturating_add(1),
            Grown::Whole(bytes) => self.whole(&bytes, now),
        }
    }

    fn whole(&mut self, bytes: &[u8], now: u64) {
        self.inn.block = None;
        let Some(messages) = split(bytes) else {
            // Its checksum is right, so this is what the other side wrote.
            self.inn.spoiled = u32::MAX;
            return;
        };
        self.inn.whole = self.inn.whole.wrapping_add(1);
        self.inn.waiting_bytes = self.inn.waiting_bytes.saturating_add(bytes.len());
        self.inn.waiting.extend(messages);
        self.progress_at = now;
        // An answer that is ready soon carries the acknowledgement.
        self.ack_at = Some(now.saturating_add(self.pace.answer / 4));
    }
}

/// The messages of a block.
fn split(mut bytes: &[u8]) -> Option<VecDeque<Vec<u8>>> {
    let mut messages = VecDeque::new();
    while !bytes.is_empty() {
        let (len, rest) = bytes.split_first_chunk::<LENGTH>()?;
        let [a, b, c] = *len;
        let len = usize::try_from(u32::from_be_bytes([0, a, b, c])).ok()?;
        let (message, rest) = rest.split_at_checked(len)?;
        messages.push_back(message.to_vec());
        bytes = rest;
    }
    Some(messages)
}
