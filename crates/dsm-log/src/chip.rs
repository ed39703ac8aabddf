//! What a chip says of the heads of a log (`spec/anchors.md`): pure checks, for a verifier without any chip.
//!
//! A TPM 2.0 has a counter that never goes back. Its owner reads it, stirs a head, increments it and reads it again, all in
//! one audit session, and the chip signs the digest of that session. One execution ever took the counter from one value to the next, and
//! an execution is in one session only: so no value has evidence of two heads, whatever the owner sends.

mod simulated;

pub use simulated::SimulatedChip;

use dsm_crypto::{ChipKey, ChipSignature, Digest, sha256};
use dsm_encoding::record;

/// A chip, as a descriptor names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Chip {
    /// The key with which it attests: a primary key of its owner hierarchy, so that clearing the chip ends it.
    pub key: ChipKey,
    /// The handle of its counter.
    pub counter: u32,
    /// The counter's value before the first entry: entry i is absorbed at this plus i.
    pub first_value: u64,
}
record! { Chip { key, counter, first_value } }

/// What a chip says of consecutive entries: one signed digest of one audit session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChipEvidence {
    /// The first entry.
    pub first: u64,
    /// The last one, after which the digest was signed.
    pub last: u64,
    /// The digest before the counter was read ahead of the first entry. It may be anything: the reading that follows is
    /// part of what is replayed.
    pub start: [u8; 32],
    /// What the chip says beside: its clock, its firmware and whether the session was exclusive. None of it counts.
    pub beside: [u8; 26],
    /// Over the attestation of [`Chip::attestation`].
    pub signature: ChipSignature,
}
record! { ChipEvidence { first, last, start, beside, signature } }

/// Why evidence shows nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadEvidence {
    /// The entries do not follow each other, are not those of the heads, or their counter values leave the range.
    Range,
    /// The chip's key did not sign it: another head, entry, counter or chip, or other commands.
    Signature,
}

impl core::fmt::Display for BadEvidence {
    fn fmt(&self, to: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        to.write_str(match self {
            Self::Range => "the evidence is of other entries",
            Self::Signature => "the chip did not sign this",
        })
    }
}

impl core::error::Error for BadEvidence {}

/// The names of algorithms and structures (TPM 2.0 Library, part 2).
mod words {
    pub(super) const SHA256: [u8; 2] = [0x00, 0x0b];
    pub(super) const OWNER: [u8; 4] = [0x40, 0x00, 0x00, 0x01];
    pub(super) const NV_READ: [u8; 4] = [0, 0, 0x01, 0x4e];
    pub(super) const NV_INCREMENT: [u8; 4] = [0, 0, 0x01, 0x34];
    pub(super) const STIR_RANDOM: [u8; 4] = [0, 0, 0x01, 0x46];
    pub(super) const SUCCESS: [u8; 4] = [0; 4];
    /// Attributes of a written counter that only its own (empty) authorisation writes and reads: NT_COUNTER, AUTHWRITE,
    /// AUTHREAD, NO_DA, WRITTEN.
    pub(super) const COUNTER: [u8; 4] = [0x22, 0x04, 0x00, 0x14];
    /// A key's public area up to its coordinates: ECC, SHA-256, attributes 00050472, no policy, ECDSA with SHA-256 on P-256.
    pub(super) const KEY: [u8; 20] = [
        0x00, 0x23, 0x00, 0x0b, 0x00, 0x05, 0x04, 0x72, 0x00, 0x00, 0x00, 0x10, 0x00, 0x18, 0x00,
        0x0b, 0x00, 0x03, 0x00, 0x10,
    ];
    /// An attestation of an audit session: the magic, and its kind.
    pub(super) const ATTESTATION: [u8; 6] = [0xff, 0x54, 0x43, 0x47, 0x80, 0x16];
}

use words::{
    ATTESTATION, COUNTER, KEY, NV_INCREMENT, NV_READ, OWNER, SHA256, STIR_RANDOM, SUCCESS,
};

/// A name: the algorithm and a hash.
type Name = [u8; 34];

fn name(parts: &[&[u8]]) -> Name {
    let mut name = [0; 34];
    let (algorithm, hash) = name.split_at_mut(2);
    algorithm.copy_from_slice(&SHA256);
    hash.copy_from_slice(&sha256(parts));
    name
}

impl Chip {
    /// The counter's name, once it was incremented: it binds its attributes.
    #[must_use]
    pub fn counter_name(&self) -> [u8; 34] {
        name(&[&self.counter.to_be_bytes(), &SHA256, &COUNTER, &[0, 0], &[0, 8]])
    }

    /// The key's qualified name, which says that it is a primary key of the owner hierarchy, and stands in all it signs.
    #[must_use]
    pub fn key_name(&self) -> [u8; 34] {
        let coordinates = self.key.as_bytes();
        let (x, y) = coordinates.split_at(32);
        let own = name(&[&KEY, &[0, 0x20], x, &[0, 0x20], y]);
        name(&[&OWNER, &own])
    }

    /// The counter's value after an entry was absorbed.
    #[must_use]
    pub fn value(&self, index: u64) -> Option<u64> {
        self.first_value.checked_add(index)
    }

