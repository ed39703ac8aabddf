//! A first meeting: two devices show their cards, two persons compare a short string
//! (`spec/introduction.md`).
//!
//! Four messages over a link that proves nothing, in the shape of Noise with X-Wing as its only key
//! exchange. Whoever stands in the middle makes the two strings differ: the initiator is bound to its
//! nonce before it sees the responder's, and the responder chooses its own before it sees the
//! initiator's, so neither, nor anybody between, can search for a string that fits.
//!
//! Nobody may be pinned before the persons found the strings the same. Randomness enters as an
//! argument. Every length is checked before anything is read.

use alloc::boxed::Box;
use alloc::vec::Vec;

use dsm_core::Reject;
use dsm_core::identity::Card;
use dsm_crypto::noise::{SymmetricState, TAG};
use dsm_crypto::{
    Ciphertext, Digest, Domain, KemPublic, KemSecret, Secret, Signature, Signer, decapsulate,
    encapsulate, hash,
};
use dsm_encoding::{DecodeError, from_slice, record, to_vec};
use dsm_log::{DeviceId, Network, Nonce};

use crate::channel::{fresh, take};
use crate::message::MAX_MESSAGE;

const NAME: &str = "Noise_pqNN_XWing_ChaChaPoly_SHA256";
const PUBLIC: usize = KemPublic::LENGTH;
const CIPHERTEXT: usize = Ciphertext::LENGTH;
const NONCE: usize = size_of::<Nonce>();
const SEALED_NONCE: usize = NONCE + TAG;
/// How many strings there are: six decimal digits.
const STRINGS: u64 = 1_000_000;
/// Length of the first message, the initiator's: an ephemeral key, and what binds it to its nonce.
pub const FIRST: usize = PUBLIC + NONCE;
/// Length of the second message, the responder's: to the ephemeral key, and its nonce sealed.
pub const SECOND: usize = CIPHERTEXT + SEALED_NONCE;
/// The most bytes of the third and of the fourth message: who they are.
pub const LONGEST: usize = MAX_MESSAGE + TAG;

/// Who somebody is, and that it was he who said so at this meeting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Introduction {
    /// His card.
    pub card: Card,
    /// Of the card's device, over what was said so far.
    pub signature: Signature,
}
record! { Introduction { card, signature } }

/// Six digits that two persons compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShortString(u32);

impl core::fmt::Display for ShortString {
    fn fmt(&self, to: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(to, "{:06}", self.0)
    }
}

/// Whom one met. Not a contact yet: the persons compare the strings first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Introduced {
    /// The other side's card; its device signed this meeting.
    pub card: Card,
    /// The same on the other side, if nobody stands in between.
    pub string: ShortString,
}

/// Why a meeting ends without an introduction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IntroductionError {
    /// A message has another length than it can have, or bytes were changed.
    Broken,
    /// The initiator shows another nonce than it was bound to.
    Commitment,
    /// The introduction is not canonical.
    Form(DecodeError),
    /// The card breaks a rule.
    Card(Reject),
    /// The card's device did not sign this meeting: the card is somebody else's.
    Signature,
    /// The card is one's own.
    OwnCard,
}

impl core::fmt::Display for IntroductionError {
    fn fmt(&self, to: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Broken => to.write_str("the meeting broke: bytes were changed or are missing"),
            Self::Commitment => to.write_str("the other side changed its mind: do not go on here"),
            Self::Form(error) => error.fmt(to),
            Self::Card(reject) => write!(to, "the other side's card does not hold: {reject}"),
            Self::Signature => to.write_str("the other side shows somebody else's card"),
            Self::OwnCard => to.write_str("the other side shows your own card"),
        }
    }
}

impl core::error::Error for IntroductionError {}

use IntroductionError::Broken;

/// Both sides bind what they speak: network and version.
fn prologue(network: Network) -> Vec<u8> {
    to_vec(&("dsm introduction", 1_u8, network))
}

fn begin(network: Network) -> SymmetricState {
    let mut state = SymmetricState::new(NAME);
    state.mix_hash(&prologue(network));
    state
}

/// Of the messages that say who somebody is: nothing that is too long is opened.
fn check_length(message: &[u8]) -> Result<(), IntroductionError> {
    if message.len() > LONGEST { Err(Broken) } else { Ok(()) }
}

/// What binds the initiator to its nonce: `H("commitment of introduction", key, nonce)`.
fn commitment(ephemeral: &KemPublic, nonce: &Nonce) -> Digest {
    hash(Domain::IntroductionCommitment, &(ephemeral, nonce))
}

