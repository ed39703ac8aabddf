//! Reads items and refuses every form but the one that the writer writes (`spec/bytes.md`).

use crate::DecodeError;

/// The most that arrays may nest: an array in 15 others is read, in 16 others refused.
pub const MAX_DEPTH: u8 = 16;

/// The most items of one input that are dear to check.
pub const MAX_DEAR: usize = 1 << 12;

/// Walks over bytes, one item at a time.
///
/// Nothing is allocated here. After an error the position is unspecified: give up, or start anew.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    all: &'a [u8],
    at: usize,
    depth: u8,
    /// Items that the array being read still owes; without end outside of arrays.
    owed: usize,
    /// How many items that are dear to check were read.
    dear: usize,
}

enum Head {
    Uint(u64),
    Bytes(u64),
    Text(u64),
    Array(u64),
    Bool(bool),
    Null,
}

impl<'a> Reader<'a> {
    /// A reader at the first of these bytes.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { all: bytes, at: 0, depth: 0, owed: usize::MAX, dear: 0 }
    }

    /// Reads an unsigned integer.
    ///
    /// # Errors
    /// The next item is not an unsigned integer in shortest form.
    pub fn uint(&mut self) -> Result<u64, DecodeError> {
        match self.head()? {
            Head::Uint(value) => Ok(value),
            _ => Err(DecodeError::Unexpected),
        }
    }

    /// Reads a byte string of at most `max` bytes.
    ///
    /// # Errors
    /// The next item is not a byte string, is not canonical, or is longer.
    pub fn bytes(&mut self, max: usize) -> Result<&'a [u8], DecodeError> {
        match self.head()? {
            Head::Bytes(len) => self.take(len, max),
            _ => Err(DecodeError::Unexpected),
        }
    }

    /// Reads a text string of at most `max` bytes.
    ///
    /// # Errors
    /// The next item is not a text string, is not canonical, is longer, or is not UTF-8.
    pub fn text(&mut self, max: usize) -> Result<&'a str, DecodeError> {
        match self.head()? {
            Head::Text(len) => utf8(self.take(len, max)?),
            _ => Err(DecodeError::Unexpected),
        }
    }

    /// Reads a boolean.
    ///
    /// # Errors
    /// The next item is not a boolean.
    pub fn bool(&mut self) -> Result<bool, DecodeError> {
        match self.head()? {
            Head::Bool(value) => Ok(value),
            _ => Err(DecodeError::Unexpected),
        }
    }

    /// Reads null.
    ///
    /// # Errors
    /// The next item is not null.
    pub fn null(&mut self) -> Result<(), DecodeError> {
        match self.head()? {
            Head::Null => Ok(()),
            _ => Err(DecodeError::Unexpected),
        }
    }

    /// Whether the next item is null; reads nothing.
    #[must_use]
    pub fn peek_null(&self) -> bool {
        self.owed > 0 && self.all.get(self.at) == Some(&0xf6)
    }

    /// Whether the next item is an array; reads nothing.
    #[must_use]
    pub fn peek_array(&self) -> bool {
        self.owed > 0 && self.all.get(self.at).is_some_and(|head| head >> 5 == 4)
    }

    /// Reads an array of at most `max` items: `items` is given the number of items and reads
    /// exactly that many from this reader.
    ///
    /// # Errors
    /// The next item is not an array, is longer than `max`, claims more items than bytes remain,
    /// or nests too deep; `items` fails; or it reads another number of items (`WrongLength`).
    pub fn array<T, F>(&mut self, max: usize, items: F) -> Result<T, DecodeError>
    where
        F: FnOnce(&mut Self, usize) -> Result<T, DecodeError>,
    {
        let len = match self.head()? {
            Head::Array(len) => self.bounded(len, max)?,
            _ => return Err(DecodeError::Unexpected),
        };
        if self.depth >= MAX_DEPTH {
            return Err(DecodeError::TooDeep);
        }
        let outside = self.owed;
        self.depth += 1;
        self.owed = len;
        let value = items(self, len)?;
        if self.owed != 0 {
            return Err(DecodeError::WrongLength);
        }
        self.depth -= 1;
        self.owed = outside;
        Ok(value)
    }

    /// Reads an array of exactly `len` items, the form of a record.
    ///
    /// # Errors
    /// As [`Reader::array`]; `WrongLength` if the array has another length.
    pub fn record<T, F>(&mut self, len: usize, items: F) -> Result<T, DecodeError>
    where
        F: FnOnce(&mut Self) -> Result<T, DecodeError>,
    {
        self.array(usize::MAX, |reader, found| {
            if found == len { items(reader) } else { Err(DecodeError::WrongLength) }
        })
    }

    /// Reads one item of any shape, down to its last element, and gives its bytes.
    ///
    /// # Errors
    /// The item is not canonical.
    pub fn item(&mut self) -> Result<&'a [u8], DecodeError> {
        let start = self.at;
        match self.ahead().head()? {
            Head::Bytes(_) => self.bytes(usize::MAX).map(|_| ())?,
            Head::Text(_) => self.text(usize::MAX).map(|_| ())?,
            Head::Array(_) => self.array(usize::MAX, |reader, len| {
                (0..len).try_for_each(|_| reader.item().map(|_| ()))
            })?,
            Head::Uint(_) | Head::Bool(_) | Head::Null => self.head().map(|_| ())?,
        }
        Ok(self.since(start))
    }

    /// Counts items that were read and are dear to check, such as what a slow chip signed.
    ///
    /// # Errors
    /// `TooLong`: one input holds more than [`MAX_DEAR`] of them.
    pub fn count_dear(&mut self, items: usize) -> Result<(), DecodeError> {
        self.dear = self.dear.saturating_add(items);
        if self.dear > MAX_DEAR { Err(DecodeError::TooLong) } else { Ok(()) }
    }

    /// How many bytes have been read: a mark for [`Reader::since`].
    #[must_use]
    pub fn position(&self) -> usize {
        self.at
    }

    /// The bytes read since a mark; none if the mark is not behind.
    #[must_use]
    pub fn since(&self, position: usize) -> &'a [u8] {
        self.all.get(position..self.at).unwrap_or_default()
    }

    /// How many bytes have not been read.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.all.len().saturating_sub(self.at)
    }

    fn ahead(&self) -> Self {
        self.clone()
    }

    fn bounded(&self, claimed: u64, max: usize) -> Result<usize, DecodeError> {
        match usize::try_from(claimed) {
            Ok(len) if len > max => Err(DecodeError::TooLong),
            Ok(len) if len <= self.remaining() => Ok(len),
            _ => Err(DecodeError::Truncated),
        }
    }

    fn take(&mut self, claimed: u64, max: usize) -> Result<&'a [u8], DecodeError> {
        let len = self.bounded(claimed, max)?;
        let start = self.at;
        self.at += len;
        Ok(self.since(start))
    }

    fn head(&mut self) -> Result<Head, DecodeError> {
        self.owed = self.owed.checked_sub(1).ok_or(DecodeError::WrongLength)?;
        let first = self.byte()?;
        let (major, info) = (first >> 5, first & 0x1f);
        match (major, info) {
            (_, 28..=30) | (0 | 1 | 6, 31) => return Err(DecodeError::Reserved),
            (_, 31) => return Err(DecodeError::Indefinite),
            (1, _) => return Err(DecodeError::Negative),
            (5, _) => return Err(DecodeError::Map),
            (6, _) => return Err(DecodeError::Tag),
            (7, 20 | 21) => return Ok(Head::Bool(info == 21)),
            (7, 22) => return Ok(Head::Null),
            (7, 25..=27) => return Err(DecodeError::Float),
            (7, _) => return Err(DecodeError::Simple),
            _ => {}
        }
        let value = self.argument(info)?;
        Ok(match major {
            0 => Head::Uint(value),
            2 => Head::Bytes(value),
            3 => Head::Text(value),
            _ => Head::Array(value),
        })
    }

    /// The number in a head: in its low five bits up to 23, else in the 1, 2, 4 or 8 bytes after.
    fn argument(&mut self, info: u8) -> Result<u64, DecodeError> {
        let (width, least) = match info {
            0..24 => return Ok(u64::from(info)),
            24 => (1, 24),
            25 => (2, 0x100),
            26 => (4, 0x1_0000),
            _ => (8, 0x1_0000_0000),
        };
        let mut value = 0;
        for _ in 0..width {
            value = value << 8 | u64::from(self.byte()?);
        }
        if value < least { Err(DecodeError::Overlong) } else { Ok(value) }
    }

    fn byte(&mut self) -> Result<u8, DecodeError> {
        let byte = *self.all.get(self.at).ok_or(DecodeError::Truncated)?;
        self.at += 1;
        Ok(byte)
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, DecodeError> {
    core::str::from_utf8(bytes).map_err(|_| DecodeError::Utf8)
}
