//! How a command ends, for whoever started it (`docs/json.md`, exit codes).

use std::process::ExitCode;

use dsm_core::Reject;
use dsm_daemon::DaemonError;
use dsm_engine::{ConverseError, ExchangeError, IntroduceError, MailError, SecureError};
use dsm_headers::HeaderReject;
use dsm_link::LinkError;
use dsm_session::SessionError;

use crate::headers::Unheard;
use crate::served::Refusal;

/// What each exit code says, as in `docs/json.md`.
pub(crate) const EXITS: [(u8, &str); 6] = [
    (0, "done"),
    (1, "failed: the error says why, and what to do next"),
    (MISUSED, "the command line is not understood, or its parts do not go together"),
    (REFUSED, "a rule refused it, here or at the other side; rule in the error event names it"),
    (
        UNDELIVERED,
        "the other side was not there, hung up or said nothing, or the place cannot be used. What was \
         written before stays written: dsm pay --resume",
    ),
    (INTERRUPTED, "interrupted by Ctrl-C"),
];

/// The command line makes no sense.
const MISUSED: u8 = 2;
/// A rule refused it, on either side.
const REFUSED: u8 = 3;
/// Nobody was there, or the link broke.
const UNDELIVERED: u8 = 4;
/// What a shell takes for the end by Ctrl-C.
pub(crate) const INTERRUPTED: u8 = 130;

/// The person ended it.
#[derive(Debug)]
pub(crate) struct Interrupted(pub(crate) &'static str);

impl std::fmt::Display for Interrupted {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(self.0)
    }
}

impl std::error::Error for Interrupted {}

/// The command line makes no sense, which only shows after it was read.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) &'static str);

impl std::fmt::Display for Usage {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(self.0)
    }
}

impl std::error::Error for Usage {}

/// The rule that refused, if one did.
pub(crate) fn rule(error: &anyhow::Error) -> Option<String> {
    let served = error.downcast_ref::<Refusal>().and_then(Refusal::rule);
    let found = error.chain().find_map(|cause| match cause.downcast_ref() {
        Some(SessionError::Rejected(reject)) => Some(reject.rule().to_owned()),
        Some(SessionError::Refused { rule }) => Some(rule.to_string()),
        _ => {
            let here = cause.downcast_ref::<Reject>().map(Reject::rule);
            here.or(cause.downcast_ref().map(HeaderReject::rule)).map(str::to_owned)
        }
    });
    served.map(str::to_owned).or(found)
}

/// How a command ends that failed.
pub(crate) fn code(error: &anyhow::Error) -> ExitCode {
    let any = |is: fn(&(dyn std::error::Error + 'static)) -> bool| error.chain().any(is);
    if any(is_interrupted) {
        ExitCode::from(INTERRUPTED)
    } else if any(is_misused) {
        ExitCode::from(MISUSED)
    } else if rule(error).is_some() {
        ExitCode::from(REFUSED)
    } else if any(is_away) {
        ExitCode::from(UNDELIVERED)
    } else {
        ExitCode::FAILURE
    }
}

fn is_interrupted(cause: &(dyn std::error::Error + 'static)) -> bool {
    cause.is::<Interrupted>() || matches!(cause.downcast_ref(), Some(SessionError::Cancelled))
}

fn is_misused(cause: &(dyn std::error::Error + 'static)) -> bool {
    let not_here = DaemonError::is_misused;
    cause.is::<Usage>() || cause.downcast_ref().is_some_and(not_here)
}

/// Whether the other side was not there, went, or could not be reached.
fn is_away(cause: &(dyn std::error::Error + 'static)) -> bool {
    cause.is::<LinkError>()
        || cause.is::<Unheard>()
        || cause.downcast_ref().is_some_and(Refusal::is_away)
        || matches!(cause.downcast_ref(), Some(SessionError::PeerCancelled))
        || matches!(
            cause.downcast_ref(),
            Some(ConverseError::HungUp | ConverseError::Link(_) | ConverseError::Busy)
        )
        || matches!(cause.downcast_ref(), Some(SecureError::HungUp | SecureError::Link(_)))
        || matches!(cause.downcast_ref(), Some(ExchangeError::HungUp | ExchangeError::Link(_)))
        || matches!(cause.downcast_ref(), Some(IntroduceError::HungUp | IntroduceError::Link(_)))
        || matches!(cause.downcast_ref(), Some(MailError::Mailbox(_)))
}
