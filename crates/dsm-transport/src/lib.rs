//! Moves frames.
//!
//! TCP on the loopback interface so far.
//! Other links, and other interfaces, come with the secure channel: until then a forged Ask could
//! name a floor that burns the payer's value, so nothing here leaves the machine.

mod tcp;

pub use tcp::{TcpError, TcpLink, TcpPlace};
