//! A device: the shipped sessions over the shipped wallet, in a process that may die at any moment.
//!
//! An honest device and a cheat's copy run the same code; a cheat has more than one of them.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use dsm_core::TokenId;
use dsm_crypto::{Digest, Domain, Secret, SecretKey, hash};
use dsm_log::DeviceId;
use dsm_session::{
    Batch, Event, Goal, Ledger, Notice, Reading, Request, Session, SessionError, pay_asked,
    pay_away, write_letter,
};
use dsm_store::{Books, Changes, StoreError, Wallet};

use super::disk::{Disk, Fate};
use super::event::{Saw, When};
use super::plant::{Plant, Spoilt};
use super::prepared::Kit;
use super::share;
use super::watch::Watch;

/// A process and its disk.
pub(crate) struct Device {
    /// Its number in the log.
    pub(crate) who: usize,
    pub(crate) kit: &'static Kit,
    wallet: Option<Wallet<Disk>>,
    fate: Rc<Cell<Option<Fate>>>,
    sessions: BTreeMap<usize, Session>,
    /// When it dies.
    fuse: Option<When>,
    /// What its clock says.
    pub(crate) clock: u64,
    plant: Plant,
}

/// What follows from something that happened to a device.
#[derive(Default)]
pub(crate) struct Then {
    /// To be sent, in order.
    pub(crate) frames: Vec<Vec<u8>>,
    /// Whether the conversation is over.
    pub(crate) over: bool,
    /// Whether the process died: all its links are broken.
    pub(crate) died: bool,
}

/// What a session waits for.
enum Next {
    /// A message.
    Listen,
    /// Nothing: its batch is durable, and its frames were taken.
    Durable,
    /// It is over.
    Over,
}

/// Why a change was not made.
enum Failure {
    /// The process died.
    Death,
    /// What was decided does not go on from the books.
    Stale,
    /// Anything else, which must not be.
    Damage(String),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Stale { .. } => Self::Stale,
            error => Self::Damage(error.to_string()),
        }
    }
}

impl Device {
    pub(crate) fn new(who: usize, kit: &'static Kit, plant: Plant) -> Self {
        let (disk, fate) = Disk::new(&kit.start);
        Self::on(who, kit, plant, disk, fate)
    }

    fn on(
        who: usize,
        kit: &'static Kit,
        plant: Plant,
        disk: Disk,
        fate: Rc<Cell<Option<Fate>>>,
    ) -> Self {
        let wallet = Some(Wallet::open(disk).expect("a prepared wallet"));
        let sessions = BTreeMap::new();
        Self { who, kit, wallet, fate, sessions, fuse: None, clock: 0, plant }
    }

    /// A copy of the disk, as another process with the same keys.
    pub(crate) fn copied(&mut self, who: usize) -> Self {
        let kv = self.wallet.take().expect("a wallet").into_kv();
        let (disk, fate) = kv.copied();
        self.wallet = Some(Wallet::open(kv).expect("a wallet"));
        Self::on(who, self.kit, self.plant, disk, fate)
    }

    pub(crate) fn id(&self) -> DeviceId {
        self.kit.id
    }

    fn wallet(&self) -> &Wallet<Disk> {
        self.wallet.as_ref().expect("a wallet")
    }

