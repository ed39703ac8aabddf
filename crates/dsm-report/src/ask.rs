//! What a wallet wants to be paid, as a person writes it.

use std::fmt;

use dsm_encoding::Text;
use dsm_session::{MAX_MEMO, Request};
use dsm_store::{Books, Kv};

use crate::{AmountError, TokenError, parse, token_of};

/// A request as a person writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestDraft {
    /// How much, a decimal.
    pub amount: String,
    /// Of which token, by ticker, fingerprint or id; not needed if there is only one.
    pub token: Option<String>,
    /// What for.
    pub memo: Option<String>,
    /// Until when, in seconds since 1970; for the payer to read, nothing is decided by it.
    pub expires: Option<u64>,
}

/// What is no request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestError {
    /// It is not clear of which token.
    Token(TokenError),
    /// The amount is none.
    Amount(AmountError),
    /// The memo is too long.
    Memo,
}

impl fmt::Display for RequestError {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(error) => error.fmt(to),
            Self::Amount(error) => error.fmt(to),
            Self::Memo => write!(to, "a memo has at most {MAX_MEMO} bytes; make it shorter"),
        }
    }
}

impl std::error::Error for RequestError {}

impl RequestDraft {
    /// The request.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn request<K: Kv>(&self, books: &Books<'_, K>) -> Result<Request, RequestError> {
        let policy = token_of(books, self.token.as_deref()).map_err(RequestError::Token)?;
        let amount = parse(&self.amount, &policy).map_err(RequestError::Amount)?;
        let memo = self.memo.as_deref().map(Text::try_from).transpose();
        let memo = memo.map_err(|_| RequestError::Memo)?;
        Ok(Request { memo, expires: self.expires, ..Request::new(policy.id(), amount) })
    }
}
