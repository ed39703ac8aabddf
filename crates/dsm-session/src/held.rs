//! Value that a device holds, and which of it may go into one operation (`spec/notes.md`).

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use dsm_core::{FinalityClass, Lineage, Note, TokenId};
use dsm_encoding::{List, record};
use dsm_log::{DeviceId, SpendId};

/// The most devices that a held note's lineage may rest on.
const MAX_LINEAGE: usize = 1 << 16;

/// A note that the device can spend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The note.
    pub note: Note,
    /// Its class for the holder.
    pub class: FinalityClass,
    /// The devices with a hop that no certificate covers, ascending.
    pub uncertified: List<DeviceId, MAX_LINEAGE>,
}
record! { Held { note, class, uncertified } }

impl Held {
    /// A note with its lineage. None if the lineage rests on too many devices.
    #[must_use]
    pub fn new(note: Note, lineage: &Lineage) -> Option<Self> {
        let uncertified = List::try_collect(lineage.uncertified.iter().copied()).ok()?;
        Some(Self { note, class: lineage.class, uncertified })
    }

    /// The note's id.
    #[must_use]
    pub fn id(&self) -> SpendId {
        self.note.id()
    }

    /// Whether two notes may go into one operation: what kills one kills the other anyway. If one
    /// rested on more than the other, its death would take the other with it.
    fn joins(&self, other: &Self) -> bool {
        self.class == other.class && self.uncertified == other.uncertified
    }
}

/// What a payment consumes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The inputs.
    pub inputs: Vec<Held>,
    /// Their sum.
    pub sum: u64,
}

impl Selection {
    /// The change, resting on all that the inputs rest on. None if that is too much.
    #[must_use]
    pub fn change(&self, note: Note) -> Option<Held> {
        let devices = self.inputs.iter().flat_map(|held| held.uncertified.iter().copied());
        let devices: BTreeSet<DeviceId> = devices.collect();
        let classes = self.inputs.iter().map(|held| held.class);
        let class = classes.reduce(FinalityClass::weaker)?;
        Some(Held { note, class, uncertified: List::try_collect(devices).ok()? })
    }
}

/// Why no inputs were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelectError {
    /// There is not enough.
    Short {
        /// What can be spent.
        available: u64,
    },
    /// There is enough, in notes that must not be joined: one of them could die alone and take the
    /// others with it.
    Scattered {
        /// The most that can be paid at once.
        available: u64,
    },
}

/// Chooses inputs worth at least an amount: the smallest single note, or else notes that all rest
/// on the same devices.
///
/// # Errors
/// [`SelectError`] says what can be paid instead.
pub fn select(holdings: &[Held], token: &TokenId, amount: u64) -> Result<Selection, SelectError> {
    let mut notes: Vec<&Held> =
        holdings.iter().filter(|held| held.note.output.token == *token).collect();
    notes.sort_by_key(|held| held.note.output.amount);
    if let Some(one) = notes.iter().find(|held| held.note.output.amount >= amount) {
        return Ok(Selection { inputs: alloc::vec![(*one).clone()], sum: one.note.output.amount });
    }
    let total = notes.iter().fold(0_u64, |sum, held| sum.saturating_add(held.note.output.amount));
    if total < amount {
        return Err(SelectError::Short { available: total });
    }
    let mut groups: Vec<Vec<&Held>> = Vec::new();
    for held in notes.into_iter().rev() {
        let group =
            groups.iter_mut().find(|group| group.first().is_some_and(|one| held.joins(one)));
        match group {
            Some(group) => group.push(held),
            None => groups.push(alloc::vec![held]),
        }
    }
    let mut best = 0;
    for group in groups {
        let mut chosen = Vec::new();
        let mut sum = 0_u64;
        for held in group.into_iter().take(dsm_log::MAX_SPENDS) {
            chosen.push(held.clone());
            sum = sum.saturating_add(held.note.output.amount);
            if sum >= amount {
                return Ok(Selection { inputs: chosen, sum });
            }
        }
        best = best.max(sum);
    }
    Err(SelectError::Scattered { available: best })
}

