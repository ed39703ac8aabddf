//! Byte and text strings with a limit in the type (`spec/bytes.md`).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Deref;

use crate::{Decode, DecodeError, Encode, Reader, Writer};

/// At most `MAX` bytes.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Blob<const MAX: usize>(Vec<u8>);

/// UTF-8 text of at most `MAX` bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Blob<MAX> {
    /// The bytes.
    #[must_use]
    pub fn into_inner(self) -> Vec<u8> {
        self.0
    }
}

impl<const MAX: usize> Deref for Blob<MAX> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl<const MAX: usize> TryFrom<Vec<u8>> for Blob<MAX> {
    type Error = DecodeError;

    fn try_from(bytes: Vec<u8>) -> Result<Self, DecodeError> {
        if bytes.len() > MAX { Err(DecodeError::TooLong) } else { Ok(Self(bytes)) }
    }
}

impl<const MAX: usize> TryFrom<&[u8]> for Blob<MAX> {
    type Error = DecodeError;

    fn try_from(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() > MAX { Err(DecodeError::TooLong) } else { Ok(Self(bytes.to_vec())) }
    }
}

impl<const MAX: usize> fmt::Debug for Blob<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Blob(")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

impl<const MAX: usize> Encode for Blob<MAX> {
    fn encode(&self, to: &mut Writer) {
        to.bytes(&self.0);
    }
}

impl<const MAX: usize> Decode for Blob<MAX> {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        from.bytes(MAX).map(|bytes| Self(bytes.to_vec()))
    }
}

impl<const MAX: usize> Text<MAX> {
    /// The text.
    #[must_use]
    pub fn into_inner(self) -> String {
        self.0
    }
}

impl<const MAX: usize> Deref for Text<MAX> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> TryFrom<String> for Text<MAX> {
    type Error = DecodeError;

    fn try_from(text: String) -> Result<Self, DecodeError> {
        if text.len() > MAX { Err(DecodeError::TooLong) } else { Ok(Self(text)) }
    }
}

impl<const MAX: usize> TryFrom<&str> for Text<MAX> {
    type Error = DecodeError;

    fn try_from(text: &str) -> Result<Self, DecodeError> {
        if text.len() > MAX { Err(DecodeError::TooLong) } else { Ok(Self(text.into())) }
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize> Encode for Text<MAX> {
    fn encode(&self, to: &mut Writer) {
        to.text(&self.0);
    }
}

impl<const MAX: usize> Decode for Text<MAX> {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        from.text(MAX).map(|text| Self(text.into()))
    }
}
