//! Letters to contacts that are not there, and payments to them (`spec/letters.md`).

use dsm_core::TokenId;
use dsm_crypto::{Digest, Secret};
use dsm_link::Mailbox;
use dsm_log::DeviceId;
use dsm_session::{Batch, LetterError, Notice, Reading, Request, SessionError};
use dsm_store::{Changes, Kv, StoreError};

use crate::Engine;

/// The most letters that are taken out of one box at once: anybody may put something in one.
const MOST_OF_A_BOX: usize = 64;

/// What a letter brought. All of it is durable.
#[derive(Clone, Debug)]
pub struct Read {
    /// Who wrote it.
    pub from: DeviceId,
    /// What a person may want to know.
    pub notices: Vec<Notice>,
    /// Whether it is to be answered by a letter.
    pub is_answer_due: bool,
    /// Why the rest of it was not taken, if it was not.
    pub failure: Option<SessionError>,
}

/// Why a letter, or a payment to somebody who is away, fails. Nothing changed, and nobody is bound.
#[derive(Debug)]
#[non_exhaustive]
pub enum MailError {
    /// The letter is not what it should be.
    Letter(LetterError),
    /// The payment cannot be made.
    Session(SessionError),
    /// The store fails.
    Store(StoreError),
    /// The mailbox fails.
    Mailbox(Box<dyn std::error::Error + Send + Sync>),
}

impl std::fmt::Display for MailError {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Letter(error) => error.fmt(to),
            Self::Session(error) => error.fmt(to),
            Self::Store(error) => error.fmt(to),
            Self::Mailbox(error) => error.fmt(to),
        }
    }
}

impl std::error::Error for MailError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Letter(error) => Some(error),
            Self::Session(error) => Some(error),
            Self::Store(error) => Some(error),
            Self::Mailbox(error) => Some(&**error),
        }
    }
}

impl From<StoreError> for MailError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<LetterError> for MailError {
    fn from(error: LetterError) -> Self {
        Self::Letter(error)
    }
}

impl<K: Kv> Engine<K> {
    /// Writes the next letter to a contact, with 32 fresh bytes: perhaps a request, and every own
    /// entry that it is not known to have accepted.
    ///
    /// # Errors
    /// [`MailError`].
    pub fn write_letter(
        &mut self,
        peer: &DeviceId,
        request: Option<Request>,
        fresh: &Secret<32>,
    ) -> Result<Vec<u8>, MailError> {
        Ok(self.posting(peer, request, fresh)?.1)
    }

    fn posting(
        &mut self,
        peer: &DeviceId,
        request: Option<Request>,
        fresh: &Secret<32>,
    ) -> Result<(Digest, Vec<u8>), MailError> {
        let posting = {
            let books = self.wallet.books()?;
            let posting = dsm_session::write_letter(&books, &self.main, peer, request, fresh);
            books.check()?;
            posting?
        };
        let wallet = &mut self.wallet;
        Ok(posting.persist(|batch| wallet.commit(&Changes::from(batch)))?)
    }

    /// Reads a letter. When it returns, what the letter brought is durable.
    ///
    /// # Errors
    /// [`MailError`].
    pub fn read_letter(&mut self, letter: &[u8]) -> Result<Read, MailError> {
        self.read_letter_of(None, letter)
    }

    /// Reads a letter that must be of a contact, if one is named.
    pub(crate) fn read_letter_of(
        &mut self,
        writer: Option<&DeviceId>,
        letter: &[u8],
    ) -> Result<Read, MailError> {
        let mut reading = {
            let books = self.wallet.books()?;
            let reading = Reading::open(&books, &self.kem, letter, writer);
            books.check()?;
            reading?
        };
        let taken = self.take(&mut reading);
        if taken.is_err() {
            // A part of the letter is staged: it must not become durable with something else.
            self.wallet.give_up();
        }
        let (from, is_answer_due) = (reading.from(), reading.is_answer_due());
        Ok(Read { from, notices: taken?, is_answer_due, failure: reading.failure().cloned() })
    }

    /// Takes everything in a letter at once; what a person may want to know.
    fn take(&mut self, reading: &mut Reading) -> Result<Vec<Notice>, StoreError> {
        let mut notices = Vec::new();
        loop {
            let books = self.wallet.books()?;
            let effects = reading.step(&books, &self.main);
            books.check()?;
            drop(books);
            let Some(effects) = effects else { break };
            let wallet = &mut self.wallet;
            let then = effects.persist(|batch| wallet.stage(&Changes::from(batch)))?;
            notices.extend(then.notices);
        }
        self.wallet.flush()?;
        Ok(notices)
    }

