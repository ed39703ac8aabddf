//! Merkle paths of a block (`spec/headers.md`, inclusion).

use alloc::vec::Vec;

use dsm_encoding::{Decode, DecodeError, Encode, Reader, Writer};

use crate::{HeaderReject, sha256d};

/// How long a path is at most: no block has room for 2^16 transactions.
pub const MAX_PATH: usize = 16;

/// The siblings from a leaf up to the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerklePath(Vec<[u8; 32]>);

impl MerklePath {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The root over a leaf at an index.
    ///
    /// The last of an odd number of nodes is paired with itself, so the same leaf stands twice in such a tree
    /// (CVE-2012-2459): the copy is refused.
    pub(crate) fn root(&self, leaf: [u8; 32], index: u32) -> Result<[u8; 32], HeaderReject> {
        let (mut node, mut index) = (leaf, index);
        for sibling in &self.0 {
            let right = index & 1 == 1;
            if right && *sibling == node {
                return Err(HeaderReject::Copy);
            }
            node = if right { pair(sibling, &node) } else { pair(&node, sibling) };
            index >>= 1;
        }
        if index == 0 { Ok(node) } else { Err(HeaderReject::Index) }
    }

    /// The path of a leaf, and the root. None without that leaf.
    pub(crate) fn of(leaves: &[[u8; 32]], index: usize) -> Option<(Self, [u8; 32])> {
        leaves.get(index)?;
        let (mut level, mut index, mut path) = (leaves.to_vec(), index, Vec::new());
        while level.len() > 1 {
            let own = level.get(index)?;
            path.push(*level.get(index ^ 1).unwrap_or(own));
            level =
                level.chunks(2).filter_map(|two| Some(pair(two.first()?, two.last()?))).collect();
            index >>= 1;
        }
        level.first().map(|root| (Self(path), *root))
    }
}

fn pair(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    let mut both = [0; 64];
    let (first, second) = both.split_at_mut(32);
    first.copy_from_slice(left);
    second.copy_from_slice(right);
    sha256d(&both)
}

impl Encode for MerklePath {
    fn encode(&self, to: &mut Writer) {
        to.bytes(self.0.as_flattened());
    }
}

impl Decode for MerklePath {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let bytes = from.bytes(MAX_PATH.saturating_mul(32))?;
        let (siblings, rest) = bytes.as_chunks::<32>();
        if rest.is_empty() { Ok(Self(siblings.to_vec())) } else { Err(DecodeError::WrongLength) }
    }
}
