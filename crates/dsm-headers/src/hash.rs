//! Bitcoin's hash and the two ids made with it (`spec/headers.md`, hashes).

use core::fmt;
use core::str::FromStr;

use dsm_encoding::{Decode, DecodeError, Encode, Reader, Writer};
use sha2::{Digest as _, Sha256};

/// SHA-256 of SHA-256.
#[must_use]
pub fn sha256d(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(Sha256::digest(bytes)).into()
}

/// Why a text is no hash: it is not 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadHash;

impl fmt::Display for BadHash {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("not 64 hexadecimal digits")
    }
}

impl core::error::Error for BadHash {}

macro_rules! hash {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// The bytes are in the order of the hash; the text is in the opposite one, as everywhere with Bitcoin.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 32]);

        impl fmt::Display for $name {
            fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().rev().try_for_each(|byte| write!(to, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(to, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = BadHash;
            fn from_str(text: &str) -> Result<Self, BadHash> {
                reversed(text).map(Self)
            }
        }

        impl Encode for $name {
            fn encode(&self, to: &mut Writer) {
                self.0.encode(to);
            }
        }

        impl Decode for $name {
            fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
                Decode::decode(from).map(Self)
            }
        }
    };
}

hash! {
    /// The id of a block: [`sha256d`] of its header.
    BlockHash
}
hash! {
    /// The id of a transaction: [`sha256d`] of its form without witness.
    TxId
}

fn reversed(text: &str) -> Result<[u8; 32], BadHash> {
    let mut bytes = [0; 32];
    let mut digits = text.chars();
    for byte in bytes.iter_mut().rev() {
        let mut digit = || digits.next().and_then(|digit| digit.to_digit(16)).ok_or(BadHash);
        let (high, low) = (digit()?, digit()?);
        *byte = u8::try_from((high << 4) | low).map_err(|_| BadHash)?;
    }
    if digits.next().is_some() { Err(BadHash) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;

    use super::*;

    #[test]
    fn text_is_reversed_and_read_back() {
        let text = "00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043";
        let hash: BlockHash = text.parse().expect("a hash");
        assert_eq!(hash.0[0], 0x43);
        assert_eq!(hash.to_string(), text);
        for bad in ["", "00", &text[1..], &std::format!("{text}0"), &text.replace('d', "g")] {
            assert_eq!(bad.parse::<BlockHash>(), Err(BadHash), "{bad}");
        }
    }
}
