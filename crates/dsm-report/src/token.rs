//! Tokens that are known.

use std::fmt;

use dsm_core::{Policy, TokenId};
use dsm_store::{Books, Kv};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Class, Part, Sum, Units, fingerprint, plain};

/// A token and its policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Token {
    /// Its id: the hash of its policy.
    pub token: String,
    /// What its issuer calls it.
    pub name: String,
    /// And in short.
    pub ticker: String,
    /// What tells it from others of its ticker.
    pub fingerprint: String,
    /// Whether its owner pinned it, so that it is shown by its ticker alone.
    pub pinned: bool,
    /// Decimal places.
    pub decimals: u8,
    /// The device that issues it.
    pub issuer: String,
    /// How many lots there can be.
    pub lots: u64,
    /// How much one lot can be.
    pub lot: Sum,
    /// The most base units that there can ever be.
    pub cap: Option<Units>,
    /// Whether it can be given on.
    pub transferable: bool,
    /// Whether it can be burnt.
    pub burnable: bool,
    /// The weakest class in which it is accepted.
    pub class_floor: Class,
}

impl Token {
    /// Of a policy in these books.
    #[must_use]
    pub fn new<K: Kv>(books: &Books<'_, K>, policy: &Policy) -> Self {
        let token = policy.id();
        Self {
            token: token.to_string(),
            fingerprint: fingerprint(&token),
            pinned: books.is_pinned(&token),
            name: plain(&policy.name),
            ticker: plain(&policy.ticker),
            decimals: policy.decimals,
            issuer: policy.issuer.to_string(),
            lots: policy.lots,
            lot: Sum::new(books, &token, policy.units_per_lot),
            cap: policy.cap().map(Units),
            transferable: policy.transferable,
            burnable: policy.burnable,
            class_floor: Class::from(policy.class_floor),
        }
    }
}

impl Token {
    /// Every token that is known, by its id.
    #[must_use]
    pub fn list<K: Kv>(books: &Books<'_, K>, part: &Part<String>) -> Vec<Self> {
        let shown = part.of(books.policies(), |policy| policy.id().to_string());
        shown.iter().map(|policy| Self::new(books, policy)).collect()
    }
}

/// Why it is not clear which token is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenError {
    /// None is known by that name.
    None,
    /// Several are.
    Several {
        /// How many.
        count: usize,
    },
}

impl fmt::Display for TokenError {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => to.write_str("no such token is known; see `dsm token show`"),
            Self::Several { count } => {
                write!(
                    to,
                    "there are {count} such tokens; give the id or the fingerprint (`dsm token show`)"
                )
            }
        }
    }
}

impl std::error::Error for TokenError {}

/// The token that is meant: by id, by fingerprint, by ticker, or the only one.
///
/// # Errors
/// [`TokenError`].
pub fn token_of<K: Kv>(books: &Books<'_, K>, wanted: Option<&str>) -> Result<Policy, TokenError> {
    let mut policies = books.policies();
    if let Some(wanted) = wanted {
        let id: Option<TokenId> = wanted.parse().ok();
        policies.retain(|policy| match id {
            Some(id) => policy.id() == id,
            None => *policy.ticker == *wanted || fingerprint(&policy.id()) == wanted,
        });
    }
    let count = policies.len();
    match (policies.pop(), count) {
        (Some(policy), 1) => Ok(policy),
        (Some(_), _) => Err(TokenError::Several { count }),
        (None, _) => Err(TokenError::None),
    }
}
