//! The list tree: one root over a list of known length (`spec/trees.md`, list tree).
//!
//! Leaf i is the hash of element i. A fixed padding leaf, which no element can have, fills the list up
//! to the next power of two, at least one. The root is the hash of the count and the top node, so
//! it binds the length too. A proof has one sibling for each level and no more.

use alloc::vec::Vec;

use dsm_crypto::Digest;
use dsm_encoding::{Blob, record};

use crate::BadProof;
use crate::hashing::{list_leaf, list_node, list_pad, list_top};

/// Levels that a list of any count can have.
const LEVELS: usize = 64;

/// The way from the root of a list to one of its elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListProof {
    /// The subtrees beside the way, 32 bytes each, root first.
    pub siblings: Blob<{ LEVELS * 32 }>,
}
record! { ListProof { siblings } }

impl ListProof {
    /// The root of the list of `count` elements in which this one stands at `index`.
    ///
    /// The proof holds if that is the root one knows.
    ///
    /// # Errors
    /// No list of this count has this proof.
    pub fn root_of(&self, element: Digest, index: u64, count: u64) -> Result<Digest, BadProof> {
        if index >= count {
            return Err(BadProof::Index);
        }
        let (siblings, rest) = self.siblings.as_chunks();
        if !rest.is_empty() || siblings.len() != levels(count) {
            return Err(BadProof::Length);
        }
        let way = siblings.iter().rev().enumerate();
        let top = way.fold(list_leaf(&element), |child, (level, sibling)| {
            let sibling = Digest::from_bytes(*sibling);
            if index >> level & 1 == 1 {
                list_node(&sibling, &child)
            } else {
                list_node(&child, &sibling)
            }
        });
        Ok(list_top(count, &top))
    }
}

/// The root of a list.
#[must_use]
pub fn list_root(elements: &[Digest]) -> Digest {
    let mut top = list_pad();
    rise(elements, |level, _| {
        if let [only] = level {
            top = *only;
        }
    });
    list_top(elements.len() as u64, &top)
}

/// The proof of the element at an index, none if the list is shorter.
#[must_use]
pub fn list_prove(elements: &[Digest], index: u64) -> Option<ListProof> {
    let index = usize::try_from(index).ok().filter(|&index| index < elements.len())?;
    let mut siblings = Vec::new();
    let mut at = index;
    rise(elements, |level, pad| {
        if level.len() > 1 {
            siblings.push(*level.get(at ^ 1).unwrap_or(pad));
            at /= 2;
        }
    });
    let bytes: Vec<u8> = siblings.iter().rev().flat_map(|sibling| *sibling.as_bytes()).collect();
    Some(ListProof { siblings: bytes.try_into().ok()? })
}

/// Levels below the top of a list: the logarithm of the count, rounded up.
fn levels(count: u64) -> usize {
    (u64::BITS - count.saturating_sub(1).leading_zeros()) as usize
}

/// Shows each level of a list, leaves first, with what stands for nodes over padding alone.
fn rise(elements: &[Digest], mut show: impl FnMut(&[Digest], &Digest)) {
    let mut level: Vec<_> = elements.iter().map(list_leaf).collect();
    let mut pad = list_pad();
    show(&level, &pad);
    while level.len() > 1 {
        let pairs = level.chunks(2);
        level = pairs
            .map(|pair| match pair {
                [left, right] => list_node(left, right),
                [left, ..] => list_node(left, &pad),
                [] => pad,
            })
            .collect();
        pad = list_node(&pad, &pad);
        show(&level, &pad);
    }
}
