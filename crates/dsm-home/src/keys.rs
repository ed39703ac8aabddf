//! Seeds, from which the keys of a wallet's devices follow.

use std::fmt;

use dsm_crypto::{KemSecret, Secret, SecretKey};
use dsm_encoding::{Decode, DecodeError, Encode, List, Reader, Writer, record};
use dsm_engine::Keys;
use dsm_log::DeviceId;
use zeroize::Zeroizing;

/// The most issuing devices of one wallet.
pub const MAX_ISSUERS: usize = 1 << 10;

/// More than the bytes of one seed with its device.
const ISSUER: usize = 128;

/// `N` secret bytes that make a key; wiped when dropped, and never shown.
#[derive(Clone, Debug)]
pub struct Seed<const N: usize>(Secret<N>);

impl<const N: usize> Seed<N> {
    /// Takes fresh bytes. The caller wipes its own copy.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; N]) -> Self {
        Self(Secret::from_bytes(bytes))
    }

    /// The bytes, for who makes a key of them.
    #[must_use]
    pub fn secret(&self) -> Secret<N> {
        self.0.clone()
    }
}

impl<const N: usize> Encode for Seed<N> {
    fn encode(&self, to: &mut Writer) {
        to.bytes(self.0.expose());
    }
}

impl<const N: usize> Decode for Seed<N> {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let bytes = Zeroizing::new(<[u8; N]>::decode(from)?);
        Ok(Self::from_bytes(*bytes))
    }
}

/// The seeds of a wallet's devices.
#[derive(Clone)]
pub struct Seeds {
    /// Of the device that pays and is paid.
    pub main: Seed<64>,
    /// Of its KEM key.
    pub kem: Seed<32>,
    /// Of the devices that issue tokens.
    pub issuing: List<IssuerSeed, MAX_ISSUERS>,
}
record! { Seeds { main, kem, issuing } }

/// The seed of a device that issues a token.
#[derive(Clone)]
pub struct IssuerSeed {
    /// The device.
    pub device: DeviceId,
    /// Its seed.
    pub seed: Seed<64>,
}
record! { IssuerSeed { device, seed } }

impl Seeds {
    /// The keys that the seeds make.
    #[must_use]
    pub fn keys(&self) -> Keys {
        let key = |seed: &Seed<64>| SecretKey::from_seed(seed.secret());
        Keys {
            main: key(&self.main),
            issuing: self.issuing.iter().map(|one| (one.device, key(&one.seed))).collect(),
            kem: KemSecret::from_seed(self.kem.secret()),
        }
    }

    /// Their canonical bytes, of which no copy stays behind.
    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let room = ISSUER.saturating_mul(self.issuing.len().saturating_add(2));
        let mut writer = Writer::with_capacity(room);
        self.encode(&mut writer);
        Zeroizing::new(writer.into_vec())
    }
}

impl fmt::Debug for Seeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seeds(redacted)")
    }
}
