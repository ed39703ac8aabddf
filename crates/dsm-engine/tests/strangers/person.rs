//! An honest owner: keys from a seed, a real engine over a disk in memory.

use std::collections::BTreeMap;

use dsm_core::identity::{Card, Genesis, device_tree};
use dsm_core::{Settings, TokenId, View};
use dsm_crypto::{Domain, KemSecret, RecoverySecret, Secret, SecretKey, Signer, hash};
use dsm_encoding::List;
use dsm_engine::{Engine, Keys};
use dsm_log::{Anchor, DeviceDescriptor, DeviceId, Position};
use dsm_session::Ledger;
use dsm_sim::{Actor, NETWORK, Owner, free_policy};
use dsm_store::{Changes, Contact, Founding, HistoryEntry, Kv, StoreError, Wallet};

use crate::chips::Shared;
use crate::disk::{Death, Disk};

/// What each lot of a token issues.
pub(crate) const UNITS: u64 = 1_000;

/// An honest owner.
pub(crate) struct Person {
    name: String,
    pub(crate) disk: Disk,
    pub(crate) engine: Engine<Disk>,
    pub(crate) chip: Option<Shared>,
}

pub(crate) fn seeded<const N: usize>(seed: &str, purpose: &str) -> Secret<N> {
    let mut bytes = [0; N];
    for (at, part) in (0_u64..).zip(bytes.chunks_mut(32)) {
        part.copy_from_slice(&hash(Domain::Seed, &(seed, purpose, at)).as_bytes()[..part.len()]);
    }
    Secret::from_bytes(bytes)
}

pub(crate) fn keys(name: &str) -> Keys {
    let issuing = BTreeMap::new();
    let main = SecretKey::from_seed(seeded(name, "device"));
    Keys { main, issuing, kem: KemSecret::from_seed(seeded(name, "kem")) }
}

pub(crate) fn founding(name: &str) -> Founding {
    let keys = keys(name);
    let recovery = RecoverySecret::from_seed(&seeded(name, "recovery"));
    let kem = keys.kem.public_key().clone();
    let descriptor = DeviceDescriptor {
        network: NETWORK,
        recovery: recovery.public_key().digest(),
        slot_set: None,
        key: keys.main.public_key().clone(),
        kem: kem.digest(),
        anchor: Anchor::Software {},
    };
    let devices = vec![descriptor.id()];
    let genesis = Genesis {
        network: NETWORK,
        recovery: recovery.public_key().clone(),
        devices: device_tree(&devices),
        window_blocks: 1_008,
    };
    Founding {
        descriptor,
        genesis,
        devices: List::try_from(devices).expect("one device"),
        steps: List::default(),
        kem,
        ask_secret: seeded(name, "ask"),
        settings: Settings::default(),
    }
}

impl Person {
    /// Somebody new.
    pub(crate) fn new(name: &str) -> Self {
        let disk = Disk::new();
        let wallet = Wallet::create(disk.clone(), founding(name)).expect("a new wallet");
        let engine = Engine::new(wallet, keys(name));
        Self { name: name.into(), disk, engine, chip: None }
    }

    /// Somebody new whose log is bound to a chip.
    pub(crate) fn anchored(name: &str) -> Self {
        let (disk, chip) = (Disk::new(), Shared::new(name));
        let mut founding = founding(name);
        founding.descriptor.anchor = Anchor::Simulated { chip: chip.chip() };
        founding.devices = List::try_from(vec![founding.descriptor.id()]).expect("one device");
        founding.genesis.devices = device_tree(&founding.devices);
        let wallet = Wallet::create(disk.clone(), founding).expect("a new wallet");
        let wallet = wallet.anchored(chip.absorber()).expect("its chip");
        let engine = Engine::new(wallet, keys(name));
        Self { name: name.into(), disk, engine, chip: Some(chip) }
    }

    /// The same owner with another disk, and the same chip.
    pub(crate) fn on(&self, disk: Disk) -> Self {
        let chip = self.chip.as_ref().map(|chip| chip.dying(disk.death()));
        self.opened(disk, chip).expect("a wallet")
    }

    /// The same owner with another disk and a chip, if it can be opened.
    pub(crate) fn opened(&self, disk: Disk, chip: Option<Shared>) -> Result<Self, StoreError> {
        let mut wallet = Wallet::open(disk.clone())?;
        if let Some(chip) = &chip {
            wallet = wallet.anchored(chip.absorber())?;
        }
        let engine = Engine::new(wallet, keys(&self.name));
        Ok(Self { name: self.name.clone(), disk, engine, chip })
    }

