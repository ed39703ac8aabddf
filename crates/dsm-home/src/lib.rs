//! Keeps a wallet's directory: one store and one file of keys.
//!
//! Both are readable by their owner only. The store belongs to one process at a time; keys are
//! replaced as a whole, so whoever is interrupted finds the old ones or the new ones.

mod backup;
mod error;
mod home;
mod keys;

pub use backup::{Backup, BackupError, MAX_BACKUP, Restored, SavedContact, SavedSettings};
pub use error::HomeError;
pub use home::{Home, fresh};
pub use keys::{IssuerSeed, KeyFile, MAX_ISSUERS};
