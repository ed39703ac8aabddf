//! Where a test's wallets lie: each kind of store, opened once or anew after every change.

use dsm_store::{FileKv, Kv, MemoryKv};

/// Makes stores and closes and opens them.
pub(crate) trait Home {
    /// The kind of store.
    type Kv: Kv;

    /// An empty store.
    fn make(&self, name: &str) -> Self::Kv;

    /// Whether a wallet is closed and opened after every change.
    fn reopens(&self) -> bool;

    /// The same store, closed and opened.
    fn reopen(&self, name: &str, kv: Self::Kv) -> Self::Kv;

    /// Forgets all stores; none is open.
    fn clear(&self);

    /// A copy of the store, as a cheat makes one, under another name.
    fn copy(&self, name: &str, kv: Self::Kv, copy: &str) -> (Self::Kv, Self::Kv);
}

/// Stores in memory.
pub(crate) struct Memory;

impl Home for Memory {
    type Kv = MemoryKv;

    fn make(&self, _name: &str) -> MemoryKv {
        MemoryKv::default()
    }

    fn reopens(&self) -> bool {
        false
    }

    fn reopen(&self, _name: &str, kv: MemoryKv) -> MemoryKv {
        kv
    }

    fn clear(&self) {}

    fn copy(&self, _name: &str, kv: MemoryKv, _copy: &str) -> (MemoryKv, MemoryKv) {
        (kv.clone(), kv)
    }
}

/// Files in a directory that goes away with the test.
pub(crate) struct Files {
    directory: tempfile::TempDir,
    reopens: bool,
}

impl Files {
    pub(crate) fn new(reopens: bool) -> Self {
        Self { directory: tempfile::tempdir().expect("a directory"), reopens }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }
}

impl Home for Files {
    type Kv = FileKv;

    fn make(&self, name: &str) -> FileKv {
        FileKv::create(&self.path(name)).expect("a new file")
    }

    fn reopens(&self) -> bool {
        self.reopens
    }

    fn reopen(&self, name: &str, kv: FileKv) -> FileKv {
        drop(kv);
        FileKv::open(&self.path(name)).expect("the file")
    }

    fn clear(&self) {
        for file in std::fs::read_dir(self.directory.path()).expect("the directory") {
            std::fs::remove_file(file.expect("a file").path()).expect("a file to remove");
        }
    }

    fn copy(&self, name: &str, kv: FileKv, copy: &str) -> (FileKv, FileKv) {
        drop(kv);
        std::fs::copy(self.path(name), self.path(copy)).expect("a copy");
        let open = |name| FileKv::open(&self.path(name)).expect("the file");
        (open(name), open(copy))
    }
}
