//! Named digests: one type for each kind of id, so that they cannot be mixed up.

/// Declares a digest with a name: a transparent, ordered, canonical 32-byte id.
#[macro_export]
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $crate::macros::Digest);

        impl $crate::macros::Encode for $name {
            fn encode(&self, to: &mut $crate::macros::Writer) {
                self.0.encode(to);
            }
        }

        impl $crate::macros::Decode for $name {
            fn decode(
                from: &mut $crate::macros::Reader<'_>,
            ) -> Result<Self, $crate::macros::DecodeError> {
                $crate::macros::Digest::decode(from).map(Self)
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, to: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::Display::fmt(&self.0, to)
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, to: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(to, "{}({:?})", stringify!($name), self.0)
            }
        }

        impl core::str::FromStr for $name {
            type Err = <$crate::macros::Digest as core::str::FromStr>::Err;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}
