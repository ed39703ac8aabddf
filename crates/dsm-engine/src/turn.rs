//! Turns of the engine: what happened in several conversations, durable at once.
//!
//! Always true: no frame and no notice leaves before everything that its turn staged is durable
//! (`dsm_session::Turn`), and all that was staged before it. While one turn becomes durable the next one
//! may begin, over books that show both; a conversation takes no step before its last one is given out. A
//! session that fails takes no other with it; a store that fails ends all.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::mpsc::Sender;

use dsm_core::View;
use dsm_crypto::Signature;
use dsm_session::{Batch, Effects, Ledger, Notice, Session, Turn};
use dsm_store::{Changes, Kv, StoreError, Wallet};

use crate::event::{Answer, Conversation, Event, Next};
use crate::{ConverseError, Engine};

/// Hears what follows for a conversation.
pub type Give<'g, K> = dyn FnMut(&Wallet<K>, Conversation, Answer) + 'g;

/// Who waits to hear that something is kept, and whether it could be staged.
type Kept = (Sender<Result<(), StoreError>>, Result<(), StoreError>);

/// Gives what wakes the engine's loop when a turn is durable; none if nobody would hear it.
pub(crate) type Wake<'w> = &'w dyn Fn() -> Option<Box<dyn FnOnce() + Send>>;

/// Turns one after the other.
#[derive(Default)]
pub(crate) struct Flow {
    /// What becomes durable now.
    begun: Option<Round>,
    /// What was staged since.
    round: Round,
    /// Who is to hear that what it wrote is durable.
    durable: VecDeque<Conversation>,
    /// What happened and was not heard yet.
    events: VecDeque<Event>,
}

impl Flow {
    /// Whether a step over all books would rest on what is not durable, and one over those that are
    /// may do.
    fn is_behind(&self) -> bool {
        self.begun.as_ref().is_some_and(|begun| !begun.keeps) && !self.round.keeps
    }

    /// The next thing that happened to somebody whose last step was given out.
    fn next(&mut self) -> Option<Event> {
        let steps = |round: &Round, of| round.stepped.contains(&of);
        let waits =
            |of| steps(&self.round, of) || self.begun.as_ref().is_some_and(|one| steps(one, of));
        let at = self.events.iter().position(|event| !event.of().is_some_and(waits));
        self.events.remove(at?)
    }
}

/// What is staged and not durable yet, and who waits for it.
#[derive(Default)]
struct Round {
    turn: Turn<Conversation>,
    stepped: BTreeSet<Conversation>,
    cancelled: BTreeSet<Conversation>,
    /// The own payments that became final with a step, whichever conversation sent them.
    settled: BTreeMap<Conversation, Vec<u64>>,
    ended: Vec<(Conversation, ConverseError)>,
    kept: Vec<Kept>,
    keeps: bool,
}

impl Round {
    fn is_empty(&self) -> bool {
        self.turn.is_empty() && self.ended.is_empty() && self.kept.is_empty()
    }

    fn is_due(&self) -> bool {
        self.turn.is_due() || self.keeps
    }
}

impl<K: Kv> Engine<K> {
    /// Lets several things happen. What follows is given out in parts, each once it is durable; events
    /// of one conversation happen in order.
    ///
    /// # Errors
    /// The store fails: nothing more is given out, every conversation is over, and the wallet is to be
    /// opened anew.
    pub fn turn(&mut self, events: Vec<Event>, give: &mut Give<'_, K>) -> Result<(), StoreError> {
        self.flow(&mut Flow::default(), events, None, give)
    }

    /// The same, and goes on from turns that are not given out yet. With a `wake`, what is staged becomes
    /// durable while the caller goes on, and whoever is woken comes here again; else all is given out.
    pub(crate) fn flow(
        &mut self,
        flow: &mut Flow,
        events: Vec<Event>,
        wake: Option<Wake<'_>>,
        give: &mut Give<'_, K>,
    ) -> Result<(), StoreError> {
        flow.events.extend(events);
        let done = self.turns(flow, wake, give);
        if done.is_err() {
            self.sessions.clear();
            // What the others of the round staged must not become durable later: they were told that
            // it failed.
            self.wallet.give_up();
        }
        done
    }

    fn turns(
        &mut self,
        flow: &mut Flow,
        wake: Option<Wake<'_>>,
        give: &mut Give<'_, K>,
    ) -> Result<(), StoreError> {
        loop {
            if (wake.is_none() || self.wallet.has_landed())
                && let Some(begun) = flow.begun.take()
            {
                flow.durable.extend(self.settle(begun, Wallet::land, give)?);
            }
            // All that happened first: a commit holds as much as there is.
            if let Some(of) = flow.durable.pop_front() {
                self.step(of, dsm_session::Event::Durable, flow, give)?;
            } else if let Some(event) = flow.next() {
                self.happen(event, flow, give)?;
            } else if flow.begun.is_some() || flow.round.is_empty() {
                return Ok(());
            } else {
                self.launch(flow, wake, give)?;
            }
        }
    }

    /// Makes a turn durable and gives it out, or begins to.
    fn launch(
        &mut self,
        flow: &mut Flow,
        wake: Option<Wake<'_>>,
        give: &mut Give<'_, K>,
    ) -> Result<(), StoreError> {
        let round = std::mem::take(&mut flow.round);
        // Alone there is nothing to be done meanwhile.
        let wake = wake.filter(|_| round.is_due() && self.sessions.len() > 1);
        if let Some(wake) = wake.and_then(|wake| wake()) {
            self.wallet.begin(wake)?;
            flow.begun = Some(round);
        } else {
            flow.durable.extend(self.settle(round, Wallet::flush, give)?);
        }
        Ok(())
    }

