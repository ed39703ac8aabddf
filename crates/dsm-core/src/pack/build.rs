//! Builds the pack that a receiver lacks (`spec/packs.md`, building).
//!
//! Takes a plan and what the receiver wants of it, and names whatever the receiver can compute.
//! Every function answers none where the view lacks a part, or where the pack would pass a limit.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use dsm_encoding::List;
use dsm_log::{DeviceId, Position, Record, SpendId};

use super::plan::{Plan, Stretch, Want, Wanted};
use super::{
    Allowance, OpenedEntry, Pack, PackDevice, PackLock, PackOpened, PackOutput, PackRecord,
    PackRun, PackSpend, PackToken, PackValue,
};
use crate::evidence::signature_after;
use crate::{Lock, Output, TokenId, Value, View, lot_id};

/// A wanted stretch.
type Part<'a> = (&'a Stretch, &'a Want);

/// Builds what is wanted of a plan.
pub fn build<V: View + ?Sized>(view: &V, plan: &Plan, wanted: &Wanted) -> Option<Pack> {
    if plan.stretches.len() != wanted.stretches.len() || plan.tokens.len() != wanted.tokens.len() {
        return None;
    }
    let parts: Vec<Part<'_>> = plan
        .stretches
        .iter()
        .zip(wanted.stretches.iter())
        .filter(|(stretch, want)| want.from < stretch.to && !want.opened.is_empty())
        .collect();
    Builder::new(view, parts, plan, wanted)?.pack()
}

struct Builder<'a, V: View + ?Sized> {
    view: &'a V,
    parts: Vec<Part<'a>>,
    opened: Vec<OpenedEntry>,
    devices: Vec<DeviceId>,
    tokens: Vec<TokenId>,
    wants_policy: BTreeSet<TokenId>,
    /// Every id that an opened entry or a lot of this pack makes.
    names: BTreeMap<SpendId, PackSpend>,
}

impl<'a, V: View + ?Sized> Builder<'a, V> {
    fn new(view: &'a V, parts: Vec<Part<'a>>, plan: &Plan, wanted: &Wanted) -> Option<Self> {
        let mut opened = Vec::new();
        for (stretch, want) in &parts {
            for index in want.opened.iter() {
                if *index <= want.from || *index > stretch.to {
                    return None;
                }
                opened.push(view.opened(&stretch.device, *index)?);
            }
        }
        let mut devices: BTreeSet<DeviceId> = parts.iter().map(|(one, _)| one.device).collect();
        let mut tokens = BTreeSet::new();
        for value in opened.iter().filter_map(|one| one.value.as_ref()) {
            if let Value::Issue { token, .. } | Value::Burn { token, .. } = value {
                tokens.insert(*token);
            }
            for output in value.outputs() {
                tokens.insert(output.token);
                devices.extend(output.lock.device().map(|(owner, _)| *owner));
            }
        }
        // Change is to the writer, and writers have runs.
        let wants_policy = plan.tokens.iter().zip(wanted.tokens.iter());
        let wants_policy = wants_policy.filter(|(_, wants)| **wants).map(|(id, _)| *id).collect();
        let (devices, tokens) = (devices.into_iter().collect(), tokens.into_iter().collect());
        let names = BTreeMap::new();
        let mut this = Self { view, parts, opened, devices, tokens, wants_policy, names };
        this.name()?;
        Some(this)
    }

    /// Finds out which ids the receiver can compute.
    fn name(&mut self) -> Option<()> {
        for (at, token) in self.tokens.iter().enumerate() {
            let issuer = self.view.policy(token)?;
            let token_number = number(at)?;
            let runs = self.parts.iter().filter(|(one, _)| one.device == issuer.issuer);
            // An entry issues at most one lot, so lots used in order are fewer than the entries
            // since the floor. Other lots, and those of a very long log, are sent in full.
            let end = runs.map(|(one, _)| one.to).max().unwrap_or(0);
            let entries = end.saturating_sub(issuer.issuer_floor.index);
            let most = entries.min(issuer.lots).min(super::MAX_TABLE as u64);
            for lot in 0..most {
                let spend = PackSpend::Lot { token: token_number, lot };
                self.names.insert(lot_id(token, lot), spend);
            }
        }
        for (at, opened) in self.opened.iter().enumerate() {
            if let Some(Value::Issue { token, lot, .. }) = &opened.value {
                let spend = PackSpend::Lot { token: self.token(token)?, lot: *lot };
                self.names.insert(lot_id(token, *lot), spend);
            }
            for (output, id) in (0..).zip(&opened.notes) {
                self.names.insert(*id, PackSpend::Note { opened: number(at)?, output });
            }
        }
        Some(())
    }

    fn token(&self, token: &TokenId) -> Option<u32> {
        number(self.tokens.binary_search(token).ok()?)
    }

    fn device(&self, device: &DeviceId) -> Option<u32> {
        number(self.devices.binary_search(device).ok()?)
    }

