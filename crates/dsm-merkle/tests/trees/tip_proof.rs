//! A key has one proof under one root, and a replacement gives the root of the tree replaced.

use dsm_crypto::Digest;
use dsm_encoding::{Blob, from_slice, to_vec};
use dsm_merkle::{BadProof, Terminal, TipProof};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::naive::{self, Leaves, digests, keys, updates};

fn key(first: u8) -> Digest {
    let mut bytes = [7; 32];
    bytes[0] = first;
    Digest::from_bytes(bytes)
}

/// Leaves under 000, 001 and 1 with a tip each.
fn three() -> Leaves {
    [(key(0x00), key(1)), (key(0x20), key(2)), (key(0x80), key(3))].into()
}

fn with_siblings(proof: &TipProof, siblings: impl Into<Vec<u8>>) -> TipProof {
    let siblings: Vec<u8> = siblings.into();
    TipProof { siblings: siblings.try_into().unwrap(), terminal: proof.terminal }
}

#[test]
fn refuses_siblings_that_are_not_whole_digests() {
    let proof = naive::prove(&three(), key(0x00));
    for len in [1, 31, 33, 65, 95] {
        let cut = with_siblings(&proof, &proof.siblings[..len]);
        assert_eq!(cut.root_of(key(0x00), Some(key(1))), Err(BadProof::Length));
        assert_eq!(cut.replacement(key(0x00), Some(key(1)), key(9)), Err(BadProof::Length));
    }
}

#[test]
fn more_than_256_siblings_have_no_form() {
    assert!(Blob::<8192>::try_from(vec![1; 8192]).is_ok());
    assert!(Blob::<8192>::try_from(vec![1; 8193]).is_err());
}

#[test]
fn refuses_a_spare_sibling() {
    for asked in [key(0x00), key(0x40), key(0xff)] {
        let proof = naive::prove(&three(), asked);
        let tip = three().get(&asked).copied();
        let mut siblings = proof.siblings.to_vec();
        siblings.extend([0; 32]);
        let spare = with_siblings(&proof, siblings);
        assert_eq!(spare.root_of(asked, tip), Err(BadProof::SpareSibling));
    }
}

#[test]
fn a_proof_of_presence_is_none_of_absence_nor_the_reverse() {
    let there = naive::prove(&three(), key(0x00));
    assert_eq!(there.root_of(key(0x00), None), Err(BadProof::Terminal));
    assert_eq!(there.replacement(key(0x00), None, key(9)), Err(BadProof::Terminal));
    for absent in [key(0x40), key(0x90)] {
        let proof = naive::prove(&three(), absent);
        assert_ne!(proof.terminal, Terminal::Leaf);
        assert_eq!(proof.root_of(absent, Some(key(1))), Err(BadProof::Terminal));
    }
}

#[test]
fn another_leaf_must_lie_where_the_key_would_and_not_be_its_own() {
    let absent = key(0x90);
    let proof = naive::prove(&three(), absent);
    assert_eq!(proof.terminal, Terminal::Other { key: key(0x80), tip: key(3) });
    for elsewhere in [key(0x00), key(0x7f), absent] {
        let terminal = Terminal::Other { key: elsewhere, tip: key(3) };
        let moved = TipProof { siblings: proof.siblings.clone(), terminal };
        assert_eq!(moved.root_of(absent, None), Err(BadProof::Misplaced));
        assert_eq!(moved.replacement(absent, None, key(9)), Err(BadProof::Misplaced));
    }
}

#[test]
fn a_key_that_is_there_cannot_be_shown_absent_by_its_own_leaf() {
    let proof = naive::prove(&three(), key(0x80));
    let terminal = Terminal::Other { key: key(0x80), tip: key(3) };
    let lie = TipProof { siblings: proof.siblings, terminal };
    assert_eq!(lie.root_of(key(0x80), None), Err(BadProof::Misplaced));
}

