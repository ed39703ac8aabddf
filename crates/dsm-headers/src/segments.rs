//! What is remembered of each block of the chain, in pieces that copies of a chain share.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::{BlockHash, Header};

/// How many blocks a piece holds.
const PIECE: usize = 2048;

/// A block of the chain: 40 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) hash: BlockHash,
    pub(crate) time: u32,
    pub(crate) bits: u32,
}

impl Node {
    pub(crate) fn new(header: &Header, hash: BlockHash) -> Self {
        Self { hash, time: header.time, bits: header.bits }
    }
}

/// Nodes in order. All pieces but the last are full.
#[derive(Clone, Debug, Default)]
pub(crate) struct Segments(Vec<Arc<Vec<Node>>>);

impl Segments {
    pub(crate) fn len(&self) -> usize {
        let full = self.0.len().saturating_sub(1).saturating_mul(PIECE);
        self.0.last().map_or(0, |last| full.saturating_add(last.len()))
    }

    pub(crate) fn get(&self, at: usize) -> Option<&Node> {
        self.0.get(at / PIECE)?.get(at % PIECE)
    }

    pub(crate) fn push(&mut self, node: Node) {
        match self.0.last_mut() {
            Some(last) if last.len() < PIECE => Arc::make_mut(last).push(node),
            _ => {
                let mut piece = Vec::with_capacity(PIECE);
                piece.push(node);
                self.0.push(Arc::new(piece));
            }
        }
    }

    pub(crate) fn truncate(&mut self, len: usize) {
        self.0.truncate(len.div_ceil(PIECE));
        let rest = len % PIECE;
        if let Some(last) = self.0.last_mut().filter(|last| rest != 0 && last.len() > rest) {
            Arc::make_mut(last).truncate(rest);
        }
    }

    /// From the newest to the oldest.
    pub(crate) fn rev(&self) -> impl Iterator<Item = &Node> {
        self.0.iter().rev().flat_map(|piece| piece.iter().rev())
    }

    /// Where a hash is; what is newer is found sooner.
    pub(crate) fn position(&self, hash: &BlockHash) -> Option<usize> {
        let back = self.rev().position(|node| node.hash == *hash)?;
        self.len().checked_sub(back)?.checked_sub(1)
    }
}
