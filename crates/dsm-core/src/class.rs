//! How final value is, and what a receiver asks for (`spec/finality.md`).

use alloc::collections::BTreeMap;

use dsm_encoding::{Decode, DecodeError, Encode, Reader, Writer};

use crate::TokenId;

/// What makes a second spend of the same value fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FinalityClass {
    /// Nothing: a cheat yields evidence and exclusion, later.
    Exposed,
    /// Chips that cannot go back, at every hop that is not registered.
    Anchored,
    /// Certificates of slot sets for every hop.
    Registered,
    /// The value can go to this payee only, or back after a height: the class of a voucher.
    Purse,
}

impl FinalityClass {
    /// The weaker of two. A voucher is compared with nothing: beside another class it adds nothing.
    #[must_use]
    pub fn weaker(self, other: Self) -> Self {
        if self.rank() <= other.rank() { self } else { other }
    }

    /// Whether this class is enough where `floor` is asked for.
    #[must_use]
    pub fn satisfies(self, floor: Self) -> bool {
        match (self, floor) {
            (Self::Purse, _) | (_, Self::Purse) => self == floor,
            _ => self.rank() >= floor.rank(),
        }
    }

    fn rank(self) -> u8 {
        match self {
            Self::Exposed => 0,
            Self::Anchored => 1,
            Self::Registered => 2,
            Self::Purse => 3,
        }
    }

    /// The class's word in receipts, interfaces and screens.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Exposed => "exposed",
            Self::Anchored => "anchored",
            Self::Registered => "registered",
            Self::Purse => "purse",
        }
    }
}

impl Encode for FinalityClass {
    fn encode(&self, to: &mut Writer) {
        to.uint(u64::from(self.rank()));
    }
}

impl Decode for FinalityClass {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match from.uint()? {
            0 => Ok(Self::Exposed),
            1 => Ok(Self::Anchored),
            2 => Ok(Self::Registered),
            3 => Ok(Self::Purse),
            _ => Err(DecodeError::UnknownChoice),
        }
    }
}

dsm_log::id! {
    /// Who makes chips: the SHA-256 of the public key at the root of its certificates.
    MakerId
}

/// What a receiver asks of value before it counts it. Its own choice; nobody else is bound by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The weakest class that is enough for any amount.
    pub enough: FinalityClass,
    /// The most base units of a token that may rest, in a weaker class, on any one device.
    pub exposed_cap: u64,
    /// The same for named tokens.
    pub exposed_caps: BTreeMap<TokenId, u64>,
    /// Whose chips count, and the most base units of any token that may rest on any one of them.
    pub makers: BTreeMap<MakerId, u64>,
    /// The most operations in a lineage.
    pub max_hops: u64,
    /// The longest run that a known peer must show to join its last known head; by default one that
    /// fits a message.
    pub max_gap: u64,
}

impl Settings {
    /// The cap for one token.
    #[must_use]
    pub fn cap(&self, token: &TokenId) -> u64 {
        self.exposed_caps.get(token).copied().unwrap_or(self.exposed_cap)
    }

    /// The most base units of a token that may rest on one device; none if there is no limit. `chip` is what may rest on the device's chip, if
    /// it has one that counts.
    #[must_use]
    pub fn most(&self, token: &TokenId, chip: Option<u64>) -> Option<u64> {
        let chip = chip.filter(|_| FinalityClass::Anchored.satisfies(self.enough));
        let all = FinalityClass::Exposed.satisfies(self.enough);
        (!all).then(|| chip.unwrap_or(0).max(self.cap(token)))
    }
}

impl Default for Settings {
    /// Exposed value from pinned contacts up to a small cap; everything else must be anchored.
    fn default() -> Self {
        Self {
            enough: FinalityClass::Anchored,
            exposed_cap: 10_000,
            exposed_caps: BTreeMap::new(),
            makers: BTreeMap::new(),
            max_hops: 10_000,
            max_gap: 20_000,
        }
    }
}
