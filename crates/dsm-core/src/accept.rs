//! The only door from `Claimed` to `Accepted` (`spec/accept.md`).
//!
//! One pure function decides whether an entry that a peer deals is valid. Nothing is optional and
//! nothing is applied that was not signed; a refusal teaches nothing but fork proofs.

use alloc::vec::Vec;

use dsm_crypto::Digest;
use dsm_encoding::{List, from_slice, record};
use dsm_log::{DeviceId, ForkProof, Network, Nonce, Position, Verified, relationship};
use dsm_merkle::TipProof;

use crate::deal::Dealing;
use crate::entry::{Before, Entry};
use crate::known::Known;
use crate::lineage::{Lineage, judge};
use crate::pack::{Allowance, OpenedEntry, Pack, Resolved, resolve};
use crate::tripwire::{contradiction, prove_contradiction};
use crate::value::MAX_OPS;
use crate::view::{Allowed, Peer};
use crate::{Facts, FinalityClass, Note, Op, Reject, View};

/// The most fork proofs that one verdict makes: each may be as long as the longest known run. What
/// is beyond is found again when it is shown again, and meanwhile counts for nothing either.
const MAX_PROOFS: usize = 8;

/// An entry as its writer deals it to its peer, with the lineage that the peer lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dealt {
    /// The network.
    pub network: Network,
    /// Number of the writer in the pack's table.
    pub writer: u32,
    /// Index of the entry; the pack opens it.
    pub index: u64,
    /// Index of the head of the receiver's log that the entry's stitch names.
    pub stitch: Option<u64>,
    /// Root of the tip tree after the entry.
    pub tips: Digest,
    /// The other operations.
    pub ops: List<Op, MAX_OPS>,
    /// The receiver's challenge.
    pub nonce: Option<Nonce>,
    /// Opens the entry before; none exactly for the first.
    pub before: Option<Before>,
    /// Shows that one leaf of the tip tree changed.
    pub tip_proof: TipProof,
    /// The run that ends in or after the entry, and the lineage of its inputs.
    pub pack: Pack,
}
record! { Dealt {
    network, writer, index, stitch, tips, ops, nonce, before, tip_proof, pack
} }

/// Bytes that decoded, believed by nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed(Dealt);

impl Claimed {
    /// Reads a dealt entry.
    ///
    /// # Errors
    /// Rule R-01.
    pub fn decode(bytes: &[u8]) -> Result<Self, Reject> {
        Ok(Self(from_slice(bytes)?))
    }

    /// What is claimed.
    #[must_use]
    pub fn as_dealt(&self) -> &Dealt {
        &self.0
    }
}

impl From<Dealt> for Claimed {
    fn from(dealt: Dealt) -> Self {
        Self(dealt)
    }
}

/// An entry that passed every rule. Only [`accept`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    writer: DeviceId,
    at: Position,
    entry: Entry,
    before: Option<Before>,
    stitch: Option<u64>,
    tip: Digest,
    tip_proof: TipProof,
    lineage: Lineage,
    notes: Vec<Note>,
    facts: Facts,
}

impl Accepted {
    /// Who wrote it.
    #[must_use]
    pub fn writer(&self) -> DeviceId {
        self.writer
    }

    /// Where it stands in the writer's log.
    #[must_use]
    pub fn at(&self) -> Position {
        self.at
    }

    /// The entry itself.
    #[must_use]
    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// The entry as it was dealt, for a receipt.
    #[must_use]
    pub fn dealing(&self) -> Dealing {
        Dealing {
            entry: self.entry.clone(),
            before: self.before,
            stitch: self.stitch,
            tip_proof: self.tip_proof.clone(),
        }
    }

    /// The relationship as it is now, for the view.
    #[must_use]
    pub fn peer(&self) -> Peer {
        Peer { active: true, tip: Some(self.tip), stitch: self.stitch }
    }

    /// How final its value is, for the receiver.
    #[must_use]
    pub fn class(&self) -> FinalityClass {
        self.lineage.class
    }

    /// What the value rests on.
    #[must_use]
    pub fn lineage(&self) -> &Lineage {
        &self.lineage
    }

    /// The notes that the receiver now holds.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// What the verifier learned.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }
}

/// A verdict, and the forks that came to light on the way to it.
#[derive(Clone, Debug)]
pub struct Verdict<T = Accepted> {
    /// Accepted, or the first rule that was broken.
    pub result: Result<T, Reject>,
    /// To be kept whatever the result.
    pub forks: Vec<Verified<ForkProof>>,
}

/// Decides whether an entry that a peer deals is valid.
///
/// `asked` is the nonce of the Ask that this answers; none if it answers a contact card, or if it
/// carries no value.
pub fn accept<V: View + ?Sized>(view: &V, claimed: &Claimed, asked: Option<Nonce>) -> Verdict {
    let mut forks = Vec::new();
    let result = decide(view, &claimed.0, asked, &mut forks);
    Verdict { result, forks }
}

