//! Bugs that are planted into honest devices, to see that the invariants find them.
//!
//! Nothing of this is in shipped code: a bug is a view that forgets or lies to the shipped code, or a
//! shell around it that does something in the wrong order.

use dsm_core::pack::OpenedEntry;
use dsm_core::{
    Allowed, Dealing, Entry, MakerId, Origin, Output, OwnLog, Peer, Policy, Settings, TokenId,
    Value, View,
};
use dsm_crypto::{Digest, KemPublic, Secret};
use dsm_log::{
    DeviceDescriptor, DeviceId, ForkProof, Network, Position, Record, SignedHead, SpendId,
};
use dsm_merkle::TipProof;
use dsm_session::{Held, Ledger, Mail, News};

/// A planted bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plant {
    /// None.
    None,
    /// The frames of a step leave before its batch is durable.
    PersistAfterSend,
    /// A change during which the process dies is durable by half.
    TornStore,
    /// The books have forgotten which ids other devices consumed.
    ForgetSpends,
    /// The books have forgotten what they knew of others' logs, heads and records.
    ForgetHeads,
    /// The books have forgotten every fork.
    ForgetForks,
    /// The tip and stitch of a peer are not kept: what was accepted is accepted again.
    ForgetTips,
    /// The last entry that was accepted of a peer is not kept: it is asked for again.
    ForgetAccepted,
    /// The books have forgotten how much rests on whom.
    ForgetExposure,
    /// News are never told.
    TellNothing,
    /// Which entries a peer accepted is remembered as one too many.
    SkipOne,
    /// The own log is remembered as it was one entry ago.
    OldLog,
    /// The chip absorbs an entry before it is durable.
    AbsorbEarly,
    /// A payment leaves before the chip absorbed it.
    SpeakEarly,
}

impl Plant {
    /// All bugs.
    pub const ALL: [Self; 13] = [
        Self::PersistAfterSend,
        Self::TornStore,
        Self::ForgetSpends,
        Self::ForgetHeads,
        Self::ForgetForks,
        Self::ForgetTips,
        Self::ForgetAccepted,
        Self::ForgetExposure,
        Self::TellNothing,
        Self::SkipOne,
        Self::OldLog,
        Self::AbsorbEarly,
        Self::SpeakEarly,
    ];
}

/// Books with a bug.
pub(crate) struct Spoilt<'b, L> {
    pub(crate) books: &'b L,
    pub(crate) plant: Plant,
}

impl<L: Ledger> Spoilt<'_, L> {
    /// Whether something known of a device is forgotten.
    fn forgets(&self, device: &DeviceId) -> bool {
        self.plant == Plant::ForgetHeads && !self.books.is_own(device)
    }
}

impl<L: Ledger> View for Spoilt<'_, L> {
    fn network(&self) -> Network {
        self.books.network()
    }
    fn me(&self) -> DeviceId {
        self.books.me()
    }
    fn is_own(&self, device: &DeviceId) -> bool {
        self.books.is_own(device)
    }
    fn settings(&self) -> &Settings {
        self.books.settings()
    }
    fn peer(&self, device: &DeviceId) -> Option<Peer> {
        let peer = self.books.peer(device)?;
        Some(match self.plant {
            Plant::ForgetTips => Peer { tip: None, stitch: None, ..peer },
            _ => peer,
        })
    }
    fn exposure(&self, device: &DeviceId, token: &TokenId) -> u64 {
        match self.plant {
            Plant::ForgetExposure => 0,
            _ => self.books.exposure(device, token),
        }
    }
    fn is_forked(&self, device: &DeviceId) -> bool {
        self.plant != Plant::ForgetForks && self.books.is_forked(device)
    }
    fn is_certified(&self, device: &DeviceId, from: u64, to: &Position) -> bool {
        self.books.is_certified(device, from, to)
    }
    fn maker(&self, device: &DeviceId) -> Option<MakerId> {
        self.books.maker(device)
    }
    fn descriptor(&self, device: &DeviceId) -> Option<DeviceDescriptor> {
        self.books.descriptor(device)
    }
    fn policy(&self, token: &TokenId) -> Option<Policy> {
        self.books.policy(token)
    }
    fn latest(&self, device: &DeviceId) -> Option<Position> {
        self.books.latest(device).filter(|_| !self.forgets(device))
    }
    fn head(&self, device: &DeviceId, index: u64) -> Option<Digest> {
        self.books.head(device, index).filter(|_| !self.forgets(device))
    }
    fn record(&self, device: &DeviceId, index: u64) -> Option<Record> {
        self.books.record(device, index).filter(|_| !self.forgets(device))
    }
    fn has_record(&self, device: &DeviceId, index: u64) -> bool {
        !self.forgets(device) && self.books.has_record(device, index)
    }
    fn signed(&self, device: &DeviceId, index: u64) -> Option<SignedHead> {
        self.books.signed(device, index).filter(|_| !self.forgets(device))
    }
    fn signed_index(&self, device: &DeviceId, index: u64) -> Option<u64> {
        self.books.signed_index(device, index).filter(|_| !self.forgets(device))
    }
    fn opened(&self, device: &DeviceId, index: u64) -> Option<OpenedEntry> {
        self.books.opened(device, index)
    }
    fn opened_value(&self, device: &DeviceId, index: u64) -> Option<Option<Value>> {
        self.books.opened_value(device, index)
    }
    fn has_opened(&self, device: &DeviceId, index: u64) -> bool {
        self.books.has_opened(device, index)
    }
    fn first_spend(&self, device: &DeviceId, id: &SpendId, after: u64) -> Option<u64> {
        match self.plant {
            Plant::ForgetSpends => None,
            _ => self.books.first_spend(device, id, after),
        }
    }
    fn origin(&self, id: &SpendId) -> Option<(Origin, Output)> {
        self.books.origin(id)
    }
    fn allowance(&self, token: &TokenId, device: &DeviceId) -> Option<Allowed> {
        self.books.allowance(token, device)
    }
}

