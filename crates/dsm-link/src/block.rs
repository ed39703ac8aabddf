//! Blocks: what is fountain-coded as one (`spec/links.md`, blocks).
//!
//! Always true: one length and one checksum belong to all that is collected; no more symbols are
//! held than the block has, and [`SLACK`].

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use raptorq::{
    EncodingPacket, ObjectTransmissionInformation, PayloadId, SourceBlockDecoder,
    SourceBlockEncoder,
};

use crate::frame::{MAX_SYMBOLS, Part};

/// Symbols held beyond the count of a block before all are thrown away.
const SLACK: usize = 64;

/// One source block without sub-blocks, whose symbols have any length: no number that comes from a
/// peer reaches the parser of these.
fn config(len: usize, symbol: u16) -> ObjectTransmissionInformation {
    ObjectTransmissionInformation::new(len as u64, symbol, 1, 1, 1)
}

/// A block on its way out.
#[derive(Debug)]
pub(crate) struct Outgoing {
    number: u16,
    len: usize,
    sum: u32,
    size: u16,
    count: usize,
    padded: Vec<u8>,
    repair: Option<SourceBlockEncoder>,
    next: u16,
}

impl Outgoing {
    /// A block of some bytes in symbols of at most so many. None if it is empty or too many.
    pub(crate) fn new(number: u16, bytes: Vec<u8>, most: usize) -> Option<Self> {
        let len = bytes.len();
        let count = len.div_ceil(most.max(1));
        if count == 0 || count > MAX_SYMBOLS {
            return None;
        }
        // The smallest symbols that are still that few: little is padded, and the other side finds
        // the same count from the length of one.
        let size = len.div_ceil(count);
        let count = len.div_ceil(size);
        let sum = crc32fast::hash(&bytes);
        let mut padded = bytes;
        padded.resize(size.checked_mul(count)?, 0);
        let size = u16::try_from(size).ok()?;
        Some(Self { number, len, sum, size, count, padded, repair: None, next: 0 })
    }

    pub(crate) fn number(&self) -> u16 {
        self.number
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Hands out the next symbol: the pieces of the block first, then repair.
    pub(crate) fn symbol<T>(&mut self, tell: impl FnOnce(Part<'_>) -> T) -> T {
        // Repair of a single symbol is the symbol.
        let id = if self.count == 1 { 0 } else { self.next };
        self.next = self.next.wrapping_add(1);
        let size = usize::from(self.size);
        let at = usize::from(id).saturating_mul(size);
        let end = at.saturating_add(size);
        let (number, len, sum) = (self.number, self.len, self.sum);
        let part = |symbol| Part { block: number, len, sum, id, symbol };
        if let Some(symbol) = self.padded.get(at..end) {
            return tell(part(symbol));
        }
        let (padded, size) = (&self.padded, self.size);
        let repair = self
            .repair
            .get_or_insert_with(|| SourceBlockEncoder::new(0, &config(padded.len(), size), padded));
        let past = usize::from(id).saturating_sub(self.count);
        let packets = repair.repair_packets(u32::try_from(past).unwrap_or(0), 1);
        tell(part(packets.first().map_or(&[], EncodingPacket::data)))
    }
}

/// A block on its way in.
pub(crate) struct Incoming {
    len: usize,
    sum: u32,
    size: usize,
    count: usize,
    held: BTreeSet<u16>,
    decoder: SourceBlockDecoder,
}

/// What a symbol made of a block.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Grown {
    /// It was there already.
    Not,
    /// It was new.
    Once,
    /// The block is whole.
    Whole(Vec<u8>),
    /// What came together is not what was sent: all was thrown away.
    Spoiled,
}

impl core::fmt::Debug for Incoming {
    fn fmt(&self, to: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(to, "Incoming({} of {} symbols of {})", self.have(), self.count, self.size)
    }
}

impl Incoming {
    /// A block as its first part describes it, which was decoded.
    pub(crate) fn new(part: &Part<'_>) -> Self {
        let (size, count) = (part.symbol.len(), part.count());
        let whole = size.saturating_mul(count);
        let config = config(whole, u16::try_from(size).unwrap_or(u16::MAX));
        let decoder = SourceBlockDecoder::new(0, &config, whole as u64);
        let held = BTreeSet::new();
        Self { len: part.len, sum: part.sum, size, count, held, decoder }
    }

