//! What two devices say to each other (`spec/sessions.md`, messages).

use alloc::boxed::Box;

use dsm_core::pack::{Plan, Wanted};
use dsm_core::{Dealt, TokenId};
use dsm_encoding::{List, Text, choice, record};
use dsm_log::{
    DeviceDescriptor, DeviceId, ForkProof, HeadSignature, MAX_RECORDS, Network, Nonce, Pair,
    Position, SignedHead,
};

use crate::Ask;

/// The longest message.
pub const MAX_MESSAGE: usize = 1 << 20;
/// The most fork proofs of one message.
pub(crate) const MAX_PROOFS: usize = 16;
/// The most devices of one Sync.
pub(crate) const MAX_NEWS: usize = 64;

/// A device and a place of its log, told without telling what only one side knows: the first bytes
/// of the id, and a salted hash of the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The first eight bytes of the DeviceId.
    pub device: [u8; 8],
    /// The index of a signed head that the sender knows.
    pub index: u64,
    /// The first eight bytes of `H("sync", both salts, device, index, head)`.
    pub tag: [u8; 8],
}
record! { Hint { device, index, tag } }

/// A run as nodes see it, under a signed head: one side of a possible fork.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRun {
    /// Whose log.
    pub device: DeviceDescriptor,
    /// Where it starts.
    pub start: Position,
    /// Every entry from there on.
    pub pairs: List<Pair, MAX_RECORDS>,
    /// What the device says of the last head, with evidence of every entry if it has a chip.
    pub signature: HeadSignature,
}
record! { SignedRun { device, start, pairs, signature } }

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Who speaks, and how far it has come with the other.
    Hello {
        /// The network.
        network: Network,
        /// The speaker.
        device: DeviceId,
        /// Fresh bytes for the hints of this meeting.
        salt: Nonce,
        /// Index of the last entry that it accepted from the other; 0 if none.
        accepted: u64,
        /// The greatest index that it knows of the other's log.
        known: Option<u64>,
    },
    /// The speaker is ready to be paid.
    Ask {
        /// How, and perhaps what.
        ask: Ask,
    },
    /// The speaker would pay; it is not bound yet.
    Offer {
        /// Index that the entry will have.
        index: u64,
        /// Index of the floor of the Ask that it answers.
        floor: u64,
        /// The token.
        token: TokenId,
        /// What the payee would get.
        amount: u64,
        /// What the entry rests on.
        plan: Plan,
    },
    /// What the speaker lacks of an offered plan.
    Want {
        /// As many elements as the plan has.
        wanted: Wanted,
    },
    /// An entry with value, and the lineage that was wanted. The payer is bound.
    Pay {
        /// The entry.
        dealt: Box<Dealt>,
    },
    /// An entry without value: it acknowledges.
    Receipt {
        /// The entry.
        dealt: Box<Dealt>,
    },
    /// The speaker is bound by an entry that the other has not accepted yet.
    Resume {
        /// Index of the entry.
        index: u64,
        /// Index of the floor of the Ask that it answers; none if it answers a contact card.
        floor: Option<u64>,
        /// What the entry rests on.
        plan: Plan,
    },
    /// Devices that showed two histories.
    Evidence {
        /// The proofs.
        proofs: List<ForkProof, MAX_PROOFS>,
    },
    /// Heads that the speaker learned since the last meeting.
    Sync {
        /// Some of them.
        hints: List<Hint, MAX_NEWS>,
    },
    /// The other side's hint is of another history than the speaker's: here is this one.
    Contradict {
        /// From the hinted index on.
        run: Box<SignedRun>,
    },
    /// The speaker refuses, by a rule, and leaves.
    Refuse {
        /// The rule's id.
        rule: Text<16>,
    },
    /// The speaker has nothing more to say.
    Done {},
    /// Answers a Sync that told something: of its devices whose hinted places lie beyond all that the
    /// speaker knows, hints of the last places that it knows.
    Behind {
        /// Some of them.
        hints: List<Hint, MAX_NEWS>,
    },
    /// The speaker's books lack what the other's Hello says of its log: it asks to be shown.
    Doubt {},
    /// Answers Doubt: the last signed head of the other's log that the speaker knows.
    Shown {
        /// None if it knows none.
        signed: Option<Box<SignedHead>>,
    },
    /// The speaker's person ends this; what nobody is bound by is undone. It leaves.
    Cancel {},
}
choice! { Message {
    0 => Hello { network, device, salt, accepted, known },
    1 => Ask { ask },
    2 => Offer { index, floor, token, amount, plan },
    3 => Want { wanted },
    4 => Pay { dealt },
    5 => Receipt { dealt },
    6 => Resume { index, floor, plan },
    7 => Evidence { proofs },
    8 => Sync { hints },
    9 => Contradict { run },
    10 => Refuse { rule },
    11 => Done {},
    12 => Behind { hints },
    13 => Cancel {},
    14 => Doubt {},
    15 => Shown { signed },
} }

impl Message {
    /// The message's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Hello { .. } => "Hello",
            Self::Ask { .. } => "Ask",
            Self::Offer { .. } => "Offer",
            Self::Want { .. } => "Want",
            Self::Pay { .. } => "Pay",
            Self::Receipt { .. } => "Receipt",
            Self::Resume { .. } => "Resume",
            Self::Evidence { .. } => "Evidence",
            Self::Sync { .. } => "Sync",
            Self::Contradict { .. } => "Contradict",
            Self::Refuse { .. } => "Refuse",
            Self::Done {} => "Done",
            Self::Behind { .. } => "Behind",
            Self::Doubt {} => "Doubt",
            Self::Shown { .. } => "Shown",
            Self::Cancel { .. } => "Cancel",
        }
    }
}
