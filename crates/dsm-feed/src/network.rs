//! The four bytes by which messages of one Bitcoin network begin.

use bitcoin::consensus::encode::VarInt;
use bitcoin::consensus::serialize;
use bitcoin::hashes::{Hash as _, sha256d};

/// The four bytes by which messages of one Bitcoin network begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Magic(pub [u8; 4]);

impl Magic {
    /// The network whose coins have a price.
    pub const MAIN: Self = Self([0xf9, 0xbe, 0xb4, 0xd9]);
    /// The fourth network for tests.
    pub const TESTNET4: Self = Self([0x1c, 0x16, 0x3f, 0x28]);
    /// The public network whose blocks are signed.
    pub const SIGNET: Self = Self([0x0a, 0x03, 0xcf, 0x40]);
    /// The network of one's own, for tests.
    pub const REGTEST: Self = Self([0xfa, 0xbf, 0xb5, 0xda]);

    /// A network of signed blocks, by the script that their signatures satisfy.
    pub fn of_challenge(challenge: &[u8]) -> Self {
        let length = u64::try_from(challenge.len()).unwrap_or(u64::MAX);
        let mut pushed = serialize(&VarInt(length));
        pushed.extend_from_slice(challenge);
        let [a, b, c, d, ..] = sha256d::Hash::hash(&pushed).to_byte_array();
        Self([a, b, c, d])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bitcoin::hex::FromHex;

    #[test]
    fn the_public_signet_has_the_bytes_of_its_challenge() {
        let challenge = "512103ad5e0edad18cb1f0fc0d28a3d4f1f3e445640337489abb10404f2d1e086be430\
                         210359ef5021964fe22d6f8e05b2463c9540ce96883fe3b278760f048f5189f2e6c452ae";
        let challenge = Vec::from_hex(challenge).unwrap();
        assert_eq!(Magic::of_challenge(&challenge), Magic::SIGNET);
        assert_ne!(Magic::of_challenge(&[0x51]), Magic::SIGNET);
    }
}
