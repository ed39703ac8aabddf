//! One conversation with one peer, from Hello to Done.

use dsm_crypto::Digest;
use dsm_link::Link;
use dsm_log::Nonce;
use dsm_session::{Event, Goal, MAX_MESSAGE, Notice, Session};
use dsm_store::{Changes, Kv};

use crate::{ConverseError, Engine};

impl<K: Kv> Engine<K> {
    /// Holds a conversation over a link until both sides have nothing more to say.
    ///
    /// `fresh` is 32 bytes that nobody can guess; `tell` hears what a person may want to know, each
    /// after it is durable.
    ///
    /// # Errors
    /// [`ConverseError`]: whatever was durable stays, and a new conversation takes it up again.
    pub fn converse<L: Link>(
        &mut self,
        link: &mut L,
        goal: Goal,
        fresh: Nonce,
        tell: &mut dyn FnMut(&Notice),
    ) -> Result<(), ConverseError> {
        let proven = link.peer_key().map(Digest::from_bytes);
        let mut session = Session::new(goal, fresh).proven(proven);
        let mut message = Vec::new();
        let mut started = false;
        let mut durable = false;
        loop {
            let event = match (started, durable) {
                (false, _) => Event::Start,
                (true, true) => Event::Durable,
                (true, false) => Event::Message(&message),
            };
            started = true;
            let books = self.wallet.books()?;
            let stepped = session.step(&books, &self.keys.main, event);
            books.check()?;
            let (next, effects) = stepped.map_err(ConverseError::Session)?;
            drop(books);
            session = next;
            let wallet = &mut self.wallet;
            let then = effects.persist(|batch| {
                wallet.commit(&Changes { batch: batch.clone(), ..Changes::default() })
            })?;
            for notice in &then.notices {
                tell(notice);
            }
            let sent = then.frames.iter().try_for_each(|frame| link.send(frame));
            // Why the session ended says more than that its last word was not heard.
            if let Some(failure) = session.failure() {
                return Err(ConverseError::Session(failure.clone()));
            }
            sent.map_err(ConverseError::Link)?;
            durable = then.wrote;
            if durable {
                continue;
            }
            if session.is_over() {
                return Ok(());
            }
            message = link
                .receive(MAX_MESSAGE)
                .map_err(ConverseError::Link)?
                .ok_or(ConverseError::HungUp)?;
        }
    }
}
