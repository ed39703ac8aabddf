//! The peer's entries on their way here (`spec/sessions.md`, being paid).

use alloc::vec::Vec;

use dsm_core::pack::{Plan, Wanted};
use dsm_core::{
    Accepted, Claimed, Dealt, Draft, Entry, Op, Reject, TokenId, accept, examine, most_on, write,
};
use dsm_crypto::Signer;
use dsm_encoding::List;
use dsm_log::{DeviceId, Nonce};

use crate::ask::{Request, nonce_at};
use crate::effects::{Effects, Notice};
use crate::error::SessionError;
use crate::held::Held;
use crate::ledger::Ledger;
use crate::mail::opening;
use crate::message::Message;
use crate::payment::addressee;
use crate::session::{Goal, MAX_OFFERS, Session, received};

/// What of the peer is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    /// Nothing.
    Idle,
    /// The entry whose plan was answered.
    Wanted {
        /// Its index.
        index: u64,
        /// Index of the floor of the Ask that it answers.
        floor: Option<u64>,
        /// Whether the payer is not bound, as far as is known.
        offered: bool,
    },
}

impl Session {
    /// The peer would pay: refuse now what would be refused later, while nobody is bound.
    pub(crate) fn offered<L: Ledger>(
        &mut self,
        books: &L,
        index: u64,
        floor: u64,
        (token, amount): (TokenId, u64),
        plan: &Plan,
        effects: &mut Effects,
    ) -> Result<(), SessionError> {
        let Goal::Receive { ask } = &self.goal else {
            return Err(SessionError::Unexpected("Offer"));
        };
        let other = |asked: &Request| (asked.token, asked.amount) != (token, amount);
        if ask.as_ref().is_some_and(other) {
            return Err(SessionError::OtherOffer);
        }
        // A payer whose log moved on offers anew, for the same Ask.
        if matches!(self.incoming, Incoming::Wanted { offered: true, floor: Some(of), .. } if of == floor)
        {
            self.incoming = Incoming::Idle;
        }
        // Each makes the payee look up what it lacks, whatever came of the one before.
        if self.offers > MAX_OFFERS {
            return Err(SessionError::Unexpected("Offer again and again"));
        }
        self.offers = self.offers.saturating_add(1);
        if let Some(reject) = objection(books, plan, &token, amount) {
            self.refuse(reject, effects);
            return Ok(());
        }
        self.announced(books, (index, Some(floor), true), plan, effects)
    }

    /// The peer is bound by an entry. It may have to go before one that was only offered.
    pub(crate) fn resumed<L: Ledger>(
        &mut self,
        books: &L,
        index: u64,
        floor: Option<u64>,
        plan: &Plan,
        effects: &mut Effects,
    ) -> Result<(), SessionError> {
        if matches!(self.incoming, Incoming::Wanted { offered: true, .. }) {
            self.incoming = Incoming::Idle;
        }
        let peer = self.met()?.device;
        let accepted = books.accepted(&peer).is_some_and(|at| index <= at.index);
        if accepted && self.incoming == Incoming::Idle && books.entry(&peer, index).is_some() {
            // It came in another conversation of the same two: nothing of it is wanted.
            self.came = self.came.max(Some(index));
            let wanted = Wanted::none(plan).map_err(SessionError::Form)?;
            effects.frames.push(Message::Want { wanted });
            return Ok(());
        }
        self.announced(books, (index, floor, false), plan, effects)
    }

    /// The peer is bound by an entry, or will be: say what is lacking of its lineage.
    fn announced<L: Ledger>(
        &mut self,
        books: &L,
        (index, floor, offered): (u64, Option<u64>, bool),
        plan: &Plan,
        effects: &mut Effects,
    ) -> Result<(), SessionError> {
        if self.incoming != Incoming::Idle {
            return Err(SessionError::Unexpected("Offer"));
        }
        let peer = self.met()?.device;
        let wanted = Wanted::of(books, plan);
        let wanted = wanted.and_then(|wanted| wanted.with_entry(plan, &peer, index));
        let wanted = wanted.map_err(SessionError::Form)?;
        self.incoming = Incoming::Wanted { index, floor, offered };
        effects.frames.push(Message::Want { wanted });
        Ok(())
    }

    /// The entry is here: judge it, keep it, acknowledge it, in one batch.
    pub(crate) fn paid<L: Ledger, S: Signer>(
        &mut self,
        books: &L,
        signer: &S,
        dealt: Dealt,
        effects: &mut Effects,
    ) -> Result<(), SessionError> {
        let awaited = core::mem::replace(&mut self.incoming, Incoming::Idle);
        let Incoming::Wanted { index, floor, .. } = awaited else {
            return Err(SessionError::Unexpected("Pay"));
        };
        if dealt.index != index {
            return Err(SessionError::Unexpected("another Pay"));
        }
        let peer = self.met()?.device;
        self.came = self.came.max(Some(index));
        if is_known(books, &peer, &dealt) {
            return Ok(());
        }
        match take_payment(books, signer, peer, dealt, floor, effects) {
            Ok(()) => {
                self.receipt = effects.batch.written.last().map(|written| written.log.at.index);
                self.note_told(effects);
            }
            Err(SessionError::Rejected(reject)) => self.refuse(reject, effects),
            Err(error) => return self.end(error),
        }
        Ok(())
    }
}

