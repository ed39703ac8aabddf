//! Each reason to refuse, at its edge.

use dsm_encoding::{
    Blob, Decode, DecodeError, List, MAX_DEPTH, Reader, Text, Writer, choice, from_slice, record,
    to_vec,
};

use crate::item::{Item, bytes_of};

#[derive(Debug, PartialEq)]
struct Pair {
    left: u64,
    right: Option<bool>,
}
record! { Pair { left, right } }

#[derive(Debug, PartialEq)]
enum Shape {
    Dot,
    Line { length: u8, pair: Pair },
}
choice! { Shape { 0 => Dot {}, 300 => Line { length, pair } } }

fn refused<T: Decode + std::fmt::Debug>(hex: &str) -> DecodeError {
    from_slice::<T>(&bytes_of(hex)).unwrap_err()
}

#[test]
fn refuses_integers_that_are_not_shortest() {
    for hex in ["1817", "1900ff", "1a0000ffff", "1b00000000ffffffff", "5801ff", "780161", "980101"]
    {
        assert_eq!(refused::<Item>(hex), DecodeError::Overlong, "{hex}");
    }
    for hex in ["1818", "190100", "1a00010000", "1b0000000100000000"] {
        assert!(from_slice::<Item>(&bytes_of(hex)).is_ok(), "{hex}");
    }
}

#[test]
fn refuses_reserved_heads_and_lone_breaks() {
    for major in 0..8u8 {
        for info in 28..31 {
            assert_eq!(from_slice::<Item>(&[major << 5 | info]), Err(DecodeError::Reserved));
        }
    }
    for hex in ["1f", "3f", "df"] {
        assert_eq!(refused::<Item>(hex), DecodeError::Reserved);
    }
    assert_eq!(refused::<Item>("ff"), DecodeError::Indefinite);
}

#[test]
fn refuses_bytes_that_end_too_soon_or_too_late() {
    for hex in
        ["", "18", "19ff", "1affffff", "1bffffffffffffff", "42ff", "6261", "8100ff", "820081"]
    {
        let error = refused::<Item>(hex);
        let expected = if hex == "8100ff" { DecodeError::Trailing } else { DecodeError::Truncated };
        assert_eq!(error, expected, "{hex}");
    }
    assert_eq!(refused::<u8>("0000"), DecodeError::Trailing);
}

#[test]
fn refuses_arrays_nested_too_deep() {
    let nested = |depth: u8| {
        let mut bytes = vec![0x81; usize::from(depth)];
        bytes.push(0);
        bytes
    };
    assert!(from_slice::<Item>(&nested(MAX_DEPTH)).is_ok());
    assert_eq!(from_slice::<Item>(&nested(MAX_DEPTH + 1)), Err(DecodeError::TooDeep));
    assert_eq!(Reader::new(&nested(200)).item(), Err(DecodeError::TooDeep));
    let million = vec![0x81; 1 << 20];
    assert_eq!(Reader::new(&million).item(), Err(DecodeError::TooDeep));
}

#[test]
fn counts_depth_anew_beside_and_not_below() {
    let mut bytes = vec![0x82];
    for _ in 0..2 {
        bytes.extend(vec![0x81; usize::from(MAX_DEPTH) - 1]);
        bytes.push(0);
    }
    assert!(from_slice::<Item>(&bytes).is_ok());
}

#[test]
fn refuses_more_than_the_type_allows() {
    assert_eq!(refused::<List<u8, 2>>("83000000"), DecodeError::TooLong);
    assert_eq!(refused::<Blob<2>>("43000000"), DecodeError::TooLong);
    assert_eq!(refused::<Text<2>>("63616161"), DecodeError::TooLong);
    assert_eq!(
        from_slice::<List<u8, 2>>(&bytes_of("820102")).map(List::into_inner),
        Ok(vec![1, 2])
    );
    assert_eq!(refused::<[u8; 2]>("4100"), DecodeError::WrongLength);
    assert_eq!(refused::<[u8; 2]>("43000000"), DecodeError::WrongLength);
    assert_eq!(refused::<u8>("190100"), DecodeError::OutOfRange);
    assert_eq!(refused::<u16>("1a00010000"), DecodeError::OutOfRange);
    assert_eq!(refused::<u32>("1b0000000100000000"), DecodeError::OutOfRange);
}

