//! Evidence by itself: where a piece ends, and before the first entry.

use dsm_core::View;
use dsm_crypto::{Digest, Secret, Signer};
use dsm_encoding::List;
use dsm_log::{
    Absorber, BadEvidence, BadHead, ChipEvidence, HeadSignature, Position, SignedHead,
    SimulatedChip, verify_run,
};
use dsm_sim::{NETWORK, Town};

fn head(index: u64) -> Digest {
    Digest::from_bytes([u8::try_from(index).expect("a small index"); 32])
}

/// One piece of the entries from one to another, absorbed in a session of their own.
fn session(chip: &mut SimulatedChip, first: u64, last: u64) -> ChipEvidence {
    chip.restart();
    let mut piece = chip.absorb(&head(first)).expect("in range");
    for index in first + 1..=last {
        let before: Vec<Digest> = (first..index).map(head).collect();
        let next = chip.absorb(&head(index)).expect("in range");
        piece = piece.joined(&chip.chip().clone(), &before, &next).expect("one session");
    }
    piece
}

#[test]
fn evidence_is_cut_between_two_pieces() {
    let mut simulated = SimulatedChip::new(Secret::from_bytes([9; 32]), 70);
    let pieces = vec![session(&mut simulated, 1, 2), session(&mut simulated, 3, 4)];
    let chip = simulated.chip();
    assert_eq!(verify_run(chip, &pieces, 0, &[1, 2, 3, 4].map(head)), Ok(()));
    let town = Town::anchored(crate::tpm, u64::MAX);
    let signature = town.ada.view.signed(&town.mint.id(), 1).expect("the issue").signature;
    let evidence = List::try_from(pieces.clone()).expect("two");
    let all = HeadSignature { evidence, ..signature };
    let known = |index| Some(head(index));
    let after = |floor| all.after(chip, floor, known).map(|signed| signed.evidence.to_vec());
    assert_eq!(after(0), Some(pieces.clone()));
    assert_eq!(after(2), Some(pieces[1..].to_vec()));
    assert_eq!(after(4), None);
    for (floor, rest) in [(1, &[2, 3, 4][..]), (3, &[4])] {
        let heads: Vec<Digest> = rest.iter().copied().map(head).collect();
        assert_eq!(verify_run(chip, &after(floor).expect("a part"), floor, &heads), Ok(()));
    }
}

#[test]
fn a_simulated_chip_shows_again_what_it_absorbed_in_as_few_pieces() {
    let mut chip = SimulatedChip::new(Secret::from_bytes([9; 32]), 70);
    assert!(Absorber::stand(&chip).is_empty());
    for index in 1..=2 {
        chip.absorb(&head(index)).expect("in range");
    }
    chip.restart();
    chip.absorb(&head(3)).expect("in range");
    let heads = [1, 2, 3, 4].map(head);
    let evidence = Absorber::absorb(&mut chip, None, 1, &heads).expect("its own");
    let spans: Vec<_> = evidence.iter().map(|piece| (piece.first, piece.last)).collect();
    assert_eq!(spans, [(1, 2), (3, 3), (4, 4)]);
    assert_eq!(verify_run(chip.chip(), &evidence, 0, &heads), Ok(()));
}

#[test]
fn no_chip_speaks_of_a_log_without_entries() {
    let town = Town::anchored(crate::tpm, u64::MAX);
    let descriptor = town.ada.descriptor.clone();
    let start = Position { index: 0, head: head(0) };
    let message = SignedHead::message(NETWORK, &descriptor.id(), &start);
    let signature = HeadSignature::from(town.ada.key.sign(&message));
    let refused = Err(BadHead::Evidence(BadEvidence::Range));
    assert_eq!(signature.verify(&descriptor, &start, &[]), refused);
}
