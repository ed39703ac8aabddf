//! Tests any link, and the campaigns of many seeded runs. A link that passes may carry payments.
//!
//! Always true: what a run meets follows from its seed, and every message is checked when it comes:
//! the next one, unchanged, or the run counts it as lost or repeated.

mod faults;
mod figures;
mod frames;
mod line;
mod media;
mod script;

pub use faults::{Faults, Faulty};
pub use figures::{Cost, cost};
pub use frames::frames;
pub use line::Line;
pub use media::{directories, lines, pictures, streams};
pub use script::{meet, whole};

/// What runs came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Runs.
    pub runs: u64,
    /// Runs in which every message arrived.
    pub whole: u64,
    /// Runs in which a link said that it is broken.
    pub broken: u64,
    /// Messages that were lost or changed, and no link said so.
    pub lost: u64,
    /// Messages that came again, or out of order.
    pub repeated: u64,
    /// Runs in which a link held more than it may.
    pub overfull: u64,
}

impl std::ops::Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            runs: self.runs + other.runs,
            whole: self.whole + other.whole,
            broken: self.broken + other.broken,
            lost: self.lost + other.lost,
            repeated: self.repeated + other.repeated,
            overfull: self.overfull + other.overfull,
        }
    }
}

impl std::iter::Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| sum + one)
    }
}

/// Numbers from a seed (splitmix64).
#[derive(Clone, Debug)]
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new(seed: u64, purpose: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ purpose.rotate_left(32))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below a bound.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// Whether something that happens so often in a thousand times happens.
    pub(crate) fn happens(&mut self, of_a_thousand: u64) -> bool {
        self.below(1000) < of_a_thousand
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(len + 8);
        while bytes.len() < len {
            bytes.extend_from_slice(&self.next().to_le_bytes());
        }
        bytes.truncate(len);
        bytes
    }
}