/// `H("short string", transcript, nonce, nonce)`, of which the digits are made. The transcript is
/// that of the first two messages: nothing that is said later moves the string.
fn string_digest(transcript: &[u8; 32], initiator: &Nonce, responder: &Nonce) -> Digest {
    hash(Domain::ShortString, &(transcript, initiator, responder))
}

/// The first 64 bits modulo a million: no string is likelier than another by more than 2^-44.
fn string(digest: &Digest) -> ShortString {
    let wide = digest.as_bytes().first_chunk().map_or(0, |first| u64::from_be_bytes(*first));
    ShortString(u32::try_from(wide % STRINGS).unwrap_or(0))
}

/// What an introduction signs: `H("introduction", transcript, role, DeviceId)`.
fn message(transcript: &[u8; 32], initiator: bool, device: &DeviceId) -> Digest {
    hash(Domain::Introduction, &(transcript, u8::from(!initiator), device))
}

/// One side after the nonces.
#[derive(Debug)]
struct Meeting {
    network: Network,
    state: SymmetricState,
    initiator: bool,
    string: ShortString,
}

impl Meeting {
    /// Shows the own card.
    fn show(
        &mut self,
        card: &Card,
        signer: &impl Signer,
        to: &mut Vec<u8>,
    ) -> Result<(), IntroductionError> {
        let device = card.descriptor.id();
        let message = message(self.state.transcript(), self.initiator, &device);
        let introduction = Introduction { card: card.clone(), signature: signer.sign(&message) };
        to.extend(self.state.seal(&to_vec(&introduction)).map_err(|_| Broken)?);
        Ok(())
    }

    /// Hears whom the other side says to be.
    fn hear(&mut self, sealed: &[u8], own: &DeviceId) -> Result<Introduced, IntroductionError> {
        let transcript = *self.state.transcript();
        let plain = self.state.open(sealed).map_err(|_| Broken)?;
        let heard: Introduction = from_slice(&plain).map_err(IntroductionError::Form)?;
        let Introduction { card, signature } = heard;
        card.roster(self.network).map_err(IntroductionError::Card)?;
        let device = card.descriptor.id();
        if device == *own {
            return Err(IntroductionError::OwnCard);
        }
        let message = message(&transcript, !self.initiator, &device);
        let signed = card.descriptor.key.verify(&message, &signature);
        signed.map_err(|_| IntroductionError::Signature)?;
        Ok(Introduced { card, string: self.string })
    }
}

/// The side that calls, waiting for the answer.
#[derive(Debug)]
pub struct Initiator {
    network: Network,
    state: SymmetricState,
    ephemeral: Box<KemSecret>,
    nonce: Nonce,
}

impl Initiator {
    /// Calls, with 32 fresh bytes; gives what to send.
    #[must_use]
    pub fn call(network: Network, fresh_bytes: &Secret<32>) -> (Self, Vec<u8>) {
        let seed = Secret::from_bytes(fresh(fresh_bytes, "introduction ephemeral"));
        let ephemeral = Box::new(KemSecret::from_seed(seed));
        let nonce = fresh(fresh_bytes, "introduction nonce");
        let bound = commitment(ephemeral.public_key(), &nonce);
        let first = [&ephemeral.public_key().as_bytes()[..], bound.as_bytes()].concat();
        let mut state = begin(network);
        state.mix_hash(ephemeral.public_key().as_bytes());
        state.mix_hash(bound.as_bytes());
        (Self { network, state, ephemeral, nonce }, first)
    }

    /// Hears the answer; gives what to send.
    ///
    /// # Errors
    /// [`IntroductionError::Broken`].
    pub fn hear(
        self,
        second: &[u8],
        own: &Card,
        signer: &impl Signer,
    ) -> Result<(AwaitingIntroduction, Vec<u8>), IntroductionError> {
        let (mut meeting, nonce) = self.open(second)?;
        let mut third = meeting.state.seal(&nonce).map_err(|_| Broken)?;
        meeting.show(own, signer, &mut third)?;
        let own = own.descriptor.id();
        Ok((AwaitingIntroduction { meeting, own }, third))
    }

