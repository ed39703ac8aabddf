//! A store in one file (`docs/store-format.md`, file).
//!
//! All rows are in one table of a redb database, under the number of their own table and their key. A
//! commit is in two phases, so that nobody can prepare bytes that a crash would turn into rows.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use redb::backends::FileBackend;
use redb::{
    Builder, Database, Durability, ReadOnlyTable, ReadableDatabase, StorageBackend,
    TableDefinition, TableError,
};

use crate::StoreError;
use crate::kv::{Done, Kv, Pair, Row, Snapshot, Table, Visit, whole_key};
use crate::overlay::Rows;

/// The most bytes of the file that are kept in memory.
const CACHE: usize = 16 << 20;

const ROWS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("rows");

/// A file that one process at a time has open.
#[derive(Debug)]
pub struct FileKv {
    database: Arc<Database>,
    /// Writes what was begun, from the first time on.
    writer: Option<Writer>,
}

impl FileKv {
    /// Makes a file that only its owner may read.
    ///
    /// # Errors
    /// There is a file already, or none can be made.
    pub fn create(path: &Path) -> Result<Self, StoreError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path)?;
        // Whatever the umask took away from its owner.
        #[cfg(unix)]
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        let store = Self::on(FileBackend::new(file).map_err(failed)?)?;
        // The name in the directory must last as long as what is in the file.
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            std::fs::File::open(parent)?.sync_all()?;
        }
        Ok(store)
    }

    /// A store on a medium that does what a file does; what is there is opened, and made if there is
    /// nothing.
    ///
    /// # Errors
    /// The medium fails, or what is there is no store.
    pub fn on(medium: impl StorageBackend) -> Result<Self, StoreError> {
        builder().create_with_backend(medium).map(Self::new).map_err(failed)
    }

    /// Opens a file.
    ///
    /// # Errors
    /// There is none, another process has it open, or it is no store.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        builder().open(path).map(Self::new).map_err(failed)
    }

    fn new(database: Database) -> Self {
        Self { database: Arc::new(database), writer: None }
    }
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE);
    builder
}

fn failed(error: impl Into<redb::Error>) -> StoreError {
    StoreError::from(error.into())
}

impl Kv for FileKv {
    type Snapshot<'a> = FileSnapshot;

    fn snapshot(&self) -> Result<FileSnapshot, StoreError> {
        match self.database.begin_read().map_err(failed)?.open_table(ROWS) {
            Ok(table) => Ok(FileSnapshot(Some(table))),
            Err(TableError::TableDoesNotExist(_)) => Ok(FileSnapshot(None)),
            Err(error) => Err(failed(error)),
        }
    }

    fn apply(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        let rows = rows.iter().map(|row| (row.table, &*row.key, row.value.as_deref()));
        write(&self.database, rows)
    }

    fn begin(&mut self, rows: Arc<Rows>, done: Done) {
        if self.writer.is_none() {
            self.writer = Writer::start(Arc::clone(&self.database)).ok();
        }
        let to = self.writer.as_ref().and_then(|writer| writer.to.as_ref());
        let begun = (rows, done);
        // Without a thread for it, it is done here.
        let here = match to {
            Some(to) => to.send(begun).err().map(|unsent| unsent.0),
            None => Some(begun),
        };
        if let Some((rows, done)) = here {
            done(write(&self.database, rows.iter()));
        }
    }
}

/// Makes changes in two phases, all or none, and returns when they are durable.
fn write<'r>(
    database: &Database,
    rows: impl Iterator<Item = (Table, &'r [u8], Option<&'r [u8]>)>,
) -> Result<(), StoreError> {
    let mut write = database.begin_write().map_err(failed)?;
    write.set_durability(Durability::Immediate).map_err(failed)?;
    write.set_two_phase_commit(true);
    {
        let mut table = write.open_table(ROWS).map_err(failed)?;
        for (of, key, value) in rows {
            let key = whole_key(of, key);
            match value {
                Some(value) => table.insert(&*key, value).map_err(failed)?,
                None => table.remove(&*key).map_err(failed)?,
            };
        }
    }
    write.commit().map_err(failed)
}

type Begun = (Arc<Rows>, Done);

/// A thread that writes. When it is dropped all that was begun is done, and the thread has ended.
#[derive(Debug)]
struct Writer {
    to: Option<Sender<Begun>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    fn start(database: Arc<Database>) -> Result<Self, std::io::Error> {
        let (to, begun) = channel::<Begun>();
        let thread = std::thread::Builder::new().name("store".into()).spawn(move || {
            for (rows, done) in begun {
                done(write(&database, rows.iter()));
            }
        })?;
        Ok(Self { to: Some(to), thread: Some(thread) })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.to = None;
        // If it panicked nobody was told that anything is durable.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// What is in a file at one moment.
#[derive(Debug)]
pub struct FileSnapshot(Option<ReadOnlyTable<&'static [u8], &'static [u8]>>);

impl Snapshot for FileSnapshot {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(rows) = &self.0 else { return Ok(None) };
        let value = rows.get(&*whole_key(table, key)).map_err(failed)?;
        Ok(value.map(|value| value.value().to_vec()))
    }

    fn at_or_after(&self, table: Table, key: &[u8]) -> Result<Option<Pair>, StoreError> {
        let Some(rows) = &self.0 else { return Ok(None) };
        let (from, to) = (whole_key(table, key), [table.number().saturating_add(1)]);
        let mut range = rows.range::<&[u8]>(&*from..&to).map_err(failed)?;
        range.next().transpose().map_err(failed).map(|row| row.map(pair))
    }

    fn at_or_before(&self, table: Table, key: &[u8]) -> Result<Option<Pair>, StoreError> {
        let Some(rows) = &self.0 else { return Ok(None) };
        let (from, to) = ([table.number()], whole_key(table, key));
        let mut range = rows.range::<&[u8]>(&from[..]..=&*to).map_err(failed)?;
        range.next_back().transpose().map_err(failed).map(|row| row.map(pair))
    }

    fn walk(&self, table: Table, from: &[u8], visit: &mut Visit<'_>) -> Result<(), StoreError> {
        let Some(rows) = &self.0 else { return Ok(()) };
        let (from, to) = (whole_key(table, from), [table.number().saturating_add(1)]);
        for row in rows.range::<&[u8]>(&*from..&to).map_err(failed)? {
            let (key, value) = row.map_err(failed)?;
            if !visit(key.value().get(1..).unwrap_or_default(), value.value())? {
                break;
            }
        }
        Ok(())
    }
}

type Guard = redb::AccessGuard<'static, &'static [u8]>;

fn pair((key, value): (Guard, Guard)) -> Pair {
    (key.value().iter().skip(1).copied().collect(), value.value().to_vec())
}
