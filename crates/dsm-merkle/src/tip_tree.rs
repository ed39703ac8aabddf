//! The tip tree: a sparse Merkle tree from relationship key to tip (`spec/trees.md`).
//!
//! An empty subtree is 32 zero bytes, a subtree with one leaf is that leaf's hash, which binds the
//! whole key, and any other is the hash of its two halves. So the root depends on the leaves alone
//! and a leaf lies about as deep as the logarithm of their number. Nothing is ever taken out. The
//! tree does not know whose tips it holds, nor whether they are true.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use dsm_crypto::Digest;
use dsm_encoding::Blob;

use crate::hashing::{BITS, common_bits, goes_right, tip_leaf, tip_node};
use crate::nodes::{Child, MemoryNodes, Node, NodeId, Nodes};
use crate::{Terminal, TipProof};

const ROOT: NodeId = 0;

/// A map from relationship key to tip, with its root.
#[derive(Clone, Debug)]
pub struct TipTree<S = MemoryNodes> {
    nodes: S,
    root: Digest,
}

/// The way of a key: the inner nodes from the root, and what lies below them.
struct Way {
    inner: Vec<(NodeId, [Child; 2])>,
    end: End,
}

enum End {
    Empty,
    Leaf { id: NodeId, key: Digest, tip: Digest },
}

impl<S: Nodes> TipTree<S> {
    /// The tree whose nodes are in this store, the empty tree if there are none.
    ///
    /// # Errors
    /// The store fails.
    pub fn new(nodes: S) -> Result<Self, S::Error> {
        let root = match nodes.read(ROOT)? {
            Node::Empty => Digest::ZERO,
            Node::Leaf { key, tip } => tip_leaf(&key, &tip),
            Node::Inner { children: [left, right] } => tip_node(&left.hash, &right.hash),
        };
        Ok(Self { nodes, root })
    }

    /// The tree of these leaves, whatever was in the store; of two with one key the later counts.
    ///
    /// # Errors
    /// The store fails.
    pub fn rebuild<I>(mut nodes: S, leaves: I) -> Result<Self, S::Error>
    where
        I: IntoIterator<Item = (Digest, Digest)>,
    {
        nodes.clear()?;
        let leaves: Vec<_> = leaves.into_iter().collect::<BTreeMap<_, _>>().into_iter().collect();
        let root = build(&mut nodes, &leaves, 0)?.hash;
        Ok(Self { nodes, root })
    }

    /// The root, zero if the tree is empty.
    pub fn root(&self) -> Digest {
        self.root
    }

    /// The store.
    pub fn nodes(&self) -> &S {
        &self.nodes
    }

    /// The tip of a key.
    ///
    /// # Errors
    /// The store fails.
    pub fn get(&self, key: Digest) -> Result<Option<Digest>, S::Error> {
        Ok(match self.way(&key)?.end {
            End::Leaf { key: found, tip, .. } if found == key => Some(tip),
            _ => None,
        })
    }

    /// Puts a tip under a key, in place of the one there or where none was; gives the new root.
    ///
    /// # Errors
    /// The store fails; what it has written by then is of no use.
    pub fn update(&mut self, key: Digest, tip: Digest) -> Result<Digest, S::Error> {
        let Way { inner, end } = self.way(&key)?;
        let depth = inner.len();
        let mut child = match end {
            // The first node of a store is the root.
            End::Empty => self.add(Node::Leaf { key, tip })?,
            End::Leaf { id, key: found, .. } if found == key => {
                self.put(id, Node::Leaf { key, tip })?
            }
            End::Leaf { id, key: other, tip: other_tip } => {
                let leaf = self.add(Node::Leaf { key, tip })?;
                let moved = self.add(Node::Leaf { key: other, tip: other_tip })?;
                self.join(id, depth, (&key, leaf), (&other, moved))?
            }
        };
        for (depth, (id, mut children)) in inner.into_iter().enumerate().rev() {
            children[usize::from(goes_right(&key, depth))] = child;
            child = self.put(id, Node::Inner { children })?;
        }
        self.root = child.hash;
        Ok(self.root)
    }

