//! Follows Bitcoin headers and proves what a block contains.
//!
//! Implements `spec/headers.md`. Bitcoin's headers are the clock and the beacon of DSM: how high the chain is, and
//! what was in it. Everything is pure (checked by the `no_std` build of the gate): where headers come from, where
//! they are kept and what time it is are the caller's.
//!
//! Always true: every header of a [`HeaderChain`] keeps every rule that headers alone can show; the chain is the one with
//! the most work among all that it was given; a [`Included`] or [`Buried`] was checked and nobody else can make one.
//! A header says nothing about the transactions of its block being valid: that rests on the work spent.
#![no_std]
#![cfg_attr(
    not(test),
    warn(clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)
)]

extern crate alloc;

mod block;
mod chain;
mod clock;
mod hash;
mod header;
mod height;
mod inclusion;
mod merkle;
mod network;
mod reject;
mod segments;
mod target;
mod transaction;
mod waypoint;

pub use block::{BadBlock, Block, MAX_BLOCK};
pub use chain::{Change, HeaderChain, MAX_BRANCH_HEADERS};
pub use clock::{ACCEPTED_AHEAD, Heights, Sighting};
pub use hash::{BadHash, BlockHash, TxId, sha256d};
pub use header::Header;
pub use height::{Buried, HeightGuard, HeightProof, MAX_DEPTH, Successor};
pub use inclusion::{CoinbaseProof, Containment, Included, TransactionProof};
pub use merkle::{MAX_PATH, MerklePath};
pub use network::{BitcoinNetwork, PERIOD};
pub use reject::{BadHeader, HeaderReject};
pub use target::{Target, Work};
pub use transaction::MAX_TRANSACTION;
pub use waypoint::{Times, Waypoint};
