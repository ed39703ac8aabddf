//! The outline of a transaction: where it ends, and whether it is a coinbase (`spec/headers.md`, inclusion).
//!
//! Scripts and amounts are not looked at: that a transaction in a block is valid rests on the work of the block.

use alloc::vec::Vec;

/// How long a transaction of a proof is at most: what nodes of Bitcoin relay.
pub const MAX_TRANSACTION: usize = 100_000;

/// The outpoint that a coinbase names: no transaction.
const NOWHERE: [u8; 36] = {
    let mut outpoint = [0; 36];
    let (_, index) = outpoint.split_at_mut(32);
    index.copy_from_slice(&[0xff; 4]);
    outpoint
};

/// What is known of a transaction's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outline<'a> {
    /// The transaction without its witness.
    pub(crate) stripped: Vec<u8>,
    /// The script of its one input, if it is a coinbase.
    pub(crate) coinbase: Option<&'a [u8]>,
}

/// The whole of these bytes as a transaction without witness.
pub(crate) fn whole(bytes: &[u8]) -> Option<Outline<'_>> {
    let mut from = Cursor(bytes);
    let outline = from.transaction()?;
    (from.0.is_empty() && outline.stripped.len() == bytes.len()).then_some(outline)
}

/// Bytes that are read from the front.
pub(crate) struct Cursor<'a>(pub(crate) &'a [u8]);

impl<'a> Cursor<'a> {
    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn little<const N: usize>(&mut self) -> Option<u64> {
        let bytes = self.take(N)?;
        Some(bytes.iter().rev().fold(0, |number, byte| (number << 8) | u64::from(*byte)))
    }

    /// A number in Bitcoin's variable form, which must be as short as it can be.
    pub(crate) fn size(&mut self) -> Option<usize> {
        let (number, least) = match self.little::<1>()? {
            0xfd => (self.little::<2>()?, 0xfd),
            0xfe => (self.little::<4>()?, 0x1_0000),
            0xff => (self.little::<8>()?, 0x1_0000_0000),
            number => (number, 0),
        };
        usize::try_from(number).ok().filter(|_| number >= least)
    }

    fn sized(&mut self) -> Option<&'a [u8]> {
        let size = self.size()?;
        self.take(size)
    }

    /// The next transaction, with or without witness.
    pub(crate) fn transaction(&mut self) -> Option<Outline<'a>> {
        let version = self.take(4)?;
        // No input, then flag 1: a witness follows (BIP 144).
        let witness = self.0.starts_with(&[0, 1]);
        if witness {
            self.take(2)?;
        }
        let body = self.0;
        let inputs = self.size().filter(|count| *count > 0)?;
        let mut coinbase = None;
        for _ in 0..inputs {
            let outpoint = self.take(36)?;
            let script = self.sized()?;
            self.take(4)?;
            let alone = inputs == 1 && outpoint == NOWHERE && (2..=100).contains(&script.len());
            coinbase = alone.then_some(script);
        }
        let outputs = self.size().filter(|count| *count > 0)?;
        for _ in 0..outputs {
            self.take(8)?;
            self.sized()?;
        }
        let (body, _) = body.split_at_checked(body.len().checked_sub(self.0.len())?)?;
        if witness {
            for _ in 0..inputs {
                for _ in 0..self.size()? {
                    self.sized()?;
                }
            }
        }
        let lock_time = self.take(4)?;
        Some(Outline { stripped: [version, body, lock_time].concat(), coinbase })
    }
}

/// The height that a coinbase's script begins with (BIP 34).
pub(crate) fn height(script: &[u8]) -> Option<u32> {
    let mut from = Cursor(script);
    match from.little::<1>()? {
        small @ 0x51..=0x60 => u32::try_from(small).ok()?.checked_sub(0x50),
        count @ 1..=4 => {
            let bytes = from.take(usize::try_from(count).ok()?)?;
            let last = bytes.last()?;
            let before = bytes.iter().rev().nth(1);
            // Positive, and no longer than it must be.
            let short = *last != 0 || before.is_some_and(|before| before & 0x80 != 0);
            let number =
                bytes.iter().rev().fold(0_u32, |number, byte| (number << 8) | u32::from(*byte));
            (last & 0x80 == 0 && short && number > 16).then_some(number)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_heights_as_miners_write_them() {
        let cases: [(&[u8], Option<u32>); 12] = [
            (&[0x51, 0], Some(1)),
            (&[0x60, 0], Some(16)),
            (&[1, 17], Some(17)),
            (&[2, 0x80, 0], Some(128)),
            (&[3, 0x40, 0x0d, 0x03], Some(200_000)),
            (&[3, 0, 0x8d, 0x0c, 9, 9], Some(822_528)),
            (&[1, 16], None),
            (&[2, 17, 0], None),
            (&[1, 0x81], None),
            (&[3, 1, 2], None),
            (&[5, 1, 2, 3, 4, 5], None),
            (&[], None),
        ];
        for (script, wanted) in cases {
            assert_eq!(height(script), wanted, "{script:?}");
        }
    }

    #[test]
    fn a_size_is_as_short_as_it_can_be() {
        assert_eq!(Cursor(&[0xfc]).size(), Some(0xfc));
        assert_eq!(Cursor(&[0xfd, 0xfd, 0]).size(), Some(0xfd));
        assert_eq!(Cursor(&[0xfd, 0xfc, 0]).size(), None);
        assert_eq!(Cursor(&[0xfe, 0xff, 0xff, 0, 0]).size(), None);
        assert_eq!(Cursor(&[0xff, 0, 0, 0, 0]).size(), None);
    }
}
