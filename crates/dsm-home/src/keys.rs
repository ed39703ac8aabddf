//! The file of keys: seeds, from which the keys of a wallet's devices follow.

use dsm_crypto::{KemSecret, Secret, SecretKey};
use dsm_encoding::{List, record};
use dsm_engine::Keys;
use dsm_log::DeviceId;

/// The most issuing devices of one wallet.
pub const MAX_ISSUERS: usize = 1 << 10;

/// The seeds of a wallet's devices, at rest.
#[derive(Clone)]
pub struct KeyFile {
    /// Of the device that pays and is paid.
    pub main: [u8; 64],
    /// Of its KEM key.
    pub kem: [u8; 32],
    /// Of the devices that issue tokens.
    pub issuing: List<IssuerSeed, MAX_ISSUERS>,
}
record! { KeyFile { main, kem, issuing } }

/// The seed of a device that issues a token.
#[derive(Clone)]
pub struct IssuerSeed {
    /// The device.
    pub device: DeviceId,
    /// Its seed.
    pub seed: [u8; 64],
}
record! { IssuerSeed { device, seed } }

impl KeyFile {
    /// The keys that the seeds make.
    #[must_use]
    pub fn keys(&self) -> Keys {
        let key = |seed| SecretKey::from_seed(Secret::from_bytes(seed));
        Keys {
            main: key(self.main),
            issuing: self.issuing.iter().map(|one| (one.device, key(one.seed))).collect(),
            kem: KemSecret::from_seed(Secret::from_bytes(self.kem)),
        }
    }
}
