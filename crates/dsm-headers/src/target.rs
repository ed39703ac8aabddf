//! Targets and work: how hard a block was to find (`spec/headers.md`, work).

use core::fmt;

use dsm_encoding::{Decode, DecodeError, Encode, Reader, Writer};
use ruint::Uint;
use ruint::aliases::{U64, U256};

use crate::BlockHash;

/// What a block's hash, as a number, must not exceed. Never zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target(U256);

/// How many hashes a block, or all blocks of a chain, took to find, on average.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Work(U256);

/// The sign of the compact form: a target is never negative.
const SIGN: u32 = 0x0080_0000;
/// The three bytes of the compact form that are a number.
const MANTISSA: u32 = 0x007f_ffff;

impl Target {
    /// Reads the compact form: a byte that says how long the number is, and its first three bytes. None if the number
    /// is zero, negative or longer than 32 bytes.
    #[must_use]
    pub fn from_compact(bits: u32) -> Option<Self> {
        let [size, ..] = bits.to_be_bytes();
        let mantissa = bits & MANTISSA;
        if mantissa == 0 || bits & SIGN != 0 {
            return None;
        }
        let number = U256::from(mantissa);
        let shift = |bytes: u8| usize::from(bytes).saturating_mul(8);
        let target = match size.checked_sub(3) {
            Some(more) => number.checked_shl(shift(more))?,
            None => number.wrapping_shr(shift(3_u8.saturating_sub(size))),
        };
        (target != U256::ZERO).then_some(Self(target))
    }

    /// The compact form, which keeps the first two or three bytes of the number.
    #[must_use]
    pub fn to_compact(self) -> u32 {
        let bytes = self.0.byte_len();
        let shift = |bytes: usize| bytes.saturating_mul(8);
        let mantissa = match bytes.checked_sub(3) {
            Some(more) => self.0.wrapping_shr(shift(more)),
            None => self.0.wrapping_shl(shift(3_usize.saturating_sub(bytes))),
        };
        let mantissa = u32::try_from(mantissa).unwrap_or(MANTISSA);
        // A first byte of 128 or more would be read as a sign.
        let (mantissa, bytes) = match mantissa & SIGN {
            0 => (mantissa, bytes),
            _ => (mantissa >> 8, bytes.saturating_add(1)),
        };
        mantissa | u32::try_from(bytes).unwrap_or(u32::MAX).wrapping_shl(24)
    }

    /// True if a block with this hash is as hard as this target asks.
    #[must_use]
    pub fn is_met_by(&self, hash: &BlockHash) -> bool {
        U256::from_le_bytes(hash.0) <= self.0
    }

    /// The work of one block: 2^256 divided by one more than the target.
    #[must_use]
    pub fn work(&self) -> Work {
        // 2^256 / (t + 1) without leaving 256 bits: (2^256 - t - 1) / (t + 1) + 1.
        let Some(divisor) = self.0.checked_add(U256::ONE) else { return Work(U256::ONE) };
        let quotient = (!self.0).checked_div(divisor).unwrap_or(U256::ZERO);
        Work(quotient.saturating_add(U256::ONE))
    }

    /// A target that so many times as many hashes meet, at most the easiest there is.
    #[must_use]
    pub fn easier(self, times: u32) -> Self {
        Self(self.0.saturating_mul(U256::from(times.max(1))))
    }

    /// The target scaled by a time that passed over the time that should have, at most `limit`.
    #[must_use]
    pub(crate) fn retargeted(self, passed: u32, wanted: u32, limit: Self) -> Self {
        let scaled = self.0.widening_mul::<64, 1, 320, 5>(U64::from(passed));
        let target = scaled.checked_div(Uint::from(wanted)).unwrap_or(scaled);
        // What does not fit is easier than any limit.
        let target = U256::checked_from_limbs_slice(target.as_limbs()).unwrap_or(U256::MAX);
        if target > limit.0 || target == U256::ZERO { limit } else { Self(target) }
    }
}

impl Work {
    /// No work.
    pub const NONE: Self = Self(U256::ZERO);

    /// From the bytes of the number, the most significant first.
    #[must_use]
    pub const fn from_be_bytes(bytes: [u8; 32]) -> Self {
        Self(U256::from_be_bytes(bytes))
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, more: Self) -> Self {
        Self(self.0.saturating_add(more.0))
    }

    /// What remains without `less`.
    #[must_use]
    pub fn minus(self, less: Self) -> Self {
        Self(self.0.saturating_sub(less.0))
    }

    /// So many times as much.
    #[must_use]
    pub fn times(self, count: u32) -> Self {
        Self(self.0.saturating_mul(U256::from(count)))
    }
}

impl From<u128> for Work {
    fn from(hashes: u128) -> Self {
        Self(U256::from(hashes))
    }
}

impl fmt::Display for Work {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(to)
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "Work({self})")
    }
}

impl Encode for Work {
    fn encode(&self, to: &mut Writer) {
        self.0.to_be_bytes::<32>().encode(to);
    }
}

impl Decode for Work {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Decode::decode(from).map(Self::from_be_bytes)
    }
}

#[cfg(test)]
mod tests {
    use bitcoin::pow::CompactTarget;
    use proptest::prelude::*;

    use super::*;

    /// What the crate `bitcoin` makes of it.
    fn oracle(bits: u32) -> bitcoin::Target {
        bitcoin::Target::from_compact(CompactTarget::from_consensus(bits))
    }

    proptest! {
        #[test]
        fn agrees_with_the_crate_bitcoin(bits in any::<u32>(), hash in any::<[u8; 32]>()) {
            if let Some(target) = Target::from_compact(bits) {
                prop_assert_eq!(target.0.to_be_bytes::<32>(), oracle(bits).to_be_bytes());
                prop_assert_eq!(target.work().0.to_be_bytes::<32>(), oracle(bits).to_work().to_be_bytes());
                prop_assert_eq!(target.to_compact(), oracle(bits).to_compact_lossy().to_consensus());
                let theirs = bitcoin::BlockHash::from_raw_hash(bitcoin::hashes::Hash::from_byte_array(hash));
                prop_assert_eq!(target.is_met_by(&BlockHash(hash)), oracle(bits).is_met_by(theirs));
            }
        }

        #[test]
        fn every_target_has_a_compact_form_that_reads_back(size in 1_u32..=32, mantissa in 1_u32..=MANTISSA) {
            if let Some(target) = Target::from_compact((size << 24) | mantissa) {
                let again = Target::from_compact(target.to_compact());
                prop_assert_eq!(again, Some(target));
            }
        }
    }

    #[test]
    fn refuses_what_is_zero_negative_or_too_long() {
        for bits in [
            0,
            0x0100_0000,
            0x0080_0001,
            0x1d80_0001,
            0x2100_ffff + 0x0100_0000,
            0x2300_0001,
            0xff12_3456,
            0x0000_1234,
        ] {
            assert_eq!(Target::from_compact(bits), None, "{bits:08x}");
        }
        assert!(Target::from_compact(0x2100_ffff).is_some());
        assert!(Target::from_compact(0x207f_ffff).is_some());
    }
}
