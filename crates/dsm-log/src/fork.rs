//! Fork proofs: what a cheat leaves behind (`spec/log.md`, forks).
//!
//! Two signed heads of one device that no single log can hold. Anyone can check one for ever; bad
//! form or a bad signature marks nobody.

use dsm_crypto::Signature;
use dsm_encoding::{List, record};

use crate::{DeviceDescriptor, DeviceId, MAX_RECORDS, Pair, Position, SignedHead, Verified};

/// Two histories of one log: the device signed `first`, and it signed the end of a run from
/// `start`, although `start` and `first` are different heads at one index, or one head at two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForkProof {
    /// The device that forked, named once.
    pub device: DeviceDescriptor,
    /// A head that it signed.
    pub first: Position,
    /// Its signature.
    pub first_signature: Signature,
    /// Where the other history is at that index (or the same head at another index).
    pub start: Position,
    /// The other history from there to its signed head; empty if `start` itself is signed.
    pub pairs: List<Pair, MAX_RECORDS>,
    /// The signature at the end of `pairs`.
    pub second_signature: Signature,
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
}

impl core::fmt::Display for BadForkProof {
    fn fmt(&self, to: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        to.write_str(match self {
            Self::NoContradiction => "the two histories do not contradict each other",
            Self::Index => "an index is out of range",
            Self::Signature => "a signature is not the device's",
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
        for pair in self.pairs.iter() {
            end = end.after(pair).ok_or(BadForkProof::Index)?;
        }
        let id = self.device.id();
        for (at, signature) in
            [(&self.first, &self.first_signature), (&end, &self.second_signature)]
        {
            let message = SignedHead::message(self.device.network, &id, at);
            self.device.key.verify(&message, signature).map_err(|_| BadForkProof::Signature)?;
        }
        Ok(Verified::new(self))
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::string::{String, ToString};

    use super::BadForkProof::{Index, NoContradiction, Signature};

    #[test]
    fn every_reason_has_its_own_words() {
        let all = [NoContradiction, Index, Signature];
        let words: BTreeSet<String> = all.iter().map(ToString::to_string).collect();
        assert!(words.len() == all.len() && words.iter().all(|words| words.len() > 10));
    }
}
