//! A token that somebody wants to make.

use std::fmt;

use dsm_core::{Cosigners, FinalityClass, Kind, Policy, Supervision};
use dsm_crypto::{Domain, hash};
use dsm_log::{DeviceDescriptor, Position};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{AmountError, ClassFloor, Sum, parse};

/// A policy as a person writes it. What is left out is as free as can be.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyDraft {
    /// What the token is called.
    #[schema(example = "Coffee")]
    pub name: String,
    /// And in short.
    #[schema(example = "CUP")]
    pub ticker: String,
    /// Decimal places.
    #[serde(default)]
    pub decimals: u8,
    /// How many lots there can be.
    pub lots: u64,
    /// How much one lot can be, a decimal.
    #[schema(example = "100")]
    pub units_per_lot: String,
    /// The most that one transfer may move, a decimal.
    pub entry_limit: Option<String>,
    /// Whether it can be given on.
    #[serde(default = "yes")]
    pub transferable: bool,
    /// Whether it can be burnt.
    #[serde(default = "yes")]
    pub burnable: bool,
    /// Whether each note is one of a kind.
    #[serde(default)]
    pub unique: bool,
    /// The weakest class in which it is accepted.
    pub class_floor: Option<ClassFloor>,
    /// What else its holders should know; its hash is in the policy.
    pub metadata: Option<String>,
}

fn yes() -> bool {
    true
}

/// What is no policy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DraftError {
    /// The name is too long.
    Name,
    /// The ticker is too long.
    Ticker,
    /// An amount is none.
    Amount(AmountError),
    /// Nothing could be issued, or more than fits.
    Cap,
}

impl fmt::Display for DraftError {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => to.write_str("the name is too long"),
            Self::Ticker => to.write_str("the ticker is too long"),
            Self::Amount(error) => error.fmt(to),
            Self::Cap => to.write_str(
                "the policy makes no sense: lots x units must fit 64 bits and not be zero",
            ),
        }
    }
}

impl std::error::Error for DraftError {}

impl From<AmountError> for DraftError {
    fn from(error: AmountError) -> Self {
        Self::Amount(error)
    }
}

impl PolicyDraft {
    /// The policy of a token that a device issues, from a place of its log on.
    ///
    /// # Errors
    /// [`DraftError`].
    pub fn policy(
        &self,
        issuer: &DeviceDescriptor,
        issuer_floor: Position,
    ) -> Result<Policy, DraftError> {
        let mut policy = Policy {
            network: issuer.network,
            name: self.name.as_str().try_into().map_err(|_| DraftError::Name)?,
            ticker: self.ticker.as_str().try_into().map_err(|_| DraftError::Ticker)?,
            decimals: self.decimals,
            kind: if self.unique { Kind::Unique } else { Kind::Fungible },
            issuer: issuer.id(),
            issuer_floor,
            lots: self.lots,
            units_per_lot: 0,
            cosigners: Cosigners::default(),
            allow_set: None,
            entry_limit: None,
            transferable: self.transferable,
            class_floor: self.class_floor.map_or(FinalityClass::Exposed, FinalityClass::from),
            supervision: Supervision::None {},
            burnable: self.burnable,
            metadata: self.metadata.as_deref().map(|text| hash(Domain::Metadata, text)),
        };
        policy.units_per_lot = parse(&self.units_per_lot, &policy)?;
        let limit = self.entry_limit.as_deref().map(|text| parse(text, &policy));
        policy.entry_limit = limit.transpose()?;
        if policy.cap().is_none() { Err(DraftError::Cap) } else { Ok(policy) }
    }
}

/// What was issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Issued {
    /// How much.
    #[serde(flatten)]
    pub sum: Sum,
    /// The note's id.
    pub note: String,
}
