//! The 80 bytes of a block's header (`spec/headers.md`, headers).

use dsm_encoding::{Decode, DecodeError, Encode, Reader, Writer};

use crate::{BlockHash, sha256d};

/// A block's header. Whoever has one knows nothing yet: a [`crate::HeaderChain`] judges it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Which rules the miner says it follows; signed, as Bitcoin reads it.
    pub version: i32,
    /// The block before.
    pub previous: BlockHash,
    /// Over the ids of the transactions.
    pub merkle_root: [u8; 32],
    /// Seconds since 1970, as the miner says.
    pub time: u32,
    /// The target in its compact form.
    pub bits: u32,
    /// What the miner varied.
    pub nonce: u32,
}

impl Header {
    /// How long a header is.
    pub const BYTES: usize = 80;

    /// Reads a header. Every 80 bytes are one.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Self {
        let mut rest = bytes.as_slice();
        Self {
            version: i32::from_le_bytes(take(&mut rest)),
            previous: BlockHash(take(&mut rest)),
            merkle_root: take(&mut rest),
            time: u32::from_le_bytes(take(&mut rest)),
            bits: u32::from_le_bytes(take(&mut rest)),
            nonce: u32::from_le_bytes(take(&mut rest)),
        }
    }

    /// The header's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let mut rest = bytes.as_mut_slice();
        put(&mut rest, &self.version.to_le_bytes());
        put(&mut rest, &self.previous.0);
        put(&mut rest, &self.merkle_root);
        put(&mut rest, &self.time.to_le_bytes());
        put(&mut rest, &self.bits.to_le_bytes());
        put(&mut rest, &self.nonce.to_le_bytes());
        bytes
    }

    /// The block's id: two SHA-256.
    #[must_use]
    pub fn hash(&self) -> BlockHash {
        BlockHash(sha256d(&self.to_bytes()))
    }
}

impl Encode for Header {
    fn encode(&self, to: &mut Writer) {
        to.bytes(&self.to_bytes());
    }
}

impl Decode for Header {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        <[u8; Self::BYTES]>::decode(from).map(|bytes| Self::from_bytes(&bytes))
    }
}

/// The next bytes, of a slice that is known to hold them.
pub(crate) fn take<const N: usize>(rest: &mut &[u8]) -> [u8; N] {
    match rest.split_first_chunk() {
        Some((first, after)) => {
            *rest = after;
            *first
        }
        None => [0; N],
    }
}

/// Writes the next bytes, into a slice that is known to have room for them.
pub(crate) fn put(rest: &mut &mut [u8], bytes: &[u8]) {
    if let Some((first, after)) = core::mem::take(rest).split_at_mut_checked(bytes.len()) {
        first.copy_from_slice(bytes);
        *rest = after;
    }
}
