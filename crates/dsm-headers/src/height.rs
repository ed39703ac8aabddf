//! Proofs that Bitcoin reached a height, for whoever has no headers (`spec/headers.md`, height proofs).
//!
//! A block says its height in its coinbase (BIP 34), and miners that follow Bitcoin build on no block that says
//! another one. So a block, its coinbase and the headers on top of it show a height to anyone, at the price of the
//! work in them: whoever wants to lie mines them all, at a target that the guard names, and gets no bitcoin for it.

use dsm_encoding::{Decode, DecodeError, Encode, List, Reader, Writer, record};

use crate::header::{put, take};
use crate::{BlockHash, CoinbaseProof, Header, HeaderReject, Target};

/// How many headers lie on top of the block of a proof at most.
pub const MAX_DEPTH: usize = 2016;

/// The version of blocks that say their height.
const SAYS_HEIGHT: i32 = 2;

/// A header without the block before it, which stands right before it in a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Successor {
    /// See [`Header::version`].
    pub version: i32,
    /// See [`Header::merkle_root`].
    pub merkle_root: [u8; 32],
    /// See [`Header::time`].
    pub time: u32,
    /// See [`Header::bits`].
    pub bits: u32,
    /// See [`Header::nonce`].
    pub nonce: u32,
}

/// That a chain of a certain work reached a height.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeightProof {
    /// The block that says its height.
    pub block: Header,
    /// Where it says it.
    pub coinbase: CoinbaseProof,
    /// What lies on top.
    pub after: List<Successor, MAX_DEPTH>,
}
record! { HeightProof { block, coinbase, after } }

/// What must be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeightGuard {
    /// At least this height.
    pub height: u32,
    /// Under at least so many further blocks.
    pub depth: u32,
    /// The easiest target that a header may have, compact. A lie costs `depth + 1` blocks of it.
    pub easiest: u32,
}
record! { HeightGuard { height, depth, easiest } }

/// A block that lies deep in a chain of work. Only a proof that was checked makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buried {
    height: u32,
    block: BlockHash,
}

impl Buried {
    /// The height that the block says.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Which block.
    #[must_use]
    pub fn block(&self) -> BlockHash {
        self.block
    }
}

impl HeightProof {
    /// Checks what a guard asks. Every verifier finds the same: nothing but the bytes of both counts.
    ///
    /// # Errors
    ///
    pub fn verify(&self, guard: &HeightGuard) -> Result<Buried, HeaderReject> {
        let deep = u32::try_from(self.after.len()).is_ok_and(|depth| depth >= guard.depth);
        if !deep {
            return Err(HeaderReject::Depth);
        }
        let easiest = Target::from_compact(guard.easiest).ok_or(HeaderReject::Easy)?;
        let block = worked(&self.block, easiest)?;
        let mut last = block;
        for successor in &self.after {
            last = worked(&successor.on(last), easiest)?;
        }
        // Older blocks begin their coinbase with anything, and some of it reads as a height yet to come.
        let says = self.block.version >= SAYS_HEIGHT;
        let height = self.coinbase.verify(&self.block.merkle_root)?.filter(|_| says);
        match height {
            Some(height) if height >= guard.height => Ok(Buried { height, block }),
            _ => Err(HeaderReject::Height),
        }
    }
}

fn worked(header: &Header, easiest: Target) -> Result<BlockHash, HeaderReject> {
    let target = Target::from_compact(header.bits).ok_or(HeaderReject::Easy)?;
    if target > easiest {
        return Err(HeaderReject::Easy);
    }
    let hash = header.hash();
    if target.is_met_by(&hash) { Ok(hash) } else { Err(HeaderReject::Work) }
}

impl Successor {
    /// How long its bytes are.
    const BYTES: usize = 48;

    /// The header as a successor of whatever it follows.
    #[must_use]
    pub fn of(header: &Header) -> Self {
        let Header { version, merkle_root, time, bits, nonce, .. } = *header;
        Self { version, merkle_root, time, bits, nonce }
    }

    /// The header that follows this block.
    #[must_use]
    pub fn on(&self, previous: BlockHash) -> Header {
        let Self { version, merkle_root, time, bits, nonce } = *self;
        Header { version, previous, merkle_root, time, bits, nonce }
    }
}

impl Encode for Successor {
    fn encode(&self, to: &mut Writer) {
        let mut bytes = [0; Self::BYTES];
        let mut rest = bytes.as_mut_slice();
        put(&mut rest, &self.version.to_le_bytes());
        put(&mut rest, &self.merkle_root);
        put(&mut rest, &self.time.to_le_bytes());
        put(&mut rest, &self.bits.to_le_bytes());
        put(&mut rest, &self.nonce.to_le_bytes());
        to.bytes(&bytes);
    }
}

impl Decode for Successor {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let bytes = <[u8; Self::BYTES]>::decode(from)?;
        let mut rest = bytes.as_slice();
        Ok(Self {
            version: i32::from_le_bytes(take(&mut rest)),
            merkle_root: take(&mut rest),
            time: u32::from_le_bytes(take(&mut rest)),
            bits: u32::from_le_bytes(take(&mut rest)),
            nonce: u32::from_le_bytes(take(&mut rest)),
        })
    }
}

#[cfg(test)]
mod tests;
