//! A chip that is a program, for tests, models and worlds from a seed. Its evidence has the form of a TPM's, and shows nothing: whoever holds
//! the secret can make it go back.

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
}

impl SimulatedChip {
    /// A chip of these bytes, its counter at a value.
    #[must_use]
    pub fn new(seed: Secret<32>, first_value: u64) -> Self {
        let secret = ChipSecret::from_seed(&seed);
        let chip = Chip { key: secret.public_key(), counter: 0x0180_d5d0, first_value };
        Self { secret, chip, value: first_value, start: [0; 32] }
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
        Some(ChipEvidence { first: index, last: index, start, beside, signature })
    }
}
