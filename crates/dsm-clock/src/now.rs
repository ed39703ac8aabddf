//! The only clock of this crate: how old a block is, and whether its time lies in the future.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970, as this machine's clock shows.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the age of a block is told by a clock")]
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