    /// The digest of a session after one more audited command.
    fn after(digest: [u8; 32], command: [u8; 32], response: [u8; 32]) -> [u8; 32] {
        sha256(&[&digest, &command, &response])
    }

    /// After the counter was read.
    #[must_use]
    pub fn after_reading(&self, digest: [u8; 32], value: u64) -> [u8; 32] {
        let name = self.counter_name();
        let command = sha256(&[&NV_READ, &name, &name, &[0, 8], &[0, 0]]);
        let response = sha256(&[&SUCCESS, &NV_READ, &[0, 8], &value.to_be_bytes()]);
        Self::after(digest, command, response)
    }

    /// After a head was stirred.
    #[must_use]
    pub fn after_stirring(digest: [u8; 32], head: &Digest) -> [u8; 32] {
        let command = sha256(&[&STIR_RANDOM, &[0, 0x20], head.as_bytes()]);
        Self::after(digest, command, sha256(&[&SUCCESS, &STIR_RANDOM]))
    }

    /// After the counter was incremented.
    #[must_use]
    pub fn after_incrementing(&self, digest: [u8; 32]) -> [u8; 32] {
        let name = self.counter_name();
        let command = sha256(&[&NV_INCREMENT, &name, &name]);
        Self::after(digest, command, sha256(&[&SUCCESS, &NV_INCREMENT]))
    }

    /// The 104 bytes that the chip signs of a session with this digest.
    #[must_use]
    pub fn attestation(&self, beside: &[u8; 26], digest: &[u8; 32]) -> [u8; 104] {
        let mut bytes = [0; 104];
        let mut rest = bytes.as_mut_slice();
        let name = self.key_name();
        let parts: [&[u8]; 7] =
            [&ATTESTATION, &[0, 0x22], &name, &[0, 0], beside, &[0, 0x20], digest];
        for part in parts {
            if let Some((first, after)) =
                core::mem::take(&mut rest).split_at_mut_checked(part.len())
            {
                first.copy_from_slice(part);
                rest = after;
            }
        }
        bytes
    }
}

impl ChipEvidence {
    /// The digest after these heads, the first of them at the first entry, as it was before the counter was read for the last time; and that
    /// reading's value. None if the values leave their range.
    fn replay(&self, chip: &Chip, heads: &[Digest]) -> Option<([u8; 32], u64)> {
        let mut value = chip.value(self.first.checked_sub(1)?)?;
        let mut digest = self.start;
        for head in heads {
            digest = chip.after_reading(digest, value);
            digest = Chip::after_stirring(digest, head);
            digest = chip.after_incrementing(digest);
            value = value.checked_add(1)?;
        }
        Some((digest, value))
    }

    /// The same of the entries after these heads, which are of its first entries and not of all. None if there are no others.
    #[must_use]
    pub fn after(&self, chip: &Chip, heads: &[Digest]) -> Option<Self> {
        let first = self.first.checked_add(heads.len() as u64)?;
        let (start, _) = self.replay(chip, heads)?;
        (first <= self.last).then(|| Self { first, start, ..self.clone() })
    }

    /// One piece of this and the next, if the chip did nothing between them; `heads` are those of this one.
    #[must_use]
    pub fn joined(&self, chip: &Chip, heads: &[Digest], next: &Self) -> Option<Self> {
        let (start, _) = self.replay(chip, heads)?;
        let joins = self.last.checked_add(1) == Some(next.first) && start == next.start;
        joins.then(|| Self { first: self.first, start: self.start, ..next.clone() })
    }

    /// Checks that the chip absorbed these heads at the entries `first` to `last`.
    ///
    /// # Errors
    /// [`BadEvidence`].
    pub fn verify(&self, chip: &Chip, heads: &[Digest]) -> Result<(), BadEvidence> {
        let count = self.last.checked_sub(self.first).and_then(|count| count.checked_add(1));
        let right = count.and_then(|count| usize::try_from(count).ok()) == Some(heads.len());
        let replayed = self.replay(chip, heads).filter(|_| right);
        let (digest, value) = replayed.ok_or(BadEvidence::Range)?;
        let digest = chip.after_reading(digest, value);
        let attestation = chip.attestation(&self.beside, &digest);
        let signed = chip.key.verify(&attestation, &self.signature);
        signed.map_err(|_| BadEvidence::Signature)
    }
}

/// Checks evidence of every entry of a run: of the heads after `floor`, in order.
///
/// # Errors
/// [`BadEvidence`], also if an entry has none or a piece says something of others.
pub fn verify_run(
    chip: &Chip,
    evidence: &[ChipEvidence],
    floor: u64,
    heads: &[Digest],
) -> Result<(), BadEvidence> {
    let (mut index, mut rest) = (floor, heads);
    for piece in evidence {
        let next = index.checked_add(1).ok_or(BadEvidence::Range)?;
        let count = piece.last.checked_sub(index).and_then(|count| usize::try_from(count).ok());
        let cut = count.and_then(|count| rest.split_at_checked(count));
        let (own, after) = cut.filter(|_| piece.first == next).ok_or(BadEvidence::Range)?;
        piece.verify(chip, own)?;
        (index, rest) = (piece.last, after);
    }
    if rest.is_empty() { Ok(()) } else { Err(BadEvidence::Range) }
}
