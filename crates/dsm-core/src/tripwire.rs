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

/// The proof, if a verified run and what the view knows contradict each other anywhere.
///
/// # Errors
/// If they do and the view cannot prove it.
pub(crate) fn contradiction<V: View + ?Sized>(
    view: &V,
    line: &Line,
    descriptor: &DeviceDescriptor,
) -> Result<Option<Verified<ForkProof>>, ()> {
    let differs = |index: &u64| {
        let known = view.head(&line.device, *index);
        known.is_some() && known != line.head(*index)
    };
    let Some(index) = (line.start.index..=line.end().index).find(differs) else {
        return Ok(None);
    };
    let start = line.head(index).map(|head| Position { index, head }).ok_or(())?;
    let before = index.saturating_sub(line.start.index);
    let pairs = line.records.iter().skip(usize::try_from(before).map_err(|_| ())?);
    let pairs: Vec<Pair> = pairs.map(dsm_log::Record::pair).collect();
    prove_fork(view, descriptor, start, &pairs, &line.signature).map(Some).ok_or(())
}
