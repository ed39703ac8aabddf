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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_at_any_length() {
        for length in [0, 1, 31, 32, 33, 1344, 10_000] {
            let bytes = alloc::vec![0xa5; length];
            let text = encode("dsmcard", &bytes).unwrap();
            assert_eq!(decode("dsmcard", &text), Ok(bytes.clone()));
            assert_eq!(decode("dsmcard", &text.to_uppercase()), Ok(bytes));
        }
    }

    #[test]
    fn reads_the_valid_strings_of_bip_350() {
        let valid = [
            ("a", "A1LQFN3A", 0),
            ("a", "a1lqfn3a", 0),
            ("abcdef", "abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx", 20),
            ("split", "split1checkupstagehandshakeupstreamerranterredcaperredlc445v", 30),
            ("?", "?1v759aa", 0),
        ];
        for (prefix, text, length) in valid {
            assert_eq!(decode(prefix, text).map(|bytes| bytes.len()), Ok(length), "{text}");
        }
    }

    #[test]
    fn refuses_the_invalid_strings_of_bip_350() {
        let invalid = [
            "1xj0phk",
            "1g6xzxy",
            "qyrz8wqd2c9m",
            "1qyrz8wqd2c9m",
            "y1b0jsk6g",
            "lt1igcx5c0",
            "in1muywd",
            "mm1crxm3i",
            "au1s5cgom",
            "M1VUXWEZ",
            "16plkw9",
            "1p2gdwpf",
        ];
        for text in invalid {
            for prefix in ["a", "y", "lt", "in", "mm", "au", "m"] {
                assert!(decode(prefix, text).is_err(), "{text}");
            }
        }
    }

    #[test]
    fn refuses_any_wrong_character_of_a_digest() {
        let text = encode("dsmid", &[0x3c; 32]).unwrap();
        for at in 0..text.len() {
            for wrong in ["q", "p", "z", "1", "b", "Q", " "] {
                if &text[at..=at] != wrong {
                    let mut other = text.clone();
                    other.replace_range(at..=at, wrong);
                    assert!(decode("dsmid", &other).is_err(), "{other}");
                }
            }
        }
    }

    #[test]
    fn refuses_another_prefix_checksum_or_case() {
        let text = encode("dsmid", &[1; 32]).unwrap();
        assert_eq!(decode("dsmcard", &text), Err(TextError::WrongPrefix));
        assert_eq!(decode("dsmid", &text.replacen('d', "D", 1)), Err(TextError::Malformed));
        let prefix = Hrp::parse("dsmid").unwrap();
        let old = bech32::encode_lower::<bech32::Bech32>(prefix, &[1; 32]).unwrap();
        assert_eq!(decode("dsmid", &old), Err(TextError::Malformed));
    }

    #[test]
    fn refuses_padding_that_is_not_zero_or_too_long() {
        use bech32::{ByteIterExt as _, Fe32, Fe32IterExt as _};
        let prefix = Hrp::parse("dsmid").unwrap();
        let text = |extra: &[Fe32]| -> String {
            let symbols: Vec<Fe32> = [0_u8; 31].iter().copied().bytes_to_fes().collect();
            let all = symbols.into_iter().chain(extra.iter().copied());
            all.with_checksum::<LongBech32m>(&prefix).chars().collect()
        };
        assert_eq!(decode("dsmid", &text(&[])), Ok(alloc::vec![0; 31]));
        assert_eq!(decode("dsmid", &text(&[Fe32::Q])), Err(TextError::Malformed));
        assert_eq!(decode("dsmid", &text(&[Fe32::P])), Err(TextError::Malformed));
    }

    #[test]
    fn refuses_to_write_under_no_prefix() {
        assert_eq!(encode("", &[1]), Err(TextError::WrongPrefix));
        assert_eq!(encode("d\u{e9}", &[1]), Err(TextError::WrongPrefix));
    }
}
