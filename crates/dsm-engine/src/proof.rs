//! Notes with their whole lineage, for somebody who knows nothing (`spec/packs.md`, proofs).

use std::collections::BTreeSet;

use dsm_core::pack::{Pack, PackDevice, Wanted, build, plan_entry};
use dsm_core::{Lineage, MakerId, MemoryView, Note, Origin, Policy, Value, View, examine};
use dsm_encoding::record;
use dsm_log::{DeviceId, Network, SpendId};
use dsm_store::{Books, Kv};

use crate::ProofError;

/// A note and everything back to its issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteProof {
    /// The network.
    pub network: Network,
    /// Whose entry made the note.
    pub device: DeviceId,
    /// Which entry.
    pub index: u64,
    /// Which output of it.
    pub output: u32,
    /// The lineage, whole.
    pub pack: Pack,
}
record! { NoteProof { network, device, index, output, pack } }

/// One operation of a lineage, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Who wrote it.
    pub device: DeviceId,
    /// Its index in that log.
    pub index: u64,
    /// What it did.
    pub value: Value,
    /// How many records were shown between the oldest floor of what it consumes and itself.
    pub shown: u64,
}

/// Builds the proof of a note from a wallet's books.
///
/// # Errors
/// If the books lack a part of it.
pub fn note_proof<K: Kv>(books: &Books<'_, K>, id: &SpendId) -> Result<NoteProof, ProofError> {
    let (Origin { device, index, output }, _) = books.origin(id).ok_or(ProofError::Incomplete)?;
    let plan = plan_entry(books, device, index).ok_or(ProofError::Incomplete)?;
    let wanted = Wanted::all(&plan).map_err(|_| ProofError::Incomplete)?;
    let pack = build(books, &plan, &wanted).ok_or(ProofError::Incomplete)?;
    books.check()?;
    Ok(NoteProof { network: books.network(), device, index, output, pack })
}

/// What a proof shows to somebody who knows nothing: the note, its lineage, the policies of its
/// tokens, and a view of all that was shown.
#[derive(Clone, Debug)]
pub struct Examined {
    /// The note.
    pub note: Note,
    /// What its history amounts to.
    pub lineage: Lineage,
    /// The tokens.
    pub policies: Vec<Policy>,
    /// Everything that was shown.
    pub view: MemoryView,
}

/// Who made the chip of a device and how much may rest on it, if it counts for whoever looks.
pub type Chips<'a> = &'a dyn Fn(&DeviceId) -> Option<(MakerId, u64)>;

/// The chips that count for a wallet.
pub fn chips<'b, K: Kv>(
    books: &'b Books<'_, K>,
) -> impl Fn(&DeviceId) -> Option<(MakerId, u64)> + 'b {
    |device| {
        let maker = books.maker(device)?;
        Some((maker, *books.settings().makers.get(&maker)?))
    }
}

/// Checks a proof with the rules of `accept`, from nothing but whose chips count.
///
/// # Errors
/// The first rule that it breaks.
pub fn examined(proof: &NoteProof, chips: Chips<'_>) -> Result<Examined, ProofError> {
    // A stranger: a device that is nobody's peer and has no log.
    let stranger = DeviceId(dsm_crypto::Digest::ZERO);
    let mut view = MemoryView::new(proof.network, stranger);
    for device in proof.pack.devices.iter().map(PackDevice::id) {
        if let Some((maker, most)) = chips(&device) {
            view.makers.insert(device, maker);
            view.settings.makers.insert(maker, most);
        }
    }
    let verdict = examine(&view, &proof.pack, proof.device, proof.index);
    let (lineage, facts) = verdict.result?;
    view.learn(&facts);
    let made = view.opened(&proof.device, proof.index);
    let made = made.as_ref().into_iter().flat_map(|opened| opened.made());
    let output = made.into_iter().find(|(number, ..)| *number == proof.output);
    let head = view.head(&proof.device, proof.index);
    let ((number, _, output), head) = output.zip(head).ok_or(ProofError::OtherNote)?;
    let note = Note { output, head, number };
    Ok(Examined { note, lineage, policies: facts.policies, view })
}

/// The operations that a note rests on, each after those that it rests on itself.
pub fn lineage_of<V: View>(view: &V, device: DeviceId, index: u64) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut seen = BTreeSet::new();
    let mut open = vec![(device, index, false)];
    while let Some((device, index, ready)) = open.pop() {
        let Some(value) = view.opened(&device, index).and_then(|opened| opened.value) else {
            continue;
        };
        let inputs: Vec<_> = view
            .record(&device, index)
            .iter()
            .flat_map(|record| record.spends.iter())
            .filter_map(|id| view.origin(id))
            .collect();
        if ready {
            let floors = inputs.iter().filter_map(|(_, output)| output.lock.device());
            let policy = match &value {
                Value::Issue { token, .. } => view.policy(token),
                Value::Transfer { .. } | Value::Burn { .. } => None,
            };
            let floors = floors.map(|(_, floor)| floor.index);
            let from = floors.chain(policy.map(|policy| policy.issuer_floor.index)).min();
            let shown = index.saturating_sub(from.unwrap_or(index));
            steps.push(Step { device, index, value, shown });
        } else if seen.insert((device, index)) {
            open.push((device, index, true));
            open.extend(inputs.iter().map(|(origin, _)| (origin.device, origin.index, false)));
        }
    }
    steps
}
