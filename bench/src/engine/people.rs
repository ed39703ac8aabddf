//! People with engines in a store of their own.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use dsm_core::identity::{Card, Genesis, device_tree};
use dsm_core::{Settings, TokenId};
use dsm_crypto::{Domain, KemSecret, RecoveryPublic, Secret, SecretKey, Signer, hash};
use dsm_encoding::List;
use dsm_engine::{Engine, Keys};
use dsm_log::{Anchor, DeviceDescriptor, Position};
use dsm_sim::{Actor, NETWORK, free_policy};
use dsm_store::{Changes, Contact, Founding, Kv, Wallet};

/// Somebody who can be spoken to.
pub(crate) struct Person<K: Kv> {
    pub(crate) name: String,
    pub(crate) engine: Engine<K>,
}

fn seeded<const N: usize>(name: &str, purpose: &str) -> Secret<N> {
    let mut bytes = [0; N];
    for (at, part) in (0_u64..).zip(bytes.chunks_mut(32)) {
        let more = hash(Domain::Seed, &(name, purpose, at));
        part.copy_from_slice(more.as_bytes().get(..part.len()).unwrap_or_default());
    }
    Secret::from_bytes(bytes)
}

/// The key that signs somebody's log.
pub(crate) fn device_key(name: &str) -> SecretKey {
    SecretKey::from_seed(seeded(name, "device"))
}

/// 32 bytes that nobody used before.
pub(crate) fn fresh() -> [u8; 32] {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    *hash(Domain::Seed, &("fresh", COUNT.fetch_add(1, Ordering::SeqCst))).as_bytes()
}

impl<K: Kv> Person<K> {
    /// Somebody new with an empty store.
    pub(crate) fn new(name: &str, kv: K) -> Self {
        let recovery = seeded::<32>(name, "recovery");
        let recovery = RecoveryPublic::from_bytes(recovery.expose()).expect("the length");
        let main = device_key(name);
        let kem = KemSecret::from_seed(seeded(name, "kem"));
        let descriptor = DeviceDescriptor {
            network: NETWORK,
            recovery: recovery.digest(),
            slot_set: None,
            key: main.public_key().clone(),
            kem: kem.public_key().digest(),
            anchor: Anchor::Software {},
        };
        let devices = vec![descriptor.id()];
        let tree = device_tree(&devices);
        let founding = Founding {
            descriptor,
            genesis: Genesis { network: NETWORK, recovery, devices: tree, window_blocks: 1_008 },
            devices: List::try_from(devices).expect("one device"),
            steps: List::default(),
            kem: kem.public_key().clone(),
            ask_secret: seeded(name, "ask"),
            settings: Settings { exposed_cap: u64::MAX, ..Settings::default() },
        };
        let wallet = Wallet::create(kv, founding).expect("a new wallet");
        let keys = Keys { main, issuing: BTreeMap::new(), kem };
        Self { name: name.to_owned(), engine: Engine::new(wallet, keys) }
    }

    pub(crate) fn card(&self) -> Card {
        self.engine.wallet().books().expect("the books").card()
    }

    /// Pins somebody.
    pub(crate) fn pin(&mut self, name: &str, card: Card) {
        let contacts = vec![Contact { name: name.to_owned(), card }];
        let changes = Changes { contacts, ..Changes::default() };
        self.engine.commit(&changes).expect("a durable change");
    }

    /// Makes a token and issues a lot of it to itself.
    pub(crate) fn issue(&mut self, units: u64) -> TokenId {
        let seed = format!("mint of {}", self.name);
        let key = SecretKey::from_seed(seeded(&seed, "issuing"));
        let mint = Actor::new(&seed);
        let mut descriptor = mint.descriptor.clone();
        descriptor.key = key.public_key().clone();
        let mut policy = free_policy(&mint, 1, units);
        policy.issuer = descriptor.id();
        policy.issuer_floor = Position::origin(&policy.issuer);
        let token = self.engine.begin_token(Some((&descriptor, key)), policy).expect("a token");
        self.engine.issue(&token, units).expect("a lot");
        token
    }
}

/// Two people pin each other.
pub(crate) fn introduce<K: Kv, O: Kv>(one: &mut Person<K>, other: &mut Person<O>) {
    let (card, name) = (one.card(), one.name.clone());
    one.pin(&other.name.clone(), other.card());
    other.pin(&name, card);
}
