//! Everything that a cheat can show with what a chip signed: it tries every start, entry and head.

use std::collections::{BTreeMap, BTreeSet};

use dsm_crypto::{ChipSignature, Digest};
use dsm_log::{Chip, ChipEvidence};

use crate::head;

/// Heads that a cheat has.
pub(crate) const HEADS: u8 = 2;
/// Entries that it tries.
const ENTRIES: std::ops::Range<u64> = 1..40;

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

    /// Everything that this signature can be evidence of, of any number of entries. What replays to it goes through digests that the
    /// session had: the others are not followed.
    pub(crate) fn claim(&mut self, chip: &Chip, starts: &[[u8; 32]], quoted: &Quoted) {
        let had: BTreeSet<[u8; 32]> = starts.iter().copied().collect();
        for start in &had {
            for first in ENTRIES {
                let read = chip.after_reading(*start, chip.first_value + first - 1);
                if had.contains(&read) {
                    let piece = piece(first, 0, *start, quoted);
                    self.follow((chip, &had, quoted), &piece, read, &mut Vec::new());
                }
            }
        }
    }

    /// Adds each head that may have come next.
    fn follow(
        &mut self,
        (chip, had, quoted): (&Chip, &BTreeSet<[u8; 32]>, &Quoted),
        piece: &ChipEvidence,
        digest: [u8; 32],
        heads: &mut Vec<Digest>,
    ) {
        for number in 1..=HEADS {
            let piece = ChipEvidence { last: piece.last + 1, ..piece.clone() };
            let after = after_entry(chip, digest, piece.last, number);
            if !had.contains(&after) {
                continue;
            }
            heads.push(head(number));
            if after == quoted.0[quoted.0.len() - 32..] && piece.verify(chip, heads).is_ok() {
                for (index, head) in (piece.first..).zip(&*heads) {
                    self.0.entry(index).or_default().insert(*head);
                }
            }
            self.follow((chip, had, quoted), &piece, after, heads);
            heads.pop();
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

/// Verifiers that are careless: one asks for no reading before an entry, one for none after it. What they would take.
#[derive(Debug, Default)]
pub(crate) struct Careless {
    pub(crate) before: Shown,
    pub(crate) after: Shown,
}

impl Careless {
    pub(crate) fn claim(&mut self, chip: &Chip, starts: &[[u8; 32]], digest: [u8; 32]) {
        for (start, number) in starts.iter().flat_map(|start| (1..=HEADS).map(move |n| (start, n)))
        {
            let absorbed =
                |from| chip.after_incrementing(Chip::after_stirring(from, &head(number)));
            let after = absorbed(*start);
            for first in ENTRIES.filter(|_| starts.contains(&after)) {
                if chip.after_reading(after, chip.first_value + first) == digest {
                    self.before.0.entry(first).or_default().insert(head(number));
                }
            }
            // The digest before the increment, and its two last commands.
            for first in ENTRIES.filter(|_| after == digest) {
                let read = |before: &[u8; 32]| {
                    chip.after_reading(*before, chip.first_value + first - 1) == *start
                };
                if starts.iter().any(read) {
                    self.after.0.entry(first).or_default().insert(head(number));
                }
            }
        }
    }
}
