//! Why an operation of the engine fails: one enum for each.

use dsm_core::Reject;
use dsm_link::LinkError;
use dsm_session::SessionError;
use dsm_store::StoreError;

use crate::SecureError;

/// Why a conversation ended early. What was durable stays; a new conversation takes it up again.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConverseError {
    /// The two sides do not come together.
    Session(SessionError),
    /// The store fails.
    Store(StoreError),
    /// The link fails.
    Link(LinkError),
    /// The peer hung up before the end.
    HungUp,
    /// Too many conversations are going on.
    Busy,
    /// The engine stopped.
    Stopped,
}

impl std::fmt::Display for ConverseError {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Session(error) => error.fmt(to),
            Self::Store(error) => error.fmt(to),
            Self::Link(error) => error.fmt(to),
            Self::HungUp => to.write_str("the peer hung up before the end"),
            Self::Busy => to.write_str("too many conversations are going on; call again later"),
            Self::Stopped => to.write_str("the wallet is closing"),
        }
    }
}

impl std::error::Error for ConverseError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Session(error) => Some(error),
            Self::Store(error) => Some(error),
            Self::Link(error) => Some(error),
            Self::HungUp | Self::Busy | Self::Stopped => None,
        }
    }
}

impl From<StoreError> for ConverseError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Why the visit of a caller ended early.
#[derive(Debug)]
pub enum VisitError {
    /// There was no secure channel.
    Secure(SecureError),
    /// There was, and then the conversation failed.
    Converse(ConverseError),
}

impl std::fmt::Display for VisitError {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Secure(error) => error.fmt(to),
            Self::Converse(error) => error.fmt(to),
        }
    }
}

impl std::error::Error for VisitError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(match self {
            Self::Secure(error) => error,
            Self::Converse(error) => error,
        })
    }
}

/// Why a lot cannot be issued.
#[derive(Debug)]
#[non_exhaustive]
pub enum IssueError {
    /// The store fails.
    Store(StoreError),
    /// This wallet does not issue the token.
    NotIssuer,
    /// Every lot is used.
    NoLot,
    /// A lot does not hold that much, or nothing at all is asked for.
    Amount {
        /// The most that one lot issues, in base units.
        most: u64,
    },
    /// The policy demands co-signers; they come with a later version of this command.
    Cosigners,
    /// The device showed two histories; it must not sign.
    OwnFork,
    /// The log went on elsewhere: these books are an old copy, and must not sign.
    OldCopy,
    /// The entry does not fit the log.
    Log,
}

impl std::fmt::Display for IssueError {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Store(error) => error.fmt(to),
            Self::NotIssuer => to.write_str("this wallet does not issue the token"),
            Self::NoLot => to.write_str("every lot of the token is used"),
            Self::Amount { most } => write!(to, "a lot issues 1 to {most} base units"),
            Self::Cosigners => to.write_str("the policy demands co-signers"),
            Self::OwnFork => to.write_str("this device showed two histories and must not sign"),
            Self::OldCopy => SessionError::OldCopy.fmt(to),
            Self::Log => to.write_str("the issuing log cannot take the entry"),
        }
    }
}

impl std::error::Error for IssueError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

impl From<StoreError> for IssueError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Why a proof cannot be made or does not hold.
#[derive(Debug)]
#[non_exhaustive]
pub enum ProofError {
    /// The store fails.
    Store(StoreError),
    /// The books lack a part of the lineage.
    Incomplete,
    /// The proof breaks a rule.
    Rejected(Reject),
    /// The entry that it is about does not make the note that it names.
    OtherNote,
}

impl std::fmt::Display for ProofError {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Store(error) => error.fmt(to),
            Self::Incomplete => to.write_str("the books lack a part of the lineage"),
            Self::Rejected(reject) => write!(to, "refused: {reject}"),
            Self::OtherNote => to.write_str("the proof does not make the note that it names"),
        }
    }
}

impl std::error::Error for ProofError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Store(error) => Some(error),
            Self::Rejected(reject) => Some(reject),
            Self::Incomplete | Self::OtherNote => None,
        }
    }
}

impl From<StoreError> for ProofError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Reject> for ProofError {
    fn from(reject: Reject) -> Self {
        Self::Rejected(reject)
    }
}
