//! An audit session: it authorises commands, and the chip keeps a digest of them.

use dsm_log::Chip;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Attributes: it goes on, and what it authorises is audited.
const AUDITED: u8 = 0x81;
/// How long a nonce is.
const NONCE: usize = 32;

/// An audit session of a chip, and what the digest in the chip must be.
#[derive(Clone, Debug)]
pub struct Session {
    pub(crate) handle: u32,
    pub(crate) nonce: Vec<u8>,
    /// The digest now, after the counter was read.
    digest: [u8; 32],
    /// The digest before it was read last.
    before: [u8; 32],
    value: u64,
}

impl Session {
    /// A session in which the counter was read first, and nothing else.
    pub(crate) fn begun(handle: u32, nonce: Vec<u8>) -> Self {
        Self { handle, nonce, digest: [0; 32], before: [0; 32], value: 0 }
    }

    /// What must be durable of it: handle, the digest before and after the last reading, what was read. Not the chip's last nonce: a session that
    /// ended in a crash and the next one may have one handle and one digest.
    pub(crate) fn to_stand(&self) -> Vec<u8> {
        let (handle, value) = (self.handle.to_be_bytes(), self.value.to_be_bytes());
        [&handle[..], &self.before, &self.digest, &value].concat()
    }

    /// The session as it stood. None if nothing stood.
    pub(crate) fn from_stand(stand: &[u8]) -> Option<Self> {
        let (handle, rest) = stand.split_first_chunk()?;
        let (before, rest) = rest.split_first_chunk()?;
        let (digest, rest) = rest.split_first_chunk()?;
        let value = u64::from_be_bytes(rest.try_into().ok()?);
        let (handle, nonce) = (u32::from_be_bytes(*handle), Vec::new());
        Some(Self { handle, nonce, digest: *digest, before: *before, value })
    }

    pub(crate) fn was_read(&mut self, chip: &Chip, value: u64) {
        self.before = self.digest;
        self.digest = chip.after_reading(self.digest, value);
        self.value = value;
    }

    pub(crate) fn was_stirred(&mut self, head: &dsm_crypto::Digest) {
        self.digest = Chip::after_stirring(self.digest, head);
    }

    pub(crate) fn was_incremented(&mut self, chip: &Chip) {
        self.digest = chip.after_incrementing(self.digest);
    }

    /// The digest now.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// From where on what comes next can be replayed: the digest before the counter was read last.
    #[must_use]
    pub fn start(&self) -> [u8; 32] {
        self.before
    }

    /// The counter's value when it was read last.
    #[must_use]
    pub fn value(&self) -> u64 {
        self.value
    }

    /// What authorises one command whose parameters have this hash. Nothing is secret here: the authorisations are empty. Where the chip's last
    /// nonce is not known, nothing does: a key of no bytes needs no HMAC (TPM 2.0 Library, part 1, session-based authorisations).
    pub(crate) fn authorise(&self, command: &[u8; 32], nonce: &[u8; NONCE]) -> Vec<u8> {
        // An empty key is one of the keys that HMAC takes.
        let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&[]).map(|mac| {
            mac.chain_update(command)
                .chain_update(nonce)
                .chain_update(&self.nonce)
                .chain_update([AUDITED])
        });
        let known = mac.ok().filter(|_| !self.nonce.is_empty());
        let mac = known.map(|mac| mac.finalize().into_bytes().to_vec()).unwrap_or_default();
        let length = |bytes: &[u8]| u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes();
        [&self.handle.to_be_bytes()[..], &length(nonce), nonce, &[AUDITED], &length(&mac), &mac]
            .concat()
    }
}
