//! Fork proofs: what a cheat leaves behind (`spec/log.md`, forks).
//!
//! Two signed heads of one device that no single log can hold. Anyone can check one for ever; bad
//! form or a bad signature marks nobody.

use alloc::vec::Vec;

use dsm_crypto::Digest;
use dsm_encoding::{List, record};

use crate::{
    BadHead, DeviceDescriptor, DeviceId, HeadSignature, MAX_RECORDS, Pair, Position, Verified,
};

/// Two histories of one log: the device signed `first`, and it signed the end of a run from
/// `start`, although `start` and `first` are different heads at one index, or one head at two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForkProof {
    /// The device that forked, named once.
    pub device: DeviceDescriptor,
    /// A head that it signed.
    pub first: Position,
    /// What it said of it: a chip's evidence is of this entry.
    pub first_signature: HeadSignature,
    /// Where the other history is at that index (or the same head at another index).
    pub start: Position,
    /// The other history from there to its signed head; empty if `start` itself is signed.
    pub pairs: List<Pair, MAX_RECORDS>,
    /// What it said of the end of `pairs`: a chip's evidence is of each of them, or of `start` if there are none.
    pub second_signature: HeadSignature,
}
record! { ForkProof { device, first, first_signature, start, pairs, second_signature } }

/// Why a fork proof proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadForkProof {
    /// The two histories do not contradict each other.
    NoContradiction,
    /// The run leaves the range of indexes.
    Index,
    /// A signature is not the device's.
    Signature,
    /// An entry lacks the evidence of the device's chip.
    Evidence,
}

impl core::fmt::Display for BadForkProof {
    fn fmt(&self, to: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        to.write_str(match self {
            Self::NoContradiction => "the two histories do not contradict each other",
            Self::Index => "an index is out of range",
            Self::Signature => "a signature is not the device's",
            Self::Evidence => "an entry lacks the evidence of the device's chip",
        })
    }
}

impl core::error::Error for BadForkProof {}

impl ForkProof {
    /// Whose fork it is.
    #[must_use]
    pub fn device(&self) -> DeviceId {
        self.device.id()
    }

    /// Checks the proof: two signature verifications and one hash for each pair.
    ///
    /// # Errors
    /// [`BadForkProof`] says what is missing (rule R-46).
    pub fn verify(self) -> Result<Verified<Self>, BadForkProof> {
        let same_index = self.start.index == self.first.index;
        let same_head = self.start.head == self.first.head;
        if same_index == same_head {
            return Err(BadForkProof::NoContradiction);
        }
        let mut end = self.start;
        let mut heads: Vec<Digest> = Vec::with_capacity(self.pairs.len());
        for pair in self.pairs.iter() {
            end = end.after(pair).ok_or(BadForkProof::Index)?;
            heads.push(end.head);
        }
        let reason = |bad| match bad {
            BadHead::Signature => BadForkProof::Signature,
            BadHead::Evidence(_) => BadForkProof::Evidence,
        };
        self.first_signature.verify(&self.device, &self.first, &[]).map_err(reason)?;
        self.second_signature.verify(&self.device, &self.start, &heads).map_err(reason)?;
        Ok(Verified::new(self))
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::string::{String, ToString};

    use super::BadForkProof::{Evidence, Index, NoContradiction, Signature};

    #[test]
    fn every_reason_has_its_own_words() {
        let all = [NoContradiction, Index, Signature, Evidence];
        let words: BTreeSet<String> = all.iter().map(ToString::to_string).collect();
        assert!(words.len() == all.len() && words.iter().all(|words| words.len() > 10));
    }
}
