//! A real emulator of a chip: what it attests verifies, and nothing else does.

mod attacks;
mod audit;
mod authority;
mod chip;
mod crashes;
mod makers;
mod owner;
mod raw;
mod shown;
mod vouch;

use dsm_crypto::Digest;
use dsm_log::{BadEvidence, Chip, ChipEvidence, verify_run};

use chip::Emulator;

fn head(number: u8) -> Digest {
    Digest::from_bytes([number; 32])
}

fn heads(count: u8) -> Vec<Digest> {
    (1..=count).map(head).collect()
}

#[test]
fn heads_are_absorbed_one_by_one_and_all_at_once() {
    let emulator = Emulator::start();
    let mut tpm = emulator.provisioned();
    let chip = tpm.chip().clone();
    assert_eq!(tpm.value().unwrap(), chip.first_value);
    let mut session = tpm.begin().unwrap();
    let mut pieces = Vec::new();
    for index in 1..=3 {
        let start = session.start();
        tpm.absorb(&mut session, u64::from(index), &head(index)).unwrap();
        pieces.push(tpm.attest(&session, u64::from(index), &[head(index)], start).unwrap());
    }
    let start = session.start();
    for index in 4..=20 {
        tpm.absorb(&mut session, u64::from(index), &head(index)).unwrap();
    }
    pieces.push(tpm.attest(&session, 4, &heads(20)[3..], start).unwrap());
    assert_eq!(verify_run(&chip, &pieces, 0, &heads(20)), Ok(()));
    assert_eq!(verify_run(&chip, &pieces[1..], 1, &heads(20)[1..]), Ok(()));
    // Another session goes on where this one ended.
    tpm.end(session).unwrap();
    let mut session = tpm.begin().unwrap();
    let start = session.start();
    tpm.absorb(&mut session, 21, &head(21)).unwrap();
    pieces.push(tpm.attest(&session, 21, &[head(21)], start).unwrap());
    assert_eq!(verify_run(&chip, &pieces, 0, &heads(21)), Ok(()));
    wrong(&chip, &pieces);
}

/// One thing is otherwise.
fn wrong(chip: &Chip, pieces: &[ChipEvidence]) {
    let all = heads(21);
    let refused = |pieces: &[ChipEvidence], floor, heads: &[Digest]| {
        verify_run(chip, pieces, floor, heads).expect_err("refused")
    };
    let mut other = all.clone();
    other[9] = head(99);
    assert_eq!(refused(pieces, 0, &other), BadEvidence::Signature);
    let mut swapped = all.clone();
    swapped.swap(5, 6);
    assert_eq!(refused(pieces, 0, &swapped), BadEvidence::Signature);
    assert_eq!(refused(&pieces[..4], 0, &all), BadEvidence::Range, "an entry without evidence");
    assert_eq!(refused(&pieces[1..], 0, &all), BadEvidence::Range, "evidence begins later");
    assert_eq!(
        refused(pieces, 0, &all[..20]),
        BadEvidence::Range,
        "evidence of more than is shown"
    );
    assert_eq!(refused(pieces, 1, &all[1..]), BadEvidence::Range, "evidence from before the floor");
    for (at, change) in [(0, 1), (12, 0x80), (25, 1)] {
        let mut piece = pieces[0].clone();
        piece.beside[at] ^= change;
        assert_eq!(piece.verify(chip, &all[..1]), Err(BadEvidence::Signature));
    }
    let mut piece = pieces[1].clone();
    piece.start = [0; 32];
    assert_eq!(piece.verify(chip, &all[1..2]), Err(BadEvidence::Signature));
    // The same words of another counter, value or key.
    for chip in [
        Chip { first_value: chip.first_value + 1, ..chip.clone() },
        Chip { counter: chip.counter + 1, ..chip.clone() },
    ] {
        assert_eq!(pieces[0].verify(&chip, &all[..1]), Err(BadEvidence::Signature));
    }
    let moved = ChipEvidence { first: 2, last: 2, ..pieces[0].clone() };
    assert_eq!(moved.verify(chip, &all[..1]), Err(BadEvidence::Signature));
    let empty = ChipEvidence { first: 1, last: 0, ..pieces[0].clone() };
    assert_eq!(empty.verify(chip, &[]), Err(BadEvidence::Range));
}

/// What an emulator said of nine entries: three attested one by one, five together, and one in another session. With `DSM_CAPTURE` it is written to that
/// file, as `crates/dsm-vectors/captured/tpm.json` was.
#[test]
fn what_was_captured_for_the_vectors_can_be_captured_again() {
    let emulator = Emulator::start();
    let mut tpm = emulator.provisioned();
    let chip = tpm.chip().clone();
    let all = heads(9);
    let mut pieces = Vec::new();
    let mut session = tpm.begin().unwrap();
    for part in [&all[..1], &all[1..2], &all[2..3], &all[3..8]] {
        let first = pieces.last().map_or(1, |piece: &ChipEvidence| piece.last + 1);
        let start = session.start();
        for (index, head) in (first..).zip(part) {
            tpm.absorb(&mut session, index, head).unwrap();
        }
        pieces.push(tpm.attest(&session, first, part, start).unwrap());
    }
    tpm.end(session).unwrap();
    let mut session = tpm.begin().unwrap();
    let start = session.start();
    tpm.absorb(&mut session, 9, &all[8]).unwrap();
    pieces.push(tpm.attest(&session, 9, &all[8..], start).unwrap());
    assert_eq!(verify_run(&chip, &pieces, 0, &all), Ok(()));
    if let Some(file) = std::env::var_os("DSM_CAPTURE") {
        let hex =
            |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
        let pieces: Vec<String> = pieces
            .iter()
            .map(|piece| format!("    \"{}\"", hex(&dsm_encoding::to_vec(piece))))
            .collect();
        let chip = hex(&dsm_encoding::to_vec(&chip));
        let text = format!(
            "{{\n  \"chip\": \"{chip}\",\n  \"evidence\": [\n{}\n  ]\n}}\n",
            pieces.join(",\n")
        );
        std::fs::write(file, text).unwrap();
    }
}
