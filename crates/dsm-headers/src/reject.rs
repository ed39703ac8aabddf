//! Why headers and proofs are refused: data, not text; one variant for each rule of `spec/headers.md`.

use core::fmt;

macro_rules! reject {
    ($($(#[$doc:meta])* $name:ident = $rule:literal, $text:literal;)+) => {
        /// A rule that a header or a proof breaks.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum HeaderReject {
            $($(#[$doc])* $name,)+
        }

        impl HeaderReject {
            /// Every rule id, in order.
            pub const RULES: &'static [&'static str] = &[$($rule),+];

            /// The rule's id in `spec/`.
            #[must_use]
            pub fn rule(&self) -> &'static str {
                match self { $(Self::$name => $rule,)+ }
            }

            /// The rule in words.
            #[must_use]
            pub fn text(&self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

reject! {
    /// The header does not follow one that is known.
    Unconnected = "R-57", "the header does not follow one that is known";
    /// The version is one that is no longer taken at this height.
    Version = "R-58", "the version is no longer taken at this height";
    /// The target is not the one that the rules demand here.
    Bits = "R-59", "the target is not the one that the rules demand here";
    /// The time is not after the median of the eleven before.
    Time = "R-60", "the time is not after the median of the eleven before";
    /// The first time of a period lies too far before the last of the period before.
    Warp = "R-61", "the first time of a period lies too far before the one before";
    /// The time is later than the caller takes.
    Ahead = "R-62", "the time is too far in the future";
    /// The hash is above the target.
    Work = "R-63", "the hash is above the target";
    /// The bytes are no transaction without witness, or are 64 long.
    Transaction = "R-64", "the bytes are no transaction without witness, or are 64 long";
    /// The first transaction of the proof is no coinbase.
    Coinbase = "R-65", "the first transaction of the proof is no coinbase";
    /// The path does not lead from the transaction at this index to the header.
    Path = "R-66", "the path does not lead from the transaction at this index to the header";
    /// The index does not fit the path.
    Index = "R-67", "the index does not fit the path";
    /// The transaction's path is not as long as the coinbase's.
    PathLength = "R-68", "the path is not as long as the coinbase's";
    /// The index is that of a copy which fills up the tree.
    Copy = "R-69", "the index is that of a copy which fills up the tree";
    /// The block is not on the chain, or not deep enough.
    Depth = "R-70", "the block is not on the chain or not deep enough";
    /// The coinbase does not say a height that is high enough.
    Height = "R-71", "the coinbase says no height that is high enough";
    /// A header of the proof was easier to find than the guard allows.
    Easy = "R-72", "a header was easier to find than the guard allows";
}

impl fmt::Display for HeaderReject {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}: {}", self.rule(), self.text())
    }
}

impl core::error::Error for HeaderReject {}

/// Which of the headers that were given breaks which rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadHeader {
    /// Its number among those that were given, from 0; those before it are good.
    pub at: usize,
    /// The rule.
    pub reject: HeaderReject,
}

impl fmt::Display for BadHeader {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "header {}: {}", self.at, self.reject)
    }
}

impl core::error::Error for BadHeader {}
