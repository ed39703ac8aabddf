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

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// That this head, and no other, was absorbed at this entry, and nothing else at all.
    pub(crate) fn is_only(&self, index: u64, number: u8) -> bool {
        self.0.len() == 1
            && self.0.get(&index).is_some_and(|heads| heads.iter().eq([&head(number)]))
    }

    /// Everything that this signature can be evidence of, of one entry or two.
    pub(crate) fn claim(&mut self, chip: &Chip, starts: &[[u8; 32]], quoted: &Quoted) {
        let signed = &quoted.0[quoted.0.len() - 32..];
        for start in starts {
            for first in ENTRIES {
                let read = chip.after_reading(*start, chip.first_value + first - 1);
                for one in 1..=HEADS {
                    let once = after_entry(chip, read, first, one);
                    if once == signed {
                        self.verified(chip, first, *start, &[head(one)], quoted);
                    }
                    for two in 1..=HEADS {
                        if after_entry(chip, once, first + 1, two) == signed {
                            self.verified(chip, first, *start, &[head(one), head(two)], quoted);
                        }
                    }
                }
            }
        }
    }

    /// What replays to what was signed verifies, if the chip signed it.
    fn verified(
        &mut self,
        chip: &Chip,
        first: u64,
        start: [u8; 32],
        heads: &[Digest],
        quoted: &Quoted,
    ) {
        let piece = piece(first, heads.len() as u64, start, quoted);
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

/// As a verifier replays one more entry.
fn after_entry(chip: &Chip, digest: [u8; 32], index: u64, number: u8) -> [u8; 32] {
    let digest = chip.after_incrementing(Chip::after_stirring(digest, &head(number)));
    chip.after_reading(digest, chip.first_value + index)
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
