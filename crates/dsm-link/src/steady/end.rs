//! How the sides part.

use super::Steady;

/// How often the end is said.
const ENDS: u32 = 4;

impl Steady {
    /// This side leaves, once what it sent was acknowledged.
    pub fn leave(&mut self, now: u64) {
        if self.leave.since.is_none() {
            self.leave.since = Some(now);
            self.leave.end_at = now;
            self.inn.block = None;
        }
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.leave.since.is_some()
    }

    /// Whether the other side has left and everything that it sent has come. What it was sent and did
    /// not acknowledge has perhaps not arrived.
    #[must_use]
    pub fn peer_ended(&self) -> bool {
        self.leave.peer_last == Some(self.inn.whole)
    }

    /// Whether the other side said that it leaves; what it sent may still be missing.
    #[must_use]
    pub fn peer_leaves(&self) -> bool {
        self.leave.peer_last.is_some()
    }

    /// Whether nothing more is to be said, after this side has left.
    #[must_use]
    pub fn is_over(&self, now: u64) -> bool {
        let Some(since) = self.leave.since else { return false };
        let late = now.saturating_sub(since) > self.pace.linger;
        if self.peer.is_none() {
            return late || self.is_flushed();
        }
        let said = self.leave.ends > 0;
        let known = self.leave.peer_saw || self.leave.peer_last.is_some();
        (said && known) || (self.leave.ends >= ENDS && self.leave.end_at <= now)
    }

    pub(super) fn peer_ends(&mut self, last: u16, now: u64) {
        if self.leave.peer_last.is_none() {
            self.leave.peer_last = Some(last);
            self.progress_at = now;
            // Nobody is there to take it.
            self.out.block = None;
            self.out.waiting.clear();
        }
        self.ack_by(now.saturating_add(self.pace.answer / 4));
    }

    /// The number of the last block, if the end is to be said now.
    pub(super) fn end_due(&mut self, now: u64) -> Option<u16> {
        let since = self.leave.since?;
        if self.is_over(now) {
            return None;
        }
        let late = now.saturating_sub(since) > self.pace.linger;
        if self.leave.end_at > now || self.leave.ends >= ENDS || !(self.is_flushed() || late) {
            return None;
        }
        let wait = self.pace.answer.saturating_mul(1 << self.leave.ends.min(ENDS));
        self.leave.ends = self.leave.ends.saturating_add(1);
        self.leave.end_at = now.saturating_add(wait);
        // What could not be delivered is not passed over: its block will never come.
        let more = u16::from(!self.out.waiting.is_empty());
        self.out.number = self.out.number.wrapping_add(more);
        self.out.block = None;
        self.out.waiting.clear();
        Some(self.out.number)
    }

    pub(super) fn leave_wake(&self) -> Option<u64> {
        let since = self.leave.since?;
        let late = since.saturating_add(self.pace.linger).saturating_add(1);
        Some(if self.is_flushed() { self.leave.end_at } else { late })
    }
}
