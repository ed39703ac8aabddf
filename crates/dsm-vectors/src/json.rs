//! How values stand in JSON: bytes as hex in lower case, numbers from 2^53 on as decimal text.

use dsm_crypto::Digest;
use dsm_encoding::{Decode, Encode, from_slice, to_vec};
use dsm_log::{DeviceId, Position};
use serde_json::{Value, json};

use crate::Problem;

/// The first number that JSON readers may round.
const ROUNDED: u64 = 1 << 53;

pub(crate) fn hex(bytes: &[u8]) -> Value {
    Value::String(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The canonical bytes of a value.
pub(crate) fn canonical<T: Encode + ?Sized>(value: &T) -> Value {
    hex(&to_vec(value))
}

pub(crate) fn digest(value: &Digest) -> Value {
    hex(value.as_bytes())
}

pub(crate) fn device(value: &DeviceId) -> Value {
    digest(&value.0)
}

pub(crate) fn number(value: u64) -> Value {
    if value < ROUNDED { json!(value) } else { json!(value.to_string()) }
}

pub(crate) fn option<T>(value: Option<T>, form: impl Fn(&T) -> Value) -> Value {
    value.as_ref().map_or(Value::Null, form)
}

pub(crate) fn list<T>(values: &[T], form: impl Fn(&T) -> Value) -> Value {
    Value::Array(values.iter().map(form).collect())
}

pub(crate) fn position(at: &Position) -> Value {
    json!({ "index": number(at.index), "head": digest(&at.head) })
}

/// A member of an object.
pub(crate) fn member<'a>(value: &'a Value, name: &str) -> Result<&'a Value, Problem> {
    value.get(name).ok_or_else(|| Problem::new(format!("no member `{name}`")))
}

pub(crate) fn items<'a>(value: &'a Value, name: &str) -> Result<&'a [Value], Problem> {
    let items = member(value, name)?.as_array();
    items.map(Vec::as_slice).ok_or_else(|| Problem::new(format!("`{name}` is no array")))
}

pub(crate) fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str, Problem> {
    let text = member(value, name)?.as_str();
    text.ok_or_else(|| Problem::new(format!("`{name}` is no text")))
}

pub(crate) fn truth(value: &Value, name: &str) -> Result<bool, Problem> {
    let truth = member(value, name)?.as_bool();
    truth.ok_or_else(|| Problem::new(format!("`{name}` is not true or false")))
}

pub(crate) fn as_bytes(value: &Value) -> Result<Vec<u8>, Problem> {
    let wrong = || Problem::new("no hex in lower case");
    let text = value.as_str().ok_or_else(wrong)?;
    let digits: Option<Vec<u8>> = text
        .bytes()
        .map(|byte| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        })
        .collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0).ok_or_else(wrong)?;
    Ok(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

pub(crate) fn as_digest(value: &Value) -> Result<Digest, Problem> {
    let bytes = as_bytes(value)?.try_into();
    bytes.map(Digest::from_bytes).map_err(|_| Problem::new("a digest has 32 bytes"))
}

pub(crate) fn as_number(value: &Value) -> Result<u64, Problem> {
    let text = value.as_str().and_then(|text| text.parse().ok());
    value.as_u64().or(text).ok_or_else(|| Problem::new("no number"))
}

pub(crate) fn as_option<T>(
    value: &Value,
    read: impl Fn(&Value) -> Result<T, Problem>,
) -> Result<Option<T>, Problem> {
    if value.is_null() { Ok(None) } else { read(value).map(Some) }
}

pub(crate) fn bytes(value: &Value, name: &str) -> Result<Vec<u8>, Problem> {
    as_bytes(member(value, name)?).map_err(|problem| problem.at(name))
}

pub(crate) fn id(value: &Value, name: &str) -> Result<Digest, Problem> {
    as_digest(member(value, name)?).map_err(|problem| problem.at(name))
}

pub(crate) fn uint(value: &Value, name: &str) -> Result<u64, Problem> {
    as_number(member(value, name)?).map_err(|problem| problem.at(name))
}

pub(crate) fn place(value: &Value, name: &str) -> Result<Position, Problem> {
    let at = member(value, name)?;
    Ok(Position { index: uint(at, "index")?, head: id(at, "head")? })
}

/// An object from its canonical bytes.
pub(crate) fn object<T: Decode>(value: &Value, name: &str) -> Result<T, Problem> {
    from_slice(&bytes(value, name)?).map_err(|error| Problem::new(format!("`{name}`: {error}")))
}

/// Compares what a file says with what the code says.
pub(crate) fn same(said: &Value, found: &Value) -> Result<(), Problem> {
    if said == found {
        return Ok(());
    }
    if let (Value::Object(said), Value::Object(found)) = (said, found) {
        for name in said.keys().chain(found.keys()) {
            let nothing = Value::Null;
            let (one, other) = (said.get(name), found.get(name));
            same(one.unwrap_or(&nothing), other.unwrap_or(&nothing))
                .map_err(|problem| problem.at(name))?;
        }
    }
    let short = |value: &Value| value.to_string().chars().take(80).collect::<String>();
    Err(Problem::new(format!("the file says {}, the code {}", short(said), short(found))))
}
