//! Letters that answer each other over a link, without a handshake (`spec/letters.md`, exchanges).
//!
//! For slow links. Always true: a letter leaves when what it rests on is durable; at most four go;
//! who breaks off at any place loses nothing, since the next letter or session says the same.

use dsm_core::TokenId;
use dsm_crypto::Secret;
use dsm_link::{Link, LinkError};
use dsm_log::DeviceId;
use dsm_session::{MAX_LETTER, Notice, Request, SessionError};
use dsm_store::Kv;

use crate::{Engine, MailError, Read};

/// Why an exchange ended early. What was durable stays.
#[derive(Debug)]
#[non_exhaustive]
pub enum ExchangeError {
    /// A letter cannot be written, or is not one of the contact.
    Mail(MailError),
    /// Something in a letter was refused.
    Session(SessionError),
    /// The link fails.
    Link(LinkError),
    /// The other side hung up before it answered.
    HungUp,
}

impl std::fmt::Display for ExchangeError {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Mail(error) => error.fmt(to),
            Self::Session(error) => error.fmt(to),
            Self::Link(error) => error.fmt(to),
            Self::HungUp => to.write_str("the other side hung up before it answered"),
        }
    }
}

impl std::error::Error for ExchangeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Mail(error) => Some(error),
            Self::Session(error) => Some(error),
            Self::Link(error) => Some(error),
            Self::HungUp => None,
        }
    }
}

impl From<MailError> for ExchangeError {
    fn from(error: MailError) -> Self {
        Self::Mail(error)
    }
}

/// What an exchange came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchanged {
    /// With whom.
    pub peer: DeviceId,
    /// Index of the own entry that pays, if this side paid.
    pub entry: Option<u64>,
}

/// The two letters of a side, each with 32 fresh bytes.
pub type Fresh = [Secret<32>; 2];

/// One side of an exchange.
struct Side<'s, K: Kv, L> {
    engine: &'s mut Engine<K>,
    link: &'s mut L,
    tell: &'s mut dyn FnMut(&Notice),
    met: bool,
}

impl<K: Kv, L: Link> Side<'_, K, L> {
    fn say(
        &mut self,
        peer: &DeviceId,
        ask: Option<Request>,
        fresh: &Secret<32>,
    ) -> Result<(), ExchangeError> {
        let letter = self.engine.write_letter(peer, ask, fresh)?;
        self.link.send(&letter).map_err(ExchangeError::Link)
    }

    /// The next letter, which is durable; none if the other side hung up.
    fn hear(&mut self, writer: Option<&DeviceId>) -> Result<Option<Read>, ExchangeError> {
        let Some(letter) = self.link.receive(MAX_LETTER).map_err(ExchangeError::Link)? else {
            return Ok(None);
        };
        let read = self.engine.read_letter_of(writer, &letter)?;
        if !std::mem::replace(&mut self.met, true) {
            (self.tell)(&Notice::Met { peer: read.from });
        }
        read.notices.iter().for_each(&mut *self.tell);
        match &read.failure {
            Some(failure) => Err(ExchangeError::Session(failure.clone())),
            None => Ok(Some(read)),
        }
    }
}

impl<K: Kv> Engine<K> {
    /// Greets a contact over a link by a letter, and perhaps pays it: what its answer asks for, or
    /// else upon what is known of its log.
    ///
    /// # Errors
    /// [`ExchangeError`]. Whether this side is bound was told ([`Notice::Bound`]).
    pub fn exchange_with<L: Link>(
        &mut self,
        link: &mut L,
        peer: DeviceId,
        pay: Option<(TokenId, u64)>,
        fresh: &Fresh,
        tell: &mut dyn FnMut(&Notice),
    ) -> Result<Exchanged, ExchangeError> {
        let mut side = Side { engine: self, link, tell, met: false };
        side.say(&peer, None, &fresh[0])?;
        let read = side.hear(Some(&peer))?.ok_or(ExchangeError::HungUp)?;
        let mut entry = None;
        if let Some((token, amount)) = pay {
            let other = |notice: &Notice| {
                matches!(notice, Notice::Asked { request, .. }
                    if (request.token, request.amount) != (token, amount))
            };
            if read.notices.iter().any(other) {
                return Err(ExchangeError::Session(SessionError::OtherAsk));
            }
            let index = side.engine.pay_by_letter(&peer, token, amount)?;
            (side.tell)(&Notice::Bound { index });
            entry = Some(index);
        }
        if entry.is_some() || read.is_answer_due {
            side.say(&peer, None, &fresh[1])?;
        }
        if entry.is_some() {
            side.hear(Some(&peer))?.ok_or(ExchangeError::HungUp)?;
        }
        Ok(Exchanged { peer, entry })
    }

    /// Answers a contact that greets over a link by a letter, and perhaps asks it for something.
    ///
    /// # Errors
    /// [`ExchangeError`].
    pub fn exchange<L: Link>(
        &mut self,
        link: &mut L,
        ask: Option<Request>,
        fresh: &Fresh,
        tell: &mut dyn FnMut(&Notice),
    ) -> Result<Exchanged, ExchangeError> {
        let mut side = Side { engine: self, link, tell, met: false };
        let peer = side.hear(None)?.ok_or(ExchangeError::HungUp)?.from;
        side.say(&peer, ask, &fresh[0])?;
        if side.hear(Some(&peer))?.is_some_and(|read| read.is_answer_due) {
            side.say(&peer, None, &fresh[1])?;
            // Until the other side hangs up the receipt may still be on its way. Nothing else is due.
            let _ = side.link.receive(0);
        }
        Ok(Exchanged { peer, entry: None })
    }
}
