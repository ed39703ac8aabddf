//! Chains entries into a log, proves runs of it and forks of it.
//!
//! Implements `spec/log.md`. A node may use this crate: nothing here judges value. Everything is
//! pure (checked by the `no_std` build of the gate) and works on canonical bytes.
//!
//! Always true: a head binds every head before it; a [`Verified`] thing was checked and nobody
//! else can make one; an index is below [`MAX_INDEX`].
#![no_std]
#![cfg_attr(
    not(test),
    warn(clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)
)]

extern crate alloc;

mod absorber;
mod chip;
mod descriptor;
mod entry;
mod fork;
mod id;
/// What the [`id!`] macro needs in scope.
#[doc(hidden)]
pub mod macros {
    pub use dsm_crypto::Digest;
    pub use dsm_encoding::{Decode, DecodeError, Encode, Reader, Writer};
}
mod position;
mod signed;

pub use absorber::{AbsorbError, Absorber, MAX_STAND};
pub use chip::{BadEvidence, Chip, ChipEvidence, SimulatedChip, verify_run};
pub use descriptor::{Anchor, DeviceDescriptor, DeviceId, Network};
pub use entry::{
    MAX_RECORDS, MAX_SPENDS, Nonce, Pair, Record, Rest, Side, SpendId, other_hash, spends_hash,
    tip_after, value_hash,
};
pub use fork::{BadForkProof, ForkProof};
pub use position::{MAX_INDEX, Position, relationship};
pub use signed::{BadHead, HeadSignature, MAX_EVIDENCE, SignedHead, Verified};
