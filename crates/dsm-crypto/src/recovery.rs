//! The recovery key of an owner: SLH-DSA-SHA2-128s (FIPS 205; `spec/hashing.md`).
//!
//! Used a few times in a life: signing takes a quarter of a second, verifying a quarter of a
//! millisecond. Its safety rests on a hash alone. It signs H under a domain with an empty context,
//! deterministically.

use alloc::boxed::Box;
use core::fmt;

use dsm_encoding::{Decode, DecodeError, Encode, Reader, Writer};
use fips205::slh_dsa_sha2_128s::{self as slh, KG, PrivateKey};
use fips205::traits::{KeyGen as _, SerDes as _, Signer as _, Verifier as _};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::bytes::{any_content, byte_string, short_hex, split};
use crate::{BadSignature, Digest, Domain, Secret, hash};

byte_string! {
    /// An owner's public recovery key, 32 bytes.
    RecoveryPublic, slh::PK_LEN
}
any_content!(RecoveryPublic);

/// A signature of the recovery key, 7,856 bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoverySignature(Box<[u8; slh::SIG_LEN]>);

impl RecoverySignature {
    /// Length in bytes.
    pub const LENGTH: usize = slh::SIG_LEN;

    /// Takes any bytes of the right length.
    ///
    /// # Errors
    /// `WrongLength`.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let bytes = bytes.try_into().map_err(|_| DecodeError::WrongLength)?;
        Ok(Self(Box::new(bytes)))
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; slh::SIG_LEN] {
        &self.0
    }
}

impl fmt::Debug for RecoverySignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        short_hex(f, "RecoverySignature", &*self.0)
    }
}

impl Encode for RecoverySignature {
    fn encode(&self, to: &mut Writer) {
        to.bytes(&*self.0);
    }
}

impl Decode for RecoverySignature {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::from_bytes(from.bytes(Self::LENGTH)?)
    }
}

impl RecoveryPublic {
    /// Accepts a valid signature.
    ///
    /// # Errors
    /// [`BadSignature`].
    pub fn verify(
        &self,
        message: &Digest,
        signature: &RecoverySignature,
    ) -> Result<(), BadSignature> {
        let key = slh::PublicKey::try_from_bytes(self.0).map_err(|_| BadSignature)?;
        if key.verify(message.as_bytes(), &signature.0, b"") { Ok(()) } else { Err(BadSignature) }
    }

    /// The digest that names this key.
    #[must_use]
    pub fn digest(&self) -> Digest {
        hash(Domain::RecoveryKey, self)
    }
}

/// An owner's secret recovery key, derived from the mnemonic by its caller.
#[derive(ZeroizeOnDrop)]
pub struct RecoverySecret {
    key: PrivateKey,
    #[zeroize(skip)]
    public: RecoveryPublic,
}

impl RecoverySecret {
    /// Expands 48 secret bytes: SK.seed, SK.prf, PK.seed, 16 each. Takes some 30 milliseconds.
    #[must_use]
    pub fn from_seed(seed: &Secret<48>) -> Self {
        let (sk_seed, rest) = split::<48, 16, 32>(seed.expose());
        let (sk_seed, rest) = (Zeroizing::new(sk_seed), Zeroizing::new(rest));
        let (sk_prf, pk_seed) = split::<32, 16, 16>(&rest);
        let sk_prf = Zeroizing::new(sk_prf);
        let (public, key) = KG::keygen_from_seed(&sk_seed, &sk_prf, &pk_seed);
        Self { key, public: RecoveryPublic(public.into_bytes()) }
    }

    /// The key that verifies.
    #[must_use]
    pub const fn public_key(&self) -> &RecoveryPublic {
        &self.public
    }

    /// Signs the hash of a message.
    ///
    /// The library can refuse only a long context or a failing generator, and there is neither; if
    /// it did, the signature would be zeros, which verifies nowhere.
    #[must_use]
    pub fn sign(&self, message: &Digest) -> RecoverySignature {
        let signature = self.key.try_sign_with_rng(&mut Unused, message.as_bytes(), b"", false);
        RecoverySignature(Box::new(signature.unwrap_or([0; slh::SIG_LEN])))
    }
}

impl fmt::Debug for RecoverySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoverySecret(redacted)")
    }
}

/// The generator of a deterministic signature, which draws nothing.
struct Unused;

impl rand_core::RngCore for Unused {
    fn next_u32(&mut self) -> u32 {
        0
    }

    fn next_u64(&mut self) -> u64 {
        0
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        bytes.fill(0);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        bytes.fill(0);
        Ok(())
    }
}

impl rand_core::CryptoRng for Unused {}

#[cfg(test)]
mod tests;
