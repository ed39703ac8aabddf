//! Byte strings of one length, and how to cut and join them.
//!
//! Lengths are checked by the compiler, so nothing here can fail.

/// Cuts `bytes` into its first `A` and its last `B`.
pub(crate) fn split<const N: usize, const A: usize, const B: usize>(
    bytes: &[u8; N],
) -> ([u8; A], [u8; B]) {
    const { assert!(A + B == N, "the two parts make up the whole") };
    let (mut first, mut last) = ([0; A], [0; B]);
    first.copy_from_slice(&bytes[..A]);
    last.copy_from_slice(&bytes[A..]);
    (first, last)
}

/// Puts `first` before `last`.
pub(crate) fn join<const A: usize, const B: usize, const N: usize>(
    first: &[u8; A],
    last: &[u8; B],
) -> [u8; N] {
    const { assert!(A + B == N, "the two parts make up the whole") };
    let mut bytes = [0; N];
    bytes[..A].copy_from_slice(first);
    bytes[A..].copy_from_slice(last);
    bytes
}

/// Declares a public byte string of one length: bytes, canonical form and a short `Debug`.
macro_rules! byte_string {
    ($(#[$doc:meta])* $name:ident, $length:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $length]);

        impl $name {
            /// Length in bytes.
            pub const LENGTH: usize = $length;

            /// The bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $length] {
                &self.0
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                $crate::bytes::short_hex(f, stringify!($name), &self.0)
            }
        }

        impl dsm_encoding::Encode for $name {
            fn encode(&self, to: &mut dsm_encoding::Writer) {
                to.bytes(&self.0);
            }
        }
    };
}

/// Adds construction from bytes to a [`byte_string`] for which every content is well formed.
macro_rules! any_content {
    ($name:ident) => {
        impl $name {
            /// Takes any bytes of the right length; whether they verify anything shows later.
            ///
            /// # Errors
            /// `WrongLength`.
            pub fn from_bytes(bytes: &[u8]) -> Result<Self, dsm_encoding::DecodeError> {
                bytes.try_into().map(Self).map_err(|_| dsm_encoding::DecodeError::WrongLength)
            }
        }

        impl dsm_encoding::Decode for $name {
            fn decode(
                from: &mut dsm_encoding::Reader<'_>,
            ) -> Result<Self, dsm_encoding::DecodeError> {
                Self::from_bytes(from.bytes(Self::LENGTH)?)
            }
        }
    };
}

pub(crate) use {any_content, byte_string};

/// Writes a name and the first four bytes.
pub(crate) fn short_hex(
    f: &mut core::fmt::Formatter<'_>,
    name: &str,
    bytes: &[u8],
) -> core::fmt::Result {
    write!(f, "{name}(")?;
    for byte in bytes.iter().take(4) {
        write!(f, "{byte:02x}")?;
    }
    f.write_str("..)")
}
