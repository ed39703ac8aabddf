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
            Self::Failed(why) => write!(to, "the chip does not answer as it should, try again: {why}"),
        }
    }
}

impl core::error::Error for AbsorbError {}

/// Binds the heads of one's own log to a chip, one for each value of its counter.
///
/// What [`Absorber::stand`] gives is durable before a head is signed that comes next, and so is every such head before
/// [`Absorber::absorb`]: after a crash anywhere the same heads are absorbed as far as they are not.
pub trait Absorber: core::fmt::Debug + Send + Sync {
    /// Where the chip stands now, for [`Absorber::absorb`] after a crash.
    fn stand(&self) -> Vec<u8>;

    /// Absorbs the heads of consecutive entries from `first` on, and gives evidence of each: pieces that follow each other. Without heads it
    /// looks whether the chip stands before `first`. `stand` is what was made durable last; none if nothing was.
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
        if self.next() != Some(first) {
            return Err(AbsorbError::Ended { index: first });
        }
        let absorbed = heads.iter().map(|head| SimulatedChip::absorb(self, head));
        absorbed.collect::<Option<_>>().ok_or(AbsorbError::Ended { index: first })
    }
}
