//! The chip of the wallet's own log (`spec/anchors.md`, crashes).
//!
//! Always true: an entry is durable before the chip absorbs its head, and its evidence is before anybody is shown it. Where the chip stood
//! before the first entry without evidence is durable, so a crash anywhere is gone on from with the same heads.

use std::sync::{PoisonError, RwLock};

use dsm_core::OwnLog;
use dsm_crypto::Digest;
use dsm_encoding::{Blob, List, to_vec};
use dsm_log::{AbsorbError, Absorber, ChipEvidence, HeadSignature, MAX_STAND};

use super::Wallet;
use crate::StoreError;
use crate::kv::{Kv, Table};
use crate::overlay::Rows;
use crate::rows::{KEY_STAND, damaged, device_key, load, place};

/// How often a chip may ask to find durable where it stands, or the heads that it absorbed: after a crash three times.
const MAX_ROUNDS: u32 = 8;
/// How often it may fail before the wallet gives up.
const MAX_FAILURES: u32 = 3;

/// Held while a chip absorbs, until what it gave is durable.
static ABSORBS: RwLock<()> = RwLock::new(());

/// Does something, such as ending the process, while no wallet's chip absorbs. Behind a resource manager the chip's session ends with its process,
/// and with it the log if it absorbed what has no evidence yet.
pub fn at_rest<T>(act: impl FnOnce() -> T) -> T {
    let _rests = ABSORBS.write().unwrap_or_else(PoisonError::into_inner);
    act()
}

impl<K: Kv> Wallet<K> {
    /// Whether the entries of the own log need evidence of a chip.
    #[must_use]
    pub fn is_anchored(&self) -> bool {
        self.founding.descriptor.anchor.chip().is_some()
    }

    /// The same wallet with its chip: it absorbs what was written and not absorbed before a crash. From now on the wallet can write.
    ///
    /// # Errors
    /// [`StoreError::Chip`]: the chip is another one, or has gone on without these books, which then are an old copy; or the store fails.
    pub fn anchored(mut self, chip: Box<dyn Absorber>) -> Result<Self, StoreError> {
        self.flush()?;
        self.chip = Some(chip);
        self.absorb()?;
        Ok(self)
    }

    /// The last entries, whose heads the chip has not absorbed: the index of the first, and their heads.
    fn unabsorbed(&self) -> Result<(u64, Vec<Digest>), StoreError> {
        let snapshot = self.kv.snapshot()?;
        let log: Option<OwnLog> = load(&snapshot, Table::OwnLogs, device_key(&self.me))?;
        let mut first = log.ok_or_else(|| damaged(Table::OwnLogs))?.at.index.saturating_add(1);
        let mut heads = Vec::new();
        while let Some(index) = first.checked_sub(1).filter(|index| *index > 0) {
            let key = place(&self.me, index);
            let signature: Option<HeadSignature> = load(&snapshot, Table::Signatures, &key)?;
            if !signature.ok_or_else(|| damaged(Table::Signatures))?.evidence.is_empty() {
                break;
            }
            let head: Option<Digest> = load(&snapshot, Table::Heads, &key)?;
            heads.push(head.ok_or_else(|| damaged(Table::Heads))?);
            first = index;
        }
        heads.reverse();
        Ok((first, heads))
    }

    /// Has the chip absorb what it has not, and keeps the evidence: as often as the chip needs to find durable where it stands.
    pub(super) fn absorb(&mut self) -> Result<(), StoreError> {
        let _absorbs = ABSORBS.read().unwrap_or_else(PoisonError::into_inner);
        let (mut rounds, mut failures) = (0, 0);
        while self.chip.is_some() {
            match self.absorbs_once() {
                Ok(true) => break,
                Ok(false) => rounds += 1,
                // What it did then is found out as after a crash, and better now: its session may end with this process.
                Err(StoreError::Chip(AbsorbError::Failed(_))) if failures < MAX_FAILURES => {
                    failures += 1;
                }
                Err(error) => return Err(error),
            }
            if rounds > MAX_ROUNDS {
                let why = "it does not come to an end".to_owned();
                return Err(StoreError::Chip(AbsorbError::Failed(why)));
            }
        }
        Ok(())
    }

    /// Says whether nothing is left to be absorbed, or to be kept.
    fn absorbs_once(&mut self) -> Result<bool, StoreError> {
        let (first, heads) = self.unabsorbed()?;
        let stand: Option<Blob<MAX_STAND>> = load(&self.kv.snapshot()?, Table::Single, KEY_STAND)?;
        let Some(chip) = &mut self.chip else { return Ok(true) };
        let evidence = chip.absorb(stand.as_deref(), first, &heads).map_err(StoreError::Chip)?;
        let now = Blob::<MAX_STAND>::try_from(chip.stand()).map_err(|_| damaged(Table::Single))?;
        let last = evidence.last().map_or(first.saturating_sub(1), |piece| piece.last);
        let all = last.checked_sub(first.saturating_sub(1)) == u64::try_from(heads.len()).ok();
        if evidence.is_empty() && stand.as_ref() == Some(&now) {
            return Ok(all);
        }
        let mut rows = Rows::default();
        rows.set(Table::Single, KEY_STAND.to_vec(), Some(to_vec(&now)));
        for piece in evidence {
            let (key, row) = self.absorbed(piece)?;
            rows.set(Table::Signatures, key, Some(row));
        }
        self.kv.apply(&rows.into_list())?;
        Ok(all)
    }

    /// The row of a head with its evidence.
    fn absorbed(&self, piece: ChipEvidence) -> Result<(Vec<u8>, Vec<u8>), StoreError> {
        let key = place(&self.me, piece.last);
        let signature: Option<HeadSignature> = load(&self.kv.snapshot()?, Table::Signatures, &key)?;
        let signature = signature.ok_or_else(|| damaged(Table::Signatures))?.signature;
        let evidence = List::try_from(vec![piece]).map_err(|_| damaged(Table::Signatures))?;
        Ok((key, to_vec(&HeadSignature { signature, evidence })))
    }
}
