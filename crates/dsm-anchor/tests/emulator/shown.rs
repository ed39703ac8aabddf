//! Everything that a cheat can show with what a chip signed: it tries every start, entry and head.

use std::collections::{BTreeMap, BTreeSet};

use dsm_crypto::{ChipSignature, Digest};
use dsm_log::{Chip, ChipEvidence};

use crate::head;

/// Heads that a cheat has.
pub(crate) const HEADS: u8 = 2;
/// Entries that it tries.
const ENTRIES: std::ops::Range<u64> = 1..24;

/// What a chip signed: the attestation, and the signature.
pub(crate) type Quoted = (Vec<u8>, ChipSignature);

/// What was shown to be absorbed: the heads of each entry.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Shown(pub(crate) BTreeMap<u64, BTreeSet<Digest>>);

impl Shown {
    pub(crate) fn doubles(&self) -> usize {
        self.0.values().filter(|heads| heads.len() > 1).count()
    }

    /// Everything that this signature can be evidence of, of one entry or two.
    pub(crate) fn claim(&mut self, chip: &Chip, starts: &[[u8; 32]], quoted: &Quoted) {
        for start in starts {
            for first in ENTRIES {
                for one in 1..=HEADS {
                    for two in 0..=HEADS {
                        let numbers = [one, two].into_iter().filter(|number| *number > 0);
                        self.try_one(
                            chip,
                            *start,
                            first,
                            &numbers.map(head).collect::<Vec<_>>(),
                            quoted,
                        );
                    }
                }
            }
        }
    }

    fn try_one(
        &mut self,
        chip: &Chip,
        start: [u8; 32],
        first: u64,
        heads: &[Digest],
        quoted: &Quoted,
    ) {
        let piece = piece(first, heads.len() as u64, start, quoted);
        let replays = replayed(chip, start, first, heads)[..] == quoted.0[quoted.0.len() - 32..];
        if !replays {
            return;
        }
        // What replays and is of this chip verifies; what is not of it does not.
        if piece.verify(chip, heads).is_ok() {
            for (index, head) in (first..).zip(heads) {
                self.0.entry(index).or_default().insert(*head);
            }
        }
    }
}

/// Evidence of these entries, if it is any.
pub(crate) fn piece(first: u64, count: u64, start: [u8; 32], quoted: &Quoted) -> ChipEvidence {
    let mut beside = [0; 26];
    beside.copy_from_slice(&quoted.0[44..70]);
    ChipEvidence { first, last: first + count - 1, start, beside, signature: quoted.1.clone() }
}

/// As a verifier replays it, without the signature.
fn replayed(chip: &Chip, start: [u8; 32], first: u64, heads: &[Digest]) -> [u8; 32] {
    let mut value = chip.first_value + first - 1;
    heads.iter().fold(chip.after_reading(start, value), |digest, head| {
        value += 1;
        let digest = chip.after_incrementing(Chip::after_stirring(digest, head));
        chip.after_reading(digest, value)
    })
}

/// A verifier that does not ask for the reading before: what a mutant would take.
pub(crate) fn mutant(chip: &Chip, starts: &[[u8; 32]], digest: [u8; 32], shown: &mut Shown) {
    for start in starts {
        for first in ENTRIES {
            for number in 1..=HEADS {
                let after = chip.after_incrementing(Chip::after_stirring(*start, &head(number)));
                if chip.after_reading(after, chip.first_value + first) == digest {
                    shown.0.entry(first).or_default().insert(head(number));
                }
            }
        }
    }
}
