//! The secure channel of live links (`spec/channel.md`).
//!
//! A handshake of two messages in the shape of Noise, pattern pqIK, with X-Wing (X25519 and
//! ML-KEM-768) as its only key exchange: `Noise_pqIK_XWing_ChaChaPoly_SHA256`. Each side proves that
//! it owns the KEM key that its DeviceId names; the ephemeral key makes the past unreadable.
//!
//! Randomness enters as an argument. Every length is checked before anything is read.

use alloc::boxed::Box;
use alloc::vec::Vec;

use dsm_crypto::noise::{CipherState, SymmetricState, TAG};
use dsm_crypto::{Ciphertext, Domain, KemPublic, KemSecret, Secret, decapsulate, encapsulate};
use dsm_log::Network;

const NAME: &str = "Noise_pqIK_XWing_ChaChaPoly_SHA256";
/// What sealing adds to a message.
pub const SEAL: usize = TAG;
const PUBLIC: usize = KemPublic::LENGTH;
const CIPHERTEXT: usize = Ciphertext::LENGTH;
/// Length of the initiator's message: to the responder's key, an ephemeral key, the own key sealed.
pub const FIRST: usize = CIPHERTEXT + PUBLIC + PUBLIC + TAG + TAG;
/// Length of the responder's message: to the ephemeral key, to the initiator's key sealed.
pub const SECOND: usize = CIPHERTEXT + CIPHERTEXT + TAG + TAG;

/// The handshake failed, or a message is not the next one of this channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelError;

impl core::fmt::Display for ChannelError {
    fn fmt(&self, to: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        to.write_str("the secure channel does not hold: the other side has other keys, or bytes were changed")
    }
}

impl core::error::Error for ChannelError {}

/// Both sides bind what they speak: network and version.
fn prologue(network: Network) -> Vec<u8> {
    dsm_encoding::to_vec(&("dsm channel", 1_u8, network))
}

/// Fresh bytes for one use, from the 32 that the caller brought.
pub(crate) fn fresh<const N: usize>(seed: &Secret<32>, purpose: &str) -> [u8; N] {
    let mut bytes = [0; N];
    for (number, part) in (0_u8..).zip(bytes.chunks_mut(32)) {
        let derived = seed.derive(Domain::Seed, &(purpose, number));
        for (to, from) in part.iter_mut().zip(derived.expose()) {
            *to = *from;
        }
    }
    bytes
}

/// Takes the next `len` bytes of a message.
pub(crate) fn take<'a>(message: &mut &'a [u8], len: usize) -> Result<&'a [u8], ChannelError> {
    let (part, rest) = message.split_at_checked(len).ok_or(ChannelError)?;
    *message = rest;
    Ok(part)
}

/// The side that calls, waiting for the answer.
#[derive(Debug)]
pub struct Initiator {
    state: SymmetricState,
    ephemeral: Box<KemSecret>,
}

impl Initiator {
    /// Calls the owner of a KEM key; gives what to send.
    ///
    /// # Errors
    /// Never with good keys.
    pub fn call(
        network: Network,
        own: &KemSecret,
        peer: &KemPublic,
        fresh_bytes: Secret<32>,
    ) -> Result<(Self, Vec<u8>), ChannelError> {
        let mut state = SymmetricState::new(NAME);
        state.mix_hash(&prologue(network));
        state.mix_hash(peer.as_bytes());
        let mut message = Vec::with_capacity(FIRST);
        let (ciphertext, secret) = encapsulate(peer, fresh(&fresh_bytes, "initiator to static"));
        message.extend(state.seal(ciphertext.as_bytes()).map_err(|_| ChannelError)?);
        state.mix_key_and_hash(secret.expose());
        let seed = Secret::from_bytes(fresh(&fresh_bytes, "ephemeral"));
        let ephemeral = Box::new(KemSecret::from_seed(seed));
        state.mix_hash(ephemeral.public_key().as_bytes());
        message.extend_from_slice(ephemeral.public_key().as_bytes());
        message.extend(state.seal(own.public_key().as_bytes()).map_err(|_| ChannelError)?);
        message.extend(state.seal(&[]).map_err(|_| ChannelError)?);
        Ok((Self { state, ephemeral }, message))
    }

