//! The reasons for which a proof cannot be one (`spec/trees.md`).

use core::fmt;

/// Why a proof was refused before its root could be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BadProof {
    /// The siblings are not whole digests, or not as many as the count of the list demands.
    Length,
    /// The deepest sibling is an empty subtree: the tree has no node there.
    SpareSibling,
    /// The proof is of presence where absence was asked, or the reverse.
    Terminal,
    /// The other leaf is the key itself, or does not lie where the key would.
    Misplaced,
    /// The index is not below the count.
    Index,
}

impl fmt::Display for BadProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "siblings of a wrong length",
            Self::SpareSibling => "deepest sibling is empty",
            Self::Terminal => "presence shown where absence was asked, or the reverse",
            Self::Misplaced => "other leaf is not where the key would be",
            Self::Index => "index not below the count",
        })
    }
}

impl core::error::Error for BadProof {}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::string::{String, ToString};

    use super::*;

    #[test]
    fn every_reason_has_its_own_words() {
        use BadProof::{Index, Length, Misplaced, SpareSibling, Terminal};
        let all = [Length, SpareSibling, Terminal, Misplaced, Index];
        let words: BTreeSet<String> = all.iter().map(ToString::to_string).collect();
        assert!(words.len() == all.len() && words.iter().all(|words| words.len() > 10));
    }
}
