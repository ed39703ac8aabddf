//! Arrays of one kind of element, with a limit in the type (`spec/bytes.md`).

use alloc::vec::Vec;
use core::ops::Deref;

use crate::{Decode, DecodeError, Encode, Reader, Writer};

/// At most `MAX` elements; an empty list is an empty array.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct List<T, const MAX: usize>(Vec<T>);

impl<T, const MAX: usize> List<T, MAX> {
    /// A list with no element.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds an element at the end.
    ///
    /// # Errors
    /// `TooLong` if the list is full.
    pub fn push(&mut self, element: T) -> Result<(), DecodeError> {
        if self.0.len() >= MAX {
            return Err(DecodeError::TooLong);
        }
        self.0.push(element);
        Ok(())
    }

    /// A list of what an iterator gives; it is not asked for more than one element over the limit.
    ///
    /// # Errors
    /// `TooLong` if it gives more than `MAX` elements.
    pub fn try_collect<I: IntoIterator<Item = T>>(elements: I) -> Result<Self, DecodeError> {
        let mut list = Self::new();
        elements.into_iter().try_for_each(|element| list.push(element))?;
        Ok(list)
    }

    /// The elements.
    #[must_use]
    pub fn into_inner(self) -> Vec<T> {
        self.0
    }
}

impl<T, const MAX: usize> Default for List<T, MAX> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, const MAX: usize> Deref for List<T, MAX> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T, const MAX: usize> TryFrom<Vec<T>> for List<T, MAX> {
    type Error = DecodeError;

    fn try_from(elements: Vec<T>) -> Result<Self, DecodeError> {
        if elements.len() > MAX { Err(DecodeError::TooLong) } else { Ok(Self(elements)) }
    }
}

impl<T, const MAX: usize> IntoIterator for List<T, MAX> {
    type Item = T;
    type IntoIter = alloc::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T, const MAX: usize> IntoIterator for &'a List<T, MAX> {
    type Item = &'a T;
    type IntoIter = core::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<T: Encode, const MAX: usize> Encode for List<T, MAX> {
    fn encode(&self, to: &mut Writer) {
        to.array(self.0.len());
        self.0.iter().for_each(|element| element.encode(to));
    }
}

impl<T: Decode, const MAX: usize> Decode for List<T, MAX> {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        from.array(MAX, |from, len| {
            // An element may take more memory than bytes: a claimed length alone reserves no more
            // memory than there are bytes left, the rest only as elements really decode.
            let mut elements =
                Vec::with_capacity(len.min(from.remaining() / size_of::<T>().max(1)));
            for _ in 0..len {
                elements.push(T::decode(from)?);
            }
            Ok(Self(elements))
        })
    }
}
