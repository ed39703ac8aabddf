//! What shows that a key lives in an endorsed chip (`spec/anchors.md`, who vouches): the challenger's side, without any chip.
//!
//! A secret is sealed for an endorsement key and for the *name* of the key with which the chip attests. The chip opens it only if it holds
//! both, and the name binds the attributes: a restricted key that never leaves the chip. Whoever answers with the secret has such a chip at hand.
//!
//! It convinces only whoever drew the secret, and once: anybody else might have been told it.

use aes::Aes128;
use cfb_mode::cipher::KeyIvInit;
use dsm_crypto::sha256;
use dsm_log::Chip;
use getrandom::SysRng;
use hmac::{Hmac, KeyInit, Mac};
use p256::ecdh::EphemeralSecret;
use p256::elliptic_curve::Generate;
use p256::elliptic_curve::sec1::ToSec1Point;
use rsa::traits::PaddingScheme;
use rsa::{BoxedUint, Oaep, RsaPublicKey};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::command::sized;
use crate::{EndorsementKey, area};

/// How long the sealed secret is, with its length: a MAC and the secret.
pub(crate) const SEALED: usize = 70;
/// How long a point is, with its lengths.
pub(crate) const POINT: usize = 70;
/// How long an RSA ciphertext is, with its length.
pub(crate) const CIPHERTEXT: usize = 258;

/// Why there is no challenge.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChallengeError {
    /// The endorsement key is no key.
    #[error("the endorsement key is no key")]
    Key,
    /// The system gives no fresh bytes.
    #[error("the system gives no fresh bytes")]
    Fresh,
}

/// An answer that is not the secret: of another chip, another key, or to another challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer is not of a chip with this endorsement and this key")]
pub struct NotThisChip;

/// A challenge. It takes one answer.
#[derive(Debug)]
pub struct Challenge {
    credential: Vec<u8>,
    secret: Secret,
}

struct Secret([u8; 32]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("a secret")
    }
}

impl Challenge {
    /// Seals 32 fresh bytes for a chip with this endorsement key and this attestation key.
    ///
    /// # Errors
    /// [`ChallengeError`].
    pub fn new(
        key: &EndorsementKey,
        chip: &Chip,
        secret: [u8; 32],
    ) -> Result<Self, ChallengeError> {
        let (seed, sealed_seed) = match key {
            EndorsementKey::P256(point) => seed_for_point(point.as_bytes())?,
            EndorsementKey::Rsa2048(modulus) => seed_for_modulus(modulus)?,
        };
        let name = area::name(chip);
        let mut inner = sized(&secret);
        let mut cipher = [0; 16];
        let whole = derived(&seed, b"STORAGE\0", &name, 128);
        cipher.iter_mut().zip(whole).for_each(|(to, from)| *to = from);
        let mac = derived(&seed, b"INTEGRITY\0", &[], 256);
        cfb_mode::Encryptor::<Aes128>::new(&cipher.into(), &[0; 16].into()).encrypt(&mut inner);
        let mac = hmac(&mac, &[&inner, &name]);
        let sealed = sized(&[&sized(&mac), &inner[..]].concat());
        Ok(Self { credential: [sealed, sealed_seed].concat(), secret: Secret(secret) })
    }

    /// What the chip is given: its sealed secret (TPM2B_ID_OBJECT), then the sealed seed (TPM2B_ENCRYPTED_SECRET); 140 bytes for a key on
    /// P-256, 328 for RSA.
    #[must_use]
    pub fn credential(&self) -> &[u8] {
        &self.credential
    }

    /// Takes the answer, which is compared in constant time.
    ///
    /// # Errors
    /// [`NotThisChip`].
    pub fn answered(self, answer: &[u8]) -> Result<(), NotThisChip> {
        if bool::from(self.secret.0.ct_eq(answer)) { Ok(()) } else { Err(NotThisChip) }
    }
}

/// A seed agreed with a point, and the fresh point by which the chip agrees on it too.
fn seed_for_point(point: &[u8; 64]) -> Result<([u8; 32], Vec<u8>), ChallengeError> {
    let public = p256::PublicKey::from_sec1_bytes(&[&[4], &point[..]].concat());
    let public = public.map_err(|_| ChallengeError::Key)?;
    let ours = EphemeralSecret::try_generate_from_rng(&mut SysRng);
    let ours = ours.map_err(|_| ChallengeError::Fresh)?;
    let shared = ours.diffie_hellman(&public);
    let fresh = ours.public_key().to_sec1_point(false);
    let (_, coordinates) = fresh.as_bytes().split_at(1);
    let (x, y) = coordinates.split_at(32);
    let (own, _) = point.split_at(32);
    let counter = 1_u32.to_be_bytes();
    let seed = sha256(&[&counter, shared.raw_secret_bytes(), b"IDENTITY\0", x, own]);
    Ok((seed, sized(&[sized(x), sized(y)].concat())))
}

/// A fresh seed, and the same encrypted.
fn seed_for_modulus(modulus: &[u8; 256]) -> Result<([u8; 32], Vec<u8>), ChallengeError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|_| ChallengeError::Fresh)?;
    let modulus = BoxedUint::from_be_slice(modulus, 2048).map_err(|_| ChallengeError::Key)?;
    let exponent = BoxedUint::from(65_537_u64);
    let public = RsaPublicKey::new(modulus, exponent).map_err(|_| ChallengeError::Key)?;
    let padding = Oaep::<Sha256>::new_with_label(&b"IDENTITY\0"[..]);
    let sealed = padding.encrypt(&mut SysRng, &public, &seed);
    Ok((seed, sized(&sealed.map_err(|_| ChallengeError::Fresh)?)))
}

/// A key derived from a seed (KDFa of part 1, one block).
fn derived(seed: &[u8; 32], label: &[u8], context: &[u8], bits: u32) -> [u8; 32] {
    hmac(seed, &[&1_u32.to_be_bytes(), label, context, &bits.to_be_bytes()])
}

fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // A key is filled up with zeros.
    let mut block = [0; 64];
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    let mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
    parts.iter().fold(mac, |mac, part| mac.chain_update(part)).finalize().into_bytes().into()
}
