//! A block of a header chain, with all that the rules need to judge the next header (`spec/headers.md`, rules).

use dsm_encoding::{List, record};

use crate::network::{PERIOD, Rules};
use crate::{BlockHash, Header, HeaderReject, Target, Work};

/// How many times the median is taken of.
const SPAN: usize = 11;
/// Seconds that a block should take.
const SPACING: u32 = 600;
/// Seconds that a period should take.
const PERIOD_TIME: u32 = PERIOD.saturating_mul(SPACING);

/// The times of a block and of those before it, at most eleven, the oldest first.
///
/// Below a checkpoint they may be unknown; then the rule of the median waits until there are eleven again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// In order; unused ones at the end.
    times: [u32; SPAN],
    /// How many are used.
    len: usize,
}

impl Times {
    /// One time, those before it unknown.
    #[must_use]
    pub fn of(time: u32) -> Self {
        Self { times: [0; SPAN], len: 0 }.then(time)
    }

    /// The newest.
    #[must_use]
    pub fn last(&self) -> u32 {
        self.as_slice().last().copied().unwrap_or(0)
    }

    /// In order, the oldest first.
    #[must_use]
    pub fn as_slice(&self) -> &[u32] {
        self.times.get(..self.len).unwrap_or(&self.times)
    }

    /// One more; the oldest of twelve is forgotten.
    #[must_use]
    pub fn then(mut self, time: u32) -> Self {
        if self.len == SPAN {
            self.times.rotate_left(1);
            if let Some(last) = self.times.last_mut() {
                *last = time;
            }
        } else if let Some(next) = self.times.get_mut(self.len) {
            *next = time;
            self.len = self.len.saturating_add(1);
        }
        self
    }

    /// True if a time is after the median, the later of two: more than half of them are before it.
    fn are_before(&self, time: u32) -> bool {
        let before = self.as_slice().iter().filter(|one| **one < time).count();
        before > self.len / 2
    }
}

impl dsm_encoding::Encode for Times {
    fn encode(&self, to: &mut dsm_encoding::Writer) {
        to.array(self.len);
        self.as_slice().iter().for_each(|time| to.uint(u64::from(*time)));
    }
}

impl dsm_encoding::Decode for Times {
    fn decode(from: &mut dsm_encoding::Reader<'_>) -> Result<Self, dsm_encoding::DecodeError> {
        let list = List::<u32, SPAN>::decode(from)?;
        let none = Self { times: [0; SPAN], len: 0 };
        Ok(list.iter().fold(none, |times, time| times.then(*time)))
    }
}

/// A block on a chain, and what its successor must keep to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waypoint {
    /// How many blocks lie before it.
    pub height: u32,
    /// Its id.
    pub hash: BlockHash,
    /// Its target, compact.
    pub bits: u32,
    /// Its time and those before.
    pub times: Times,
    /// The time of the first block of its period.
    pub period_time: u32,
    /// The target of the first block of its period.
    pub period_bits: u32,
    /// The target of the last block of its period that does not have the easiest one; else of the first.
    pub hard_bits: u32,
    /// The work of the chain up to it.
    pub work: Work,
}
record! { Waypoint { height, hash, bits, times, period_time, period_bits, hard_bits, work } }

/// A target that was read, since blocks one after the other mostly have the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Read {
    bits: u32,
    target: Target,
    work: Work,
}

impl Read {
    fn new(bits: u32) -> Option<Self> {
        let target = Target::from_compact(bits)?;
        Some(Self { bits, target, work: target.work() })
    }
}

impl Waypoint {
    /// The block's time.
    #[must_use]
    pub fn time(&self) -> u32 {
        self.times.last()
    }

    /// The waypoint of a header that follows this one, and its hash.
    ///
    /// `latest` is the latest time that is taken, in seconds since 1970.
    pub(crate) fn after(
        &self,
        rules: &Rules,
        header: &Header,
        latest: u32,
        read: &mut Option<Read>,
    ) -> Result<Self, HeaderReject> {
        if header.previous != self.hash {
            return Err(HeaderReject::Unconnected);
        }
        let height = self.height.checked_add(1).ok_or(HeaderReject::Unconnected)?;
        let needed = rules.versions.iter().zip(2..).filter(|(from, _)| height >= **from);
        if needed.map(|(_, version)| version).max().is_some_and(|least| header.version < least) {
            return Err(HeaderReject::Version);
        }
        if header.bits != self.next_bits(rules, header.time) {
            return Err(HeaderReject::Bits);
        }
        self.check_time(rules, height, header.time, latest)?;
        let known = read.filter(|read| read.bits == header.bits);
        let now = known.or_else(|| Read::new(header.bits)).ok_or(HeaderReject::Bits)?;
        *read = Some(now);
        let hash = header.hash();
        if !now.target.is_met_by(&hash) {
            return Err(HeaderReject::Work);
        }
        let waypoint = Self { height, hash, bits: header.bits, ..*self };
        Ok(waypoint.moved(rules, header.time, now.work))
    }

    /// What follows from the height, the target and the time of a new waypoint; the rest is still its parent's.
    fn moved(self, rules: &Rules, time: u32, work: Work) -> Self {
        let first = self.height.is_multiple_of(PERIOD);
        Self {
            times: self.times.then(time),
            period_time: if first { time } else { self.period_time },
            period_bits: if first { self.bits } else { self.period_bits },
            hard_bits: if first || self.bits != rules.limit { self.bits } else { self.hard_bits },
            work: self.work.plus(work),
            ..self
        }
    }

    fn check_time(
        &self,
        rules: &Rules,
        height: u32,
        time: u32,
        latest: u32,
    ) -> Result<(), HeaderReject> {
        let known = self.times.as_slice().len();
        let all = known == SPAN || u32::try_from(known).is_ok_and(|known| known == height);
        if all && !self.times.are_before(time) {
            return Err(HeaderReject::Time);
        }
        let first = height.is_multiple_of(PERIOD);
        if rules.bip94 && first && time < self.time().saturating_sub(SPACING) {
            return Err(HeaderReject::Warp);
        }
        if time > latest { Err(HeaderReject::Ahead) } else { Ok(()) }
    }

    /// The target that the next block must have (Bitcoin Core, `pow.cpp`).
    pub(crate) fn next_bits(&self, rules: &Rules, time: u32) -> u32 {
        if self.height.checked_add(1).is_some_and(|height| height.is_multiple_of(PERIOD)) {
            return if rules.retargets { self.retarget(rules) } else { self.bits };
        }
        if !rules.min_difficulty {
            return self.bits;
        }
        let late = self.time().saturating_add(SPACING.saturating_mul(2));
        if time > late { rules.limit } else { self.hard_bits }
    }

    /// The target of the next period: this one's, scaled by how long it took, at most fourfold either way.
    fn retarget(&self, rules: &Rules) -> u32 {
        let passed = self.time().saturating_sub(self.period_time);
        let passed = passed.clamp(PERIOD_TIME / 4, PERIOD_TIME.saturating_mul(4));
        let old = Target::from_compact(if rules.bip94 { self.period_bits } else { self.bits });
        let (Some(old), Some(limit)) = (old, Target::from_compact(rules.limit)) else {
            return rules.limit;
        };
        old.retargeted(passed, PERIOD_TIME, limit).to_compact()
    }
}

#[cfg(test)]
mod tests;
