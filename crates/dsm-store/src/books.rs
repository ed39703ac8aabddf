//! A wallet's books at one moment: what the core and a session read. What is staged and not durable
//! yet is in them.
//!
//! A lookup that fails answers none and is remembered; whoever uses what was decided upon the books
//! asks [`Books::check`] first.

use std::sync::OnceLock;

use dsm_encoding::Decode;

use crate::StoreError;
use crate::kv::{Kv, Snapshot, Table};
use crate::rows::load;
use crate::wallet::{Now, Wallet};

mod data;
mod ledger;
mod mail;
mod reads;
mod receipt;
mod view;

pub use reads::HistoryEntry;

/// What a wallet knows at one moment.
pub struct Books<'a, K: Kv> {
    wallet: &'a Wallet<K>,
    snapshot: Now<'a, K>,
    failure: OnceLock<StoreError>,
}

impl<'a, K: Kv> Books<'a, K> {
    pub(crate) fn new(wallet: &'a Wallet<K>, snapshot: Now<'a, K>) -> Self {
        Self { wallet, snapshot, failure: OnceLock::new() }
    }

    /// Whether every lookup so far was answered.
    ///
    /// # Errors
    /// The first failure: whatever was decided upon these books counts for nothing.
    pub fn check(&self) -> Result<(), StoreError> {
        self.failure.get().map_or(Ok(()), |error| Err(error.clone()))
    }

    /// The value, or its default and a remembered failure.
    fn latch<T: Default>(&self, result: Result<T, StoreError>) -> T {
        result.unwrap_or_else(|error| {
            // Only the first failure is kept.
            let _ = self.failure.set(error);
            T::default()
        })
    }

    fn find<T: Decode>(&self, table: Table, key: &[u8]) -> Option<T> {
        self.latch(load(&self.snapshot, table, key))
    }

    fn has(&self, table: Table, key: &[u8]) -> bool {
        self.latch(self.snapshot.get(table, key).map(|value| value.is_some()))
    }

    /// Every row of a table that begins with some bytes.
    fn all<T>(
        &self,
        table: Table,
        prefix: &[u8],
        each: impl Fn(&[u8], &[u8]) -> Result<T, StoreError>,
    ) -> Vec<T> {
        let mut all = Vec::new();
        let result = self.snapshot.scan(table, prefix, &mut |key, value| {
            all.push(each(key, value)?);
            Ok(())
        });
        self.latch(result);
        all
    }
}

impl<K: Kv> core::fmt::Debug for Books<'_, K> {
    fn fmt(&self, to: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        to.debug_struct("Books").field("me", &self.wallet.me).finish_non_exhaustive()
    }
}
