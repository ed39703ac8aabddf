//! What a store must do (`docs/store-format.md`).
//!
//! A store keeps rows: ordered byte keys with byte values, in tables. It knows nothing of what they
//! mean. [`crate::suite`] tests any store.

use std::sync::Arc;

use crate::StoreError;
use crate::overlay::Rows;

/// The most bytes of a key.
pub const MAX_KEY: usize = 128;

/// The tables. Their numbers are part of the format; `docs/store-format.md` draws the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Table {
    /// Single things: the format, the founding, the settings.
    Single = 0,
    /// How far each log of one's own has come.
    OwnLogs = 1,
    /// The tip trees of one's own logs, node by node.
    Tips = 2,
    /// Devices in full.
    Descriptors = 3,
    /// Tokens in full.
    Policies = 4,
    /// Proofs that devices are in allow sets.
    Allowances = 5,
    /// Known heads.
    Heads = 6,
    /// Known records.
    Records = 7,
    /// Signatures over known heads.
    Signatures = 8,
    /// Opened entries.
    Opened = 9,
    /// Which known record names an id.
    Spends = 10,
    /// Which opened entry makes a note.
    Origins = 11,
    /// How far one has dealt with each contact's device.
    Peers = 12,
    /// Contacts.
    Contacts = 13,
    /// The names of contacts.
    Names = 14,
    /// Whole entries: one's own, and those that were accepted.
    Entries = 15,
    /// Which own entries are addressed to a peer.
    Addressed = 16,
    /// Which entry acknowledges an entry.
    Receipts = 17,
    /// The entries in the order in which they were committed.
    History = 18,
    /// Notes that can be spent.
    Held = 19,
    /// Ids that were spent, for ever.
    Spent = 20,
    /// Sums of held notes by the devices that they rest on.
    Exposures = 21,
    /// Fork proofs.
    Forks = 22,
    /// What was learned, in that order.
    News = 23,
    /// The newest news of each device.
    Newest = 24,
    /// How much of the news each peer was told.
    Told = 25,
    /// How far the letters of each peer have come.
    Mail = 26,
    /// The contacts with which nothing is dealt.
    Blocked = 27,
    /// The tokens that the owner knows.
    Pinned = 28,
    /// Who made the chips of devices.
    Makers = 29,
}

impl Table {
    /// All of them, by number.
    pub const ALL: [Self; 30] = [
        Self::Single,
        Self::OwnLogs,
        Self::Tips,
        Self::Descriptors,
        Self::Policies,
        Self::Allowances,
        Self::Heads,
        Self::Records,
        Self::Signatures,
        Self::Opened,
        Self::Spends,
        Self::Origins,
        Self::Peers,
        Self::Contacts,
        Self::Names,
        Self::Entries,
        Self::Addressed,
        Self::Receipts,
        Self::History,
        Self::Held,
        Self::Spent,
        Self::Exposures,
        Self::Forks,
        Self::News,
        Self::Newest,
        Self::Told,
        Self::Mail,
        Self::Blocked,
        Self::Pinned,
        Self::Makers,
    ];

    /// Its number: the first byte of the key of each of its rows.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }
}

/// One change of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where.
    pub table: Table,
    /// Under which key.
    pub key: Vec<u8>,
    /// What is there from now on; none for nothing.
    pub value: Option<Vec<u8>>,
}

/// A key and what is under it.
pub type Pair = (Vec<u8>, Vec<u8>);

/// A store.
pub trait Kv {
    /// What is in it at one moment.
    type Snapshot<'a>: Snapshot
    where
        Self: 'a;

    /// What is in it now.
    ///
    /// # Errors
    /// The store fails.
    fn snapshot(&self) -> Result<Self::Snapshot<'_>, StoreError>;

    /// Makes all of these changes, in order, or none, and returns when they are durable.
    ///
    /// # Errors
    /// The store fails; whether the changes were made shows when it is opened again.
    fn apply(&mut self, rows: &[Row]) -> Result<(), StoreError>;

    /// Begins to make all of these changes, or none. `done` hears when they are durable, or why they are
    /// not: once, from any thread, perhaps before this returns; if it is dropped unheard the store
    /// failed. Nothing else is applied before. Whatever is read has all of them once they are durable, and
    /// none before.
    fn begin(&mut self, rows: Arc<Rows>, done: Done) {
        done(self.apply(&rows.list()));
    }
}

/// Hears whether changes are durable.
pub type Done = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// What is done with a key and what is under it.
pub type Each<'e> = dyn FnMut(&[u8], &[u8]) -> Result<(), StoreError> + 'e;

/// The same, and whether the next one is wanted.
pub type Visit<'v> = dyn FnMut(&[u8], &[u8]) -> Result<bool, StoreError> + 'v;

/// What is in a store at one moment, whatever is written meanwhile.
pub trait Snapshot {
    /// What is under a key.
    ///
    /// # Errors
    /// The store fails.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// The first row of a table at a key or after it.
    ///
    /// # Errors
    /// The store fails.
    fn at_or_after(&self, table: Table, key: &[u8]) -> Result<Option<Pair>, StoreError>;

    /// The last row of a table at a key or before it.
    ///
    /// # Errors
    /// The store fails.
    fn at_or_before(&self, table: Table, key: &[u8]) -> Result<Option<Pair>, StoreError>;

    /// The rows of a table at a key and after it, in order, until `visit` fails or wants no more.
    ///
    /// # Errors
    /// The store fails, or `visit` does.
    fn walk(&self, table: Table, from: &[u8], visit: &mut Visit<'_>) -> Result<(), StoreError> {
        let mut next = from.to_vec();
        while let Some((mut key, value)) = self.at_or_after(table, &next)?
            && visit(&key, &value)?
        {
            key.push(0);
            next = key;
        }
        Ok(())
    }

    /// Every row of a table whose key begins with some bytes, in order, until `each` fails.
    ///
    /// # Errors
    /// The store fails, or `each` does.
    fn scan(&self, table: Table, prefix: &[u8], each: &mut Each<'_>) -> Result<(), StoreError> {
        self.walk(table, prefix, &mut |key, value| {
            let goes = key.starts_with(prefix);
            if goes {
                each(key, value)?;
            }
            Ok(goes)
        })
    }
}

impl<S: Snapshot> Snapshot for &S {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        (**self).get(table, key)
    }

    fn at_or_after(&self, table: Table, key: &[u8]) -> Result<Option<Pair>, StoreError> {
        (**self).at_or_after(table, key)
    }

    fn at_or_before(&self, table: Table, key: &[u8]) -> Result<Option<Pair>, StoreError> {
        (**self).at_or_before(table, key)
    }

    fn walk(&self, table: Table, from: &[u8], visit: &mut Visit<'_>) -> Result<(), StoreError> {
        (**self).walk(table, from, visit)
    }
}

/// A row's key in a store that keeps all tables in one: the table's number, then the key.
pub(crate) fn whole_key(table: Table, key: &[u8]) -> Vec<u8> {
    let mut whole = Vec::with_capacity(key.len().saturating_add(1));
    whole.push(table.number());
    whole.extend_from_slice(key);
    whole
}
