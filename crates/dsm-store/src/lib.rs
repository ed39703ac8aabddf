//! Says what a store must do, tests any store, stores in memory and in one file.
//!
//! Implements `docs/store-format.md`. A [`Kv`] keeps rows; a [`Wallet`] keeps a device's books in
//! one; [`Books`] are what a session and the core read of them.
//!
//! Always true: a change is durable in whole or not at all, and memory follows it; what is known of a
//! place in a log is never replaced; two own entries never stand at one place; a spent id is known for ever.

mod books;
mod changes;
mod error;
mod file;
mod kv;
mod memory;
mod nodes;
mod overlay;
mod rows;
mod stage;
pub mod suite;
mod wallet;

pub use books::{Books, HistoryEntry};
pub use changes::{Changes, Contact, Founding, MAX_NAME};
pub use error::StoreError;
pub use file::{FileKv, FileSnapshot};
pub use kv::{Done, Each, Kv, MAX_KEY, Pair, Row, Snapshot, Table, Visit};
pub use memory::MemoryKv;
pub use overlay::{Overlay, Rows};
pub use wallet::{Wallet, at_rest};
