//! News: heads and fork proofs exchanged at every meeting (`spec/sessions.md`, news).
//!
//! Two honest devices that meet find out whether a third one showed them different histories. A
//! hint tells nothing about a device that the other side does not know.

use alloc::boxed::Box;
use alloc::vec::Vec;

use dsm_core::{prove_fork, signature_after, signed_after};
use dsm_crypto::{Domain, hash};
use dsm_encoding::{List, weigh};
use dsm_log::{DeviceId, ForkProof, Nonce, Pair, Position};

use crate::effects::{Effects, Notice};
use crate::error::SessionError;
use crate::ledger::Ledger;
use crate::message::{Hint, MAX_MESSAGE, MAX_NEWS, MAX_PROOFS, Message, SignedRun};
use crate::session::Session;

/// The most that fork proofs in one message weigh, with room for what is around them.
const MAX_PROOF: usize = MAX_MESSAGE - 64;

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
        effects.frames.extend(told_in_parts(news.forks));
        met.awaits_behind = !hints.is_empty();
        met.hints = hints.len();
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
            let last = books.before(&device, index)?;
            Some(hint(&salt, &met.salt, &device, &last))
        });
        let hints = List::try_collect(behind.take(MAX_NEWS)).map_err(SessionError::Form)?;
        met.hints = met.hints.saturating_add(hints.len());
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
        let (mut beyond, mut shown) = (Vec::new(), Vec::new());
        for theirs in hints {
            for device in books.devices_like(&theirs.device) {
                // One contradiction shows a fork as well as many.
                if shown.contains(&device) {
                    continue;
                }
                // The peer may have heard of the fork before the device mattered to it.
                if let Some(proof) = books.fork_proof(&device) {
                    shown.push(device);
                    effects.frames.extend(told_in_parts(alloc::vec![proof]));
                    continue;
                }
                let Some(head) = books.head(&device, theirs.index) else {
                    beyond.push((device, theirs.index));
                    continue;
                };
                let at = Position { index: theirs.index, head };
                if hint(&met.salt, &salt, &device, &at) == *theirs {
                    continue;
                }
                shown.push(device);
                let Some(run) = run_from(books, &device, at) else { continue };
                let contradict = Message::Contradict { run: Box::new(run) };
                if weigh(&contradict) <= MAX_MESSAGE {
                    met.contradictions = met.contradictions.saturating_add(1);
                    effects.frames.push(contradict);
                }
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
        // It is dear to look at, and may prove nothing.
        let met = self.met()?;
        let left = met.hints.checked_sub(1);
        met.hints = left.ok_or(SessionError::Unexpected("a Contradict of no hint"))?;
        let proof = prove_fork(books, &run.device, run.start, &run.pairs, &run.signature);
        let mut answer = Vec::new();
        if let Some(proof) = proof {
            answer = told_in_parts(alloc::vec![(*proof).clone()]);
            if !books.is_forked(&proof.device()) {
                effects.notices.push(Notice::Forked { device: proof.device() });
            }
            effects.batch.forks.push(proof);
        }
        if answer.is_empty() {
            answer.push(Message::Evidence { proofs: List::default() });
        }
        effects.frames.extend(answer);
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
        // What comes before Behind is news, and answers nothing.
        if !met.awaits_behind {
            met.contradictions = met.contradictions.saturating_sub(1);
        }
        take_evidence(books, proofs, effects)
    }

    /// The peer read the news before it said what it just said.
    pub(crate) fn note_told(&mut self, effects: &mut Effects) {
        if let Some(met) = self.met.as_mut().filter(|met| met.told > 0) {
            effects.batch.told = Some((met.device, met.told));
            met.told = 0;
        }
    }
}

/// Keeps fork proofs of devices that matter here.
///
/// # Errors
/// A proof that does not hold.
pub(crate) fn take_evidence<L: Ledger>(
    books: &L,
    proofs: Vec<ForkProof>,
    effects: &mut Effects,
) -> Result<(), SessionError> {
    for proof in proofs {
        let device = proof.device();
        // Of contacts, and of devices in lineages, the descriptor is known.
        if books.is_forked(&device) || books.descriptor(&device).is_none() {
            continue;
        }
        let checked = proof.verify();
        let proof = checked.map_err(|error| dsm_core::Reject::ForkProof { error })?;
        effects.notices.push(Notice::Forked { device });
        effects.batch.forks.push(proof);
    }
    Ok(())
}

/// Fork proofs, in messages that are not too long. A proof that fits none is not told.
fn told_in_parts(proofs: Vec<ForkProof>) -> Vec<Message> {
    let mut parts: Vec<Vec<ForkProof>> = Vec::new();
    let mut room = 0;
    for proof in proofs {
        let weight = weigh(&proof);
        if weight > MAX_PROOF {
            continue;
        }
        match parts.last_mut().filter(|part| weight <= room && part.len() < MAX_PROOFS) {
            Some(part) => part.push(proof),
            None => {
                parts.push(alloc::vec![proof]);
                room = MAX_PROOF;
            }
        }
        room = room.saturating_sub(weight);
    }
    let lists = parts.into_iter().filter_map(|part| List::try_from(part).ok());
    lists.map(|proofs| Message::Evidence { proofs }).collect()
}

/// What is known of a device's log from a place to the next signed head.
fn run_from<L: Ledger>(books: &L, device: &DeviceId, start: Position) -> Option<SignedRun> {
    let signed = books.signed(device, start.index)?;
    let signed = signed_after(books, device, start.index, signed.at.index)?;
    let after = start.index.checked_add(1)?..=signed.at.index;
    let pairs: Option<Vec<Pair>> =
        after.map(|index| Some(books.record(device, index)?.pair())).collect();
    // A head that no run leads to is shown by itself.
    let from = start.index.saturating_sub(u64::from(signed.at.index == start.index));
    Some(SignedRun {
        device: books.descriptor(device)?,
        start,
        pairs: List::try_from(pairs?).ok()?,
        signature: signature_after(books, signed, from)?,
    })
}