    fn happen(
        &mut self,
        event: Event,
        flow: &mut Flow,
        give: &mut Give<'_, K>,
    ) -> Result<(), StoreError> {
        let round = &mut flow.round;
        match event {
            Event::Open { of, goal, fresh, proven } => {
                self.sessions.insert(of, Session::new(goal, fresh).proven(proven));
                self.step(of, dsm_session::Event::Start, flow, give)
            }
            Event::Called { of, goal, fresh, proven, message } => {
                // Whoever is called says nothing at the start.
                self.sessions.insert(of, Session::new(goal, fresh).proven(proven));
                self.step(of, dsm_session::Event::Message(&message), flow, give)
            }
            Event::Message { of, message } => {
                self.step(of, dsm_session::Event::Message(&message), flow, give)
            }
            Event::Ready { of } => self.step(of, dsm_session::Event::Durable, flow, give),
            Event::Cancel { of } => {
                round.cancelled.insert(of);
                self.step(of, dsm_session::Event::Cancel, flow, give)
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
        flow: &mut Flow,
        give: &mut Give<'_, K>,
    ) -> Result<(), StoreError> {
        if flow.is_behind()
            && let Some(step) = self.early(of, event)?
        {
            flow.durable.extend(self.settle(step, Wallet::land, give)?);
            return Ok(());
        }
        // Whoever speaks after the end is not heard.
        let Some(session) = self.sessions.remove(&of) else { return Ok(()) };
        let round = &mut flow.round;
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
        let (wallet, mut paid) = (&mut self.wallet, Vec::new());
        let stage = |batch: &Batch| {
            paid = settled(wallet, batch)?;
            wallet.stage(&Changes::from(batch))
        };
        match round.turn.add(of, effects, stage) {
            Ok(()) => {
                round.settled.insert(of, paid);
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

    /// A step of a session over the books that are durable. If it wants nothing kept that could not
    /// wait, it rests on nothing that could be lost, and needs to wait for nothing.
    fn early(
        &mut self,
        of: Conversation,
        event: dsm_session::Event<'_>,
    ) -> Result<Option<Round>, StoreError> {
        let Some(session) = self.sessions.get(&of) else { return Ok(None) };
        // What is signed makes whoever hears it write, so it would only be heard twice.
        let signed = size_of::<Signature>();
        match event {
            dsm_session::Event::Durable => {}
            dsm_session::Event::Message(bytes) if bytes.len() < signed => {}
            _ => return Ok(None),
        }
        let books = self.wallet.durable_books()?;
        let stepped = session.clone().step(&books, &self.main, event);
        books.check()?;
        drop(books);
        let quiet =
            |(next, effects): &(Session, Effects)| effects.can_wait() && next.failure().is_none();
        let Some((next, effects)) = stepped.ok().filter(quiet) else { return Ok(None) };
        let mut round = Round::default();
        let wallet = &mut self.wallet;
        round.turn.add(of, effects, |batch| wallet.stage(&Changes::from(batch)))?;
        self.sessions.insert(of, next);
        Ok(Some(round))
    }

    /// Makes a round durable and gives out what follows; says who is to hear of it.
    fn settle(
        &mut self,
        round: Round,
        durable: fn(&mut Wallet<K>) -> Result<(), StoreError>,
        give: &mut Give<'_, K>,
    ) -> Result<Vec<Conversation>, StoreError> {
        let Round { turn, cancelled, mut settled, ended, kept, keeps, .. } = round;
        if keeps {
            durable(&mut self.wallet)?;
        }
        let steps = turn.persist(|| durable(&mut self.wallet))?;
        for (to, result) in kept {
            // Whoever asked may not wait for the answer.
            let _ = to.send(result);
        }
        let mut wrote = Vec::new();
        for (of, then) in steps {
            let Some(session) = self.sessions.get(&of) else { continue };
            let peer = session.peer();
            let next = if let Some(failure) = session.failure() {
                Next::Over(Err(ConverseError::Session(failure.clone())))
            } else if then.wrote {
                wrote.push(of);
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
            let mut notices = then.notices;
            for index in settled.remove(&of).unwrap_or_default() {
                let notice = Notice::Acknowledged { index };
                if !notices.contains(&notice) {
                    notices.push(notice);
                }
            }
            let answer = Answer { frames: then.frames, notices, peer, next };
            give(&self.wallet, of, answer);
        }
        for (of, error) in ended {
            let next = Next::Over(Err(error));
            let answer = Answer { frames: Vec::new(), notices: Vec::new(), peer: None, next };
            give(&self.wallet, of, answer);
        }
        Ok(wrote)
    }
}

/// The own payments that a batch makes final against who acknowledges them. A session tells of those that it
/// sent itself; an earlier one may have sent others.
fn settled<K: Kv>(wallet: &Wallet<K>, batch: &Batch) -> Result<Vec<u64>, StoreError> {
    let mut settled = Vec::new();
    if batch.accepted.is_empty() {
        return Ok(settled);
    }
    let books = wallet.books()?;
    for accepted in &batch.accepted {
        let (peer, upto) = (accepted.writer(), accepted.peer().stitch);
        let mut after = books.peer(&peer).and_then(|peer| peer.stitch).unwrap_or(0);
        while let Some(dealing) = books.next_to(&peer, after)
            && Some(dealing.entry.index) <= upto
        {
            after = dealing.entry.index;
            if dealing.entry.value.is_some() && !settled.contains(&after) {
                settled.push(after);
            }
        }
    }
    books.check()?;
    Ok(settled)
}

/// The conversations that an engine holds.
pub(crate) type Sessions = BTreeMap<Conversation, Session>;
