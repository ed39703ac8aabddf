//! A disk that outlives its wallet, can be copied, and can die at a chosen write.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dsm_crypto::{Digest, Domain, hash};
use dsm_encoding::Blob;
use dsm_store::{Kv, MemoryKv, Row, Snapshot, StoreError, Table};

/// The most bytes of a row.
const MOST: usize = 1 << 24;

/// When a process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Death {
    /// Not at all.
    Never,
    /// Before its n-th write is durable.
    Before(usize),
    /// After its n-th write is durable, before it says anything more.
    After(usize),
}

/// What is durable, and how long the process that writes it lives.
#[derive(Clone)]
pub(crate) struct Disk {
    kv: Arc<Mutex<MemoryKv>>,
    death: Death,
    pub(crate) delay: Duration,
    writes: Arc<AtomicUsize>,
    /// How often it can be read.
    pub(crate) reads: Arc<AtomicUsize>,
}

impl Disk {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self::over(MemoryKv::default())
    }

    fn over(kv: MemoryKv) -> Self {
        let writes = Arc::new(AtomicUsize::new(0));
        let reads = Arc::new(AtomicUsize::new(usize::MAX));
        let (kv, delay) = (Arc::new(Mutex::new(kv)), Duration::ZERO);
        Self { kv, death: Death::Never, delay, writes, reads }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, MemoryKv> {
        self.kv.lock().expect("nobody died while writing")
    }

    /// Another disk with the same content.
    pub(crate) fn copied(&self) -> Self {
        Self::over(self.lock().clone())
    }

    /// The same disk in a process that dies.
    pub(crate) fn dying(&self, death: Death) -> Self {
        let reads = Arc::new(AtomicUsize::new(usize::MAX));
        let (kv, delay) = (Arc::clone(&self.kv), Duration::ZERO);
        Self { kv, death, delay, writes: Arc::default(), reads }
    }

    /// How many writes this process made.
    pub(crate) fn writes(&self) -> usize {
        self.writes.load(Ordering::SeqCst)
    }

    /// A digest of everything on it but fork proofs, and what is remembered of whom was told what.
    pub(crate) fn books(&self) -> Digest {
        let kv = self.lock();
        let snapshot = &*kv;
        let mut books = Digest::ZERO;
        for table in Table::ALL {
            if matches!(table, Table::Forks | Table::News | Table::Newest | Table::Told) {
                continue;
            }
            let mut next = Vec::new();
            while let Some((mut key, value)) =
                (&snapshot).at_or_after(table, &next).expect("memory never fails")
            {
                let bytes = |bytes: Vec<u8>| Blob::<MOST>::try_from(bytes).expect("a small row");
                let row = (books, table.number(), bytes(key.clone()), bytes(value));
                books = hash(Domain::Seed, &row);
                key.push(0);
                next = key;
            }
        }
        books
    }
}

fn died() -> StoreError {
    std::io::Error::other("the process died").into()
}

impl Kv for Disk {
    type Snapshot<'a> = View;

    fn snapshot(&self) -> Result<View, StoreError> {
        if self.reads.fetch_sub(1, Ordering::SeqCst) == 0 {
            return Err(died());
        }
        Ok(View(self.lock().clone()))
    }

    fn apply(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        std::thread::sleep(self.delay);
        let write = self.writes.fetch_add(1, Ordering::SeqCst);
        if self.death == Death::Before(write) {
            return Err(died());
        }
        self.lock().apply(rows)?;
        if self.death == Death::After(write) { Err(died()) } else { Ok(()) }
    }
}

/// What was on a disk at one moment.
pub(crate) struct View(MemoryKv);

impl Snapshot for View {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        (&self.0).get(table, key)
    }

    fn at_or_after(
        &self,
        table: Table,
        key: &[u8],
    ) -> Result<Option<(Vec<u8>, Vec<u8>)>, StoreError> {
        (&self.0).at_or_after(table, key)
    }

    fn at_or_before(
        &self,
        table: Table,
        key: &[u8],
    ) -> Result<Option<(Vec<u8>, Vec<u8>)>, StoreError> {
        (&self.0).at_or_before(table, key)
    }
}
