//! The symmetric state of a Noise handshake (`spec/channel.md`): SHA-256, HKDF, ChaCha20-Poly1305.
//!
//! The rules are those of the Noise Protocol Framework, revision 34, sections 4 and 5.

use alloc::vec::Vec;
use core::fmt;

use chacha20poly1305::ChaCha20Poly1305;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use hkdf::Hkdf;
use sha2::{Digest as _, Sha256};

use crate::{OpenError, Secret};

/// What sealing adds to the length of a plain text.
pub const TAG: usize = 16;

/// A cipher with a key and a counter: each message under its own nonce, in order.
pub struct CipherState {
    key: Secret<32>,
    next: u64,
}

impl fmt::Debug for CipherState {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "CipherState(redacted, {})", self.next)
    }
}

impl CipherState {
    fn new(key: Secret<32>) -> Self {
        Self { key, next: 0 }
    }

    fn nonce(&mut self) -> Result<[u8; 12], OpenError> {
        // The greatest nonce is reserved by Noise.
        let next = self.next.checked_add(1).filter(|next| *next < u64::MAX).ok_or(OpenError)?;
        let mut nonce = [0; 12];
        for (to, from) in nonce.iter_mut().skip(4).zip(self.next.to_le_bytes()) {
            *to = from;
        }
        self.next = next;
        Ok(nonce)
    }

    /// Seals the next message.
    ///
    /// # Errors
    /// If 2^64 - 2 messages were sealed.
    pub fn seal(&mut self, aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, OpenError> {
        let nonce = self.nonce()?;
        let cipher = ChaCha20Poly1305::new(self.key.expose().into());
        cipher.encrypt((&nonce).into(), Payload { msg: plain, aad }).map_err(|_| OpenError)
    }

    /// Opens the next message. After an error the state is of no use.
    ///
    /// # Errors
    /// If it is not the next message, or was changed.
    pub fn open(&mut self, aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        let nonce = self.nonce()?;
        let cipher = ChaCha20Poly1305::new(self.key.expose().into());
        cipher.decrypt((&nonce).into(), Payload { msg: sealed, aad }).map_err(|_| OpenError)
    }
}

/// What both sides of a handshake have in common so far.
#[derive(Debug)]
pub struct SymmetricState {
    chaining: Secret<32>,
    transcript: [u8; 32],
    cipher: Option<CipherState>,
}

impl SymmetricState {
    /// The state before a handshake; the name must be longer than 32 bytes.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let transcript: [u8; 32] = Sha256::digest(name.as_bytes()).into();
        Self { chaining: Secret::from_bytes(transcript), transcript, cipher: None }
    }

    /// Binds public bytes.
    pub fn mix_hash(&mut self, data: &[u8]) {
        let hash = Sha256::new().chain_update(self.transcript).chain_update(data);
        self.transcript = hash.finalize().into();
    }

    fn derive<const N: usize>(&self, material: &[u8]) -> [Secret<32>; N] {
        let mut wide = zeroize::Zeroizing::new([[0_u8; 32]; N]);
        // Never too long: N is at most 3.
        let _ = Hkdf::<Sha256>::new(Some(self.chaining.expose()), material)
            .expand(&[], wide.as_flattened_mut());
        wide.map(Secret::from_bytes)
    }

    /// Binds a secret, and seals from now on.
    pub fn mix_key(&mut self, secret: &[u8; 32]) {
        let [chaining, key] = self.derive(secret);
        self.chaining = chaining;
        self.cipher = Some(CipherState::new(key));
    }

    /// Binds a secret to the transcript as well.
    pub fn mix_key_and_hash(&mut self, secret: &[u8; 32]) {
        let [chaining, transcript, key] = self.derive(secret);
        self.chaining = chaining;
        self.mix_hash(transcript.expose());
        self.cipher = Some(CipherState::new(key));
    }

    /// Seals a part of a handshake message, if there is a key yet, and binds it.
    ///
    /// # Errors
    /// Never in a handshake of a few messages.
    pub fn seal(&mut self, plain: &[u8]) -> Result<Vec<u8>, OpenError> {
        let sealed = match &mut self.cipher {
            Some(cipher) => cipher.seal(&self.transcript, plain)?,
            None => plain.to_vec(),
        };
        self.mix_hash(&sealed);
        Ok(sealed)
    }

    /// Opens a part of a handshake message and binds it.
    ///
    /// # Errors
    /// If the other side has another transcript or other secrets.
    pub fn open(&mut self, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        let plain = match &mut self.cipher {
            Some(cipher) => cipher.open(&self.transcript, sealed)?,
            None => sealed.to_vec(),
        };
        self.mix_hash(sealed);
        Ok(plain)
    }

    /// The hash of everything that was said.
    #[must_use]
    pub fn transcript(&self) -> &[u8; 32] {
        &self.transcript
    }

    /// The ciphers of the two directions: of the initiator, and of the responder.
    #[must_use]
    pub fn split(self) -> (CipherState, CipherState) {
        let [initiator, responder] = self.derive(&[]);
        (CipherState::new(initiator), CipherState::new(responder))
    }
}

#[cfg(test)]
mod tests;
