//! Frames of a steady link (`spec/links.md`, frames): what is put on a medium at once.
//!
//! Always true: [`Frame::decode`] takes exactly what [`Frame::encode`] writes, and says nothing about
//! who wrote it; a part has a symbol, and its block at most [`MAX_SYMBOLS`] of them.

use alloc::vec::Vec;

use crate::stream::MAX_FRAME;

/// Random bytes that name one side of one conversation; never all zero.
pub type Tag = [u8; 4];

/// The tag of nobody yet.
pub(crate) const NOBODY: Tag = [0; 4];
/// The longest block: one message of the greatest length, and its length.
pub(crate) const MAX_BLOCK: usize = MAX_FRAME + LENGTH;
/// Bytes of a message's length inside a block.
pub(crate) const LENGTH: usize = 3;
/// The most symbols of a block.
pub(crate) const MAX_SYMBOLS: usize = 8192;
/// Bytes of a frame beside its symbol.
pub(crate) const AROUND: usize = HEAD + PART + SUM;

const HEAD: usize = 13;
const PART: usize = 11;
const LAST: usize = 2;
const SUM: usize = 4;
const SEEN: u8 = 0x80;

/// What one side says in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word<'a> {
    /// Here I am.
    Hello,
    /// Nothing but what every frame says.
    Ack,
    /// A symbol of a block.
    Part(Part<'a>),
    /// I leave, and this was the number of my last block.
    End {
        /// The number; 0 if there was none.
        last: u16,
    },
}

/// A symbol of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// The number of the block, from 1, around after 65,535.
    pub block: u16,
    /// Bytes of the block.
    pub len: usize,
    /// CRC-32 of the block.
    pub sum: u32,
    /// The number of the symbol: below the count of symbols a piece of the block, from there on repair.
    pub id: u16,
    /// The symbol; all of a block are of one length.
    pub symbol: &'a [u8],
}

impl Part<'_> {
    /// How many symbols make the block.
    pub(crate) fn count(&self) -> usize {
        self.len.div_ceil(self.symbol.len().max(1))
    }
}

/// What is put on a medium at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Who speaks.
    pub from: Tag,
    /// To whom; all zero while that is not known.
    pub to: Tag,
    /// The number of the last whole block that came.
    pub ack: u16,
    /// How many symbols of the next one came.
    pub have: u16,
    /// Whether the other side's end came.
    pub seen: bool,
    /// What is said.
    pub word: Word<'a>,
}

impl<'a> Frame<'a> {
    /// The bytes of the frame.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let kind = match self.word {
            Word::Hello => 1,
            Word::Ack => 2,
            Word::Part(_) => 3,
            Word::End { .. } => 4,
        };
        let mut bytes = Vec::with_capacity(AROUND);
        bytes.push(if self.seen { kind | SEEN } else { kind });
        bytes.extend_from_slice(&self.from);
        bytes.extend_from_slice(&self.to);
        bytes.extend_from_slice(&self.ack.to_be_bytes());
        bytes.extend_from_slice(&self.have.to_be_bytes());
        match self.word {
            Word::Hello | Word::Ack => {}
            Word::Part(part) => {
                bytes.extend_from_slice(&part.block.to_be_bytes());
                let len = u32::try_from(part.len).unwrap_or(u32::MAX).to_be_bytes();
                bytes.extend_from_slice(len.get(1..).unwrap_or_default());
                bytes.extend_from_slice(&part.sum.to_be_bytes());
                bytes.extend_from_slice(&part.id.to_be_bytes());
                bytes.extend_from_slice(part.symbol);
            }
            Word::End { last } => bytes.extend_from_slice(&last.to_be_bytes()),
        }
        let sum = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&sum.to_be_bytes());
        bytes
    }

    /// The frame of some bytes; none if they are anything else, as they are after an accident.
    #[must_use]
    pub fn decode(bytes: &'a [u8]) -> Option<Self> {
        let (bytes, sum) = bytes.split_last_chunk::<SUM>()?;
        if crc32fast::hash(bytes) != u32::from_be_bytes(*sum) {
            return None;
        }
        let (head, rest) = bytes.split_first_chunk::<HEAD>()?;
        let [kind, f0, f1, f2, f3, t0, t1, t2, t3, a0, a1, h0, h1] = *head;
        let word = match kind & !SEEN {
            1 if rest.is_empty() => Word::Hello,
            2 if rest.is_empty() => Word::Ack,
            3 => Word::Part(part(rest)?),
            4 => {
                let last: [u8; LAST] = rest.try_into().ok()?;
                Word::End { last: u16::from_be_bytes(last) }
            }
            _ => return None,
        };
        let from = [f0, f1, f2, f3];
        (from != NOBODY).then_some(Self {
            from,
            to: [t0, t1, t2, t3],
            ack: u16::from_be_bytes([a0, a1]),
            have: u16::from_be_bytes([h0, h1]),
            seen: kind & SEEN != 0,
            word,
        })
    }
}

fn part(bytes: &[u8]) -> Option<Part<'_>> {
    let (head, symbol) = bytes.split_first_chunk::<PART>()?;
    let [b0, b1, l0, l1, l2, s0, s1, s2, s3, i0, i1] = *head;
    let part = Part {
        block: u16::from_be_bytes([b0, b1]),
        len: usize::try_from(u32::from_be_bytes([0, l0, l1, l2])).ok()?,
        sum: u32::from_be_bytes([s0, s1, s2, s3]),
        id: u16::from_be_bytes([i0, i1]),
        symbol,
    };
    let fits = !symbol.is_empty()
        && u16::try_from(symbol.len()).is_ok()
        && (1..=MAX_BLOCK).contains(&part.len)
        && part.count() <= MAX_SYMBOLS
        && symbol.len() <= part.len;
    fits.then_some(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(word: Word<'_>) -> Frame<'_> {
        Frame { from: [1, 2, 3, 4], to: [5, 6, 7, 8], ack: 9, have: 10, seen: true, word }
    }

    #[test]
    fn every_word_survives_its_bytes() {
        let part = Part { block: 7, len: 300, sum: 1 << 31, id: 11, symbol: &[3; 100] };
        for word in [Word::Hello, Word::Ack, Word::Part(part), Word::End { last: 6 }] {
            let bytes = frame(word).encode();
            assert_eq!(Frame::decode(&bytes), Some(frame(word)));
            for cut in 0..bytes.len() {
                assert_eq!(Frame::decode(&bytes[..cut]), None, "cut at {cut}");
                let mut spoiled = bytes.clone();
                spoiled[cut] ^= 1;
                assert_eq!(Frame::decode(&spoiled), None, "spoiled at {cut}");
            }
        }
    }

    #[test]
    fn refuses_parts_that_cannot_be() {
        let good = Part { block: 1, len: 8192, sum: 0, id: 0, symbol: &[1] };
        assert!(Frame::decode(&frame(Word::Part(good)).encode()).is_some());
        for bad in [
            Part { len: 8193, ..good },
            Part { len: 0, ..good },
            Part { len: 1, symbol: &[1, 2], ..good },
            Part { symbol: &[], ..good },
            Part { len: MAX_BLOCK + 1, symbol: &[0; 1000], ..good },
            Part { len: MAX_BLOCK, symbol: &[0; 65_536], ..good },
        ] {
            assert_eq!(Frame::decode(&frame(Word::Part(bad)).encode()), None, "{}", bad.len);
        }
        let nobody = Frame { from: NOBODY, ..frame(Word::Ack) };
        assert_eq!(Frame::decode(&nobody.encode()), None);
    }
}