/// Whether an entry was accepted already: said again, it changes nothing. Another one at the same place
/// is judged, and so is one whose pack shows a fork: tip root, operations and challenge do not bind what it
/// consumes.
pub(crate) fn is_known<L: Ledger>(books: &L, peer: &DeviceId, dealt: &Dealt) -> bool {
    let accepted = books.accepted(peer).is_some_and(|at| dealt.index <= at.index);
    let same =
        |one: Entry| (one.tips, &one.ops, one.nonce) == (dealt.tips, &dealt.ops, dealt.nonce);
    let forks = || examine(books, &dealt.pack, *peer, dealt.index).forks;
    accepted && books.entry(peer, dealt.index).is_some_and(same) && forks().is_empty()
}

/// Judges a peer's entry with value; keeps and acknowledges it in one batch. Forks that come to light
/// are kept whatever the verdict.
///
/// # Errors
/// [`SessionError`]: nothing of the entry is kept.
pub(crate) fn take_payment<L: Ledger, S: Signer>(
    books: &L,
    signer: &S,
    peer: DeviceId,
    dealt: Dealt,
    floor: Option<u64>,
    effects: &mut Effects,
) -> Result<(), SessionError> {
    let asked = nonce_at(books, &peer, floor);
    let accepted = judge(books, peer, dealt, asked, effects)?;
    if accepted.entry().value.is_none() {
        return Err(SessionError::Unexpected("a Pay without value"));
    }
    let ops = core::iter::once(Op::Receive {}).chain(opening(books, &peer));
    let draft = Draft {
        to: Some(addressee(books, peer, Some(accepted.at()))),
        ops: List::try_collect(ops).map_err(SessionError::Form)?,
        ..Draft::default()
    };
    let receive = write(&books.own_log(), draft, books.network(), signer);
    let receive = receive.ok_or(SessionError::Books)?;
    let held = accepted.notes().iter().map(|note| Held::new(*note, accepted.lineage()));
    let held = held.collect::<Option<Vec<Held>>>().ok_or(SessionError::Books)?;
    let (class, hops) = (accepted.class(), accepted.lineage().hops);
    let sums = received(accepted.notes()).into_iter();
    let notices = sums.map(|(token, amount)| Notice::Received { peer, token, amount, class, hops });
    effects.notices.extend(notices);
    effects.batch.written.push(receive);
    effects.batch.held.extend(held);
    effects.batch.accepted.push(accepted);
    Ok(())
}

/// Judges an entry that a peer deals; keeps the forks that come to light on the way.
pub(crate) fn judge<L: Ledger>(
    books: &L,
    peer: DeviceId,
    dealt: Dealt,
    asked: Option<Nonce>,
    effects: &mut Effects,
) -> Result<Accepted, SessionError> {
    let verdict = accept(books, &Claimed::from(dealt), asked);
    let forks = verdict.forks.iter().map(|proof| Notice::Forked { device: proof.device() });
    effects.notices.extend(forks);
    effects.batch.forks.extend(verdict.forks);
    let accepted = verdict.result?;
    if accepted.writer() != peer {
        return Err(SessionError::WrongPeer { device: accepted.writer() });
    }
    Ok(accepted)
}

/// What would speak against a payment whose plan is this. Every device of a plan has a hop in the
/// lineage, and none is certified yet.
fn objection<L: Ledger>(books: &L, plan: &Plan, token: &TokenId, amount: u64) -> Option<Reject> {
    let settings = books.settings();
    let devices = plan.stretches.iter().map(|stretch| stretch.device);
    if let Some(device) = devices.clone().find(|device| books.is_forked(device)) {
        return Some(Reject::Forked { device });
    }
    let hops = plan.stretches.iter().map(|stretch| stretch.opened.len() as u64);
    if hops.fold(0, u64::saturating_add) > settings.max_hops {
        return Some(Reject::Hops { most: settings.max_hops });
    }
    let passes = |device: &DeviceId| {
        let Some(most) = most_on(books, device, token) else { return false };
        let total = books.exposure(device, token).checked_add(amount);
        total.is_none_or(|total| total > most)
    };
    let weak = devices.filter(|device| !books.is_own(device)).find(passes);
    weak.map(|device| Reject::ExposedCap { device, token: *token })
}
