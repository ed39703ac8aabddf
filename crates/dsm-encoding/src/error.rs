//! The reasons for which bytes are not canonical (`spec/bytes.md`).

use core::fmt;

/// Why bytes were refused.
///
/// Each reason is about form alone; a value that is well formed but against a rule is refused
/// elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DecodeError {
    /// The bytes end inside an item, or a length claims more than what remains.
    Truncated,
    /// Bytes are left after the value.
    Trailing,
    /// An integer or a length is not in its shortest form.
    Overlong,
    /// An item of indefinite length, or a break.
    Indefinite,
    /// A floating point number.
    Float,
    /// A negative integer.
    Negative,
    /// A map.
    Map,
    /// A tag.
    Tag,
    /// A simple value other than false, true and null.
    Simple,
    /// A head that RFC 8949 reserves.
    Reserved,
    /// A string or an array is longer than its limit.
    TooLong,
    /// Arrays nest deeper than [`MAX_DEPTH`](crate::MAX_DEPTH).
    TooDeep,
    /// An item of the subset, but not of the kind that belongs here.
    Unexpected,
    /// Text that is not UTF-8.
    Utf8,
    /// An integer that its type cannot hold.
    OutOfRange,
    /// A choice number that the schema does not have.
    UnknownChoice,
    /// An array or string of another length than the schema says.
    WrongLength,
    /// Elements that must ascend without repeats do not.
    NotAscending,
    /// Canonical form, but no value of the type has it.
    Invalid,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "bytes end inside an item",
            Self::Trailing => "bytes are left after the value",
            Self::Overlong => "integer or length not in shortest form",
            Self::Indefinite => "item of indefinite length",
            Self::Float => "floating point number",
            Self::Negative => "negative integer",
            Self::Map => "map",
            Self::Tag => "tag",
            Self::Simple => "simple value other than false, true and null",
            Self::Reserved => "reserved head",
            Self::TooLong => "longer than the limit",
            Self::TooDeep => "nested too deep",
            Self::Unexpected => "item of another kind than expected",
            Self::Utf8 => "text that is not utf-8",
            Self::OutOfRange => "integer out of range",
            Self::UnknownChoice => "unknown choice number",
            Self::WrongLength => "wrong length",
            Self::NotAscending => "elements not strictly ascending",
            Self::Invalid => "no value has this form",
        })
    }
}

impl core::error::Error for DecodeError {}