#[test]
fn a_list_blob_or_text_cannot_be_made_too_long() {
    let mut list = List::<u8, 2>::try_from(vec![1]).unwrap();
    assert_eq!(list.push(2), Ok(()));
    assert_eq!(list.push(3), Err(DecodeError::TooLong));
    assert_eq!(*list, [1, 2]);
    assert_eq!(List::<u8, 2>::try_from(vec![0; 3]), Err(DecodeError::TooLong));
    assert_eq!(List::<u8, 2>::try_collect(0..), Err(DecodeError::TooLong));
    assert_eq!(Blob::<2>::try_from(vec![0; 3]), Err(DecodeError::TooLong));
    assert_eq!(Text::<2>::try_from("abc"), Err(DecodeError::TooLong));
}

#[test]
fn refuses_text_that_is_not_utf8() {
    for hex in ["61ff", "62c328", "63eda080", "62c080"] {
        assert_eq!(refused::<Item>(hex), DecodeError::Utf8, "{hex}");
        assert_eq!(Reader::new(&bytes_of(hex)).item(), Err(DecodeError::Utf8), "{hex}");
    }
}

#[test]
fn refuses_an_item_of_another_kind() {
    for hex in ["40", "60", "80", "f5", "f6"] {
        assert_eq!(refused::<u64>(hex), DecodeError::Unexpected, "{hex}");
    }
    for hex in ["00", "60", "80", "f5", "f6"] {
        assert_eq!(refused::<Blob<9>>(hex), DecodeError::Unexpected, "{hex}");
    }
    for hex in ["00", "40", "60", "f5", "f6"] {
        assert_eq!(refused::<Pair>(hex), DecodeError::Unexpected, "{hex}");
        assert_eq!(refused::<Shape>(hex), DecodeError::Unexpected, "{hex}");
    }
}

#[test]
fn a_record_has_exactly_its_fields() {
    let pair = Pair { left: 1, right: None };
    assert_eq!(to_vec(&pair), bytes_of("8201f6"));
    assert_eq!(from_slice(&bytes_of("8201f6")), Ok(pair));
    for hex in ["80", "8101", "8301f6f6"] {
        assert_eq!(refused::<Pair>(hex), DecodeError::WrongLength, "{hex}");
    }
    assert_eq!(refused::<Pair>("82f601"), DecodeError::Unexpected);
}

#[test]
fn a_choice_has_a_known_number_and_exactly_its_fields() {
    let line = Shape::Line { length: 7, pair: Pair { left: 1, right: Some(true) } };
    assert_eq!(to_vec(&line), bytes_of("8319012c078201f5"));
    assert_eq!(from_slice(&bytes_of("8319012c078201f5")), Ok(line));
    assert_eq!(from_slice(&bytes_of("8100")), Ok(Shape::Dot));
    for hex in ["80", "8200f6", "8219012c07", "8419012c078201f5f6"] {
        assert_eq!(refused::<Shape>(hex), DecodeError::WrongLength, "{hex}");
    }
    assert_eq!(refused::<Shape>("8101"), DecodeError::UnknownChoice);
    assert_eq!(refused::<Shape>("81f6"), DecodeError::Unexpected);
}

#[test]
fn a_decoder_that_reads_too_few_or_too_many_items_of_an_array_is_refused() {
    let bytes = bytes_of("8201f600");
    let few = Reader::new(&bytes).array(9, |reader, _| reader.uint());
    assert_eq!(few, Err(DecodeError::WrongLength));
    let mut reader = Reader::new(&bytes);
    let many = reader.array(9, |reader, _| {
        reader.uint()?;
        reader.null()?;
        assert!(!reader.peek_null());
        reader.uint()
    });
    assert_eq!(many, Err(DecodeError::WrongLength));
}

#[test]
fn a_reader_gives_back_the_bytes_it_read() {
    let bytes = bytes_of("8201f600");
    let mut reader = Reader::new(&bytes);
    let start = reader.position();
    assert_eq!(reader.item(), Ok(&bytes[..3]));
    assert_eq!(reader.since(start), &bytes[..3]);
    assert_eq!(reader.remaining(), 1);
    assert_eq!(reader.since(100), b"");
    let mut writer = Writer::new();
    writer.raw(reader.since(start));
    writer.uint(0);
    assert_eq!(writer.into_vec(), bytes);
}
