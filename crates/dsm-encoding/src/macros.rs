//! Writes both directions from one list of fields, so that they cannot differ (`spec/bytes.md`).

/// Gives a struct its form: the array of the named fields, in this order.
///
/// The struct is declared apart. A field that is forgotten does not compile.
///
/// ```
/// use dsm_encoding::{from_slice, record, to_vec};
///
/// #[derive(Debug, PartialEq)]
/// struct Floor {
///     index: u64,
///     head: [u8; 2],
/// }
/// record! { Floor { index, head } }
///
/// let floor = Floor { index: 500, head: [1, 2] };
/// assert_eq!(to_vec(&floor), [0x82, 0x19, 0x01, 0xf4, 0x42, 1, 2]);
/// assert_eq!(from_slice(&to_vec(&floor)), Ok(floor));
/// ```
#[macro_export]
macro_rules! record {
    ($name:ident { $($field:ident),+ $(,)? }) => {
        impl $crate::Encode for $name {
            fn encode(&self, to: &mut $crate::Writer) {
                let Self { $($field),+ } = self;
                to.array($crate::count!($($field)+));
                $($crate::Encode::encode($field, to);)+
            }
        }

        impl $crate::Decode for $name {
            fn decode(
                from: &mut $crate::Reader<'_>,
            ) -> ::core::result::Result<Self, $crate::DecodeError> {
                from.record($crate::count!($($field)+), |from| {
                    ::core::result::Result::Ok(Self { $($field: $crate::Decode::decode(from)?),+ })
                })
            }
        }
    };
}

/// Gives an enum its form: `[number, fields...]`, each variant under its own number.
///
/// The enum is declared apart. A variant that is forgotten does not compile. A variant without
/// fields is listed with empty braces, however it is declared.
///
/// ```
/// use dsm_encoding::{DecodeError, choice, from_slice, to_vec};
///
/// #[derive(Debug, PartialEq)]
/// enum Lock {
///     Device { id: [u8; 1], index: u64 },
///     Nobody,
/// }
/// choice! { Lock { 0 => Device { id, index }, 1 => Nobody {} } }
///
/// let lock = Lock::Device { id: [7], index: 9 };
/// assert_eq!(to_vec(&lock), [0x83, 0x00, 0x41, 7, 9]);
/// assert_eq!(from_slice(&to_vec(&lock)), Ok(lock));
/// assert_eq!(to_vec(&Lock::Nobody), [0x81, 0x01]);
/// assert_eq!(from_slice::<Lock>(&[0x81, 0x02]), Err(DecodeError::UnknownChoice));
/// ```
#[macro_export]
macro_rules! choice {
    ($name:ident { $($number:literal => $variant:ident { $($field:ident),* $(,)? }),+ $(,)? }) => {
        impl $crate::Encode for $name {
            fn encode(&self, to: &mut $crate::Writer) {
                match self {
                    $(Self::$variant { $($field),* } => {
                        to.array(1 + $crate::count!($($field)*));
                        to.uint($number);
                        $($crate::Encode::encode($field, to);)*
                    })+
                }
            }
        }

        impl $crate::Decode for $name {
            fn decode(
                from: &mut $crate::Reader<'_>,
            ) -> ::core::result::Result<Self, $crate::DecodeError> {
                from.array(usize::MAX, |from, len| match from.uint()? {
                    $($number => {
                        if len != 1 + $crate::count!($($field)*) {
                            return ::core::result::Result::Err($crate::DecodeError::WrongLength);
                        }
                        ::core::result::Result::Ok(Self::$variant {
                            $($field: $crate::Decode::decode(from)?),*
                        })
                    })+
                    _ => ::core::result::Result::Err($crate::DecodeError::UnknownChoice),
                })
            }
        }
    };
}

/// How many fields are listed.
#[doc(hidden)]
#[macro_export]
macro_rules! count {
    () => { 0usize };
    ($first:ident $($rest:ident)*) => { 1usize + $crate::count!($($rest)*) };
}
