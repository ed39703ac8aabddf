//! A store in memory: for tests, and for devices that forget.

use std::collections::BTreeMap;

use crate::StoreError;
use crate::kv::{Kv, Pair, Row, Snapshot, Table, whole_key};

/// Rows in an ordered map. A clone is a copy of the disk.
#[derive(Clone, Debug, Default)]
pub struct MemoryKv(BTreeMap<Vec<u8>, Vec<u8>>);

impl Kv for MemoryKv {
    type Snapshot<'a> = &'a Self;

    fn snapshot(&self) -> Result<&Self, StoreError> {
        Ok(self)
    }

    fn apply(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        for Row { table, key, value } in rows {
            let key = whole_key(*table, key);
            match value {
                Some(value) => self.0.insert(key, value.clone()),
                None => self.0.remove(&key),
            };
        }
        Ok(())
    }
}

impl Snapshot for &MemoryKv {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.get(&whole_key(table, key)).cloned())
    }

    fn at_or_after(&self, table: Table, key: &[u8]) -> Result<Option<Pair>, StoreError> {
        let range = whole_key(table, key)..vec![table.number().saturating_add(1)];
        Ok(self.0.range(range).next().map(pair))
    }

    fn at_or_before(&self, table: Table, key: &[u8]) -> Result<Option<Pair>, StoreError> {
        let range = vec![table.number()]..=whole_key(table, key);
        Ok(self.0.range(range).next_back().map(pair))
    }
}

fn pair((key, value): (&Vec<u8>, &Vec<u8>)) -> Pair {
    (key.iter().skip(1).copied().collect(), value.clone())
}
