//! Explains a note with its lineage.

use std::collections::{BTreeMap, BTreeSet};

use dsm_core::{FinalityClass, Output, Policy, TokenId, Value, View};
use dsm_engine::{Chips, Examined, NoteProof, ProofError, Step, examined, lineage_of};
use dsm_log::DeviceId;

use super::{Check, Consumed, LineageStep, Made, Names, NoteReport, OperationKind, Party, Threat};
use crate::{Sum, plain};

impl NoteReport {
    /// Checks a proof as a stranger would, from nothing, and explains it.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn new(proof: &NoteProof, names: Names<'_>, chips: Chips<'_>) -> Result<Self, ProofError> {
        let shown = examined(proof, chips)?;
        let Examined { note, lineage, policies, view } = &shown;
        let policy = policies.iter().find(|policy| policy.id() == note.output.token);
        let policy = policy.ok_or(ProofError::Incomplete)?;
        let steps = lineage_of(view, proof.device, proof.index);
        let uncertified = &lineage.uncertified;
        let of_chip = |device: &&DeviceId| chips(device).is_some() && is_bound(view, device);
        let bound: BTreeSet<DeviceId> = uncertified.iter().filter(of_chip).copied().collect();
        let absorbed = bound_by_chips(view, uncertified);
        let explainer = Explainer { view, policies, names, uncertified, bound: &bound };
        let owner = note.output.lock.device().map(|(owner, _)| *owner);
        Ok(Self {
            id: note.id().to_string(),
            sum: Sum::of(policy, note.output.amount),
            token_name: plain(&policy.name),
            owner: owner.map(|owner| Party::new(&owner, names)),
            class: lineage.class.into(),
            why: why(lineage.class, uncertified.len() - bound.len()),
            hops: lineage.hops,
            proven: proven(&steps, proof.pack.runs.len(), absorbed),
            assumed: assumed(!bound.is_empty()),
            not_shown: vec![
                format!(
                    "what came after entry {} of who made the note, and whether its owner has spent it since",
                    proof.index
                ),
                "that the names are right: they are what this wallet calls the devices".to_owned(),
            ],
            threats: explainer.threats(&steps, owner, policy),
            could_cheat: lineage.uncertified.iter().map(ToString::to_string).collect(),
            lineage: explainer.lineage(&steps),
            frozen: None,
        })
    }
}

fn why(class: FinalityClass, uncertified: usize) -> String {
    match class {
        FinalityClass::Exposed => format!(
            "no certificate and no chip that counts stands behind {uncertified} of the devices: a second history of \
             one of them is found and proven later, not prevented"
        ),
        FinalityClass::Anchored => "chips that cannot go back stand behind every spend: a second history takes a broken one"
            .to_owned(),
        FinalityClass::Registered => {
            "a certificate of a slot set covers every spend from its floor".to_owned()
        }
        FinalityClass::Purse => "the value can go to one payee only".to_owned(),
    }
}

/// Whether a device's name commits to a chip that claims to be hardware.
fn is_bound(view: &impl View, device: &DeviceId) -> bool {
    view.descriptor(device).is_some_and(|of| of.anchor.is_hardware() && of.slot_set.is_none())
}

/// How many of these devices show that a chip absorbed every entry.
fn bound_by_chips(view: &impl View, devices: &BTreeSet<DeviceId>) -> usize {
    let has =
        |device: &&DeviceId| view.descriptor(device).is_some_and(|of| of.anchor.chip().is_some());
    devices.iter().filter(has).count()
}

fn proven(steps: &[Step], runs: usize, absorbed: usize) -> Vec<Check> {
    let issues = steps.iter().filter(|step| matches!(step.value, Value::Issue { .. })).count();
    let records: u64 = steps.iter().map(|step| step.shown).sum();
    let (hops, times) = (steps.len(), if issues == 1 { "issue" } else { "issues" });
    let chips = (absorbed > 0).then(|| {
        Check::new(
            format!(
                "every entry that {absorbed} of the devices show was absorbed by the chip that the device's name commits to, one at each \
                 value of its counter"
            ),
            &["R-73"],
        )
    });
    let mut checks = vec![
        Check::new(
            format!(
                "all {hops} operations from {issues} {times} to this note are shown, none is missing"
            ),
            &["R-07", "R-21", "R-45"],
        ),
        Check::new(
            format!(
                "{runs} runs of records hang together by hashes, each up to a head that its device signed"
            ),
            &["R-02", "R-13", "R-14", "R-56"],
        ),
        Check::new("each note was consumed by the device that owned it", &["R-22"]),
        Check::new(
            format!(
                "each was consumed for the first time: {records} records between floors and spends are \
                 all there, and none names it earlier"
            ),
            &["R-18", "R-23", "R-24", "R-25"],
        ),
        Check::new(
            "what goes out of a transfer is what came in, token by token",
            &["R-16", "R-17", "R-19", "R-20"],
        ),
        Check::new(
            "each issue is by the issuer of the token's policy, from a lot of its own, within its limit",
            &["R-15", "R-26", "R-27", "R-28", "R-29", "R-30"],
        ),
        Check::new("each transfer is within the token's policy", &["R-31", "R-32", "R-33"]),
        Check::new("no device shows two histories in this file", &["R-44"]),
    ];
    checks.extend(chips);
    checks
}

fn assumed(chips: bool) -> Vec<String> {
    let chip = "the chips that count do what their standard says, nobody got their keys out or made their counters go back, and \
                whoever vouched for them told the truth";
    let all = [
        "the token is the one that you mean: compare its id or fingerprint with its issuer",
        "BLAKE3 holds, and of Ed25519 and ML-DSA-44 at least one does",
        "each device's keys are its owner's alone",
        "you have this program from somebody else than the one whom you doubt",
    ];
    all.into_iter().chain(chips.then_some(chip)).map(str::to_owned).collect()
}

