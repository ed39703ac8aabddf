//! Why a wallet's directory cannot be used.

use std::path::PathBuf;

use dsm_encoding::DecodeError;
use dsm_log::AbsorbError;
use dsm_store::StoreError;

use crate::passphrase::{MAX_PASSPHRASE, MIN_NEW_PASSPHRASE};

/// Why a wallet's directory cannot be used; the texts end with what to do next.
#[derive(Debug)]
#[non_exhaustive]
pub enum HomeError {
    /// Nobody said where the wallet is.
    NoHome,
    /// The directory holds a wallet already.
    Taken {
        /// The directory.
        path: PathBuf,
    },
    /// The directory holds no wallet.
    NoWallet {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The keys cannot be opened or closed.
    Keys {
        /// Their file.
        path: PathBuf,
        /// Why.
        source: KeysError,
    },
    /// The system refuses.
    System {
        /// The directory.
        path: PathBuf,
        /// What it says.
        source: std::io::Error,
    },
    /// The store does not open.
    Store {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: StoreError,
    },
    /// The wallet's chip does not do it.
    Chip {
        /// Where it is reached.
        place: String,
        /// Why.
        source: dsm_anchor::TpmError,
    },
    /// Nobody says where the wallet's chip is reached.
    ChipPlace {
        /// The file that should.
        path: PathBuf,
    },
    /// The log has ended: the chip went on without it, or is another one.
    Ended {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: AbsorbError,
    },
    /// The wallet issues as many tokens as one can.
    Issuers,
    /// The operating system gives no fresh bytes.
    Fresh {
        /// What it says.
        source: getrandom::Error,
    },
}

impl std::fmt::Display for HomeError {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoHome => to.write_str("no home directory; give --home DIR"),
            Self::Taken { path } => {
                write!(to, "there is a wallet in {} already; give another --home", path.display())
            }
            Self::NoWallet { path, .. } => {
                write!(to, "no wallet in {}; make one with `dsm init`", path.display())
            }
            Self::Keys { path, source } => write!(to, "{}: {source}", path.display()),
            Self::System { path, .. } => {
                let path = path.display();
                write!(to, "cannot keep a wallet in {path}; look at its owner and the disk")
            }
            Self::Store { path, source } => {
                let next = match source {
                    StoreError::Locked => {
                        "; is `dsm receive` or `dsm daemon` running? one process at a time"
                    }
                    StoreError::Missing => "; if `dsm init` was interrupted, remove the directory",
                    _ => "; look at the file and the disk",
                };
                write!(to, "cannot open the wallet in {}{next}", path.display())
            }
            Self::Chip { place, .. } => write!(
                to,
                "the chip at {place} does not do it; is it there, and may this account use it (group tss)?"
            ),
            Self::ChipPlace { path } => write!(
                to,
                "{} does not say where the wallet's chip is; say it with `dsm anchor place`",
                path.display()
            ),
            Self::Ended { path, .. } => write!(
                to,
                "the log of the wallet in {} has ended and nothing can be signed here any more; what it holds can \
                 be seen, and moves only once its owner recovers it under another device",
                path.display()
            ),
            Self::Issuers => to.write_str("too many issuing devices; make another wallet"),
            Self::Fresh { .. } => to.write_str("no fresh randomness; try again"),
        }
    }
}

impl std::error::Error for HomeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NoHome | Self::Taken { .. } | Self::Issuers | Self::ChipPlace { .. } => None,
            Self::Chip { source, .. } => Some(source),
            Self::Ended { source, .. } => Some(source),
            Self::NoWallet { source, .. } | Self::System { source, .. } => Some(source),
            Self::Keys { source, .. } => Some(source),
            Self::Store { source, .. } => Some(source),
            Self::Fresh { source } => Some(source),
        }
    }
}

/// Why the file of keys cannot be opened or closed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// The wallet's store is there and its keys are not.
    #[error("the keys cannot be read; put the file back from a copy")]
    Missing(#[source] std::io::Error),
    /// The file is not what was written.
    #[error("the file is damaged; put it back from a copy")]
    Damaged(#[source] DecodeError),
    /// A later version of this program wrote it.
    #[error("the file has form {found}, and this program knows form {known}; take a newer one")]
    Form {
        /// Which form it has.
        found: u64,
        /// Which form this program writes.
        known: u64,
    },
    /// The file is what was written, and does not open; or somebody changed it and its check.
    #[error(
        "this is not the passphrase; try again (if you are sure of it, somebody changed the file: \
         put it back from a copy)"
    )]
    Wrong,
    /// The keys open, and are not those that the store names.
    #[error("these keys are of another wallet, or damaged; put back the file of this one")]
    Foreign,
    /// There is not as much memory as the file asks for.
    #[error("there is not enough memory to open the keys; close other programs")]
    Memory,
    /// The keyring does not give the key.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// There is no passphrase.
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
}

/// Why the keyring of the desktop session does not keep or give a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// There is no service, or it fails.
    #[error(
        "no keyring answers; run this in the desktop session whose keyring has the key (a new key: or \
         choose a passphrase)"
    )]
    Away(#[source] Box<secret_service::Error>),
    /// There is a service, and no collection that it keeps keys in.
    #[error(
        "this desktop session has no keyring yet; make one with its own program (Passwords and Keys, \
         or KWallet), or choose a passphrase"
    )]
    None,
    /// Its owner does not open it.
    #[error("the keyring is locked; unlock it and try again")]
    Locked,
    /// It takes too long.
    #[error("the keyring says nothing; look whether it waits for its password, and try again")]
    Silent,
    /// It took the key and does not give it back.
    #[error("the keyring does not keep what it is given; choose a passphrase")]
    Lost,
    /// The keyring that is there is not the one that has the key.
    #[error("the keyring does not have the key of this wallet; log in where it was sealed")]
    NotKept,
    /// What it gives does not open the file.
    #[error(
        "the keyring has another key for this wallet, or somebody changed the file: put it back from \
         a copy"
    )]
    Other,
}

/// Why there is no passphrase.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PassphraseError {
    /// Nobody can be asked.
    #[error("the keys are sealed; run this on a terminal, or give --passphrase-file FILE")]
    NoTerminal,
    /// The terminal fails.
    #[error("the terminal cannot be read; give --passphrase-file FILE")]
    Terminal(#[source] std::io::Error),
    /// Its file cannot be read.
    #[error("cannot read a passphrase from {}; look at the file", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Nothing was typed or written.
    #[error("the passphrase is empty; if you want none, say --no-passphrase")]
    Empty,
    /// It is too long, has several lines or is not UTF-8.
    #[error("a passphrase is one line of at most {MAX_PASSPHRASE} bytes; choose another one")]
    Form,
    /// A new one is too short.
    #[error("a new passphrase has at least {MIN_NEW_PASSPHRASE} characters; take several words")]
    Short,
    /// What was typed the second time is not what was typed first.
    #[error("the two are not the same; try again")]
    Differs,
}
