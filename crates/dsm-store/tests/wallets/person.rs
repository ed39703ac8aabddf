//! Somebody with a wallet: keys from a seed, books in a store.

use dsm_core::identity::{Genesis, device_tree};
use dsm_core::pack::Pack;
use dsm_core::{
    Cosigners, Draft, FinalityClass, Kind, Lock, Note, Op, Output, OwnLog, Policy, Settings,
    Supervision, TokenId, Value, examine, lot_id, write,
};
use dsm_crypto::{Domain, KemSecret, RecoverySecret, Secret, SecretKey, Signer, hash};
use dsm_encoding::List;
use dsm_log::{Anchor, DeviceDescriptor, DeviceId, Network, Position};
use dsm_session::{Batch, Held, Ledger};
use dsm_store::{Books, Changes, Contact, Founding, StoreError, Wallet};

use crate::home::Home;

/// The network of the tests.
pub(crate) const NETWORK: Network = Network::TEST;

/// Somebody.
pub(crate) struct Person<'h, H: Home> {
    pub(crate) name: String,
    pub(crate) key: SecretKey,
    wallet: Option<Wallet<H::Kv>>,
    home: &'h H,
}

/// `N` bytes from a seed and a purpose.
pub(crate) fn seeded<const N: usize>(seed: &str, purpose: &str) -> Secret<N> {
    let mut bytes = [0; N];
    for (at, part) in (0_u64..).zip(bytes.chunks_mut(32)) {
        let digest = hash(Domain::Seed, &(seed, purpose, at));
        part.copy_from_slice(&digest.as_bytes()[..part.len()]);
    }
    Secret::from_bytes(bytes)
}

/// A device without anchor or slot set.
pub(crate) fn descriptor(
    key: &SecretKey,
    recovery: dsm_crypto::Digest,
    kem: dsm_crypto::Digest,
) -> DeviceDescriptor {
    DeviceDescriptor {
        network: NETWORK,
        recovery,
        slot_set: None,
        key: key.public_key().clone(),
        kem,
        anchor: Anchor::Software {},
    }
}

impl<'h, H: Home> Person<'h, H> {
    /// Somebody new, who takes any amount in class exposed.
    pub(crate) fn new(home: &'h H, name: &str) -> Self {
        let key = SecretKey::from_seed(seeded(name, "device"));
        let founding = founding(name, &key);
        let wallet = Wallet::create(home.make(name), founding).expect("a new wallet");
        Self { name: name.into(), key, wallet: Some(wallet), home }
    }

    pub(crate) fn wallet(&self) -> &Wallet<H::Kv> {
        self.wallet.as_ref().expect("a wallet")
    }

