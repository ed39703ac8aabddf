//! Laws that hold for every value, every mutation and any bytes.

use dsm_encoding::{
    Blob, Decode, DecodeError, Encode, List, Reader, Text, choice, from_slice, record, to_vec,
};
use minicbor::data::Type;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::item::{Item, integers, items};

#[derive(Clone, Debug, PartialEq)]
struct Everything {
    small: (u8, u16, u32, u64, bool),
    maybe: Option<[u8; 4]>,
    texts: List<Text<20>, 4>,
    blob: Blob<300>,
    shape: Box<Shape>,
}
record! { Everything { small, maybe, texts, blob, shape } }

#[derive(Clone, Debug, PartialEq)]
enum Shape {
    Dot,
    Pair { left: List<Option<u64>, 30>, right: ((u8,), [u8; 0]) },
}
choice! { Shape { 0 => Dot {}, 24 => Pair { left, right } } }

fn shapes() -> impl Strategy<Value = Shape> {
    let left = vec(proptest::option::of(integers()), 0..30);
    prop_oneof![
        Just(Shape::Dot),
        (left, any::<u8>()).prop_map(|(left, right)| Shape::Pair {
            left: left.try_into().unwrap(),
            right: ((right,), [])
        })
    ]
}

fn everything() -> impl Strategy<Value = Everything> {
    let small = (any::<u8>(), any::<u16>(), any::<u32>(), integers(), any::<bool>());
    let texts = vec("\\PC{0,5}", 0..4).prop_map(|texts| {
        List::try_collect(texts.iter().map(|text| Text::try_from(text.as_str()).unwrap())).unwrap()
    });
    (small, any::<Option<[u8; 4]>>(), texts, vec(any::<u8>(), 0..300), shapes()).prop_map(
        |(small, maybe, texts, blob, shape)| Everything {
            small,
            maybe,
            texts,
            blob: blob.try_into().unwrap(),
            shape: Box::new(shape),
        },
    )
}

/// One byte flipped in one bit, set, removed, doubled or added.
fn mutate(mut bytes: Vec<u8>, at: Index, kind: u8, byte: u8) -> Vec<u8> {
    let at = at.index(bytes.len());
    match kind % 5 {
        0 => bytes[at] ^= 1 << (byte % 8),
        1 => bytes[at] = byte,
        2 => drop(bytes.remove(at)),
        3 => bytes.insert(at, bytes[at]),
        _ => bytes.insert(at, byte),
    }
    bytes
}

fn only_its_own_bytes<T: Decode + Encode>(bytes: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(value) = from_slice::<T>(bytes) {
        prop_assert_eq!(to_vec(&value), bytes);
    }
    Ok(())
}

fn written_by_the_oracle(item: &Item, to: &mut minicbor::Encoder<Vec<u8>>) {
    match item {
        Item::Uint(value) => drop(to.u64(*value).unwrap()),
        Item::Bytes(value) => drop(to.bytes(value).unwrap()),
        Item::Text(value) => drop(to.str(value).unwrap()),
        Item::Bool(value) => drop(to.bool(*value).unwrap()),
        Item::Null => drop(to.null().unwrap()),
        Item::Array(value) => {
            to.array(value.len() as u64).unwrap();
            value.iter().for_each(|item| written_by_the_oracle(item, to));
        }
    }
}

fn read_by_the_oracle(from: &mut minicbor::Decoder<'_>) -> Item {
    match from.datatype().unwrap() {
        Type::Bytes => Item::Bytes(from.bytes().unwrap().to_vec()),
        Type::String => Item::Text(from.str().unwrap().into()),
        Type::Bool => Item::Bool(from.bool().unwrap()),
        Type::Null => from.null().map(|()| Item::Null).unwrap(),
        Type::Array => {
            let len = from.array().unwrap().unwrap();
            Item::Array(List::try_collect((0..len).map(|_| read_by_the_oracle(from))).unwrap())
        }
        _ => Item::Uint(from.u64().unwrap()),
    }
}

proptest! {
    #[test]
    fn every_item_comes_back(item in items()) {
        let bytes = to_vec(&item);
        prop_assert_eq!(from_slice(&bytes), Ok(item));
        prop_assert_eq!(Reader::new(&bytes).item(), Ok(bytes.as_slice()));
    }

    #[test]
    fn every_value_comes_back(value in everything()) {
        prop_assert_eq!(from_slice(&to_vec(&value)), Ok(value));
    }

    #[test]
    fn another_implementation_writes_and_reads_the_same(item in items()) {
        let mut encoder = minicbor::Encoder::new(Vec::new());
        written_by_the_oracle(&item, &mut encoder);
        let bytes = to_vec(&item);
        prop_assert_eq!(encoder.writer(), &bytes);
        prop_assert_eq!(read_by_the_oracle(&mut minicbor::Decoder::new(&bytes)), item);
    }

    #[test]
    fn a_mutation_is_refused_or_is_another_value(
        value in everything(), at: Index, kind: u8, byte: u8,
    ) {
        only_its_own_bytes::<Everything>(&mutate(to_vec(&value), at, kind, byte))?;
    }

    #[test]
    fn a_mutated_item_is_refused_or_is_another_item(item in items(), at: Index, kind: u8, byte: u8) {
        let bytes = mutate(to_vec(&item), at, kind, byte);
        only_its_own_bytes::<Item>(&bytes)?;
        if let Ok(item) = from_slice::<Item>(&bytes) {
            prop_assert_eq!(read_by_the_oracle(&mut minicbor::Decoder::new(&bytes)), item);
        }
    }

    #[test]
    fn any_bytes_are_refused_or_are_a_value(bytes in vec(any::<u8>(), 0..64)) {
        only_its_own_bytes::<Item>(&bytes)?;
        only_its_own_bytes::<Everything>(&bytes)?;
        only_its_own_bytes::<Shape>(&bytes)?;
        prop_assert_eq!(
            from_slice::<Item>(&bytes).is_ok(),
            Reader::new(&bytes).item() == Ok(bytes.as_slice())
        );
    }

    #[test]
    fn a_value_cut_short_is_refused(value in everything(), at: Index) {
        let mut bytes = to_vec(&value);
        bytes.truncate(at.index(bytes.len()));
        prop_assert_eq!(from_slice::<Everything>(&bytes), Err(DecodeError::Truncated));
    }
}
