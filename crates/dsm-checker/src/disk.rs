//! The disk of an honest device at one moment, and what can be seen on it.
//!
//! Always true: two disks with one fingerprint have the same rows, and the devices did the same to
//! get there. What a device did is written beside the rows for the properties alone; no step reads it.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use dsm_core::{TokenId, View};
use dsm_crypto::Digest;
use dsm_log::{DeviceId, SpendId};
use dsm_session::{Batch, Ledger};
use dsm_store::{MemoryKv, Snapshot, Table, Wallet};

/// 128 bits of a hash of canonical content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Print(u64, u64);

impl Print {
    /// Hashes whatever is fed to the hasher.
    pub fn of(feed: impl Fn(&mut DefaultHasher)) -> Self {
        let half = |salt: u8| {
            let mut hasher = DefaultHasher::new();
            salt.hash(&mut hasher);
            feed(&mut hasher);
            hasher.finish()
        };
        Self(half(0), half(1))
    }
}

/// An entry of somebody else that a device accepted for good.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Deed {
    /// Who wrote it.
    pub writer: DeviceId,
    /// Index of the entry.
    pub index: u64,
    /// Its head.
    pub head: Digest,
    /// What it consumes.
    pub spends: Vec<SpendId>,
    /// What it brought.
    pub amount: u64,
    /// Whether it rests on a device that was known to have forked.
    pub knew: bool,
}

/// What the properties want to know of a disk.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// What is held of each token, frozen notes too.
    pub held: BTreeMap<TokenId, u64>,
    /// Which devices are known to have forked.
    pub forks: Vec<DeviceId>,
    /// Whether the device found out that its books are an old copy.
    pub old_copy: bool,
    /// Every own entry with value: to whom, its index, what left with it.
    pub paid: Vec<(DeviceId, u64, u64)>,
    /// Every own entry to somebody: to whom, and its index.
    pub addressed: Vec<(DeviceId, u64)>,
    /// Of each peer, the index of its last entry that was accepted.
    pub accepted: BTreeMap<DeviceId, u64>,
    /// Of each peer, the index of the last own entry that it acknowledged.
    pub acknowledged: BTreeMap<DeviceId, u64>,
    /// Of each peer, the last known head.
    pub latest: BTreeMap<DeviceId, Digest>,
}

#[derive(Debug)]
struct Inner {
    print: Print,
    kv: MemoryKv,
    deeds: Vec<Deed>,
    summary: Summary,
}

/// A disk. A clone is the same disk.
#[derive(Clone, Debug)]
pub struct Disk(Arc<Inner>);

impl PartialEq for Disk {
    fn eq(&self, other: &Self) -> bool {
        self.0.print == other.0.print
    }
}
impl Eq for Disk {}
impl Hash for Disk {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.print.hash(hasher);
    }
}

impl Disk {
    /// The disk with these rows, of a device that did this.
    ///
    /// # Panics
    /// If the rows are damaged.
    #[must_use]
    pub fn new(kv: MemoryKv, deeds: Vec<Deed>) -> Self {
        let print = Print::of(|hasher| {
            for table in Table::ALL {
                let each = &mut |key: &[u8], value: &[u8]| {
                    (table.number(), key, value).hash(hasher);
                    Ok(())
                };
                (&kv).scan(table, &[], each).expect("memory answers");
            }
            deeds.hash(hasher);
        });
        let wallet = Wallet::open(kv).expect("a sound wallet");
        let summary = summary(&wallet);
        Self(Arc::new(Inner { print, kv: wallet.into_kv(), deeds, summary }))
    }

    /// Names the content.
    #[must_use]
    pub fn print(&self) -> Print {
        self.0.print
    }

    /// The rows.
    #[must_use]
    pub fn rows(&self) -> &MemoryKv {
        &self.0.kv
    }

    /// What the device accepted, in that order.
    #[must_use]
    pub fn deeds(&self) -> &[Deed] {
        &self.0.deeds
    }

    /// What can be seen on it.
    #[must_use]
    pub fn summary(&self) -> &Summary {
        &self.0.summary
    }
}

fn summary(wallet: &Wallet<MemoryKv>) -> Summary {
    let books = wallet.books().expect("the books");
    let mut summary = Summary { old_copy: books.is_old_copy(), ..Summary::default() };
    for (held, _) in books.all_held() {
        let output = held.note.output;
        *summary.held.entry(output.token).or_default() += output.amount;
    }
    summary.forks = books.fork_proofs().iter().map(dsm_log::ForkProof::device).collect();
    for past in books.history(None).iter().filter(|past| past.own) {
        let Some(peer) = past.peer else { continue };
        summary.addressed.push((peer, past.at.index));
        let outputs = past.entry.value.as_ref().map_or(&[][..], dsm_core::Value::outputs);
        let to_peer =
            outputs.iter().filter(|one| one.lock.device().is_some_and(|(id, _)| *id == peer));
        let amount: u64 = to_peer.map(|output| output.amount).sum();
        if amount > 0 {
            summary.paid.push((peer, past.at.index, amount));
        }
    }
    for contact in books.contacts() {
        let peer = contact.card.descriptor.id();
        if let Some(at) = books.accepted(&peer) {
            summary.accepted.insert(peer, at.index);
        }
        if let Some(index) = books.peer(&peer).and_then(|peer| peer.stitch) {
            summary.acknowledged.insert(peer, index);
        }
        if let Some(at) = books.latest(&peer) {
            summary.latest.insert(peer, at.head);
        }
    }
    books.check().expect("sound books");
    summary
}

/// What a batch does to a device, for the properties.
pub(crate) fn deeds_of<L: Ledger>(books: &L, batch: &Batch) -> Vec<Deed> {
    let deed = |accepted: &dsm_core::Accepted| {
        let writer = accepted.writer();
        let forked = |device: &DeviceId| books.is_forked(device);
        Deed {
            writer,
            index: accepted.at().index,
            head: accepted.at().head,
            spends: accepted.entry().spends.to_vec(),
            amount: accepted.notes().iter().map(|note| note.output.amount).sum(),
            knew: forked(&writer) || accepted.lineage().uncertified.iter().any(forked),
        }
    };
    batch.accepted.iter().map(deed).collect()
}
