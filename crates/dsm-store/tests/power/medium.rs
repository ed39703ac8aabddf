//! A medium that loses its power at any operation, and of what was not synced any part.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use dsm_crypto::{Domain, hash};
use redb::StorageBackend;

const SECTOR: usize = 512;

/// A change that is not synced yet.
#[derive(Clone, Debug)]
enum Change {
    Length(usize),
    Bytes(usize, Vec<u8>),
}

/// What a disk holds, for sure and perhaps.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    synced: Vec<u8>,
    now: Vec<u8>,
    changes: Vec<Change>,
    /// How many operations there will be power for.
    pub(crate) left: u64,
    /// How many a store's writer made beside everything else.
    pub(crate) beside: u64,
}

impl Change {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Self::Length(length) => to.resize(*length, 0),
            Self::Bytes(at, bytes) => {
                let end = at + bytes.len();
                to.resize(to.len().max(end), 0);
                to[*at..end].copy_from_slice(bytes);
            }
        }
    }

    /// The parts of it that reach the disk one by one.
    fn sectors(&self) -> Vec<Self> {
        match self {
            Self::Length(_) => vec![self.clone()],
            Self::Bytes(at, bytes) => {
                let parts = bytes.chunks(SECTOR).enumerate();
                parts.map(|(n, part)| Self::Bytes(at + n * SECTOR, part.to_vec())).collect()
            }
        }
    }
}

impl Disk {
    /// What is there after the power came back: of what was not synced, each sector or not.
    pub(crate) fn after_cut(&self, luck: u64) -> Self {
        let mut synced = self.synced.clone();
        let sectors = self.changes.iter().flat_map(Change::sectors);
        for (number, change) in (0_u64..).zip(sectors) {
            let reached = match luck {
                0 => false,
                1 => true,
                _ => hash(Domain::Seed, &(luck, number)).as_bytes()[0] & 1 == 0,
            };
            if reached {
                change.apply(&mut synced);
            }
        }
        Self { now: synced.clone(), synced, left: u64::MAX, ..Self::default() }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Medium(Arc<Mutex<Disk>>);

impl Medium {
    /// A disk that has power for so many operations.
    pub(crate) fn new(disk: Disk, left: u64) -> Self {
        Self(Arc::new(Mutex::new(Disk { left, ..disk })))
    }

    pub(crate) fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().expect("nobody panics with it")
    }

    fn powered(&self) -> Result<MutexGuard<'_, Disk>, io::Error> {
        let mut disk = self.disk();
        disk.left = disk.left.checked_sub(1).ok_or_else(|| io::Error::other("no power"))?;
        disk.beside += u64::from(std::thread::current().name() == Some("store"));
        Ok(disk)
    }

    fn change(&self, change: Change) -> Result<(), io::Error> {
        let mut disk = self.powered()?;
        change.apply(&mut disk.now);
        disk.changes.push(change);
        Ok(())
    }
}

fn size(number: u64) -> usize {
    usize::try_from(number).expect("a small disk")
}

impl StorageBackend for Medium {
    fn len(&self) -> Result<u64, io::Error> {
        Ok(self.disk().now.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        let (disk, at) = (self.disk(), size(offset));
        let bytes = disk.now.get(at..at + out.len());
        out.copy_from_slice(bytes.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?);
        Ok(())
    }

    fn set_len(&self, length: u64) -> Result<(), io::Error> {
        self.change(Change::Length(size(length)))
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        let mut disk = self.powered()?;
        disk.synced = disk.now.clone();
        disk.changes.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        self.change(Change::Bytes(size(offset), data.to_vec()))
    }
}
