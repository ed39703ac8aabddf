//! Who writes a log (`spec/identity.md`, devices).

use dsm_crypto::{Digest, Domain, PublicKey, hash};
use dsm_encoding::{Decode, DecodeError, Encode, Reader, Writer, choice, record};

use crate::Chip;

crate::id! {
    /// The name of a device: `H("device", descriptor)`.
    DeviceId
}

/// Which world a key, a policy and a log belong to; signed and hashed everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network(pub u32);

impl Network {
    /// The network on which value is meant to be real.
    pub const MAIN: Self = Self(0);
    /// The network for trials.
    pub const TEST: Self = Self(1);
}

impl Encode for Network {
    fn encode(&self, to: &mut Writer) {
        self.0.encode(to);
    }
}

impl Decode for Network {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        u32::decode(from).map(Self)
    }
}

/// What binds the heads of a log to hardware.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Anchor {
    /// Nothing: the owner can always copy the files and sign twice.
    Software {},
    /// A chip that is a program: its evidence is asked for like any other, and counts for nothing.
    Simulated {
        /// The chip.
        chip: Chip,
    },
    /// A TPM 2.0, if somebody vouches for it.
    Tpm2 {
        /// The chip.
        chip: Chip,
    },
}
choice! { Anchor { 0 => Software {}, 1 => Simulated { chip }, 2 => Tpm2 { chip } } }

impl Anchor {
    /// The chip whose evidence every entry needs, if there is one.
    #[must_use]
    pub fn chip(&self) -> Option<&Chip> {
        match self {
            Self::Software {} => None,
            Self::Simulated { chip } | Self::Tpm2 { chip } => Some(chip),
        }
    }

    /// Whether it claims to be hardware.
    #[must_use]
    pub fn is_hardware(&self) -> bool {
        matches!(self, Self::Tpm2 { .. })
    }
}

/// Everything that a [`DeviceId`] commits to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceDescriptor {
    /// The network that the device belongs to.
    pub network: Network,
    /// Digest of the owner's recovery key.
    pub recovery: Digest,
    /// Digest of the slot set that orders this device's heads, if there is one.
    pub slot_set: Option<Digest>,
    /// The hybrid key that signs heads.
    pub key: PublicKey,
    /// Digest of the key to which secrets for this device are sealed.
    pub kem: Digest,
    /// What binds the heads to hardware.
    pub anchor: Anchor,
}
record! { DeviceDescriptor { network, recovery, slot_set, key, kem, anchor } }

impl DeviceDescriptor {
    /// The device's name.
    #[must_use]
    pub fn id(&self) -> DeviceId {
        DeviceId(hash(Domain::Device, self))
    }
}