    /// Gives the nonce that it is time to show.
    fn open(self, second: &[u8]) -> Result<(Meeting, Nonce), IntroductionError> {
        let Self { network, mut state, ephemeral, nonce } = self;
        let mut rest = second;
        let ciphertext = take(&mut rest, CIPHERTEXT).map_err(|_| Broken)?;
        let theirs = take(&mut rest, SEALED_NONCE).map_err(|_| Broken)?;
        if !rest.is_empty() {
            return Err(Broken);
        }
        state.mix_hash(ciphertext);
        let ciphertext = Ciphertext::from_bytes(ciphertext).map_err(|_| Broken)?;
        state.mix_key(decapsulate(&ephemeral, &ciphertext).expose());
        let theirs = state.open(theirs).map_err(|_| Broken)?;
        let theirs = Nonce::try_from(theirs).map_err(|_| Broken)?;
        let string = string(&string_digest(state.transcript(), &nonce, &theirs));
        Ok((Meeting { network, state, initiator: true, string }, nonce))
    }
}

/// The side that called, after it showed who it is.
#[derive(Debug)]
pub struct AwaitingIntroduction {
    meeting: Meeting,
    own: DeviceId,
}

impl AwaitingIntroduction {
    /// Hears whom it met.
    ///
    /// # Errors
    /// [`IntroductionError`].
    pub fn finish(mut self, fourth: &[u8]) -> Result<Introduced, IntroductionError> {
        check_length(fourth)?;
        self.meeting.hear(fourth, &self.own)
    }
}

/// The side that was called, after it answered.
#[derive(Debug)]
pub struct Responder {
    network: Network,
    state: SymmetricState,
    ephemeral: Box<KemPublic>,
    bound: Digest,
    nonce: Nonce,
    /// The transcript of the first two messages.
    transcript: [u8; 32],
}

impl Responder {
    /// Answers a call, with 32 fresh bytes; gives what to send.
    ///
    /// # Errors
    /// [`IntroductionError::Broken`].
    pub fn answer(
        network: Network,
        first: &[u8],
        fresh_bytes: &Secret<32>,
    ) -> Result<(Self, Vec<u8>), IntroductionError> {
        let mut rest = first;
        let ephemeral = take(&mut rest, PUBLIC).map_err(|_| Broken)?;
        let bound = Nonce::try_from(rest).map(Digest::from_bytes).map_err(|_| Broken)?;
        let ephemeral = Box::new(KemPublic::from_bytes(ephemeral).map_err(|_| Broken)?);
        let mut state = begin(network);
        state.mix_hash(ephemeral.as_bytes());
        state.mix_hash(bound.as_bytes());
        let random = fresh(fresh_bytes, "introduction to ephemeral");
        let nonce = fresh(fresh_bytes, "introduction nonce");
        let (ciphertext, secret) = encapsulate(&ephemeral, random);
        state.mix_hash(ciphertext.as_bytes());
        state.mix_key(secret.expose());
        let mut second = ciphertext.as_bytes().to_vec();
        second.extend(state.seal(&nonce).map_err(|_| Broken)?);
        let transcript = *state.transcript();
        Ok((Self { network, state, ephemeral, bound, nonce, transcript }, second))
    }

    /// Hears whom it met; gives what to send.
    ///
    /// # Errors
    /// [`IntroductionError`].
    pub fn finish(
        mut self,
        third: &[u8],
        own: &Card,
        signer: &impl Signer,
    ) -> Result<(Introduced, Vec<u8>), IntroductionError> {
        let (theirs, rest) = self.open_nonce(third)?;
        if commitment(&self.ephemeral, &theirs) != self.bound {
            return Err(IntroductionError::Commitment);
        }
        let string = string(&string_digest(&self.transcript, &theirs, &self.nonce));
        let Self { network, state, .. } = self;
        let mut meeting = Meeting { network, state, initiator: false, string };
        let introduced = meeting.hear(rest, &own.descriptor.id())?;
        let mut fourth = Vec::new();
        meeting.show(own, signer, &mut fourth)?;
        Ok((introduced, fourth))
    }

    /// Opens the initiator's nonce, which may be any, and gives the rest of the message.
    fn open_nonce<'a>(&mut self, third: &'a [u8]) -> Result<(Nonce, &'a [u8]), IntroductionError> {
        check_length(third)?;
        let mut rest = third;
        let nonce = take(&mut rest, SEALED_NONCE).map_err(|_| Broken)?;
        let nonce = self.state.open(nonce).map_err(|_| Broken)?;
        Ok((Nonce::try_from(nonce).map_err(|_| Broken)?, rest))
    }
}

#[cfg(test)]
mod tests;
