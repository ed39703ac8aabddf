//! The hybrid KEM: X-Wing, that is X25519 and ML-KEM-768 (`spec/hashing.md`).
//!
//! It follows draft-connolly-cfrg-xwing-kem: the secret is 32 bytes, and the shared secret is
//! SHA3-256 over both parts, the X25519 ciphertext and key, and a label. Keys and ciphertexts are
//! the ML-KEM part followed by the X25519 part. A public key whose ML-KEM coefficients are not
//! reduced is refused when it is decoded (FIPS 203, section 7.2), so encapsulation cannot fail. As
//! in the draft, a wrong ciphertext gives another secret, never an error.

use alloc::boxed::Box;
use core::fmt;

use dsm_encoding::{Decode, DecodeError, Reader};
use libcrux_ml_kem::mlkem768::{self, MlKem768PrivateKey, MlKem768PublicKey};
use x25519_dalek::{PublicKey as XPublic, StaticSecret};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::bytes::{any_content, byte_string, join, split};
use crate::{Digest, Domain, Secret, hash};

const ML_PUBLIC: usize = 1184;
const ML_CIPHERTEXT: usize = 1088;
const X: usize = 32;
const LABEL: &[u8; 6] = br"\.//^\";

/// The secret that both sides share after an encapsulation.
pub type SharedSecret = Secret<32>;

byte_string! {
    /// A public KEM key, 1,216 bytes: ML-KEM-768 1,184, X25519 32.
    KemPublic, ML_PUBLIC + X
}

byte_string! {
    /// A ciphertext, 1,120 bytes: ML-KEM-768 1,088, X25519 32.
    Ciphertext, ML_CIPHERTEXT + X
}
any_content!(Ciphertext);

impl KemPublic {
    /// Takes the bytes of a key in its one form.
    ///
    /// # Errors
    /// `WrongLength`, or `Invalid` if a coefficient of the ML-KEM part is not below q.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let bytes = bytes.try_into().map_err(|_| DecodeError::WrongLength)?;
        let (ml, _) = split::<{ Self::LENGTH }, ML_PUBLIC, X>(&bytes);
        if mlkem768::validate_public_key(&MlKem768PublicKey::from(ml)) {
            Ok(Self(bytes))
        } else {
            Err(DecodeError::Invalid)
        }
    }

    /// The digest that names this key.
    #[must_use]
    pub fn digest(&self) -> Digest {
        hash(Domain::KemKey, self)
    }
}

impl Decode for KemPublic {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::from_bytes(from.bytes(Self::LENGTH)?)
    }
}

/// A secret KEM key.
pub struct KemSecret {
    seed: Secret<32>,
    ml: Box<MlKem768PrivateKey>,
    x: StaticSecret,
    public: Box<KemPublic>,
}

impl KemSecret {
    /// Expands 32 random bytes.
    #[must_use]
    pub fn from_seed(seed: Secret<32>) -> Self {
        let expanded = Zeroizing::new(libcrux_sha3::shake256::<96>(seed.expose()));
        let (ml_seed, x_seed) = split::<96, 64, X>(&expanded);
        let (ml_seed, x_seed) = (Zeroizing::new(ml_seed), Zeroizing::new(x_seed));
        let (mut private, ml_public) = mlkem768::generate_key_pair(*ml_seed).into_parts();
        let ml = Box::new(private.clone());
        wipe(&mut private);
        let x = StaticSecret::from(*x_seed);
        let public = join(ml_public.as_slice(), XPublic::from(&x).as_bytes());
        Self { seed, ml, x, public: Box::new(KemPublic(public)) }
    }

    /// The 32 bytes that it came from, to be stored sealed.
    #[must_use]
    pub const fn seed(&self) -> &Secret<32> {
        &self.seed
    }

    /// The key to encapsulate to.
    #[must_use]
    pub const fn public_key(&self) -> &KemPublic {
        &self.public
    }
}

impl Drop for KemSecret {
    fn drop(&mut self) {
        wipe(&mut self.ml); // The seed and the X25519 key wipe themselves.
    }
}

impl ZeroizeOnDrop for KemSecret {}

impl fmt::Debug for KemSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KemSecret(redacted)")
    }
}

/// Makes a fresh secret for the owner of `to`, with 64 fresh random bytes.
#[must_use]
pub fn encapsulate(to: &KemPublic, randomness: [u8; 64]) -> (Ciphertext, SharedSecret) {
    let randomness = Zeroizing::new(randomness);
    let (ml_random, x_random) = split::<64, 32, X>(&randomness);
    let (ml_random, x_random) = (Zeroizing::new(ml_random), Zeroizing::new(x_random));
    let (ml_key, x_key) = split::<{ KemPublic::LENGTH }, ML_PUBLIC, X>(&to.0);
    let (ml_ciphertext, ml_shared) = mlkem768::encapsulate(&ml_key.into(), *ml_random);
    let ml_shared = Zeroizing::new(ml_shared);
    let x = StaticSecret::from(*x_random);
    let x_ciphertext = XPublic::from(&x).to_bytes();
    let x_shared = x.diffie_hellman(&XPublic::from(x_key));
    let shared = combine(&ml_shared, x_shared.as_bytes(), &x_ciphertext, &x_key);
    (Ciphertext(join(ml_ciphertext.as_slice(), &x_ciphertext)), shared)
}

/// Finds the secret that a ciphertext carries; a wrong ciphertext carries another secret.
#[must_use]
pub fn decapsulate(secret: &KemSecret, ciphertext: &Ciphertext) -> SharedSecret {
    let (ml_ciphertext, x_ciphertext) =
        split::<{ Ciphertext::LENGTH }, ML_CIPHERTEXT, X>(&ciphertext.0);
    let ml_shared = Zeroizing::new(mlkem768::decapsulate(&secret.ml, &ml_ciphertext.into()));
    let x_shared = secret.x.diffie_hellman(&XPublic::from(x_ciphertext));
    let (_, x_key) = split::<{ KemPublic::LENGTH }, ML_PUBLIC, X>(&secret.public.0);
    combine(&ml_shared, x_shared.as_bytes(), &x_ciphertext, &x_key)
}

/// The combiner of X-Wing.
fn combine(
    ml_shared: &[u8; 32],
    x_shared: &[u8; X],
    x_ciphertext: &[u8; X],
    x_key: &[u8; X],
) -> SharedSecret {
    let mut input = Zeroizing::new([0; 134]);
    let parts = [ml_shared.as_slice(), x_shared, x_ciphertext, x_key, LABEL];
    for (to, from) in input.iter_mut().zip(parts.into_iter().flatten()) {
        *to = *from;
    }
    Secret::from_bytes(libcrux_sha3::sha256(&*input))
}

/// Overwrites an ML-KEM key, which its own library does not.
fn wipe(key: &mut MlKem768PrivateKey) {
    key[..MlKem768PrivateKey::len()].zeroize();
}

#[cfg(test)]
mod tests;
