//! Puts together what shows the heads of a run to be signed and absorbed (`spec/anchors.md`, runs).

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use dsm_crypto::Digest;
use dsm_encoding::List;
use dsm_log::{Chip, ChipEvidence, DeviceDescriptor, DeviceId, HeadSignature, SignedHead};

use crate::{TokenId, View};

/// What a view can show of the entries of a device after `from` up to a signed head: the signature, and evidence of each of them if the
/// device has a chip. None if the view lacks some of it.
///
/// The view's own last entries, which its chip has not absorbed yet, get a bare signature; nobody takes it.
pub fn signature_after<V: View + ?Sized>(
    view: &V,
    signed: SignedHead,
    from: u64,
) -> Option<HeadSignature> {
    let SignedHead { device, at, signature } = signed;
    let Some(first) = signature.first() else { return Some(signature) };
    let descriptor = view.descriptor(&device)?;
    let chip = descriptor.anchor.chip()?;
    let head = |index| view.head(&device, index);
    let HeadSignature { signature, evidence } = signature;
    let mut pieces = Backwards(evidence.into_iter().rev().collect());
    let mut walk = Walk { view, device, end: at.index, rows: BTreeMap::new() };
    let mut bottom = first.checked_sub(1)?;
    while bottom > from {
        let earlier = walk.covering(bottom)?;
        pieces.cut(chip, earlier.last()?.last, head)?;
        pieces.precede(chip, earlier, head)?;
        bottom = pieces.0.last()?.first.checked_sub(1)?;
    }
    pieces.cut(chip, from, head)?;
    let mut evidence = pieces.0;
    evidence.reverse();
    Some(HeadSignature { signature, evidence: List::try_from(evidence).ok()? })
}

/// A signed head at or after an index with which every entry after `from` can be shown: of most devices the first one. A chip's evidence cannot be
/// cut at its end, so of a device with a chip the first one may have evidence of too few, and only a later one of the others.
pub fn signed_after<V: View + ?Sized>(
    view: &V,
    device: &DeviceId,
    from: u64,
    index: u64,
) -> Option<SignedHead> {
    view.signed(device, signed_index_after(view, device, from, index)?)
}

/// The index of that signed head.
pub(crate) fn signed_index_after<V: View + ?Sized>(
    view: &V,
    device: &DeviceId,
    from: u64,
    index: u64,
) -> Option<u64> {
    let mut end = view.signed_index(device, index)?;
    let bound = || view.descriptor(device).is_some_and(|of| of.anchor.chip().is_some());
    // Of one's own each has evidence of all after the one before.
    if view.is_own(device) || !bound() {
        return Some(end);
    }
    let mut walk = Walk { view, device: *device, end: u64::MAX, rows: BTreeMap::new() };
    let mut bottom = end;
    while bottom > from {
        let evidence = walk.covering(bottom)?;
        end = end.max(evidence.last()?.last);
        bottom = evidence.first()?.first.checked_sub(1)?;
    }
    Some(end)
}

/// Pieces that follow each other, the last one first.
struct Backwards(Vec<ChipEvidence>);

impl Backwards {
    /// Leaves those of the entries after an index. None if they do not reach back so far.
    fn cut(&mut self, chip: &Chip, floor: u64, head: impl Fn(u64) -> Option<Digest>) -> Option<()> {
        while self.0.pop_if(|piece| piece.last <= floor).is_some() {}
        let first = self.0.last_mut()?;
        let next = floor.checked_add(1)?;
        if first.first < next {
            let heads: Option<Vec<Digest>> = (first.first..=floor).map(head).collect();
            *first = first.after(chip, &heads?)?;
        }
        (first.first == next).then_some(())
    }

    /// Puts earlier ones before them: what the chip did at a stretch becomes one piece.
    fn precede(
        &mut self,
        chip: &Chip,
        mut earlier: Vec<ChipEvidence>,
        head: impl Fn(u64) -> Option<Digest>,
    ) -> Option<()> {
        let (last, next) = (earlier.pop()?, self.0.last_mut()?);
        let heads: Option<Vec<Digest>> = (last.first..=last.last).map(head).collect();
        match last.joined(chip, &heads?, next) {
            Some(one) => *next = one,
            None => self.0.push(last),
        }
        self.0.extend(earlier.into_iter().rev());
        Some(())
    }
}

/// The signed heads of a device before an end, each of which is read about once, however they reach over each other.
struct Walk<'v, V: ?Sized> {
    view: &'v V,
    device: DeviceId,
    end: u64,
    /// Of an index the first signed head at or after it, and of which entry on that one has evidence.
    rows: BTreeMap<u64, (u64, u64)>,
}

impl<V: View + ?Sized> Walk<'_, V> {
    /// Evidence of an entry and of those before and after it.
    fn covering(&mut self, index: u64) -> Option<Vec<ChipEvidence>> {
        let mut next = index;
        loop {
            let known = self.rows.get(&next).copied();
            if let Some((at, _)) = known.filter(|(_, first)| *first > index) {
                next = at.checked_add(1)?;
                continue;
            }
            let signed = self.view.signed(&self.device, next);
            let signed = signed.filter(|signed| signed.at.index < self.end)?;
            let (at, first) = (signed.at.index, signed.signature.first()?);
            if first <= index {
                return Some(signed.signature.evidence.into_inner());
            }
            self.rows.insert(next, (at, first));
            next = at.checked_add(1)?;
        }
    }
}

/// How much of a token may rest on a device's chip, if it has one that counts: it is hardware, a maker on the receiver's list made it, and no slot
/// set could close the device elsewhere, which only its nodes could rule out.
pub(crate) fn trusted<V: View + ?Sized>(
    view: &V,
    device: &DeviceId,
    descriptor: &DeviceDescriptor,
) -> Option<u64> {
    let bound = descriptor.anchor.is_hardware() && descriptor.slot_set.is_none();
    let maker = view.maker(device).filter(|_| bound)?;
    view.settings().makers.get(&maker).copied()
}

/// The most base units of a token that may rest on a device, by what the view knows of it; none if there is no limit.
pub fn most_on<V: View + ?Sized>(view: &V, device: &DeviceId, token: &TokenId) -> Option<u64> {
    let descriptor = view.descriptor(device);
    let chip = descriptor.and_then(|descriptor| trusted(view, device, &descriptor));
    view.settings().most(token, chip)
}
