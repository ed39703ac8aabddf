//! Moves frames.
//!
//! Every medium is behind `dsm_link::Link`: whole messages, in order, once, or an error. TCP brings
//! that itself; the others carry frames ([`Medium`]) and get it from [`Framed`]. What is said is
//! protected above, by the secure channel. A [`DirectoryMailbox`] carries letters, which are sealed.

mod clock;
mod directory;
mod lan;
mod mailbox;
mod medium;
mod place;
mod qr;
mod serial;
mod tcp;
pub mod trial;

pub use directory::Directory;
pub use lan::{LanPlace, Mark, Reach, Salt, call as call_on_lan};
pub use mailbox::DirectoryMailbox;
pub use medium::{Framed, Medium};
pub use place::{AnyLink, HangUp, Listener, NoPlace, NoWay, Place, Way};
pub use qr::{MAX_SHEETS, Qr, Sheet, SheetError, Show, Watch, read_sheets, sheets};
pub use serial::Serial;
pub use tcp::{TcpLink, TcpPlace};
