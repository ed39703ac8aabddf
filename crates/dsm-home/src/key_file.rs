//! The file of keys (`docs/store-format.md`, keys): seeds, sealed or in clear.
//!
//! What is read is bounded before memory or time is spent on it. A file that is not what was written is
//! told by its check before anything is tried; a check that holds beside a seal that does not means
//! another passphrase, or somebody who changed the file on purpose, and nobody can tell which.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use dsm_crypto::{Digest, Domain, OpenError, SealKey, Secret, hash, open, seal};
use dsm_encoding::{Blob, Decode, DecodeError, Encode, Reader, Writer, choice, from_slice, to_vec};
use zeroize::Zeroizing;

use crate::keyring::Number;
use crate::keys::Seeds;
use crate::{KeyringError, KeysError, Passphrase};

/// The form of what is written. Seeds alone, as the program wrote them at first, are form 1.
const FORM: u64 = 2;

/// What a key that opens the file is derived for.
const PURPOSE: &str = "key file";

/// The most bytes of a file of keys.
pub(crate) const MAX_FILE: usize = 1 << 18;

/// What a passphrase is stretched by: more than the least that OWASP asks for, 19 MiB and 2 passes, and
/// as much memory and passes as the second choice of RFC 9106, section 4. One lane, as one thread works.
pub(crate) const COST: Cost = Cost { memory_kib: 1 << 16, passes: 3, lanes: 1 };

/// The most memory that a file may ask for: 256 MiB.
const MAX_MEMORY_KIB: u32 = 1 << 18;
/// The most passes over it.
const MAX_PASSES: u32 = 16;
/// The most lanes in it.
const MAX_LANES: u32 = 4;

/// What Argon2id takes to make a key of a passphrase: never more than a machine gives without noticing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Cost {
    fn params(self) -> Result<Params, DecodeError> {
        let Self { memory_kib, passes, lanes } = self;
        if memory_kib > MAX_MEMORY_KIB || passes > MAX_PASSES || lanes > MAX_LANES {
            return Err(DecodeError::OutOfRange);
        }
        Params::new(memory_kib, passes, lanes, Some(32)).map_err(|_| DecodeError::OutOfRange)
    }
}

impl Encode for Cost {
    fn encode(&self, to: &mut Writer) {
        (self.memory_kib, self.passes, self.lanes).encode(to);
    }
}

impl Decode for Cost {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (memory_kib, passes, lanes) = Decode::decode(from)?;
        let cost = Self { memory_kib, passes, lanes };
        cost.params().map(|_| cost)
    }
}

/// What opens the file of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keeper {
    /// Nothing is needed: the seeds are in clear.
    Nobody,
    /// A passphrase that a person remembers.
    Passphrase {
        /// Fresh for each passphrase, so that no table serves two files.
        salt: [u8; 16],
        /// What one attempt takes.
        cost: Cost,
        /// Fresh for each time it is sealed.
        nonce: [u8; 24],
    },
    /// A random key that the system's keyring keeps.
    Keyring {
        /// Under which number.
        number: [u8; 16],
        /// Fresh for each time it is sealed.
        nonce: [u8; 24],
    },
}
choice! { Keeper {
    0 => Nobody {}, 1 => Passphrase { salt, cost, nonce }, 2 => Keyring { number, nonce },
} }

/// The file: `[form, keeper, content, check]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFile {
    keeper: Keeper,
    /// The seeds, sealed if the keeper is not nobody.
    content: Blob<MAX_FILE>,
}

impl KeyFile {
    /// H("key file", the other fields): shows what was not written so, not who wrote it.
    fn check(&self) -> Digest {
        hash(Domain::KeyFile, &(FORM, &self.keeper, &self.content))
    }
}

impl Encode for KeyFile {
    fn encode(&self, to: &mut Writer) {
        (FORM, &self.keeper, &self.content, self.check()).encode(to);
    }
}

impl Decode for KeyFile {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (form, keeper, content, check): (u64, _, _, Digest) = Decode::decode(from)?;
        let file = Self { keeper, content };
        let holds = form == FORM && check == file.check();
        if holds { Ok(file) } else { Err(DecodeError::Invalid) }
    }
}

/// Seeds, with what closes them again.
#[derive(Debug)]
pub struct OpenKeys {
    /// The seeds.
    pub seeds: Seeds,
    closing: Closing,
}

#[derive(Debug)]
enum Closing {
    Clear,
    Passphrase { salt: [u8; 16], cost: Cost, key: SealKey },
    Keyring { number: Number, key: SealKey },
}

impl OpenKeys {
    /// Seeds that will lie in clear.
    pub(crate) fn clear(seeds: Seeds) -> Self {
        Self { seeds, closing: Closing::Clear }
    }

    /// Seeds that a passphrase will open, with a fresh salt.
    ///
    /// # Errors
    /// [`KeysError::Memory`].
    pub(crate) fn sealed(
        seeds: Seeds,
        passphrase: &Passphrase,
        salt: [u8; 16],
        cost: Cost,
    ) -> Result<Self, KeysError> {
        let key = stretch(passphrase, &salt, cost)?;
        Ok(Self { seeds, closing: Closing::Passphrase { salt, cost, key } })
    }

