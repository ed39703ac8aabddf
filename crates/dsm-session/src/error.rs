//! Why a session ends early.

use dsm_core::Reject;
use dsm_encoding::{DecodeError, Text};
use dsm_log::DeviceId;

use crate::SelectError;

/// Why a session cannot go on. Whatever was durable stays; a new session takes it up again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionError {
    /// The message is not canonical.
    Form(DecodeError),
    /// A message, or the whole conversation, is too long.
    TooLong,
    /// The message does not belong here.
    Unexpected(&'static str),
    /// Somebody else answers than was called.
    WrongPeer {
        /// Who.
        device: DeviceId,
    },
    /// What the peer sent breaks a rule.
    Rejected(Reject),
    /// The peer refuses, by a rule.
    Refused {
        /// The rule's id.
        rule: Text<16>,
    },
    /// There is nothing to pay with.
    Select(SelectError),
    /// The peer wants to be paid something else.
    OtherAsk,
    /// The peer offers something else than it was asked for.
    OtherOffer,
    /// The peer is not ready to be paid.
    NoAsk,
    /// The device's own books lack something that they should have, or a limit is passed.
    Books,
    /// The own log moved on again and again while a payment was being offered; try again.
    Stale,
    /// The own person ended it.
    Cancelled,
    /// The peer's person ended it. What the own side is bound by stays to be delivered.
    PeerCancelled,
    /// The own device showed two histories; it must not sign.
    OwnFork,
    /// The own log went on elsewhere: these books are an old copy, and must not sign.
    OldCopy,
}

impl core::fmt::Display for SessionError {
    fn fmt(&self, to: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Form(error) => write!(to, "a message is not canonical: {error}"),
            Self::TooLong => to.write_str("a message or the conversation is too long"),
            Self::Unexpected(name) => write!(to, "{name} does not belong here"),
            Self::WrongPeer { device } => write!(to, "another device answers: {device}"),
            Self::Rejected(reject) => write!(to, "refused: {reject}"),
            Self::Refused { rule } => {
                write!(to, "the peer refuses by rule {}", rule.escape_debug())
            }
            Self::Select(error) => error.fmt(to),
            Self::OtherAsk => to.write_str("the peer asks for another token or amount"),
            Self::OtherOffer => to.write_str("the peer offers something else than was asked for"),
            Self::NoAsk => to.write_str("the peer is not ready to be paid"),
            Self::Books => to.write_str("the own books are incomplete, or a limit is passed"),
            Self::Stale => to.write_str("the own log moved on; try again"),
            Self::Cancelled => to.write_str("cancelled"),
            Self::PeerCancelled => to.write_str("the peer cancelled"),
            Self::OwnFork => {
                to.write_str("this device showed two histories of its log and must not sign")
            }
            Self::OldCopy => to.write_str(
                "this device's log went on elsewhere: these books are an old copy and must not sign",
            ),
        }
    }
}

impl core::error::Error for SessionError {}

impl From<Reject> for SessionError {
    fn from(reject: Reject) -> Self {
        Self::Rejected(reject)
    }
}

impl From<SelectError> for SessionError {
    fn from(error: SelectError) -> Self {
        Self::Select(error)
    }
}