    fn pack(&self) -> Option<Pack> {
        let devices = self.devices.iter().map(|id| {
            let of = |(one, want): &&Part<'_>| one.device == *id && want.descriptor;
            if self.parts.iter().any(|part| of(&part)) {
                Some(PackDevice::Full { descriptor: Box::new(self.view.descriptor(id)?) })
            } else {
                Some(PackDevice::Named { id: *id })
            }
        });
        let tokens = self.tokens.iter().map(|id| {
            if self.wants_policy.contains(id) {
                Some(PackToken::Full { policy: Box::new(self.view.policy(id)?) })
            } else {
                Some(PackToken::Named { id: *id })
            }
        });
        let opened = self.opened.iter().map(|one| self.open(one));
        let runs = self.parts.iter().map(|part| self.run(part));
        Some(Pack {
            devices: list(devices)?,
            tokens: list(tokens)?,
            runs: list(runs)?,
            opened: list(opened)?,
            allowances: self.allowances()?,
        })
    }

    fn run(&self, (stretch, want): &Part<'_>) -> Option<PackRun> {
        let device = &stretch.device;
        let start = Position { index: want.from, head: self.view.head(device, want.from)? };
        let signed = self.view.signed(device, stretch.to)?;
        if signed.at.index != stretch.to {
            return None;
        }
        let records = (want.from.checked_add(1)?..=stretch.to).map(|index| {
            let Record { spends, body } = self.view.record(device, index)?;
            let opened = want.opened.binary_search(&index).is_ok();
            let name =
                |id: &SpendId| self.names.get(id).copied().unwrap_or(PackSpend::Raw { id: *id });
            let spends = List::try_collect(spends.iter().map(name)).ok()?;
            Some(PackRecord { spends, body: (!opened).then_some(body) })
        });
        let device = self.device(device)?;
        let signature = signature_after(self.view, signed, want.from)?;
        Some(PackRun { device, start, records: list(records)?, signature })
    }

    fn open(&self, one: &OpenedEntry) -> Option<PackOpened> {
        let before = one.index.checked_sub(1)?;
        let outputs = |outputs: &[Output]| {
            list(outputs.iter().map(|output| {
                let lock = self.lock(output, &one.device, before)?;
                let token = self.token(&output.token)?;
                Some(PackOutput { token, amount: output.amount, lock })
            }))
        };
        let value = match &one.value {
            None => None,
            Some(Value::Transfer { claims, outputs: full }) => {
                Some(PackValue::Transfer { claims: claims.clone(), outputs: outputs(full)? })
            }
            Some(Value::Issue { token, lot, outputs: full, cosignatures }) => {
                Some(PackValue::Issue {
                    token: self.token(token)?,
                    lot: *lot,
                    outputs: outputs(full)?,
                    cosignatures: cosignatures.clone(),
                })
            }
            Some(Value::Burn { token, amount }) => {
                Some(PackValue::Burn { token: self.token(token)?, amount: *amount })
            }
        };
        let device = self.device(&one.device)?;
        Some(PackOpened { device, index: one.index, rest: one.rest, value })
    }

    fn lock(&self, output: &Output, writer: &DeviceId, before: u64) -> Option<PackLock> {
        let (id, floor) = match output.lock {
            Lock::Vault { root } => return Some(PackLock::Vault { root }),
            Lock::Device { id, floor } => (id, floor),
        };
        if id == *writer && floor.index == before {
            return Some(PackLock::Change {});
        }
        let device = self.device(&id)?;
        let shown = self.parts.iter().any(|(stretch, want)| {
            stretch.device == id && want.from <= floor.index && floor.index <= stretch.to
        });
        if shown && self.view.head(&id, floor.index) == Some(floor.head) {
            Some(PackLock::Shown { device, floor: floor.index })
        } else {
            Some(PackLock::Plain { device, floor })
        }
    }

    /// A proof for each owner of each token that has an allow set.
    fn allowances(&self) -> Option<List<Allowance, { super::MAX_TABLE }>> {
        let mut owners: BTreeSet<(u32, u32)> = BTreeSet::new();
        for output in
            self.opened.iter().filter_map(|one| one.value.as_ref()).flat_map(Value::outputs)
        {
            if self.view.policy(&output.token)?.allow_set.is_some()
                && let Some((owner, _)) = output.lock.device()
            {
                owners.insert((self.token(&output.token)?, self.device(owner)?));
            }
        }
        list(owners.into_iter().map(|(token, device)| {
            let token_id = self.tokens.get(usize::try_from(token).ok()?)?;
            let device_id = self.devices.get(usize::try_from(device).ok()?)?;
            let allowed = self.view.allowance(token_id, device_id)?;
            let crate::view::Allowed { index, count, proof } = allowed;
            Some(Allowance { token, device, index, count, proof })
        }))
    }
}

fn number(at: usize) -> Option<u32> {
    u32::try_from(at).ok()
}

fn list<T, const MAX: usize>(elements: impl Iterator<Item = Option<T>>) -> Option<List<T, MAX>> {
    List::try_from(elements.collect::<Option<Vec<T>>>()?).ok()
}
