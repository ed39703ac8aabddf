//! Trees as the specification draws them, made anew for each question, and keys to fill them.

use std::collections::BTreeMap;

use dsm_crypto::{Digest, Domain, hash};
use dsm_merkle::{Terminal, TipProof};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

pub(crate) type Leaves = BTreeMap<Digest, Digest>;

fn bits(key: Digest) -> impl Iterator<Item = bool> {
    (0..256).map(move |at| key.as_bytes()[at / 8] >> (7 - at % 8) & 1 == 1)
}

/// The leaves whose keys begin with these bits.
fn below(leaves: &Leaves, prefix: &[bool]) -> Leaves {
    let begins = |key: &Digest| bits(*key).zip(prefix).all(|(bit, wanted)| bit == *wanted);
    leaves.iter().filter(|(key, _)| begins(key)).map(|(key, tip)| (*key, *tip)).collect()
}

pub(crate) fn root(leaves: &Leaves) -> Digest {
    subtree(leaves, &mut Vec::new())
}

fn subtree(leaves: &Leaves, prefix: &mut Vec<bool>) -> Digest {
    if leaves.len() < 2 {
        return leaves.iter().next().map_or(Digest::ZERO, |leaf| hash(Domain::TreeLeaf, &leaf));
    }
    let mut half = |bit| {
        prefix.push(bit);
        let hash = subtree(&below(leaves, prefix), prefix);
        prefix.pop();
        hash
    };
    let halves = (half(false), half(true));
    hash(Domain::TreeNode, &halves)
}

pub(crate) fn prove(leaves: &Leaves, key: Digest) -> TipProof {
    let mut prefix = Vec::new();
    let mut siblings = Vec::new();
    let mut here = leaves.clone();
    for bit in bits(key) {
        if here.len() < 2 {
            break;
        }
        prefix.push(!bit);
        siblings.extend(subtree(&below(&here, &prefix), &mut prefix).as_bytes());
        prefix.pop();
        prefix.push(bit);
        here = below(&here, &prefix);
    }
    let terminal = match here.iter().next() {
        None => Terminal::Empty,
        Some((found, _)) if *found == key => Terminal::Leaf,
        Some((found, tip)) => Terminal::Other { key: *found, tip: *tip },
    };
    TipProof { siblings: siblings.try_into().unwrap(), terminal }
}

pub(crate) fn digests() -> impl Strategy<Value = Digest> {
    any::<[u8; 32]>().prop_map(Digest::from_bytes)
}

/// Keys of which many share long beginnings: one of a few with one bit turned.
pub(crate) fn keys() -> impl Strategy<Value = Digest> {
    (0u8..3, proptest::option::of(any::<Index>()), any::<bool>(), digests()).prop_map(
        |(base, turned, random, other)| {
            if random {
                return other;
            }
            let mut bytes = [base.wrapping_mul(0x7f); 32];
            if let Some(turned) = turned.map(|at| at.index(256)) {
                bytes[turned / 8] ^= 0x80 >> (turned % 8);
            }
            Digest::from_bytes(bytes)
        },
    )
}

pub(crate) fn updates(most: usize) -> impl Strategy<Value = Vec<(Digest, Digest)>> {
    vec((keys(), digests()), 0..most)
}
