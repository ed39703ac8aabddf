//! Encodes and decodes canonical bytes.
//!
//! One encoding for all that is hashed, signed, stored or sent: a subset of deterministic CBOR
//! (RFC 8949 section 4.2.1) with unsigned integers, byte strings, text, booleans, null and arrays.
//!
//! What always holds, for every type of the workspace that implements [`Decode`]:
//!
//! - if `from_slice(bytes)` gives a value, `to_vec(&value)` gives exactly `bytes`;
//! - a length is compared with its limit and with the bytes that remain before memory is taken;
//! - arrays nest at most [`MAX_DEPTH`] deep, and at most [`MAX_DEAR`] items are of a kind that is dear to check;
//! - no input makes a decoder panic.
//!
//! Property tests and the fuzz targets check all four. Decoding proves form, never truth.
#![no_std]

extern crate alloc;

mod blob;
mod error;
mod list;
mod macros;
mod reader;
mod values;
mod writer;

pub use blob::{Blob, Text};
pub use error::DecodeError;
pub use list::List;
pub use reader::{MAX_DEAR, MAX_DEPTH, Reader};
pub use values::{Decode, Encode, from_slice, to_vec, weigh};
pub use writer::Writer;
