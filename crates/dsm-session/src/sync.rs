//! News: heads and fork proofs exchanged at every meeting (`spec/sessions.md`, news).
//!
//! Two honest devices that meet find out whether a third one showed them different histories. A
//! hint tells nothing about a device that the other side does not know.

use alloc::boxed::Box;
use alloc::vec::Vec;

use dsm_core::prove_fork;
use dsm_crypto::{Domain, hash};
use dsm_encoding::List;
use dsm_log::{DeviceId, ForkProof, Nonce, Pair, Position};

use crate::effects::{Effects, Notice};
use crate::error::SessionError;
use crate::ledger::Ledger;
use crate::message::{Hint, MAX_NEWS, MAX_PROOFS, Message, SignedRun};
use crate::session::Session;

fn first_eight(bytes: &[u8; 32]) -> [u8; 8] {
    let mut first = [0; 8];
    for (to, from) in first.iter_mut().zip(bytes) {
        *to = *from;
    }
    first
}

/// A hint that the receiver can compare only with what it knows, and that nobody can prepare for.
fn hint(from: &Nonce, to: &Nonce, device: &DeviceId, at: &Position) -> Hint {
    let tag = hash(Domain::Sync, &(from, to, device, at.index, at.head));
    Hint {
        device: first_eight(device.0.as_bytes()),
        index: at.index,
        tag: first_eight(tag.as_bytes()),
    }
}

impl Session {
    /// Tells what was learned since the last meeting.
    pub(crate) fn tell_news<L: Ledger>(
        &mut self,
        books: &L,
        effects: &mut Effects,
    ) -> Result<(), SessionError> {
        let salt = self.salt;
        let met = self.met()?;
        let news = books.news(&met.device);
        met.told = news.upto;
        let told = news.heads.iter().filter(|(device, _)| *device != met.device).take(MAX_NEWS);
        let hints = told.map(|(device, at)| hint(&salt, &met.salt, device, at));
        let hints = List::try_collect(hints).map_err(SessionError::Form)?;
        for proofs in news.forks.chunks(MAX_PROOFS) {
            let proofs = List::try_from(proofs.to_vec()).map_err(SessionError::Form)?;
            effects.frames.push(Message::Evidence { proofs });
        }
        met.awaits_behind = !hints.is_empty();
        effects.frames.push(Message::Sync { hints });
        Ok(())
    }

    /// Compares the peer's hints with what is known here, and says where this side is behind.
    pub(crate) fn compare<L: Ledger>(
        &mut self,
        books: &L,
        hints: &[Hint],
        effects: &mut Effects,
    ) -> Result<(), SessionError> {
        let met = self.met()?;
        if met.synced {
            return Err(SessionError::Unexpected("a second Sync"));
        }
        met.synced = true;
        let beyond = self.contradict(books, hints, effects)?;
        if hints.is_empty() {
            return Ok(());
        }
        let salt = self.salt;
        let met = self.met()?;
        let behind = beyond.into_iter().filter_map(|(device, index)| {
            let last = books.latest(&device).filter(|last| last.index < index)?;
            Some(hint(&salt, &met.salt, &device, &last))
        });
        let hints = List::try_collect(behind.take(MAX_NEWS)).map_err(SessionError::Form)?;
        effects.frames.push(Message::Behind { hints });
        Ok(())
    }

    /// The peer knew less of some devices than it was told of: compares what it does know.
    pub(crate) fn compare_behind<L: Ledger>(
        &mut self,
        books: &L,
        hints: &[Hint],
        effects: &mut Effects,
    ) -> Result<(), SessionError> {
        let met = self.met()?;
        if !core::mem::replace(&mut met.awaits_behind, false) {
            return Err(SessionError::Unexpected("Behind"));
        }
        self.contradict(books, hints, effects)?;
        Ok(())
    }

    /// Contradicts hints of other heads than those that are known here. Gives the places whose heads
    /// are not known.
    fn contradict<L: Ledger>(
        &mut self,
        books: &L,
        hints: &[Hint],
        effects: &mut Effects,
    ) -> Result<Vec<(DeviceId, u64)>, SessionError> {
        let salt = self.salt;
        let met = self.met()?;
        let mut beyond = Vec::new();
        for theirs in hints {
            for device in books.devices_like(&theirs.device) {
                let Some(head) = books.head(&device, theirs.index) else {
                    beyond.push((device, theirs.index));
                    continue;
                };
                let at = Position { index: theirs.index, head };
                if hint(&met.salt, &salt, &device, &at) == *theirs {
                    continue;
                }
                let run = run_from(books, &device, at).ok_or(SessionError::Books)?;
                met.contradictions = met.contradictions.saturating_add(1);
                effects.frames.push(Message::Contradict { run: Box::new(run) });
            }
        }
        Ok(beyond)
    }

    /// The peer shows another history than the hint told: prove the fork, if there is one.
    pub(crate) fn contradicted<L: Ledger>(
        &mut self,
        books: &L,
        run: &SignedRun,
        effects: &mut Effects,
    ) -> Result<(), SessionError> {
        let proof = prove_fork(books, &run.device, run.start, &run.pairs, &run.signature);
        let mut proofs = List::default();
        if let Some(proof) = proof {
            proofs.push((*proof).clone()).map_err(SessionError::Form)?;
            effects.notices.push(Notice::Forked { device: proof.device() });
            effects.batch.forks.push(proof);
        }
        effects.frames.push(Message::Evidence { proofs });
        Ok(())
    }

    /// Fork proofs of devices that matter here are kept.
    pub(crate) fn evidence<L: Ledger>(
        &mut self,
        books: &L,
        proofs: Vec<ForkProof>,
        effects: &mut Effects,
    ) -> Result<(), SessionError> {
        let met = self.met()?;
        met.contradictions = met.contradictions.saturating_sub(1);
        for proof in proofs {
            let device = proof.device();
            if books.is_forked(&device) || books.latest(&device).is_none() {
                continue;
            }
            let checked = proof.verify();
            let proof = checked.map_err(|error| dsm_core::Reject::ForkProof { error })?;
            effects.notices.push(Notice::Forked { device });
            effects.batch.forks.push(proof);
        }
        Ok(())
    }

    /// The peer read the news before it said what it just said.
    pub(crate) fn note_told(&mut self, effects: &mut Effects) {
        if let Some(met) = self.met.as_mut().filter(|met| met.told > 0) {
            effects.batch.told = Some((met.device, met.told));
            met.told = 0;
        }
    }
}

/// What is known of a device's log from a place to the next signed head.
fn run_from<L: Ledger>(books: &L, device: &DeviceId, start: Position) -> Option<SignedRun> {
    let signed = books.signed(device, start.index)?;
    let after = start.index.checked_add(1)?..=signed.at.index;
    let pairs: Option<Vec<Pair>> =
        after.map(|index| Some(books.record(device, index)?.pair())).collect();
    Some(SignedRun {
        device: books.descriptor(device)?,
        start,
        pairs: List::try_from(pairs?).ok()?,
        signature: signed.signature,
    })
}
