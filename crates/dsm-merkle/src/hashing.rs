//! How nodes are hashed and which way a key goes (`spec/trees.md`).

use dsm_crypto::{Digest, Domain, hash, hash_bytes};

/// Bits of a key, and so the most that a leaf can lie deep.
pub(crate) const BITS: usize = 256;

/// The hash of a leaf of a tip tree.
pub(crate) fn tip_leaf(key: &Digest, tip: &Digest) -> Digest {
    pair(Domain::TreeLeaf, key, tip)
}

/// The hash of an inner node of a tip tree.
pub(crate) fn tip_node(left: &Digest, right: &Digest) -> Digest {
    pair(Domain::TreeNode, left, right)
}

/// The hash of a node of a tip tree from the child on the way of a key and the other child.
pub(crate) fn tip_node_on_way(goes_right: bool, child: &Digest, sibling: &Digest) -> Digest {
    if goes_right { tip_node(sibling, child) } else { tip_node(child, sibling) }
}

/// The hash of a leaf of a list tree.
pub(crate) fn list_leaf(element: &Digest) -> Digest {
    hash(Domain::ListLeaf, element)
}

/// The hash of an inner node of a list tree.
pub(crate) fn list_node(left: &Digest, right: &Digest) -> Digest {
    pair(Domain::ListNode, left, right)
}

/// The leaf that stands after the last element: in a domain of its own, so no element has it.
pub(crate) fn list_pad() -> Digest {
    hash(Domain::ListPad, &None::<u64>)
}

/// The root of a list from its length and the node over its leaves.
pub(crate) fn list_top(count: u64, top: &Digest) -> Digest {
    hash(Domain::ListNode, &(count, top))
}

/// Whether a key goes right at this depth; the most significant bit of the first byte decides first.
pub(crate) fn goes_right(key: &Digest, depth: usize) -> bool {
    key.as_bytes().get(depth / 8).is_some_and(|byte| byte << (depth % 8) & 0x80 != 0)
}

/// How many bits two keys go the same way.
pub(crate) fn common_bits(left: &Digest, right: &Digest) -> usize {
    let bytes = left.as_bytes().iter().zip(right.as_bytes());
    let mut common = 0;
    for (left, right) in bytes {
        match (left ^ right).leading_zeros() as usize {
            8 => common += 8,
            bits => return common + bits,
        }
    }
    common
}

/// H of two digests, written without allocating: the array of two byte strings of 32.
fn pair(domain: Domain, left: &Digest, right: &Digest) -> Digest {
    let mut bytes = [0; 69];
    bytes[..3].copy_from_slice(&[0x82, 0x58, 0x20]);
    bytes[3..35].copy_from_slice(left.as_bytes());
    bytes[35..37].copy_from_slice(&[0x58, 0x20]);
    bytes[37..].copy_from_slice(right.as_bytes());
    hash_bytes(domain, &bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_hashed_as_its_canonical_array() {
        let (left, right) = (Digest::from_bytes([1; 32]), Digest::from_bytes([2; 32]));
        assert_eq!(tip_node(&left, &right), hash(Domain::TreeNode, &(left, right)));
        assert_eq!(tip_leaf(&left, &right), hash(Domain::TreeLeaf, &(left, right)));
        assert_eq!(list_node(&left, &right), hash(Domain::ListNode, &(left, right)));
    }

    #[test]
    fn the_most_significant_bit_comes_first() {
        let mut bytes = [0; 32];
        (bytes[0], bytes[31]) = (0b0100_0000, 1);
        let key = Digest::from_bytes(bytes);
        let right: alloc::vec::Vec<_> = (0..300).filter(|&depth| goes_right(&key, depth)).collect();
        assert_eq!(right, [1, 255]);
    }

    #[test]
    fn common_bits_end_at_the_first_difference() {
        assert_eq!(common_bits(&Digest::ZERO, &Digest::ZERO), BITS);
        for depth in 0..BITS {
            let mut bytes = [0xff; 32];
            bytes[..depth / 8].fill(0);
            bytes[depth / 8] = 0x80 >> (depth % 8);
            assert_eq!(common_bits(&Digest::ZERO, &Digest::from_bytes(bytes)), depth);
        }
    }
}
