//! Notes: where value comes from (`spec/notes.md`).

use dsm_crypto::{Digest, Domain, hash};
use dsm_encoding::{choice, record};
use dsm_log::{DeviceId, Position, SpendId};

dsm_log::id! {
    /// The name of a token: `H("token", policy)`.
    TokenId
}

/// Who may spend a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// One device, by an entry after the floor.
    Device {
        /// The device.
        id: DeviceId,
        /// The head of its log from which a spend shows every record.
        floor: Position,
    },
    /// Whoever satisfies a branch of the condition. Claims come with vaults; until then such a
    /// note can be made and not spent.
    Vault {
        /// List tree root of the branches.
        root: Digest,
    },
}
choice! { Lock { 0 => Device { id, floor }, 1 => Vault { root } } }

impl Lock {
    /// The device that may spend it, if it is one.
    #[must_use]
    pub fn device(&self) -> Option<(&DeviceId, &Position)> {
        match self {
            Self::Device { id, floor } => Some((id, floor)),
            Self::Vault { .. } => None,
        }
    }
}

/// An output: a note that is about to exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Output {
    /// The token.
    pub token: TokenId,
    /// Base units, more than zero.
    pub amount: u64,
    /// Who may spend it.
    pub lock: Lock,
}
record! { Output { token, amount, lock } }

/// Value that exists: an output with the head that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note {
    /// What it is and who may spend it.
    pub output: Output,
    /// The creating head.
    pub head: Digest,
    /// Which output of the creating entry, from 0.
    pub number: u32,
}

record! { Note { output, head, number } }

impl Note {
    /// `H("note", token, amount, lock, creating head, output number)`.
    #[must_use]
    pub fn id(&self) -> SpendId {
        let Output { token, amount, lock } = &self.output;
        SpendId(hash(Domain::Note, &(token, amount, lock, self.head, self.number)))
    }
}
