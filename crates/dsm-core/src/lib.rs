//! Decides whether an entry is valid.
//!
//! Implements `spec/`: identity, notes, operations, packs, lineage, `accept`. No input or output,
//! no clock, no randomness (checked by the `no_std` build of the gate); it knows no sessions,
//! links, nodes or stores (checked by `cargo xtask deps`).
//!
//! Always true: an [`Accepted`] passed every rule, and only [`accept`] makes one; a refusal changes
//! nothing and teaches nothing but fork proofs; value comes from an issue that was shown.
#![no_std]
#![cfg_attr(
    not(test),
    warn(clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)
)]

extern crate alloc;

mod accept;
mod ahead;
mod class;
pub mod data;
mod deal;
mod entry;
mod evidence;
pub mod identity;
mod known;
mod lesson;
mod lineage;
mod memory;
mod note;
pub mod pack;
mod policy;
pub mod receipt;
mod reject;
mod tripwire;
pub mod value;
mod view;
mod write;

pub use accept::{Accepted, Claimed, Dealt, Verdict, accept, examine};
pub use ahead::Ahead;
pub use class::{FinalityClass, MakerId, Settings};
pub use deal::{Dealing, deal};
pub use entry::{Before, Entry};
pub use evidence::{most_on, signature_after, signed_after};
pub use lineage::Lineage;
pub use memory::MemoryView;
pub use note::{Lock, Note, Output, TokenId};
pub use policy::{Cosigners, Kind, Policy, Supervision};
pub use reject::Reject;
pub use tripwire::prove_fork;
pub use value::{Op, Value, lot_id};
pub use view::{Allowed, Facts, Origin, Peer, View};
pub use write::{Addressee, Draft, OwnLog, Written, write};
