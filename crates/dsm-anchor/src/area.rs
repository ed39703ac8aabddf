//! The public areas of keys (TPM 2.0 Library, part 2): what a chip makes them by, and names them by.

use dsm_crypto::sha256;
use dsm_log::Chip;

use crate::command::sized;

/// What may be done with an endorsement key: whoever knows the (empty) secret of the endorsement hierarchy.
const ENDORSEMENT_POLICY: [u8; 32] = [
    0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24,
    0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa,
];
const ECC: [u8; 2] = [0x00, 0x23];
const RSA: [u8; 2] = [0x00, 0x01];
const SHA256: [u8; 2] = [0x00, 0x0b];
/// No symmetric cipher, ECDSA with SHA-256, P-256, no derivation.
const SIGNS: [u8; 10] = [0, 0x10, 0, 0x18, 0, 0x0b, 0, 0x03, 0, 0x10];
/// AES-128 in CFB, no scheme, P-256, no derivation.
const DECRYPTS_P256: [u8; 12] = [0, 0x06, 0, 0x80, 0, 0x43, 0, 0x10, 0, 0x03, 0, 0x10];
/// AES-128 in CFB, no scheme, 2048 bits, the usual exponent.
const DECRYPTS_RSA: [u8; 14] = [0, 0x06, 0, 0x80, 0, 0x43, 0, 0x10, 0x08, 0, 0, 0, 0, 0];

/// The key with which a chip attests; without coordinates, what it is made by.
pub(crate) fn attesting(x: &[u8], y: &[u8]) -> Vec<u8> {
    let attributes = [0x00, 0x05, 0x04, 0x72];
    [&ECC[..], &SHA256, &attributes, &[0, 0], &SIGNS, &sized(x), &sized(y)].concat()
}

/// An endorsement key on P-256, by the default template of the credential profile.
pub(crate) fn endorsing_p256() -> Vec<u8> {
    let zero = sized(&[0; 32]);
    [&endorsing(ECC)[..], &DECRYPTS_P256, &zero, &zero].concat()
}

/// An RSA endorsement key, by the default template of the credential profile.
pub(crate) fn endorsing_rsa() -> Vec<u8> {
    [&endorsing(RSA)[..], &DECRYPTS_RSA, &sized(&[0; 256])].concat()
}

fn endorsing(kind: [u8; 2]) -> Vec<u8> {
    let attributes = [0x00, 0x03, 0x00, 0xb2];
    [&kind[..], &SHA256, &attributes, &sized(&ENDORSEMENT_POLICY)].concat()
}

/// The name of the key with which a chip attests: it binds its attributes.
pub(crate) fn name(chip: &Chip) -> [u8; 34] {
    let (x, y) = chip.key.as_bytes().split_at(32);
    let mut name = [0; 34];
    let (algorithm, hash) = name.split_at_mut(2);
    algorithm.copy_from_slice(&SHA256);
    hash.copy_from_slice(&sha256(&[&attesting(x, y)]));
    name
}

#[cfg(test)]
mod tests {
    use dsm_crypto::ChipKey;

    use super::*;

    #[test]
    fn the_name_is_the_one_that_evidence_is_checked_by() {
        let key = ChipKey::from_bytes(&[9; 64]).unwrap();
        let chip = Chip { key, counter: 1, first_value: 2 };
        let qualified = sha256(&[&[0x40, 0, 0, 1], &name(&chip)]);
        assert_eq!(chip.key_name()[2..], qualified);
    }
}
