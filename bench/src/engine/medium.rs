//! A file under a store that counts how often it is synced, and what one raw sync costs beside it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use redb::StorageBackend;
use redb::backends::FileBackend;

use crate::timing::{Samples, wall};

/// How often something was synced.
#[derive(Clone, Debug, Default)]
pub(crate) struct Syncs(Arc<AtomicU64>);

impl Syncs {
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A file that counts its syncs.
#[derive(Debug)]
pub(crate) struct Medium {
    file: FileBackend,
    syncs: Syncs,
}

impl Medium {
    /// A new file.
    pub(crate) fn create(path: &Path, syncs: &Syncs) -> Self {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create_new(true).open(path).expect("a new file");
        Self { file: FileBackend::new(file).expect("a file of its own"), syncs: syncs.clone() }
    }
}

impl StorageBackend for Medium {
    fn len(&self) -> Result<u64, io::Error> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> Result<(), io::Error> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        self.syncs.0.fetch_add(1, Ordering::SeqCst);
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        self.file.write(offset, data)
    }

    fn close(&self) -> Result<(), io::Error> {
        self.file.close()
    }
}

/// The floor of everything durable: 4 KiB written over and synced.
#[derive(Debug)]
pub(crate) struct RawSync {
    file: File,
    turn: u64,
    samples: Samples,
}

impl RawSync {
    const PLACES: u64 = 256;
    const PAGE: usize = 4_096;

    /// A file of 1 MiB beside the stores.
    pub(crate) fn beside(folder: &Path) -> Self {
        let mut options = OpenOptions::new();
        let path = folder.join("raw");
        let file = options.read(true).write(true).create_new(true).open(path).expect("a new file");
        for place in 0..Self::PLACES {
            file.write_all_at(&[1; Self::PAGE], place * Self::PAGE as u64).expect("written");
        }
        file.sync_all().expect("synced");
        Self { file, turn: 0, samples: Samples::default() }
    }

    /// Measures one on the wall.
    pub(crate) fn once(&mut self) {
        self.turn += 1;
        let byte = u8::try_from(self.turn % 251).unwrap_or_default();
        let place = self.turn % Self::PLACES * Self::PAGE as u64;
        let clock = wall();
        self.file.write_all_at(&[byte; Self::PAGE], place).expect("written");
        self.file.sync_data().expect("synced");
        self.samples.push(clock.elapsed().as_secs_f64() * 1e6);
    }

    /// The median of all, in microseconds.
    pub(crate) fn median(&self) -> f64 {
        self.samples.median()
    }
}