impl core::fmt::Display for SelectError {
    fn fmt(&self, to: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Short { available } => write!(to, "only {available} base units can be spent"),
            Self::Scattered { available } => write!(
                to,
                "only {available} base units can be spent at once: the other notes rest on other \
                 devices and must not be joined with these"
            ),
        }
    }
}

impl core::error::Error for SelectError {}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use dsm_core::{Lock, Output};
    use dsm_crypto::{Domain, hash};

    use super::*;

    const TOKEN: TokenId = TokenId(dsm_crypto::Digest::ZERO);

    fn device(name: u8) -> DeviceId {
        DeviceId(hash(Domain::Device, &name))
    }

    fn held(amount: u64, number: u32, devices: &[u8]) -> Held {
        let lock = Lock::Vault { root: hash(Domain::Note, &number) };
        let output = Output { token: TOKEN, amount, lock };
        let head = hash(Domain::Head, &number);
        let uncertified: BTreeSet<DeviceId> = devices.iter().map(|name| device(*name)).collect();
        let lineage = Lineage { class: FinalityClass::Exposed, uncertified, hops: 1 };
        Held::new(Note { output, head, number }, &lineage).expect("few devices")
    }

    #[test]
    fn the_smallest_note_that_is_enough_is_chosen() {
        let notes = [held(9, 0, &[1]), held(5, 1, &[1]), held(7, 2, &[2])];
        let selection = select(&notes, &TOKEN, 6).expect("enough");
        assert_eq!((selection.inputs, selection.sum), (vec![notes[2].clone()], 7));
    }

    #[test]
    fn notes_that_rest_on_the_same_devices_are_joined() {
        let notes = [held(5, 0, &[1, 2]), held(4, 1, &[2, 1])];
        assert_eq!(select(&notes, &TOKEN, 8).map(|chosen| chosen.sum), Ok(9));
    }

    #[test]
    fn no_more_notes_are_joined_than_an_entry_may_consume() {
        let notes: Vec<Held> = (0..300).map(|number| held(1, number, &[1])).collect();
        let selection = select(&notes, &TOKEN, 256).expect("enough");
        assert_eq!((selection.inputs.len(), selection.sum), (256, 256));
        let scattered = Err(SelectError::Scattered { available: 256 });
        assert_eq!(select(&notes, &TOKEN, 257).map(|_| ()), scattered);
    }

    #[test]
    fn change_keeps_what_its_inputs_rest_on() {
        let notes = [held(5, 0, &[1, 2]), held(4, 1, &[1, 2])];
        let selection = select(&notes, &TOKEN, 8).expect("enough");
        let change = selection.change(held(1, 2, &[]).note).expect("few devices");
        assert_eq!(change.class, FinalityClass::Exposed);
        assert_eq!(change.uncertified, notes[0].uncertified);
    }

    #[test]
    fn money_of_another_class_is_not_joined() {
        let mut own = held(5, 0, &[]);
        own.class = FinalityClass::Registered;
        let notes = [own, held(4, 1, &[])];
        let scattered = Err(SelectError::Scattered { available: 5 });
        assert_eq!(select(&notes, &TOKEN, 9).map(|_| ()), scattered);
    }

    #[test]
    fn a_strangers_dust_is_never_joined_with_good_money() {
        // A fork of device 3 would kill the dust, and with it the whole payment.
        let notes = [held(10, 0, &[1]), held(1, 1, &[1, 3])];
        let scattered = Err(SelectError::Scattered { available: 10 });
        assert_eq!(select(&notes, &TOKEN, 11).map(|_| ()), scattered);
        assert_eq!(
            select(&notes, &TOKEN, 12).map(|_| ()),
            Err(SelectError::Short { available: 11 })
        );
    }
}