impl<L: Ledger> Ledger for Spoilt<'_, L> {
    fn is_anchored(&self) -> bool {
        self.plant != Plant::SpeakEarly && self.books.is_anchored()
    }
    fn own_log(&self) -> OwnLog {
        let log = self.books.own_log();
        match self.plant {
            // One entry ago its body is not at hand any more; the place is.
            Plant::OldLog => {
                let at = log.at.index.checked_sub(1).and_then(|index| {
                    let head = self.books.head(&log.device, index)?;
                    Some(Position { index, head })
                });
                at.map_or(log, |at| OwnLog { at, ..log })
            }
            _ => log,
        }
    }
    fn tip(&self, key: &Digest) -> (Option<Digest>, TipProof) {
        self.books.tip(key)
    }
    fn accepted(&self, peer: &DeviceId) -> Option<Position> {
        let at = self.books.accepted(peer)?;
        match self.plant {
            Plant::SkipOne => Some(Position { index: at.index.saturating_add(1), ..at }),
            Plant::ForgetTips | Plant::ForgetAccepted => None,
            _ => Some(at),
        }
    }
    fn next_to(&self, peer: &DeviceId, after: u64) -> Option<Dealing> {
        self.books.next_to(peer, after)
    }
    fn holdings(&self) -> Vec<Held> {
        self.books.holdings()
    }
    fn ask_secret(&self) -> &Secret<32> {
        self.books.ask_secret()
    }
    fn kem(&self, peer: &DeviceId) -> Option<KemPublic> {
        self.books.kem(peer)
    }
    fn card_place(&self, peer: &DeviceId) -> Option<Position> {
        self.books.card_place(peer)
    }
    fn entry(&self, device: &DeviceId, index: u64) -> Option<Entry> {
        self.books.entry(device, index)
    }
    fn mail(&self, peer: &DeviceId) -> Mail {
        self.books.mail(peer)
    }
    fn correspondents(&self) -> Vec<DeviceId> {
        self.books.correspondents()
    }
    fn dealt_with(&self, peer: &DeviceId) -> Vec<(DeviceId, u64)> {
        self.books.dealt_with(peer)
    }
    fn fork_proof(&self, device: &DeviceId) -> Option<ForkProof> {
        self.books.fork_proof(device).filter(|_| self.plant != Plant::ForgetForks)
    }
    fn news(&self, peer: &DeviceId) -> News {
        match self.plant {
            Plant::TellNothing => News::default(),
            _ => self.books.news(peer),
        }
    }
    fn before(&self, device: &DeviceId, index: u64) -> Option<Position> {
        self.books.before(device, index).filter(|_| !self.forgets(device))
    }
    fn devices_like(&self, prefix: &[u8; 8]) -> Vec<DeviceId> {
        let all = self.books.devices_like(prefix).into_iter();
        all.filter(|device| !self.forgets(device)).collect()
    }
}
