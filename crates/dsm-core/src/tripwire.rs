//! The tripwire: two histories of one log become a fork proof (`spec/log.md`, forks).

use alloc::vec::Vec;

use dsm_crypto::Digest;
use dsm_encoding::List;
use dsm_log::{DeviceDescriptor, ForkProof, HeadSignature, MAX_RECORDS, Pair, Position, Verified};

use crate::View;
use crate::evidence::{signature_after, signed_after};
use crate::pack::Line;

/// The proof, if a signed run shows another head than the view knows where the run starts.
///
/// What a view knows of a device is under its signed heads, so the proof can be made whenever the
/// run's signature is good.
pub fn prove_fork<V: View + ?Sized>(
    view: &V,
    descriptor: &DeviceDescriptor,
    start: Position,
    pairs: &[Pair],
    signature: &HeadSignature,
) -> Option<Verified<ForkProof>> {
    let device = descriptor.id();
    if view.head(&device, start.index)? == start.head {
        return None;
    }
    let known = view.signed(&device, start.index)?;
    let run = Run::new(start, pairs)?;
    let shown = |from: u64| run.signature_after(descriptor, signature, from);
    let until = known.at.index.checked_sub(start.index)?;
    let until = usize::try_from(until).ok()?;
    let proof = if let Some((_, after)) = pairs.split_at_checked(until) {
        let start = run.at(known.at.index)?;
        let pairs = List::try_from(after.to_vec()).ok()?;
        // A signed head that no run leads to is shown by itself.
        let from = if pairs.is_empty() { start.index.checked_sub(1)? } else { start.index };
        let first = known.at;
        let first_signature = signature_after(view, known, first.index.checked_sub(1)?)?;
        let (device, second_signature) = (descriptor.clone(), shown(from)?);
        ForkProof { device, first, first_signature, start, pairs, second_signature }
    } else {
        let end = run.at(start.index.checked_add(pairs.len() as u64)?)?;
        let known = signed_after(view, &device, end.index, known.at.index)?;
        let start = Position { index: end.index, head: view.head(&device, end.index)? };
        let after = end.index.checked_add(1)?..=known.at.index;
        let pairs: Option<Vec<Pair>> =
            after.map(|index| Some(view.record(&device, index)?.pair())).collect();
        ForkProof {
            device: descriptor.clone(),
            first: end,
            first_signature: shown(end.index.checked_sub(1)?)?,
            start,
            pairs: List::<Pair, MAX_RECORDS>::try_from(pairs?).ok()?,
            second_signature: signature_after(view, known, end.index)?,
        }
    };
    proof.verify().ok()
}

/// A run with its heads.
struct Run {
    start: Position,
    heads: Vec<Digest>,
}

impl Run {
    fn new(start: Position, pairs: &[Pair]) -> Option<Self> {
        let mut heads = Vec::with_capacity(pairs.len());
        let mut at = start;
        for pair in pairs {
            at = at.after(pair)?;
            heads.push(at.head);
        }
        Some(Self { start, heads })
    }

    fn at(&self, index: u64) -> Option<Position> {
        let head = match index.checked_sub(self.start.index)? {
            0 => self.start.head,
            at => *self.heads.get(usize::try_from(at).ok()?.checked_sub(1)?)?,
        };
        Some(Position { index, head })
    }

    /// What is said of its last head, with evidence of the entries after an index only.
    fn signature_after(
        &self,
        descriptor: &DeviceDescriptor,
        signature: &HeadSignature,
        from: u64,
    ) -> Option<HeadSignature> {
        match descriptor.anchor.chip() {
            None => Some(signature.clone()),
            Some(chip) => signature.after(chip, from, |index| Some(self.at(index)?.head)),
        }
    }
}

/// The first index at which a verified run and what the view knows contradict each other.
pub(crate) fn contradiction<V: View + ?Sized>(view: &V, line: &Line) -> Option<u64> {
    (line.start.index..=line.end().index).find(|index| {
        let known = view.head(&line.device, *index);
        known.is_some() && known != line.head(*index)
    })
}

/// The proof of a contradiction at an index.
pub(crate) fn prove_contradiction<V: View + ?Sized>(
    view: &V,
    line: &Line,
    descriptor: &DeviceDescriptor,
    index: u64,
) -> Option<Verified<ForkProof>> {
    let start = Position { index, head: line.head(index)? };
    let before = usize::try_from(index.checked_sub(line.start.index)?).ok()?;
    let pairs: Vec<Pair> = line.records.get(before..)?.iter().map(dsm_log::Record::pair).collect();
    // What both histories have is not part of the proof, and neither is the evidence of it.
    let signature = match descriptor.anchor.chip() {
        None => line.signature.clone(),
        Some(chip) => {
            let from = index.checked_sub(u64::from(pairs.is_empty()))?;
            line.signature.after(chip, from, |index| line.head(index))?
        }
    };
    prove_fork(view, descriptor, start, &pairs, &signature)
}