    /// Whether a part is of this block.
    pub(crate) fn is_of(&self, part: &Part<'_>) -> bool {
        (self.len, self.sum, self.size) == (part.len, part.sum, part.symbol.len())
    }

    /// How many symbols came.
    pub(crate) fn have(&self) -> usize {
        self.held.len()
    }

    /// Bytes that are held.
    pub(crate) fn bytes(&self) -> usize {
        self.have().saturating_mul(self.size)
    }

    /// Takes a symbol of a part of this block.
    pub(crate) fn add(&mut self, part: &Part<'_>) -> Grown {
        if !self.is_of(part) || !self.held.insert(part.id) {
            return Grown::Not;
        }
        let packet =
            EncodingPacket::new(PayloadId::new(0, u32::from(part.id)), part.symbol.to_vec());
        match self.decoder.decode(core::iter::once(packet)) {
            Some(mut bytes) => {
                bytes.truncate(self.len);
                if crc32fast::hash(&bytes) == self.sum {
                    Grown::Whole(bytes)
                } else {
                    self.clear(part)
                }
            }
            None if self.have() > self.count.saturating_add(SLACK) => self.clear(part),
            None => Grown::Once,
        }
    }

    fn clear(&mut self, part: &Part<'_>) -> Grown {
        *self = Self::new(part);
        Grown::Spoiled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(len: usize) -> Vec<u8> {
        (0..len).map(|at| (at * 7 + at / 251) as u8).collect()
    }

    /// Symbols with the chosen ids arrive.
    fn arrives(len: usize, most: usize, lost: impl Fn(u16) -> bool) -> usize {
        let mut out = Outgoing::new(1, bytes(len), most).unwrap();
        let mut block: Option<Incoming> = None;
        for sent in 1..20_000 {
            let whole = out.symbol(|part| {
                assert!(part.symbol.len() <= most);
                if lost(part.id) {
                    return None;
                }
                let block = block.get_or_insert_with(|| Incoming::new(&part));
                Some(block.add(&part))
            });
            if let Some(Grown::Whole(got)) = whole {
                assert_eq!(got, bytes(len));
                return sent;
            }
        }
        panic!("{len} bytes never arrive");
    }

    #[test]
    fn blocks_of_any_length_arrive_whole() {
        for len in (1..60).chain([830, 831, 832, 3000, 100_000]) {
            for most in [7, 13, 830] {
                if len / most < 5000 {
                    assert_eq!(
                        arrives(len, most, |_| false),
                        len.div_ceil(len.div_ceil(len.div_ceil(most)))
                    );
                }
            }
        }
    }

    #[test]
    fn repair_makes_up_for_what_was_lost() {
        let sent = arrives(3000, 100, |id| id % 3 == 0 && id < 30);
        assert!((40..44).contains(&sent), "{sent}");
        assert!(arrives(100_000, 830, |id| id < 121) < 250, "repair alone is enough");
    }

    #[test]
    fn a_spoiled_symbol_is_noticed_and_the_block_collected_anew() {
        let mut out = Outgoing::new(1, bytes(300), 100).unwrap();
        let mut block = None;
        let mut seen = Vec::new();
        for at in 0..8 {
            out.symbol(|part| {
                let block = block.get_or_insert_with(|| Incoming::new(&part));
                let spoiled = alloc::vec![9; 100];
                let part = if at == 1 { Part { symbol: &spoiled, ..part } } else { part };
                seen.push(block.add(&part));
            });
            if let Some(Grown::Whole(_)) = seen.last() {
                break;
            }
        }
        assert_eq!(seen[..5], [Grown::Once, Grown::Once, Grown::Spoiled, Grown::Once, Grown::Once]);
        assert!(matches!(seen.last(), Some(Grown::Whole(got)) if *got == bytes(300)));
    }

    #[test]
    fn refuses_blocks_of_too_many_symbols() {
        assert!(Outgoing::new(1, bytes(8192), 1).is_some());
        assert!(Outgoing::new(1, bytes(8193), 1).is_none());
        assert!(Outgoing::new(1, Vec::new(), 10).is_none());
    }
}
