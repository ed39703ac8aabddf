//! Drives two sessions over an imagined link, as an engine does, and cuts it anywhere.

use std::collections::VecDeque;

use dsm_core::TokenId;
use dsm_crypto::{Domain, hash};
use dsm_session::{Event, Goal, Notice, Request, Session, SessionError};
use dsm_store::Changes;

use crate::home::Home;
use crate::person::Person;

/// Where a conversation ends early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Nowhere.
    Never,
    /// After some frames arrived.
    Frames(usize),
    /// One side dies when it has made a batch durable and sent nothing of what follows.
    Persisted(usize),
    /// One side dies before it made a batch durable.
    Unpersisted(usize),
}

/// How a conversation went.
#[derive(Debug, Default)]
pub(crate) struct Talk {
    /// How many frames arrived.
    pub(crate) frames: usize,
    /// How many batches were made durable.
    pub(crate) batches: usize,
    /// How many bytes each side sent.
    pub(crate) bytes: [usize; 2],
    /// What each side was told.
    pub(crate) notices: [Vec<Notice>; 2],
    /// Why each side left early.
    pub(crate) failures: [Option<SessionError>; 2],
    /// Whether both sides had nothing more to say.
    pub(crate) over: bool,
    /// Every frame, in the order in which it arrived, with who sent it.
    pub(crate) heard: Vec<(usize, Vec<u8>)>,
}

/// One end of the conversation.
struct End<'p, 'h, H: Home> {
    person: &'p mut Person<'h, H>,
    session: Option<Session>,
    inbox: VecDeque<Vec<u8>>,
}

/// Whether the conversation goes on.
#[derive(PartialEq, Eq)]
enum Goes {
    On,
    No,
}

impl Talk {
    /// One event, and what is durable by it. The order is an engine's: step, check, persist, tell, send.
    fn step<H: Home>(
        &mut self,
        side: usize,
        end: &mut End<'_, '_, H>,
        event: Event<'_>,
        cut: Cut,
    ) -> (Goes, Vec<Vec<u8>>) {
        let Some(session) = end.session.take() else { return (Goes::On, Vec::new()) };
        let stepped = {
            let books = end.person.books();
            let stepped = session.step(&books, &end.person.key, event);
            books.check().expect("sound books");
            stepped
        };
        let (session, effects) = match stepped {
            Ok(next) => next,
            Err(error) => {
                self.failures[side] = Some(error);
                return (Goes::On, Vec::new());
            }
        };
        let (person, batches) = (&mut *end.person, self.batches);
        let persisted = effects.persist(|batch| {
            if cut == Cut::Unpersisted(batches) {
                return Err(None::<dsm_store::StoreError>);
            }
            let mut changes = Changes { batch: batch.clone(), ..Changes::default() };
            person.commit(&changes).map_err(Some)?;
            // What is not of the own log may be kept again, and changes nothing.
            changes.batch.written.clear();
            let kept =
                |person: &Person<'_, H>| (person.books().history(None), person.books().all_held());
            let before = kept(person);
            person.commit(&changes).map_err(Some)?;
            assert!(kept(person) == before, "kept twice is not kept once");
            Ok(())
        });
        let then = match persisted {
            Ok(then) => then,
            Err(failure) => {
                assert!(failure.is_none(), "the store fails: {failure:?}");
                return (Goes::No, Vec::new());
            }
        };
        self.batches += usize::from(then.wrote);
        if then.wrote && cut == Cut::Persisted(batches) {
            return (Goes::No, Vec::new());
        }
        self.notices[side].extend(then.notices);
        let mut frames = then.frames;
        if let Some(error) = session.failure() {
            self.failures[side] = Some(error.clone());
            return (Goes::On, frames);
        }
        end.session = Some(session);
        if then.wrote || then.more {
            let (goes, more) = self.step(side, end, Event::Durable, cut);
            frames.extend(more);
            return (goes, frames);
        }
        (Goes::On, frames)
    }

    fn send(&mut self, side: usize, frames: Vec<Vec<u8>>, to: &mut VecDeque<Vec<u8>>) {
        self.bytes[side] += frames.iter().map(Vec::len).sum::<usize>();
        to.extend(frames);
    }
}

/// 32 bytes that differ from talk to talk.
pub(crate) fn fresh(name: &str, count: u64) -> [u8; 32] {
    *hash(Domain::Seed, &("fresh", name, count)).as_bytes()
}

/// Two people talk until both have nothing more to say, or until the cut.
pub(crate) fn talk<H: Home, O: Home>(
    caller: &mut Person<'_, H>,
    callee: &mut Person<'_, O>,
    (goal, ask): (Goal, Option<(TokenId, u64)>),
    cut: Cut,
) -> Talk {
    let mut talk = Talk::default();
    let count = caller.books().history(None).len() as u64;
    let one = Session::new(goal, fresh(&caller.name, count));
    let ask = ask.map(|(token, amount)| Request::new(token, amount));
    let other = Session::new(Goal::Receive { ask }, fresh(&callee.name, count));
    let mut one = End { person: caller, session: Some(one), inbox: VecDeque::new() };
    let mut other = End { person: callee, session: Some(other), inbox: VecDeque::new() };
    let (mut goes, frames) = talk.step(0, &mut one, Event::Start, cut);
    talk.send(0, frames, &mut other.inbox);
    let (_, frames) = talk.step(1, &mut other, Event::Start, cut);
    talk.send(1, frames, &mut one.inbox);
    while goes == Goes::On {
        if cut == Cut::Frames(talk.frames) {
            return talk;
        }
        let (side, frame) = match (other.inbox.pop_front(), one.inbox.pop_front()) {
            (Some(frame), waiting) => {
                if let Some(waiting) = waiting {
                    one.inbox.push_front(waiting);
                }
                (1, frame)
            }
            (None, Some(frame)) => (0, frame),
            (None, None) => break,
        };
        talk.frames += 1;
        talk.heard.push((1 - side, frame.clone()));
        let frames;
        if side == 1 {
            (goes, frames) = talk.step(1, &mut other, Event::Message(&frame), cut);
            talk.send(1, frames, &mut one.inbox);
        } else {
            (goes, frames) = talk.step(0, &mut one, Event::Message(&frame), cut);
            talk.send(0, frames, &mut other.inbox);
        }
    }
    talk.over = [&one.session, &other.session]
        .into_iter()
        .all(|session| session.as_ref().is_some_and(Session::is_over));
    talk
}

/// One pays another, who asks for just that.
pub(crate) fn pay<H: Home, O: Home>(
    payer: &mut Person<'_, H>,
    payee: &mut Person<'_, O>,
    (token, amount): (TokenId, u64),
    cut: Cut,
) -> Talk {
    let goal = Goal::Pay { peer: payee.id(), token, amount };
    talk(payer, payee, (goal, Some((token, amount))), cut)
}

/// One calls another with nothing to pay.
pub(crate) fn sync<H: Home, O: Home>(
    caller: &mut Person<'_, H>,
    callee: &mut Person<'_, O>,
) -> Talk {
    let goal = Goal::Sync { peer: callee.id() };
    talk(caller, callee, (goal, None), Cut::Never)
}
