//! A payment that is written and binds nobody yet (`spec/sessions.md`, paying).

use alloc::boxed::Box;
use alloc::vec::Vec;

use dsm_core::{Addressee, Dealing, Draft, Lock, Note, Output, TokenId, Value, Written, write};
use dsm_crypto::Signer;
use dsm_encoding::List;
use dsm_log::{DeviceId, Nonce, Position, SpendId, relationship};

use crate::effects::Batch;
use crate::error::SessionError;
use crate::held::{Held, select};
use crate::ledger::Ledger;
use crate::mail::opening;
use crate::room::check_letter;

/// An entry that pays, signed in memory. Whoever makes it durable is bound by it.
#[derive(Clone, Debug)]
pub(crate) struct Payment {
    pub(crate) written: Written,
    pub(crate) spent: Vec<SpendId>,
    pub(crate) held: Vec<Held>,
    /// What the payee will need to see.
    pub(crate) dealing: Box<Dealing>,
}

/// To whom, and what it answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Payee {
    pub(crate) device: DeviceId,
    /// A place of its own log.
    pub(crate) floor: Position,
    /// Of its Ask; none if the payment answers a contact card.
    pub(crate) nonce: Option<Nonce>,
}

impl Payment {
    /// Selects inputs and writes the entry; the change goes back to the payer.
    ///
    /// # Errors
    /// If there is not enough, or the books lack something.
    pub(crate) fn write<L: Ledger, S: Signer>(
        books: &L,
        signer: &S,
        to: Payee,
        token: TokenId,
        amount: u64,
    ) -> Result<Self, SessionError> {
        let log = books.own_log();
        let selection = select(&books.holdings(), &token, amount)?;
        let payee = Lock::Device { id: to.device, floor: to.floor };
        let mut outputs = alloc::vec![Output { token, amount, lock: payee }];
        let change = selection.sum.checked_sub(amount).filter(|change| *change > 0);
        if let Some(amount) = change {
            let lock = Lock::Device { id: log.device, floor: log.at };
            outputs.push(Output { token, amount, lock });
        }
        let change = change.and_then(|_| outputs.get(1).copied());
        let spent: Vec<SpendId> = selection.inputs.iter().map(Held::id).collect();
        let outputs = List::try_from(outputs).map_err(|_| SessionError::Books)?;
        let draft = Draft {
            to: Some(addressee(books, to.device, books.accepted(&to.device))),
            spends: spent.clone(),
            value: Some(Value::transfer(outputs)),
            ops: List::try_collect(opening(books, &to.device)).map_err(SessionError::Form)?,
            nonce: to.nonce,
        };
        let written = write(&log, draft, books.network(), signer).ok_or(SessionError::Books)?;
        let head = written.log.at.head;
        let change = change.map(|output| selection.change(Note { output, head, number: 1 }));
        let held = change.map(|held| held.ok_or(SessionError::Books)).transpose()?;
        let dealing = Box::new(written.dealing.clone().ok_or(SessionError::Books)?);
        Ok(Self { written, spent, held: held.into_iter().collect(), dealing })
    }

    /// What binds, and the index of the entry.
    fn into_batch(self) -> (Batch, u64) {
        let Self { written, spent, held, .. } = self;
        let index = written.log.at.index;
        (Batch { written: alloc::vec![written], spent, held, ..Batch::default() }, index)
    }

    /// Whether the own log stands where it did, and nothing that is consumed was spent or frozen
    /// meanwhile.
    pub(crate) fn is_current<L: Ledger>(&self, books: &L) -> bool {
        let log = books.own_log();
        let next = log.at.index.checked_add(1) == Some(self.written.log.at.index);
        let holdings = books.holdings();
        let holds = |id: &SpendId| holdings.iter().any(|held| held.id() == *id);
        next && log.before == self.dealing.before && self.spent.iter().all(holds)
    }
}

/// The peer of an entry that is about to be written.
pub(crate) fn addressee<L: Ledger>(
    books: &L,
    device: DeviceId,
    stitch: Option<Position>,
) -> Addressee {
    let (tip, proof) = books.tip(&relationship(&books.me(), &device));
    Addressee { device, stitch, tip, proof }
}

/// Pays a peer that is away: the entry answers its contact card, or what it showed of its log since.
/// Whoever makes the batch durable is bound; the entry is delivered by the next letter or session.
///
/// # Errors
/// [`SessionError`]: nobody is bound.
pub fn pay_away<L: Ledger, S: Signer>(
    books: &L,
    signer: &S,
    peer: DeviceId,
    token: TokenId,
    amount: u64,
) -> Result<(Batch, u64), SessionError> {
    check_payable(books, &peer)?;
    let places = [books.card_place(&peer), books.accepted(&peer), books.latest(&peer)];
    let newest = places.into_iter().flatten().max_by_key(|at| at.index);
    let floor = newest.ok_or(SessionError::NoAsk)?;
    let to = Payee { device: peer, floor, nonce: None };
    let payment = Payment::write(books, signer, to, token, amount)?;
    check_letter(books, &peer, &payment)?;
    Ok(payment.into_batch())
}

/// Pays what a peer asked for last in a letter. An Ask is answered once.
///
/// # Errors
/// [`SessionError`]: nobody is bound.
pub fn pay_asked<L: Ledger, S: Signer>(
    books: &L,
    signer: &S,
    peer: DeviceId,
    token: TokenId,
    amount: u64,
) -> Result<(Batch, u64), SessionError> {
    check_payable(books, &peer)?;
    let mut mail = books.mail(&peer);
    let ask = mail.inbox.asked.take().ok_or(SessionError::NoAsk)?;
    if !ask.allows(&token, amount) {
        return Err(SessionError::OtherAsk);
    }
    let to = Payee { device: peer, floor: ask.floor, nonce: Some(ask.nonce) };
    let payment = Payment::write(books, signer, to, token, amount)?;
    check_letter(books, &peer, &payment)?;
    let (mut batch, index) = payment.into_batch();
    batch.mail = Some((peer, Box::new(mail)));
    Ok((batch, index))
}

/// Whether one deals with a device, and may write entries at all.
pub(crate) fn check_payable<L: Ledger>(books: &L, peer: &DeviceId) -> Result<(), SessionError> {
    use dsm_core::Reject;
    let device = *peer;
    match books.peer(peer) {
        _ if books.is_forked(&books.me()) => Err(SessionError::OwnFork),
        _ if books.is_old_copy() => Err(SessionError::OldCopy),
        None => Err(Reject::UnknownPeer { device }.into()),
        Some(known) if !known.active => Err(Reject::NotEnrolled { device }.into()),
        Some(_) if books.is_forked(peer) => Err(Reject::Forked { device }.into()),
        Some(_) => Ok(()),
    }
}
