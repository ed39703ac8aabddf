//! Writing a letter: everything that the peer is not known to have accepted.

use alloc::boxed::Box;
use alloc::vec::Vec;

use dsm_core::pack::Wanted;
use dsm_core::{Dealing, Op, deal};
use dsm_crypto::{SealKey, Secret, Signer, encapsulate, seal};
use dsm_encoding::{Blob, List, to_vec, weigh};
use dsm_log::DeviceId;

use super::shown::Shown;
use super::{
    AHEAD, Contents, Enclosure, Letter, LetterError, MAX_ENCLOSURES, MAX_LETTER, Posting, Signed,
    check_peer, header, letter_message, tag_of,
};
use crate::channel::fresh;
use crate::effects::Batch;
use crate::ledger::Ledger;
use crate::mail::{Mail, accepted_by, first_mailbox, number_of, outgoing};
use crate::outgoing::deal_alone;
use crate::room::AROUND;
use crate::{Ask, Request, SessionError};

/// About what one letter brings, by weight.
const MOST_AT_ONCE: usize = MAX_LETTER / 4;

/// Writes the next letter to a peer, with 32 fresh bytes: perhaps a request, the own entries that the
/// peer is not known to have accepted, and fork proofs that no letter told it.
///
/// # Errors
/// [`LetterError`]: the peer is not dealt with, or the books lack something.
pub fn write_letter<L: Ledger, S: Signer>(
    books: &L,
    signer: &S,
    peer: &DeviceId,
    request: Option<Request>,
    fresh_bytes: &Secret<32>,
) -> Result<Posting, LetterError> {
    check_peer(books, peer)?;
    let mut mail = books.mail(peer);
    let accepted = accepted_by(books, peer, &mail);
    let mut enclosures = Vec::new();
    let asks = request.is_some();
    if asks {
        enclosures.push(Enclosure::Ask { ask: Ask::new(books, peer, request) });
    }
    evidence(books, peer, &mut mail, &mut enclosures)?;
    entries(books, peer, &mut mail, (accepted, asks), &mut enclosures)?;
    let contents = Contents {
        accepted: books.accepted(peer).map_or(0, |at| at.index),
        known: books.latest(peer).map(|at| at.index),
        read: number_of(mail.inbox.chain.as_ref()),
        enclosures: List::try_from(enclosures).map_err(LetterError::Form)?,
    };
    let is_open = mail.outbox.opened.is_some_and(|opened| opened <= accepted);
    // Further ahead the peer would not look.
    let unread = number_of(mail.outbox.chain.as_ref()).saturating_sub(mail.outbox.read);
    let (mailbox, letter) = if is_open && unread < AHEAD {
        next(books, peer, &mut mail, &contents, fresh_bytes)?
    } else {
        first(books, signer, peer, &mut mail, contents, fresh_bytes)?
    };
    let batch = Batch { mail: Some((*peer, Box::new(mail))), ..Batch::default() };
    Ok(Posting { batch, mailbox, letter })
}

/// Fork proofs that no letter told yet. One that is lost is told at the next meeting.
fn evidence<L: Ledger>(
    books: &L,
    peer: &DeviceId,
    mail: &mut Mail,
    enclosures: &mut Vec<Enclosure>,
) -> Result<(), LetterError> {
    let news = books.news(peer);
    if news.upto <= mail.outbox.told {
        return Ok(());
    }
    mail.outbox.told = news.upto;
    let mut room = MOST_AT_ONCE;
    let fits = |proof: &dsm_log::ForkProof| {
        let left = room.checked_sub(weigh(proof));
        room = left.unwrap_or(room);
        left.is_some()
    };
    let proofs: Vec<_> = news.forks.into_iter().filter(fits).collect();
    if !proofs.is_empty() {
        let proofs = List::try_from(proofs).map_err(LetterError::Form)?;
        enclosures.push(Enclosure::Evidence { proofs });
    }
    Ok(())
}

