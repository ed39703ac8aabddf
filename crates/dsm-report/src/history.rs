//! What happened.

use std::collections::BTreeMap;
use std::fmt;

use dsm_core::Value as Operation;
use dsm_log::DeviceId;
use dsm_store::{Books, HistoryEntry, Kv};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Class, Part, Sum};

/// What an entry did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Deed {
    /// A lot of an own token came to be.
    Issued,
    /// Value went for ever.
    Burnt,
    /// This wallet paid.
    Paid,
    /// This wallet was paid.
    Received,
    /// An entry without value.
    Acknowledged,
}

/// An own entry, or one that was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HistoryItem {
    /// Which one it is of this wallet's history, from 1: it stays so.
    pub number: u64,
    /// Whether this wallet wrote it.
    pub own: bool,
    /// Its index in its writer's log.
    pub index: u64,
    /// The head there.
    pub head: String,
    /// The other side: a contact's name, or a device.
    pub peer: Option<String>,
    /// What it did.
    pub what: Deed,
    /// How much it gave to others than its writer, by token.
    pub sums: Vec<Sum>,
    /// How final its value was when it was accepted.
    pub class: Option<Class>,
    /// Whether the other side accepted it, as far as is known here.
    pub acknowledged: bool,
}

impl HistoryItem {
    fn new<K: Kv>(books: &Books<'_, K>, number: u64, item: &HistoryEntry) -> Self {
        let other = if item.own { item.peer } else { Some(item.device) };
        let what = match (&item.entry.value, item.own) {
            (Some(Operation::Issue { .. }), _) => Deed::Issued,
            (Some(Operation::Burn { .. }), _) => Deed::Burnt,
            (Some(Operation::Transfer { .. }), true) => Deed::Paid,
            (Some(Operation::Transfer { .. }), false) => Deed::Received,
            (None, _) => Deed::Acknowledged,
        };
        Self {
            number,
            own: item.own,
            index: item.at.index,
            head: item.at.head.to_string(),
            peer: other.map(|other| books.name_of(&other).unwrap_or_else(|| other.to_string())),
            what,
            sums: given(books, item),
            class: item.class.map(Class::from),
            acknowledged: item.acknowledged,
        }
    }
}

/// What happened, with one device or with all, by number.
#[must_use]
pub fn history<K: Kv>(
    books: &Books<'_, K>,
    peer: Option<&DeviceId>,
    part: &Part<u64>,
) -> Vec<HistoryItem> {
    let with = |item: &HistoryEntry| {
        peer.is_none_or(|peer| item.device == *peer || item.peer == Some(*peer))
    };
    let numbered = (1..).zip(books.history(None)).filter(|(_, item)| with(item)).collect();
    let shown = part.of(numbered, |(number, _)| *number);
    shown.iter().map(|(number, item)| HistoryItem::new(books, *number, item)).collect()
}

/// What an entry gives to others than its writer.
fn given<K: Kv>(books: &Books<'_, K>, item: &HistoryEntry) -> Vec<Sum> {
    let mut sums = BTreeMap::new();
    let outputs = item.entry.value.iter().flat_map(|value| value.outputs().iter());
    let other = |owner: &DeviceId| *owner != item.device;
    for output in outputs {
        if output.lock.device().is_some_and(|(owner, _)| other(owner)) {
            let sum: &mut u64 = sums.entry(output.token).or_insert(0);
            *sum = sum.saturating_add(output.amount);
        }
    }
    sums.iter().map(|(token, units)| Sum::new(books, token, *units)).collect()
}

impl fmt::Display for HistoryItem {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sums: Vec<String> = self.sums.iter().map(ToString::to_string).collect();
        let (sums, with) = (sums.join(", "), self.peer.as_deref().unwrap_or("nobody"));
        write!(to, "{:>6}  ", self.index)?;
        match self.what {
            Deed::Issued => write!(to, "issued {sums}")?,
            Deed::Burnt => to.write_str("burnt")?,
            Deed::Paid => write!(to, "paid {sums} to {with}")?,
            Deed::Received => write!(to, "received {sums} from {with}")?,
            Deed::Acknowledged if self.own => write!(to, "acknowledged to {with}")?,
            Deed::Acknowledged => write!(to, "acknowledged by {with}")?,
        }
        match (self.what, self.class) {
            (Deed::Paid, _) if self.acknowledged => to.write_str("  acknowledged"),
            (Deed::Paid, _) => to.write_str("  not acknowledged yet"),
            (_, Some(class)) => write!(to, "  class {}", class.name()),
            (_, None) => Ok(()),
        }
    }
}
