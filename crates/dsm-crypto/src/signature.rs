//! The hybrid signature of a device: Ed25519 and ML-DSA-44 (`spec/hashing.md`).
//!
//! A key or signature is the Ed25519 part followed by the ML-DSA-44 part, one byte string. Both
//! halves sign the same 32 bytes, which are H under a domain, so a signature serves one purpose
//! only; the ML-DSA context is empty. It is valid only if both halves are: Ed25519 by the strict
//! rules (canonical s, no small-order points, no cofactor), ML-DSA-44 by FIPS 204. Signing is
//! deterministic in both halves.

use alloc::boxed::Box;
use core::fmt;

use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use libcrux_ml_dsa::ml_dsa_44::{
    self, MLDSA44Signature, MLDSA44SigningKey, MLDSA44VerificationKey,
};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::bytes::{any_content, byte_string, join, split};
use crate::{Digest, Domain, Secret, hash};

const ED_PUBLIC: usize = 32;
const ML_PUBLIC: usize = 1312;
const ED_SIGNATURE: usize = 64;
const ML_SIGNATURE: usize = 2420;
/// The randomness that makes ML-DSA signing deterministic (FIPS 204, section 3.4).
const DETERMINISTIC: [u8; 32] = [0; 32];

byte_string! {
    /// A device's public key, 1,344 bytes: Ed25519 32, ML-DSA-44 1,312.
    PublicKey, ED_PUBLIC + ML_PUBLIC
}
any_content!(PublicKey);

byte_string! {
    /// A device's signature, 2,484 bytes: Ed25519 64, ML-DSA-44 2,420.
    Signature, ED_SIGNATURE + ML_SIGNATURE
}
any_content!(Signature);

/// A signature is not valid: one half of it at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadSignature;

impl fmt::Display for BadSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("signature is not valid")
    }
}

impl core::error::Error for BadSignature {}

impl PublicKey {
    /// Accepts a signature of which both halves are valid.
    ///
    /// # Errors
    /// [`BadSignature`], also if the key itself is no key.
    pub fn verify(&self, message: &Digest, signature: &Signature) -> Result<(), BadSignature> {
        let (ed_key, ml_key) = split(&self.0);
        let (ed_signature, ml_signature) = split(&signature.0);
        verify_ed25519(&ed_key, message.as_bytes(), &ed_signature)?;
        verify_ml_dsa(ml_key, message.as_bytes(), ml_signature)
    }

    /// The digest that names this key.
    #[must_use]
    pub fn digest(&self) -> Digest {
        hash(Domain::PublicKey, self)
    }
}

/// The Ed25519 half, by the strict rules.
pub(crate) fn verify_ed25519(
    key: &[u8; ED_PUBLIC],
    message: &[u8],
    signature: &[u8; ED_SIGNATURE],
) -> Result<(), BadSignature> {
    let key = VerifyingKey::from_bytes(key).map_err(|_| BadSignature)?;
    let signature = ed25519_dalek::Signature::from_bytes(signature);
    key.verify_strict(message, &signature).map_err(|_| BadSignature)
}

/// The ML-DSA-44 half, with an empty context.
pub(crate) fn verify_ml_dsa(
    key: [u8; ML_PUBLIC],
    message: &[u8],
    signature: [u8; ML_SIGNATURE],
) -> Result<(), BadSignature> {
    let key = MLDSA44VerificationKey::new(key);
    let signature = MLDSA44Signature::new(signature);
    ml_dsa_44::verify(&key, message, b"", &signature).map_err(|_| BadSignature)
}

/// Something that signs for one device: a key in memory or in hardware.
pub trait Signer {
    /// The key that verifies.
    fn public_key(&self) -> &PublicKey;

    /// Signs the hash of a message.
    fn sign(&self, message: &Digest) -> Signature;
}

/// A device's secret key in memory. It is random, never derived from a backed-up seed.
pub struct SecretKey {
    seed: Secret<64>,
    ed: SigningKey,
    ml: Box<MLDSA44SigningKey>,
    public: Box<PublicKey>,
}

impl SecretKey {
    /// Expands 64 random bytes: the Ed25519 seed, then the ML-DSA-44 seed.
    #[must_use]
    pub fn from_seed(seed: Secret<64>) -> Self {
        let (ed_seed, ml_seed) = split::<64, 32, 32>(seed.expose());
        let (ed_seed, ml_seed) = (Zeroizing::new(ed_seed), Zeroizing::new(ml_seed));
        let ed = SigningKey::from_bytes(&ed_seed);
        let mut pair = ml_dsa_44::generate_key_pair(*ml_seed);
        let ml = Box::new(pair.signing_key.clone());
        pair.signing_key.as_ref_mut().zeroize();
        let public = join(ed.verifying_key().as_bytes(), pair.verification_key.as_ref());
        Self { seed, ed, ml, public: Box::new(PublicKey(public)) }
    }

    /// The 64 bytes that it came from, to be stored sealed.
    #[must_use]
    pub const fn seed(&self) -> &Secret<64> {
        &self.seed
    }

    /// The ML-DSA-44 half of a signature.
    ///
    /// The library gives up after 814 rejections, a chance below 2^-256; then the half is zeros,
    /// which verifies nowhere.
    fn sign_ml_dsa(&self, message: &[u8]) -> [u8; ML_SIGNATURE] {
        ml_dsa_44::sign(&self.ml, message, b"", DETERMINISTIC)
            .map_or([0; ML_SIGNATURE], |signature| *signature.as_ref())
    }
}

impl Signer for SecretKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &Digest) -> Signature {
        let ed = self.ed.sign(message.as_bytes()).to_bytes();
        Signature(join(&ed, &self.sign_ml_dsa(message.as_bytes())))
    }
}

impl Drop for SecretKey {
    fn drop(&mut self) {
        self.ml.as_ref_mut().zeroize(); // The seed and the Ed25519 key wipe themselves.
    }
}

impl ZeroizeOnDrop for SecretKey {}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(redacted)")
    }
}

#[cfg(test)]
mod tests;
