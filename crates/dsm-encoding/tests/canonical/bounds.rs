//! What has a limit holds everything up to it and shows what it holds.

use dsm_encoding::{
    Blob, Decode, DecodeError, Encode, List, MAX_DEAR, Reader, Text, Writer, from_slice, to_vec,
    weigh,
};

#[test]
fn a_blob_holds_what_it_was_made_of_up_to_its_limit() {
    for bytes in [&[][..], &[7], &[7, 8]] {
        let blob = Blob::<2>::try_from(bytes).expect("two bytes at most");
        assert_eq!(Blob::try_from(bytes.to_vec()), Ok(blob.clone()));
        assert_eq!((&*blob, blob.len()), (bytes, bytes.len()));
        assert_eq!(from_slice(&to_vec(&blob)), Ok(blob.clone()));
        assert_eq!(blob.into_inner(), bytes);
    }
    assert_eq!(Blob::<2>::try_from(&[1, 2, 3][..]), Err(DecodeError::TooLong));
    assert_eq!(format!("{:?}", Blob::<2>::try_from(vec![10, 255]).expect("short")), "Blob(0aff)");
}

#[test]
fn a_text_holds_what_it_was_made_of_up_to_its_limit() {
    for words in ["", "a", "ab"] {
        let text = Text::<2>::try_from(words).expect("two bytes at most");
        assert_eq!(Text::try_from(words.to_owned()), Ok(text.clone()));
        assert_eq!((&*text, text.to_string()), (words, words.to_owned()));
        assert_eq!(from_slice(&to_vec(&text)), Ok(text.clone()));
        assert_eq!(text.into_inner(), words);
    }
    // Three bytes, two letters.
    assert_eq!(Text::<2>::try_from("\u{e9}a".to_owned()), Err(DecodeError::TooLong));
}

#[test]
fn a_list_gives_its_elements_in_order_up_to_its_limit() {
    let list = List::<u8, 2>::try_from(vec![1, 2]).expect("two elements");
    assert_eq!((&list).into_iter().copied().collect::<Vec<_>>(), [1, 2]);
    assert_eq!(list.into_iter().collect::<Vec<_>>(), [1, 2]);
    assert_eq!(List::<u8, 2>::try_collect([3, 4]).map(List::into_inner), Ok(vec![3, 4]));
}

#[test]
fn a_reference_is_written_as_what_it_refers_to() {
    fn written<T: Encode>(value: T) -> Vec<u8> {
        to_vec(&value)
    }
    let number: &u64 = &500;
    assert_eq!(written(number), to_vec(number));
}

#[test]
fn a_reader_says_where_it_is_and_does_not_look_past_the_end_of_an_array() {
    let bytes = [0x82, 0x81, 0x18, 0x40, 0xf6];
    let mut reader = Reader::new(&bytes);
    assert_eq!((reader.position(), reader.remaining()), (0, 5));
    let read = reader.array(2, |reader, _| {
        assert!(!reader.peek_null());
        let number = reader.array(1, |reader, _| {
            let number = reader.uint()?;
            assert!(!reader.peek_null(), "that null is not of this array");
            Ok(number)
        })?;
        assert_eq!(reader.position(), 4);
        assert!(reader.peek_null());
        reader.null().map(|()| number)
    });
    assert_eq!(read, Ok(64));
    assert_eq!((reader.position(), reader.remaining()), (5, 0));

    let mut reader = Reader::new(&[0x82, 0x81, 0x01, 0x80]);
    let read = reader.array(2, |reader, _| {
        let number = reader.array(1, |reader, _| {
            let number = reader.uint()?;
            assert!(!reader.peek_array(), "that array is not of this one");
            Ok(number)
        })?;
        assert!(reader.peek_array());
        reader.array(0, |_, _| Ok(number))
    });
    assert_eq!(read, Ok(1));
}

#[test]
fn every_reason_for_a_refusal_has_its_own_words() {
    use DecodeError::*;
    let all = [
        Truncated,
        Trailing,
        Overlong,
        Indefinite,
        Float,
        Negative,
        Map,
        Tag,
        Simple,
        Reserved,
        TooLong,
        TooDeep,
        Unexpected,
        Utf8,
        OutOfRange,
        UnknownChoice,
        WrongLength,
        NotAscending,
        Invalid,
    ];
    let words: std::collections::BTreeSet<String> = all.iter().map(ToString::to_string).collect();
    assert_eq!(words.len(), all.len());
    assert!(words.iter().all(|words| !words.is_empty()));
}

/// Something that says of itself that it is dear to check.
struct Dear;

impl Encode for Dear {
    fn encode(&self, to: &mut Writer) {
        to.count_dear(1);
        to.null();
    }
}

impl Decode for Dear {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        from.null()?;
        from.count_dear(1).map(|()| Self)
    }
}

#[test]
fn an_input_holds_only_so_many_items_that_are_dear_to_check() {
    type Many = List<Dear, { 2 * MAX_DEAR }>;
    type Two = (Many, Many);
    let list = |length| Many::try_collect((0..length).map(|_| Dear)).expect("not too many");
    let nulls = |first, second| to_vec(&(list(first), list(second)));
    assert!(from_slice::<Two>(&nulls(MAX_DEAR, 0)).is_ok());
    assert!(from_slice::<Two>(&nulls(MAX_DEAR - 1, 1)).is_ok());
    for (first, second) in [(MAX_DEAR, 1), (MAX_DEAR + 1, 0)] {
        let refused = from_slice::<Two>(&nulls(first, second)).err();
        assert_eq!(refused, Some(DecodeError::TooLong), "{first} and {second}");
    }
    assert_eq!((weigh(&(0_u64, 1_u64)), weigh(&list(2))), (3, 3 + 2 * 128));
}