#[test]
fn an_inner_node_cannot_pass_for_a_leaf() {
    let proof = naive::prove(&three(), key(0x00));
    let short = with_siblings(&proof, &proof.siblings[..32]);
    let root = naive::root(&three());
    for (_, tip) in three() {
        assert_ne!(short.root_of(key(0x00), Some(tip)), Ok(root));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_replacement_gives_the_roots_of_both_trees(
        updates in updates(12), asked in keys(), at: Index, new in digests(),
    ) {
        let mut leaves: Leaves = updates.iter().copied().collect();
        let present = updates.get(at.index(updates.len().max(1))).map(|(key, _)| *key);
        for key in [Some(asked), present].into_iter().flatten() {
            let proof = naive::prove(&leaves, key);
            let before = naive::root(&leaves);
            let old = leaves.insert(key, new);
            let after = naive::root(&leaves);
            prop_assert_eq!(proof.replacement(key, old, new), Ok((before, after)));
            let wrong = old.map_or(Some(new), |_| None);
            prop_assert!(proof.replacement(key, wrong, new).is_err());
        }
    }

    #[test]
    fn a_proof_with_one_fault_leads_to_no_root_or_another(
        updates in updates(12), asked in keys(), at: Index, kind in 0u8..4, bit in 0u8..8,
    ) {
        let leaves: Leaves = updates.into_iter().collect();
        let root = naive::root(&leaves);
        for key in leaves.keys().copied().chain([asked]) {
            let tip = leaves.get(&key).copied();
            let mut bytes = to_vec(&naive::prove(&leaves, key));
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] ^= 1 << bit,
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, bytes[at]),
                _ => bytes.truncate(at),
            }
            if let Ok(proof) = from_slice::<TipProof>(&bytes) {
                prop_assert_ne!(proof.root_of(key, tip), Ok(root));
                prop_assert_ne!(proof.root_of(key, None), Ok(root));
            }
        }
    }

    #[test]
    fn a_level_left_out_doubled_or_exchanged_leads_to_no_root_or_another(
        updates in updates(12), asked in keys(), at: Index, kind in 0u8..3,
    ) {
        let leaves: Leaves = updates.into_iter().collect();
        let root = naive::root(&leaves);
        for key in leaves.keys().copied().chain([asked]) {
            let tip = leaves.get(&key).copied();
            let proof = naive::prove(&leaves, key);
            let mut levels: Vec<_> = proof.siblings.chunks(32).collect();
            if levels.is_empty() || levels.len() == 256 {
                continue;
            }
            let at = at.index(levels.len());
            match kind {
                0 => drop(levels.remove(at)),
                1 => levels.insert(at, levels[at]),
                _ => levels.swap(at, 0),
            }
            let faulty = with_siblings(&proof, levels.concat());
            if faulty != proof {
                prop_assert_ne!(faulty.root_of(key, tip), Ok(root));
            }
        }
    }

    #[test]
    fn a_proof_holds_for_its_key_and_tip_alone(updates in updates(12), other in keys(), tip in digests()) {
        let leaves: Leaves = updates.into_iter().collect();
        let root = naive::root(&leaves);
        for (key, right) in &leaves {
            let proof = naive::prove(&leaves, *key);
            prop_assert_eq!(proof.root_of(*key, Some(*right)), Ok(root));
            if tip != *right {
                prop_assert_ne!(proof.root_of(*key, Some(tip)), Ok(root));
            }
            if other != *key {
                prop_assert_ne!(proof.root_of(other, Some(*right)), Ok(root));
                prop_assert_ne!(proof.root_of(other, None), Ok(root));
            }
        }
    }

    #[test]
    fn any_bytes_are_no_proof_or_one_of_their_own(
        siblings in proptest::collection::vec(any::<u8>(), 0..300), key in keys(), tip in digests(),
        terminal in prop_oneof![
            Just(Terminal::Leaf),
            Just(Terminal::Empty),
            (keys(), digests()).prop_map(|(key, tip)| Terminal::Other { key, tip }),
        ],
    ) {
        let proof = TipProof { siblings: siblings.try_into().unwrap(), terminal };
        let bytes = to_vec(&proof);
        prop_assert_eq!(from_slice::<TipProof>(&bytes), Ok(proof.clone()));
        let (there, absent) = (proof.root_of(key, Some(tip)), proof.root_of(key, None));
        prop_assert!(there.is_err() || absent.is_err());
        prop_assert_eq!(proof.replacement(key, None, tip).map(|roots| roots.0), absent);
    }
}
