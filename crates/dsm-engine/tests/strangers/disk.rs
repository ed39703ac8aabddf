//! A disk that outlives its wallet, can be copied, and can die at a chosen write.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use dsm_crypto::{Digest, Domain, hash};
use dsm_encoding::Blob;
use dsm_store::{
    Done, FileKv, FileSnapshot, Kv, MemoryKv, Row, Rows, Snapshot, StoreError, Table, Visit,
};

use crate::medium::Medium;

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
    /// While its chip absorbs: before the n-th head, or after it and before the evidence is durable.
    Absorbing(usize),
}

/// Where it is durable.
enum Kept {
    Memory(Arc<MemoryKv>),
    File(FileKv),
}

/// What is durable, and how long the process that writes it lives.
#[derive(Clone)]
pub(crate) struct Disk {
    kv: Arc<Mutex<Kept>>,
    death: Death,
    pub(crate) delay: Duration,
    writes: Arc<AtomicUsize>,
    /// How often it can be read.
    pub(crate) reads: Arc<AtomicUsize>,
    pub(crate) gate: Gate,
}

/// Where writes wait that were begun.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<(bool, usize)>, Condvar)>);

impl Gate {
    /// From now on they wait, or no more.
    pub(crate) fn shut(&self, shut: bool) {
        self.0.0.lock().expect("sound").0 = shut;
        self.0.1.notify_all();
    }

    fn pass(&self) {
        let mut state = self.0.0.lock().expect("sound");
        state.1 += 1;
        self.0.1.notify_all();
        drop(self.0.1.wait_while(state, |(shut, _)| *shut).expect("sound"));
    }

    /// Returns when so many came to it.
    pub(crate) fn wait_for(&self, count: usize) {
        let state = self.0.0.lock().expect("sound");
        drop(self.0.1.wait_while(state, |(_, came)| *came < count).expect("sound"));
    }
}

impl Disk {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self::over(Kept::Memory(Arc::default()))
    }

    /// The store on a medium.
    pub(crate) fn on(medium: Medium) -> Result<Self, StoreError> {
        Ok(Self::over(Kept::File(FileKv::on(medium)?)))
    }

    fn over(kv: Kept) -> Self {
        let writes = Arc::new(AtomicUsize::new(0));
        let reads = Arc::new(AtomicUsize::new(usize::MAX));
        let (kv, delay) = (Arc::new(Mutex::new(kv)), Duration::ZERO);
        Self { kv, death: Death::Never, delay, writes, reads, gate: Gate::default() }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kv.lock().expect("nobody died while writing")
    }

    fn view(&self) -> Result<View, StoreError> {
        Ok(match &*self.lock() {
            Kept::Memory(kv) => View::Memory(Arc::clone(kv)),
            Kept::File(kv) => View::File(kv.snapshot()?),
        })
    }

    /// Everything on it.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let view = self.view().expect("power");
        let mut rows = Vec::new();
        for table in Table::ALL {
            let mut each = |key: &[u8], value: &[u8]| {
                rows.push(Row { table, key: key.to_vec(), value: Some(value.to_vec()) });
                Ok(())
            };
            view.scan(table, &[], &mut each).expect("power");
        }
        rows
    }

    /// Another disk with the same content, in memory.
    pub(crate) fn copied(&self) -> Self {
        if let Kept::Memory(kv) = &*self.lock() {
            return Self::over(Kept::Memory(Arc::clone(kv)));
        }
        let mut kv = MemoryKv::default();
        kv.apply(&self.rows()).expect("memory never fails");
        Self::over(Kept::Memory(Arc::new(kv)))
    }

    /// The same disk in a process that dies.
    pub(crate) fn dying(&self, death: Death) -> Self {
        let reads = Arc::new(AtomicUsize::new(usize::MAX));
        let (kv, delay) = (Arc::clone(&self.kv), Duration::ZERO);
        Self { kv, death, delay, writes: Arc::default(), reads, gate: Gate::default() }
    }

    /// When its process dies.
    pub(crate) fn death(&self) -> Death {
        self.death
    }

    /// How many writes this process made.
    pub(crate) fn writes(&self) -> usize {
        self.writes.load(Ordering::SeqCst)
    }

    /// A digest of everything on it but fork proofs, and what is remembered of whom was told what.
    pub(crate) fn books(&self) -> Digest {
        let hint =
            |table| matches!(table, Table::Forks | Table::News | Table::Newest | Table::Told);
        digest(self.rows().into_iter().filter(|row| !hint(row.table)))
    }

    /// A digest of everything on it.
    pub(crate) fn everything(&self) -> Digest {
        digest(self.rows().into_iter())
    }
}

fn digest(rows: impl Iterator<Item = Row>) -> Digest {
    let bytes = |bytes: Vec<u8>| Blob::<MOST>::try_from(bytes).expect("a small row");
    rows.fold(Digest::ZERO, |sum, Row { table, key, value }| {
        let row = (sum, table.number(), bytes(key), bytes(value.unwrap_or_default()));
        hash(Domain::Seed, &row)
    })
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
        self.view()
    }

    fn apply(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        std::thread::sleep(self.delay);
        let write = self.writes.fetch_add(1, Ordering::SeqCst);
        if self.death == Death::Before(write) {
            return Err(died());
        }
        match &mut *self.lock() {
            Kept::Memory(kv) => Arc::make_mut(kv).apply(rows)?,
            Kept::File(kv) => kv.apply(rows)?,
        }
        if self.death == Death::After(write) { Err(died()) } else { Ok(()) }
    }

    fn begin(&mut self, rows: Arc<Rows>, done: Done) {
        let mut disk = self.clone();
        std::thread::spawn(move || {
            disk.gate.pass();
            done(disk.apply(&rows.list()));
        });
    }
}

/// What was on a disk at one moment.
pub(crate) enum View {
    Memory(Arc<MemoryKv>),
    File(FileSnapshot),
}

impl Snapshot for View {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self {
            Self::Memory(kv) => (&**kv).get(table, key),
            Self::File(file) => file.get(table, key),
        }
    }

    fn at_or_after(
        &self,
        table: Table,
        key: &[u8],
    ) -> Result<Option<(Vec<u8>, Vec<u8>)>, StoreError> {
        match self {
            Self::Memory(kv) => (&**kv).at_or_after(table, key),
            Self::File(file) => file.at_or_after(table, key),
        }
    }

    fn at_or_before(
        &self,
        table: Table,
        key: &[u8],
    ) -> Result<Option<(Vec<u8>, Vec<u8>)>, StoreError> {
        match self {
            Self::Memory(kv) => (&**kv).at_or_before(table, key),
            Self::File(file) => file.at_or_before(table, key),
        }
    }

    fn walk(&self, table: Table, from: &[u8], visit: &mut Visit<'_>) -> Result<(), StoreError> {
        match self {
            Self::Memory(kv) => (&**kv).walk(table, from, visit),
            Self::File(file) => file.walk(table, from, visit),
        }
    }
}
