//! Keeps Bitcoin's headers in a file and follows feeds.
//!
//! A [`Clock`] is a header chain (`spec/headers.md`) with a file under it: the base, and 80 bytes for each header
//! above. Nothing in the file is believed but its base, which only this crate writes: what is read is judged again, so
//! a file that was cut off or altered is a shorter chain, and feeds give the rest.
//!
//! Always true: one process at a time writes a file; a base is the checkpoint of the network or a block that was once
//! on the chain with the most work; how much memory and disk it takes does not depend on how old Bitcoin is.

mod clock;
mod file;
mod now;

pub use clock::{Clock, ClockError, KEPT};
pub use file::{FileError, HeaderFile};
pub use now::now;
