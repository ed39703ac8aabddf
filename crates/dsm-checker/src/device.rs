//! An honest device of a model: its name, its key, and how its disk begins.

use std::sync::Arc;

use dsm_core::identity::{Card, Genesis, device_tree};
use dsm_core::{
    Draft, FinalityClass, Lineage, Lock, Note, Output, OwnLog, Settings, TokenId, Value, lot_id,
    write,
};
use dsm_crypto::{Domain, RecoveryPublic, Secret, SecretKey, hash};
use dsm_encoding::List;
use dsm_log::{DeviceId, Position};
use dsm_session::{Batch, Held, Ledger};
use dsm_sim::{Actor, NETWORK, free_policy};
use dsm_store::{Changes, Contact, Founding, MemoryKv, Wallet};

/// Somebody with a device; a cheat has one too.
#[derive(Clone)]
pub struct Person {
    /// What others call it.
    pub name: &'static str,
    /// Its device, as the simulation knows it.
    pub actor: Actor,
    genesis: Genesis,
}

fn seeded(name: &str, purpose: u8) -> Secret<32> {
    Secret::from_bytes(*hash(Domain::Seed, &(name, purpose)).as_bytes())
}

impl Person {
    /// Somebody whose keys come from the name.
    ///
    /// # Panics
    /// Never: the lengths are fixed.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        let recovery = RecoveryPublic::from_bytes(seeded(name, 7).expose()).expect("the length");
        let actor = Actor::owned(name, recovery.digest());
        let devices = device_tree(&[actor.id()]);
        let genesis = Genesis { network: NETWORK, recovery, devices, window_blocks: 1_008 };
        Self { name, actor, genesis }
    }

    /// Its device.
    #[must_use]
    pub fn id(&self) -> DeviceId {
        self.actor.id()
    }

    /// What signs for it.
    #[must_use]
    pub fn key(&self) -> Arc<SecretKey> {
        self.actor.key.clone()
    }

    fn card(&self) -> Card {
        Card {
            genesis: self.genesis.clone(),
            devices: List::try_from(vec![self.id()]).expect("one device"),
            steps: List::default(),
            descriptor: self.actor.descriptor.clone(),
            kem: (*self.actor.kem).clone(),
            at: Position::origin(&self.id()),
        }
    }

    /// A new wallet that pinned some others.
    ///
    /// # Panics
    /// If two of them have one name.
    #[must_use]
    pub fn wallet(&self, contacts: &[&Self]) -> Wallet<MemoryKv> {
        let card = self.card();
        let founding = Founding {
            descriptor: card.descriptor,
            genesis: card.genesis,
            devices: card.devices,
            steps: card.steps,
            kem: card.kem,
            ask_secret: seeded(self.name, 9),
            settings: Settings::default(),
        };
        let mut wallet = Wallet::create(MemoryKv::default(), founding).expect("an empty store");
        let contact = |other: &&Self| Contact { name: other.name.to_owned(), card: other.card() };
        let contacts = contacts.iter().map(contact).collect();
        wallet.commit(&Changes { contacts, ..Changes::default() }).expect("good cards");
        wallet
    }

    /// Lets a wallet of this person issue lots of a new token to itself, one note each.
    ///
    /// # Panics
    /// If there is a lot of nothing.
    pub fn issue(&self, wallet: &mut Wallet<MemoryKv>, lots: &[u64]) -> TokenId {
        let mut mint = Actor::new(&format!("mint of {}", self.name));
        let policy = free_policy(&mint, 10, 1_000);
        let token = policy.id();
        let begin = Changes {
            own_logs: vec![OwnLog::new(mint.id())],
            own_descriptors: vec![mint.descriptor.clone()],
            policies: vec![policy],
            ..Changes::default()
        };
        wallet.commit(&begin).expect("a new token");
        for (lot, amount) in (0..).zip(lots) {
            let floor = wallet.books().expect("the books").own_log().at;
            let lock = Lock::Device { id: self.id(), floor };
            let output = Output { token, amount: *amount, lock };
            let outputs = List::try_from(vec![output]).expect("one output");
            let value = Value::Issue { token, lot, outputs, cosignatures: List::default() };
            let spends = vec![lot_id(&token, lot)];
            let draft = Draft { spends, value: Some(value), ..Draft::default() };
            let written = write(&mint.log, draft, NETWORK, &*mint.key).expect("an issue");
            mint.log = written.log;
            let note = Note { output, head: written.log.at.head, number: 0 };
            // One's own hops count as certified.
            let class = FinalityClass::Registered;
            let lineage = Lineage { class, uncertified: Default::default(), hops: 1 };
            let held = vec![Held::new(note, &lineage).expect("a short lineage")];
            let batch = Batch { written: vec![written], held, ..Batch::default() };
            wallet.commit(&Changes { batch, ..Changes::default() }).expect("a new lot");
        }
        token
    }
}
