//! Reading a letter: who wrote it, and then one enclosure after the other.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::IntoIter;

use dsm_crypto::{KemSecret, SealKey, Signer, decapsulate, open};
use dsm_encoding::from_slice;
use dsm_log::DeviceId;

use super::{
    AHEAD, Contents, Enclosure, Letter, LetterError, MAX_LETTER, MAX_MOVE, Signed, check_peer,
    header, letter_message, tag_of,
};
use crate::effects::{Effects, Notice};
use crate::incoming::take_payment;
use crate::ledger::Ledger;
use crate::mail::{Mail, incoming, number_of};
use crate::outgoing::take_receipt;
use crate::sync::take_evidence;
use crate::{Batch, SessionError};

/// A letter whose writer is known, on its way into the books.
#[derive(Debug)]
pub struct Reading {
    from: DeviceId,
    mail: Option<Box<Mail>>,
    left: IntoIter<Enclosure>,
    is_due: bool,
    failure: Option<SessionError>,
}

impl Reading {
    /// Opens a letter and finds out who wrote it: anybody, or a contact that is expected. Nothing is
    /// judged yet, and nothing changes.
    ///
    /// # Errors
    /// [`LetterError`].
    pub fn open<L: Ledger>(
        books: &L,
        kem: &KemSecret,
        bytes: &[u8],
        expected: Option<&DeviceId>,
    ) -> Result<Self, LetterError> {
        if bytes.len() > MAX_LETTER {
            return Err(LetterError::Form(dsm_encoding::DecodeError::TooLong));
        }
        let letter: Letter = from_slice(bytes).map_err(LetterError::Form)?;
        let (Letter::First { network, .. } | Letter::Next { network, .. }) = &letter;
        if *network != books.network() {
            return Err(LetterError::Network);
        }
        let (from, mut mail, contents) = match letter {
            Letter::First { .. } => open_first(books, kem, &letter)?,
            Letter::Next { tag, nonce, sealed, .. } => {
                let writers =
                    expected.map_or_else(|| books.correspondents(), |expected| vec![*expected]);
                open_next(books, kem, &writers, (tag, &nonce, &sealed))?
            }
        };
        if expected.is_some_and(|expected| *expected != from) {
            return Err(LetterError::OtherWriter);
        }
        // Whoever signs after such a word from a contact forks its log.
        let last = books.own_log().at.index;
        if contents.accepted > last || contents.known > Some(last) {
            return Err(SessionError::OldCopy.into());
        }
        let Mail { outbox, inbox } = &mut mail;
        inbox.accepted = inbox.accepted.max(contents.accepted);
        inbox.known = inbox.known.max(contents.known);
        let written = number_of(outbox.chain.as_ref());
        outbox.read = outbox.read.max(contents.read.min(written));
        let left = contents.enclosures.into_inner().into_iter();
        let mail = Some(Box::new(mail));
        Ok(Self { from, mail, left, is_due: false, failure: None })
    }

    /// Who wrote it.
    #[must_use]
    pub fn from(&self) -> DeviceId {
        self.from
    }

    /// Whether it brought what is to be acknowledged.
    #[must_use]
    pub fn is_answer_due(&self) -> bool {
        self.is_due
    }

    /// Why the rest of it was not taken, if it was not.
    #[must_use]
    pub fn failure(&self) -> Option<&SessionError> {
        self.failure.as_ref()
    }

    /// Takes the next enclosure, over books that hold what the last step gave. The last step
    /// says that the letter was read. None after that.
    pub fn step<L: Ledger, S: Signer>(&mut self, books: &L, signer: &S) -> Option<Effects> {
        let mut effects = Effects::default();
        let next = self.left.next().filter(|_| self.failure.is_none());
        match next {
            Some(enclosure) => {
                if let Err(error) = self.take(books, signer, enclosure, &mut effects) {
                    if let SessionError::Rejected(reject) = &error {
                        let reject = (*reject).into();
                        effects.notices.push(Notice::Rejected { reject });
                    }
                    self.failure = Some(error);
                }
            }
            None => {
                let mail = self.mail.take()?;
                effects.batch.mail = Some((self.from, mail));
            }
        }
        Some(effects)
    }