    /// The proof of the tip of a key, or of its absence.
    ///
    /// # Errors
    /// The store fails.
    pub fn prove(&self, key: Digest) -> Result<TipProof, S::Error> {
        let Way { inner, end } = self.way(&key)?;
        let mut siblings = Vec::with_capacity(inner.len() * 32);
        for (depth, (_, children)) in inner.iter().enumerate() {
            let sibling = &children[usize::from(!goes_right(&key, depth))];
            siblings.extend_from_slice(sibling.hash.as_bytes());
        }
        Ok(TipProof {
            // A way has at most 256 nodes, so this never falls back.
            siblings: Blob::try_from(siblings).unwrap_or_default(),
            terminal: match end {
                End::Empty => Terminal::Empty,
                End::Leaf { key: found, .. } if found == key => Terminal::Leaf,
                End::Leaf { key, tip, .. } => Terminal::Other { key, tip },
            },
        })
    }

    fn way(&self, key: &Digest) -> Result<Way, S::Error> {
        let mut inner = Vec::with_capacity(32);
        let mut next = Some(ROOT);
        while let Some(id) = next.filter(|_| inner.len() <= BITS) {
            match self.nodes.read(id)? {
                Node::Empty => break,
                Node::Leaf { key, tip } => {
                    return Ok(Way { inner, end: End::Leaf { id, key, tip } });
                }
                Node::Inner { children } => {
                    let child = children[usize::from(goes_right(key, inner.len()))];
                    inner.push((id, children));
                    next = (child.hash != Digest::ZERO).then_some(child.id);
                }
            }
        }
        inner.truncate(BITS);
        Ok(Way { inner, end: End::Empty })
    }

    /// Makes node `id` at `depth` the subtree of two leaves whose keys part there or deeper.
    fn join(
        &mut self,
        id: NodeId,
        depth: usize,
        (key, leaf): (&Digest, Child),
        (other, other_leaf): (&Digest, Child),
    ) -> Result<Child, S::Error> {
        let fork = common_bits(key, other);
        let (mut child, mut sibling) = (leaf, other_leaf);
        for at in (depth..=fork).rev() {
            let children = if goes_right(key, at) { [sibling, child] } else { [child, sibling] };
            let node = Node::Inner { children };
            child = if at == depth { self.put(id, node)? } else { self.add(node)? };
            sibling = Child::EMPTY;
        }
        Ok(child)
    }

    fn add(&mut self, node: Node) -> Result<Child, S::Error> {
        let id = self.nodes.count()?;
        self.put(id, node)
    }

    fn put(&mut self, id: NodeId, node: Node) -> Result<Child, S::Error> {
        put(&mut self.nodes, id, node)
    }
}

impl Default for TipTree {
    fn default() -> Self {
        Self { nodes: MemoryNodes::default(), root: Digest::ZERO }
    }
}

fn put<S: Nodes>(nodes: &mut S, id: NodeId, node: Node) -> Result<Child, S::Error> {
    nodes.write(id, node)?;
    let hash = match node {
        Node::Empty => Digest::ZERO,
        Node::Leaf { key, tip } => tip_leaf(&key, &tip),
        Node::Inner { children: [left, right] } => tip_node(&left.hash, &right.hash),
    };
    Ok(Child { id, hash })
}

/// Adds the subtree of leaves that ascend, that differ and that share their first `depth` bits.
fn build<S: Nodes>(
    nodes: &mut S,
    leaves: &[(Digest, Digest)],
    depth: usize,
) -> Result<Child, S::Error> {
    let id = nodes.count()?;
    match leaves {
        [] => Ok(Child::EMPTY),
        [(key, tip)] => put(nodes, id, Node::Leaf { key: *key, tip: *tip }),
        _ => {
            // The root is node 0 and a parent comes before its children, so its place is taken first.
            nodes.write(id, Node::Empty)?;
            let (left, right) =
                leaves.split_at(leaves.partition_point(|(key, _)| !goes_right(key, depth)));
            let children = [build(nodes, left, depth + 1)?, build(nodes, right, depth + 1)?];
            put(nodes, id, Node::Inner { children })
        }
    }
}
