//! The list tree is the naive tree of its list, and an element has one proof at one place.

use dsm_crypto::{Digest, Domain, hash};
use dsm_encoding::{from_slice, to_vec};
use dsm_merkle::{BadProof, ListProof, list_prove, list_root};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::naive::digests;

fn element(at: u64) -> Digest {
    hash(Domain::Note, &at)
}

fn list(count: u64) -> Vec<Digest> {
    (0..count).map(element).collect()
}

/// The root as drawn: padded to a power of two, halved until one is left, bound to the count.
fn naive(elements: &[Digest]) -> Digest {
    fn top(leaves: &[Digest]) -> Digest {
        if let [leaf] = leaves {
            return *leaf;
        }
        let (left, right) = leaves.split_at(leaves.len() / 2);
        hash(Domain::ListNode, &(top(left), top(right)))
    }
    let mut leaves: Vec<_> = elements.iter().map(|leaf| hash(Domain::ListLeaf, leaf)).collect();
    let width = leaves.len().next_power_of_two();
    leaves.resize(width, hash(Domain::ListPad, &None::<u64>));
    hash(Domain::ListNode, &(elements.len() as u64, top(&leaves)))
}

#[test]
fn every_element_of_every_short_list_is_proven() {
    for count in 0..70 {
        let elements = list(count);
        let root = list_root(&elements);
        assert_eq!(root, naive(&elements));
        for index in 0..count {
            let proof = list_prove(&elements, index).unwrap();
            assert_eq!(proof.siblings.len(), 32 * (count as f64).log2().ceil() as usize);
            assert_eq!(proof.root_of(element(index), index, count), Ok(root));
        }
        assert_eq!(list_prove(&elements, count), None);
    }
}

#[test]
fn lists_of_different_length_have_different_roots() {
    let mut roots: Vec<_> = (0..70).map(|count| list_root(&list(count))).collect();
    let pad = hash(Domain::ListPad, &None::<u64>);
    roots.push(list_root(&[element(0), element(1), element(2), pad]));
    roots.push(list_root(&[pad]));
    let count = roots.len();
    roots.sort();
    roots.dedup();
    assert_eq!(roots.len(), count);
}

#[test]
fn refuses_an_index_that_is_not_in_the_list() {
    let proof = list_prove(&list(5), 4).unwrap();
    for (index, count) in [(5, 5), (u64::MAX, 5), (0, 0), (u64::MAX, u64::MAX)] {
        assert_eq!(proof.root_of(element(4), index, count), Err(BadProof::Index));
    }
}

#[test]
fn refuses_a_proof_of_another_height() {
    let proof = list_prove(&list(5), 4).unwrap();
    for count in [9, 1 << 40, u64::MAX] {
        assert_eq!(proof.root_of(element(4), 4, count), Err(BadProof::Length));
    }
    for len in [0, 1, 32, 64, 95, 97, 128, 64 * 32] {
        let siblings = vec![1; len].try_into().unwrap();
        assert_eq!(ListProof { siblings }.root_of(element(4), 4, 5), Err(BadProof::Length));
    }
}

#[test]
fn the_place_and_the_count_are_bound() {
    let root = list_root(&list(6));
    let proof = list_prove(&list(6), 4).unwrap();
    for count in 5..9 {
        for index in 0..count {
            let holds = proof.root_of(element(4), index, count) == Ok(root);
            assert_eq!(holds, (index, count) == (4, 6), "{index} of {count}");
        }
    }
}

#[test]
fn the_padding_cannot_be_shown_as_an_element() {
    let pad = hash(Domain::ListPad, &None::<u64>);
    let root = list_root(&list(5));
    let padded: Vec<_> = list(5).into_iter().chain([pad]).collect();
    let proof = list_prove(&padded, 5).unwrap();
    assert_ne!(proof.root_of(pad, 5, 6), Ok(root));
    assert_ne!(proof.root_of(pad, 5, 8), Ok(root));
}

proptest! {
    #[test]
    fn a_proof_with_one_fault_leads_to_no_root_or_another(
        elements in vec(digests(), 1..40), index: Index, at: Index, kind in 0u8..3, bit in 0u8..8,
    ) {
        let index = index.index(elements.len());
        let mut bytes = to_vec(&list_prove(&elements, index as u64).unwrap());
        let at = at.index(bytes.len());
        match kind {
            0 => bytes[at] ^= 1 << bit,
            1 => drop(bytes.remove(at)),
            _ => bytes.insert(at, bytes[at]),
        }
        if let Ok(proof) = from_slice::<ListProof>(&bytes) {
            let root = proof.root_of(elements[index], index as u64, elements.len() as u64);
            prop_assert_ne!(root, Ok(list_root(&elements)));
        }
    }

    #[test]
    fn any_bytes_are_no_proof_or_one_of_their_own(
        siblings in vec(any::<u8>(), 0..2048), element in digests(), index: u64, count: u64,
    ) {
        let proof = ListProof { siblings: siblings.try_into().unwrap() };
        prop_assert_eq!(from_slice::<ListProof>(&to_vec(&proof)), Ok(proof.clone()));
        if let Ok(root) = proof.root_of(element, index, count) {
            prop_assert_ne!(root, Digest::ZERO);
        }
    }
}