/// Checks a pack on its own: the lineage of the entry of `device` at `index`, with no addressee.
/// For an issue of one's own, and for whoever looks into a note.
pub fn examine<V: View + ?Sized>(
    view: &V,
    pack: &Pack,
    device: DeviceId,
    index: u64,
) -> Verdict<(Lineage, Facts)> {
    let mut forks = Vec::new();
    let result = check_pack(view, pack, &mut forks).and_then(|(resolved, forked)| {
        let mut known = known(view, pack, &resolved, &forked)?;
        let (lineage, seen) = judge(&mut known, device, index)?;
        Ok((lineage, known.lesson(seen).learn(resolved)))
    });
    Verdict { result, forks }
}

fn decide<V: View + ?Sized>(
    view: &V,
    dealt: &Dealt,
    asked: Option<Nonce>,
    forks: &mut Vec<Verified<ForkProof>>,
) -> Result<Accepted, Reject> {
    if dealt.network != view.network() {
        return Err(Reject::Network);
    }
    let (resolved, forked) = check_pack(view, &dealt.pack, forks)?;
    let mut known = known(view, &dealt.pack, &resolved, &forked)?;
    let table = usize::try_from(dealt.writer).ok().and_then(|at| resolved.devices.get(at));
    let writer = *table.ok_or(Reject::PackReference)?;
    let peer = view.peer(&writer).filter(|_| writer != view.me());
    let peer = peer.ok_or(Reject::UnknownPeer { device: writer })?;
    if !peer.active {
        return Err(Reject::NotEnrolled { device: writer });
    }
    if known.is_forked(&writer) {
        return Err(Reject::Forked { device: writer });
    }
    check_joined(&known, dealt, writer)?;
    let (entry, opened, at) = check_entry(&known, dealt, writer)?;
    let tip = check_tip(&known, dealt, &entry, writer, peer)?;
    check_stitch(&peer, dealt)?;
    if entry.nonce != asked {
        return Err(Reject::Nonce);
    }
    let notes = check_outputs(&known, &opened, writer, at)?;
    let (lineage, seen) = judge(&mut known, writer, dealt.index)?;
    check_class(&known, &lineage, &notes)?;
    let facts = known.lesson(seen).learn(resolved);
    let (before, stitch, tip_proof) = (dealt.before, dealt.stitch, dealt.tip_proof.clone());
    Ok(Accepted { writer, at, entry, before, stitch, tip, tip_proof, lineage, notes, facts })
}

/// Resolves a pack, verifies each signature once, and compares every head with what is known.
fn check_pack<V: View + ?Sized>(
    view: &V,
    pack: &Pack,
    forks: &mut Vec<Verified<ForkProof>>,
) -> Result<(Resolved, Vec<DeviceId>), Reject> {
    let resolved = resolve(pack)?;
    let mut lines = Vec::with_capacity(resolved.lines.len());
    for line in &resolved.lines {
        let device = line.device;
        let sent = resolved.descriptors.get(&device).cloned();
        let descriptor = sent.or_else(|| view.descriptor(&device));
        let descriptor = descriptor.ok_or(Reject::DeviceUnknown { device })?;
        if descriptor.network != view.network() {
            return Err(Reject::Network);
        }
        line.verify(&descriptor)?;
        lines.push((line, descriptor));
    }
    let mut forked: Vec<DeviceId> = Vec::new();
    for (line, descriptor) in lines {
        let device = line.device;
        let Some(index) = contradiction(view, line) else { continue };
        if forked.last() == Some(&device) {
            continue;
        }
        forked.push(device);
        if !view.is_forked(&device) && forks.len() < MAX_PROOFS {
            // Without a proof the view lost what it needs; it must not learn another history.
            let proof = prove_contradiction(view, line, &descriptor, index);
            forks.push(proof.ok_or(Reject::Forked { device })?);
        }
    }
    Ok((resolved, forked))
}

fn known<'a, V: View + ?Sized>(
    view: &'a V,
    pack: &Pack,
    resolved: &'a Resolved,
    forked: &[DeviceId],
) -> Result<Known<'a, V>, Reject> {
    let mut known = Known::new(view, resolved);
    for device in forked {
        known.mark_forked(*device);
    }
    for allowance in pack.allowances.iter() {
        let token = usize::try_from(allowance.token).ok().and_then(|at| resolved.tokens.get(at));
        let device = usize::try_from(allowance.device).ok();
        let device = device.and_then(|at| resolved.devices.get(at));
        let (token, device) = token.zip(device).ok_or(Reject::PackReference)?;
        let policy = known.policy(token).ok_or(Reject::PolicyUnknown { token: *token })?;
        let Allowance { index, count, proof, .. } = allowance;
        let root = proof.root_of(device.0, *index, *count).ok();
        if policy.allow_set.is_none() || root != policy.allow_set {
            return Err(Reject::AllowSet { token: *token, device: *device });
        }
        let proof = Allowed { index: *index, count: *count, proof: proof.clone() };
        known.allow(*token, *device, proof);
    }
    Ok(known)
}

