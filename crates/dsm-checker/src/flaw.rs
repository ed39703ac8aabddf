//! Devices that do not do what the shipped ones do: what the checker must find.
//!
//! A flaw lies around the shipped values and never in them: a device that forgets what it knew, that asks
//! its books and does not listen, or that speaks before it wrote.

use dsm_core::pack::OpenedEntry;
use dsm_core::{
    Allowed, Dealing, Entry, MakerId, Origin, Output, OwnLog, Peer, Policy, Settings, TokenId, View,
};
use dsm_crypto::{Digest, KemPublic, Secret};
use dsm_log::{
    DeviceDescriptor, DeviceId, ForkProof, Network, Position, Record, SignedHead, SpendId,
};
use dsm_merkle::TipProof;
use dsm_session::{Batch, Held, Ledger, Mail, News};

/// What an otherwise honest device does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flaw {
    /// Forgets every head and record of others that it learned.
    ForgetsHeads,
    /// Takes every run for whole, and looks for no earlier spend.
    SkipsRuns,
    /// Deals with whom it knows to have forked.
    IgnoresForks,
    /// Keeps no fork proof that it is told, or finds.
    DropsEvidence,
    /// Tells nobody what it learned.
    TellsNothing,
    /// Takes an entry that it has as one that it never saw.
    TakesTwice,
    /// Sends before what it says is durable.
    SpeaksFirst,
    /// Goes on from an earlier copy of its disk after a crash.
    RestoresCopies,
}

impl Flaw {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::ForgetsHeads,
        Self::SkipsRuns,
        Self::IgnoresForks,
        Self::DropsEvidence,
        Self::TellsNothing,
        Self::TakesTwice,
        Self::SpeaksFirst,
        Self::RestoresCopies,
    ];
}

/// What of a batch a device keeps.
pub(crate) fn kept(flaw: Option<Flaw>, batch: &Batch) -> Batch {
    let mut batch = batch.clone();
    if flaw == Some(Flaw::DropsEvidence) {
        batch.forks.clear();
    }
    batch
}

/// Books as a device reads them that has a flaw, or none.
pub(crate) struct Lens<'a, L> {
    pub(crate) books: &'a L,
    pub(crate) flaw: Option<Flaw>,
}

impl<L: View> Lens<'_, L> {
    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    /// Whether nothing is remembered of the log of a device.
    fn forgets(&self, device: &DeviceId) -> bool {
        self.has(Flaw::ForgetsHeads) && !self.books.is_own(device)
    }
}

impl<L: Ledger> View for Lens<'_, L> {
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
        let forgets = self.has(Flaw::TakesTwice);
        Some(if forgets { Peer { tip: None, stitch: None, ..peer } } else { peer })
    }
    fn exposure(&self, device: &DeviceId, token: &TokenId) -> u64 {
        self.books.exposure(device, token)
    }
    fn is_forked(&self, device: &DeviceId) -> bool {
        !self.has(Flaw::IgnoresForks) && self.books.is_forked(device)
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
        let origin = || Position::origin(device).head;
        let trusts = self.has(Flaw::SkipsRuns) && index == 0;
        let head = self.books.head(device, index).filter(|_| !self.forgets(device));
        head.or_else(|| trusts.then(origin))
    }
    fn record(&self, device: &DeviceId, index: u64) -> Option<Record> {
        self.books.record(device, index).filter(|_| !self.forgets(device))
    }
    fn has_record(&self, device: &DeviceId, index: u64) -> bool {
        let has = self.books.has_record(device, index) && !self.forgets(device);
        self.has(Flaw::SkipsRuns) || has
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
    fn opened_value(&self, device: &DeviceId, index: u64) -> Option<Option<dsm_core::Value>> {
        self.books.opened_value(device, index)
    }
    fn has_opened(&self, device: &DeviceId, index: u64) -> bool {
        self.books.has_opened(device, index)
    }
    fn first_spend(&self, device: &DeviceId, id: &SpendId, after: u64) -> Option<u64> {
        let first = self.books.first_spend(device, id, after);
        first.filter(|_| !self.has(Flaw::SkipsRuns) && !self.forgets(device))
    }
    fn origin(&self, id: &SpendId) -> Option<(Origin, Output)> {
        self.books.origin(id)
    }
    fn allowance(&self, token: &TokenId, device: &DeviceId) -> Option<Allowed> {
        self.books.allowance(token, device)
    }
}

impl<L: Ledger> Ledger for Lens<'_, L> {
    fn is_anchored(&self) -> bool {
        self.books.is_anchored()
    }
    fn own_log(&self) -> OwnLog {
        self.books.own_log()
    }
    fn is_old_copy(&self) -> bool {
        self.books.is_old_copy()
    }
    fn tip(&self, key: &Digest) -> (Option<Digest>, TipProof) {
        self.books.tip(key)
    }
    fn accepted(&self, peer: &DeviceId) -> Option<Position> {
        self.books.accepted(peer).filter(|_| !self.has(Flaw::TakesTwice))
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
        self.books.fork_proof(device)
    }
    fn news(&self, peer: &DeviceId) -> News {
        let news = self.books.news(peer);
        if self.has(Flaw::TellsNothing) {
            News { upto: news.upto, ..News::default() }
        } else {
            news
        }
    }
    fn before(&self, device: &DeviceId, index: u64) -> Option<Position> {
        self.books.before(device, index)
    }
    fn devices_like(&self, prefix: &[u8; 8]) -> Vec<DeviceId> {
        self.books.devices_like(prefix)
    }
}
