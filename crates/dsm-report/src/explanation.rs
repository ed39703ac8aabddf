//! What a note or a receipt proves, what it assumes, and who could still cheat.
//!
//! Implements `docs/json.md`, explanations. Made of what a stranger checked, from nothing; names are a
//! convenience of whoever looks. Always true: there is no explanation of what does not hold, and what
//! others wrote stands in it on one line and without control characters.

mod note;
mod receipt;
mod shown;
mod text;

use std::fmt;

use dsm_core::TokenId;
use dsm_log::DeviceId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Class, Sum, plain};

pub use shown::ExplainError;

/// What somebody calls a device; none if it has no name here.
pub type Names<'a> = &'a dyn Fn(&DeviceId) -> Option<String>;

/// How somebody shows so many base units of a token.
pub type Sums<'a> = &'a dyn Fn(&TokenId, u64) -> Sum;

/// How many characters of a device's id are shown beside a name.
const SHORT: usize = 18;

/// A device and its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Party {
    /// The device's id.
    pub device: String,
    /// What the one who looks calls it.
    pub name: Option<String>,
}

impl Party {
    fn new(device: &DeviceId, names: Names<'_>) -> Self {
        Self { device: device.to_string(), name: names(device).map(|name| plain(&name)) }
    }

    /// The first characters of the id.
    #[must_use]
    pub fn short(&self) -> String {
        self.device.chars().take(SHORT).collect()
    }

    /// The name, or else the first characters of the id.
    #[must_use]
    pub fn called(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.short())
    }
}

impl fmt::Display for Party {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(to, "{name} ({})", self.short()),
            None => to.write_str(&self.short()),
        }
    }
}

/// Something that was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Check {
    /// What holds.
    pub what: String,
    /// The rules of `spec/` that were checked for it.
    #[schema(example = json!(["R-13", "R-14"]))]
    pub rules: Vec<String>,
}

impl Check {
    fn new(what: impl Into<String>, rules: &[&str]) -> Self {
        Self { what: what.into(), rules: rules.iter().map(|rule| (*rule).to_owned()).collect() }
    }
}

/// Somebody who could still do harm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Threat {
    /// Who.
    #[serde(flatten)]
    pub who: Party,
    /// How, and what would be left of it.
    pub how: String,
}

/// What an operation of a lineage is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OperationKind {
    /// Notes from a lot.
    Issue,
    /// Notes from notes.
    Transfer,
    /// Nothing from notes.
    Burn,
}

/// What an operation consumes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Consumed {
    /// The id of the note, or of the lot.
    pub id: String,
    /// The step that made it; none for a lot.
    pub step: Option<usize>,
    /// How much it is; none for a lot.
    pub sum: Option<Sum>,
    /// From which index of its owner's log on every record is shown.
    pub floor: u64,
    /// The head there.
    pub floor_head: String,
}

/// A note that an operation makes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Made {
    /// Its id.
    pub id: String,
    /// How much it is.
    pub sum: Sum,
    /// Who owns it; nobody if it is in a vault.
    pub owner: Option<Party>,
    /// From which index of its owner's log on it can be spent.
    pub floor: Option<u64>,
}

/// One operation of a lineage; each stands after those that it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LineageStep {
    /// Its number, from 1.
    pub step: usize,
    /// Who wrote it.
    #[serde(flatten)]
    pub writer: Party,
    /// The index of its entry in that log.
    pub index: u64,
    /// The head after it.
    pub head: String,
    /// The index of the signed head that covers it.
    pub signed_index: Option<u64>,
    /// What it is.
    pub operation: OperationKind,
    /// The number of the lot, if it is an issue.
    pub lot: Option<u64>,
    /// What it consumes.
    pub consumes: Vec<Consumed>,
    /// What it makes.
    pub makes: Vec<Made>,
    /// How many records are shown from its oldest floor to itself.
    pub records_shown: u64,
    /// Whether nothing but its writer's honesty stands against a second spend.
    pub uncertified: bool,
    /// The same for people, on one line.
    pub what: String,
}

/// A note, explained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NoteReport {
    /// Its id.
    pub id: String,
    /// How much.
    #[serde(flatten)]
    pub sum: Sum,
    /// The token's name for people.
    pub token_name: String,
    /// Who owns it; nobody if it is in a vault.
    pub owner: Option<Party>,
    /// How final it is, for a stranger.
    pub class: Class,
    /// Why it is of that class.
    pub why: String,
    /// How many operations its lineage has.
    pub hops: u64,
    /// What was checked.
    pub proven: Vec<Check>,
    /// What was taken for granted.
    pub assumed: Vec<String>,
    /// What it says nothing about.
    pub not_shown: Vec<String>,
    /// Who could still do harm, and how.
    pub threats: Vec<Threat>,
    /// The devices whose second history would end it.
    pub could_cheat: Vec<String>,
    /// Its operations, from the issue to the note.
    pub lineage: Vec<LineageStep>,
    /// Whether it rests on a device that showed two histories; said only of what is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen: Option<bool>,
}

/// One side of a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReceiptStep {
    /// Its number, from 1.
    pub step: usize,
    /// Who wrote it.
    #[serde(flatten)]
    pub writer: Party,
    /// The index of the entry in that log.
    pub index: u64,
    /// The head after it, which the writer signed.
    pub head: String,
    /// The head before it.
    pub before: String,
    /// The head of the other side that it names.
    pub stitch: Option<String>,
    /// The relationship's tip before it.
    pub tip_before: Option<String>,
    /// The root of the tip tree after it.
    pub tips: String,
    /// The ids of the notes that it consumes.
    pub consumes: Vec<String>,
    /// What it gives to the other side.
    pub gives: Vec<Sum>,
    /// The same for people, on one line.
    pub what: String,
}

/// A receipt, explained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReceiptReport {
    /// The device that paid.
    pub payer: String,
    /// The index of its entry.
    pub payer_entry: u64,
    /// The device that acknowledged.
    pub payee: String,
    /// The index of its entry.
    pub payee_entry: u64,
    /// What the entry gives to the payee.
    pub outputs: Vec<Sum>,
    /// What was checked.
    pub proven: Vec<Check>,
    /// What was taken for granted.
    pub assumed: Vec<String>,
    /// What it says nothing about.
    pub not_shown: Vec<String>,
    /// Who could still do harm, and how.
    pub threats: Vec<Threat>,
    /// The two entries.
    pub entries: Vec<ReceiptStep>,
}

/// Either, named by its `kind`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Explanation {
    /// A note.
    Note(Box<NoteReport>),
    /// A receipt.
    Receipt(Box<ReceiptReport>),
}
