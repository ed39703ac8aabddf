//! Commits to maps and lists and proves what is in them.
//!
//! [`TipTree`] is a map from relationship key to tip that changes one leaf at a time; [`TipProof`]
//! shows what it holds under a key, also that it holds nothing, and what a replacement makes of it.
//! A list tree ([`list_root`], [`list_prove`], [`ListProof`]) is made once over a list whose length
//! matters.
//!
//! What always holds:
//!
//! - a root names one map or one list, whatever the order in which it was built;
//! - a root and a key, or a root and an index, have at most one proof;
//! - a proof is a claim until the root that it leads to is the one that is known;
//! - no proof makes a verifier panic or take more than 514 hashes.
//!
//! Tests check the first two against a naive tree and one-fault mutations.
#![no_std]

extern crate alloc;

mod bad_proof;
mod hashing;
mod list;
mod nodes;
mod tip_proof;
mod tip_tree;

pub use bad_proof::BadProof;
pub use list::{ListProof, list_prove, list_root};
pub use nodes::{Child, MemoryNodes, Node, NodeId, Nodes};
pub use tip_proof::{Terminal, TipProof};
pub use tip_tree::TipTree;
