//! Hashes under a domain, signs, verifies, seals.
//!
//! One suite, no negotiation: BLAKE3 in derive-key mode, Ed25519 with ML-DSA-44, SLH-DSA-SHA2-128s
//! for the recovery key, X-Wing, XChaCha20-Poly1305, bech32m.
//!
//! What always holds:
//! - every hash names a [`Domain`], and all domains stand in one table;
//! - a hybrid signature is valid only if both halves are;
//! - everything is deterministic: randomness comes in as an argument;
//! - secrets are wiped when dropped and their `Debug` shows nothing;
//! - no input makes this crate panic.
#![no_std]

extern crate alloc;

mod bytes;
mod chip;
mod digest;
mod domain;
mod hash;
pub mod kem;
pub mod noise;
pub mod recovery;
pub mod seal;
mod secret;
mod signature;
#[cfg(test)]
mod test_data;
pub mod text;
#[cfg(test)]
mod words;

pub use chip::{ChipKey, ChipSecret, ChipSignature, sha256};
pub use digest::Digest;
pub use domain::Domain;
pub use hash::{hash, hash_bytes};
pub use kem::{Ciphertext, KemPublic, KemSecret, SharedSecret, decapsulate, encapsulate};
pub use recovery::{RecoveryPublic, RecoverySecret, RecoverySignature};
pub use seal::{OpenError, SealKey, open, seal};
pub use secret::Secret;
pub use signature::{BadSignature, PublicKey, SecretKey, Signature, Signer};
pub use text::TextError;
