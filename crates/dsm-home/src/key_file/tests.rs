use std::cell::Cell;

use dsm_crypto::hash_bytes;
use dsm_encoding::{List, to_vec};
use dsm_log::DeviceId;

use super::*;
use crate::{IssuerSeed, PassphraseError, Seed};

/// So little that a test may try thousands.
const LITTLE: Cost = Cost { memory_kib: 8, passes: 1, lanes: 1 };

fn passphrase(text: &str) -> Passphrase {
    Passphrase::take(text.to_owned()).unwrap()
}

fn seeds(byte: u8) -> Seeds {
    let issuer = IssuerSeed {
        device: DeviceId(Digest::from_bytes([byte; 32])),
        seed: Seed::from_bytes([byte; 64]),
    };
    let issuing = List::try_from(vec![issuer]).unwrap();
    Seeds { main: Seed::from_bytes([byte; 64]), kem: Seed::from_bytes([byte; 32]), issuing }
}

fn sealed(byte: u8, text: &str, salt: u8) -> Vec<u8> {
    let keys = OpenKeys::sealed(seeds(byte), &passphrase(text), [salt; 16], LITTLE).unwrap();
    keys.close([salt; 24]).unwrap()
}

fn clear(byte: u8) -> Vec<u8> {
    OpenKeys::clear(seeds(byte)).close([0; 24]).unwrap()
}

fn open_with(bytes: &[u8], text: &str) -> Result<OpenKeys, KeysError> {
    OpenKeys::open(bytes, || Ok(passphrase(text)), no_keyring)
}

fn no_keyring(_: Number) -> Result<Secret<32>, KeyringError> {
    panic!("a keyring was asked")
}

/// A file whose key a keyring keeps under a number.
fn kept(byte: u8, number: u8, key: u8) -> Vec<u8> {
    let keys = OpenKeys::kept(seeds(byte), [number; 16], &Secret::from_bytes([key; 32]));
    assert_eq!(keys.number(), Some([number; 16]));
    keys.close([byte; 24]).unwrap()
}

/// Opens it with the keyring that keeps `key` under every number.
fn open_kept(bytes: &[u8], key: u8) -> Result<OpenKeys, KeysError> {
    let passphrase = || panic!("somebody was asked for a passphrase");
    OpenKeys::open(bytes, passphrase, |_| Ok(Secret::from_bytes([key; 32])))
}

/// What comes of a file for which nobody is to be asked for a passphrase.
fn open_unasked(bytes: &[u8]) -> Result<OpenKeys, KeysError> {
    let asked = Cell::new(false);
    let passphrase = || {
        asked.set(true);
        Err(PassphraseError::NoTerminal.into())
    };
    let opened = OpenKeys::open(bytes, passphrase, no_keyring);
    assert!(!asked.get(), "somebody was asked for a passphrase");
    opened
}

/// A file with parts of somebody's choice and a check that fits.
fn forged<K: Encode>(form: u64, keeper: K, content: &[u8]) -> Vec<u8> {
    let content = Blob::<MAX_FILE>::try_from(content).unwrap();
    let check = hash(Domain::KeyFile, &(form, &keeper, &content));
    to_vec(&(form, keeper, content, check))
}

fn parts(bytes: &[u8]) -> (Keeper, Vec<u8>) {
    let KeyFile { keeper, content } = from_slice(bytes).unwrap();
    (keeper, content.into_inner())
}

#[test]
fn a_file_opens_with_its_passphrase_and_with_no_other() {
    let file = sealed(1, "correct horse", 1);
    let opened = open_with(&file, "correct horse").unwrap();
    assert_eq!(to_vec(&opened.seeds), to_vec(&seeds(1)));
    for other in ["correct hors", "correct horse ", "Correct horse", "x"] {
        assert!(matches!(open_with(&file, other), Err(KeysError::Wrong)), "{other}");
    }
    assert_eq!(to_vec(&open_unasked(&clear(1)).unwrap().seeds), to_vec(&seeds(1)));
}

#[test]
fn a_sealed_file_shows_no_part_of_a_seed_and_never_seals_twice_alike() {
    let shows = |file: &[u8]| file.windows(8).any(|window| window == [1; 8]);
    let keys = OpenKeys::sealed(seeds(1), &passphrase("correct horse"), [2; 16], LITTLE).unwrap();
    let (one, other) = (keys.close([3; 24]).unwrap(), keys.close([4; 24]).unwrap());
    assert!(!shows(&one) && !shows(&other) && shows(&clear(1)));
    assert_ne!(parts(&one).1, parts(&other).1);
    assert!(open_with(&one, "correct horse").is_ok() && open_with(&other, "correct horse").is_ok());
}

