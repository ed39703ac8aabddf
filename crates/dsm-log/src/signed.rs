//! Signed heads (`spec/log.md`, signed heads).

use core::ops::Deref;

use dsm_crypto::{Digest, Domain, Signature, Signer, hash};
use dsm_encoding::{Decode, DecodeError, Encode, List, MAX_DEAR, Reader, Writer, record};

use crate::{BadEvidence, Chip, ChipEvidence, DeviceDescriptor, DeviceId, Network, Position};

/// The most pieces of evidence of one input, and so of one run.
pub const MAX_EVIDENCE: usize = MAX_DEAR;

/// Something that was checked. Only the check makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(value)
    }

    /// Gives up the proof of the check.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// What a device says of a head: its signature and, if its descriptor names a chip, the chip's evidence of entries up to that one. Of a
/// device without a chip it is written as the signature alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadSignature {
    /// Both signatures over [`SignedHead::message`].
    pub signature: Signature,
    /// Of consecutive entries, the last one that of the head.
    pub evidence: List<ChipEvidence, MAX_EVIDENCE>,
}

impl From<Signature> for HeadSignature {
    fn from(signature: Signature) -> Self {
        Self { signature, evidence: List::new() }
    }
}

impl Encode for HeadSignature {
    fn encode(&self, to: &mut Writer) {
        if self.evidence.is_empty() {
            self.signature.encode(to);
        } else {
            to.count_dear(self.evidence.len());
            (&self.signature, &self.evidence).encode(to);
        }
    }
}

impl Decode for HeadSignature {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        if !from.peek_array() {
            return Signature::decode(from).map(Self::from);
        }
        let (signature, evidence): (Signature, List<ChipEvidence, MAX_EVIDENCE>) =
            Decode::decode(from)?;
        from.count_dear(evidence.len())?;
        // Without evidence it has a shorter form.
        if evidence.is_empty() {
            Err(DecodeError::WrongLength)
        } else {
            Ok(Self { signature, evidence })
        }
    }
}

/// Why a head is not a signed head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadHead {
    /// The device did not sign it.
    Signature,
    /// An entry lacks evidence of the device's chip, or there is evidence and no chip.
    Evidence(BadEvidence),
}

impl HeadSignature {
    /// Checks that the device of a descriptor signed the end of a run and that its chip, if it has one, absorbed every head of it: of the heads
    /// after `start`, or of `start` itself if there are none.
    ///
    /// # Errors
    /// [`BadHead`].
    pub fn verify(
        &self,
        descriptor: &DeviceDescriptor,
        start: &Position,
        heads: &[Digest],
    ) -> Result<(), BadHead> {
        let length = u64::try_from(heads.len()).unwrap_or(u64::MAX);
        let index = start.index.checked_add(length).ok_or(BadHead::Signature)?;
        let at = Position { index, head: heads.last().copied().unwrap_or(start.head) };
        let message = SignedHead::message(descriptor.network, &descriptor.id(), &at);
        descriptor.key.verify(&message, &self.signature).map_err(|_| BadHead::Signature)?;
        let Some(chip) = descriptor.anchor.chip() else {
            let none = self.evidence.is_empty();
            return if none { Ok(()) } else { Err(BadHead::Evidence(BadEvidence::Range)) };
        };
        let alone = core::slice::from_ref(&start.head);
        let (floor, heads) = match start.index.checked_sub(1) {
            Some(before) if heads.is_empty() => (before, alone),
            None if heads.is_empty() => return Err(BadHead::Evidence(BadEvidence::Range)),
            _ => (start.index, heads),
        };
        crate::verify_run(chip, &self.evidence, floor, heads).map_err(BadHead::Evidence)
    }

    /// The index of the first entry of which there is evidence.
    #[must_use]
    pub fn first(&self) -> Option<u64> {
        self.evidence.first().map(|piece| piece.first)
    }

    /// The same with evidence of the entries after `floor` only; `head` gives the heads before them. None if it does not reach back so far, or a
    /// head is not known.
    #[must_use]
    pub fn after(
        &self,
        chip: &Chip,
        floor: u64,
        head: impl Fn(u64) -> Option<Digest>,
    ) -> Option<Self> {
        let first = floor.checked_add(1)?;
        let mut pieces = alloc::vec::Vec::new();
        for piece in self.evidence.iter().filter(|piece| piece.last > floor) {
            if piece.first > floor {
                pieces.push(piece.clone());
                continue;
            }
            // Pieces follow each other, so one alone reaches over a place: whoever sends more has each replayed.
            if !pieces.is_empty() {
                return None;
            }
            let heads: Option<alloc::vec::Vec<Digest>> = (piece.first..=floor).map(&head).collect();
            pieces.push(piece.after(chip, &heads?)?);
        }
        let reaches = pieces.first().is_some_and(|piece| piece.first == first);
        let evidence = List::try_from(pieces).ok().filter(|_| reaches)?;
        Some(Self { signature: self.signature.clone(), evidence })
    }
}

/// A device's signature over its log so far; it authenticates the whole run behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedHead {
    /// Whose log.
    pub device: DeviceId,
    /// How far.
    pub at: Position,
    /// What the device says of it.
    pub signature: HeadSignature,
}
record! { SignedHead { device, at, signature } }

impl SignedHead {
    /// `H("signed head", network, DeviceId, index, head)`: the 32 bytes that both keys sign.
    #[must_use]
    pub fn message(network: Network, device: &DeviceId, at: &Position) -> Digest {
        hash(Domain::SignedHead, &(network, device, at.index, at.head))
    }

    /// Signs a head. The caller answers for never signing two at one index. Of a device with a chip it counts once the chip's evidence is
    /// beside it.
    pub fn sign(network: Network, device: DeviceId, at: Position, signer: &impl Signer) -> Self {
        let signature = signer.sign(&Self::message(network, &device, &at)).into();
        Self { device, at, signature }
    }

    /// Whether the device of `descriptor` signed it and its chip, if it has one, absorbed it: this head, whatever came before.
    #[must_use]
    pub fn verify(self, descriptor: &DeviceDescriptor) -> Option<Verified<Self>> {
        let signed = descriptor.id() == self.device
            && self.signature.verify(descriptor, &self.at, &[]).is_ok();
        signed.then(|| Verified::new(self))
    }
}
