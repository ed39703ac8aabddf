//! What a wallet asks of value.

use std::fmt;
use std::str::FromStr;

use dsm_core::FinalityClass;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Units;

/// A finality class, as it is shown.
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

/// A finality class that can be asked for, by a wallet for any amount or by a policy for every transfer.
///
/// Purse is none: it is compared with nothing (`spec/finality.md`), so whoever asked for it would find
/// nothing enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ClassFloor {
    /// Nothing prevents a second spend; a cheat leaves evidence.
    Exposed,
    /// Chips that cannot go back, at every hop.
    Anchored,
    /// Certificates of slot sets for every hop.
    Registered,
}

impl ClassFloor {
    /// The words for them, from the weakest to the strongest.
    pub const NAMES: [&str; 3] = ["exposed", "anchored", "registered"];
}

impl FromStr for ClassFloor {
    type Err = NoClassFloor;

    fn from_str(name: &str) -> Result<Self, NoClassFloor> {
        match name {
            "exposed" => Ok(Self::Exposed),
            "anchored" => Ok(Self::Anchored),
            "registered" => Ok(Self::Registered),
            _ => Err(NoClassFloor),
        }
    }
}

/// No class that can be asked for has this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoClassFloor;

impl fmt::Display for NoClassFloor {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "one of {} can be asked for", ClassFloor::NAMES.join(", "))
    }
}

impl std::error::Error for NoClassFloor {}

impl From<ClassFloor> for FinalityClass {
    fn from(floor: ClassFloor) -> Self {
        match floor {
            ClassFloor::Exposed => Self::Exposed,
            ClassFloor::Anchored => Self::Anchored,
            ClassFloor::Registered => Self::Registered,
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
    /// Whose chips count, and how much may rest on any one of them.
    pub makers: Vec<MakerLimit>,
    /// The longest history that is followed.
    pub max_hops: u64,
}

/// A maker whose chips count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MakerLimit {
    /// The maker's name: the SHA-256 of the public key of its root certificate.
    pub maker: String,
    /// The most base units of any token that may rest on any one device with a chip of its.
    pub most: Units,
}

impl MakerLimit {
    /// Every maker of these settings.
    #[must_use]
    pub fn of(settings: &dsm_core::Settings) -> Vec<Self> {
        let one = |(maker, most): (&dsm_core::MakerId, &u64)| Self {
            maker: maker.to_string(),
            most: Units(*most),
        };
        settings.makers.iter().map(one).collect()
    }
}

impl From<&dsm_core::Settings> for Settings {
    fn from(settings: &dsm_core::Settings) -> Self {
        Self {
            accept: Class::from(settings.enough),
            exposed_cap: Units(settings.exposed_cap),
            makers: MakerLimit::of(settings),
            max_hops: settings.max_hops,
        }
    }
}

/// What a wallet is to ask of value from now on. What is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsChange {
    /// The weakest finality class that is enough for any amount.
    pub accept: Option<ClassFloor>,
    /// The most base units of a token, in a weaker class, that may rest on one device.
    pub exposed_cap: Option<Units>,
}

impl SettingsChange {
    /// The settings after it.
    #[must_use]
    pub fn made(&self, mut settings: dsm_core::Settings) -> dsm_core::Settings {
        settings.enough = self.accept.map_or(settings.enough, FinalityClass::from);
        settings.exposed_cap = self.exposed_cap.map_or(settings.exposed_cap, |cap| cap.0);
        settings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_that_can_be_asked_for_is_met_by_one_that_a_lineage_reaches() {
        for name in ClassFloor::NAMES {
            let floor = FinalityClass::from(name.parse::<ClassFloor>().expect("its name"));
            assert_eq!(floor.name(), name);
            assert!(FinalityClass::Registered.satisfies(floor));
        }
        // Whoever asked for this would find nothing enough.
        assert_eq!("purse".parse::<ClassFloor>(), Err(NoClassFloor));
        assert!(!FinalityClass::Registered.satisfies(FinalityClass::Purse));
    }
}