#[test]
fn a_file_cut_anywhere_is_damaged_and_nobody_is_asked() {
    for file in [sealed(1, "correct horse", 1), kept(1, 1, 1), clear(1), to_vec(&seeds(1))] {
        for end in 0..file.len() {
            let cut = file.get(..end).unwrap();
            assert!(matches!(open_unasked(cut), Err(KeysError::Damaged(_))), "cut at {end}");
        }
        let longer = [file, vec![0]].concat();
        assert!(matches!(open_unasked(&longer), Err(KeysError::Damaged(_))));
    }
}

#[test]
fn a_file_with_any_changed_bit_is_told_from_a_wrong_passphrase_and_nobody_is_asked() {
    for file in [sealed(1, "correct horse", 1), kept(1, 1, 1), clear(1)] {
        for at in 0..file.len() {
            for bit in 0..8 {
                let mut changed = file.clone();
                changed[at] ^= 1 << bit;
                let error = open_unasked(&changed).unwrap_err();
                let told = matches!(error, KeysError::Damaged(_) | KeysError::Form { .. });
                assert!(told, "bit {bit} of byte {at}: {error}");
            }
        }
    }
}

/// Who changes a file on purpose makes its check anew. Then nothing opens.
#[test]
fn a_file_that_was_changed_on_purpose_does_not_open() {
    let (keeper, content) = parts(&sealed(1, "correct horse", 1));
    let Keeper::Passphrase { salt, cost, nonce } = keeper.clone() else { panic!("a passphrase") };
    let wrong = |file: Vec<u8>| {
        assert!(matches!(open_with(&file, "correct horse"), Err(KeysError::Wrong)));
    };
    for at in 0..content.len() {
        let mut changed = content.clone();
        changed[at] ^= 1;
        wrong(forged(FORM, &keeper, &changed));
        wrong(forged(FORM, &keeper, &content[..at]));
    }
    for at in 0..24 {
        let mut changed = nonce;
        changed[at] ^= 1;
        wrong(forged(FORM, Keeper::Passphrase { salt, cost, nonce: changed }, &content));
    }
    for at in 0..16 {
        let mut changed = salt;
        changed[at] ^= 1;
        wrong(forged(FORM, Keeper::Passphrase { salt: changed, cost, nonce }, &content));
    }
    for cost in [Cost { memory_kib: 9, ..LITTLE }, Cost { passes: 2, ..LITTLE }] {
        wrong(forged(FORM, Keeper::Passphrase { salt, cost, nonce }, &content));
    }
    // What is sealed is no seeds in clear.
    let file = forged(FORM, Keeper::Nobody, &content);
    assert!(matches!(open_unasked(&file), Err(KeysError::Damaged(_))));
}

#[test]
fn a_file_of_a_keyring_opens_with_the_key_of_its_number_and_with_no_other() {
    let file = kept(1, 2, 3);
    let opened = open_kept(&file, 3).unwrap();
    assert_eq!((to_vec(&opened.seeds), opened.number()), (to_vec(&seeds(1)), Some([2; 16])));
    // It is closed with the same key again.
    assert!(open_kept(&opened.close([9; 24]).unwrap(), 3).is_ok());
    let other = |file: &[u8], key| {
        let error = open_kept(file, key).unwrap_err();
        assert!(matches!(error, KeysError::Keyring(KeyringError::Other)), "{error}");
    };
    other(&file, 4);
    let (keeper, content) = parts(&file);
    let Keeper::Keyring { number, nonce } = keeper.clone() else { panic!("a keyring") };
    for at in 0..content.len() {
        let mut changed = content.clone();
        changed[at] ^= 1;
        other(&forged(FORM, &keeper, &changed), 3);
    }
    let mut changed = number;
    changed[0] ^= 1;
    other(&forged(FORM, Keeper::Keyring { number: changed, nonce }, &content), 3);
    // Another keeper over the same content opens nothing either.
    let (keeper, _) = parts(&sealed(1, "correct horse", 1));
    let file = forged(FORM, &keeper, &content);
    assert!(matches!(open_with(&file, "correct horse"), Err(KeysError::Wrong)));
    let file = forged(FORM, Keeper::Nobody, &content);
    assert!(matches!(open_unasked(&file), Err(KeysError::Damaged(_))));
}

#[test]
fn parts_of_two_files_do_not_open_together() {
    let (ada, ben) = (sealed(1, "correct horse", 1), sealed(2, "correct horse", 2));
    let ((ada, of_ada), (ben, of_ben)) = (parts(&ada), parts(&ben));
    for file in [forged(FORM, &ada, &of_ben), forged(FORM, &ben, &of_ada)] {
        assert!(matches!(open_with(&file, "correct horse"), Err(KeysError::Wrong)));
    }
    let Keeper::Passphrase { salt: copied, .. } = ada else { panic!("a passphrase") };
    let Keeper::Passphrase { cost, nonce, .. } = ben else { panic!("a passphrase") };
    let file = forged(FORM, Keeper::Passphrase { salt: copied, cost, nonce }, &of_ben);
    assert!(matches!(open_with(&file, "correct horse"), Err(KeysError::Wrong)));
}

