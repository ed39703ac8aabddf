use alloc::format;
use alloc::vec;

use clatter::bytearray::ByteArray as _;
use clatter::crypto::cipher::ChaChaPoly;
use clatter::crypto::hash::Sha256 as OracleHash;
use clatter::symmetricstate::SymmetricState as Oracle;

use super::*;

const NAME: &str = "Noise_pqIK_XWing_ChaChaPoly_SHA256";

fn cipher(next: u64) -> CipherState {
    CipherState { key: Secret::from_bytes([9; 32]), next }
}

#[test]
fn agrees_with_another_implementation_of_noise_step_by_step() {
    let (mut ours, mut theirs) =
        (SymmetricState::new(NAME), Oracle::<ChaChaPoly, OracleHash>::new(NAME));
    let (mut heard, plain) = (SymmetricState::new(NAME), [5; 100]);
    for round in 0..6_u8 {
        let secret = [round; 32];
        for state in [&mut ours, &mut heard] {
            match round {
                0 => {}
                1 | 4 => state.mix_key(&secret),
                2 => state.mix_key_and_hash(&secret),
                _ => state.mix_hash(&secret),
            }
        }
        match round {
            0 => {}
            1 | 4 => theirs.mix_key(&secret),
            2 => theirs.mix_key_and_hash(&secret),
            _ => theirs.mix_hash(&secret),
        }
        for _ in 0..3 {
            let mut expected = vec![0; plain.len() + if round == 0 { 0 } else { TAG }];
            theirs.encrypt_and_hash(&plain, &mut expected).expect("few messages");
            let sealed = ours.seal(&plain).expect("few messages");
            assert_eq!(sealed, expected, "round {round}");
            assert_eq!(heard.open(&sealed).as_deref(), Ok(&plain[..]));
            assert_eq!(ours.transcript(), theirs.get_hash().as_slice());
            assert_eq!(heard.transcript(), ours.transcript());
        }
    }
    let expected = theirs.split().expect("a key");
    let (from, to) = ours.split();
    let directions =
        [(from, expected.initiator_to_responder), (to, expected.responder_to_initiator)];
    for (mut ours, mut theirs) in directions {
        for _ in 0..300 {
            let mut expected = vec![0; plain.len() + TAG];
            theirs.encrypt_with_ad(b"beside", &plain, &mut expected).expect("few messages");
            assert_eq!(ours.seal(b"beside", &plain).as_deref(), Ok(&expected[..]));
        }
    }
}

#[test]
fn a_message_opens_once_and_in_its_place() {
    let sealed: Vec<_> = {
        let mut seals = cipher(0);
        (0..3).map(|_| seals.seal(b"", b"text").expect("few messages")).collect()
    };
    let mut opens = cipher(0);
    assert_eq!(opens.open(b"", &sealed[0]).as_deref(), Ok(&b"text"[..]));
    assert_eq!(opens.open(b"", &sealed[0]), Err(OpenError));
    assert_eq!(cipher(0).open(b"", &sealed[1]), Err(OpenError));
    assert_eq!(cipher(2).open(b"", &sealed[2]).as_deref(), Ok(&b"text"[..]));
}

#[test]
fn the_last_number_is_not_used() {
    let mut last = cipher(u64::MAX - 2);
    assert!(last.seal(b"", b"text").is_ok());
    for _ in 0..2 {
        assert_eq!(last.seal(b"", b"text"), Err(OpenError));
        assert_eq!(last.open(b"", &[0; 20]), Err(OpenError));
    }
}

#[test]
fn shows_no_secret() {
    let text = format!("{:?}", cipher(7));
    assert_eq!(text, "CipherState(redacted, 7)");
}