/// A dealt entry is reached from the last head of its writer that the verifier knows, unless that
/// is too far back.
fn check_joined<V: View + ?Sized>(
    known: &Known<'_, V>,
    dealt: &Dealt,
    device: DeviceId,
) -> Result<(), Reject> {
    let line = known.line(&device, dealt.index).ok_or(Reject::OpenedMismatch)?;
    let Some(last) = known.view.latest(&device) else { return Ok(()) };
    let gap = dealt.index.saturating_sub(last.index);
    let joins = line.head(last.index) == Some(last.head);
    if joins || gap > known.view.settings().max_gap {
        Ok(())
    } else {
        Err(Reject::Unjoined { device })
    }
}

/// Puts the entry together from its opened parts; they must hash to its body.
fn check_entry<V: View + ?Sized>(
    known: &Known<'_, V>,
    dealt: &Dealt,
    writer: DeviceId,
) -> Result<(Entry, OpenedEntry, Position), Reject> {
    let index = dealt.index;
    let me = known.view.me();
    let opened = known.opened(&writer, index).ok_or(Reject::OpenedMismatch)?;
    let record = known.record(&writer, index).ok_or(Reject::OpenedMismatch)?;
    let head = known.head(&writer, index).ok_or(Reject::OpenedMismatch)?;
    let stitch = match dealt.stitch {
        Some(index) => Some(known.view.head(&me, index).ok_or(Reject::Stitch)?),
        None => None,
    };
    let entry = Entry {
        index,
        peer: Some(me),
        stitch,
        tips: dealt.tips,
        spends: record.spends,
        value: opened.value.clone(),
        ops: dealt.ops.clone(),
        nonce: dealt.nonce,
    };
    if entry.rest().hash() != opened.rest {
        return Err(Reject::DealtMismatch);
    }
    Ok((entry, opened, Position { index, head }))
}

/// One leaf changed, from the tip that this verifier saw last.
fn check_tip<V: View + ?Sized>(
    known: &Known<'_, V>,
    dealt: &Dealt,
    entry: &Entry,
    writer: DeviceId,
    peer: Peer,
) -> Result<Digest, Reject> {
    let root_before = match (&dealt.before, entry.index.saturating_sub(1)) {
        (None, 0) => Digest::ZERO,
        (Some(before), index @ 1..) => {
            let record = known.record(&writer, index).ok_or(Reject::TipReplacement)?;
            if record.body != before.body() {
                return Err(Reject::TipReplacement);
            }
            before.tips
        }
        _ => return Err(Reject::TipReplacement),
    };
    let tip = entry.tip_after(peer.tip);
    let key = relationship(&writer, &known.view.me());
    match dealt.tip_proof.replacement(key, peer.tip, tip) {
        Ok((before, after)) if before == root_before && after == entry.tips => Ok(tip),
        _ => Err(Reject::TipReplacement),
    }
}

/// The stitch never goes back, and once set is never none.
fn check_stitch(peer: &Peer, dealt: &Dealt) -> Result<(), Reject> {
    match (peer.stitch, dealt.stitch) {
        (None, _) => Ok(()),
        (Some(before), Some(now)) if now >= before => Ok(()),
        _ => Err(Reject::Stitch),
    }
}

/// Outputs go to the receiver, on floors of its own log, to the writer, or to a vault.
fn check_outputs<V: View + ?Sized>(
    known: &Known<'_, V>,
    opened: &OpenedEntry,
    writer: DeviceId,
    at: Position,
) -> Result<Vec<Note>, Reject> {
    let me = known.view.me();
    let mut notes = Vec::new();
    for (number, output) in (0..).zip(opened.outputs()) {
        let Some((owner, floor)) = output.lock.device() else { continue };
        if *owner == me {
            if known.view.head(&me, floor.index) != Some(floor.head) {
                return Err(Reject::FloorNotMine);
            }
            notes.push(Note { output: *output, head: at.head, number });
        } else if *owner != writer {
            return Err(Reject::Stranger { device: *owner });
        }
    }
    Ok(notes)
}

/// The class is enough for the amount: for the token's policy, and for the receiver's settings.
fn check_class<V: View + ?Sized>(
    known: &Known<'_, V>,
    lineage: &Lineage,
    notes: &[Note],
) -> Result<(), Reject> {
    let settings = known.view.settings();
    let reached = lineage.class;
    let mut sums = alloc::collections::BTreeMap::new();
    for Note { output, .. } in notes {
        let token = output.token;
        let policy = known.policy(&token).ok_or(Reject::PolicyUnknown { token })?;
        if !reached.satisfies(policy.class_floor) {
            return Err(Reject::Class { reached, token });
        }
        let sum: &mut u64 = sums.entry(token).or_insert(0);
        *sum = sum.checked_add(output.amount).ok_or(Reject::Overflow { token })?;
    }
    for (token, sum) in sums {
        for device in &lineage.uncertified {
            let Some(most) = settings.most(&token, known.trusted(device)) else { continue };
            let total = known.view.exposure(device, &token).checked_add(sum);
            if total.is_none_or(|total| total > most) {
                return Err(Reject::ExposedCap { device: *device, token });
            }
        }
    }
    Ok(())
}
