//! One turn of the engine: what happened in several conversations, durable at once.
//!
//! Always true: no frame and no notice leaves before everything that its turn staged is durable
//! (`dsm_session::Turn`). A session that fails takes no other with it; a store that fails ends all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::Sender;

use dsm_session::{Session, Turn};
use dsm_store::{Changes, Kv, StoreError, Wallet};

use crate::event::{Answer, Conversation, Event, Next};
use crate::{ConverseError, Engine};

/// Hears what follows for a conversation.
pub type Give<'g, K> = dyn FnMut(&Wallet<K>, Conversation, Answer) + 'g;

/// Who waits to hear that something is kept, and whether it could be staged.
type Kept = (Sender<Result<(), StoreError>>, Result<(), StoreError>);

/// What is staged and not durable yet, and who waits for it.
#[derive(Default)]
struct Round {
    turn: Turn<Conversation>,
    stepped: BTreeSet<Conversation>,
    cancelled: BTreeSet<Conversation>,
    ended: Vec<(Conversation, ConverseError)>,
    kept: Vec<Kept>,
    keeps: bool,
}

impl<K: Kv> Engine<K> {
    /// Lets several things happen. What follows is given out in parts, each once it is durable; events
    /// of one conversation happen in order.
    ///
    /// # Errors
    /// The store fails: nothing more is given out, every conversation is over, and the wallet is to be
    /// opened anew.
    pub fn turn(&mut self, events: Vec<Event>, give: &mut Give<'_, K>) -> Result<(), StoreError> {
        let done = self.rounds(events, give);
        if done.is_err() {
            self.sessions.clear();
            // What the others of the round staged must not become durable later: they were told that
            // it failed.
            self.wallet.give_up();
        }
        done
    }

    fn rounds(&mut self, mut events: Vec<Event>, give: &mut Give<'_, K>) -> Result<(), StoreError> {
        let mut durable = Vec::new();
        while !events.is_empty() || !durable.is_empty() {
            let mut round = Round::default();
            let mut later = Vec::new();
            for of in durable.drain(..) {
                self.step(of, dsm_session::Event::Durable, &mut round)?;
            }
            for event in events {
                match event.of() {
                    Some(of) if round.stepped.contains(&of) => later.push(event),
                    _ => self.happen(event, &mut round)?,
                }
            }
            events = later;
            durable = self.settle(round, give)?;
        }
        Ok(())
    }

    fn happen(&mut self, event: Event, round: &mut Round) -> Result<(), StoreError> {
        match event {
            Event::Open { of, goal, fresh, proven } => {
                self.sessions.insert(of, Session::new(goal, fresh).proven(proven));
                self.step(of, dsm_session::Event::Start, round)
            }
            Event::Called { of, goal, fresh, proven, message } => {
                // Whoever is called says nothing at the start.
                self.sessions.insert(of, Session::new(goal, fresh).proven(proven));
                self.step(of, dsm_session::Event::Message(&message), round)
            }
            Event::Message { of, message } => {
                self.step(of, dsm_session::Event::Message(&message), round)
            }
            Event::Ready { of } => self.step(of, dsm_session::Event::Durable, round),
            Event::Cancel { of } => {
                round.cancelled.insert(of);
                self.step(of, dsm_session::Event::Cancel, round)
            }
            Event::Close { of } => {
                self.sessions.remove(&of);
                Ok(())
            }
            Event::Keep { changes, kept } => {
                let staged = self.wallet.stage(&changes);
                round.keeps |= staged.is_ok();
                round.kept.push((kept, staged));
                Ok(())
            }
        }
    }

    /// One step of a session over the books with all that is staged.
    fn step(
        &mut self,
        of: Conversation,
        event: dsm_session::Event<'_>,
        round: &mut Round,
    ) -> Result<(), StoreError> {
        // Whoever speaks after the end is not heard.
        let Some(session) = self.sessions.remove(&of) else { return Ok(()) };
        round.stepped.insert(of);
        let books = self.wallet.books()?;
        let stepped = session.step(&books, &self.main, event);
        books.check()?;
        drop(books);
        let (next, effects) = match stepped {
            Ok(next) => next,
            Err(error) => {
                round.ended.push((of, ConverseError::Session(error)));
                return Ok(());
            }
        };
        let wallet = &mut self.wallet;
        match round.turn.add(of, effects, |batch| wallet.stage(&Changes::from(batch))) {
            Ok(()) => {
                self.sessions.insert(of, next);
                Ok(())
            }
            // What was decided does not go on from the books: nothing of it is staged.
            Err(error @ StoreError::Stale { .. }) => {
                round.ended.push((of, ConverseError::Store(error)));
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Makes a round durable and gives out what follows; says who is to hear of it.
    fn settle(
        &mut self,
        round: Round,
        give: &mut Give<'_, K>,
    ) -> Result<Vec<Conversation>, StoreError> {
        let Round { turn, cancelled, ended, kept, keeps, .. } = round;
        if keeps {
            self.wallet.flush()?;
        }
        let steps = turn.persist(|| self.wallet.flush())?;
        for (to, result) in kept {
            // Whoever asked may not wait for the answer.
            let _ = to.send(result);
        }
        let mut durable = Vec::new();
        for (of, then) in steps {
            let Some(session) = self.sessions.get(&of) else { continue };
            let peer = session.peer();
            let next = if let Some(failure) = session.failure() {
                Next::Over(Err(ConverseError::Session(failure.clone())))
            } else if then.wrote {
                durable.push(of);
                Next::Answer
            } else if then.more {
                Next::More
            } else if session.is_over() {
                Next::Over(Ok(()))
            } else if cancelled.contains(&of) {
                // The peer said nothing: what it says next is answered beside this.
                Next::Answer
            } else {
                Next::Listen
            };
            if matches!(next, Next::Over(_)) {
                self.sessions.remove(&of);
            }
            let answer = Answer { frames: then.frames, notices: then.notices, peer, next };
            give(&self.wallet, of, answer);
        }
        for (of, error) in ended {
            let next = Next::Over(Err(error));
            let answer = Answer { frames: Vec::new(), notices: Vec::new(), peer: None, next };
            give(&self.wallet, of, answer);
        }
        Ok(durable)
    }
}

/// The conversations that an engine holds.
pub(crate) type Sessions = BTreeMap<Conversation, Session>;
