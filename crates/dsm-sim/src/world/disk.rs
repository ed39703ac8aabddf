//! A disk in memory that can die with its process: what was not durable is lost, and what was may
//! have become so without a word.
//!
//! A store's contract is that a change is durable in whole or not at all (`dsm-store/tests/power`
//! shows it of the store in a file, sector by sector). Within it a disk may do anything: a change is
//! lost, or it is late: durable although the writer was told that it failed.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use dsm_store::{Kv, MemoryKv, Overlay, Row, Rows, StoreError};

/// What becomes of the change during which the process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Nothing of it is durable.
    Lost,
    /// All of it is.
    Late,
    /// Half of it is: a broken disk, which no store may be. Planted only.
    Torn,
}

/// Rows over a start that many worlds share.
#[derive(Debug)]
pub(crate) struct Disk {
    start: Arc<MemoryKv>,
    rows: Rows,
    /// What becomes of a change, if the process dies during it.
    fate: Doom,
}

/// During which change the process dies, counted from the next one, and what becomes of that.
pub(crate) type Doom = Rc<Cell<Option<(usize, Fate)>>>;

impl Disk {
    /// As it is at first, and where its fate is told.
    pub(crate) fn new(start: &Arc<MemoryKv>) -> (Self, Doom) {
        Self { start: Arc::clone(start), rows: Rows::default(), fate: Rc::default() }.copied()
    }

    /// A copy with a fate of its own.
    pub(crate) fn copied(&self) -> (Self, Doom) {
        let fate = Doom::default();
        let (start, rows) = (Arc::clone(&self.start), self.rows.clone());
        (Self { start, rows, fate: Rc::clone(&fate) }, fate)
    }
}

impl Kv for Disk {
    type Snapshot<'a> = Overlay<'a, &'a MemoryKv>;

    fn snapshot(&self) -> Result<Self::Snapshot<'_>, StoreError> {
        Ok(Overlay::new(&*self.start, &self.rows))
    }

    fn apply(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        let fate = match self.fate.take() {
            Some((later @ 1.., fate)) => {
                self.fate.set(Some((later - 1, fate)));
                None
            }
            fate => fate.map(|(_, fate)| fate),
        };
        let kept = match fate {
            None | Some(Fate::Late) => rows.len(),
            Some(Fate::Torn) => rows.len() / 2,
            Some(Fate::Lost) => 0,
        };
        for Row { table, key, value } in rows.iter().take(kept) {
            self.rows.set(*table, key.clone(), value.clone());
        }
        if fate.is_some() { Err(StoreError::Reopen) } else { Ok(()) }
    }
}
