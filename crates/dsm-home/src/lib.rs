//! Keeps a wallet's directory: one store and one file of keys.
//!
//! What always holds:
//! - both are readable by their owner only, whatever the umask is;
//! - the store belongs to one process at a time, and only who has it writes the keys;
//! - keys are replaced as a whole, so whoever is interrupted finds the old ones or the new ones;
//! - keys are given out only if they are those that the store names;
//! - a wallet whose name commits to a chip signs with that chip, or not at all.

mod backup;
mod chip;
mod error;
mod home;
mod key_file;
mod keyring;
mod keys;
mod passphrase;
mod token;

pub use backup::{Backup, BackupError, MAX_BACKUP, Restored, SavedContact, SavedSettings};
pub use chip::{AnyWire, ChipPlace, NoChipPlace};
pub use error::{HomeError, KeyringError, KeysError, PassphraseError};
pub use home::{Home, Protection, fresh};
pub use key_file::{Cost, Keeper, KeyFile, OpenKeys};
pub use keys::{IssuerSeed, MAX_ISSUERS, Seed, Seeds};
pub use passphrase::{MAX_PASSPHRASE, MIN_NEW_PASSPHRASE, Passphrase, is_asked};
