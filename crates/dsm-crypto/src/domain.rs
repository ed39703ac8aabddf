//! The one table of hash domains (`spec/hashing.md`).
//!
//! A domain is the context string `dsm v1 <noun>` of BLAKE3's derive-key mode. The strings are
//! unique and none is the beginning of another; a test checks both. A new domain is one new line.

mod key;

pub(crate) use key::context_key;

macro_rules! domains {
    ($($(#[$doc:meta])* $name:ident = $noun:literal;)*) => {
        /// What a hash, and so a signature, is for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Domain {
            $($(#[$doc])* $name,)*
        }

        impl Domain {
            /// All of them, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The context string.
            #[must_use]
            pub const fn context(self) -> &'static str {
                match self {
                    $(Self::$name => concat!("dsm v1 ", $noun),)*
                }
            }

            /// The hash of the context string, from which derive-key mode starts.
            pub(crate) const fn key(self) -> &'static [u8; 32] {
                match self {
                    $(Self::$name => {
                        const KEY: [u8; 32] = context_key(concat!("dsm v1 ", $noun));
                        &KEY
                    })*
                }
            }
        }
    };
}

domains! {
    // Identity
    /// A DeviceId.
    Device = "device";
    /// Head 0 of a device's log.
    Log = "log";
    /// An IdentityId.
    Genesis = "genesis";
    /// A version of a roster.
    Roster = "roster";
    /// A change of a roster, as signed.
    RosterChange = "change of roster";
    /// A device's consent to be added to a roster, as signed.
    Enrol = "enrol";
    /// A device's hybrid public key.
    PublicKey = "public key";
    /// A device's KEM key.
    KemKey = "kem key";
    /// An owner's recovery key.
    RecoveryKey = "recovery key";
    // Log
    /// The side of an entry: index, peer, stitch, nonce.
    Side = "side";
    /// What of an entry is neither spends nor value.
    Rest = "rest";
    /// The operations of an entry that are not the value operation.
    Other = "other";
    /// All of an entry but its spends.
    Body = "body";
    /// The value operation of an entry.
    Value = "value";
    /// A head of a log.
    Head = "head";
    /// The ids that an entry consumes.
    Spends = "spends";
    /// A head, as signed by the device.
    SignedHead = "signed head";
    /// The key of an unordered pair of devices.
    Relationship = "relationship";
    /// A tip of a relationship.
    Tip = "tip";
    // Trees
    /// A leaf of a tip tree.
    TreeLeaf = "tree leaf";
    /// An inner node of a tip tree.
    TreeNode = "tree node";
    /// A leaf of a list tree.
    ListLeaf = "list leaf";
    /// An inner node of a list tree.
    ListNode = "list node";
    /// The leaf that fills a list tree up.
    ListPad = "list pad";
    // Value
    /// A note id.
    Note = "note";
    /// The id that an issue of a lot consumes.
    Issue = "issue";
    /// A TokenId.
    Token = "token";
    /// A lot's outputs, as signed by a co-signer.
    Cosign = "cosign";
    /// Metadata that a token policy names.
    Metadata = "metadata";
    // Sessions and files
    /// A receiver's request, as signed.
    Ask = "ask";
    /// What two contacts tell each other at a meeting.
    Sync = "sync";
    /// What binds the caller of a first meeting to its nonce.
    IntroductionCommitment = "commitment of introduction";
    /// Who somebody is at a first meeting, as signed.
    Introduction = "introduction";
    /// The digits that two persons compare at a first meeting.
    ShortString = "short string";
    /// A schema of application state.
    Schema = "schema";
    /// What an announcement on a network says to who knows the device.
    Mark = "mark";
    /// What makes the secret of a challenge to a chip.
    ChipChallenge = "chip challenge";
    /// What makes the secret that an Open carries.
    Open = "open";
    /// The key of a letter, and the next one.
    Chain = "chain";
    /// Where a letter is put.
    Mailbox = "mailbox";
    /// A letter to a KEM key, as signed.
    Letter = "letter";
    /// Secrets derived from a seed.
    Seed = "seed";
    /// What shows that a file of keys is as it was written.
    KeyFile = "key file";
    /// A key that seals.
    SealKey = "sealing key";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_are_unique_and_prefix_free() {
        for (i, a) in Domain::ALL.iter().enumerate() {
            assert!(a.context().starts_with("dsm v1 "));
            for (j, b) in Domain::ALL.iter().enumerate() {
                assert!(
                    i == j || !b.context().starts_with(a.context()),
                    "{:?} begins {:?}",
                    a.context(),
                    b.context()
                );
            }
        }
    }

    #[test]
    fn keys_are_those_of_blake3() {
        for domain in Domain::ALL {
            let key = blake3::hazmat::hash_derive_key_context(domain.context());
            assert_eq!(domain.key(), &key, "{domain:?}");
        }
    }
}