    /// The same owner with a copy of the disk: for another run, or to cheat. Of another run the chip is another one.
    pub(crate) fn copied(&self) -> Self {
        let chip = self.chip.as_ref().map(Shared::copied);
        self.opened(self.disk.copied(), chip).expect("a wallet")
    }

    /// The same wallet in a new process, which may die.
    pub(crate) fn restarted(&self, death: Death) -> Self {
        self.on(self.disk.dying(death))
    }

    /// The key that signs its log.
    pub(crate) fn key(&self) -> SecretKey {
        keys(&self.name).main
    }

    /// The same wallet in a new process, on a disk on which each write takes so long.
    pub(crate) fn slow(self, delay: std::time::Duration) -> Self {
        let mut disk = self.disk.clone();
        disk.delay = delay;
        self.on(disk)
    }

    pub(crate) fn id(&self) -> DeviceId {
        self.engine.wallet().me()
    }

    pub(crate) fn card(&self) -> Card {
        self.engine.wallet().books().expect("books").card()
    }

    /// Pins a card.
    pub(crate) fn pin(&mut self, name: &str, card: Card) {
        pin(&mut self.engine, name, card);
    }

    /// Changes what it asks of value.
    pub(crate) fn set(&mut self, change: impl FnOnce(&mut Settings)) {
        let mut settings = self.engine.wallet().books().expect("books").settings().clone();
        change(&mut settings);
        let changes = Changes { settings: Some(settings), ..Changes::default() };
        self.engine.commit(&changes).expect("settings");
    }

    /// Makes a token and issues a lot of it.
    pub(crate) fn issue(&mut self, mint: &str) -> TokenId {
        let token = self.begin_token(mint);
        self.engine.issue(&token, UNITS).expect("a lot");
        token
    }

    /// Makes a token: its own log issues it if it is bound to a chip.
    pub(crate) fn begin_token(&mut self, mint: &str) -> TokenId {
        let seed = format!("{mint} of {}", self.name);
        let key = SecretKey::from_seed(seeded(&seed, "issuing"));
        let issuer = Actor::new(&seed);
        let mut descriptor = issuer.descriptor.clone();
        descriptor.key = key.public_key().clone();
        let mut policy = free_policy(&issuer, 10, UNITS);
        policy.issuer = descriptor.id();
        policy.issuer_floor = Position::origin(&policy.issuer);
        let mut device = Some((&descriptor, key));
        if self.chip.is_some() {
            device = None;
            policy.issuer = self.id();
            policy.issuer_floor = self.engine.wallet().books().expect("books").own_log().at;
        }
        self.engine.begin_token(device, policy).expect("a token")
    }

    /// How much of a token it can spend.
    pub(crate) fn balance(&self, token: &TokenId) -> u64 {
        balance(&self.engine, token)
    }

    /// Its entries and those that it accepted.
    pub(crate) fn history(&self) -> Vec<HistoryEntry> {
        let books = self.engine.wallet().books().expect("books");
        let history = books.history(None);
        books.check().expect("sound books");
        history
    }

    /// Whether it holds a fork proof of a device.
    pub(crate) fn knows_fork(&self, device: &DeviceId) -> bool {
        self.engine.wallet().books().expect("books").is_forked(device)
    }
}

/// Two people pin each other.
pub(crate) fn introduce(one: &mut Person, other: &mut Person) {
    let (name, card) = (other.name.clone(), other.card());
    one.pin(&name, card);
    other.pin(&one.name.clone(), one.card());
}

/// Somebody who says whatever it likes: an actor with a card, pinned by an honest owner.
pub(crate) fn rogue(name: &str, victims: &mut [&mut Person]) -> Actor {
    let (owner, mut actors) = Owner::new(name, &[name]);
    let mut actor = actors.remove(0);
    for victim in victims {
        victim.pin(name, owner.card(&actor));
        actor.view.pin(&victim.card().descriptor);
    }
    actor
}

/// Pins a card.
pub(crate) fn pin<K: Kv>(engine: &mut Engine<K>, name: &str, card: Card) {
    let contacts = vec![Contact { name: name.into(), card }];
    engine.commit(&Changes { contacts, ..Changes::default() }).expect("a contact");
}

/// How much of a token can be spent.
pub(crate) fn balance<K: Kv>(engine: &Engine<K>, token: &TokenId) -> u64 {
    let books = engine.wallet().books().expect("books");
    let holdings = books.holdings();
    books.check().expect("sound books");
    let of = holdings.iter().filter(|held| held.note.output.token == *token);
    of.map(|held| held.note.output.amount).sum()
}
