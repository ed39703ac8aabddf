//! The only clock of this crate: how long a feed has left.

use std::time::{Duration, Instant};

use crate::error::FeedError;

/// When an answer must be there as a whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    began: Instant,
    allowed: Duration,
}

impl Deadline {
    #[expect(clippy::disallowed_methods, reason = "waiting for a feed needs a clock")]
    pub(crate) fn after(allowed: Duration) -> Self {
        Self { began: Instant::now(), allowed }
    }

    /// What is left, never zero.
    pub(crate) fn left(&self) -> Result<Duration, FeedError> {
        let left = self.allowed.checked_sub(self.began.elapsed()).ok_or(FeedError::Late)?;
        // The operating system takes zero for no limit at all.
        if left < Duration::from_millis(1) { Err(FeedError::Late) } else { Ok(left) }
    }
}
