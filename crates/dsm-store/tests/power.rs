//! A store whose medium loses its power at any operation holds what was acknowledged, whole.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use dsm_crypto::{Domain, hash};
use dsm_store::{FileKv, Kv, Row, Snapshot, StoreError, Table};
use redb::StorageBackend;

const SECTOR: usize = 512;
const BATCHES: u64 = 6;

/// A change that is not synced yet.
#[derive(Clone, Debug)]
enum Change {
    Length(usize),
    Bytes(usize, Vec<u8>),
}

/// What a disk holds, for sure and perhaps.
#[derive(Clone, Debug, Default)]
struct Disk {
    synced: Vec<u8>,
    now: Vec<u8>,
    changes: Vec<Change>,
    /// How many operations there will be power for.
    left: u64,
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
    fn after_cut(&self, luck: u64) -> Self {
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
        Self { now: synced.clone(), synced, changes: Vec::new(), left: u64::MAX }
    }
}

#[derive(Clone, Debug)]
struct Medium(Arc<Mutex<Disk>>);

impl Medium {
    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().expect("nobody panics with it")
    }

    fn powered(&self) -> Result<MutexGuard<'_, Disk>, io::Error> {
        let mut disk = self.disk();
        disk.left = disk.left.checked_sub(1).ok_or_else(|| io::Error::other("no power"))?;
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

/// A change of many rows, large and small, new and old, that all say its number.
fn batch(number: u64) -> Vec<Row> {
    let value = number.to_be_bytes().to_vec();
    let mut rows: Vec<Row> = Table::ALL
        .into_iter()
        .map(|table| Row { table, key: vec![1], value: Some(value.clone()) })
        .collect();
    let own = |number: u64, value| Row { table: Table::Records, key: vec![2, number as u8], value };
    rows.push(own(number, Some(value.repeat(700))));
    rows.push(own(number.saturating_sub(1), None));
    rows
}

/// The number of the batch of which everything is there and nothing of any other.
fn whole(kv: &FileKv) -> Result<u64, StoreError> {
    let snapshot = kv.snapshot()?;
    let value = snapshot.get(Table::Single, &[1])?.expect("a batch");
    for table in Table::ALL {
        assert_eq!(snapshot.get(table, &[1])?, Some(value.clone()), "half a batch");
    }
    let number = u64::from_be_bytes(value.as_slice().try_into().expect("a number"));
    let mut large = Vec::new();
    snapshot.scan(Table::Records, &[2], &mut |key, value| {
        large.push((key.to_vec(), value.to_vec()));
        Ok(())
    })?;
    assert_eq!(large, [(vec![2, number as u8], value.repeat(700))], "half a batch");
    Ok(number)
}

#[test]
fn a_cut_of_power_at_any_operation_leaves_whole_changes() {
    let medium = Medium(Arc::new(Mutex::new(Disk { left: u64::MAX, ..Disk::default() })));
    let mut kv = FileKv::on(medium.clone()).expect("a store");
    kv.apply(&batch(1)).expect("a first batch");
    drop(kv);
    let begun = medium.disk().after_cut(1);
    for cut in 0.. {
        let medium = Medium(Arc::new(Mutex::new(Disk { left: cut, ..begun.clone() })));
        let mut acknowledged = 1;
        if let Ok(mut kv) = FileKv::on(medium.clone()) {
            let done = |number: &u64| kv.apply(&batch(*number)).is_ok();
            acknowledged = (2..=BATCHES).take_while(done).last().unwrap_or(1);
        }
        for luck in 0..5 {
            let disk = medium.disk().after_cut(luck);
            let kv = FileKv::on(Medium(Arc::new(Mutex::new(disk)))).expect("a store");
            let found = whole(&kv).expect("sound rows");
            let next = acknowledged..=acknowledged + 1;
            assert!(next.contains(&found), "cut {cut}, luck {luck}: {found}, not {acknowledged}");
        }
        if acknowledged == BATCHES && medium.disk().left > 0 {
            assert!(cut > 20, "the cut came nowhere");
            return;
        }
    }
}