    pub(crate) fn books(&self) -> Books<'_, H::Kv> {
        self.wallet().books().expect("the books")
    }

    pub(crate) fn id(&self) -> DeviceId {
        self.wallet().me()
    }

    /// Keeps changes; then closes and opens the store, if the home does.
    pub(crate) fn commit(&mut self, changes: &Changes) -> Result<(), StoreError> {
        let done = self.wallet.as_mut().expect("a wallet").commit(changes);
        if self.home.reopens() {
            self.restart();
        }
        done
    }

    /// Closes the wallet and opens it again.
    pub(crate) fn restart(&mut self) {
        let kv = self.wallet.take().expect("a wallet").into_kv();
        let kv = self.home.reopen(&self.name, kv);
        self.wallet = Some(Wallet::open(kv).expect("the wallet"));
    }

    /// A copy of the files and the keys.
    pub(crate) fn copy(&mut self, copy: &str) -> Self {
        let kv = self.wallet.take().expect("a wallet").into_kv();
        let (kv, other) = self.home.copy(&self.name, kv, copy);
        self.wallet = Some(Wallet::open(kv).expect("the wallet"));
        let wallet = Some(Wallet::open(other).expect("the copy"));
        let key = SecretKey::from_seed(seeded(&self.name, "device"));
        Self { name: copy.into(), key, wallet, home: self.home }
    }

    /// Pins somebody.
    pub(crate) fn meet<O: Home>(&mut self, other: &Person<'_, O>) {
        let contact = Contact { name: other.name.clone(), card: other.books().card() };
        self.commit(&Changes { contacts: vec![contact], ..Changes::default() }).expect("a contact");
    }

    /// How much of a token it can spend.
    pub(crate) fn balance(&self, token: &TokenId) -> u64 {
        let books = self.books();
        let held = books.holdings();
        books.check().expect("sound books");
        let of = held.iter().filter(|held| held.note.output.token == *token);
        of.map(|held| held.note.output.amount).sum()
    }

    /// Makes an issuing log and a token of one lot.
    pub(crate) fn found_token(&mut self, units: u64) -> (SecretKey, Policy) {
        let mint = SecretKey::from_seed(seeded(&self.name, "mint"));
        let founding = self.wallet().founding();
        let device = descriptor(&mint, founding.descriptor.recovery, founding.descriptor.kem);
        let policy = policy(device.id(), units);
        let changes = Changes {
            own_logs: vec![OwnLog::new(device.id())],
            own_descriptors: vec![device],
            policies: vec![policy.clone()],
            ..Changes::default()
        };
        self.commit(&changes).expect("a token");
        (mint, policy)
    }

    /// Writes an entry that says nothing, to nobody.
    pub(crate) fn idle(&mut self) {
        let ops = List::try_from(vec![Op::Checkpoint {}]).expect("one operation");
        let draft = Draft { ops, ..Draft::default() };
        let written = write(&self.books().own_log(), draft, NETWORK, &self.key);
        let batch = Batch { written: vec![written.expect("an entry")], ..Batch::default() };
        self.commit(&Changes { batch, ..Changes::default() }).expect("a durable entry");
    }

    /// Issues the lot of a new token to itself.
    pub(crate) fn issue(&mut self, units: u64) -> TokenId {
        let (mint, policy) = self.found_token(units);
        let (token, issuer) = (policy.id(), policy.issuer);
        let (log, at) = {
            let books = self.books();
            (books.own_log_of(&issuer).expect("the issuing log"), books.own_log().at)
        };
        let output =
            Output { token, amount: units, lock: Lock::Device { id: self.id(), floor: at } };
        let outputs = List::try_from(vec![output]).expect("one output");
        let value = Value::Issue { token, lot: 0, outputs, cosignatures: List::default() };
        let draft =
            Draft { spends: vec![lot_id(&token, 0)], value: Some(value), ..Draft::default() };
        let written = write(&log, draft, NETWORK, &mint).expect("an issue");
        let at = written.log.at;
        let batch = Batch { written: vec![written], ..Batch::default() };
        self.commit(&Changes { batch, ..Changes::default() }).expect("a durable issue");
        let books = self.books();
        let verdict = examine(&books, &Pack::default(), issuer, at.index);
        books.check().expect("sound books");
        let (lineage, facts) = verdict.result.expect("a valid issue");
        drop(books);
        let held = Held::new(Note { output, head: at.head, number: 0 }, &lineage);
        let (facts, held) = (vec![facts], vec![held.expect("a short lineage")]);
        self.commit(&Changes { facts, held, ..Changes::default() }).expect("a durable note");
        token
    }
}

/// What somebody is from the first moment on.
pub(crate) fn founding(name: &str, key: &SecretKey) -> Founding {
    let recovery = RecoverySecret::from_seed(&seeded(name, "recovery"));
    let kem = KemSecret::from_seed(seeded(name, "kem")).public_key().clone();
    let descriptor = descriptor(key, recovery.public_key().digest(), kem.digest());
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

fn policy(issuer: DeviceId, units: u64) -> Policy {
    Policy {
        network: NETWORK,
        name: "Coupon".try_into().expect("a short name"),
        ticker: "CPN".try_into().expect("a short ticker"),
        decimals: 2,
        kind: Kind::Fungible,
        issuer,
        issuer_floor: Position::origin(&issuer),
        lots: 1,
        units_per_lot: units,
        cosigners: Cosigners::default(),
        allow_set: None,
        entry_limit: None,
        transferable: true,
        class_floor: FinalityClass::Exposed,
        supervision: Supervision::None {},
        burnable: true,
        metadata: None,
    }
}

/// How much of a token some people can spend together.
pub(crate) fn total<K: Home>(people: &[&Person<'_, K>], token: &TokenId) -> u64 {
    people.iter().map(|one| one.balance(token)).sum()
}
