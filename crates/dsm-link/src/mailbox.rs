//! Where letters lie until they are collected (`spec/letters.md`, mailboxes).
//!
//! A mailbox keeps sealed bytes under keys that both sides of a relationship can tell. It knows neither
//! who writes nor who reads. [`suite`] tests any mailbox.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec;
use alloc::vec::Vec;

/// The longest letter that a mailbox keeps.
pub const MAX_LETTER: usize = 1 << 20;

/// Boxes with letters in them.
pub trait Mailbox {
    /// Why it fails.
    type Error: core::error::Error + Send + Sync + 'static;

    /// Adds a letter to a box. When it returns, the letter stays until it is taken.
    ///
    /// # Errors
    /// The mailbox fails, or the letter is longer than [`MAX_LETTER`].
    fn put(&mut self, key: &[u8; 32], letter: &[u8]) -> Result<(), Self::Error>;

    /// Shows the oldest letter of a box, and then removes it if `read` says that it is done with it.
    /// So a letter is never lost on its way out; it may be seen again. Gives whether there was one.
    ///
    /// # Errors
    /// The mailbox fails: before `read`, or when the letter is to be removed.
    fn take(
        &mut self,
        key: &[u8; 32],
        read: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<bool, Self::Error>;
}

/// A mailbox in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryMailbox(BTreeMap<[u8; 32], VecDeque<Vec<u8>>>);

impl MemoryMailbox {
    /// How many letters lie in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.values().map(VecDeque::len).sum()
    }

    /// Whether none does.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Mailbox for MemoryMailbox {
    type Error = core::convert::Infallible;

    fn put(&mut self, key: &[u8; 32], letter: &[u8]) -> Result<(), Self::Error> {
        self.0.entry(*key).or_default().push_back(letter.to_vec());
        Ok(())
    }

    fn take(
        &mut self,
        key: &[u8; 32],
        read: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<bool, Self::Error> {
        let Some(letters) = self.0.get_mut(key) else { return Ok(false) };
        if letters.front().is_some_and(|letter| read(letter)) {
            letters.pop_front();
        }
        if letters.is_empty() {
            self.0.remove(key);
        }
        Ok(true)
    }
}

/// The oldest letter of a box, if the mailbox is sound.
fn oldest<M: Mailbox>(mailbox: &mut M, key: &[u8; 32], done: bool) -> Option<Vec<u8>> {
    let mut shown = Vec::new();
    let taken = mailbox.take(key, &mut |letter| {
        shown.push(letter.to_vec());
        done
    });
    assert_eq!(taken.ok(), Some(!shown.is_empty()), "a mailbox shows what there is");
    assert!(shown.len() <= 1, "one letter at a time");
    shown.pop()
}

/// What every mailbox does, with an empty one.
///
/// # Panics
/// If it does not.
pub fn suite<M: Mailbox>(mut mailbox: M) {
    let (one, other) = ([1; 32], [2; 32]);
    assert_eq!(oldest(&mut mailbox, &one, true), None, "an empty box gives nothing");
    let long = vec![7; MAX_LETTER];
    for (key, letter) in [(&one, &b"first"[..]), (&other, &long), (&one, b"second"), (&one, b"")] {
        assert!(mailbox.put(key, letter).is_ok(), "there is room");
    }
    for done in [false, true] {
        let first = oldest(&mut mailbox, &one, done);
        assert_eq!(first.as_deref(), Some(&b"first"[..]), "the oldest comes first");
    }
    let whole = oldest(&mut mailbox, &other, true);
    assert_eq!(whole.as_deref(), Some(&long[..]), "a long letter is whole");
    assert!(mailbox.put(&one, b"first").is_ok(), "there is room");
    let rest: Vec<_> = core::iter::from_fn(|| oldest(&mut mailbox, &one, true)).collect();
    assert_eq!(rest, [&b"second"[..], b"", b"first"], "equal letters are kept apart");
    assert_eq!(oldest(&mut mailbox, &other, true), None);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_passes_the_suite() {
        suite(MemoryMailbox::default());
    }
}
