//! The two traits and the forms of plain values (`spec/bytes.md`).
//!
//! Integers are CBOR integers, `[u8; N]` is a byte string of N bytes, a tuple is an array and none
//! is null. An option of an option has no form of its own: none in some would read back as none.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::{DecodeError, Reader, Writer};

/// A value that has canonical bytes.
pub trait Encode {
    /// Writes the value as one item.
    fn encode(&self, to: &mut Writer);
}

/// A value that can be read from its canonical bytes, and from no others.
pub trait Decode: Sized {
    /// Reads the value as one item.
    ///
    /// # Errors
    /// The bytes are not those that [`Encode`] would write for any value.
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError>;
}

/// Most of what is hashed fits, so that its bytes need not grow step by step.
const USUAL_SIZE: usize = 256;

/// The canonical bytes of a value.
pub fn to_vec<T: Encode + ?Sized>(value: &T) -> Vec<u8> {
    let mut writer = Writer::with_capacity(USUAL_SIZE);
    value.encode(&mut writer);
    writer.into_vec()
}

/// What a value takes of a message: its bytes, and for each item that is dear to check 128 more. So two values whose weights fit in a mebibyte
/// are read in one message.
pub fn weigh<T: Encode + ?Sized>(value: &T) -> usize {
    let mut writer = Writer::with_capacity(USUAL_SIZE);
    value.encode(&mut writer);
    writer.weight()
}

/// The value whose canonical bytes these are.
///
/// # Errors
/// The bytes are not canonical for this type, or more bytes follow.
pub fn from_slice<T: Decode>(bytes: &[u8]) -> Result<T, DecodeError> {
    let mut reader = Reader::new(bytes);
    let value = T::decode(&mut reader)?;
    if reader.remaining() == 0 { Ok(value) } else { Err(DecodeError::Trailing) }
}

macro_rules! uints {
    ($($uint:ty),*) => {$(
        impl Encode for $uint {
            fn encode(&self, to: &mut Writer) {
                to.uint(u64::from(*self));
            }
        }

        impl Decode for $uint {
            fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
                Self::try_from(from.uint()?).map_err(|_| DecodeError::OutOfRange)
            }
        }
    )*};
}
uints!(u8, u16, u32, u64);

impl Encode for bool {
    fn encode(&self, to: &mut Writer) {
        to.bool(*self);
    }
}

impl Decode for bool {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        from.bool()
    }
}

impl Encode for str {
    fn encode(&self, to: &mut Writer) {
        to.text(self);
    }
}

impl<const N: usize> Encode for [u8; N] {
    fn encode(&self, to: &mut Writer) {
        to.bytes(self);
    }
}

impl<const N: usize> Decode for [u8; N] {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        from.bytes(usize::MAX)?.try_into().map_err(|_| DecodeError::WrongLength)
    }
}

impl<T: Encode> Encode for Option<T> {
    fn encode(&self, to: &mut Writer) {
        match self {
            Some(value) => value.encode(to),
            None => to.null(),
        }
    }
}

impl<T: Decode> Decode for Option<T> {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        if from.peek_null() { from.null().map(|()| None) } else { T::decode(from).map(Some) }
    }
}

impl<T: Encode + ?Sized> Encode for &T {
    fn encode(&self, to: &mut Writer) {
        (**self).encode(to);
    }
}

impl<T: Encode + ?Sized> Encode for Box<T> {
    fn encode(&self, to: &mut Writer) {
        (**self).encode(to);
    }
}

impl<T: Decode> Decode for Box<T> {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        T::decode(from).map(Self::new)
    }
}

macro_rules! tuples {
    ($($len:literal: $($name:ident $place:tt),*;)*) => {$(
        impl<$($name: Encode),*> Encode for ($($name,)*) {
            fn encode(&self, to: &mut Writer) {
                to.array($len);
                $(self.$place.encode(to);)*
            }
        }

        impl<$($name: Decode),*> Decode for ($($name,)*) {
            fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
                from.record($len, |from| Ok(($($name::decode(from)?,)*)))
            }
        }
    )*};
}
tuples! {
    1: A 0;
    2: A 0, B 1;
    3: A 0, B 1, C 2;
    4: A 0, B 1, C 2, D 3;
    5: A 0, B 1, C 2, D 3, E 4;
    6: A 0, B 1, C 2, D 3, E 4, F 5;
    7: A 0, B 1, C 2, D 3, E 4, F 5, G 6;
    8: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7;
}
