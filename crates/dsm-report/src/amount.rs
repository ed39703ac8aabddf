//! Amounts as people write them, and as programs do.

use std::fmt;

use dsm_core::{Policy, TokenId, View};
use dsm_store::{Books, Kv};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fingerprint::{beside, fingerprint};

/// Base units, as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, pattern = "^[0-9]{1,20}$", example = "1050")]
pub struct Units(pub u64);

impl Serialize for Units {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Units {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map(Self).map_err(serde::de::Error::custom)
    }
}

/// How much of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sum {
    /// The token's id.
    pub token: String,
    /// What its issuer calls it, if its policy is known; others may call theirs the same.
    pub ticker: Option<String>,
    /// What is to be shown beside the ticker; none if its owner pinned the token, or it is issued here, and
    /// no other such token has its ticker.
    #[schema(example = "qpzr-y9x8-gf2t-vdw0")]
    pub fingerprint: Option<String>,
    /// A decimal; base units if the policy is not known.
    #[schema(example = "10.50")]
    pub amount: String,
    /// The same in base units.
    pub units: Units,
}

impl Sum {
    /// So many base units of a token.
    #[must_use]
    pub fn new<K: Kv>(books: &Books<'_, K>, token: &TokenId, units: u64) -> Self {
        let policy = books.policy(token);
        let fingerprint = policy.as_ref().and_then(|policy| beside(books, policy));
        Self { fingerprint, ..Self::with(policy.as_ref(), token, units) }
    }

    /// The same for somebody without books, with the token's policy, if it is known.
    #[must_use]
    pub fn with(policy: Option<&Policy>, token: &TokenId, units: u64) -> Self {
        Self {
            token: token.to_string(),
            ticker: policy.map(|policy| plain(&policy.ticker)),
            fingerprint: policy.map(|_| fingerprint(token)),
            amount: decimal(units, policy.map_or(0, |policy| policy.decimals)),
            units: Units(units),
        }
    }

    /// So many base units of a token, for somebody without books.
    #[must_use]
    pub fn of(policy: &Policy, units: u64) -> Self {
        Self::with(Some(policy), &policy.id(), units)
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.ticker {
            Some(ticker) => match &self.fingerprint {
                Some(mark) => to.pad(&format!("{} {ticker} ({mark})", self.amount)),
                None => to.pad(&format!("{} {ticker}", self.amount)),
            },
            None => to.pad(&format!("{} base units of {}", self.amount, self.token)),
        }
    }
}

/// What somebody else wrote, on one line and without control characters or such as turn the direction of
/// writing, so that it can neither steer a terminal nor look like a line of this program.
#[must_use]
pub fn plain(text: &str) -> String {
    let odd = |one: char| {
        one.is_control()
            || matches!(one, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|one| if odd(one) { char::REPLACEMENT_CHARACTER } else { one }).collect()
}

fn decimal(units: u64, decimals: u8) -> String {
    let digits = format!("{units:0>width$}", width = usize::from(decimals) + 1);
    let (whole, part) = digits.split_at(digits.len() - usize::from(decimals));
    if part.is_empty() { whole.to_owned() } else { format!("{whole}.{part}") }
}

/// What is no amount of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AmountError {
    /// Not a decimal.
    Form {
        /// What was written.
        text: String,
    },
    /// More decimal places than the token has.
    Places {
        /// What was written.
        text: String,
        /// The token's name for itself.
        ticker: String,
        /// How many it has.
        decimals: u8,
    },
    /// More than 64 bits of base units.
    TooLarge,
    /// Nothing.
    Zero,
}

impl fmt::Display for AmountError {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form { text } => write!(to, "{text:?} is no amount; write it like 12 or 12.50"),
            Self::Places { text, ticker, decimals } => {
                write!(to, "{ticker} has {decimals} decimal places; {text} has more")
            }
            Self::TooLarge => to.write_str("the amount is too large"),
            Self::Zero => to.write_str("the amount is zero"),
        }
    }
}

impl std::error::Error for AmountError {}

/// A decimal as base units of a token.
///
/// # Errors
/// [`AmountError`].
pub fn parse(text: &str, policy: &Policy) -> Result<u64, AmountError> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let decimals = usize::from(policy.decimals);
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(part) || text.len() > 64 {
        let text = plain(text).chars().take(64).collect();
        return Err(AmountError::Form { text });
    }
    if part.len() > decimals {
        return Err(AmountError::Places {
            text: text.to_owned(),
            ticker: plain(&policy.ticker),
            decimals: policy.decimals,
        });
    }
    let padded = format!("{whole}{part:0<decimals$}");
    match padded.parse() {
        Ok(0) => Err(AmountError::Zero),
        Ok(units) => Ok(units),
        Err(_) => Err(AmountError::TooLarge),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_kept() {
        assert_eq!(decimal(1_050, 2), "10.50");
        assert_eq!(decimal(5, 2), "0.05");
        assert_eq!(decimal(7, 0), "7");
        assert_eq!(decimal(0, 3), "0.000");
    }

    #[test]
    fn what_others_wrote_is_one_line() {
        assert_eq!(plain("a\nb\u{202e}c\u{1b}[2J"), "a\u{fffd}b\u{fffd}c\u{fffd}[2J");
    }
}
