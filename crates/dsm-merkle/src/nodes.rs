//! Where a tip tree keeps its nodes (`spec/trees.md`, tip tree).
//!
//! Nodes are derived data: whoever keeps the leaves can rebuild them, so a database may write them
//! late or not at all. Nodes have numbers, given in order from 0, which is the root; nothing is ever
//! removed. So a store is a table from number to node, or a vector.

use alloc::vec::Vec;
use core::convert::Infallible;

use dsm_crypto::Digest;

/// The number of a node in its store.
pub type NodeId = u64;

/// A node of a tip tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node {
    /// Nothing: what a store has under a number that was not written.
    Empty,
    /// A key with its tip, alone in its subtree.
    Leaf {
        /// The relationship key.
        key: Digest,
        /// Its tip.
        tip: Digest,
    },
    /// At least two leaves, left and right by the bit of their keys at this depth.
    Inner {
        /// The two subtrees.
        children: [Child; 2],
    },
}

/// A subtree: where its node is and what it hashes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Child {
    /// The number of its node, without meaning if the subtree is empty.
    pub id: NodeId,
    /// Its hash, zero if it is empty.
    pub hash: Digest,
}

impl Child {
    /// The subtree without a leaf.
    pub const EMPTY: Self = Self { id: 0, hash: Digest::ZERO };
}

/// A store of nodes.
///
/// A tree whose store failed in the middle of a change, or gives back other than what was written, has
/// a wrong root: rebuild it, and compare the root with the one that the log commits to.
pub trait Nodes {
    /// Why a store fails.
    type Error;

    /// How many nodes there are, which is the number of the next one.
    ///
    /// # Errors
    /// The store fails.
    fn count(&self) -> Result<NodeId, Self::Error>;

    /// The node under a number.
    ///
    /// # Errors
    /// The store fails.
    fn read(&self, id: NodeId) -> Result<Node, Self::Error>;

    /// Replaces the node under a number, or adds it under the number [`Nodes::count`].
    ///
    /// # Errors
    /// The store fails.
    fn write(&mut self, id: NodeId, node: Node) -> Result<(), Self::Error>;

    /// Forgets all nodes.
    ///
    /// # Errors
    /// The store fails.
    fn clear(&mut self) -> Result<(), Self::Error>;
}

/// Nodes in memory: about 215 bytes a leaf.
#[derive(Clone, Debug, Default)]
pub struct MemoryNodes(Vec<Node>);

impl Nodes for MemoryNodes {
    type Error = Infallible;

    fn count(&self) -> Result<NodeId, Infallible> {
        Ok(self.0.len() as NodeId)
    }

    fn read(&self, id: NodeId) -> Result<Node, Infallible> {
        let node = usize::try_from(id).ok().and_then(|at| self.0.get(at));
        Ok(node.copied().unwrap_or(Node::Empty))
    }

    fn write(&mut self, id: NodeId, node: Node) -> Result<(), Infallible> {
        match usize::try_from(id).ok().and_then(|at| self.0.get_mut(at)) {
            Some(place) => *place = node,
            None => self.0.push(node),
        }
        Ok(())
    }

    fn clear(&mut self) -> Result<(), Infallible> {
        self.0.clear();
        Ok(())
    }
}
