//! The examples of RFC 8949 appendix A, all of them, as in the JSON form that its authors publish.

use dsm_encoding::{DecodeError, Reader, from_slice, to_vec};

use crate::item::{Item, bytes_of};

fn array<const N: usize>(items: [Item; N]) -> Item {
    Item::Array(Vec::from(items).try_into().unwrap())
}

fn uints<const N: usize>(values: [u64; N]) -> Item {
    array(values.map(Item::Uint))
}

fn text(text: &str) -> Item {
    Item::Text(text.into())
}

fn in_the_subset() -> Vec<(&'static str, Item)> {
    vec![
        ("00", Item::Uint(0)),
        ("01", Item::Uint(1)),
        ("0a", Item::Uint(10)),
        ("17", Item::Uint(23)),
        ("1818", Item::Uint(24)),
        ("1819", Item::Uint(25)),
        ("1864", Item::Uint(100)),
        ("1903e8", Item::Uint(1_000)),
        ("1a000f4240", Item::Uint(1_000_000)),
        ("1b000000e8d4a51000", Item::Uint(1_000_000_000_000)),
        ("1bffffffffffffffff", Item::Uint(u64::MAX)),
        ("f4", Item::Bool(false)),
        ("f5", Item::Bool(true)),
        ("f6", Item::Null),
        ("40", Item::Bytes(vec![])),
        ("4401020304", Item::Bytes(vec![1, 2, 3, 4])),
        ("60", text("")),
        ("6161", text("a")),
        ("6449455446", text("IETF")),
        ("62225c", text("\"\\")),
        ("62c3bc", text("\u{fc}")),
        ("63e6b0b4", text("\u{6c34}")),
        ("64f0908591", text("\u{10151}")),
        ("80", array([])),
        ("83010203", uints([1, 2, 3])),
        ("8301820203820405", array([Item::Uint(1), uints([2, 3]), uints([4, 5])])),
        (
            "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
            uints(std::array::from_fn::<u64, 25, _>(|at| at as u64 + 1)),
        ),
    ]
}

const OUTSIDE: &[(&str, DecodeError)] = &[
    ("c249010000000000000000", DecodeError::Tag),
    ("3bffffffffffffffff", DecodeError::Negative),
    ("c349010000000000000000", DecodeError::Tag),
    ("20", DecodeError::Negative),
    ("29", DecodeError::Negative),
    ("3863", DecodeError::Negative),
    ("3903e7", DecodeError::Negative),
    ("f90000", DecodeError::Float),
    ("f98000", DecodeError::Float),
    ("f93c00", DecodeError::Float),
    ("fb3ff199999999999a", DecodeError::Float),
    ("f93e00", DecodeError::Float),
    ("f97bff", DecodeError::Float),
    ("fa47c35000", DecodeError::Float),
    ("fa7f7fffff", DecodeError::Float),
    ("fb7e37e43c8800759c", DecodeError::Float),
    ("f90001", DecodeError::Float),
    ("f90400", DecodeError::Float),
    ("f9c400", DecodeError::Float),
    ("fbc010666666666666", DecodeError::Float),
    ("f97c00", DecodeError::Float),
    ("f97e00", DecodeError::Float),
    ("f9fc00", DecodeError::Float),
    ("fa7f800000", DecodeError::Float),
    ("fa7fc00000", DecodeError::Float),
    ("faff800000", DecodeError::Float),
    ("fb7ff0000000000000", DecodeError::Float),
    ("fb7ff8000000000000", DecodeError::Float),
    ("fbfff0000000000000", DecodeError::Float),
    ("f7", DecodeError::Simple),
    ("f0", DecodeError::Simple),
    ("f818", DecodeError::Simple),
    ("f8ff", DecodeError::Simple),
    ("c074323031332d30332d32315432303a30343a30305a", DecodeError::Tag),
    ("c11a514b67b0", DecodeError::Tag),
    ("c1fb41d452d9ec200000", DecodeError::Tag),
    ("d74401020304", DecodeError::Tag),
    ("d818456449455446", DecodeError::Tag),
    ("d82076687474703a2f2f7777772e6578616d706c652e636f6d", DecodeError::Tag),
    ("a0", DecodeError::Map),
    ("a201020304", DecodeError::Map),
    ("a26161016162820203", DecodeError::Map),
    ("826161a161626163", DecodeError::Map),
    ("a56161614161626142616361436164614461656145", DecodeError::Map),
    ("5f42010243030405ff", DecodeError::Indefinite),
    ("7f657374726561646d696e67ff", DecodeError::Indefinite),
    ("9fff", DecodeError::Indefinite),
    ("9f018202039f0405ffff", DecodeError::Indefinite),
    ("9f01820203820405ff", DecodeError::Indefinite),
    ("83018202039f0405ff", DecodeError::Indefinite),
    ("83019f0203ff820405", DecodeError::Indefinite),
    ("9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff", DecodeError::Indefinite),
    ("bf61610161629f0203ffff", DecodeError::Indefinite),
    ("826161bf61626163ff", DecodeError::Indefinite),
    ("bf6346756ef563416d7421ff", DecodeError::Indefinite),
];

#[test]
fn examples_in_the_subset_are_read_and_written_back() {
    for (hex, item) in in_the_subset() {
        let bytes = bytes_of(hex);
        assert_eq!(from_slice(&bytes).as_ref(), Ok(&item), "{hex}");
        assert_eq!(to_vec(&item), bytes, "{hex}");
        assert_eq!(Reader::new(&bytes).item(), Ok(bytes.as_slice()), "{hex}");
    }
}

#[test]
fn examples_outside_the_subset_are_refused_each_for_its_own_reason() {
    for (hex, reason) in OUTSIDE {
        let bytes = bytes_of(hex);
        assert_eq!(from_slice::<Item>(&bytes), Err(*reason), "{hex}");
        assert_eq!(Reader::new(&bytes).item(), Err(*reason), "{hex}");
    }
}

#[test]
fn no_example_is_left_out() {
    assert_eq!(in_the_subset().len() + OUTSIDE.len(), 82);
}
