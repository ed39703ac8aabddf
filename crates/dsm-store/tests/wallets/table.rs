//! Sessions that are stepped by hand: several at one wallet, in any order, ended at any moment.

use dsm_core::TokenId;
use dsm_encoding::from_slice;
use dsm_session::{Event, Goal, Message, Notice, Request, Session, SessionError};
use dsm_store::Changes;

use crate::home::Memory;
use crate::person::Person;
use crate::talk::fresh;

/// Somebody with a wallet in memory.
pub(crate) type Guest = Person<'static, Memory>;

/// One side of one conversation.
pub(crate) struct Side {
    session: Option<Session>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) failure: Option<SessionError>,
    /// The most bytes that it said in one step.
    pub(crate) most: usize,
}

/// Two people who know each other, and what the first can pay.
pub(crate) fn two() -> (Guest, Guest, TokenId) {
    let (mut ada, mut ben) = (Person::new(&Memory, "ada"), Person::new(&Memory, "ben"));
    introduce(&mut ada, &mut ben);
    let token = ada.issue(1_000);
    (ada, ben, token)
}

pub(crate) fn introduce(one: &mut Guest, other: &mut Guest) {
    one.meet(other);
    other.meet(one);
}

impl Side {
    pub(crate) fn new(goal: Goal, count: u64) -> Self {
        let session = Some(Session::new(goal, fresh("a side", count)));
        Self { session, notices: Vec::new(), failure: None, most: 0 }
    }

    pub(crate) fn payer(payee: &Guest, token: TokenId, amount: u64) -> Self {
        Self::new(Goal::Pay { peer: payee.id(), token, amount }, amount)
    }

    pub(crate) fn payee(token: TokenId, amount: u64) -> Self {
        Self::new(Goal::Receive { ask: Some(Request::new(token, amount)) }, amount + 1)
    }

    pub(crate) fn is_over(&self) -> bool {
        self.session.as_ref().is_some_and(Session::is_over)
    }

    /// One event, and whatever follows from it at once; gives what it sends.
    pub(crate) fn step(&mut self, guest: &mut Guest, event: Event<'_>) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        let mut again = self.once(guest, event, &mut frames);
        while again {
            again = self.once(guest, Event::Durable, &mut frames);
        }
        frames
    }

    fn once(&mut self, guest: &mut Guest, event: Event<'_>, frames: &mut Vec<Vec<u8>>) -> bool {
        let Some(session) = self.session.take() else { return false };
        let stepped = {
            let books = guest.books();
            let stepped = session.step(&books, &guest.key, event);
            books.check().expect("sound books");
            stepped
        };
        let (session, effects) = match stepped {
            Ok(next) => next,
            Err(error) => {
                self.failure = Some(error);
                return false;
            }
        };
        let then = effects
            .persist(|batch| guest.commit(&Changes { batch: batch.clone(), ..Changes::default() }))
            .expect("a durable batch");
        self.notices.extend(then.notices);
        self.most = self.most.max(then.frames.iter().map(Vec::len).sum());
        frames.extend(then.frames);
        match session.failure() {
            Some(error) => self.failure = Some(error.clone()),
            None => self.session = Some(session),
        }
        (then.wrote || then.more) && self.failure.is_none()
    }

    /// Hears frames; gives what it answers.
    pub(crate) fn hear(&mut self, guest: &mut Guest, frames: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let hear = |frame: &Vec<u8>| self.step(guest, Event::Message(frame));
        frames.iter().flat_map(hear).collect()
    }
}

pub(crate) fn names(frames: &[Vec<u8>]) -> Vec<&'static str> {
    frames.iter().map(|frame| message(frame).name()).collect()
}

pub(crate) fn message(frame: &[u8]) -> Message {
    from_slice(frame).expect("a message")
}

/// Lets both sides talk, the first with what it has to say, until nobody says more or until the
/// first has said a message; gives what was said and not heard yet.
pub(crate) fn run(
    (ada, one): (&mut Guest, &mut Side),
    (ben, other): (&mut Guest, &mut Side),
    until: Option<&str>,
) -> Vec<Vec<u8>> {
    let mut there = one.step(ada, Event::Start);
    other.step(ben, Event::Start);
    go_on((ada, one), (ben, other), &mut there, until)
}

/// The same from the middle.
pub(crate) fn go_on(
    (ada, one): (&mut Guest, &mut Side),
    (ben, other): (&mut Guest, &mut Side),
    there: &mut Vec<Vec<u8>>,
    until: Option<&str>,
) -> Vec<Vec<u8>> {
    loop {
        if until.is_some_and(|name| names(there).contains(&name)) {
            return std::mem::take(there);
        }
        let back = other.hear(ben, there);
        if until.is_some_and(|name| names(&back).contains(&name)) {
            return back;
        }
        *there = one.hear(ada, &back);
        if there.is_empty() {
            return Vec::new();
        }
    }
}
