//! The tip tree of a log of one's own, node by node in the store (`docs/store-format.md`, tables).
//!
//! Nothing is rebuilt and nothing is kept in memory: a lookup reads the nodes on one way. What they
//! give is compared with the root that the log commits to, so a row that is damaged is not believed.

use std::collections::BTreeMap;

use dsm_core::OwnLog;
use dsm_crypto::Digest;
use dsm_log::DeviceId;
use dsm_merkle::{Node, NodeId, Nodes, TipProof, TipTree};

use crate::StoreError;
use crate::kv::{Snapshot, Table};
use crate::overlay::Rows;
use crate::rows::{NodeRow, bytes, damaged, load, place, read, split, split_place};

/// The nodes of a tree in a store, and those that change.
#[derive(Debug)]
pub(crate) struct TreeNodes<S> {
    base: S,
    device: DeviceId,
    count: NodeId,
    changed: BTreeMap<NodeId, Node>,
}

impl<S: Snapshot> TreeNodes<S> {
    pub(crate) fn new(base: S, device: DeviceId) -> Result<Self, StoreError> {
        let last = base.at_or_before(Table::Tips, &place(&device, NodeId::MAX))?;
        let last = last.map(|(key, _)| split_place(Table::Tips, &key)).transpose()?;
        let count = last.filter(|(of, _)| *of == device).map_or(0, |(_, id)| id.saturating_add(1));
        Ok(Self { base, device, count, changed: BTreeMap::new() })
    }

    /// What is to be written.
    pub(crate) fn changed(&self) -> impl Iterator<Item = (NodeId, NodeRow)> {
        self.changed.iter().filter_map(|(id, node)| Some((*id, NodeRow::of(node)?)))
    }
}

impl<S: Snapshot> Nodes for TreeNodes<S> {
    type Error = StoreError;

    fn count(&self) -> Result<NodeId, StoreError> {
        Ok(self.count)
    }

    fn read(&self, id: NodeId) -> Result<Node, StoreError> {
        if let Some(node) = self.changed.get(&id) {
            return Ok(*node);
        }
        let row: Option<NodeRow> = load(&self.base, Table::Tips, &place(&self.device, id))?;
        Ok(row.map_or(Node::Empty, NodeRow::node))
    }

    fn write(&mut self, id: NodeId, node: Node) -> Result<(), StoreError> {
        self.count = self.count.max(id.saturating_add(1));
        self.changed.insert(id, node);
        Ok(())
    }

    fn clear(&mut self) -> Result<(), StoreError> {
        for id in 0..self.count {
            self.changed.insert(id, Node::Empty);
        }
        self.count = 0;
        Ok(())
    }
}

/// The tip of a key in the tree of a log of one's own, and its proof.
pub(crate) fn tip<S: Snapshot>(
    base: &S,
    log: &OwnLog,
    key: &Digest,
) -> Result<(Option<Digest>, TipProof), StoreError> {
    let tree = TipTree::new(TreeNodes::new(base, log.device)?)?;
    let (tip, proof) = (tree.get(*key)?, tree.prove(*key)?);
    if proof.root_of(*key, tip) == Ok(log.tips()) {
        Ok((tip, proof))
    } else {
        Err(damaged(Table::Tips))
    }
}

/// What makes the leaves of a store of format 1 (`docs/store-format.md`, versions) the trees of today.
pub(crate) fn plant<S: Snapshot>(from: &S) -> Result<Rows, StoreError> {
    let mut rows = Rows::default();
    let mut trees: BTreeMap<DeviceId, Vec<(Digest, Digest)>> = BTreeMap::new();
    from.scan(Table::Tips, &[], &mut |key, tip| {
        let (device, relationship) = split(Table::Tips, key)?;
        let (relationship, _) = split(Table::Tips, relationship)?;
        trees.entry(DeviceId(device)).or_default().push((relationship, read(Table::Tips, tip)?));
        rows.set(Table::Tips, key.to_vec(), None);
        Ok(())
    })?;
    for (device, leaves) in trees {
        let nodes = TreeNodes { base: from, device, count: 0, changed: BTreeMap::new() };
        let tree = TipTree::rebuild(nodes, leaves)?;
        for (id, node) in tree.nodes().changed() {
            rows.set(Table::Tips, place(&device, id), Some(bytes(&node)));
        }
    }
    Ok(rows)
}
