//! Why a request is not answered as it was wanted.

use std::error::Error;

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use dsm_engine::{ConverseError, IssueError, MailError, SecureError};
use dsm_home::BackupError;
use dsm_link::LinkError;
use dsm_report::{
    AmountError, ContactError, DraftError, EvidenceError, ExplainError, RequestError, ShowError,
    TokenError,
};
use dsm_session::{LetterError, SessionError};
use dsm_store::StoreError;
use serde::{Deserialize, Serialize};
use utoipa::{IntoResponses, ToSchema};

/// Why a request failed; the texts end with what to do next.
#[derive(Debug)]
#[non_exhaustive]
pub enum Problem {
    /// The request is not what it should be.
    Form(StatusCode, String),
    /// No token, or another one.
    Token,
    /// The request was meant for another host.
    Host,
    /// There is no such thing.
    Unknown(String),
    /// It is there already, or went on meanwhile.
    Conflict(String),
    /// It was understood and cannot be done; perhaps by a rule.
    Refused(String, Option<String>),
    /// The contact is not there, or its link broke.
    Away(String),
    /// Too much at once.
    Busy,
    /// The wallet is closing.
    Stopped,
    /// The store fails.
    Store(StoreError),
}

/// An error as it is answered.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ProblemReport {
    /// What is wrong, and what to do next.
    pub error: String,
    /// The rule that refused, as in spec/, if one did.
    pub rule: Option<String>,
}

impl Problem {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Form(status, _) => *status,
            Self::Token => StatusCode::UNAUTHORIZED,
            Self::Host => StatusCode::MISDIRECTED_REQUEST,
            Self::Unknown(_) => StatusCode::NOT_FOUND,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::Refused(..) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Away(_) => StatusCode::FAILED_DEPENDENCY,
            Self::Busy => StatusCode::TOO_MANY_REQUESTS,
            Self::Stopped => StatusCode::SERVICE_UNAVAILABLE,
            Self::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What is answered.
    #[must_use]
    pub fn report(&self) -> ProblemReport {
        let rule = if let Self::Refused(_, rule) = self { rule.clone() } else { None };
        ProblemReport { error: self.to_string(), rule }
    }

    /// Something that cannot be done, without a rule.
    pub(crate) fn refused(why: impl ToString) -> Self {
        Self::Refused(why.to_string(), None)
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Form(_, text)
            | Self::Unknown(text)
            | Self::Conflict(text)
            | Self::Refused(text, _)
            | Self::Away(text) => to.write_str(text),
            Self::Token => to.write_str(
                "show the token of daemon.json in the wallet's directory: `Authorization: Bearer TOKEN`",
            ),
            Self::Host => to.write_str("ask for 127.0.0.1 or localhost"),
            Self::Busy => to.write_str("too much at once; try again soon"),
            Self::Stopped => to.write_str("the wallet is closing; start `dsm daemon` again"),
            Self::Store(error) => write!(to, "{error}; start `dsm daemon` again"),
        }
    }
}

impl Error for Problem {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status(), Json(self.report())).into_response()
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NameTaken { .. } => Self::Conflict(error.to_string()),
            StoreError::NameLength { .. } | StoreError::Card(_) => Self::refused(error),
            error => Self::Store(error),
        }
    }
}

impl From<SessionError> for Problem {
    fn from(error: SessionError) -> Self {
        let rule = match &error {
            SessionError::Rejected(reject) => Some(reject.rule().to_owned()),
            SessionError::Refused { rule } => Some(rule.to_string()),
            _ => None,
        };
        Self::Refused(error.to_string(), rule)
    }
}

impl From<ConverseError> for Problem {
    fn from(error: ConverseError) -> Self {
        match error {
            ConverseError::Session(error) => error.into(),
            ConverseError::Store(error) => error.into(),
            ConverseError::Stopped => Self::Stopped,
            ConverseError::Busy => Self::Busy,
            other => Self::Away(other.to_string()),
        }
    }
}

impl From<MailError> for Problem {
    fn from(error: MailError) -> Self {
        match error {
            MailError::Session(error) => error.into(),
            MailError::Store(error) => error.into(),
            MailError::Letter(LetterError::Rejected(reject)) => {
                Self::Refused(reject.to_string(), Some(reject.rule().to_owned()))
            }
            other => Self::refused(other),
        }
    }
}

