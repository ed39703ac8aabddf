//! Turns the names of a pack into ids and its claims into hashes; believes nothing.
//!
//! Linear in the pack: every record is hashed once, after everything that it refers to. What would
//! need itself first is a cycle.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use dsm_crypto::Digest;
use dsm_log::{
    BadHead, DeviceDescriptor, DeviceId, HeadSignature, MAX_INDEX, Position, Record, SignedHead,
    SpendId,
};

use super::resolver::Resolver;
use super::{Pack, PackDevice, PackLock, PackSpend, PackToken};
use crate::{Entry, Note, Output, Policy, Reject, TokenId, Value};

/// A run with its heads: what a pack claims about one stretch of one log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Whose log.
    pub device: DeviceId,
    /// Where it starts.
    pub start: Position,
    /// Its records.
    pub records: Vec<Record>,
    /// The head after each record.
    pub heads: Vec<Digest>,
    /// What the device says of the last head, with evidence of every record if it has a chip.
    pub signature: HeadSignature,
}

impl Line {
    /// The last place of the run.
    #[must_use]
    pub fn end(&self) -> Position {
        let head = self.heads.last().copied().unwrap_or(self.start.head);
        Position { index: self.start.index.saturating_add(self.heads.len() as u64), head }
    }

    /// The head at an index of the run, its start included.
    #[must_use]
    pub fn head(&self, index: u64) -> Option<Digest> {
        match index.checked_sub(self.start.index)? {
            0 => Some(self.start.head),
            at => self.heads.get(usize::try_from(at).ok()?.checked_sub(1)?).copied(),
        }
    }

    /// The record of the entry at an index of the run.
    #[must_use]
    pub fn record(&self, index: u64) -> Option<&Record> {
        let at = index.checked_sub(self.start.index)?.checked_sub(1)?;
        self.records.get(usize::try_from(at).ok()?)
    }

    /// Checks what the device of a descriptor says of it.
    ///
    /// # Errors
    /// Rules.
    pub(crate) fn verify(&self, descriptor: &DeviceDescriptor) -> Result<(), Reject> {
        let device = self.device;
        if descriptor.id() != device {
            return Err(Reject::Signature { device });
        }
        let verified = self.signature.verify(descriptor, &self.start, &self.heads);
        verified.map_err(|bad| match bad {
            BadHead::Signature => Reject::Signature { device },
            BadHead::Evidence(_) => Reject::Evidence { device },
        })
    }

    /// The signed head at its end.
    #[must_use]
    pub fn signed(&self) -> SignedHead {
        SignedHead { device: self.device, at: self.end(), signature: self.signature.clone() }
    }
}

/// An opened entry in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedEntry {
    /// Whose log.
    pub device: DeviceId,
    /// Its index.
    pub index: u64,
    /// `H("rest", ..)`.
    pub rest: Digest,
    /// Its value operation.
    pub value: Option<Value>,
    /// The ids of the notes that it makes, by output number.
    pub notes: Vec<SpendId>,
}

impl OpenedEntry {
    /// An entry as it is opened, if `head` is the head after it.
    #[must_use]
    pub fn new(device: DeviceId, entry: &Entry, head: Digest) -> Self {
        let rest = entry.rest().hash();
        Self { device, index: entry.index, rest, value: entry.value.clone(), notes: Vec::new() }
            .with_notes(head)
    }

    /// The same with the ids of its notes, if `head` is the head after it.
    pub(super) fn with_notes(mut self, head: Digest) -> Self {
        let outputs = (0..).zip(self.outputs());
        self.notes =
            outputs.map(|(number, output)| Note { output: *output, head, number }.id()).collect();
        self
    }

    /// The notes that it makes.
    #[must_use]
    pub fn outputs(&self) -> &[Output] {
        self.value.as_ref().map_or(&[], Value::outputs)
    }

    /// The notes that it makes: output number, id, output.
    pub fn made(&self) -> impl Iterator<Item = (u32, SpendId, Output)> {
        (0..)
            .zip(&self.notes)
            .zip(self.outputs())
            .map(|((number, id), output)| (number, *id, *output))
    }
}

/// A pack with every name resolved.
#[derive(Clone, Debug, Default)]
pub(crate) struct Resolved {
    pub(crate) devices: Vec<DeviceId>,
    pub(crate) descriptors: BTreeMap<DeviceId, DeviceDescriptor>,
    pub(crate) tokens: Vec<TokenId>,
    pub(crate) policies: Vec<(TokenId, Policy)>,
    pub(crate) lines: Vec<Line>,
    pub(crate) opened: Vec<OpenedEntry>,
}

