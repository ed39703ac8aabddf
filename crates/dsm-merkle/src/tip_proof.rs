//! What a tip tree holds under one key, and what a replacement makes of it (`spec/trees.md`).
//!
//! ```text
//! siblings   one byte string, 32 bytes a level, root first: the subtrees beside the way of the key
//! terminal   what lies at the end of the way:
//!            [0]             the leaf of the key itself
//!            [1]             nothing
//!            [2, key, tip]   the leaf of another key, alone in the subtree where this one would be
//! ```
//!
//! Under one root a key has one proof: hashes fix each node on the way, so they fix where it ends.

use dsm_crypto::Digest;
use dsm_encoding::{Blob, choice, record};

use crate::BadProof;
use crate::hashing::{BITS, common_bits, goes_right, tip_leaf, tip_node_on_way};

/// The way from a root to where a key is, or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TipProof {
    /// The subtrees beside the way, 32 bytes each, root first.
    pub siblings: Blob<{ BITS * 32 }>,
    /// What lies at its end.
    pub terminal: Terminal,
}
record! { TipProof { siblings, terminal } }

/// The end of the way of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terminal {
    /// The leaf of the key itself: it is present.
    Leaf,
    /// An empty subtree: it is absent.
    Empty,
    /// A subtree with the leaf of another key alone: it is absent.
    Other {
        /// That key.
        key: Digest,
        /// Its tip.
        tip: Digest,
    },
}
choice! { Terminal { 0 => Leaf {}, 1 => Empty {}, 2 => Other { key, tip } } }

impl TipProof {
    /// The root of the tree in which `key` has this tip, or is absent.
    ///
    /// The proof holds if that is the root one knows.
    ///
    /// # Errors
    /// No tree has this proof for this key.
    pub fn root_of(&self, key: Digest, tip: Option<Digest>) -> Result<Digest, BadProof> {
        let siblings = self.siblings()?;
        let end = self.end(&key, tip, siblings.len())?;
        Ok(climb(&key, siblings, end))
    }

    /// The roots before and after the tip of `key` is replaced: from `old`, or from absence, to `new`.
    ///
    /// # Errors
    /// No tree has this proof for this key.
    pub fn replacement(
        &self,
        key: Digest,
        old: Option<Digest>,
        new: Digest,
    ) -> Result<(Digest, Digest), BadProof> {
        let siblings = self.siblings()?;
        let depth = siblings.len();
        let before = self.end(&key, old, depth)?;
        let leaf = tip_leaf(&key, &new);
        let after = match &self.terminal {
            Terminal::Leaf | Terminal::Empty => leaf,
            Terminal::Other { key: other, .. } => beside(&key, leaf, other, before, depth),
        };
        Ok((climb(&key, siblings, before), climb(&key, siblings, after)))
    }

    fn siblings(&self) -> Result<&[[u8; 32]], BadProof> {
        let (siblings, rest) = self.siblings.as_chunks();
        if !rest.is_empty() {
            return Err(BadProof::Length);
        }
        // A subtree with one leaf is that leaf, and one without is empty: no node is above either.
        if siblings.last() == Some(Digest::ZERO.as_bytes()) {
            return Err(BadProof::SpareSibling);
        }
        Ok(siblings)
    }

    /// The hash of the subtree at the end of the way.
    fn end(&self, key: &Digest, tip: Option<Digest>, depth: usize) -> Result<Digest, BadProof> {
        match (&self.terminal, tip) {
            (Terminal::Leaf, Some(tip)) => Ok(tip_leaf(key, &tip)),
            (Terminal::Empty, None) => Ok(Digest::ZERO),
            (Terminal::Other { key: other, tip }, None) => {
                let common = common_bits(key, other);
                if common < depth || common == BITS {
                    return Err(BadProof::Misplaced);
                }
                Ok(tip_leaf(other, tip))
            }
            _ => Err(BadProof::Terminal),
        }
    }
}

/// The root over a subtree at the end of the way of a key.
fn climb(key: &Digest, siblings: &[[u8; 32]], end: Digest) -> Digest {
    siblings.iter().enumerate().rev().fold(end, |child, (depth, sibling)| {
        tip_node_on_way(goes_right(key, depth), &child, &Digest::from_bytes(*sibling))
    })
}

/// The subtree at `depth` that holds the leaves of two keys and no others.
fn beside(key: &Digest, leaf: Digest, other: &Digest, other_leaf: Digest, depth: usize) -> Digest {
    let fork = common_bits(key, other);
    let parent = tip_node_on_way(goes_right(key, fork), &leaf, &other_leaf);
    (depth..fork)
        .rev()
        .fold(parent, |child, depth| tip_node_on_way(goes_right(key, depth), &child, &Digest::ZERO))
}
