//! Where letters lie until they are collected (`spec/letters.md`, mailboxes).
//!
//! A mailbox keeps sealed bytes under keys that both sides of a relationship can tell and that move
//! with every letter. It knows neither who writes nor who reads. [`suite`] tests any mailbox.

use std::collections::BTreeMap;

/// Boxes with letters in them.
pub trait Mailbox {
    /// Why it fails.
    type Error: std::error::Error + 'static;

    /// Adds a letter to a box. When it returns, the letter stays until it is taken.
    ///
    /// # Errors
    /// The mailbox fails.
    fn put(&mut self, key: &[u8; 32], letter: &[u8]) -> Result<(), Self::Error>;

    /// Takes the oldest letter out of a box.
    ///
    /// # Errors
    /// The mailbox fails.
    fn take(&mut self, key: &[u8; 32]) -> Result<Option<Vec<u8>>, Self::Error>;
}

/// A mailbox in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryMailbox(BTreeMap<[u8; 32], Vec<Vec<u8>>>);

impl MemoryMailbox {
    /// How many letters lie in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }

    /// Whether none does.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Mailbox for MemoryMailbox {
    type Error = std::convert::Infallible;

    fn put(&mut self, key: &[u8; 32], letter: &[u8]) -> Result<(), Self::Error> {
        self.0.entry(*key).or_default().push(letter.to_vec());
        Ok(())
    }

    fn take(&mut self, key: &[u8; 32]) -> Result<Option<Vec<u8>>, Self::Error> {
        let Some(letters) = self.0.get_mut(key) else { return Ok(None) };
        let letter = letters.remove(0);
        if letters.is_empty() {
            self.0.remove(key);
        }
        Ok(Some(letter))
    }
}

/// What every mailbox does, with an empty one.
///
/// # Panics
/// If it does not.
pub fn suite<M: Mailbox>(mut mailbox: M) {
    let (one, other) = ([1; 32], [2; 32]);
    let take = |mailbox: &mut M, key: &[u8; 32]| mailbox.take(key).expect("a sound mailbox");
    assert_eq!(take(&mut mailbox, &one), None, "an empty box gives nothing");
    let long = vec![7; 1 << 20];
    for (key, letter) in [(&one, &b"first"[..]), (&other, &long), (&one, b"second"), (&one, b"")] {
        mailbox.put(key, letter).expect("a sound mailbox");
    }
    assert_eq!(take(&mut mailbox, &one).as_deref(), Some(&b"first"[..]), "the oldest comes first");
    assert_eq!(take(&mut mailbox, &other).as_deref(), Some(&long[..]), "a long letter is whole");
    mailbox.put(&one, b"first").expect("a sound mailbox");
    let rest: Vec<_> = std::iter::from_fn(|| take(&mut mailbox, &one)).collect();
    assert_eq!(rest, [&b"second"[..], b"", b"first"], "equal letters are kept apart");
    assert_eq!((take(&mut mailbox, &one), take(&mut mailbox, &other)), (None, None));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_passes_the_suite() {
        suite(MemoryMailbox::default());
    }
}
