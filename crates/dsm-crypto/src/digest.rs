//! The 32-byte digest that names everything (`spec/hashing.md`).
//!
//! A digest is a claim: that something hashes to it must be shown. Its text form is bech32m with
//! the prefix `dsmid`; canonical bytes are a byte string of 32.

use core::fmt;
use core::str::FromStr;

use dsm_encoding::{Decode, DecodeError, Encode, Reader, Writer};

use crate::bytes::short_hex;
use crate::text::{self, TextError};

/// The bech32m prefix of digests and ids.
const PREFIX: &str = "dsmid";

/// A 32-byte hash or id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Digest([u8; 32]);

impl Digest {
    /// 32 zero bytes, the value of what is empty.
    pub const ZERO: Self = Self([0; 32]);

    /// Takes any 32 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Encode for Digest {
    fn encode(&self, to: &mut Writer) {
        to.bytes(&self.0);
    }
}

impl Decode for Digest {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        from.bytes(32)?.try_into().map(Self).map_err(|_| DecodeError::WrongLength)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&text::encode(PREFIX, &self.0).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Digest {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let bytes = text::decode(PREFIX, text)?;
        bytes.as_slice().try_into().map(Self).map_err(|_| TextError::WrongLength)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        short_hex(f, "Digest", &self.0)
    }
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::ToString};

    use super::*;

    #[test]
    fn text_and_bytes_come_back() {
        let digest = Digest::from_bytes([7; 32]);
        let text = digest.to_string();
        assert!(text.starts_with("dsmid1"), "{text}");
        assert_eq!(text.parse(), Ok(digest));
        assert_eq!(text.to_uppercase().parse(), Ok(digest));
        let bytes = dsm_encoding::to_vec(&digest);
        assert_eq!(bytes.len(), 34);
        assert_eq!(dsm_encoding::from_slice(&bytes), Ok(digest));
    }

    #[test]
    fn text_form_is_pinned() {
        assert_eq!(Digest::ZERO.to_string(), ZERO_TEXT);
    }

    const ZERO_TEXT: &str = "dsmid1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqm5dp94";

    #[test]
    fn refuses_other_lengths() {
        let text = text::encode(PREFIX, &[0; 31]).unwrap();
        assert_eq!(text.parse::<Digest>(), Err(TextError::WrongLength));
        let bytes = dsm_encoding::to_vec(&[0_u8; 31]);
        assert_eq!(dsm_encoding::from_slice::<Digest>(&bytes), Err(DecodeError::WrongLength));
    }

    #[test]
    fn debug_is_short() {
        assert_eq!(format!("{:?}", Digest::from_bytes([0xab; 32])), "Digest(abababab..)");
    }
}
