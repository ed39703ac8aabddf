//! Letters: sealed messages to a contact that is not there (`spec/letters.md`).
//!
//! Nothing in a letter is believed before it is known who wrote it: a letter under the chain of a
//! relationship can be made by its writer only, and one sealed to the reader's KEM key is signed.
//! What a letter brings is judged as in a session.

use alloc::boxed::Box;
use alloc::vec::Vec;

use dsm_core::{Dealt, Reject};
use dsm_crypto::{Ciphertext, Digest, Domain, Signature, hash};
use dsm_encoding::{Blob, DecodeError, List, choice, record, to_vec};
use dsm_log::{DeviceId, ForkProof, Network};

use crate::effects::Batch;
use crate::message::MAX_PROOFS;
use crate::{Ask, SessionError};

mod read;
mod shown;
mod write;

pub use read::Reading;
pub use write::write_letter;

/// The longest letter.
pub const MAX_LETTER: usize = 1 << 20;
/// The most things in a letter.
pub(crate) const MAX_ENCLOSURES: usize = 16;
/// How many letters a writer writes under the chain beyond those that its reader said it read, and
/// among how many numbers a reader looks for one. So none is ever too far ahead to be found.
pub(crate) const AHEAD: u64 = 32;
/// The most steps by which a letter to a KEM key moves a chain, each one hash.
pub(crate) const MAX_MOVE: u64 = 1 << 16;

/// A letter as it travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Letter {
    /// Sealed to the reader's KEM key.
    First {
        /// The network.
        network: Network,
        /// Carries the key to the reader.
        ciphertext: Box<Ciphertext>,
        /// Of the cipher.
        nonce: [u8; 24],
        /// A sealed [`Signed`].
        sealed: Blob<MAX_LETTER>,
    },
    /// Sealed under the chain of the relationship.
    Next {
        /// The network.
        network: Network,
        /// The first bytes of the box key: by it the reader finds the relationship.
        tag: [u8; 8],
        /// Of the cipher.
        nonce: [u8; 24],
        /// Sealed [`Contents`].
        sealed: Blob<MAX_LETTER>,
    },
}
choice! { Letter {
    0 => First { network, ciphertext, nonce, sealed },
    1 => Next { network, tag, nonce, sealed },
} }

/// What a letter says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// Index of the last entry of the reader that the writer accepted; 0 if none.
    pub accepted: u64,
    /// The greatest index that the writer knows of the reader's log.
    pub known: Option<u64>,
    /// The number of the reader's next letter under the chain, as the writer expects it.
    pub read: u64,
    /// What is in it, in order.
    pub enclosures: List<Enclosure, MAX_ENCLOSURES>,
}
record! { Contents { accepted, known, read, enclosures } }

/// One thing in a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Enclosure {
    /// The writer is ready to be paid.
    Ask {
        /// How, and perhaps what.
        ask: Ask,
    },
    /// An entry with value.
    Pay {
        /// Index of the floor of the Ask that it answers; none if it answers a contact card.
        floor: Option<u64>,
        /// The entry.
        dealt: Box<Dealt>,
    },
    /// An entry without value.
    Receipt {
        /// The entry.
        dealt: Box<Dealt>,
    },
    /// Devices that showed two histories.
    Evidence {
        /// The proofs.
        proofs: List<ForkProof, MAX_PROOFS>,
    },
}
choice! { Enclosure {
    0 => Ask { ask },
    1 => Pay { floor, dealt },
    2 => Receipt { dealt },
    3 => Evidence { proofs },
} }

/// What is sealed to a KEM key: anybody could seal something to it, so the writer signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Who writes.
    pub from: DeviceId,
    /// How many such letters it wrote to the reader before.
    pub number: u64,
    /// The number of its next letter under the chain: those before may be lost.
    pub next: u64,
    /// What it says.
    pub contents: Contents,
    /// Over the network, the reader, the ciphertext and all of the above.
    pub signature: Signature,
}
record! { Signed { from, number, next, contents, signature } }

