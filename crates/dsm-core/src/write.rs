//! The writer's side of the log: one more entry (`spec/log.md`, writing).
//!
//! Pure: nothing is written anywhere. A caller makes the result durable before anybody sees it, and
//! then goes on from [`Written::log`]; whoever signs twice from one [`OwnLog`] forks its log.

use alloc::vec::Vec;

use dsm_crypto::{Digest, Signer};
use dsm_encoding::{List, record};
use dsm_log::{DeviceId, MAX_SPENDS, Network, Nonce, Position, SignedHead, SpendId, relationship};
use dsm_merkle::TipProof;

use crate::deal::Dealing;
use crate::entry::{Before, Entry};
use crate::pack::{Line, OpenedEntry};
use crate::value::MAX_OPS;
use crate::{Facts, Op, Value};

/// How far a log of one's own has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnLog {
    /// Whose it is.
    pub device: DeviceId,
    /// Its last place.
    pub at: Position,
    /// Opens its last entry; none before the first.
    pub before: Option<Before>,
}
record! { OwnLog { device, at, before } }

impl OwnLog {
    /// An empty log.
    #[must_use]
    pub fn new(device: DeviceId) -> Self {
        Self { device, at: Position::origin(&device), before: None }
    }

    /// Root of the tip tree after the last entry.
    #[must_use]
    pub fn tips(&self) -> Digest {
        self.before.map_or(Digest::ZERO, |before| before.tips)
    }
}

/// To whom an entry is addressed, and what the writer knows of that relationship.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addressee {
    /// The device.
    pub device: DeviceId,
    /// The last place of its log that the writer accepted here.
    pub stitch: Option<Position>,
    /// The writer's tip for this relationship.
    pub tip: Option<Digest>,
    /// Shows that tip in the writer's tip tree.
    pub proof: TipProof,
}

/// What an entry shall say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// To whom.
    pub to: Option<Addressee>,
    /// What it consumes, in any order.
    pub spends: Vec<SpendId>,
    /// What it does with value.
    pub value: Option<Value>,
    /// What else it does.
    pub ops: List<Op, MAX_OPS>,
    /// The receiver's challenge.
    pub nonce: Option<Nonce>,
}

/// An entry that was signed and that nobody has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The log after it.
    pub log: OwnLog,
    /// The entry.
    pub entry: Entry,
    /// What its peer needs to see, if it is addressed to one.
    pub dealing: Option<Dealing>,
    /// The writer's tip for the relationship after it.
    pub tip: Option<(Digest, Digest)>,
    /// What the writer now knows of its own log.
    pub facts: Facts,
}

/// Writes and signs the next entry. None if the draft passes a limit, or if the tip proof is not of
/// this log's tree.
pub fn write(
    log: &OwnLog,
    draft: Draft,
    network: Network,
    signer: &impl Signer,
) -> Option<Written> {
    let index = log.at.index.checked_add(1)?;
    let mut spends = draft.spends;
    spends.sort_unstable();
    let mut entry = Entry {
        index,
        peer: draft.to.as_ref().map(|to| to.device),
        stitch: draft.to.as_ref().and_then(|to| to.stitch).map(|at| at.head),
        tips: log.tips(),
        spends: List::<SpendId, MAX_SPENDS>::try_from(spends).ok()?,
        value: draft.value,
        ops: draft.ops,
        nonce: draft.nonce,
    };
    let mut tip = None;
    let mut shown = None;
    if let Some(to) = draft.to {
        let key = relationship(&log.device, &to.device);
        let next = entry.tip_after(to.tip);
        let (before, after) = to.proof.replacement(key, to.tip, next).ok()?;
        if before != log.tips() {
            return None;
        }
        entry.tips = after;
        tip = Some((key, next));
        shown = Some((to.stitch.map(|at| at.index), to.proof));
    }
    let record = entry.record();
    let at = log.at.after(&record.pair())?;
    let signed = SignedHead::sign(network, log.device, at, signer);
    let line = Line {
        device: log.device,
        start: log.at,
        records: alloc::vec![record],
        heads: alloc::vec![at.head],
        signature: signed.signature,
    };
    let opened = OpenedEntry::new(log.device, &entry, at.head);
    let facts = Facts { lines: alloc::vec![line], opened: alloc::vec![opened], ..Facts::default() };
    let dealing = shown.map(|(stitch, tip_proof)| {
        let (entry, before) = (entry.clone(), log.before);
        Dealing { entry, before, stitch, tip_proof }
    });
    let log = OwnLog { device: log.device, at, before: Some(Before::of(&entry)) };
    Some(Written { log, entry, dealing, tip, facts })
}
