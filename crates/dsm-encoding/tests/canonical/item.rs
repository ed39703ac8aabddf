//! Any item of the subset, as a value.

use dsm_encoding::{Decode, DecodeError, Encode, List, Reader, Writer};
use proptest::collection::vec;
use proptest::prelude::*;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Item {
    Uint(u64),
    Bytes(Vec<u8>),
    Text(String),
    Bool(bool),
    Null,
    Array(List<Item, 1000>),
}

type Read = fn(&mut Reader<'_>) -> Result<Item, DecodeError>;

impl Encode for Item {
    fn encode(&self, to: &mut Writer) {
        match self {
            Self::Uint(value) => to.uint(*value),
            Self::Bytes(value) => to.bytes(value),
            Self::Text(value) => to.text(value),
            Self::Bool(value) => to.bool(*value),
            Self::Null => to.null(),
            Self::Array(value) => value.encode(to),
        }
    }
}

impl Decode for Item {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let readers: [Read; 6] = [
            |from| from.uint().map(Self::Uint),
            |from| from.bytes(usize::MAX).map(|bytes| Self::Bytes(bytes.to_vec())),
            |from| from.text(usize::MAX).map(|text| Self::Text(text.into())),
            |from| from.bool().map(Self::Bool),
            |from| from.null().map(|()| Self::Null),
            |from| List::decode(from).map(Self::Array),
        ];
        for read in readers {
            let mut attempt = from.clone();
            match read(&mut attempt) {
                Err(DecodeError::Unexpected) => {}
                Err(error) => return Err(error),
                Ok(item) => {
                    *from = attempt;
                    return Ok(item);
                }
            }
        }
        Err(DecodeError::Unexpected)
    }
}

/// Integers near every width of a head as often as any other.
pub(crate) fn integers() -> impl Strategy<Value = u64> {
    prop_oneof![
        any::<u64>(),
        (0u32..64, 0u64..3)
            .prop_map(|(bit, more)| (1u64 << bit).wrapping_sub(1).wrapping_add(more)),
        0u64..30,
    ]
}

pub(crate) fn items() -> impl Strategy<Value = Item> {
    let leaf = prop_oneof![
        integers().prop_map(Item::Uint),
        vec(any::<u8>(), 0..40).prop_map(Item::Bytes),
        any::<String>().prop_map(Item::Text),
        any::<bool>().prop_map(Item::Bool),
        Just(Item::Null),
    ];
    leaf.prop_recursive(6, 80, 30, |inner| {
        vec(inner, 0..30).prop_map(|items| Item::Array(items.try_into().unwrap()))
    })
}

pub(crate) fn bytes_of(hex: &str) -> Vec<u8> {
    assert_eq!(hex.len() % 2, 0);
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}
