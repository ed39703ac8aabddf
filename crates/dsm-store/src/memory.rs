//! A store in memory: for tests, and for devices that forget.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::StoreError;
use crate::kv::{Kv, Pair, Row, Snapshot, Table, Visit};

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// Rows in ordered maps. A clone is a copy of the disk.
#[derive(Clone, Debug, Default)]
pub struct MemoryKv(BTreeMap<Table, Rows>);

impl MemoryKv {
    /// The rows of a table from one bound of its keys to another.
    fn range<'a>(
        &'a self,
        table: Table,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
    ) -> impl DoubleEndedIterator<Item = (&'a Vec<u8>, &'a Vec<u8>)> {
        self.0.get(&table).map(|rows| rows.range::<[u8], _>((from, to))).into_iter().flatten()
    }
}

impl Kv for MemoryKv {
    type Snapshot<'a> = &'a Self;

    fn snapshot(&self) -> Result<&Self, StoreError> {
        Ok(self)
    }

    fn apply(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        for Row { table, key, value } in rows {
            let rows = self.0.entry(*table).or_default();
            match value {
                Some(value) => rows.insert(key.clone(), value.clone()),
                None => rows.remove(key),
            };
        }
        Ok(())
    }
}

impl Snapshot for &MemoryKv {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.get(&table).and_then(|rows| rows.get(key)).cloned())
    }

    fn at_or_after(&self, table: Table, key: &[u8]) -> Result<Option<Pair>, StoreError> {
        let mut rows = self.range(table, Bound::Included(key), Bound::Unbounded);
        Ok(rows.next().map(|(key, value)| (key.clone(), value.clone())))
    }

    fn at_or_before(&self, table: Table, key: &[u8]) -> Result<Option<Pair>, StoreError> {
        let mut rows = self.range(table, Bound::Unbounded, Bound::Included(key));
        Ok(rows.next_back().map(|(key, value)| (key.clone(), value.clone())))
    }

    fn walk(&self, table: Table, from: &[u8], visit: &mut Visit<'_>) -> Result<(), StoreError> {
        for (key, value) in self.range(table, Bound::Included(from), Bound::Unbounded) {
            if !visit(key, value)? {
                break;
            }
        }
        Ok(())
    }
}