    /// Pays a contact that is away, upon what is known of its log. Gives the index of the entry, which
    /// is durable; the next letter or session delivers it.
    ///
    /// # Errors
    /// [`MailError`].
    pub fn pay_away(
        &mut self,
        peer: &DeviceId,
        token: TokenId,
        amount: u64,
    ) -> Result<u64, MailError> {
        self.bind(|engine, books| dsm_session::pay_away(books, &engine.main, *peer, token, amount))
    }

    /// Pays what a contact asked for last in a letter; the same as for [`Engine::pay_away`].
    ///
    /// # Errors
    /// [`MailError`].
    pub fn pay_asked(
        &mut self,
        peer: &DeviceId,
        token: TokenId,
        amount: u64,
    ) -> Result<u64, MailError> {
        self.bind(|engine, books| dsm_session::pay_asked(books, &engine.main, *peer, token, amount))
    }

    fn bind(
        &mut self,
        write: impl Fn(&Self, &dsm_store::Books<'_, K>) -> Result<(Batch, u64), SessionError>,
    ) -> Result<u64, MailError> {
        let (batch, index) = {
            let books = self.wallet.books()?;
            let written = write(self, &books);
            books.check()?;
            written.map_err(MailError::Session)?
        };
        self.wallet.commit(&Changes { batch, ..Changes::default() })?;
        Ok(index)
    }

    /// Writes the next letter to a contact and puts it in its box.
    ///
    /// # Errors
    /// [`MailError`]. If only the mailbox fails, the letter is lost, and the next one says the same.
    pub fn post<M: Mailbox>(
        &mut self,
        mailbox: &mut M,
        peer: &DeviceId,
        request: Option<Request>,
        fresh: &Secret<32>,
    ) -> Result<(), MailError> {
        let (key, letter) = self.posting(peer, request, fresh)?;
        let put = mailbox.put(key.as_bytes(), &letter);
        put.map_err(|error| MailError::Mailbox(Box::new(error)))
    }

    /// Reads what lies in the next boxes of every contact that is not blocked, and adds what it brought.
    /// What is no letter of the contact is let fall.
    ///
    /// # Errors
    /// [`MailError`] of the store or the mailbox; what was read before stays, and is in `reads`.
    pub fn collect<M: Mailbox>(
        &mut self,
        mailbox: &mut M,
        reads: &mut Vec<Read>,
    ) -> Result<(), MailError> {
        let contacts = self.wallet.books()?.contacts();
        for contact in contacts {
            let peer = contact.card.descriptor.id();
            let boxes = {
                let books = self.wallet.books()?;
                if books.is_blocked(&peer) {
                    continue;
                }
                let boxes = dsm_session::boxes(&books, &self.kem, &peer);
                books.check()?;
                boxes
            };
            for key in boxes {
                for _ in 0..MOST_OF_A_BOX {
                    if !self.collect_one(mailbox, &peer, &key, reads)? {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// A letter leaves its box after it was read, so a crash between loses nothing.
    fn collect_one<M: Mailbox>(
        &mut self,
        mailbox: &mut M,
        peer: &DeviceId,
        key: &Digest,
        reads: &mut Vec<Read>,
    ) -> Result<bool, MailError> {
        let mut failed = None;
        let taken = mailbox.take(key.as_bytes(), &mut |letter| {
            match self.read_letter_of(Some(peer), letter) {
                Ok(read) => reads.push(read),
                Err(MailError::Letter(_)) => {}
                Err(error) => failed = Some(error),
            }
            failed.is_none()
        });
        let taken = taken.map_err(|error| MailError::Mailbox(Box::new(error)));
        failed.map_or(taken, Err)
    }

    /// Pays a contact that is away: what it asked for last in a letter, if it asked for just this, and
    /// else as [`Engine::pay_away`] does.
    ///
    /// # Errors
    /// [`MailError`].
    pub fn pay_by_letter(
        &mut self,
        peer: &DeviceId,
        token: TokenId,
        amount: u64,
    ) -> Result<u64, MailError> {
        match self.pay_asked(peer, token, amount) {
            Err(MailError::Session(SessionError::NoAsk | SessionError::OtherAsk)) => {
                self.pay_away(peer, token, amount)
            }
            paid => paid,
        }
    }
}
