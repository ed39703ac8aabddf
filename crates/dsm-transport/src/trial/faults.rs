//! What may happen to a frame, by seed.

use std::collections::BTreeMap;
use std::time::Duration;

use dsm_link::{LinkError, Pace};

use super::Numbers;
use crate::clock::Stopwatch;
use crate::medium::Medium;

/// The most frames that are remembered, to be repeated.
const REMEMBERED: usize = 32;

/// What happens to the frames of one direction.
#[derive(Clone, Debug)]
pub struct Faults {
    numbers: Numbers,
    lost: u64,
    twice: u64,
    spoiled: u64,
    shortened: u64,
    late: u64,
    /// From this frame to that one nothing comes.
    stall: (u64, u64),
    /// Nothing comes any more from this frame on.
    hang_up: u64,
    /// Milliseconds between two frames.
    trickle: u64,
    flood: u64,
    count: u64,
    free_at: u64,
    old: Vec<Vec<u8>>,
}

impl Faults {
    /// None at all.
    #[must_use]
    pub fn none() -> Self {
        Self {
            numbers: Numbers::new(0, 0),
            lost: 0,
            twice: 0,
            spoiled: 0,
            shortened: 0,
            late: 0,
            stall: (0, 0),
            hang_up: u64::MAX,
            trickle: 0,
            flood: 0,
            count: 0,
            free_at: 0,
            old: Vec::new(),
        }
    }

    /// So many of a thousand frames are lost, and nothing else.
    #[must_use]
    pub fn losing(seed: u64, lost: u64) -> Self {
        Self { numbers: Numbers::new(seed, 2), lost, ..Self::none() }
    }

    /// Those that the seed says; an answer takes so many milliseconds on the medium.
    #[must_use]
    pub fn new(seed: u64, side: u64, answer: u64) -> Self {
        let mut numbers = Numbers::new(seed, 3 + side);
        let mut one_of = |choices: [u64; 4]| {
            let [a, b, c, d] = choices;
            match numbers.below(4) {
                0 => a,
                1 => b,
                2 => c,
                _ => d,
            }
        };
        let lost = one_of([0, 50, 200, 400]);
        let twice = one_of([0, 0, 100, 400]);
        let spoiled = one_of([0, 0, 50, 200]);
        let shortened = one_of([0, 0, 50, 100]);
        let late = one_of([0, 1, 4, 10]) * answer;
        let trickle = one_of([0, 0, 0, answer]);
        let flood = one_of([0, 0, 200, 900]);
        let stall = one_of([0, 0, 4, 12]);
        let from = one_of([0, 2, 5, 9]);
        let hang_up = one_of([u64::MAX, u64::MAX, u64::MAX, 0]);
        let hang_up = if hang_up == 0 { numbers.below(30) } else { hang_up };
        let stall = (from, from + stall);
        let old = Vec::new();
        let none = Self::none();
        Self {
            numbers,
            lost,
            twice,
            spoiled,
            shortened,
            late,
            stall,
            hang_up,
            trickle,
            flood,
            old,
            ..none
        }
    }

    /// What else lies on the medium: frames of older conversations.
    #[must_use]
    pub fn with_old(mut self, frames: Vec<Vec<u8>>) -> Self {
        self.old = frames;
        self
    }

    /// Whether the direction is cut for good.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.count >= self.hang_up
    }

    /// What becomes of a frame: when something arrives, and what.
    pub fn pass(&mut self, now: u64, frame: &[u8]) -> Vec<(u64, Vec<u8>)> {
        self.count += 1;
        let mut out = Vec::new();
        while self.flood > 0 && self.numbers.happens(self.flood) && out.len() < 20 {
            let junk = self.junk();
            out.push((now, junk));
        }
        let stalled = (self.stall.0..self.stall.1).contains(&self.count);
        if self.count > self.hang_up || stalled {
            return if stalled { out } else { Vec::new() };
        }
        if self.old.len() < REMEMBERED {
            self.old.push(frame.to_vec());
        }
        let copies = if self.numbers.happens(self.twice) { 2 } else { 1 };
        for _ in 0..copies {
            if self.numbers.happens(self.lost) {
                continue;
            }
            let mut frame = frame.to_vec();
            if self.numbers.happens(self.shortened) {
                frame.truncate(self.numbers.below(frame.len() as u64) as usize);
            }
            if self.numbers.happens(self.spoiled) {
                self.spoil(&mut frame);
            }
            let mut at = now + self.numbers.below(self.late + 1);
            if self.trickle > 0 {
                at = at.max(self.free_at);
                self.free_at = at + self.trickle;
            }
            out.push((at, frame));
        }
        out
    }

    fn spoil(&mut self, frame: &mut [u8]) {
        for _ in 0..=self.numbers.below(4) {
            let at = self.numbers.below(frame.len() as u64) as usize;
            let bit = self.numbers.below(8);
            if let Some(byte) = frame.get_mut(at) {
                *byte ^= 1 << bit;
            }
        }
    }

    /// Bytes of a stranger, or a frame that was there before.
    fn junk(&mut self) -> Vec<u8> {
        let len = self.numbers.below(900) as usize;
        if self.numbers.happens(500) || self.old.is_empty() {
            return self.numbers.bytes(len);
        }
        let at = self.numbers.below(self.old.len() as u64) as usize;
        self.old.get(at).cloned().unwrap_or_default()
    }
}

/// A medium with faults in what is put on it.
#[derive(Debug)]
pub struct Faulty<M> {
    medium: M,
    faults: Faults,
    pace: Pace,
    clock: Stopwatch,
    late: BTreeMap<(u64, u64), Vec<u8>>,
    count: u64,
}

impl<M: Medium> Faulty<M> {
    /// Puts faults before a medium, and gives it another pace.
    pub fn new(medium: M, faults: Faults, pace: Pace) -> Self {
        let late = BTreeMap::new();
        Self { medium, faults, pace, clock: Stopwatch::start(), late, count: 0 }
    }

    fn deliver(&mut self) -> Result<(), LinkError> {
        while let Some(next) = self.late.first_entry() {
            if next.key().0 > self.clock.now() {
                break;
            }
            let frame = next.remove();
            self.medium.put(&frame)?;
        }
        Ok(())
    }
}

impl<M: Medium> Medium for Faulty<M> {
    fn size(&self) -> usize {
        self.medium.size()
    }

    fn pace(&self) -> Pace {
        self.pace
    }

    fn put(&mut self, frame: &[u8]) -> Result<(), LinkError> {
        for (at, frame) in self.faults.pass(self.clock.now(), frame) {
            self.count += 1;
            self.late.insert((at, self.count), frame);
        }
        self.deliver()
    }

    fn take(&mut self, wait: Duration) -> Result<Option<Vec<u8>>, LinkError> {
        self.deliver()?;
        let next =
            self.late.first_key_value().map(|((at, _), _)| at.saturating_sub(self.clock.now()));
        let wait = next.map_or(wait, |next| wait.min(Duration::from_millis(next)));
        self.medium.take(wait)
    }
}
