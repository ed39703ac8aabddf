//! What drives the chip of a log of one's own (`spec/anchors.md`, absorbing).

use alloc::string::String;
use alloc::vec::Vec;

use dsm_crypto::Digest;

use crate::{ChipEvidence, SimulatedChip};

/// The most bytes that say where a chip stands.
pub const MAX_STAND: usize = 1 << 12;

/// Why a head is not absorbed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AbsorbError {
    /// The chip's counter has moved past an entry without it, and never comes back: the log ends before this entry. Somebody else moved it,
    /// the power failed at the wrong moment, or these files are a copy of older ones.
    Ended {
        /// The first entry that can never get evidence.
        index: u64,
    },
    /// It is not the chip that the descriptor names, or it was cleared: the log ends.
    Foreign,
    /// The chip does not do it now: nothing is lost, and it can be tried again.
    Failed(String),
}

impl core::fmt::Display for AbsorbError {
    fn fmt(&self, to: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Ended { index } => write!(
                to,
                "the chip's counter went past entry {index} without it: this log has ended, and its owner goes on under \
                 another device"
            ),
            Self::Foreign => to.write_str(
                "this is not the chip of this device, or it was cleared: this log has ended, and its owner goes on under \
                 another device",
            ),
            Self::Failed(why) => write!(
                to,
                "the chip does not answer as it should, so what was written last waits and is shown once it does; look whether it is \
                 there before writing it again: {why}"
            ),
        }
    }
}

impl core::error::Error for AbsorbError {}

/// Binds the heads of one's own log to a chip, one for each value of its counter.
///
/// Every head is durable before [`Absorber::absorb`], and what that gives and [`Absorber::stand`] are before it is called again: after a crash
/// anywhere the same heads are absorbed as far as they are not.
pub trait Absorber: core::fmt::Debug + Send + Sync {
    /// Where the chip stands now, for [`Absorber::absorb`] after a crash.
    fn stand(&self) -> Vec<u8>;

    /// Absorbs heads of consecutive entries from `first` on, as many as it can upon what is durable, and gives evidence of them: pieces that
    /// follow each other. Without heads it looks whether the chip stands before `first`. `stand` is what was made durable last; none if nothing
    /// was. It is done when all heads have evidence and the chip stands where `stand` says.
    ///
    /// # Errors
    /// [`AbsorbError`].
    fn absorb(
        &mut self,
        stand: Option<&[u8]>,
        first: u64,
        heads: &[Digest],
    ) -> Result<Vec<ChipEvidence>, AbsorbError>;
}

impl Absorber for SimulatedChip {
    fn stand(&self) -> Vec<u8> {
        Vec::new()
    }

    fn absorb(
        &mut self,
        _stand: Option<&[u8]>,
        first: u64,
        heads: &[Digest],
    ) -> Result<Vec<ChipEvidence>, AbsorbError> {
        let ended = AbsorbError::Ended { index: first };
        let (mut evidence, rest) = self.resumed(first, heads).ok_or(ended.clone())?;
        for head in rest {
            evidence.push(SimulatedChip::absorb(self, head).ok_or(ended.clone())?);
        }
        Ok(evidence)
    }
}

#[cfg(test)]
mod tests {
    use dsm_crypto::Secret;

    use super::*;
    use crate::verify_run;

    fn heads(count: u8) -> Vec<Digest> {
        (0..count).map(|one| Digest::from_bytes([one; 32])).collect()
    }

    #[test]
    fn a_simulated_chip_gives_evidence_again_that_was_lost_and_goes_on() {
        let heads = heads(4);
        for lost in 0..=4 {
            for restarts in [false, true] {
                let mut chip = SimulatedChip::new(Secret::from_bytes([7; 32]), 40);
                let named = chip.chip().clone();
                let first = Absorber::absorb(&mut chip, None, 1, &heads[..lost]);
                assert!(first.is_ok());
                if restarts {
                    chip.restart();
                }
                let evidence = Absorber::absorb(&mut chip, None, 1, &heads).expect("its own heads");
                assert_eq!(verify_run(&named, &evidence, 0, &heads), Ok(()));
                assert_eq!(chip.next(), Some(5));
            }
        }
    }

    #[test]
    fn a_simulated_chip_never_absorbs_another_head_at_a_value_and_skips_none() {
        let heads = heads(3);
        let mut chip = SimulatedChip::new(Secret::from_bytes([7; 32]), 40);
        assert!(Absorber::absorb(&mut chip, None, 1, &heads).is_ok());
        let others: [(u64, &[Digest]); 6] = [
            (1, &[]),
            (1, &heads[..2]),
            (3, &heads[..1]),
            (1, &[heads[0], heads[2], heads[1], heads[0]]),
            (5, &heads[..1]),
            (0, &heads),
        ];
        for (first, heads) in others {
            let ended = Err(AbsorbError::Ended { index: first });
            assert_eq!(Absorber::absorb(&mut chip, None, first, heads), ended);
        }
        assert_eq!(chip.next(), Some(4));
    }
}
