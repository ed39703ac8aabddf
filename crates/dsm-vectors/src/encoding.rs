//! `vectors/encoding`: items in their one form, and bytes that are refused, each with its reason.

use dsm_encoding::{DecodeError, MAX_DEPTH, Reader};
use serde_json::{Value, json};

use crate::json::{as_bytes, hex, items, member, same, text};
use crate::{Problem, Vector};

/// Canonical items and what they are.
const ITEMS: &[(&str, &str)] = &[
    ("00", "0"),
    ("17", "23"),
    ("1818", "24"),
    ("18ff", "255"),
    ("190100", "256"),
    ("19ffff", "65535"),
    ("1a00010000", "65536"),
    ("1affffffff", "4294967295"),
    ("1b0000000100000000", "4294967296"),
    ("1bffffffffffffffff", "18446744073709551615"),
    ("40", "h''"),
    ("4401020304", "h'01020304'"),
    ("60", "\"\""),
    ("62c3bc", "\"\u{fc}\""),
    ("f4", "false"),
    ("f5", "true"),
    ("f6", "null"),
    ("80", "[]"),
    ("8301820203820405", "[1, [2, 3], [4, 5]]"),
    ("83004102f6", "[0, h'02', null]"),
];

/// Bytes that are refused, and why.
const REFUSED: &[(&str, DecodeError)] = &[
    ("", DecodeError::Truncated),
    ("18", DecodeError::Truncated),
    ("4401", DecodeError::Truncated),
    ("8201", DecodeError::Truncated),
    ("5b7fffffffffffffff", DecodeError::Truncated),
    ("0000", DecodeError::Trailing),
    ("1817", DecodeError::Overlong),
    ("1900ff", DecodeError::Overlong),
    ("1a0000ffff", DecodeError::Overlong),
    ("1b00000000ffffffff", DecodeError::Overlong),
    ("5800", DecodeError::Overlong),
    ("9800", DecodeError::Overlong),
    ("5fff", DecodeError::Indefinite),
    ("9fff", DecodeError::Indefinite),
    ("ff", DecodeError::Indefinite),
    ("f90000", DecodeError::Float),
    ("fb3ff0000000000000", DecodeError::Float),
    ("20", DecodeError::Negative),
    ("a0", DecodeError::Map),
    ("c000", DecodeError::Tag),
    ("f7", DecodeError::Simple),
    ("f8ff", DecodeError::Simple),
    ("1c", DecodeError::Reserved),
    ("1f", DecodeError::Reserved),
    ("61ff", DecodeError::Utf8),
];

pub(crate) fn vectors() -> Vec<Vector> {
    let good = ITEMS.iter().map(|(bytes, item)| json!({ "bytes": bytes, "item": item }));
    let mut bad: Vec<Value> = REFUSED
        .iter()
        .map(|(bytes, error)| json!({ "bytes": bytes, "error": format!("{error:?}") }))
        .collect();
    let mut deep = vec![0x81; usize::from(MAX_DEPTH) + 1];
    deep.push(0);
    bad.push(json!({ "bytes": hex(&deep), "error": "TooDeep" }));
    vec![
        Vector::new(
            "encoding",
            "items",
            "Canonical items, with their diagnostic notation.",
            json!({ "cases": good.collect::<Vec<_>>() }),
        ),
        Vector::new(
            "encoding",
            "refused",
            "Bytes that are no canonical item, with the first reason.",
            json!({ "cases": bad }),
        ),
    ]
}

pub(crate) fn check(value: &Value) -> Result<(), Problem> {
    for case in items(value, "cases")? {
        let bytes = as_bytes(member(case, "bytes")?)?;
        let mut reader = Reader::new(&bytes);
        let read = reader.item();
        let read =
            read.and(if reader.remaining() == 0 { Ok(()) } else { Err(DecodeError::Trailing) });
        match (read, case.get("error")) {
            (Ok(()), None) => {
                text(case, "item")?;
            }
            (Err(error), Some(said)) => same(said, &json!(format!("{error:?}")))?,
            (read, _) => return Err(Problem::new(format!("{}: {read:?}", hex(&bytes)))),
        }
    }
    Ok(())
}
