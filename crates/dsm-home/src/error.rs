//! Why a wallet's directory cannot be used.

use std::path::PathBuf;

use dsm_encoding::DecodeError;
use dsm_store::StoreError;

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
    /// The file of keys is not what was written.
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where it breaks off.
        source: DecodeError,
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
            Self::Damaged { path, .. } => {
                write!(to, "{} is damaged; put it back from a copy", path.display())
            }
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
            Self::Fresh { .. } => to.write_str("no fresh randomness; try again"),
        }
    }
}

impl std::error::Error for HomeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NoHome | Self::Taken { .. } => None,
            Self::NoWallet { source, .. } | Self::System { source, .. } => Some(source),
            Self::Damaged { source, .. } => Some(source),
            Self::Store { source, .. } => Some(source),
            Self::Fresh { source } => Some(source),
        }
    }
}
