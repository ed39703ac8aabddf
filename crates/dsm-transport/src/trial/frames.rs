//! The campaign over the pure protocol: no medium, and a clock that is only counted.

use std::collections::BTreeMap;
use std::ops::Range;

use dsm_link::{LinkError, MAX_FRAME, Pace, Steady};

use super::script::{Heard, LONGEST, Script};
use super::{Faults, Numbers, Tally};

const PACE: Pace = Pace { gap: 0, answer: 200, patience: 30_000, linger: 10_000 };
/// After so long, in milliseconds, a run that has not ended hangs.
const HANGS: u64 = 24 * 3_600_000;
/// A frame on its way takes so long.
const WAY: u64 = 5;

/// One run for each seed, with the faults that it says.
#[must_use]
pub fn frames(seeds: Range<u64>) -> Tally {
    seeds.map(|seed| Run::new(seed).play()).sum()
}

struct Run {
    now: u64,
    sides: [Steady; 2],
    faults: [Faults; 2],
    ways: [BTreeMap<(u64, u64), Vec<u8>>; 2],
    count: u64,
    script: Script,
    turn: [usize; 2],
    heard: [Heard; 2],
    broken: [bool; 2],
    left: [bool; 2],
    overfull: bool,
    untold: bool,
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut numbers = Numbers::new(seed, 7);
        let sizes = [60, 230, 858, 1024, 4096];
        let size = sizes.get(numbers.below(5) as usize).copied().unwrap_or(858);
        let mut tag = || (numbers.next() as u32 | 1).to_be_bytes();
        let tags = [tag(), tag(), tag(), tag()];
        let [a, b, older_a, older_b] = tags;
        let old = older(older_a, older_b, size);
        let script = Script::new(seed, 8, true);
        let side = |tag, calls| -> Steady {
            let begin = if calls { Steady::call } else { Steady::wait };
            match begin(tag, size, PACE, 0) {
                Ok(side) => side,
                Err(_) => unreachable!("every size has room"),
            }
        };
        Self {
            now: 0,
            sides: [side(a, true), side(b, false)],
            faults: [0, 1].map(|side| Faults::new(seed, side, PACE.answer).with_old(old.clone())),
            ways: [BTreeMap::new(), BTreeMap::new()],
            count: 0,
            heard: [Heard::new(script.heard(0)), Heard::new(script.heard(1))],
            script,
            turn: [0; 2],
            broken: [false; 2],
            left: [false; 2],
            overfull: false,
            untold: false,
        }
    }

    fn play(mut self) -> Tally {
        while self.now < HANGS && !(0..2).all(|side| self.is_done(side)) {
            for side in 0..2 {
                if self.is_done(side) {
                    continue;
                }
                self.broken[side] |= self.act(side).is_err();
                while let Some(frame) = self.sides[side].speak(self.now) {
                    for (at, frame) in self.faults[side].pass(self.now + WAY, &frame) {
                        self.count += 1;
                        self.ways[side].insert((at, self.count), frame);
                    }
                }
            }
            self.advance();
        }
        self.sum()
    }

    /// Goes to the next time at which something happens.
    fn advance(&mut self) {
        let due = self.ways.iter().filter_map(|way| way.first_key_value()).map(|((at, _), _)| *at);
        let wakes = (0..2).filter(|side| !self.is_done(*side)).map(|side| self.sides[side].wake());
        let next = due.chain(wakes).min().unwrap_or(HANGS);
        self.now = next.max(self.now + 1);
        for from in 0..2 {
            while let Some(next) = self.ways[from].first_entry() {
                if next.key().0 > self.now {
                    break;
                }
                let frame = next.remove();
                self.sides[1 - from].hear(&frame, self.now);
                self.overfull |= self.sides[1 - from].held() > 2 * MAX_FRAME;
            }
        }
    }

    fn is_done(&self, side: usize) -> bool {
        self.broken[side] || (self.left[side] && self.sides[side].is_over(self.now))
    }

    /// What the program above a link does.
    fn act(&mut self, side: usize) -> Result<(), LinkError> {
        if self.left[side] {
            return Ok(());
        }
        while let Some(message) = self.sides[side].take(LONGEST)? {
            self.heard[side].hear(&message);
            self.sides[side].begin_waiting(self.now);
        }
        while let Some(turn) = self.script.turns.get(self.turn[side]) {
            if self.turn[side] % 2 == side {
                for message in turn {
                    self.sides[side].send(message)?;
                }
                self.sides[side].begin_waiting(self.now);
            } else {
                let upto: usize = self
                    .script
                    .turns
                    .iter()
                    .take(self.turn[side] + 1)
                    .skip(1 - side)
                    .step_by(2)
                    .map(Vec::len)
                    .sum();
                if self.heard[side].count < upto {
                    return self.wait(side);
                }
            }
            self.turn[side] += 1;
        }
        self.left[side] = true;
        self.sides[side].leave(self.now);
        Ok(())
    }

    fn wait(&mut self, side: usize) -> Result<(), LinkError> {
        if self.sides[side].peer_ended() {
            // Whoever has said everything and left must have been heard.
            self.untold |= self.left[1 - side];
            return Err(LinkError::CutOff);
        }
        let idle = side == 1 && !self.sides[1].is_met() && (self.broken[0] || self.left[0]);
        if self.sides[side].is_silent(self.now) || idle {
            return Err(LinkError::Silent);
        }
        Ok(())
    }

    fn sum(self) -> Tally {
        let missing: u64 = self.heard.iter().map(Heard::missing).sum();
        let broken = self.broken.contains(&true);
        let hangs = !(0..2).all(|side| self.is_done(side));
        let excused = broken && !hangs;
        Tally {
            runs: 1,
            whole: u64::from(missing == 0),
            broken: u64::from(broken),
            lost: self.heard.iter().map(|heard| heard.lost).sum::<u64>()
                + if excused { 0 } else { missing }
                + u64::from(hangs || self.untold),
            repeated: self.heard.iter().map(|heard| heard.repeated).sum(),
            overfull: u64::from(self.overfull),
        }
    }
}

/// The frames of an older conversation.
fn older(a: [u8; 4], b: [u8; 4], size: usize) -> Vec<Vec<u8>> {
    let sides = (Steady::call(a, size, PACE, 0), Steady::wait(b, size, PACE, 0));
    let (Ok(mut one), Ok(mut other)) = sides else { return Vec::new() };
    let _ = (one.send(b"an old message"), other.send(b"an old answer"));
    let mut frames = Vec::new();
    for now in 0..10 {
        while let Some(frame) = one.speak(now) {
            other.hear(&frame, now);
            frames.push(frame);
        }
        while let Some(frame) = other.speak(now) {
            one.hear(&frame, now);
            frames.push(frame);
        }
    }
    frames
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_or_repeated_whatever_happens_to_frames() {
        let tally = frames(0..300);
        assert_eq!((tally.runs, tally.lost, tally.repeated, tally.overfull), (300, 0, 0, 0));
        assert!(tally.whole > 100 && tally.broken > 30, "{tally:?}");
    }
}
