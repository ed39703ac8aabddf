//! Every type that decodes, by its name. A test compares the list with the sources.

use dsm_core::identity::{
    Card, DeviceSignature, Genesis, IdentityId, RosterAuthority, RosterChange, RosterStep,
};
use dsm_core::pack::{
    Allowance, Pack, PackDevice, PackLock, PackOpened, PackOutput, PackRecord, PackRun, PackSpend,
    PackToken, PackValue, Plan, Stretch, Want, Wanted,
};
use dsm_core::receipt::{Receipt, ReceiptLink, ReceiptSide};
use dsm_core::value::{Claim, Cosignature};
use dsm_core::{
    Allowed, Before, Cosigners, Dealing, Dealt, Entry, FinalityClass, Kind, Lock, MakerId, Note,
    Op, Output, OwnLog, Policy, Supervision, TokenId, Value,
};
use dsm_crypto::{
    ChipKey, ChipSignature, Ciphertext, Digest, KemPublic, PublicKey, RecoveryPublic,
    RecoverySignature, Signature,
};
use dsm_encoding::{Blob, List, Text};
use dsm_engine::NoteProof;
use dsm_headers::{
    BitcoinNetwork, CoinbaseProof, Containment, Header, HeightGuard, HeightProof, MerklePath,
    Successor, TransactionProof, Waypoint, Work,
};
use dsm_home::{Backup, Cost, IssuerSeed, Keeper, KeyFile, SavedContact, SavedSettings, Seeds};
use dsm_log::{
    Anchor, Chip, ChipEvidence, DeviceDescriptor, DeviceId, ForkProof, HeadSignature, Network,
    Pair, Position, Record, Rest, Side, SignedHead, SpendId,
};
use dsm_merkle::{ListProof, Terminal, TipProof};
use dsm_session::introduction::Introduction;
use dsm_session::{
    Ask, Chain, Contents, Enclosure, Held, Hint, Inbox, Letter, Mail, Message, Outbox, Request,
    Signed, SignedRun,
};
use dsm_store::Founding;

use crate::properties::canonical;

/// A seed of either length.
type Seed = dsm_home::Seed<64>;

/// A noun: its name and what decodes it.
pub type Noun = (&'static str, fn(&[u8]));

macro_rules! nouns {
    ($($noun:ident),* $(,)?) => {
        /// Every type that decodes and that others may name.
        pub const NOUNS: &[Noun] = &[$((stringify!($noun), |bytes| { canonical::<$noun>(bytes); })),*];
    };
}

nouns! {
    Allowance, Allowed, Anchor, Ask, Backup, Before, BitcoinNetwork, Card, Chain, Chip, ChipEvidence, ChipKey,
    ChipSignature, Ciphertext, Claim,
    CoinbaseProof, Containment, Contents, Cosignature, Cosigners, Cost, Dealing, Dealt, DeviceDescriptor,
    DeviceId, DeviceSignature, Digest, Enclosure, Entry, FinalityClass, ForkProof, Founding,
    Genesis, HeadSignature, Header, HeightGuard, HeightProof, Held, Hint, IdentityId, Inbox, Introduction,
    IssuerSeed, Keeper, KemPublic, KeyFile, Kind, Letter, ListProof, Lock, Mail, MakerId, MerklePath,
    Message, Network, Note, NoteProof, Op, Outbox, Output, OwnLog, Pack, PackDevice, PackLock,
    PackOpened, PackOutput, PackRecord, PackRun, PackSpend, PackToken, PackValue, Pair, Plan,
    Policy, Position, PublicKey, Receipt, ReceiptLink, ReceiptSide, Record, RecoveryPublic,
    RecoverySignature, Request, Rest, RosterAuthority, RosterChange, RosterStep, SavedContact,
    SavedSettings, Seed, Seeds, Side, Signature, Signed, SignedHead, SignedRun, SpendId, Stretch,
    Successor, Supervision, Terminal, TipProof, TokenId, TransactionProof, Value, Want, Wanted,
    Waypoint, Work,
}

/// What only a store or a file of headers reads: their targets write it.
pub const ROWS: &[&str] = &["Beginning", "EntryRow", "NewsRow", "NodeRow", "PeerRow"];

/// The forms that every noun is made of.
const FORMS: &[Noun] = &[
    ("u64", |bytes| {
        canonical::<u64>(bytes);
    }),
    ("u8", |bytes| {
        canonical::<u8>(bytes);
    }),
    ("bool", |bytes| {
        canonical::<bool>(bytes);
    }),
    ("Option", |bytes| {
        canonical::<Option<u32>>(bytes);
    }),
    ("array", |bytes| {
        canonical::<[u8; 5]>(bytes);
    }),
    ("Blob", |bytes| {
        canonical::<Blob<9>>(bytes);
    }),
    ("Text", |bytes| {
        canonical::<Text<9>>(bytes);
    }),
    ("List", |bytes| {
        canonical::<List<Option<u16>, 5>>(bytes);
    }),
    ("tuple", |bytes| {
        canonical::<(u64, Box<bool>, Text<3>)>(bytes);
    }),
];

/// Any noun: its name, a zero, its bytes.
pub fn noun(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let (Some(name), Some(rest)) = (parts.next(), parts.next()) else { return };
    let found = NOUNS.iter().chain(FORMS).find(|(known, _)| known.as_bytes() == name);
    if let Some((_, decode)) = found {
        decode(rest);
    }
}
