//! One event at one honest device: a step of the shipped session over the shipped books.
//!
//! Always true: what follows from one disk, one session and one event is worked out once and looked up
//! from then on; nothing else is an input, because a step is a value (`spec/sessions.md`).

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use dsm_session::{Batch, Effects, Event, Goal, Session, SessionError};
use dsm_store::{Changes, MemoryKv, StoreError, Wallet};

use crate::device::Person;
use crate::disk::{Deed, Disk, Print, deeds_of};
use crate::flaw::{Flaw, Lens, kept};

/// A message on its way.
#[derive(Clone)]
pub struct Frame(Arc<(Print, Vec<u8>)>);

impl Frame {
    /// A message.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        let print = Print::of(|hasher| bytes.hash(hasher));
        Self(Arc::new((print, bytes)))
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0.1
    }
}

/// One side of a conversation that goes on.
#[derive(Clone)]
pub struct Voice(Arc<(Print, Session)>);

impl Voice {
    /// A side that has said nothing yet. Every meeting has the same fresh bytes: what they are for, keeping
    /// a cheat from preparing heads with equal tags, is out of its reach here anyway.
    #[must_use]
    pub fn new(goal: Goal) -> Self {
        Self::of(Session::new(goal, [7; 32]))
    }

    fn of(session: Session) -> Self {
        let mut text = format!("{session:?}");
        // How many messages were heard matters only to the 4,096th; without the count, states are fewer.
        if let Some(at) = text.find("heard: ") {
            let end = text[at..].find(',').map_or(text.len(), |length| at + length);
            text.replace_range(at..end, "");
        }
        let print = Print::of(|hasher| text.hash(hasher));
        Self(Arc::new((print, session)))
    }
}

macro_rules! by_print {
    ($($name:ident),*) => {$(
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.0 == other.0.0
            }
        }
        impl Eq for $name {}
        impl Hash for $name {
            fn hash<H: Hasher>(&self, hasher: &mut H) {
                self.0.0.hash(hasher);
            }
        }
        impl std::fmt::Debug for $name {
            fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(to, "{}({:?})", stringify!($name), self.0.0)
            }
        }
    )*};
}
by_print!(Frame, Voice);

/// Both copies of a disk: as the device reads it, and as it is after a crash.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shelf {
    /// With what waits for the next batch.
    pub now: Disk,
    /// What is durable.
    pub durable: Disk,
}

impl Shelf {
    /// A disk on which nothing waits.
    #[must_use]
    pub fn new(disk: Disk) -> Self {
        Self { now: disk.clone(), durable: disk }
    }
}

/// What an event led to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The disk after it, with what may become durable later.
    pub disk: Disk,
    /// The last state of it that became durable; none if nothing did.
    pub durable: Option<Disk>,
    /// The side after it; none if the conversation is over for it.
    pub voice: Option<Voice>,
    /// Whether it ended with nothing left to say.
    pub well: bool,
    /// By which rule something was refused, if the conversation ended so.
    pub refused: Option<&'static str>,
    /// What leaves.
    pub frames: Vec<Frame>,
}

type Key = (u8, Print, Print, Print);

/// The honest devices, and all that was worked out about them.
pub struct Cast {
    /// Who is there.
    pub people: Vec<Person>,
    /// What is wrong with them.
    pub flaw: Option<Flaw>,
    known: Mutex<BTreeMap<Key, Arc<Outcome>>>,
}

impl Cast {
    /// Some honest devices, or such as have a flaw.
    #[must_use]
    pub fn new(people: Vec<Person>, flaw: Option<Flaw>) -> Self {
        Self { people, flaw, known: Mutex::default() }
    }