impl From<LinkError> for Problem {
    fn from(error: LinkError) -> Self {
        Self::Away(error.to_string())
    }
}

impl From<SecureError> for Problem {
    fn from(error: SecureError) -> Self {
        Self::Away(error.to_string())
    }
}

impl From<IssueError> for Problem {
    fn from(error: IssueError) -> Self {
        match error {
            IssueError::Store(error) => error.into(),
            other => Self::refused(other),
        }
    }
}

impl From<ContactError> for Problem {
    fn from(error: ContactError) -> Self {
        let text = error.to_string();
        match error {
            ContactError::Unknown { .. } => Self::Unknown(text),
            ContactError::Taken { .. } | ContactError::Known { .. } => Self::Conflict(text),
            ContactError::Card(reject) => {
                Self::Refused(format!("{text}: {reject}"), Some(reject.rule().to_owned()))
            }
            _ => Self::Refused(text, None),
        }
    }
}

impl From<ShowError> for Problem {
    fn from(error: ShowError) -> Self {
        match error {
            ShowError::NotAcknowledged | ShowError::NotHeld => Self::Unknown(error.to_string()),
            other => Self::refused(other),
        }
    }
}

impl From<AmountError> for Problem {
    fn from(error: AmountError) -> Self {
        Self::refused(error)
    }
}

impl From<DraftError> for Problem {
    fn from(error: DraftError) -> Self {
        Self::refused(error)
    }
}

impl From<EvidenceError> for Problem {
    fn from(error: EvidenceError) -> Self {
        Self::Unknown(error.to_string())
    }
}

impl From<ExplainError> for Problem {
    fn from(error: ExplainError) -> Self {
        let why = error.source().map(|source| format!(": {source}")).unwrap_or_default();
        Self::Refused(format!("{error}{why}"), error.rule().map(str::to_owned))
    }
}

impl From<RequestError> for Problem {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Token(error) => error.into(),
            other => Self::refused(other),
        }
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::None => Self::Unknown(error.to_string()),
            other => Self::Conflict(other.to_string()),
        }
    }
}

impl From<JsonRejection> for Problem {
    fn from(error: JsonRejection) -> Self {
        Self::Form(error.status(), error.body_text())
    }
}

impl From<QueryRejection> for Problem {
    fn from(error: QueryRejection) -> Self {
        Self::Form(error.status(), error.body_text())
    }
}

impl From<PathRejection> for Problem {
    fn from(error: PathRejection) -> Self {
        Self::Form(error.status(), error.body_text())
    }
}

impl From<BackupError> for Problem {
    fn from(error: BackupError) -> Self {
        let text = error.to_string();
        match error {
            BackupError::Taken { .. } => Self::Conflict(text),
            BackupError::Card { reject, .. } => {
                Self::Refused(format!("{text}: {reject}"), Some(reject.rule().to_owned()))
            }
            _ => Self::Refused(text, None),
        }
    }
}

impl From<dsm_home::HomeError> for Problem {
    fn from(error: dsm_home::HomeError) -> Self {
        Self::refused(error)
    }
}

/// The errors of any request, for the document.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only described, never made")]
pub(crate) enum Problems {
    /// The request is malformed.
    #[response(status = 400)]
    Malformed(ProblemReport),
    /// No token, or another one.
    #[response(status = 401)]
    Token(ProblemReport),
    /// There is no such thing.
    #[response(status = 404)]
    Unknown(ProblemReport),
    /// It is there already, or went on meanwhile.
    #[response(status = 409)]
    Conflict(ProblemReport),
    /// No such method here.
    #[response(status = 405)]
    Method(ProblemReport),
    /// The body is too long.
    #[response(status = 413)]
    TooLong(ProblemReport),
    /// The body is no JSON.
    #[response(status = 415)]
    NoJson(ProblemReport),
    /// The request was meant for another host.
    #[response(status = 421)]
    Host(ProblemReport),
    /// It was understood and cannot be done.
    #[response(status = 422)]
    Refused(ProblemReport),
    /// The contact is not there, or its link broke.
    #[response(status = 424)]
    Away(ProblemReport),
    /// Too much at once.
    #[response(status = 429)]
    Busy(ProblemReport),
    /// The store fails.
    #[response(status = 500)]
    Store(ProblemReport),
    /// The wallet is closing.
    #[response(status = 503)]
    Stopped(ProblemReport),
}