/// What the writer of a letter to a KEM key signs.
fn letter_message(
    network: Network,
    to: &DeviceId,
    ciphertext: &Ciphertext,
    signed: (&DeviceId, u64, u64, &Contents),
) -> Digest {
    hash(Domain::Letter, &(network, to, ciphertext, signed))
}

/// What is bound to a sealed letter beside.
fn header(network: Network, form: u8) -> Vec<u8> {
    to_vec(&("dsm letter", network, form))
}

/// The first bytes of a box key.
fn tag_of(mailbox: &Digest) -> [u8; 8] {
    let mut tag = [0; 8];
    for (to, from) in tag.iter_mut().zip(mailbox.as_bytes()) {
        *to = *from;
    }
    tag
}

/// A letter, and what must be durable before it leaves.
#[derive(Debug)]
#[must_use = "the batch must be persisted"]
pub struct Posting {
    batch: Batch,
    mailbox: Digest,
    letter: Letter,
}

impl Posting {
    /// Writes the batch, and only then gives the letter away, with the box that it belongs in.
    ///
    /// # Errors
    /// What `write` says; then there is no letter.
    pub fn persist<E>(
        self,
        write: impl FnOnce(&Batch) -> Result<(), E>,
    ) -> Result<(Digest, Vec<u8>), E> {
        write(&self.batch)?;
        Ok((self.mailbox, to_vec(&self.letter)))
    }
}

/// Why a letter cannot be written, or is not read. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LetterError {
    /// It is not canonical, or too long.
    Form(DecodeError),
    /// It is of another network.
    Network,
    /// It is for another device, or was cut or changed.
    Sealed,
    /// It is for another device, or it or a later one was read before.
    Unknown,
    /// It was read before, or one that was written later.
    Old,
    /// It is not signed by the device that it names.
    Signature,
    /// It is of another contact than is expected.
    OtherWriter,
    /// It is to, or from, somebody who is not dealt with.
    Rejected(Reject),
    /// What keeps any session from being held.
    Session(SessionError),
}

impl core::fmt::Display for LetterError {
    fn fmt(&self, to: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Form(error) => write!(to, "the letter is not canonical: {error}"),
            Self::Network => to.write_str("the letter is of another network"),
            Self::Sealed => to.write_str("the letter is for another device, or was changed"),
            Self::Unknown => {
                to.write_str("the letter is for another device, or it was read before")
            }
            Self::Old => to.write_str("the letter, or a later one, was read before"),
            Self::Signature => to.write_str("the letter is not by the device that it names"),
            Self::OtherWriter => to.write_str("the letter is of another contact"),
            Self::Rejected(reject) => write!(to, "refused: {reject}"),
            Self::Session(error) => error.fmt(to),
        }
    }
}

impl core::error::Error for LetterError {}

impl From<SessionError> for LetterError {
    fn from(error: SessionError) -> Self {
        Self::Session(error)
    }
}

/// Whether one deals with a device by letter.
fn check_peer<L: crate::Ledger>(books: &L, device: &DeviceId) -> Result<(), LetterError> {
    crate::payment::check_payable(books, device).map_err(|error| match error {
        SessionError::Rejected(reject) => LetterError::Rejected(reject),
        error => LetterError::Session(error),
    })
}

/// The boxes in which the next letters of a peer may lie. That of letters to the own KEM key is the
/// last: such a letter may pass those under the chain.
pub fn boxes<L: crate::Ledger>(
    books: &L,
    kem: &dsm_crypto::KemSecret,
    peer: &DeviceId,
) -> Vec<Digest> {
    let mut boxes = Vec::new();
    let mut chain = crate::mail::incoming(books, kem, peer, &books.mail(peer).inbox);
    for _ in 0..AHEAD {
        let Some(now) = chain else { break };
        boxes.push(now.mailbox());
        chain = now.next();
    }
    boxes.push(crate::mail::first_mailbox(peer, &books.me()));
    boxes
}