    /// How many different events were worked out.
    #[must_use]
    pub fn worked_out(&self) -> usize {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// What follows from an event at a device: the link is there, or a message came.
    #[must_use]
    pub fn step(
        &self,
        who: usize,
        disk: &Disk,
        voice: &Voice,
        came: Option<&Frame>,
    ) -> Arc<Outcome> {
        let print = came.map_or(Print::default(), |frame| frame.0.0);
        let number = u8::try_from(who).unwrap_or(u8::MAX);
        let key = (number, disk.print(), voice.0.0, print);
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(outcome) = known().get(&key) {
            return Arc::clone(outcome);
        }
        let outcome = Arc::new(self.work_out(who, disk, voice, came));
        known().insert(key, Arc::clone(&outcome));
        outcome
    }

    /// What follows if the person ends a conversation.
    #[must_use]
    pub fn cancel(&self, who: usize, disk: &Disk, voice: &Voice) -> Outcome {
        self.happen(who, disk, voice, Event::Cancel)
    }

    fn work_out(&self, who: usize, disk: &Disk, voice: &Voice, came: Option<&Frame>) -> Outcome {
        let event = came.map_or(Event::Start, |frame| Event::Message(frame.bytes()));
        self.happen(who, disk, voice, event)
    }

    fn happen(&self, who: usize, disk: &Disk, voice: &Voice, event: Event<'_>) -> Outcome {
        let me = &self.people[who];
        let kv = disk.rows().clone();
        let mut turn = Turn {
            me,
            flaw: self.flaw,
            kv,
            deeds: disk.deeds().to_vec(),
            changed: false,
            durable: None,
            frames: Vec::new(),
        };
        let (session, refused) = turn.run(voice.0.1.clone(), event);
        let Turn { kv, deeds, changed, durable, frames, .. } = turn;
        let disk = if changed { Disk::new(kv, deeds) } else { disk.clone() };
        let well = session.as_ref().is_some_and(|one| one.failure().is_none() && one.is_over());
        let going = session.filter(|session| !session.is_over());
        Outcome { disk, durable, voice: going.map(Voice::of), well, refused, frames }
    }
}

/// What one event does to one device.
struct Turn<'a> {
    me: &'a Person,
    flaw: Option<Flaw>,
    kv: MemoryKv,
    deeds: Vec<Deed>,
    changed: bool,
    durable: Option<Disk>,
    frames: Vec<Frame>,
}

impl Turn<'_> {
    /// An event, and then that what it wrote is durable, until nothing more follows: as the engine does.
    fn run(
        &mut self,
        mut session: Session,
        first: Event<'_>,
    ) -> (Option<Session>, Option<&'static str>) {
        let mut event = first;
        loop {
            let (next, effects) = match self.step(session, event) {
                Ok(next) => next,
                Err(error) => return (None, rule(&error)),
            };
            // What was decided may not go on from the books: then nothing of it is kept or said.
            let Ok(then) = effects.persist(|batch| self.keep(batch)) else { return (None, None) };
            self.frames.extend(then.frames.into_iter().map(Frame::new));
            if next.failure().is_some() || !(then.wrote || then.more) {
                let refused = next.failure().and_then(rule);
                return (Some(next), refused);
            }
            (session, event) = (next, Event::Durable);
        }
    }

    fn wallet(&self) -> Wallet<MemoryKv> {
        Wallet::open(self.kv.clone()).expect("a sound wallet")
    }

    fn step(&self, session: Session, event: Event<'_>) -> Result<(Session, Effects), SessionError> {
        let wallet = self.wallet();
        let books = wallet.books().expect("the books");
        let lens = Lens { books: &books, flaw: self.flaw };
        let stepped = session.step(&lens, &*self.me.key(), event);
        books.check().expect("sound books");
        stepped
    }

    fn keep(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let mut wallet = self.wallet();
        let deeds = deeds_of(&wallet.books()?, batch);
        let batch = kept(self.flaw, batch);
        let waits = batch.is_hint();
        wallet.commit(&Changes { batch, ..Changes::default() })?;
        self.kv = wallet.into_kv();
        self.deeds.extend(deeds);
        self.changed = true;
        if !waits {
            self.durable = Some(Disk::new(self.kv.clone(), self.deeds.clone()));
        }
        Ok(())
    }
}

fn rule(error: &SessionError) -> Option<&'static str> {
    match error {
        SessionError::Rejected(reject) => Some(reject.rule()),
        _ => None,
    }
}
