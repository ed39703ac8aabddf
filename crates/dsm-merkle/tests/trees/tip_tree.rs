//! The incremental tree is the naive tree.

use dsm_crypto::{Digest, Domain, hash};
use dsm_encoding::{from_slice, to_vec};
use dsm_merkle::{MemoryNodes, Node, NodeId, Nodes, Terminal, TipTree};
use proptest::prelude::*;

use crate::naive::{self, Leaves, keys, updates};

fn built(updates: &[(Digest, Digest)]) -> TipTree {
    let mut tree = TipTree::default();
    for (key, tip) in updates {
        let Ok(root) = tree.update(*key, *tip);
        assert_eq!(root, tree.root());
    }
    tree
}

fn key(first: u8, last: u8) -> Digest {
    let mut bytes = [0; 32];
    (bytes[0], bytes[31]) = (first, last);
    Digest::from_bytes(bytes)
}

#[test]
fn the_empty_tree_has_root_zero_and_proves_absence() {
    let tree = TipTree::default();
    assert_eq!(tree.root(), Digest::ZERO);
    let Ok(proof) = tree.prove(key(1, 1));
    assert_eq!(proof.terminal, Terminal::Empty);
    assert_eq!(proof.root_of(key(1, 1), None), Ok(Digest::ZERO));
}

#[test]
fn one_leaf_is_the_root() {
    let tree = built(&[(key(9, 9), key(1, 1))]);
    assert_eq!(tree.root(), hash(Domain::TreeLeaf, &(key(9, 9), key(1, 1))));
    let Ok(proof) = tree.prove(key(9, 9));
    assert!(proof.siblings.is_empty());
}

#[test]
fn keys_that_differ_in_the_last_bit_alone_lie_256_deep() {
    let tree = built(&[(key(0, 0), key(1, 1)), (key(0, 1), key(2, 2))]);
    for (at, tip) in [(key(0, 0), key(1, 1)), (key(0, 1), key(2, 2))] {
        let Ok(proof) = tree.prove(at);
        assert_eq!(proof.siblings.len(), 256 * 32);
        assert_eq!(proof.root_of(at, Some(tip)), Ok(tree.root()));
        assert_eq!(from_slice(&to_vec(&proof)), Ok(proof));
    }
}

#[test]
fn a_store_that_lost_a_node_makes_a_wrong_root_and_no_panic() {
    struct Forgetful(MemoryNodes, NodeId);
    impl Nodes for Forgetful {
        type Error = core::convert::Infallible;
        fn count(&self) -> Result<NodeId, Self::Error> {
            self.0.count()
        }
        fn read(&self, id: NodeId) -> Result<Node, Self::Error> {
            if id == self.1 { Ok(Node::Empty) } else { self.0.read(id) }
        }
        fn write(&mut self, id: NodeId, node: Node) -> Result<(), Self::Error> {
            self.0.write(id, node)
        }
        fn clear(&mut self) -> Result<(), Self::Error> {
            self.0.clear()
        }
    }
    let leaves = (0..8).map(|at| (key(at << 5, 0), key(0, at)));
    for lost in 0..15 {
        let Ok(mut tree) =
            TipTree::rebuild(Forgetful(MemoryNodes::default(), lost), leaves.clone());
        for (key, tip) in leaves.clone() {
            let Ok(_) = tree.prove(key);
            let Ok(_) = tree.update(key, tip);
        }
    }
}

#[test]
fn a_tree_built_anew_forgets_what_the_store_had() {
    let old = built(&[(key(1, 1), key(2, 2)), (key(200, 1), key(3, 3))]);
    let Ok(mut tree) = TipTree::rebuild(old.nodes().clone(), []);
    assert_eq!(tree.root(), Digest::ZERO);
    let Ok(found) = tree.get(key(1, 1));
    assert_eq!(found, None);
    let Ok(root) = tree.update(key(1, 1), key(4, 4));
    let Ok(read) = TipTree::new(tree.nodes().clone());
    assert_eq!(read.root(), root);
}

#[test]
fn nodes_that_point_at_themselves_end_at_depth_256() {
    let child = dsm_merkle::Child { id: 0, hash: key(1, 1) };
    let mut nodes = MemoryNodes::default();
    let Ok(()) = nodes.write(0, Node::Inner { children: [child, child] });
    let Ok(mut tree) = TipTree::new(nodes);
    let Ok(proof) = tree.prove(key(0, 0));
    assert_eq!(proof.siblings.len(), 256 * 32);
    let Ok(_) = tree.update(key(0, 0), key(0, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn its_root_is_that_of_the_naive_tree_after_every_update(updates in updates(12)) {
        let mut tree = TipTree::default();
        let mut leaves = Leaves::new();
        for (key, tip) in updates {
            let Ok(root) = tree.update(key, tip);
            leaves.insert(key, tip);
            prop_assert_eq!(root, naive::root(&leaves));
        }
    }

    #[test]
    fn its_proofs_are_those_of_the_naive_tree(updates in updates(16), asked in keys()) {
        let tree = built(&updates);
        let leaves: Leaves = updates.into_iter().collect();
        for key in leaves.keys().copied().chain([asked]) {
            let tip = leaves.get(&key).copied();
            let Ok(found) = tree.get(key);
            prop_assert_eq!(found, tip);
            let Ok(proof) = tree.prove(key);
            prop_assert_eq!(&proof, &naive::prove(&leaves, key));
            prop_assert_eq!(proof.root_of(key, tip), Ok(tree.root()));
        }
    }

    #[test]
    fn the_order_of_updates_does_not_matter(mut updates in updates(30)) {
        let leaves: Leaves = updates.drain(..).collect();
        let forwards: Vec<_> = leaves.clone().into_iter().collect();
        let backwards: Vec<_> = leaves.into_iter().rev().collect();
        prop_assert_eq!(built(&forwards).root(), built(&backwards).root());
    }

    #[test]
    fn it_can_be_rebuilt_from_its_leaves_and_opened_again(updates in updates(30), more in updates(5)) {
        let mut tree = built(&updates);
        let stale = tree.nodes().clone();
        let Ok(rebuilt) = TipTree::rebuild(stale, updates);
        prop_assert_eq!(rebuilt.root(), tree.root());
        let Ok(mut opened) = TipTree::new(rebuilt.nodes().clone());
        prop_assert_eq!(opened.root(), tree.root());
        for (key, tip) in more {
            prop_assert_eq!(opened.update(key, tip), tree.update(key, tip));
        }
    }
}