    /// Hears the answer.
    ///
    /// # Errors
    /// If it is not from the owner of the key that was called, to this call.
    pub fn finish(mut self, own: &KemSecret, message: &[u8]) -> Result<Channel, ChannelError> {
        let mut rest = message;
        let to_ephemeral = take(&mut rest, CIPHERTEXT)?;
        let to_static = take(&mut rest, CIPHERTEXT + TAG)?;
        let end = take(&mut rest, TAG)?;
        if !rest.is_empty() {
            return Err(ChannelError);
        }
        self.state.mix_hash(to_ephemeral);
        let ciphertext = Ciphertext::from_bytes(to_ephemeral).map_err(|_| ChannelError)?;
        self.state.mix_key(decapsulate(&self.ephemeral, &ciphertext).expose());
        let to_static = self.state.open(to_static).map_err(|_| ChannelError)?;
        let ciphertext = Ciphertext::from_bytes(&to_static).map_err(|_| ChannelError)?;
        self.state.mix_key_and_hash(decapsulate(own, &ciphertext).expose());
        self.state.open(end).map_err(|_| ChannelError)?;
        let transcript = *self.state.transcript();
        let (sends, hears) = self.state.split();
        Ok(Channel { transcript, sends, hears })
    }
}

/// The side that was called, before it answers.
#[derive(Debug)]
pub struct Responder {
    state: SymmetricState,
    caller: Box<KemPublic>,
    ephemeral: Box<KemPublic>,
}

impl Responder {
    /// Hears a call.
    ///
    /// # Errors
    /// If it is not to this key, on this network, or was changed.
    pub fn hear(network: Network, own: &KemSecret, message: &[u8]) -> Result<Self, ChannelError> {
        let mut rest = message;
        let to_static = take(&mut rest, CIPHERTEXT)?;
        let ephemeral = take(&mut rest, PUBLIC)?;
        let caller = take(&mut rest, PUBLIC + TAG)?;
        let end = take(&mut rest, TAG)?;
        if !rest.is_empty() {
            return Err(ChannelError);
        }
        let mut state = SymmetricState::new(NAME);
        state.mix_hash(&prologue(network));
        state.mix_hash(own.public_key().as_bytes());
        let to_static = state.open(to_static).map_err(|_| ChannelError)?;
        let ciphertext = Ciphertext::from_bytes(&to_static).map_err(|_| ChannelError)?;
        state.mix_key_and_hash(decapsulate(own, &ciphertext).expose());
        state.mix_hash(ephemeral);
        let ephemeral = KemPublic::from_bytes(ephemeral).map_err(|_| ChannelError)?;
        let caller = state.open(caller).map_err(|_| ChannelError)?;
        let caller = KemPublic::from_bytes(&caller).map_err(|_| ChannelError)?;
        state.open(end).map_err(|_| ChannelError)?;
        Ok(Self { state, caller: Box::new(caller), ephemeral: Box::new(ephemeral) })
    }

    /// The KEM key that the caller claims. The first message of the channel proves it.
    #[must_use]
    pub fn caller(&self) -> &KemPublic {
        &self.caller
    }

    /// Answers the caller; gives what to send.
    ///
    /// # Errors
    /// Never with good keys.
    pub fn answer(mut self, fresh_bytes: Secret<32>) -> Result<(Channel, Vec<u8>), ChannelError> {
        let state = &mut self.state;
        let mut message = Vec::with_capacity(SECOND);
        let random = fresh(&fresh_bytes, "responder to ephemeral");
        let (ciphertext, secret) = encapsulate(&self.ephemeral, random);
        state.mix_hash(ciphertext.as_bytes());
        state.mix_key(secret.expose());
        message.extend_from_slice(ciphertext.as_bytes());
        let random = fresh(&fresh_bytes, "responder to static");
        let (ciphertext, secret) = encapsulate(&self.caller, random);
        message.extend(state.seal(ciphertext.as_bytes()).map_err(|_| ChannelError)?);
        state.mix_key_and_hash(secret.expose());
        message.extend(state.seal(&[]).map_err(|_| ChannelError)?);
        let transcript = *self.state.transcript();
        let (hears, sends) = self.state.split();
        Ok((Channel { transcript, sends, hears }, message))
    }
}

/// A channel: each side's messages arrive unchanged, in order, once, or not at all.
#[derive(Debug)]
pub struct Channel {
    transcript: [u8; 32],
    sends: CipherState,
    hears: CipherState,
}

impl Channel {
    /// The hash of the handshake: the same on both sides, and on no other channel.
    #[must_use]
    pub fn transcript(&self) -> &[u8; 32] {
        &self.transcript
    }

    /// Seals the next message.
    ///
    /// # Errors
    /// After 2^64 - 2 messages.
    pub fn seal(&mut self, message: &[u8]) -> Result<Vec<u8>, ChannelError> {
        self.sends.seal(&[], message).map_err(|_| ChannelError)
    }

    /// Opens the next message. After an error the channel is of no use.
    ///
    /// # Errors
    /// If it is not the other side's next message.
    pub fn open(&mut self, sealed: &[u8]) -> Result<Vec<u8>, ChannelError> {
        self.hears.open(&[], sealed).map_err(|_| ChannelError)
    }
}

#[cfg(test)]
pub(crate) mod tests;
