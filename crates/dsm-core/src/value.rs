//! Operations: what an entry does (`spec/operations.md`).

use alloc::boxed::Box;

use dsm_crypto::{Ciphertext, Digest, Domain, Signature, hash};
use dsm_encoding::{Blob, Decode, DecodeError, Encode, List, Reader, Writer, choice, record};
use dsm_log::SpendId;

use crate::{Output, TokenId};

/// The most outputs of an entry.
pub const MAX_OUTPUTS: usize = 256;
/// The most other operations of an entry.
pub const MAX_OPS: usize = 64;
/// The most bytes of application state in one operation.
pub const MAX_DATA: usize = 1 << 16;
/// The most co-signers of a token.
pub const MAX_COSIGNERS: usize = 16;

/// A claim of a vault note. Vaults give it its form; until then there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {}

impl Encode for Claim {
    fn encode(&self, _to: &mut Writer) {
        match *self {}
    }
}

impl Decode for Claim {
    fn decode(_from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Err(DecodeError::UnknownChoice)
    }
}

/// A co-signer's consent to one issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosignature {
    /// Which key of the policy, from 0.
    pub key: u8,
    /// Its signature over [`cosign_message`].
    pub signature: Signature,
}
record! { Cosignature { key, signature } }

/// What an entry does with value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Consumes notes of the writer and makes new ones; each token's sum is conserved.
    Transfer {
        /// The inputs that are vault notes.
        claims: List<Claim, 0>,
        /// The new notes.
        outputs: List<Output, MAX_OUTPUTS>,
    },
    /// Makes notes of a token from one of its lots.
    Issue {
        /// The token.
        token: TokenId,
        /// Which lot, from 0; it is consumed.
        lot: u64,
        /// The new notes, of this token only.
        outputs: List<Output, MAX_OUTPUTS>,
        /// Exactly as many as the policy demands, by ascending key number.
        cosignatures: List<Cosignature, MAX_COSIGNERS>,
    },
    /// Destroys whole notes.
    Burn {
        /// The token.
        token: TokenId,
        /// The sum of the notes that the entry consumes.
        amount: u64,
    },
}
choice! { Value {
    0 => Transfer { claims, outputs },
    1 => Issue { token, lot, outputs, cosignatures },
    2 => Burn { token, amount },
} }

impl Value {
    /// A transfer without claims.
    #[must_use]
    pub fn transfer(outputs: List<Output, MAX_OUTPUTS>) -> Self {
        Self::Transfer { claims: List::default(), outputs }
    }

    /// The notes that it makes.
    #[must_use]
    pub fn outputs(&self) -> &[Output] {
        match self {
            Self::Transfer { outputs, .. } | Self::Issue { outputs, .. } => outputs,
            Self::Burn { .. } => &[],
        }
    }
}

/// The id that issuing a lot consumes: `H("issue", token, lot)`.
#[must_use]
pub fn lot_id(token: &TokenId, lot: u64) -> SpendId {
    SpendId(hash(Domain::Issue, &(token, lot)))
}

/// What co-signers sign: `H("cosign", token, lot, outputs)`.
#[must_use]
pub fn cosign_message(token: &TokenId, lot: u64, outputs: &List<Output, MAX_OUTPUTS>) -> Digest {
    hash(Domain::Cosign, &(token, lot, outputs))
}

/// What an entry does beside value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Carries a secret to the peer's KEM key.
    Open {
        /// The X-Wing ciphertext.
        ciphertext: Box<Ciphertext>,
    },
    /// Acknowledges, by its stitch, everything of the peer up to there.
    Receive {},
    /// Application state.
    Data {
        /// Digest of the schema that describes the bytes.
        schema: Digest,
        /// The state, in the schema's form.
        bytes: Blob<MAX_DATA>,
    },
    /// Nothing: moves the head.
    Checkpoint {},
}
choice! { Op {
    0 => Open { ciphertext },
    1 => Receive {},
    2 => Data { schema, bytes },
    3 => Checkpoint {},
} }
