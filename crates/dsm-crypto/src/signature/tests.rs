use alloc::format;

use dsm_encoding::{DecodeError, from_slice, to_vec};

use super::*;
use crate::hash_bytes;

mod oracles;
mod vectors;

fn secret(byte: u8) -> SecretKey {
    SecretKey::from_seed(Secret::from_bytes([byte; 64]))
}

#[test]
fn accepts_its_own_signature() {
    let key = secret(1);
    let message = hash_bytes(Domain::SignedHead, b"head");
    assert_eq!(key.public_key().verify(&message, &key.sign(&message)), Ok(()));
}

#[test]
fn signs_the_same_message_alike() {
    let message = hash_bytes(Domain::SignedHead, b"head");
    assert_eq!(secret(1).sign(&message), secret(1).sign(&message));
}

#[test]
fn refuses_a_signature_of_which_one_half_is_of_another_key_or_message() {
    let (key, other) = (secret(1), secret(2));
    let (message, else_) =
        (hash_bytes(Domain::SignedHead, b"head"), hash_bytes(Domain::SignedHead, b"other"));
    let good = split::<2484, 64, 2420>(key.sign(&message).as_bytes());
    for bad in [other.sign(&message), key.sign(&else_)] {
        let bad = split::<2484, 64, 2420>(bad.as_bytes());
        let ed_bad = Signature(join(&bad.0, &good.1));
        let ml_bad = Signature(join(&good.0, &bad.1));
        assert_eq!(key.public_key().verify(&message, &ed_bad), Err(BadSignature));
        assert_eq!(key.public_key().verify(&message, &ml_bad), Err(BadSignature));
    }
}

#[test]
fn refuses_a_key_of_which_one_half_is_another() {
    let (key, other) = (secret(1), secret(2));
    let message = hash_bytes(Domain::SignedHead, b"head");
    let signature = key.sign(&message);
    let (own, foreign) = (
        split::<1344, 32, 1312>(key.public_key().as_bytes()),
        split::<1344, 32, 1312>(other.public_key().as_bytes()),
    );
    let mixed = [PublicKey(join(&own.0, &foreign.1)), PublicKey(join(&foreign.0, &own.1))];
    for mixed in mixed {
        assert_eq!(mixed.verify(&message, &signature), Err(BadSignature));
    }
}

#[test]
fn refuses_the_message_of_another_domain() {
    let key = secret(1);
    let signature = key.sign(&hash_bytes(Domain::SignedHead, b"head"));
    for &domain in Domain::ALL.iter().filter(|&&domain| domain != Domain::SignedHead) {
        let message = hash_bytes(domain, b"head");
        assert_eq!(key.public_key().verify(&message, &signature), Err(BadSignature));
    }
}

#[test]
fn refuses_keys_and_signatures_of_zeros_or_ones() {
    let message = hash_bytes(Domain::SignedHead, b"head");
    for byte in [0, 1, 0xff] {
        let key = PublicKey::from_bytes(&[byte; 1344]).unwrap();
        let signature = Signature::from_bytes(&[byte; 2484]).unwrap();
        assert_eq!(key.verify(&message, &signature), Err(BadSignature));
    }
}

#[test]
fn halves_follow_from_their_own_seeds() {
    let mut seed = [1; 64];
    seed[32..].fill(2);
    let mixed = SecretKey::from_seed(Secret::from_bytes(seed));
    let parts = |key: &SecretKey| split::<1344, 32, 1312>(key.public_key().as_bytes());
    assert_eq!(parts(&mixed).0, parts(&secret(1)).0);
    assert_eq!(parts(&mixed).1, parts(&secret(2)).1);
    assert_eq!(mixed.seed().expose(), &seed);
}

#[test]
fn bytes_come_back_and_other_lengths_do_not() {
    let key = secret(1);
    let signature = key.sign(&Digest::ZERO);
    let bytes = to_vec(key.public_key());
    assert_eq!((bytes.len(), &bytes[..3]), (1347, &[0x59, 0x05, 0x40][..]));
    assert_eq!(from_slice::<PublicKey>(&bytes).as_ref(), Ok(key.public_key()));
    let bytes = to_vec(&signature);
    assert_eq!((bytes.len(), &bytes[..3]), (2487, &[0x59, 0x09, 0xb4][..]));
    assert_eq!(from_slice::<Signature>(&bytes), Ok(signature));
    assert_eq!(PublicKey::from_bytes(&[0; 1343]), Err(DecodeError::WrongLength));
    assert_eq!(Signature::from_bytes(&[0; 2483]), Err(DecodeError::WrongLength));
    assert_eq!(from_slice::<Signature>(&to_vec(&[0_u8; 2483])), Err(DecodeError::WrongLength));
    assert!(from_slice::<Signature>(&to_vec(&[0_u8; 2485])).is_err());
}

#[test]
fn shows_no_secret() {
    const fn wiped<T: ZeroizeOnDrop>() {}
    wiped::<SecretKey>();
    assert_eq!(format!("{:?}", secret(0x41)), "SecretKey(redacted)");
    assert!(format!("{:?}", secret(1).public_key()).starts_with("PublicKey("));
    assert!(format!("{:?}", secret(1).public_key()).len() < 24);
}
