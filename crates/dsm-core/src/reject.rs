//! Why `accept` refuses: data, not text; one variant for each rule of `spec/`.

use dsm_encoding::DecodeError;
use dsm_log::{BadForkProof, DeviceId, SpendId};

use crate::{FinalityClass, TokenId};

macro_rules! reject {
    ($($(#[$doc:meta])* $name:ident $({ $($field:ident: $kind:ty),+ $(,)? })? = $rule:literal, $text:literal;)+) => {
        /// A rule that was broken, with what a caller needs to explain it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Reject {
            $($(#[$doc])* $name $({ $(
                #[doc = concat!("The ", stringify!($field), " concerned.")]
                $field: $kind
            ),+ })?,)+
        }

        impl Reject {
            /// Every rule id, in order.
            pub const RULES: &'static [&'static str] = &[$($rule),+];

            /// The rule's id in `spec/`.
            #[must_use]
            pub fn rule(&self) -> &'static str {
                match self { $(Self::$name { .. } => $rule,)+ }
            }

            /// The rule in words.
            #[must_use]
            pub fn text(&self) -> &'static str {
                match self { $(Self::$name { .. } => $text,)+ }
            }
        }
    };
}

reject! {
    /// The bytes are not canonical.
    Form { error: DecodeError } = "R-01", "the bytes are not canonical";
    /// It belongs to another network.
    Network = "R-02", "it belongs to another network";
    /// A table of the pack does not ascend.
    PackOrder = "R-03", "a table of the pack does not ascend";
    /// The pack carries something that nothing uses.
    PackUnused = "R-04", "the pack carries something that nothing uses";
    /// A number points outside its table.
    PackReference = "R-05", "a number points outside its table";
    /// Two runs of one device overlap or touch.
    RunOverlap { device: DeviceId } = "R-06", "two runs of one device overlap or touch";
    /// An opened entry and its record do not belong together.
    OpenedMismatch = "R-07", "an opened entry and its record do not belong together";
    /// Entries refer to each other in a circle.
    Cycle = "R-08", "entries refer to each other in a circle";
    /// An index is out of range.
    IndexRange = "R-09", "an index is out of range";
    /// The ids that an entry consumes do not strictly ascend.
    SpendsOrder { device: DeviceId, index: u64 } = "R-10", "the ids that an entry consumes do not strictly ascend";
    /// An id was sent in full although the pack opens the entry that made it.
    RawId { id: SpendId } = "R-11", "an id was sent in full although the pack opens the entry that made it";
    /// A floor named by its index lies on no run of the pack.
    FloorNotShown = "R-12", "a floor named by its index lies on no run of the pack";
    /// A head is not signed by its device.
    Signature { device: DeviceId } = "R-13", "a head is not signed by its device";
    /// A device signs whose descriptor is not known.
    DeviceUnknown { device: DeviceId } = "R-14", "a device signs whose descriptor is not known";
    /// A token's policy is not known or makes no sense.
    PolicyUnknown { token: TokenId } = "R-15", "a token's policy is not known or makes no sense";
    /// An entry consumes something else than its value operation does.
    Spends { device: DeviceId, index: u64 } = "R-16", "an entry consumes something else than its value operation does";
    /// An output or a burn is of zero units.
    AmountZero { device: DeviceId, index: u64 } = "R-17", "an amount is zero";
    /// An output to the writer itself has another floor than the head before.
    ChangeFloor { device: DeviceId, index: u64 } = "R-18", "an output to the writer itself has another floor than the head before";
    /// What comes out is not what went in.
    Conservation { token: TokenId } = "R-19", "what comes out is not what went in";
    /// A sum does not fit 64 bits.
    Overflow { token: TokenId } = "R-20", "a sum does not fit 64 bits";
    /// The lineage has a hole: nobody shows where an input was made.
    Hole { id: SpendId } = "R-21", "the lineage has a hole: nobody shows where an input was made";
    /// An input is locked to somebody else.
    NotOwner { id: SpendId } = "R-22", "an input is locked to somebody else";
    /// The floor of an input is not a head of the log that spends it.
    FloorNotOnLog { id: SpendId } = "R-23", "the floor of an input is not a head of the log that spends it";
    /// A record between a floor and the spend is missing.
    RunIncomplete { device: DeviceId } = "R-24", "a record between a floor and the spend is missing";
    /// An input was consumed before.
    SpentBefore { id: SpendId, device: DeviceId, index: u64 } = "R-25", "an input was consumed before";
    /// Another device than the policy's issues.
    NotIssuer { token: TokenId } = "R-26", "another device than the policy's issues";
    /// There is no such lot.
    LotRange { token: TokenId } = "R-27", "there is no such lot";
    /// A lot issues more than the policy allows.
    LotAmount { token: TokenId } = "R-28", "a lot issues more than the policy allows";
    /// An issue makes notes of another token.
    IssueToken { token: TokenId } = "R-29", "an issue makes notes of another token";
    /// An issue lacks the co-signers' consent.
    Cosign { token: TokenId } = "R-30", "an issue lacks the co-signers' consent";
    /// The token does not move to others.
    NotTransferable { token: TokenId } = "R-31", "the token does not move to others";
    /// A transfer moves more than the policy allows.
    EntryLimit { token: TokenId } = "R-32", "a transfer moves more than the policy allows";
    /// An owner is not shown to be in the token's allow set.
    AllowSet { token: TokenId, device: DeviceId } = "R-33", "an owner is not shown to be in the token's allow set";
    /// The token cannot be burnt.
    NotBurnable { token: TokenId } = "R-34", "the token cannot be burnt";
    /// The writer is no contact.
    UnknownPeer { device: DeviceId } = "R-35", "the writer is no contact";
    /// The writer is not an active device of its owner's roster.
    NotEnrolled { device: DeviceId } = "R-36", "the writer is not an active device of its owner's roster";
    /// The run does not join the last head of the writer that is known.
    Unjoined { device: DeviceId } = "R-37", "the run does not join the last head of the writer that is known";
    /// The entry is not the one that was dealt: its opened parts do not hash to its body.
    DealtMismatch = "R-38", "the opened parts of the entry do not hash to its body";
    /// The tip tree changed elsewhere than at this relationship, or from another tip.
    TipReplacement = "R-39", "the tip tree changed elsewhere than at this relationship, or from another tip";
    /// The stitch is not a head of the receiver's log, or went back.
    Stitch = "R-40", "the stitch is not a head of the receiver's log, or went back";
    /// The nonce is not the one that was asked for.
    Nonce = "R-41", "the nonce is not the one that was asked for";
    /// An output is locked to a third device.
    Stranger { device: DeviceId } = "R-42", "an output is locked to a third device";
    /// The floor of an output to the receiver is not a head of its log.
    FloorNotMine = "R-43", "the floor of an output to the receiver is not a head of its log";
    /// The device showed two histories and this value is not registered.
    Forked { device: DeviceId } = "R-44", "a device showed two histories and this value is not registered";
    /// The lineage has more hops than the receiver follows.
    Hops { most: u64 } = "R-45", "the lineage has more hops than the receiver follows";
    /// A fork proof proves nothing.
    ForkProof { error: BadForkProof } = "R-46", "a fork proof proves nothing";
    /// The class is weaker than the receiver, for this amount, or the policy asks.
    Class { reached: FinalityClass, token: TokenId } = "R-47", "the class is weaker than the policy of the token asks";
    /// The value in a weak class that rests on one device would pass the receiver's cap.
    ExposedCap { device: DeviceId, token: TokenId } = "R-48", "the exposed value that rests on one device would pass the receiver's cap";
    /// A roster version does not follow the one before.
    RosterOrder = "R-49", "a roster version does not follow the one before";
    /// A roster change lacks the recovery key's or two active devices' consent.
    RosterAuthority = "R-50", "a roster change lacks the recovery key's or two active devices' consent";
    /// A device that was added did not sign for it.
    RosterDevice { device: DeviceId } = "R-51", "a device that was added did not sign for it";
    /// The device tree is not the one that its genesis or version names.
    DeviceTree = "R-52", "the device tree is not the one that its genesis or version names";
    /// A device's descriptor names another owner's recovery key.
    Owner { device: DeviceId } = "R-53", "a device's descriptor names another owner's recovery key";
    /// The two sides of a receipt are not addressed to each other.
    ReceiptSides = "R-54", "the two sides of a receipt are not addressed to each other";
    /// The payee's side of a receipt does not acknowledge the payer's entry.
    ReceiptStitch = "R-55", "the payee's side of a receipt does not acknowledge the payer's entry";
    /// A run from index 0 starts with another head than the empty log's.
    NotOrigin { device: DeviceId } = "R-56", "a run from index 0 starts with another head than the empty log's";
    /// An entry of a device with a chip lacks the chip's evidence, or there is evidence of a device without one.
    Evidence { device: DeviceId } = "R-73", "an entry lacks the evidence of its device's chip";
}

impl Reject {
    /// The device that broke the rule, where its own signature shows that it did. Bad form and bad
    /// signatures blame nobody: anyone can make them.
    #[must_use]
    pub fn blame(&self) -> Option<DeviceId> {
        match self {
            Self::Spends { device, .. }
            | Self::AmountZero { device, .. }
            | Self::ChangeFloor { device, .. }
            | Self::SpentBefore { device, .. }
            | Self::Forked { device } => Some(*device),
            _ => None,
        }
    }
}

impl core::fmt::Display for Reject {
    fn fmt(&self, to: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(to, "{} ({})", self.text(), self.rule())
    }
}

impl core::error::Error for Reject {}

impl From<DecodeError> for Reject {
    fn from(error: DecodeError) -> Self {
        Self::Form { error }
    }
}
