//! The one clock of DSM (`spec/headers.md`, the clock): how high Bitcoin's chain is, as far as one knows.

use crate::{BlockHash, HeaderChain};

/// The newest block that somebody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Its height.
    pub height: u32,
    /// Its id.
    pub hash: BlockHash,
    /// Its time, in seconds since 1970, as its miner says; up to two hours off.
    pub time: u32,
}

/// How far ahead of the own clock a block's time may be, in seconds: as Bitcoin Core takes it.
pub const ACCEPTED_AHEAD: u64 = 2 * 60 * 60;

impl Sighting {
    /// How many seconds ago the block was found, by a clock that shows `now`; 0 if it seems to come. None if it lies
    /// further ahead than [`ACCEPTED_AHEAD`]: then the clock is wrong, and a block of any age would look young.
    ///
    /// A block comes every ten minutes on average: an age of hours says that nobody was asked for that long, or that
    /// the clock is wrong.
    #[must_use]
    pub fn age(&self, now: u64) -> Option<u64> {
        let found = u64::from(self.time);
        (found <= now.saturating_add(ACCEPTED_AHEAD)).then(|| now.saturating_sub(found))
    }
}

/// Whoever knows how high Bitcoin is. Nothing else in DSM has a time that means anything.
pub trait Heights {
    /// The newest block known, or none if nobody ever told.
    fn sighting(&self) -> Option<Sighting>;
}

impl Heights for HeaderChain {
    fn sighting(&self) -> Option<Sighting> {
        let tip = self.tip();
        Some(Sighting { height: tip.height, hash: tip.hash, time: tip.time() })
    }
}
