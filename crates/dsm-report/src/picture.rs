//! The picture of an explanation: a lane for each device, and its steps from top to bottom.
//!
//! Always true: a step stands below those that it rests on; what others wrote cannot break out of the
//! drawing, whichever form it has.

mod dot;
pub(crate) mod svg;

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::{
    Explanation, LineageStep, NoteReport, OperationKind, Party, ReceiptReport, ReceiptStep, Sum,
};

/// A device in the picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// Its name, or the first characters of its id.
    pub called: String,
    /// Its whole id.
    pub device: String,
}

/// A step in the picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// In which lane, from 0.
    pub lane: usize,
    /// Which entry, and what it is.
    pub title: String,
    /// How much it moves.
    pub subtitle: String,
    /// All of it, on one line.
    pub what: String,
    /// Which steps it rests on, from 0, and by what.
    pub from: Vec<(usize, String)>,
    /// What one sees who looks into it: names and values.
    pub facts: Vec<(&'static str, String)>,
}

/// Lanes and steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The devices, in the order in which they first write.
    pub lanes: Vec<Lane>,
    /// The steps, each after those that it rests on.
    pub steps: Vec<Shown>,
}

/// Finds the lane of a device, or makes it.
#[derive(Default)]
struct Lanes {
    lanes: Vec<Lane>,
    numbers: BTreeMap<String, usize>,
}

impl Lanes {
    fn of(&mut self, party: &Party) -> usize {
        *self.numbers.entry(party.device.clone()).or_insert_with(|| {
            self.lanes.push(Lane { called: party.called(), device: party.device.clone() });
            self.lanes.len() - 1
        })
    }
}

impl Picture {
    /// Of what was explained.
    #[must_use]
    pub fn of(explanation: &Explanation) -> Self {
        match explanation {
            Explanation::Note(note) => Self::of_note(note),
            Explanation::Receipt(receipt) => Self::of_receipt(receipt),
        }
    }

    fn of_note(note: &NoteReport) -> Self {
        let mut lanes = Lanes::default();
        let steps = note.lineage.iter().map(|step| lineage_step(lanes.of(&step.writer), step));
        let steps = steps.collect();
        Self { lanes: lanes.lanes, steps }
    }

    fn of_receipt(receipt: &ReceiptReport) -> Self {
        let mut lanes = Lanes::default();
        let steps = receipt.entries.iter().map(|step| receipt_step(lanes.of(&step.writer), step));
        let steps = steps.collect();
        Self { lanes: lanes.lanes, steps }
    }
}

/// An amount without its fingerprint, where there is little room.
fn short(sum: &Sum) -> String {
    match &sum.ticker {
        Some(ticker) => format!("{} {ticker}", sum.amount),
        None => sum.amount.clone(),
    }
}

fn lineage_step(lane: usize, step: &LineageStep) -> Shown {
    let (verb, what) = match step.operation {
        OperationKind::Issue => ("issues", "issue"),
        OperationKind::Transfer => ("transfers", "transfer"),
        OperationKind::Burn => ("burns", "burn"),
    };
    let amount = |made: &crate::Made| short(&made.sum);
    let away = |made: &&crate::Made| {
        made.owner.as_ref().is_none_or(|owner| owner.device != step.writer.device)
    };
    let given: Vec<String> = step.makes.iter().filter(away).map(amount).collect();
    let all = || step.makes.iter().map(amount).collect();
    let given: Vec<String> = if given.is_empty() { all() } else { given };
    let mut facts = vec![
        ("who", step.writer.to_string()),
        ("device", step.writer.device.clone()),
        ("index", step.index.to_string()),
        ("operation", step.lot.map_or(what.to_owned(), |lot| format!("{what} of lot {lot}"))),
        ("head", step.head.clone()),
    ];
    if let Some(signed) = step.signed_index {
        facts.push(("signature", format!("by its device, over the head after entry {signed}")));
    }
    facts.push(("records shown", step.records_shown.to_string()));
    for consumed in &step.consumes {
        let (sum, from) = match (&consumed.sum, consumed.step) {
            (Some(sum), Some(from)) => (sum.to_string(), format!(" of step {from}")),
            (Some(sum), None) => (sum.to_string(), String::new()),
            (None, _) => ("the lot".to_owned(), String::new()),
        };
        facts.push(("consumes", format!("{sum}{from}: {}", consumed.id)));
        facts.push(("floor", format!("entry {}: {}", consumed.floor, consumed.floor_head)));
    }
    for made in &step.makes {
        let owner = made.owner.as_ref().map_or("a vault".to_owned(), ToString::to_string);
        let mut text = format!("{} to {owner}", made.sum);
        if let Some(floor) = made.floor {
            let _ = write!(text, ", to be spent after entry {floor} of its log");
        }
        facts.push(("makes", format!("{text}: {}", made.id)));
    }
    let certified = if step.uncertified { "no: its writer could sign another" } else { "yes" };
    facts.push(("certified", certified.to_owned()));
    let from = step.consumes.iter().filter_map(|consumed| {
        let sum = consumed.sum.as_ref()?;
        Some((consumed.step?.checked_sub(1)?, sum.amount.clone()))
    });
    Shown {
        lane,
        title: format!("#{} {verb}", step.index),
        subtitle: given.join(", "),
        what: step.what.clone(),
        from: from.collect(),
        facts,
    }
}

fn receipt_step(lane: usize, step: &ReceiptStep) -> Shown {
    let none = || "none".to_owned();
    let mut facts = vec![
        ("who", step.writer.to_string()),
        ("device", step.writer.device.clone()),
        ("index", step.index.to_string()),
        ("head", step.head.clone()),
        ("signature", "by its device, over that head".to_owned()),
        ("head before", step.before.clone()),
        ("stitch", step.stitch.clone().unwrap_or_else(none)),
        ("tip before", step.tip_before.clone().unwrap_or_else(none)),
        ("tip tree after", step.tips.clone()),
    ];
    facts.extend(step.consumes.iter().map(|id| ("consumes", id.clone())));
    facts.extend(step.gives.iter().map(|sum| ("gives", sum.to_string())));
    let acknowledges = step.step > 1;
    Shown {
        lane,
        title: format!("#{} {}", step.index, if acknowledges { "acknowledges" } else { "pays" }),
        subtitle: step.gives.iter().map(short).collect::<Vec<_>>().join(", "),
        what: step.what.clone(),
        from: if acknowledges { vec![(0, "its head".to_owned())] } else { Vec::new() },
        facts,
    }
}
