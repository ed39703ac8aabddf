//! Moves frames.
//!
//! Every medium is behind `dsm_link::Link`: whole messages, in order, once, or an error. TCP brings
//! that itself; the others carry frames ([`Medium`]) and get it from [`Framed`]. What is said is
//! protected above, by the secure channel.

mod clock;
mod directory;
mod medium;
mod qr;
mod serial;
mod tcp;
pub mod trial;

pub use directory::Directory;
pub use medium::{Framed, Medium};
pub use qr::{Qr, Show, Watch};
pub use serial::Serial;
pub use tcp::{TcpLink, TcpPlace};