/// Resolves a pack.
///
/// # Errors
/// Rules.
pub(crate) fn resolve(pack: &Pack) -> Result<Resolved, Reject> {
    let devices: Vec<DeviceId> = pack.devices.iter().map(PackDevice::id).collect();
    let tokens: Vec<TokenId> = pack
        .tokens
        .iter()
        .map(|token| match token {
            PackToken::Full { policy } => policy.id(),
            PackToken::Named { id } => *id,
        })
        .collect();
    check_order(pack, &devices, &tokens)?;
    check_runs(pack, &devices)?;
    check_use(pack)?;
    let (lines, opened) = Resolver::new(pack, &devices, &tokens)?.run()?;
    let descriptors = pack.devices.iter().zip(&devices).filter_map(|(device, id)| match device {
        PackDevice::Full { descriptor } => Some((*id, (**descriptor).clone())),
        PackDevice::Named { .. } => None,
    });
    let policies = pack.tokens.iter().zip(&tokens).filter_map(|(token, id)| match token {
        PackToken::Full { policy } => Some((*id, (**policy).clone())),
        PackToken::Named { .. } => None,
    });
    let (descriptors, policies) = (descriptors.collect(), policies.collect());
    Ok(Resolved { devices, descriptors, tokens, policies, lines, opened })
}

fn ascends<T, K: Ord>(table: &[T], key: impl Fn(&T) -> K) -> Result<(), Reject> {
    let ordered = table.windows(2).all(|pair| match pair {
        [one, next] => key(one) < key(next),
        _ => true,
    });
    if ordered { Ok(()) } else { Err(Reject::PackOrder) }
}

fn check_order(pack: &Pack, devices: &[DeviceId], tokens: &[TokenId]) -> Result<(), Reject> {
    ascends(devices, |id| *id)?;
    ascends(tokens, |id| *id)?;
    ascends(&pack.runs, |run| (run.device, run.start.index))?;
    ascends(&pack.opened, |opened| (opened.device, opened.index))?;
    ascends(&pack.allowances, |allowance| (allowance.token, allowance.device))
}

fn check_runs(pack: &Pack, devices: &[DeviceId]) -> Result<(), Reject> {
    let mut before: Option<(u32, u64)> = None;
    for run in pack.runs.iter() {
        let device = *entry(devices, run.device)?;
        let end = run
            .start
            .index
            .checked_add(run.records.len() as u64)
            .filter(|end| *end < MAX_INDEX)
            .ok_or(Reject::IndexRange)?;
        if before.is_some_and(|(same, last)| same == run.device && run.start.index <= last) {
            return Err(Reject::RunOverlap { device });
        }
        if run.start.index == 0 && run.start != Position::origin(&device) {
            return Err(Reject::NotOrigin { device });
        }
        before = Some((run.device, end));
    }
    Ok(())
}

/// The element of a table that a number names (rule R-05).
pub(super) fn entry<T>(table: &[T], number: u32) -> Result<&T, Reject> {
    usize::try_from(number).ok().and_then(|at| table.get(at)).ok_or(Reject::PackReference)
}

fn mark(used: &mut [bool], number: u32) -> Result<(), Reject> {
    let at = usize::try_from(number).map_err(|_| Reject::PackReference)?;
    *used.get_mut(at).ok_or(Reject::PackReference)? = true;
    Ok(())
}

/// Every device, token, run and opened entry serves something; a descriptor serves a run.
fn check_use(pack: &Pack) -> Result<(), Reject> {
    let mut devices = alloc::vec![false; pack.devices.len()];
    let mut signers = devices.clone();
    let mut tokens = alloc::vec![false; pack.tokens.len()];
    for run in pack.runs.iter() {
        mark(&mut devices, run.device)?;
        mark(&mut signers, run.device)?;
        for spend in run.records.iter().flat_map(|record| record.spends.iter()) {
            if let PackSpend::Lot { token, .. } = spend {
                mark(&mut tokens, *token)?;
            }
        }
    }
    for opened in pack.opened.iter() {
        mark(&mut devices, opened.device)?;
        let Some(value) = &opened.value else { continue };
        match value {
            super::PackValue::Issue { token, .. } | super::PackValue::Burn { token, .. } => {
                mark(&mut tokens, *token)?;
            }
            super::PackValue::Transfer { .. } => {}
        }
        for output in value.outputs() {
            mark(&mut tokens, output.token)?;
            match output.lock {
                PackLock::Shown { device, .. } | PackLock::Plain { device, .. } => {
                    mark(&mut devices, device)?;
                }
                PackLock::Change {} | PackLock::Vault { .. } => {}
            }
        }
    }
    for allowance in pack.allowances.iter() {
        entry(&tokens, allowance.token)?;
        entry(&devices, allowance.device)?;
    }
    let spare = pack
        .devices
        .iter()
        .zip(&signers)
        .any(|(device, signs)| matches!(device, PackDevice::Full { .. }) && !signs);
    if spare || devices.contains(&false) || tokens.contains(&false) {
        return Err(Reject::PackUnused);
    }
    Ok(())
}
