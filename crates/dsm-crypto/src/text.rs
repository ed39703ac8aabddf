//! Text forms of byte strings: bech32m (BIP-350), for digests, ids, cards and the like.
//!
//! bech32m promises to find any four wrong characters in texts up to 90. Cards are far longer, so
//! the limit is lifted: beyond it a wrong text passes with a chance of one in 2^30. Nothing
//! here protects against malice. Text is written in lower case; all upper case is read too (for
//! QR codes), mixed case and non-zero padding are not.

use alloc::{string::String, vec::Vec};
use core::fmt;

use bech32::primitives::decode::CheckedHrpstring;
use bech32::{Bech32m, Checksum, Hrp};

/// bech32m without a limit of length.
#[derive(Clone, Copy)]
enum LongBech32m {}

impl Checksum for LongBech32m {
    type MidstateRepr = <Bech32m as Checksum>::MidstateRepr;
    type CorrectionField = <Bech32m as Checksum>::CorrectionField;
    const ROOT_GENERATOR: Self::CorrectionField = Bech32m::ROOT_GENERATOR;
    const ROOT_EXPONENTS: core::ops::RangeInclusive<usize> = Bech32m::ROOT_EXPONENTS;
    const CODE_LENGTH: usize = usize::MAX;
    const CHECKSUM_LENGTH: usize = Bech32m::CHECKSUM_LENGTH;
    const GENERATOR_SH: [Self::MidstateRepr; 5] = Bech32m::GENERATOR_SH;
    const TARGET_RESIDUE: Self::MidstateRepr = Bech32m::TARGET_RESIDUE;
}

/// Why a text is no byte string of the wanted kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TextError {
    /// Not bech32m, or mistyped.
    Malformed,
    /// The prefix is another one.
    WrongPrefix,
    /// The bytes are more or fewer than they must be.
    WrongLength,
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "text is not bech32m, or mistyped",
            Self::WrongPrefix => "text has another prefix",
            Self::WrongLength => "text has the wrong length",
        })
    }
}

impl core::error::Error for TextError {}

/// Writes bytes under a prefix, in lower case.
///
/// # Errors
/// `WrongPrefix` if the prefix is not one to 83 printable ASCII characters.
pub fn encode(prefix: &str, bytes: &[u8]) -> Result<String, TextError> {
    let prefix = Hrp::parse(prefix).map_err(|_| TextError::WrongPrefix)?;
    bech32::encode_lower::<LongBech32m>(prefix, bytes).map_err(|_| TextError::WrongLength)
}

/// Reads what [`encode`] wrote under the same prefix.
///
/// # Errors
/// `Malformed` or `WrongPrefix`.
pub fn decode(prefix: &str, text: &str) -> Result<Vec<u8>, TextError> {
    let checked = CheckedHrpstring::new::<LongBech32m>(text).map_err(|_| TextError::Malformed)?;
    if checked.hrp() != Hrp::parse(prefix).map_err(|_| TextError::WrongPrefix)? {
        return Err(TextError::WrongPrefix);
    }
    let bytes: Vec<u8> = checked.byte_iter().collect();
    if encode(prefix, &bytes)?.eq_ignore_ascii_case(text) {
        Ok(bytes)
    } else {
        Err(TextError::Malformed)
    }
}
