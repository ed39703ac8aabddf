//! Starts real Bitcoin nodes on regtest, for tests.
//!
//! A [`Node`] is a process of Bitcoin Core with a directory and ports of its own, on loopback, and ends with its
//! value. It asks nobody and is found by nobody: what it hears of blocks a test mines, or brings by
//! [`Node::join`]. The program is the one that `BITCOIND_EXE` names, or that `cargo xtask bitcoind` built.

mod clock;
mod node;

pub use node::{Node, NodeError};
