//! Whether an entry can be sent: what cannot be sent must bind nobody (`spec/sessions.md`, messages).

use dsm_core::pack::{Plan, Wanted};
use dsm_core::{Ahead, deal, signature_after};
use dsm_encoding::weigh;
use dsm_log::DeviceId;

use crate::error::SessionError;
use crate::ledger::Ledger;
use crate::letter::MAX_LETTER;
use crate::mail::accepted_by;
use crate::payment::Payment;

/// What is around an entry in a letter.
pub(crate) const AROUND: usize = 1 << 13;
/// What evidence of one more entry adds.
const NEXT: usize = 512;

/// What the chip's evidence of the own entries that a plan shows will weigh at most, once it absorbed the one that is being written. It is not in
/// what is dealt before that.
pub(crate) fn evidence_to_come<L: Ledger>(books: &L, plan: &Plan, wanted: &Wanted) -> usize {
    if !books.is_anchored() {
        return 0;
    }
    let (me, last) = (books.me(), books.own_log().at.index);
    let stretches = plan.stretches.iter().zip(wanted.stretches.iter());
    let newest = stretches.filter(|(one, want)| one.device == me && !want.opened.is_empty());
    let from = newest.map(|(_, want)| want.from).max().unwrap_or(last);
    let absorbed = (from.saturating_add(1)..=last).rev().find_map(|at| books.signed(&me, at));
    let so_far = absorbed.and_then(|signed| signature_after(books, signed, from));
    so_far.map_or(0, |signature| weigh(&signature)).saturating_add(NEXT)
}

/// Whether a letter can bring a payment to somebody who knows nothing of what it rests on.
///
/// # Errors
/// [`SessionError::TooLong`].
pub(crate) fn check_letter<L: Ledger>(
    books: &L,
    peer: &DeviceId,
    payment: &Payment,
) -> Result<(), SessionError> {
    let Payment { written, dealing, .. } = payment;
    let ahead = Ahead { view: books, facts: &written.facts };
    let mail = books.mail(peer);
    let accepted = accepted_by(books, peer, &mail);
    let known = mail.inbox.known.max((accepted > 0).then_some(accepted));
    let plan = dealing.plan(&ahead, known).ok_or(SessionError::Books)?;
    let wanted = Wanted::all(&plan).map_err(SessionError::Form)?;
    let dealt = deal(&ahead, dealing, &plan, &wanted).ok_or(SessionError::Books)?;
    let weight = weigh(&dealt).saturating_add(evidence_to_come(books, &plan, &wanted));
    if weight > MAX_LETTER - 2 * AROUND { Err(SessionError::TooLong) } else { Ok(()) }
}
