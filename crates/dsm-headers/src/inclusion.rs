//! Proofs that a block contains a transaction (`spec/headers.md`, inclusion).
//!
//! The path of the first transaction, the coinbase, says how deep the tree is: all leaves lie equally deep, and a
//! coinbase, which names no transaction before it, is no inner node. So neither an inner node that looks like a
//! transaction nor a transaction that looks like an inner node passes; and neither is 64 bytes long.

use dsm_encoding::{Blob, record};

use crate::transaction::{self, MAX_TRANSACTION};
use crate::{BlockHash, Header, HeaderChain, HeaderReject, MerklePath, TxId, sha256d};

/// The first transaction of a block, and that it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoinbaseProof {
    /// The transaction without witness.
    pub transaction: Blob<MAX_TRANSACTION>,
    /// From index 0 to the root.
    pub path: MerklePath,
}
record! { CoinbaseProof { transaction, path } }

/// A transaction of a block, and that it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionProof {
    /// The transaction without witness.
    pub transaction: Blob<MAX_TRANSACTION>,
    /// How many transactions of the block lie before it.
    pub index: u32,
    /// From that index to the root.
    pub path: MerklePath,
    /// How deep the tree is.
    pub coinbase: CoinbaseProof,
}
record! { TransactionProof { transaction, index, path, coinbase } }

/// A transaction, and the header of the block that contains it, for whoever has that block on its header chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Containment {
    /// The block.
    pub header: Header,
    /// That it contains the transaction.
    pub proof: TransactionProof,
}
record! { Containment { header, proof } }

/// A transaction that is in a block. Only a proof that was checked makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Included {
    transaction: TxId,
    block: BlockHash,
    index: u32,
}

impl Included {
    /// Which transaction.
    #[must_use]
    pub fn transaction(&self) -> TxId {
        self.transaction
    }

    /// Which block; whether that is on a chain, and how deep, is another question ([`TransactionProof::verify_on`]).
    #[must_use]
    pub fn block(&self) -> BlockHash {
        self.block
    }

    /// How many transactions of the block lie before it.
    #[must_use]
    pub fn index(&self) -> u32 {
        self.index
    }
}

impl CoinbaseProof {
    /// Checks that the transaction is a coinbase and the first under this root; the height that it says, if any.
    ///
    /// # Errors
    ///
    pub fn verify(&self, merkle_root: &[u8; 32]) -> Result<Option<u32>, HeaderReject> {
        let outline = outline(&self.transaction)?;
        let script = outline.coinbase.ok_or(HeaderReject::Coinbase)?;
        let root = self.path.root(sha256d(&self.transaction), 0)?;
        if root != *merkle_root {
            return Err(HeaderReject::Path);
        }
        Ok(transaction::height(script))
    }
}

impl TransactionProof {
    /// Checks that the block of this header contains the transaction.
    ///
    /// # Errors
    ///
    pub fn verify(&self, header: &Header) -> Result<Included, HeaderReject> {
        self.coinbase.verify(&header.merkle_root)?;
        outline(&self.transaction)?;
        if self.path.len() != self.coinbase.path.len() {
            return Err(HeaderReject::PathLength);
        }
        let leaf = sha256d(&self.transaction);
        if self.path.root(leaf, self.index)? != header.merkle_root {
            return Err(HeaderReject::Path);
        }
        Ok(Included { transaction: TxId(leaf), block: header.hash(), index: self.index })
    }

    /// Checks that the block of this header contains the transaction, is on the chain, and lies under at least
    /// `depth` further blocks.
    ///
    /// # Errors
    ///
    pub fn verify_on(
        &self,
        header: &Header,
        chain: &HeaderChain,
        depth: u32,
    ) -> Result<Included, HeaderReject> {
        let included = self.verify(header)?;
        match chain.depth(&included.block) {
            Some((_, above)) if above >= depth => Ok(included),
            _ => Err(HeaderReject::Depth),
        }
    }
}

fn outline(bytes: &[u8]) -> Result<transaction::Outline<'_>, HeaderReject> {
    let outline = transaction::whole(bytes).filter(|_| bytes.len() != 64);
    outline.ok_or(HeaderReject::Transaction)
}

#[cfg(test)]
mod tests;