#[test]
fn nothing_is_spent_on_a_file_that_asks_for_too_much() {
    let (keeper, content) = parts(&sealed(1, "correct horse", 1));
    let Keeper::Passphrase { salt, nonce, .. } = keeper else { panic!("a passphrase") };
    let most = u64::from(u32::MAX);
    for cost in [
        (most, 3, 1),
        (most + 1, 3, 1),
        (u64::MAX, u64::MAX, u64::MAX),
        (u64::from(MAX_MEMORY_KIB) + 1, 1, 1),
        (8, most, 1),
        (8, u64::from(MAX_PASSES) + 1, 1),
        (64, 1, u64::from(MAX_LANES) + 1),
        (8, 1, most),
        // Less than there is to it.
        (0, 1, 1),
        (7, 1, 1),
        (15, 1, 2),
        (8, 0, 1),
        (8, 1, 0),
    ] {
        let file = forged(FORM, (1_u64, salt, cost, nonce), &content);
        assert!(matches!(open_unasked(&file), Err(KeysError::Damaged(_))), "{cost:?}");
    }
    // The most that is borne is little enough to be had.
    let most = Cost { memory_kib: MAX_MEMORY_KIB, passes: 1, lanes: MAX_LANES };
    assert!(stretch(&passphrase("correct horse"), &[1; 16], most).is_ok());
}

#[test]
fn a_file_of_a_later_program_is_told_from_a_damaged_one() {
    let (keeper, content) = parts(&sealed(1, "correct horse", 1));
    for form in [3_u64, 23, 24, u64::MAX] {
        let error = open_unasked(&forged(form, &keeper, &content)).unwrap_err();
        assert!(matches!(error, KeysError::Form { known: FORM, .. }), "{error}");
    }
    for form in [0_u64, 1] {
        let error = open_unasked(&forged(form, &keeper, &content)).unwrap_err();
        assert!(matches!(error, KeysError::Damaged(_)), "{error}");
    }
}

#[test]
fn a_file_of_form_1_opens_and_is_written_in_form_2() {
    let old = to_vec(&seeds(1));
    let keys = open_unasked(&old).unwrap();
    let file = keys.close([0; 24]).unwrap();
    assert_eq!(parts(&file), (Keeper::Nobody, old));
}

#[test]
fn a_passphrase_is_stretched_as_another_program_does_it() {
    for (cost, text) in [
        (LITTLE, "correct horse"),
        (Cost { memory_kib: 64, passes: 3, lanes: 1 }, "x"),
        (Cost { memory_kib: 128, passes: 2, lanes: 4 }, "Straße"),
    ] {
        let config = rust_argon2::Config {
            variant: rust_argon2::Variant::Argon2id,
            version: rust_argon2::Version::Version13,
            mem_cost: cost.memory_kib,
            time_cost: cost.passes,
            lanes: cost.lanes,
            hash_length: 32,
            ..rust_argon2::Config::default()
        };
        let other = rust_argon2::hash_raw(text.as_bytes(), &[7; 16], &config).unwrap();
        let other = Secret::from_bytes(other.try_into().unwrap());
        let other = SealKey::derive(&other, "key file");
        let key = stretch(&passphrase(text), &[7; 16], cost).unwrap();
        let sealed = seal(&other, &[1; 24], b"", b"plain");
        assert_eq!(open(&key, &[1; 24], b"", &sealed).unwrap(), b"plain");
    }
}

/// A change of this is a change of the form.
#[test]
fn the_form_is_the_one_that_was_written_first() {
    let digest = |bytes: &[u8]| hash_bytes(Domain::KeyFile, bytes).to_string();
    assert_eq!(
        digest(&sealed(1, "correct horse", 1)),
        "dsmid1vhnk7llxxxyqzs9cl6jw37lx037qyqw48wyyza3qv4cmq2kf8gkq2jzkyu"
    );
    assert_eq!(
        digest(&kept(1, 2, 3)),
        "dsmid19lkj28kavh67dxl45e87p2sfqnxz7n0tnych5l4f2m8lnnpk32hqjcrnu4"
    );
    assert_eq!(
        digest(&clear(1)),
        "dsmid1dwgmjnrqp865lcrzeduy6cq9sdunkl6wvujpx20smhxfdxx2lj4qnt9lvp"
    );
}
