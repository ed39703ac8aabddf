//! Puts together what shows the heads of a run to be signed and absorbed (`spec/anchors.md`, runs).

use alloc::vec::Vec;

use dsm_log::{ChipEvidence, DeviceDescriptor, DeviceId, HeadSignature, SignedHead};

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
    let mut reaches = signature;
    let mut bottom = first.checked_sub(1)?;
    while bottom > from {
        let earlier = covering(view, &device, bottom, at.index)?;
        let trimmed = reaches.after(chip, earlier.last()?.last, head)?;
        reaches = trimmed.preceded(chip, &earlier, head)?;
        bottom = reaches.first()?.checked_sub(1)?;
    }
    reaches.after(chip, from, head)
}

/// Evidence of an entry and of those before and after it, under a signed head before `end`.
fn covering<V: View + ?Sized>(
    view: &V,
    device: &DeviceId,
    index: u64,
    end: u64,
) -> Option<Vec<ChipEvidence>> {
    let mut next = index;
    loop {
        let signed = view.signed(device, next).filter(|signed| signed.at.index < end)?;
        if signed.signature.first()? <= index {
            return Some(signed.signature.evidence.into_inner());
        }
        next = signed.at.index.checked_add(1)?;
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
