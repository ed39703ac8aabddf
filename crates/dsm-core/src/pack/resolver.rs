//! The order in which the records of a pack can be hashed: each after what it refers to.

use alloc::vec::Vec;

use dsm_encoding::{List, to_vec};
use dsm_log::{DeviceId, MAX_SPENDS, Position, Record, SpendId, value_hash};

use super::resolve::{Line, OpenedEntry, entry};
use super::{Pack, PackLock, PackOutput, PackRecord, PackSpend, PackValue};
use crate::value::MAX_OUTPUTS;
use crate::{Lock, Output, Reject, TokenId, Value, lot_id};

/// How far a run is hashed.
#[derive(Clone, Copy, Default)]
struct Cursor {
    /// How many of the next record's references are known to be ready.
    ready: usize,
    /// Whether the run waits for another one.
    waits: bool,
}

/// A place in a run: the number of the run and how many of its records must be hashed.
type Place = (usize, usize);

pub(super) struct Resolver<'a> {
    pack: &'a Pack,
    devices: &'a [DeviceId],
    tokens: &'a [TokenId],
    lines: Vec<Line>,
    cursors: Vec<Cursor>,
    /// Where each opened entry lies.
    places: Vec<Place>,
    opened: Vec<Option<OpenedEntry>>,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(
        pack: &'a Pack,
        devices: &'a [DeviceId],
        tokens: &'a [TokenId],
    ) -> Result<Self, Reject> {
        let mut lines = Vec::with_capacity(pack.runs.len());
        for run in pack.runs.iter() {
            lines.push(Line {
                device: *entry(devices, run.device)?,
                start: run.start,
                // A claimed record may be three bytes: memory is taken as they are hashed.
                records: Vec::new(),
                heads: Vec::new(),
                signature: run.signature.clone(),
            });
        }
        let cursors = alloc::vec![Cursor::default(); lines.len()];
        let opened = alloc::vec![None; pack.opened.len()];
        let mut this = Self { pack, devices, tokens, lines, cursors, places: Vec::new(), opened };
        let mut serves = alloc::vec![false; pack.runs.len()];
        for opened in pack.opened.iter() {
            let place = this.place(opened.device, opened.index).ok_or(Reject::OpenedMismatch)?;
            let closed = this.pack_record(place)?.body.is_some();
            if closed {
                return Err(Reject::OpenedMismatch);
            }
            if let Some(run) = serves.get_mut(place.0) {
                *run = true;
            }
            this.places.push(place);
        }
        if serves.contains(&false) {
            return Err(Reject::PackUnused);
        }
        Ok(this)
    }

    /// Hashes everything.
    pub(super) fn run(mut self) -> Result<(Vec<Line>, Vec<OpenedEntry>), Reject> {
        for (run, of) in self.pack.runs.iter().enumerate() {
            self.hash_until((run, of.records.len()))?;
        }
        let opened: Vec<OpenedEntry> = self.opened.into_iter().flatten().collect();
        check_raw(self.pack, &opened)?;
        Ok((self.lines, opened))
    }

    /// The run that shows a device's entry (or, one before its first, its start), and how many of
    /// its records that takes.
    fn place(&self, device: u32, index: u64) -> Option<Place> {
        let runs = &self.pack.runs;
        let after = runs.partition_point(|run| (run.device, run.start.index) <= (device, index));
        let at = after.checked_sub(1)?;
        let run = runs.get(at).filter(|run| run.device == device)?;
        let count = usize::try_from(index.checked_sub(run.start.index)?).ok()?;
        (count <= run.records.len()).then_some((at, count))
    }

    fn pack_record(&self, (run, count): Place) -> Result<&'a PackRecord, Reject> {
        let record = self.pack.runs.get(run).zip(count.checked_sub(1));
        record.and_then(|(run, at)| run.records.get(at)).ok_or(Reject::OpenedMismatch)
    }

    fn hashed(&self, run: usize) -> usize {
        self.lines.get(run).map_or(0, |line| line.heads.len())
    }

    /// Hashes a run up to a place, and first whatever it needs, without recursion.
    fn hash_until(&mut self, place: Place) -> Result<(), Reject> {
        let mut stack = alloc::vec![place];
        while let Some(&(run, count)) = stack.last() {
            if self.hashed(run) >= count {
                stack.pop();
                self.cursor(run)?.waits = false;
                continue;
            }
            match self.missing(run)? {
                None => self.hash_next(run)?,
                Some(needed) => {
                    self.cursor(run)?.waits = true;
                    if self.cursor(needed.0)?.waits {
                        return Err(Reject::Cycle);
                    }
                    stack.push(needed);
                }
            }
        }
        Ok(())
    }

    fn cursor(&mut self, run: usize) -> Result<&mut Cursor, Reject> {
        self.cursors.get_mut(run).ok_or(Reject::PackReference)
    }

    /// The opened entry at a place, by number.
    fn opened_at(&self, run: usize, count: usize) -> Option<usize> {
        let device = self.pack.runs.get(run)?.device;
        let index = self.pack.runs.get(run)?.start.index.checked_add(count as u64)?;
        self.pack.opened.binary_search_by_key(&(device, index), |one| (one.device, one.index)).ok()
    }

    /// The first place that the next record of a run needs and that is not hashed yet.
    fn missing(&mut self, run: usize) -> Result<Option<Place>, Reject> {
        let count = self.hashed(run).saturating_add(1);
        let record = self.pack_record((run, count))?;
        let outputs = match self.opened_at(run, count).and_then(|at| self.pack.opened.get(at)) {
            Some(opened) => opened.value.as_ref().map_or(&[][..], PackValue::outputs),
            None if record.body.is_none() => return Err(Reject::OpenedMismatch),
            None => &[],
        };
        let total = record.spends.len().saturating_add(outputs.len());
        loop {
            let at = self.cursor(run)?.ready;
            if at >= total {
                return Ok(None);
            }
            let needed = match at.checked_sub(record.spends.len()) {
                None => self.spend_needs(record.spends.get(at))?,
                Some(output) => self.output_needs(outputs.get(output))?,
            };
            if let Some(place) = needed.filter(|(run, count)| self.hashed(*run) < *count) {
                return Ok(Some(place));
            }
            self.cursor(run)?.ready = at.saturating_add(1);
        }
    }

    fn spend_needs(&self, spend: Option<&PackSpend>) -> Result<Option<Place>, Reject> {
        match spend {
            Some(PackSpend::Note { opened, .. }) => entry(&self.places, *opened).copied().map(Some),
            _ => Ok(None),
        }
    }

    fn output_needs(&self, output: Option<&PackOutput>) -> Result<Option<Place>, Reject> {
        match output.map(|output| output.lock) {
            Some(PackLock::Shown { device, floor }) => {
                self.place(device, floor).map(Some).ok_or(Reject::FloorNotShown)
            }
            _ => Ok(None),
        }
    }

    /// Hashes the next record of a run; everything that it refers to is there.
    fn hash_next(&mut self, run: usize) -> Result<(), Reject> {
        let count = self.hashed(run).saturating_add(1);
        let record = self.pack_record((run, count))?;
        let line = self.lines.get(run).ok_or(Reject::PackReference)?;
        let (device, before) = (line.device, line.end());
        let index = before.index.saturating_add(1);
        let spends = self.spends(record, device, index)?;
        let (record, opened) = match (self.opened_at(run, count), record.body) {
            (None, Some(body)) => (Record { spends, body }, None),
            (Some(at), None) => {
                let opened = self.open(at, before)?;
                let value = value_hash(&to_vec(&opened.value));
                (Record::from_parts(spends, &opened.rest, &value), Some((at, opened)))
            }
            _ => return Err(Reject::OpenedMismatch),
        };
        let after = before.after(&record.pair()).ok_or(Reject::IndexRange)?;
        if let Some((at, opened)) = opened
            && let Some(slot) = self.opened.get_mut(at)
        {
            *slot = Some(opened.with_notes(after.head));
        }
        if let Some(line) = self.lines.get_mut(run) {
            line.records.push(record);
            line.heads.push(after.head);
        }
        self.cursor(run)?.ready = 0;
        Ok(())
    }

    fn spends(
        &self,
        record: &PackRecord,
        device: DeviceId,
        index: u64,
    ) -> Result<List<SpendId, MAX_SPENDS>, Reject> {
        let mut spends: Vec<SpendId> = Vec::with_capacity(record.spends.len());
        for spend in record.spends.iter() {
            let id = match spend {
                PackSpend::Raw { id } => *id,
                PackSpend::Lot { token, lot } => lot_id(entry(self.tokens, *token)?, *lot),
                PackSpend::Note { opened, output } => {
                    let opened = entry(&self.opened, *opened)?.as_ref();
                    *entry(&opened.ok_or(Reject::PackReference)?.notes, *output)?
                }
            };
            if spends.last().is_some_and(|last| *last >= id) {
                return Err(Reject::SpendsOrder { device, index });
            }
            spends.push(id);
        }
        List::try_from(spends).map_err(Reject::from)
    }

    /// The opened entry in full, except for the ids of its notes.
    fn open(&self, at: usize, before: Position) -> Result<OpenedEntry, Reject> {
        let opened = self.pack.opened.get(at).ok_or(Reject::PackReference)?;
        let device = *entry(self.devices, opened.device)?;
        let value = match &opened.value {
            None => None,
            Some(PackValue::Transfer { claims, outputs }) => Some(Value::Transfer {
                claims: claims.clone(),
                outputs: self.outputs(outputs, device, before)?,
            }),
            Some(PackValue::Issue { token, lot, outputs, cosignatures }) => Some(Value::Issue {
                token: *entry(self.tokens, *token)?,
                lot: *lot,
                outputs: self.outputs(outputs, device, before)?,
                cosignatures: cosignatures.clone(),
            }),
            Some(PackValue::Burn { token, amount }) => {
                Some(Value::Burn { token: *entry(self.tokens, *token)?, amount: *amount })
            }
        };
        let (index, rest) = (opened.index, opened.rest);
        Ok(OpenedEntry { device, index, rest, value, notes: Vec::new() })
    }

    fn outputs(
        &self,
        outputs: &[PackOutput],
        writer: DeviceId,
        before: Position,
    ) -> Result<List<Output, MAX_OUTPUTS>, Reject> {
        let mut full = Vec::with_capacity(outputs.len());
        for output in outputs {
            let lock = match output.lock {
                PackLock::Shown { device, floor } => {
                    let place = self.place(device, floor);
                    let line = place.and_then(|(run, _)| self.lines.get(run));
                    let head = line.and_then(|line| line.head(floor));
                    let head = head.ok_or(Reject::FloorNotShown)?;
                    let floor = Position { index: floor, head };
                    Lock::Device { id: *entry(self.devices, device)?, floor }
                }
                PackLock::Plain { device, floor } => {
                    Lock::Device { id: *entry(self.devices, device)?, floor }
                }
                PackLock::Change {} => Lock::Device { id: writer, floor: before },
                PackLock::Vault { root } => Lock::Vault { root },
            };
            let token = *entry(self.tokens, output.token)?;
            full.push(Output { token, amount: output.amount, lock });
        }
        List::try_from(full).map_err(Reject::from)
    }
}

/// An id that the pack's own entries make is named, not sent (rule R-11).
fn check_raw(pack: &Pack, opened: &[OpenedEntry]) -> Result<(), Reject> {
    let mut made: Vec<SpendId> = opened.iter().flat_map(|one| one.notes.iter().copied()).collect();
    made.sort_unstable();
    let spends = pack.runs.iter().flat_map(|run| run.records.iter());
    for spend in spends.flat_map(|record| record.spends.iter()) {
        if let PackSpend::Raw { id } = spend
            && made.binary_search(id).is_ok()
        {
            return Err(Reject::RawId { id: *id });
        }
    }
    Ok(())
}
