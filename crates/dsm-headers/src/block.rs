//! A whole block, as whoever makes a proof has it (`spec/headers.md`, inclusion).

use alloc::vec::Vec;
use core::fmt;

use dsm_encoding::List;

use crate::header::Header;
use crate::transaction::Cursor;
use crate::{
    BlockHash, CoinbaseProof, HeightProof, MerklePath, Successor, TransactionProof, TxId, sha256d,
};

/// How long a block is at most.
pub const MAX_BLOCK: usize = 4_000_000;

/// Why bytes are no block to make proofs of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadBlock {
    /// Longer than [`MAX_BLOCK`].
    TooLong,
    /// Not a header and transactions, to the last byte.
    Form,
    /// The header is over other transactions.
    Root,
    /// The block has no such transaction.
    Absent,
    /// A transaction is too long for a proof.
    LongTransaction,
}

impl fmt::Display for BadBlock {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Self::TooLong => "the block is too long",
            Self::Form => "the bytes are no block",
            Self::Root => "the header is over other transactions",
            Self::Absent => "the block has no such transaction",
            Self::LongTransaction => "a transaction is too long for a proof",
        })
    }
}

impl core::error::Error for BadBlock {}

/// A header and the transactions under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    header: Header,
    ids: Vec<[u8; 32]>,
    transactions: Vec<Vec<u8>>,
}

impl Block {
    /// Reads a block, with or without witnesses.
    ///
    /// # Errors
    /// [`BadBlock`], not [`BadBlock::Absent`] or [`BadBlock::LongTransaction`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadBlock> {
        if bytes.len() > MAX_BLOCK {
            return Err(BadBlock::TooLong);
        }
        let (header, rest) = bytes.split_first_chunk().ok_or(BadBlock::Form)?;
        let header = Header::from_bytes(header);
        let mut from = Cursor(rest);
        let count = from.size().ok_or(BadBlock::Form)?;
        let mut block = Self { header, ids: Vec::new(), transactions: Vec::new() };
        for _ in 0..count {
            let stripped = from.transaction().ok_or(BadBlock::Form)?.stripped;
            block.ids.push(sha256d(&stripped));
            block.transactions.push(stripped);
        }
        if !from.0.is_empty() {
            return Err(BadBlock::Form);
        }
        let (_, root) = MerklePath::of(&block.ids, 0).ok_or(BadBlock::Form)?;
        if root == block.header.merkle_root { Ok(block) } else { Err(BadBlock::Root) }
    }

    /// The block's header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The block's id.
    #[must_use]
    pub fn hash(&self) -> BlockHash {
        self.header.hash()
    }

    /// The ids of its transactions, in order.
    pub fn transactions(&self) -> impl Iterator<Item = TxId> {
        self.ids.iter().copied().map(TxId)
    }

    /// That the block has this first transaction.
    ///
    /// # Errors
    /// [`BadBlock::LongTransaction`].
    pub fn coinbase(&self) -> Result<CoinbaseProof, BadBlock> {
        let (transaction, path) = self.leaf(0)?;
        Ok(CoinbaseProof { transaction, path })
    }

    /// That the block has this transaction.
    ///
    /// # Errors
    /// [`BadBlock::Absent`], [`BadBlock::LongTransaction`].
    pub fn prove(&self, transaction: &TxId) -> Result<TransactionProof, BadBlock> {
        let at = self.ids.iter().position(|id| *id == transaction.0).ok_or(BadBlock::Absent)?;
        let index = u32::try_from(at).map_err(|_| BadBlock::Absent)?;
        let (transaction, path) = self.leaf(at)?;
        Ok(TransactionProof { transaction, index, path, coinbase: self.coinbase()? })
    }

    /// That the chain reached the block's height, and these headers on top.
    ///
    /// # Errors
    /// [`BadBlock::LongTransaction`]; [`BadBlock::TooLong`] with more headers than a proof holds.
    pub fn prove_height(&self, after: &[Header]) -> Result<HeightProof, BadBlock> {
        let after =
            List::try_collect(after.iter().map(Successor::of)).map_err(|_| BadBlock::TooLong)?;
        Ok(HeightProof { block: self.header, coinbase: self.coinbase()?, after })
    }

    fn leaf<T: TryFrom<Vec<u8>>>(&self, at: usize) -> Result<(T, MerklePath), BadBlock> {
        let transaction = self.transactions.get(at).ok_or(BadBlock::Absent)?.clone();
        let transaction = T::try_from(transaction).map_err(|_| BadBlock::LongTransaction)?;
        let (path, _) = MerklePath::of(&self.ids, at).ok_or(BadBlock::Absent)?;
        Ok((transaction, path))
    }
}
