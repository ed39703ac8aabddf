//! The tripwire: two histories of one log become a fork proof (`spec/log.md`, forks).

use alloc::vec::Vec;

use dsm_crypto::Signature;
use dsm_encoding::List;
use dsm_log::{DeviceDescriptor, ForkProof, MAX_RECORDS, Pair, Position, SignedHead, Verified};

use crate::View;
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
    signature: &Signature,
) -> Option<Verified<ForkProof>> {
    let device = descriptor.id();
    if view.head(&device, start.index)? == start.head {
        return None;
    }
    let known = view.signed(&device, start.index)?;
    let end = pairs.iter().try_fold(start, |at, pair| at.after(pair))?;
    let until = usize::try_from(known.at.index.checked_sub(start.index)?).ok()?;
    let proof = if let Some((before, after)) = pairs.split_at_checked(until) {
        let start = before.iter().try_fold(start, |at, pair| at.after(pair))?;
        let SignedHead { at: first, signature: first_signature, .. } = known;
        let (pairs, second_signature) = (List::try_from(after.to_vec()).ok()?, signature.clone());
        let device = descriptor.clone();
        ForkProof { device, first, first_signature, start, pairs, second_signature }
    } else {
        let start = Position { index: end.index, head: view.head(&device, end.index)? };
        let after = end.index.checked_add(1)?..=known.at.index;
        let pairs: Option<Vec<Pair>> =
            after.map(|index| Some(view.record(&device, index)?.pair())).collect();
        ForkProof {
            device: descriptor.clone(),
            first: end,
            first_signature: signature.clone(),
            start,
            pairs: List::<Pair, MAX_RECORDS>::try_from(pairs?).ok()?,
            second_signature: known.signature,
        }
    };
    proof.verify().ok()
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
    prove_fork(view, descriptor, start, &pairs, &line.signature)
}
