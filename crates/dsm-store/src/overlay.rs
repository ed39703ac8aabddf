//! Changes that are worked out and not durable yet, and a store as it would be with them
//! (`docs/store-format.md`, the wallet).
//!
//! An [`Overlay`] reads as the store will once its rows are applied (checked by
//! `tests/overlay.rs`), so many changes can rest on each other and become durable at once.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::StoreError;
use crate::kv::{MAX_KEY, Pair, Row, Snapshot, Table, Visit};

/// What is to be under some keys: a value, or none for nothing.
#[derive(Clone, Debug, Default)]
pub struct Rows(BTreeMap<Table, BTreeMap<Vec<u8>, Option<Vec<u8>>>>);

impl Rows {
    /// Nothing is said.
    pub const NONE: Self = Self(BTreeMap::new());

    /// Says what is to be under a key, in place of what was said before.
    pub fn set(&mut self, table: Table, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.0.entry(table).or_default().insert(key, value);
    }

    /// Says what others say, in place of what was said before.
    pub fn extend(&mut self, later: Self) {
        for (table, rows) in later.0 {
            self.0.entry(table).or_default().extend(rows);
        }
    }

    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is said of each key.
    pub fn iter(&self) -> impl Iterator<Item = (Table, &[u8], Option<&[u8]>)> {
        self.0.iter().flat_map(|(table, rows)| {
            rows.iter().map(|(key, value)| (*table, key.as_slice(), value.as_deref()))
        })
    }

    /// The same for [`crate::Kv::apply`].
    #[must_use]
    pub fn into_list(self) -> Vec<Row> {
        let row = |table, (key, value)| Row { table, key, value };
        let rows =
            |(table, rows): (_, BTreeMap<_, _>)| rows.into_iter().map(move |one| row(table, one));
        self.0.into_iter().flat_map(rows).collect()
    }

    /// A copy of that.
    #[must_use]
    pub fn list(&self) -> Vec<Row> {
        let row = |(table, key, value): (Table, &[u8], Option<&[u8]>)| Row {
            table,
            key: key.to_vec(),
            value: value.map(<[u8]>::to_vec),
        };
        self.iter().map(row).collect()
    }

    pub(crate) fn get(&self, table: Table, key: &[u8]) -> Option<&Option<Vec<u8>>> {
        self.0.get(&table)?.get(key)
    }

    fn range<'r>(
        &'r self,
        table: Table,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
    ) -> impl DoubleEndedIterator<Item = (&'r Vec<u8>, &'r Option<Vec<u8>>)> + use<'r> {
        self.0.get(&table).map(|rows| rows.range::<[u8], _>((from, to))).into_iter().flatten()
    }
}

/// A store as it would be with some rows.
#[derive(Debug)]
pub struct Overlay<'r, S> {
    base: S,
    rows: &'r Rows,
}

impl<'r, S: Snapshot> Overlay<'r, S> {
    /// The store at one moment, with some rows.
    pub fn new(base: S, rows: &'r Rows) -> Self {
        Self { base, rows }
    }
}

impl<S: Snapshot> Snapshot for Overlay<'_, S> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.rows.get(table, key) {
            Some(staged) => Ok(staged.clone()),
            None => self.base.get(table, key),
        }
    }

    fn at_or_after(&self, table: Table, key: &[u8]) -> Result<Option<Pair>, StoreError> {
        let mut below = self.base.at_or_after(table, key)?;
        for (key, value) in self.rows.range(table, Bound::Included(key), Bound::Unbounded) {
            if below.as_ref().is_some_and(|(base, _)| base < key) {
                break;
            }
            if let Some(value) = value {
                return Ok(Some((key.clone(), value.clone())));
            }
            // Taken away: what follows it below comes next.
            if below.as_ref().is_some_and(|(base, _)| base == key) {
                below = self.base.at_or_after(table, &[key, &[0][..]].concat())?;
            }
        }
        Ok(below)
    }

    fn at_or_before(&self, table: Table, key: &[u8]) -> Result<Option<Pair>, StoreError> {
        let range = self.rows.range(table, Bound::Unbounded, Bound::Included(key));
        let value = |(key, value): (&Vec<u8>, &Option<Vec<u8>>)| {
            value.as_ref().map(|value| (key.clone(), value.clone()))
        };
        let above = range.rev().find_map(value);
        let mut below = self.base.at_or_before(table, key)?;
        // Taken away: what is before it below comes next.
        while let Some((taken, _)) = &below
            && let Some(None) = self.rows.get(table, taken)
        {
            below = match before(taken) {
                Some(last) => self.base.at_or_before(table, &last)?,
                None => None,
            };
        }
        Ok(match (below, above) {
            (Some(below), Some(above)) if above.0 < below.0 => Some(below),
            (below, above) => above.or(below),
        })
    }

    fn walk(&self, table: Table, from: &[u8], visit: &mut Visit<'_>) -> Result<(), StoreError> {
        let staged = self.rows.range(table, Bound::Included(from), Bound::Unbounded);
        let (mut staged, mut goes) = (staged.peekable(), true);
        self.base.walk(table, from, &mut |key, value| {
            while goes
                && let Some((first, value)) = staged.next_if(|(first, _)| first.as_slice() < key)
            {
                goes = value.as_ref().map_or(Ok(true), |value| visit(first, value))?;
            }
            if goes {
                goes = match staged.next_if(|(first, _)| first.as_slice() == key) {
                    Some((key, value)) => {
                        value.as_ref().map_or(Ok(true), |value| visit(key, value))?
                    }
                    None => visit(key, value)?,
                };
            }
            Ok(goes)
        })?;
        while goes && let Some((key, value)) = staged.next() {
            goes = value.as_ref().map_or(Ok(true), |value| visit(key, value))?;
        }
        Ok(())
    }
}

/// The last key before a key, of all that are not longer than keys may be.
fn before(key: &[u8]) -> Option<Vec<u8>> {
    let (last, rest) = key.split_last()?;
    let mut before = rest.to_vec();
    if let Some(less) = last.checked_sub(1) {
        before.push(less);
        before.resize(MAX_KEY, 0xff);
    }
    Some(before)
}
