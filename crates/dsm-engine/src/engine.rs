//! A wallet with its keys.

use std::collections::BTreeMap;
use std::sync::Arc;

use dsm_core::{
    Draft, FinalityClass, Lineage, Lock, Note, Output, OwnLog, Policy, TokenId, Value, View,
    lot_id, write,
};
use dsm_crypto::{KemPublic, KemSecret, Secret, SecretKey};
use dsm_encoding::List;
use dsm_link::Link;
use dsm_log::{DeviceDescriptor, DeviceId};
use dsm_session::{Batch, Held, Ledger};
use dsm_store::{Changes, Kv, StoreError, Wallet};

use crate::turn::Sessions;
use crate::{IssueError, Secure, SecureError};

/// The keys of a wallet's devices: of the one that pays and is paid, and of one for each token that
/// it issues.
#[derive(Debug)]
pub struct Keys {
    /// Signs the wallet's own log.
    pub main: SecretKey,
    /// Sign issuing logs.
    pub issuing: BTreeMap<DeviceId, SecretKey>,
    /// Opens what is sealed to the wallet's device, and proves on a secure channel that it is it.
    pub kem: KemSecret,
}

/// A wallet that can speak and sign. The only writer of its store.
#[derive(Debug)]
pub struct Engine<K: Kv> {
    pub(crate) wallet: Wallet<K>,
    pub(crate) main: SecretKey,
    issuing: BTreeMap<DeviceId, SecretKey>,
    pub(crate) kem: Arc<KemSecret>,
    pub(crate) sessions: Sessions,
}

impl<K: Kv> Engine<K> {
    /// A wallet with its keys.
    pub fn new(wallet: Wallet<K>, keys: Keys) -> Self {
        let Keys { main, issuing, kem } = keys;
        Self { wallet, main, issuing, kem: Arc::new(kem), sessions: Sessions::new() }
    }

    /// The wallet.
    pub fn wallet(&self) -> &Wallet<K> {
        &self.wallet
    }

    /// Calls the owner of a pinned KEM key over a link, with 32 fresh bytes.
    ///
    /// # Errors
    /// [`SecureError`].
    pub fn call<L: Link>(
        &self,
        link: L,
        peer: &KemPublic,
        fresh: Secret<32>,
    ) -> Result<Secure<L>, SecureError> {
        Secure::call(link, self.wallet.network(), &self.kem, peer, fresh)
    }

    /// Answers a call over a link, with 32 fresh bytes.
    ///
    /// # Errors
    /// [`SecureError`].
    pub fn answer<L: Link>(&self, link: L, fresh: Secret<32>) -> Result<Secure<L>, SecureError> {
        Secure::answer(link, self.wallet.network(), &self.kem, fresh)
    }

    /// Makes something durable that no conversation brought.
    ///
    /// # Errors
    /// What the store says.
    pub fn commit(&mut self, changes: &Changes) -> Result<(), StoreError> {
        self.wallet.commit(changes)
    }

    /// Makes durable what could wait: before a rest.
    ///
    /// # Errors
    /// What the store says.
    pub fn rest(&mut self) -> Result<(), StoreError> {
        self.wallet.flush()
    }

    /// Keeps the policy of a token, and begins the log of its issuing device if that is not the wallet's own.
    ///
    /// That device's key must be durable before.
    ///
    /// # Errors
    /// What the store says.
    pub fn begin_token(
        &mut self,
        issuer: Option<(&DeviceDescriptor, SecretKey)>,
        policy: Policy,
    ) -> Result<TokenId, StoreError> {
        let token = policy.id();
        let devices = issuer.iter().map(|(issuer, _)| *issuer);
        self.wallet.commit(&Changes {
            own_logs: devices.clone().map(|issuer| OwnLog::new(issuer.id())).collect(),
            own_descriptors: devices.cloned().collect(),
            policies: vec![policy],
            ..Changes::default()
        })?;
        self.issuing.extend(issuer.map(|(issuer, key)| (issuer.id(), key)));
        Ok(token)
    }

    /// Issues the next unused lot of a token to this wallet.
    ///
    /// # Errors
    /// [`IssueError`] says why not.
    pub fn issue(&mut self, token: &TokenId, amount: u64) -> Result<Note, IssueError> {
        let (batch, note) = self.write_issue(token, amount)?;
        self.wallet.commit(&Changes { batch, ..Changes::default() })?;
        Ok(note)
    }

    fn write_issue(&self, token: &TokenId, amount: u64) -> Result<(Batch, Note), IssueError> {
        let books = self.wallet.books()?;
        let policy = books.policy(token).ok_or(IssueError::NotIssuer)?;
        let issuer = policy.issuer;
        let log = books.own_log_of(&issuer).ok_or(IssueError::NotIssuer)?;
        let own = (issuer == books.me()).then_some(&self.main);
        let key = own.or_else(|| self.issuing.get(&issuer)).ok_or(IssueError::NotIssuer)?;
        if books.is_forked(&issuer) || books.is_forked(&books.me()) {
            return Err(IssueError::OwnFork);
        }
        if books.is_old_copy() {
            return Err(IssueError::OldCopy);
        }
        let most = policy.units_per_lot;
        if amount == 0 || amount > most {
            return Err(IssueError::Amount { most });
        }
        if policy.cosigners.threshold > 0 {
            return Err(IssueError::Cosigners);
        }
        let unused = |lot: &u64| {
            books.first_spend(&issuer, &lot_id(token, *lot), policy.issuer_floor.index).is_none()
        };
        let lot = (0..policy.lots).find(unused).ok_or(IssueError::NoLot)?;
        let lock = Lock::Device { id: books.me(), floor: books.own_log().at };
        let output = Output { token: *token, amount, lock };
        let outputs = List::try_from(vec![output]).map_err(|_| IssueError::Log)?;
        let value = Value::Issue { token: *token, lot, outputs, cosignatures: List::default() };
        let (spends, value) = (vec![lot_id(token, lot)], Some(value));
        let draft = Draft { spends, value, ..Draft::default() };
        let written = write(&log, draft, books.network(), key).ok_or(IssueError::Log)?;
        books.check()?;
        let note = Note { output, head: written.log.at.head, number: 0 };
        // One's own hops count as certified.
        let class = FinalityClass::Registered;
        let lineage = Lineage { class, uncertified: Default::default(), hops: 1 };
        let held = Held::new(note, &lineage).ok_or(IssueError::Log)?;
        Ok((Batch { written: vec![written], held: vec![held], ..Batch::default() }, note))
    }
}
