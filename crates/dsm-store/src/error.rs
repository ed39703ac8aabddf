//! What can go wrong with a store.

use std::sync::Arc;

use dsm_core::Reject;
use dsm_log::{AbsorbError, DeviceId};

use crate::Table;

/// Why a store cannot do what it is asked for.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process has the file open.
    #[error("another process has the store open")]
    Locked,
    /// There is no wallet in the store.
    #[error("there is no wallet in the store")]
    Missing,
    /// A wallet would be founded where there is one.
    #[error("there is a wallet in the store already")]
    Exists,
    /// The store was written by another version of this program.
    #[error("the store has format {found}, and this program knows format {known} only")]
    Format {
        /// Which format it has.
        found: u64,
        /// Which format this program knows.
        known: u64,
    },
    /// A row is not what this program would have written.
    #[error("a row of table {table:?} is damaged")]
    Damaged {
        /// Where it stands.
        table: Table,
    },
    /// What was decided rests on books that have changed since, or this store is a copy and its
    /// log went on elsewhere.
    #[error("the log of {device} does not go on from here")]
    Stale {
        /// Whose log.
        device: DeviceId,
    },
    /// A change could not be made durable: what is in the store is not known any more.
    #[error("a change did not become durable: open the wallet anew")]
    Reopen,
    /// Another contact has this name.
    #[error("another contact is called {name}")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// A contact's name is empty or too long.
    #[error("a contact's name has 1 to {most} bytes")]
    NameLength {
        /// The most bytes that it may have.
        most: usize,
    },
    /// A device is no contact.
    #[error("{device} is no contact")]
    NoContact {
        /// The device.
        device: DeviceId,
    },
    /// The chip of the wallet's device does not absorb what was written: what rests on it is not given out. The entries stay, and are absorbed
    /// when the wallet is opened again, if they can be.
    #[error("{0}")]
    Chip(AbsorbError),
    /// The wallet's device has a chip, and it was not given: the wallet can be read, and writes no entry.
    #[error("the chip of this wallet is not here: it can be read and cannot sign")]
    NoChip,
    /// A contact's card breaks a rule.
    #[error("the card is refused: {0}")]
    Card(Reject),
    /// The file cannot be read or written.
    #[error("the file of the store fails: {0}")]
    File(#[source] Arc<std::io::Error>),
    /// The database cannot be read or written.
    #[error("the database of the store fails: {0}")]
    Database(#[source] Arc<redb::Error>),
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        Self::File(Arc::new(error))
    }
}

impl From<redb::Error> for StoreError {
    fn from(error: redb::Error) -> Self {
        match error {
            redb::Error::DatabaseAlreadyOpen => Self::Locked,
            error => Self::Database(Arc::new(error)),
        }
    }
}
