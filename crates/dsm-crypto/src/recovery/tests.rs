use alloc::format;

use dsm_encoding::{from_slice, to_vec};
use slh_dsa::Sha2_128s;

use super::*;
use crate::test_data::{Numbers, field, list};

fn secret(byte: u8) -> RecoverySecret {
    RecoverySecret::from_seed(&Secret::from_bytes([byte; 48]))
}

#[test]
fn makes_the_keys_of_acvp() {
    let cases = list(include_str!("../../vectors/slh-dsa-sha2-128s-keygen.json"));
    assert_eq!(cases.len(), 10);
    for case in cases {
        let mut seed = [0; 48];
        for (part, name) in seed.chunks_exact_mut(16).zip(["skSeed", "skPrf", "pkSeed"]) {
            part.copy_from_slice(&field::<16>(&case, name));
        }
        let secret = RecoverySecret::from_seed(&Secret::from_bytes(seed));
        assert_eq!(secret.public_key().as_bytes(), &field(&case, "pk"));
    }
}

#[test]
fn another_implementation_makes_the_same_signature_and_refuses_the_same_mutations() {
    let mut numbers = Numbers(4);
    let seed = numbers.bytes::<48>();
    let ours = RecoverySecret::from_seed(&Secret::from_bytes(seed));
    let theirs = slh_dsa::SigningKey::<Sha2_128s>::slh_keygen_internal(
        &seed[..16],
        &seed[16..32],
        &seed[32..],
    );
    let message = Digest::from_bytes(numbers.bytes());
    let signature = ours.sign(&message);
    let their_signature = theirs.try_sign_with_context(message.as_bytes(), b"", None).unwrap();
    assert_eq!(signature.as_bytes().as_slice(), their_signature.to_bytes().as_slice());
    assert_eq!(ours.public_key().verify(&message, &signature), Ok(()));

    let their_key: &slh_dsa::VerifyingKey<Sha2_128s> = theirs.as_ref();
    for _ in 0..200 {
        let mut altered = *signature.as_bytes();
        altered[numbers.below(altered.len())] ^= 1 << numbers.below(8);
        let verdict = slh_dsa::Signature::<Sha2_128s>::try_from(altered.as_slice())
            .map_err(|_| BadSignature)
            .and_then(|signature| {
                their_key
                    .try_verify_with_context(message.as_bytes(), b"", &signature)
                    .map_err(|_| BadSignature)
            });
        let altered = RecoverySignature::from_bytes(&altered).unwrap();
        assert_eq!(ours.public_key().verify(&message, &altered), verdict);
        assert_eq!(verdict, Err(BadSignature));
    }
}

#[test]
fn refuses_another_key_and_message() {
    let (key, message) = (secret(1), crate::hash_bytes(Domain::RosterChange, b"add"));
    let signature = key.sign(&message);
    assert_eq!(key.public_key().verify(&message, &signature), Ok(()));
    assert_eq!(secret(2).public_key().verify(&message, &signature), Err(BadSignature));
    let other = crate::hash_bytes(Domain::Roster, b"add");
    assert_eq!(key.public_key().verify(&other, &signature), Err(BadSignature));
    let zeros = RecoverySignature::from_bytes(&[0; 7856]).unwrap();
    assert_eq!(key.public_key().verify(&message, &zeros), Err(BadSignature));
    assert_eq!(from_slice(&to_vec(&signature)), Ok(signature));
}

#[test]
fn bytes_come_back_and_other_lengths_do_not() {
    let public = secret(1).public_key().clone();
    assert_eq!(public.digest(), hash(Domain::RecoveryKey, &public.0));
    assert_eq!(from_slice(&to_vec(&public)), Ok(public));
    assert_eq!(RecoveryPublic::from_bytes(&[0; 31]), Err(DecodeError::WrongLength));
    assert_eq!(RecoverySignature::from_bytes(&[0; 7855]), Err(DecodeError::WrongLength));
    let signature = RecoverySignature::from_bytes(&[0xab; 7856]).expect("as many bytes");
    assert_eq!(format!("{signature:?}"), "RecoverySignature(abababab..)");
}

#[test]
fn shows_no_secret() {
    const fn wiped<T: ZeroizeOnDrop>() {}
    wiped::<RecoverySecret>();
    assert_eq!(format!("{:?}", secret(0x41)), "RecoverySecret(redacted)");
}
