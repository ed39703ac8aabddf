//! Writes items in their one form (`spec/bytes.md`).

use alloc::vec::Vec;

/// What an item that is dear to check weighs beside its bytes.
const DEAR: usize = 128;

/// Collects canonical bytes, item by item.
///
/// Every call writes the shortest head. [`Writer::array`] writes a head only: the caller writes
/// that many items after it.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
    dear: usize,
}

impl Writer {
    /// A writer with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A writer with room for this many bytes; it grows beyond.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), dear: 0 }
    }

    /// Writes an unsigned integer.
    pub fn uint(&mut self, value: u64) {
        self.head(0, value);
    }

    /// Writes a byte string.
    pub fn bytes(&mut self, value: &[u8]) {
        self.head(2, value.len() as u64);
        self.bytes.extend_from_slice(value);
    }

    /// Writes a text string.
    pub fn text(&mut self, value: &str) {
        self.head(3, value.len() as u64);
        self.bytes.extend_from_slice(value.as_bytes());
    }

    /// Writes the head of an array of `len` items.
    pub fn array(&mut self, len: usize) {
        self.head(4, len as u64);
    }

    /// Writes a boolean.
    pub fn bool(&mut self, value: bool) {
        self.bytes.push(if value { 0xf5 } else { 0xf4 });
    }

    /// Writes null, the form of none.
    pub fn null(&mut self) {
        self.bytes.push(0xf6);
    }

    /// Appends bytes that are canonical already, such as those of an item that was received.
    pub fn raw(&mut self, canonical: &[u8]) {
        self.bytes.extend_from_slice(canonical);
    }

    /// Counts items that were written and are dear to check.
    pub fn count_dear(&mut self, items: usize) {
        self.dear = self.dear.saturating_add(items);
    }

    pub(crate) fn weight(&self) -> usize {
        self.bytes.len().saturating_add(self.dear.saturating_mul(DEAR))
    }

    /// The bytes written.
    #[must_use]
    pub fn into_vec(self) -> Vec<u8> {
        self.bytes
    }

    fn head(&mut self, major: u8, value: u64) {
        let top = major << 5;
        let [.., b3, b2, b1, b0] = value.to_be_bytes();
        match value {
            0..24 => self.bytes.push(top | b0),
            24..0x100 => self.bytes.extend_from_slice(&[top | 24, b0]),
            0x100..0x1_0000 => self.bytes.extend_from_slice(&[top | 25, b1, b0]),
            0x1_0000..0x1_0000_0000 => {
                self.bytes.extend_from_slice(&[top | 26, b3, b2, b1, b0]);
            }
            _ => {
                self.bytes.push(top | 27);
                self.bytes.extend_from_slice(&value.to_be_bytes());
            }
        }
    }
}
