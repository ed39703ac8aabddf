//! Packs: the part of a lineage that a receiver lacks (`spec/packs.md`).
//!
//! A pack names each device and token once and refers to them by number; an id that the reader can
//! compute is named, not sent. Nothing in it is believed: `resolve` turns names into ids and
//! claims into hashes, `accept` decides.

mod build;
mod plan;
mod resolve;
mod resolver;

pub use build::build;
pub(crate) use plan::plan;
pub use plan::{Plan, Stretch, Want, Wanted, plan_entry};
pub use resolve::{Line, OpenedEntry};
pub(crate) use resolve::{Resolved, resolve};

use alloc::boxed::Box;

use dsm_crypto::Digest;
use dsm_encoding::{List, choice, record};
use dsm_log::{
    DeviceDescriptor, DeviceId, HeadSignature, MAX_RECORDS, MAX_SPENDS, Position, SpendId,
};
use dsm_merkle::ListProof;

use crate::value::{Claim, Cosignature, MAX_COSIGNERS, MAX_OUTPUTS};
use crate::{Policy, TokenId};

/// The most devices, runs, tokens and opened entries of one pack.
pub const MAX_TABLE: usize = 1 << 16;

/// A device of the pack's table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PackDevice {
    /// In full.
    Full {
        /// What its id commits to.
        descriptor: Box<DeviceDescriptor>,
    },
    /// By a name that the reader knows, or need not know.
    Named {
        /// Its id.
        id: DeviceId,
    },
}
choice! { PackDevice { 0 => Full { descriptor }, 1 => Named { id } } }

impl PackDevice {
    /// The device's name.
    #[must_use]
    pub fn id(&self) -> DeviceId {
        match self {
            Self::Full { descriptor } => descriptor.id(),
            Self::Named { id } => *id,
        }
    }
}

/// A token of the pack's table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PackToken {
    /// In full.
    Full {
        /// What its id commits to.
        policy: Box<Policy>,
    },
    /// By a name that the reader knows.
    Named {
        /// Its id.
        id: TokenId,
    },
}
choice! { PackToken { 0 => Full { policy }, 1 => Named { id } } }

/// An id that a record consumes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackSpend {
    /// In full: of a note that no opened entry of this pack makes.
    Raw {
        /// The id.
        id: SpendId,
    },
    /// A note of an opened entry.
    Note {
        /// Number of the opened entry.
        opened: u32,
        /// Number of its output.
        output: u32,
    },
    /// A lot.
    Lot {
        /// Number of the token.
        token: u32,
        /// Number of the lot.
        lot: u64,
    },
}
choice! { PackSpend { 0 => Raw { id }, 1 => Note { opened, output }, 2 => Lot { token, lot } } }

/// A record of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackRecord {
    /// What it consumes, in the order of the ids.
    pub spends: List<PackSpend, MAX_SPENDS>,
    /// Its body; none exactly if the entry is opened.
    pub body: Option<Digest>,
}
record! { PackRecord { spends, body } }

/// A run: consecutive records of one log under one signed head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackRun {
    /// Number of the device.
    pub device: u32,
    /// Where it starts.
    pub start: Position,
    /// Every record from there on.
    pub records: List<PackRecord, MAX_RECORDS>,
    /// What the device says of the last head, with evidence of every record if it has a chip.
    pub signature: HeadSignature,
}
record! { PackRun { device, start, records, signature } }

/// A lock of an opened output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackLock {
    /// A device with a floor whose head a run of this pack shows.
    Shown {
        /// Number of the device.
        device: u32,
        /// Index of the floor.
        floor: u64,
    },
    /// A device with a floor in full.
    Plain {
        /// Number of the device.
        device: u32,
        /// The floor.
        floor: Position,
    },
    /// The writer; the floor is the head before the entry.
    Change {},
    /// A vault.
    Vault {
        /// List tree root of the branches.
        root: Digest,
    },
}
choice! { PackLock {
    0 => Shown { device, floor },
    1 => Plain { device, floor },
    2 => Change {},
    3 => Vault { root },
} }

/// An opened output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackOutput {
    /// Number of the token.
    pub token: u32,
    /// Base units.
    pub amount: u64,
    /// Who may spend it.
    pub lock: PackLock,
}
record! { PackOutput { token, amount, lock } }

/// An opened value operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PackValue {
    /// See [`crate::Value::Transfer`].
    Transfer {
        /// The inputs that are vault notes.
        claims: List<Claim, 0>,
        /// The new notes.
        outputs: List<PackOutput, MAX_OUTPUTS>,
    },
    /// See [`crate::Value::Issue`].
    Issue {
        /// Number of the token.
        token: u32,
        /// Number of the lot.
        lot: u64,
        /// The new notes.
        outputs: List<PackOutput, MAX_OUTPUTS>,
        /// The co-signers' consent.
        cosignatures: List<Cosignature, MAX_COSIGNERS>,
    },
    /// See [`crate::Value::Burn`].
    Burn {
        /// Number of the token.
        token: u32,
        /// Base units.
        amount: u64,
    },
}
choice! { PackValue {
    0 => Transfer { claims, outputs },
    1 => Issue { token, lot, outputs, cosignatures },
    2 => Burn { token, amount },
} }

impl PackValue {
    pub(crate) fn outputs(&self) -> &[PackOutput] {
        match self {
            Self::Transfer { outputs, .. } | Self::Issue { outputs, .. } => outputs,
            Self::Burn { .. } => &[],
        }
    }
}

/// An opened entry: its value and the hash of the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackOpened {
    /// Number of the device.
    pub device: u32,
    /// Index of the entry.
    pub index: u64,
    /// `H("rest", ..)`.
    pub rest: Digest,
    /// The value operation; none only for the entry that is dealt.
    pub value: Option<PackValue>,
}
record! { PackOpened { device, index, rest, value } }

/// A proof that a device is in a token's allow set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Number of the token.
    pub token: u32,
    /// Number of the device.
    pub device: u32,
    /// Which leaf it is.
    pub index: u64,
    /// How many leaves there are.
    pub count: u64,
    /// The siblings.
    pub proof: ListProof,
}
record! { Allowance { token, device, index, count, proof } }

/// A pack. Tables ascend without repeats and without unused elements.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pack {
    /// Devices by ascending id.
    pub devices: List<PackDevice, MAX_TABLE>,
    /// Tokens by ascending id.
    pub tokens: List<PackToken, MAX_TABLE>,
    /// Runs by (device, start); those of one device neither overlap nor touch.
    pub runs: List<PackRun, MAX_TABLE>,
    /// Opened entries by (device, index).
    pub opened: List<PackOpened, MAX_TABLE>,
    /// Allow set proofs by (token, device).
    pub allowances: List<Allowance, MAX_TABLE>,
}
record! { Pack { devices, tokens, runs, opened, allowances } }