/// The own entries after the last that the peer accepted, in order, as many as fit.
fn entries<L: Ledger>(
    books: &L,
    peer: &DeviceId,
    mail: &mut Mail,
    (accepted, asks): (u64, bool),
    enclosures: &mut Vec<Enclosure>,
) -> Result<(), LetterError> {
    let mut due: Vec<Dealing> = Vec::new();
    let mut after = accepted;
    let room = MAX_ENCLOSURES.saturating_sub(enclosures.len());
    while let Some(dealing) = books.next_to(peer, after).filter(|_| due.len() < room) {
        after = dealing.entry.index;
        due.push(dealing);
    }
    // A request need not repeat what only acknowledges: the answer shows whether it was heard.
    while asks && due.last().is_some_and(only_acknowledges) {
        due.pop();
    }
    if due.is_empty() {
        return Ok(());
    }
    let shown = Shown::to(books, peer);
    let last = books.own_log().at.index;
    let mut known = mail.inbox.known.max((accepted > 0).then_some(accepted));
    let mut weight: usize = enclosures.iter().filter(|one| is_evidence(one)).map(weigh).sum();
    for dealing in due {
        if weight >= MOST_AT_ONCE {
            break;
        }
        let index = dealing.entry.index;
        // The peer may have seen later heads with others; the run shows them all.
        let plan = dealing.plan_to(books, known, last).ok_or(SessionError::Books)?;
        let enclosure = if dealing.entry.value.is_none() {
            let dealt = deal_alone(books, &dealing, &plan).ok_or(SessionError::Books)?;
            Enclosure::Receipt { dealt: Box::new(dealt) }
        } else {
            // What was in a letter before and is not accepted may have lacked something.
            let again = index <= mail.outbox.sent;
            let wanted = if again { Wanted::all(&plan).ok() } else { shown.lacks(&plan) };
            let wanted = wanted.and_then(|one| one.with_entry(&plan, &books.me(), index).ok());
            let dealt = deal(books, &dealing, &plan, &wanted.ok_or(SessionError::Books)?);
            let dealt = Box::new(dealt.ok_or(SessionError::Books)?);
            Enclosure::Pay { floor: dealing.floor(), dealt }
        };
        let more = weight.saturating_add(weigh(&enclosure));
        // What does not fit beside others comes by itself with the next letter.
        if weight > 0 && more > MAX_LETTER - AROUND {
            break;
        }
        weight = more;
        enclosures.push(enclosure);
        known = Some(last);
        mail.outbox.sent = mail.outbox.sent.max(index);
    }
    Ok(())
}

fn is_evidence(enclosure: &Enclosure) -> bool {
    matches!(enclosure, Enclosure::Evidence { .. })
}

/// Whether an entry says nothing but that others were accepted.
fn only_acknowledges(dealing: &Dealing) -> bool {
    let says = |op: &Op| !matches!(op, Op::Receive {} | Op::Open { .. });
    dealing.entry.value.is_none() && !dealing.entry.ops.iter().any(says)
}

/// A letter under the chain.
fn next<L: Ledger>(
    books: &L,
    peer: &DeviceId,
    mail: &mut Mail,
    contents: &Contents,
    fresh_bytes: &Secret<32>,
) -> Result<(dsm_crypto::Digest, Letter), LetterError> {
    let network = books.network();
    let chain = outgoing(books, peer, &mail.outbox).ok_or(SessionError::Books)?;
    let mailbox = chain.mailbox();
    let nonce: [u8; 24] = fresh(fresh_bytes, "letter");
    let sealed = seal(&chain.seal_key(), &nonce, &header(network, 1), &to_vec(contents));
    mail.outbox.chain = Some(chain.next().ok_or(SessionError::Books)?);
    let sealed = Blob::try_from(sealed).map_err(LetterError::Form)?;
    Ok((mailbox, Letter::Next { network, tag: tag_of(&mailbox), nonce, sealed }))
}

/// A letter to the peer's KEM key.
fn first<L: Ledger, S: Signer>(
    books: &L,
    signer: &S,
    peer: &DeviceId,
    mail: &mut Mail,
    contents: Contents,
    fresh_bytes: &Secret<32>,
) -> Result<(dsm_crypto::Digest, Letter), LetterError> {
    let (network, from, number) = (books.network(), books.me(), mail.outbox.firsts);
    let next = number_of(mail.outbox.chain.as_ref());
    let kem = books.kem(peer).ok_or(SessionError::Books)?;
    let (ciphertext, secret) = encapsulate(&kem, fresh(fresh_bytes, "letter to key"));
    let message = letter_message(network, peer, &ciphertext, (&from, number, next, &contents));
    let signed = Signed { from, number, next, contents, signature: signer.sign(&message) };
    let nonce: [u8; 24] = fresh(fresh_bytes, "letter");
    let key = SealKey::derive(&secret, &"letter");
    let sealed = seal(&key, &nonce, &header(network, 0), &to_vec(&signed));
    mail.outbox.firsts = number.checked_add(1).ok_or(SessionError::Books)?;
    let sealed = Blob::try_from(sealed).map_err(LetterError::Form)?;
    let letter = Letter::First { network, ciphertext: Box::new(ciphertext), nonce, sealed };
    Ok((first_mailbox(&from, peer), letter))
}
