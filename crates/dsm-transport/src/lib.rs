//! Moves frames.
//!
//! TCP on the loopback interface so far. One caller is served at a time, so on other interfaces a
//! stranger could keep everybody else out. What is said is protected above, by the secure channel.

mod tcp;

pub use tcp::{NotLoopback, TcpLink, TcpPlace};