struct Explainer<'a, V> {
    view: &'a V,
    policies: &'a [Policy],
    names: Names<'a>,
    uncertified: &'a BTreeSet<DeviceId>,
    /// Those of them that are bound to chips that count.
    bound: &'a BTreeSet<DeviceId>,
}

impl<V: View> Explainer<'_, V> {
    fn sum(&self, token: &TokenId, units: u64) -> Sum {
        let policy = self.policies.iter().find(|policy| policy.id() == *token);
        Sum::with(policy, token, units)
    }

    fn threats(&self, steps: &[Step], owner: Option<DeviceId>, policy: &Policy) -> Vec<Threat> {
        let mut threats = Vec::new();
        let mut first: BTreeMap<DeviceId, u64> = BTreeMap::new();
        for step in steps {
            let least = first.entry(step.device).or_insert(step.index);
            *least = step.index.min(*least);
        }
        for device in self.uncertified {
            let first = first.get(device).copied().unwrap_or_default();
            let broken = if self.bound.contains(device) { "if its chip is broken, " } else { "" };
            let how = format!(
                "{broken}by a second history from entry {first} on, shown to somebody whom you have not met; that \
                 leaves a fork proof and freezes this note, it is evidence, not prevention"
            );
            threats.push(Threat { who: Party::new(device, self.names), how });
        }
        if let Some(owner) = owner {
            let how = "owns it, and may have spent it since, or show it to many: who is to be paid takes \
                       part in a payment, this file is none";
            threats.push(Threat { who: Party::new(&owner, self.names), how: how.to_owned() });
        }
        let most = Sum::of(policy, policy.cap().unwrap_or_default());
        let how = format!(
            "as the token's issuer, by not giving what it promised for it; there can be at most {most} in all"
        );
        threats.push(Threat { who: Party::new(&policy.issuer, self.names), how });
        threats
    }

    fn lineage(&self, steps: &[Step]) -> Vec<LineageStep> {
        let numbers: BTreeMap<(DeviceId, u64), usize> =
            (1..).zip(steps).map(|(number, step)| ((step.device, step.index), number)).collect();
        (1..).zip(steps).map(|(number, step)| self.step(number, step, &numbers)).collect()
    }

    fn step(
        &self,
        number: usize,
        step: &Step,
        numbers: &BTreeMap<(DeviceId, u64), usize>,
    ) -> LineageStep {
        let (device, index) = (step.device, step.index);
        let writer = Party::new(&device, self.names);
        let (operation, lot) = match &step.value {
            Value::Issue { lot, .. } => (OperationKind::Issue, Some(*lot)),
            Value::Transfer { .. } => (OperationKind::Transfer, None),
            Value::Burn { .. } => (OperationKind::Burn, None),
        };
        let makes = self.made(step);
        let what = describe(&writer, step, lot, &makes);
        LineageStep {
            step: number,
            index,
            head: self.view.head(&device, index).map(|head| head.to_string()).unwrap_or_default(),
            signed_index: self.view.signed_index(&device, index),
            operation,
            lot,
            consumes: self.consumed(step, numbers),
            makes,
            records_shown: step.shown,
            uncertified: self.uncertified.contains(&device),
            what,
            writer,
        }
    }

    fn made(&self, step: &Step) -> Vec<Made> {
        let opened = self.view.opened(&step.device, step.index);
        let made = opened.as_ref().into_iter().flat_map(|opened| opened.made());
        let one = |(_, id, output): (u32, dsm_log::SpendId, Output)| {
            let lock = output.lock.device();
            Made {
                id: id.to_string(),
                sum: self.sum(&output.token, output.amount),
                owner: lock.map(|(owner, _)| Party::new(owner, self.names)),
                floor: lock.map(|(_, floor)| floor.index),
            }
        };
        made.map(one).collect()
    }

    fn consumed(&self, step: &Step, numbers: &BTreeMap<(DeviceId, u64), usize>) -> Vec<Consumed> {
        let record = self.view.record(&step.device, step.index);
        let spends = record.iter().flat_map(|record| record.spends.iter());
        let one = |id: &dsm_log::SpendId| {
            if let Value::Issue { token, .. } = &step.value {
                let floor = self.view.policy(token)?.issuer_floor;
                let (floor, floor_head) = (floor.index, floor.head.to_string());
                return Some(Consumed {
                    id: id.to_string(),
                    step: None,
                    sum: None,
                    floor,
                    floor_head,
                });
            }
            let (origin, output) = self.view.origin(id)?;
            let (_, floor) = output.lock.device()?;
            Some(Consumed {
                id: id.to_string(),
                step: numbers.get(&(origin.device, origin.index)).copied(),
                sum: Some(self.sum(&output.token, output.amount)),
                floor: floor.index,
                floor_head: floor.head.to_string(),
            })
        };
        spends.filter_map(one).collect()
    }
}

fn describe(writer: &Party, step: &Step, lot: Option<u64>, makes: &[Made]) -> String {
    let outputs = makes.iter().map(|made| match &made.owner {
        Some(owner) => format!("{} to {owner}", made.sum),
        None => format!("{} to a vault", made.sum),
    });
    let outputs: Vec<String> = outputs.collect();
    let verb = match (&step.value, lot) {
        (Value::Issue { .. }, lot) => format!("issues lot {}", lot.unwrap_or_default()),
        (Value::Transfer { .. }, _) => "transfers".to_owned(),
        (Value::Burn { .. }, _) => "burns".to_owned(),
    };
    format!("{writer} #{} {verb}: {}", step.index, outputs.join(", "))
}
