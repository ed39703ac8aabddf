//! A chip that is a program, for tests, models and worlds from a seed. Its evidence has the form of a TPM's, and shows nothing: whoever holds
//! the secret can make it go back.

use alloc::vec::Vec;

use dsm_crypto::{ChipSecret, Digest, Secret};

use super::{Chip, ChipEvidence};

/// A simulated chip. A copy is one as well, and both may absorb: that is the attack.
#[derive(Clone, Debug)]
pub struct SimulatedChip {
    secret: ChipSecret,
    chip: Chip,
    value: u64,
    /// The digest of its session before the counter was read last.
    start: [u8; 32],
    /// The heads that it absorbed last, with their evidence, for an owner who lost it in a crash.
    last: Vec<(Digest, ChipEvidence)>,
}

/// The most heads that it remembers: more than a wallet absorbs at once.
const MOST: usize = 64;

impl SimulatedChip {
    /// A chip of these bytes, its counter at a value.
    #[must_use]
    pub fn new(seed: Secret<32>, first_value: u64) -> Self {
        let secret = ChipSecret::from_seed(&seed);
        let chip = Chip { key: secret.public_key(), counter: 0x0180_d5d0, first_value };
        Self { secret, chip, value: first_value, start: [0; 32], last: Vec::new() }
    }

    /// What a descriptor names.
    #[must_use]
    pub fn chip(&self) -> &Chip {
        &self.chip
    }

    /// The entry that it absorbs next.
    #[must_use]
    pub fn next(&self) -> Option<u64> {
        self.value.checked_sub(self.chip.first_value)?.checked_add(1)
    }

    /// Its session ends, as by a failure of power, and another one begins.
    pub fn restart(&mut self) {
        self.start = [0; 32];
    }

    /// Makes its counter stand before an entry, wherever it was: what no real chip does.
    pub fn danger_go_to(&mut self, index: u64) {
        self.value = self.chip.first_value.saturating_add(index).saturating_sub(1);
        self.last.clear();
        self.restart();
    }

    /// Absorbs a head at the next value of its counter, and attests it. None at the end of the range.
    #[must_use]
    pub fn absorb(&mut self, head: &Digest) -> Option<ChipEvidence> {
        let start = self.start;
        let digest = self.chip.after_reading(start, self.value);
        let digest = self.chip.after_incrementing(Chip::after_stirring(digest, head));
        self.value = self.value.checked_add(1)?;
        self.start = digest;
        let digest = self.chip.after_reading(digest, self.value);
        let beside = [0; 26];
        let signature = self.secret.sign(&self.chip.attestation(&beside, &digest));
        let index = self.value.checked_sub(self.chip.first_value)?;
        let piece = ChipEvidence { first: index, last: index, start, beside, signature };
        if self.last.len() >= MOST {
            self.last.clear();
        }
        self.last.push((*head, piece.clone()));
        Some(piece)
    }

    /// What it absorbed already of these heads from an entry on, as few pieces as it did stretches, and the heads that are left. None if it
    /// stands elsewhere, or absorbed others.
    pub(crate) fn resumed<'h>(
        &self,
        first: u64,
        heads: &'h [Digest],
    ) -> Option<(Vec<ChipEvidence>, &'h [Digest])> {
        let done = usize::try_from(self.next()?.checked_sub(first)?).ok()?;
        let (done, rest) = heads.split_at_checked(done)?;
        let last = self.last.get(self.last.len().checked_sub(done.len())?..)?;
        let mut evidence: Vec<ChipEvidence> = Vec::new();
        let mut joined: Vec<Digest> = Vec::new();
        for ((head, piece), wanted) in last.iter().zip(done) {
            if head != wanted {
                return None;
            }
            let before = evidence.last_mut();
            let one = before.as_deref().and_then(|one| one.joined(&self.chip, &joined, piece));
            match (before, one) {
                (Some(before), Some(one)) => *before = one,
                _ => {
                    joined.clear();
                    evidence.push(piece.clone());
                }
            }
            joined.push(*head);
        }
        Some((evidence, rest))
    }
}
