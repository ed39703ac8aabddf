//! H, the one hash (`spec/hashing.md`): BLAKE3 in derive-key mode under a [`Domain`].
//!
//! It is taken over canonical bytes. Several arguments are a tuple, which is one canonical array.
//! For what was received, hash the received bytes ([`hash_bytes`]), never a re-encoding.

use blake3::Hasher;
use blake3::hazmat::HasherExt;
use dsm_encoding::Encode;

use crate::{Digest, Domain};

/// H over the canonical bytes of `value`.
#[must_use]
pub fn hash<T: Encode + ?Sized>(domain: Domain, value: &T) -> Digest {
    hash_bytes(domain, &dsm_encoding::to_vec(value))
}

/// H over bytes that are canonical already.
#[must_use]
pub fn hash_bytes(domain: Domain, canonical: &[u8]) -> Digest {
    hash_under(domain.key(), canonical)
}

fn hash_under(context_key: &[u8; 32], bytes: &[u8]) -> Digest {
    let mut hasher = Hasher::new_from_context_key(context_key);
    hasher.update(bytes);
    Digest::from_bytes(*hasher.finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_data::field;

    #[test]
    fn is_derive_key_mode() {
        for length in [0, 1, 64, 65, 1024, 1025, 5000] {
            let bytes = alloc::vec![0x5a; length];
            assert_eq!(
                hash_bytes(Domain::Note, &bytes).as_bytes(),
                &blake3::derive_key("dsm v1 note", &bytes)
            );
        }
    }

    #[test]
    fn agrees_with_the_official_vectors() {
        let json = include_str!("../vectors/blake3-derive-key.json");
        let vectors: serde_json::Value = serde_json::from_str(json).unwrap();
        let context = vectors["context_string"].as_str().unwrap();
        for case in vectors["cases"].as_array().unwrap() {
            let length = usize::try_from(case["input_len"].as_u64().unwrap()).unwrap();
            let input: alloc::vec::Vec<u8> = (0..=250).cycle().take(length).collect();
            let digest = hash_under(&crate::domain::context_key(context), &input);
            assert_eq!(digest.as_bytes(), &field(case, "derive_key"), "length {length}");
        }
    }

    #[test]
    fn several_arguments_are_one_array() {
        let pair = (1_u64, Digest::ZERO);
        let mut bytes = alloc::vec![0x82, 0x01, 0x58, 0x20];
        bytes.extend([0; 32]);
        assert_eq!(hash(Domain::Head, &pair), hash_bytes(Domain::Head, &bytes));
    }

    #[test]
    fn domains_differ() {
        let mut all: alloc::vec::Vec<_> =
            Domain::ALL.iter().map(|&domain| hash_bytes(domain, b"")).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), Domain::ALL.len());
    }
}
