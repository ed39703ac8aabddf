//! Other implementations of both halves must agree, on mutated signatures above all.

use fips204::traits::{SerDes as _, Signer as _, Verifier as _};
use ml_dsa::signature::Verifier as _;

use super::super::*;
use crate::test_data::Numbers;

const KEYS: usize = 20;
const MUTATIONS: usize = 500;

type Ed = ([u8; 32], [u8; 64]);
type Ml = ([u8; 1312], [u8; 2420]);

fn ring_verifies((key, signature): &Ed, message: &[u8]) -> bool {
    ring::signature::UnparsedPublicKey::new(&ring::signature::ED25519, key)
        .verify(message, signature)
        .is_ok()
}

fn fips204_verifies((key, signature): &Ml, message: &[u8]) -> bool {
    fips204::ml_dsa_44::PublicKey::try_from_bytes(*key)
        .is_ok_and(|key| key.verify(message, signature, b""))
}

fn ml_dsa_verifies((key, signature): &Ml, message: &[u8]) -> bool {
    let key = ml_dsa::VerifyingKey::<ml_dsa::MlDsa44>::decode(&(*key).into());
    ml_dsa::Signature::<ml_dsa::MlDsa44>::try_from(signature.as_slice())
        .is_ok_and(|signature| key.verify(message, &signature).is_ok())
}

fn flip(bytes: &mut [u8], numbers: &mut Numbers) {
    let at = numbers.below(bytes.len());
    bytes[at] ^= 1 << numbers.below(8);
}

/// Alters an Ed25519 pair, or for every seventh kind leaves it alone.
fn mutate_ed((key, signature): &mut Ed, numbers: &mut Numbers) {
    match numbers.below(7) {
        0 => flip(key, numbers),
        1 => flip(&mut signature[..32], numbers),
        2 => flip(&mut signature[32..], numbers),
        3 => add_group_order(signature),
        4 => signature[..32].copy_from_slice(&numbers.bytes::<32>()),
        5 => signature[32..].fill(0),
        _ => {}
    }
}

/// Adds the order of the group to s, which strict rules refuse.
fn add_group_order(signature: &mut [u8; 64]) {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = 0;
    for (byte, order) in signature[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        [*byte, _] = sum.to_le_bytes();
        carry = sum >> 8;
    }
}

/// Alters an ML-DSA pair: commitment hash (32 bytes), response (2,304), hint (84), key.
fn mutate_ml((key, signature): &mut Ml, numbers: &mut Numbers) {
    match numbers.below(9) {
        0 => flip(key, numbers),
        1 => flip(&mut signature[..32], numbers),
        2 => flip(&mut signature[32..2336], numbers),
        3 => flip(&mut signature[2336..], numbers),
        4 => {
            let at = 32 + 9 * numbers.below(256); // The largest and smallest coefficients.
            signature[at..at + 9].fill(if numbers.below(2) == 0 { 0 } else { 0xff });
        }
        5 => {
            let at = 2336 + numbers.below(79); // Out of order, or the same twice.
            if numbers.below(2) == 0 {
                signature.swap(at, at + 1)
            } else {
                signature[at] = signature[at + 1]
            }
        }
        6 => signature[2336 + numbers.below(80)] = numbers.bytes::<1>()[0],
        7 => signature[2416 + numbers.below(4)] = numbers.bytes::<1>()[0],
        _ => {}
    }
}

#[test]
fn agrees_with_others_on_ten_thousand_mutated_signatures() {
    let mut numbers = Numbers(1);
    let (mut accepted, mut refused) = ([0; 2], [0; 2]);
    for _ in 0..KEYS {
        let key = SecretKey::from_seed(Secret::from_bytes(numbers.bytes()));
        let message = Digest::from_bytes(numbers.bytes());
        let public = split::<1344, 32, 1312>(key.public_key().as_bytes());
        let good = split::<2484, 64, 2420>(key.sign(&message).as_bytes());
        for round in 0..MUTATIONS {
            let mut ed = (public.0, good.0);
            let mut ml = (public.1, good.1);
            let mut said = message;
            match round % 10 {
                0 => said = Digest::from_bytes(numbers.bytes()),
                1..=4 => mutate_ed(&mut ed, &mut numbers),
                _ => mutate_ml(&mut ml, &mut numbers),
            }
            let said_bytes = said.as_bytes();
            let ed_ok = ring_verifies(&ed, said_bytes);
            let ml_ok = fips204_verifies(&ml, said_bytes);
            assert_eq!(verify_ed25519(&ed.0, said_bytes, &ed.1).is_ok(), ed_ok);
            assert_eq!(verify_ml_dsa(ml.0, said_bytes, ml.1).is_ok(), ml_ok);
            assert_eq!(ml_dsa_verifies(&ml, said_bytes), ml_ok);
            let whole = PublicKey(join(&ed.0, &ml.0));
            let verified = whole.verify(&said, &Signature(join(&ed.1, &ml.1))).is_ok();
            assert_eq!(verified, ed_ok && ml_ok);
            for (half, ok) in [ed_ok, ml_ok].into_iter().enumerate() {
                if ok { accepted[half] += 1 } else { refused[half] += 1 }
            }
        }
    }
    assert!(refused[0] > 4_000 && refused[1] > 5_000, "{refused:?}");
    assert!(accepted[0] > 4_000 && accepted[1] > 4_000, "{accepted:?}");
}

#[test]
fn others_make_the_same_keys_and_signatures() {
    let mut numbers = Numbers(2);
    for _ in 0..20 {
        let seed = numbers.bytes::<64>();
        let message = Digest::from_bytes(numbers.bytes());
        let key = SecretKey::from_seed(Secret::from_bytes(seed));
        let public = split::<1344, 32, 1312>(key.public_key().as_bytes());
        let signature = split::<2484, 64, 2420>(key.sign(&message).as_bytes());

        let ed = ring::signature::Ed25519KeyPair::from_seed_unchecked(&seed[..32]).unwrap();
        assert_eq!(ed.sign(message.as_bytes()).as_ref(), signature.0);

        let ml_seed = seed[32..].try_into().unwrap();
        let (ml_public, ml_secret) =
            <fips204::ml_dsa_44::KG as fips204::traits::KeyGen>::keygen_from_seed(&ml_seed);
        assert_eq!(ml_public.into_bytes(), public.1);
        let signed = ml_secret.try_sign_with_seed(&[0; 32], message.as_bytes(), b"").unwrap();
        assert_eq!(signed, signature.1);
    }
}
