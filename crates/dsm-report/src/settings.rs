//! What a wallet asks of value.

use dsm_core::FinalityClass;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Units;

/// A finality class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Nothing prevents a second spend; a cheat leaves evidence.
    Exposed,
    /// Chips that cannot go back, at every hop.
    Anchored,
    /// Certificates of slot sets for every hop.
    Registered,
    /// A deposit that a quorum of nodes watches.
    Purse,
}

impl Class {
    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        FinalityClass::from(self).name()
    }
}

impl From<FinalityClass> for Class {
    fn from(class: FinalityClass) -> Self {
        match class {
            FinalityClass::Exposed => Self::Exposed,
            FinalityClass::Anchored => Self::Anchored,
            FinalityClass::Registered => Self::Registered,
            FinalityClass::Purse => Self::Purse,
        }
    }
}

impl From<Class> for FinalityClass {
    fn from(class: Class) -> Self {
        match class {
            Class::Exposed => Self::Exposed,
            Class::Anchored => Self::Anchored,
            Class::Registered => Self::Registered,
            Class::Purse => Self::Purse,
        }
    }
}

/// What this wallet asks of value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Settings {
    /// The weakest finality class that is enough for any amount.
    pub accept: Class,
    /// The most base units of a token, in a weaker class, that may rest on one device.
    pub exposed_cap: Units,
    /// The longest history that is followed.
    pub max_hops: u64,
}

impl From<&dsm_core::Settings> for Settings {
    fn from(settings: &dsm_core::Settings) -> Self {
        Self {
            accept: Class::from(settings.enough),
            exposed_cap: Units(settings.exposed_cap),
            max_hops: settings.max_hops,
        }
    }
}