    fn take<L: Ledger, S: Signer>(
        &mut self,
        books: &L,
        signer: &S,
        enclosure: Enclosure,
        effects: &mut Effects,
    ) -> Result<(), SessionError> {
        let peer = self.from;
        let accepted = books.accepted(&peer).map_or(0, |at| at.index);
        match enclosure {
            Enclosure::Ask { ask } => {
                let request = ask.request.clone();
                effects.notices.extend(request.map(|request| Notice::Asked { peer, request }));
                if let Some(mail) = &mut self.mail {
                    mail.inbox.asked = Some(ask);
                }
                Ok(())
            }
            Enclosure::Pay { floor, dealt } => {
                self.is_due = true;
                if dealt.index <= accepted {
                    return Ok(());
                }
                take_payment(books, signer, peer, *dealt, floor, effects)
            }
            Enclosure::Receipt { dealt } if dealt.index <= accepted => Ok(()),
            Enclosure::Receipt { dealt } => {
                let before = books.peer(&peer).and_then(|peer| peer.stitch);
                let stitch = take_receipt(books, peer, *dealt, effects)?;
                let newly = stitch.filter(|_| stitch > before);
                effects.notices.extend(newly.map(|index| Notice::Acknowledged { index }));
                Ok(())
            }
            Enclosure::Evidence { proofs } => take_evidence(books, proofs.into_inner(), effects),
        }
    }
}

/// Anybody can seal to a KEM key: the signature says who did.
fn open_first<L: Ledger>(
    books: &L,
    kem: &KemSecret,
    letter: &Letter,
) -> Result<(DeviceId, Mail, Contents), LetterError> {
    let Letter::First { network, ciphertext, nonce, sealed } = letter else {
        return Err(LetterError::Sealed);
    };
    let key = SealKey::derive(&decapsulate(kem, ciphertext), &"letter");
    let plain = open(&key, nonce, &header(*network, 0), sealed);
    let plain = plain.map_err(|_| LetterError::Sealed)?;
    let Signed { from, number, next, contents, signature } =
        from_slice(&plain).map_err(LetterError::Form)?;
    check_peer(books, &from)?;
    let descriptor = books.descriptor(&from).ok_or(LetterError::Signature)?;
    let signed = (&from, number, next, &contents);
    let message = letter_message(*network, &books.me(), ciphertext, signed);
    descriptor.key.verify(&message, &signature).map_err(|_| LetterError::Signature)?;
    let mut mail = books.mail(&from);
    if number < mail.inbox.firsts {
        return Err(LetterError::Old);
    }
    mail.inbox.firsts = number.checked_add(1).ok_or(LetterError::Old)?;
    if next > number_of(mail.inbox.chain.as_ref()) {
        let chain = incoming(books, kem, &from, &mail.inbox);
        let moved = chain.and_then(|chain| chain.forward(next, MAX_MOVE));
        mail.inbox.chain = moved.or(mail.inbox.chain);
    }
    Ok((from, mail, contents))
}

/// Only the two devices of a relationship know its chains: whose tag it is wrote it.
fn open_next<L: Ledger>(
    books: &L,
    kem: &KemSecret,
    writers: &[DeviceId],
    (tag, nonce, sealed): ([u8; 8], &[u8; 24], &[u8]),
) -> Result<(DeviceId, Mail, Contents), LetterError> {
    let header = header(books.network(), 1);
    for peer in writers.iter().copied() {
        let mut mail = books.mail(&peer);
        let mut next = incoming(books, kem, &peer, &mail.inbox);
        for _ in 0..AHEAD {
            let Some(chain) = next else { break };
            next = chain.next();
            if tag_of(&chain.mailbox()) != tag {
                continue;
            }
            let plain = open(&chain.seal_key(), nonce, &header, sealed);
            let plain = plain.map_err(|_| LetterError::Sealed)?;
            check_peer(books, &peer)?;
            let contents = from_slice(&plain).map_err(LetterError::Form)?;
            mail.inbox.chain = next;
            return Ok((peer, mail, contents));
        }
    }
    Err(LetterError::Unknown)
}

/// A batch with nothing but how far the letters have come.
impl From<(DeviceId, Mail)> for Batch {
    fn from((peer, mail): (DeviceId, Mail)) -> Self {
        Self { mail: Some((peer, Box::new(mail))), ..Self::default() }
    }
}
