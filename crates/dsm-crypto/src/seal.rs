//! Sealing: XChaCha20-Poly1305 (`spec/hashing.md`).
//!
//! The caller brings a nonce of 24 random bytes, fresh for each message, and pads the plain text if
//! its length tells something.

use alloc::vec::Vec;
use core::fmt;

use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use dsm_encoding::Encode;

use crate::{Domain, Secret};

/// What sealing adds to the length of the plain text.
pub const OVERHEAD: usize = 16;

/// A key that seals and opens.
#[derive(Clone, Debug)]
pub struct SealKey(Secret<32>);

impl SealKey {
    /// Takes 32 secret bytes that are used for nothing else.
    #[must_use]
    pub const fn from_secret(secret: Secret<32>) -> Self {
        Self(secret)
    }

    /// Derives the key for a purpose from a secret that has several.
    #[must_use]
    pub fn derive<T: Encode + ?Sized>(secret: &Secret<32>, purpose: &T) -> Self {
        Self(secret.derive(Domain::SealKey, purpose))
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.0.expose().into())
    }
}

/// What was sealed does not open: another key, nonce or associated data, or altered bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenError;

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sealed bytes do not open")
    }
}

impl core::error::Error for OpenError {}

/// Seals `plain` and binds `aad` to it.
///
/// A plain text over the cipher's limit of 256 GiB would give no bytes, which never open.
#[must_use]
pub fn seal(key: &SealKey, nonce: &[u8; 24], aad: &[u8], plain: &[u8]) -> Vec<u8> {
    key.cipher().encrypt(nonce.into(), Payload { msg: plain, aad }).unwrap_or_default()
}

/// Opens what [`seal`] made with the same key, nonce and associated data.
///
/// # Errors
/// [`OpenError`].
pub fn open(
    key: &SealKey,
    nonce: &[u8; 24],
    aad: &[u8],
    sealed: &[u8],
) -> Result<Vec<u8>, OpenError> {
    key.cipher().decrypt(nonce.into(), Payload { msg: sealed, aad }).map_err(|_| OpenError)
}

#[cfg(test)]
mod tests;
