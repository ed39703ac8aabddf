//! Token policies (`spec/tokens.md`).

use dsm_crypto::{Digest, Domain, PublicKey, hash};
use dsm_encoding::{Decode, DecodeError, Encode, List, Reader, Text, Writer, choice, record};
use dsm_log::{DeviceId, Network, Position};

use crate::value::MAX_COSIGNERS;
use crate::{FinalityClass, TokenId};

/// What a token's units are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Units are alike.
    Fungible,
    /// Each lot is one thing: one unit a lot, no decimals.
    Unique,
}

impl Encode for Kind {
    fn encode(&self, to: &mut Writer) {
        to.uint(match self {
            Self::Fungible => 0,
            Self::Unique => 1,
        });
    }
}

impl Decode for Kind {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match from.uint()? {
            0 => Ok(Self::Fungible),
            1 => Ok(Self::Unique),
            _ => Err(DecodeError::UnknownChoice),
        }
    }
}

/// Whom a holder may trust instead of a long lineage. Refresh and auditors act on registered
/// lineage only and get their numbers with it; until then a policy that names them does not decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supervision {
    /// Nobody.
    None {},
}
choice! { Supervision { 0 => None {} } }

/// Whose further signatures an issue needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cosigners {
    /// How many must sign.
    pub threshold: u8,
    /// Who may, each once.
    pub keys: List<PublicKey, MAX_COSIGNERS>,
}
record! { Cosigners { threshold, keys } }

/// Every economic field of a token, in one immutable canonical object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The network on which the token exists.
    pub network: Network,
    /// For people.
    pub name: Text<64>,
    /// For people; not unique.
    pub ticker: Text<12>,
    /// How many decimal places a display shows; at most 18.
    pub decimals: u8,
    /// What its units are.
    pub kind: Kind,
    /// The one device that issues.
    pub issuer: DeviceId,
    /// From where on its log shows that a lot was not used before.
    pub issuer_floor: Position,
    /// How many lots there are.
    pub lots: u64,
    /// The most base units that one lot may issue; `lots * units_per_lot` fits 64 bits.
    pub units_per_lot: u64,
    /// Whose further signatures an issue needs.
    pub cosigners: Cosigners,
    /// List tree root of the devices that may own it; none is everybody.
    pub allow_set: Option<Digest>,
    /// The most base units that one transfer may move to others.
    pub entry_limit: Option<u64>,
    /// Whether a transfer may move it to others at all.
    pub transferable: bool,
    /// The weakest class in which a receiver may count it.
    pub class_floor: FinalityClass,
    /// Whom a holder may trust instead of a long lineage.
    pub supervision: Supervision,
    /// Whether holders may burn it.
    pub burnable: bool,
    /// Digest of whatever else describes it.
    pub metadata: Option<Digest>,
}
record! { Policy {
    network, name, ticker, decimals, kind, issuer, issuer_floor, lots, units_per_lot, cosigners,
    allow_set, entry_limit, transferable, class_floor, supervision, burnable, metadata
} }

impl Policy {
    /// The token's name.
    #[must_use]
    pub fn id(&self) -> TokenId {
        TokenId(hash(Domain::Token, self))
    }

    /// The most that can ever exist, or none if the policy makes no sense (rule R-15).
    #[must_use]
    pub fn cap(&self) -> Option<u64> {
        let cosigners = &self.cosigners;
        let unique = cosigners
            .keys
            .iter()
            .enumerate()
            .all(|(at, key)| cosigners.keys.iter().take(at).all(|earlier| earlier != key));
        let kind = self.kind == Kind::Fungible || (self.units_per_lot == 1 && self.decimals == 0);
        let sensible = unique
            && kind
            && usize::from(cosigners.threshold) <= cosigners.keys.len()
            && self.decimals <= 18;
        self.lots.checked_mul(self.units_per_lot).filter(|cap| sensible && *cap > 0)
    }
}