    /// What it knows.
    pub(crate) fn books(&self) -> Books<'_, Disk> {
        self.wallet().books().expect("a store that was not broken")
    }

    fn key(&self) -> &'static SecretKey {
        &self.kit.key
    }

    /// Lights the fuse: the process dies as it next has something to do.
    pub(crate) fn arm(&mut self, when: When) {
        self.fuse = Some(when);
    }

    /// Puts the fuse out.
    pub(crate) fn disarm(&mut self) {
        self.fuse = None;
    }

    fn blows(&mut self, when: When) -> bool {
        let blows = self.fuse == Some(when);
        if blows {
            self.fuse = None;
        }
        blows
    }

    /// Dies, and is started again from what was durable.
    pub(crate) fn die(&mut self, watch: &mut Watch) -> Then {
        self.fuse = None;
        self.sessions.clear();
        self.fate.set(None);
        let kv = self.wallet.take().expect("a wallet").into_kv();
        let then = Then { died: true, ..Then::default() };
        match Wallet::open(kv) {
            Ok(wallet) => {
                self.wallet = Some(wallet);
                let books = self.books();
                let at = books.own_log().at.index;
                watch.see(|| Saw::Died { who: self.who, at });
                watch.restarted(self.who, &books);
            }
            Err(error) => {
                watch.broken(super::Invariant::Soundness, || format!("a wallet: {error}"));
                let (disk, fate) = Disk::new(&self.kit.start);
                self.wallet = Some(Wallet::open(disk).expect("a prepared wallet"));
                self.fate = fate;
            }
        }
        then
    }

    /// Makes a batch durable, or dies on the way.
    fn commit(&mut self, batch: &Batch, watch: &mut Watch) -> Result<(), Failure> {
        if batch.is_hint() {
            let wallet = self.wallet.as_mut().expect("a wallet");
            return Ok(wallet.stage(&Changes::from(batch))?);
        }
        if self.blows(When::Before) {
            return Err(Failure::Death);
        }
        let fate = match self.fuse {
            Some(When::Lost) if self.plant == Plant::TornStore => Some(Fate::Torn),
            Some(When::Lost) => Some(Fate::Lost),
            Some(When::Late) => Some(Fate::Late),
            _ => None,
        };
        let wallet = self.wallet.as_mut().expect("a wallet");
        wallet.stage(&Changes::from(batch))?;
        self.fate.set(fate);
        let flushed = wallet.flush();
        if fate.is_some() {
            self.fuse = None;
        }
        match (flushed, fate) {
            (Ok(()), _) => {
                watch.durable(self.who, batch);
                Ok(())
            }
            (Err(_), Some(fate)) => {
                if fate == Fate::Late {
                    watch.durable(self.who, batch);
                }
                Err(Failure::Death)
            }
            (Err(error), None) => Err(error.into()),
        }
    }

    /// Begins a conversation.
    pub(crate) fn open(
        &mut self,
        link: usize,
        goal: Goal,
        fresh: [u8; 32],
        watch: &mut Watch,
    ) -> Then {
        self.sessions.insert(link, Session::new(goal, fresh));
        self.step(link, Event::Start, watch)
    }

    /// Hears a message.
    pub(crate) fn hear(&mut self, link: usize, message: &[u8], watch: &mut Watch) -> Then {
        self.step(link, Event::Message(message), watch)
    }

    /// Its person ends a conversation.
    pub(crate) fn cancel(&mut self, link: usize, watch: &mut Watch) -> Then {
        self.step(link, Event::Cancel, watch)
    }

    /// Its link broke.
    pub(crate) fn forget(&mut self, link: usize) {
        self.sessions.remove(&link);
    }

    fn step(&mut self, link: usize, event: Event<'_>, watch: &mut Watch) -> Then {
        if self.blows(When::Now) {
            return self.die(watch);
        }
        let mut then = Then::default();
        let mut event = Some(event);
        while let Some(now) = event.take() {
            match self.single(link, now, &mut then.frames, watch) {
                Ok(Next::Listen) => {}
                Ok(Next::Durable) => event = Some(Event::Durable),
                Ok(Next::Over) => then.over = true,
                Err(Failure::Death) => return self.dying(then, watch),
                Err(Failure::Stale) => {
                    self.sessions.remove(&link);
                    self.over(link, None, watch);
                    then.over = true;
                }
                Err(Failure::Damage(text)) => {
                    watch.broken(super::Invariant::Soundness, || format!("a store: {text}"));
                    return self.dying(then, watch);
                }
            }
        }
        then
    }

    /// One step of a session, and what may follow once it is durable.
    fn single(
        &mut self,
        link: usize,
        event: Event<'_>,
        sent: &mut Vec<Vec<u8>>,
        watch: &mut Watch,
    ) -> Result<Next, Failure> {
        let Some(session) = self.sessions.remove(&link) else { return Ok(Next::Over) };
        let stepped = {
            let books = self.books();
            let spoilt = Spoilt { books: &books, plant: self.plant };
            let stepped = session.step(&spoilt, self.key(), event);
            books.check()?;
            stepped
        };
        let (next, effects) = match stepped {
            Ok(next) => next,
            Err(error) => {
                self.over(link, Some(&error), watch);
                return Ok(Next::Over);
            }
        };
        let mut later = None;
        let follows = effects.persist(|batch| {
            if self.plant == Plant::PersistAfterSend {
                later = Some(batch.clone());
                return Ok(());
            }
            self.commit(batch, watch)
        })?;
        if follows.wrote && self.blows(When::Silent) {
            return Err(Failure::Death);
        }
        let speaks = !follows.frames.is_empty();
        for frame in follows.frames {
            watch.said(link, self.who, &frame);
            sent.push(frame);
            if self.blows(When::Speaking) {
                return Err(Failure::Death);
            }
        }
        if let Some(batch) = later {
            self.commit(&batch, watch)?;
        }
        for notice in &follows.notices {
            self.told(notice, watch);
        }
        if next.is_over() {
            self.over(link, next.failure(), watch);
            return Ok(Next::Over);
        }
        self.sessions.insert(link, next);
        let goes_on = follows.wrote || (follows.more && speaks);
        Ok(if goes_on { Next::Durable } else { Next::Listen })
    }

    /// Dies; what left before has left.
    fn dying(&mut self, then: Then, watch: &mut Watch) -> Then {
        let died = self.die(watch);
        Then { frames: then.frames, ..died }
    }

    fn over(&self, link: usize, why: Option<&SessionError>, watch: &mut Watch) {
        let who = self.who;
        if let Some(SessionError::Rejected(reject)) = why {
            watch.refused(who, reject);
        }
        watch.see(|| Saw::Over { link, who, why: why.map(ToString::to_string) });
    }

    fn told(&self, notice: &Notice, watch: &mut Watch) {
        if let Notice::Rejected { reject } = notice {
            watch.refused(self.who, reject);
        }
        watch.told(self.who, notice);
    }

    /// A change of its person's, in one batch.
    fn change(&mut self, batch: &Batch, watch: &mut Watch) -> Then {
        match self.commit(batch, watch) {
            Ok(()) if self.blows(When::Silent) => self.die(watch),
            Ok(()) | Err(Failure::Stale) => Then::default(),
            Err(Failure::Death) => self.die(watch),
            Err(Failure::Damage(text)) => {
                watch.broken(super::Invariant::Soundness, || format!("a store: {text}"));
                self.die(watch)
            }
        }
    }

    /// Pays somebody who is away, or what somebody asked for in a letter.
    pub(crate) fn pay(
        &mut self,
        peer: DeviceId,
        (token, amount): (TokenId, u64),
        asked: bool,
        watch: &mut Watch,
    ) -> Then {
        let written = {
            let books = Spoilt { books: &self.books(), plant: self.plant };
            if asked {
                pay_asked(&books, self.key(), peer, token, amount)
            } else {
                pay_away(&books, self.key(), peer, token, amount)
            }
        };
        match written {
            Ok((batch, _)) => self.change(&batch, watch),
            Err(_) => Then::default(),
        }
    }

    /// Contributes to the state that it shares with a peer.
    pub(crate) fn share(&mut self, peer: DeviceId, value: u8, watch: &mut Watch) -> Then {
        let batch = share::contribution(&self.books(), self.key(), peer, value);
        batch.map_or_else(Then::default, |batch| self.change(&batch, watch))
    }

    /// Writes a letter, with the box that it belongs in.
    pub(crate) fn write(
        &mut self,
        peer: DeviceId,
        request: Option<Request>,
        fresh: u64,
        watch: &mut Watch,
    ) -> (Option<(Digest, Vec<u8>)>, Then) {
        let fresh = Secret::from_bytes(*hash(Domain::Seed, &("letter", fresh)).as_bytes());
        let posting = {
            let books = Spoilt { books: &self.books(), plant: self.plant };
            write_letter(&books, self.key(), &peer, request, &fresh)
        };
        let Ok(posting) = posting else { return (None, Then::default()) };
        let mut then = Then::default();
        let posted = posting.persist(|batch| {
            then = self.change(batch, watch);
            if then.died { Err(()) } else { Ok(()) }
        });
        (posted.ok(), then)
    }

    /// Reads a letter, whole or not at all.
    pub(crate) fn read(&mut self, letter: &[u8], watch: &mut Watch) -> Then {
        let reading = {
            let books = Spoilt { books: &self.books(), plant: self.plant };
            Reading::open(&books, &self.kit.kem, letter, None)
        };
        let Ok(mut reading) = reading else { return Then::default() };
        let mut batches: Vec<Batch> = Vec::new();
        let mut notices = Vec::new();
        loop {
            let effects = {
                let books = Spoilt { books: &self.books(), plant: self.plant };
                reading.step(&books, self.key())
            };
            let Some(effects) = effects else { break };
            let wallet = self.wallet.as_mut().expect("a wallet");
            let staged = effects.persist(|batch| {
                batches.push(batch.clone());
                wallet.stage(&Changes::from(batch))
            });
            match staged {
                Ok(then) => notices.extend(then.notices),
                Err(_) => return self.die(watch),
            }
        }
        let fate = match self.fuse {
            Some(When::Before | When::Lost) => Some(Fate::Lost),
            Some(When::Late) => Some(Fate::Late),
            _ => None,
        };
        self.fate.set(fate);
        let flushed = self.wallet.as_mut().expect("a wallet").flush();
        if flushed.is_ok() || fate == Some(Fate::Late) {
            for batch in &batches {
                watch.durable(self.who, batch);
            }
        }
        if flushed.is_err() || self.blows(When::Silent) {
            return self.die(watch);
        }
        for notice in &notices {
            self.told(notice, watch);
        }
        Then::default()
    }
}