    /// Seeds that a key opens which a keyring keeps.
    pub(crate) fn kept(seeds: Seeds, number: Number, key: &Secret<32>) -> Self {
        let key = SealKey::derive(key, PURPOSE);
        Self { seeds, closing: Closing::Keyring { number, key } }
    }

    /// Under which number a keyring keeps the key to them, if one does.
    pub(crate) fn number(&self) -> Option<Number> {
        if let Closing::Keyring { number, .. } = &self.closing { Some(*number) } else { None }
    }

    /// Opens a file; asks for the passphrase, or the keyring for the key, if there is one.
    ///
    /// # Errors
    /// [`KeysError`].
    pub(crate) fn open(
        bytes: &[u8],
        passphrase: impl FnOnce() -> Result<Passphrase, KeysError>,
        keyring: impl FnOnce(Number) -> Result<Secret<32>, KeyringError>,
    ) -> Result<Self, KeysError> {
        if let Ok(seeds) = from_slice::<Seeds>(bytes) {
            return Ok(Self::clear(seeds));
        }
        let file = match from_slice::<KeyFile>(bytes) {
            Ok(file) => file,
            Err(error) => {
                return Err(match form(bytes) {
                    Some(found) if found > FORM => KeysError::Form { found, known: FORM },
                    _ => KeysError::Damaged(error),
                });
            }
        };
        let aad = to_vec(&(FORM, &file.keeper));
        match file.keeper {
            Keeper::Nobody => {
                from_slice(&file.content).map(Self::clear).map_err(KeysError::Damaged)
            }
            Keeper::Passphrase { salt, cost, nonce } => {
                let key = stretch(&passphrase()?, &salt, cost)?;
                let seeds = unseal(&key, &nonce, &aad, &file.content);
                let seeds = seeds?.ok_or(KeysError::Wrong)?;
                Ok(Self { seeds, closing: Closing::Passphrase { salt, cost, key } })
            }
            Keeper::Keyring { number, nonce } => {
                let key = SealKey::derive(&keyring(number)?, PURPOSE);
                let seeds = unseal(&key, &nonce, &aad, &file.content);
                let seeds = seeds?.ok_or(KeyringError::Other)?;
                Ok(Self { seeds, closing: Closing::Keyring { number, key } })
            }
        }
    }

    /// The bytes of the file, closed as they were, with a fresh nonce.
    pub(crate) fn close(&self, nonce: [u8; 24]) -> Result<Vec<u8>, KeysError> {
        let plain = self.seeds.to_bytes();
        let (keeper, content) = match &self.closing {
            Closing::Clear => (Keeper::Nobody, plain.to_vec()),
            Closing::Passphrase { salt, cost, key } => {
                let keeper = Keeper::Passphrase { salt: *salt, cost: *cost, nonce };
                let sealed = seal(key, &nonce, &to_vec(&(FORM, &keeper)), &plain);
                (keeper, sealed)
            }
            Closing::Keyring { number, key } => {
                let keeper = Keeper::Keyring { number: *number, nonce };
                let sealed = seal(key, &nonce, &to_vec(&(FORM, &keeper)), &plain);
                (keeper, sealed)
            }
        };
        let content = Blob::try_from(content).map_err(KeysError::Damaged)?;
        Ok(to_vec(&KeyFile { keeper, content }))
    }
}

/// What a key seals; none if it is not this key that does.
fn unseal(
    key: &SealKey,
    nonce: &[u8; 24],
    aad: &[u8],
    content: &[u8],
) -> Result<Option<Seeds>, KeysError> {
    match open(key, nonce, aad, content) {
        Ok(seeds) => from_slice(&Zeroizing::new(seeds)).map(Some).map_err(KeysError::Damaged),
        Err(OpenError) => Ok(None),
    }
}

/// The form that a file says it has.
fn form(bytes: &[u8]) -> Option<u64> {
    // The head of an array of up to 23 items, then the form.
    let (head, rest) = bytes.split_first()?;
    if head & 0xe0 == 0x80 { Reader::new(rest).uint().ok() } else { None }
}

/// The key that a passphrase makes. Its memory is wiped, and asked for without dying if there is none.
fn stretch(passphrase: &Passphrase, salt: &[u8; 16], cost: Cost) -> Result<SealKey, KeysError> {
    let params = cost.params().map_err(KeysError::Damaged)?;
    let mut blocks = Zeroizing::new(Vec::new());
    blocks.try_reserve_exact(params.block_count()).map_err(|_| KeysError::Memory)?;
    blocks.resize(params.block_count(), Block::new());
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(passphrase.expose(), salt, &mut *key, &mut **blocks)
        // The lengths are within its bounds, and the memory is what it asks for.
        .map_err(|_| KeysError::Memory)?;
    Ok(SealKey::derive(&Secret::from_bytes(*key), PURPOSE))
}

#[cfg(test)]
mod tests;
