//! A device: the shipped sessions over the shipped wallet, in a process that may die at any moment.
//!
//! An honest device and a cheat's copy run the same code; a cheat has more than one of them.

use std::collections::BTreeMap;

use dsm_crypto::{Digest, SecretKey};
use dsm_log::DeviceId;
use dsm_session::{Batch, Event, Goal, Ledger, Notice, Session, SessionError};
use dsm_store::{Books, Changes, StoreError, Wallet};

use super::chip::{Death, Drive};
use super::disk::{Disk, Doom, Fate};
use super::event::{Deceit, Invariant, Saw, When};
use super::plant::{Plant, Spoilt};
use super::prepared::{HONEST, Kit};
use super::watch::Watch;

mod person;

/// A process and its disk.
pub(crate) struct Device {
    /// Its number in the log.
    pub(crate) who: usize,
    pub(crate) kit: &'static Kit,
    wallet: Option<Wallet<Disk>>,
    fate: Doom,
    pub(crate) drive: Option<Drive>,
    sessions: BTreeMap<usize, Session>,
    /// When it dies.
    fuse: Option<When>,
    /// Whether it dies as soon as it has recovered.
    again: bool,
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
    /// The chip refuses, or is not there.
    Chip(StoreError),
    /// Anything else, which must not be.
    Damage(String),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Stale { .. } => Self::Stale,
            StoreError::Chip(_) | StoreError::NoChip => Self::Chip(error),
            error => Self::Damage(error.to_string()),
        }
    }
}

impl Device {
    pub(crate) fn new(who: usize, kit: &'static Kit, plant: Plant) -> Self {
        let (disk, fate) = Disk::new(&kit.start);
        let drive = kit.chip.as_ref().map(Drive::new);
        let mut device = Self::off((who, kit, plant), fate, drive);
        device.start(disk).expect("a prepared wallet");
        device
    }

    /// One whose process does not run.
    fn off(
        (who, kit, plant): (usize, &'static Kit, Plant),
        fate: Doom,
        drive: Option<Drive>,
    ) -> Self {
        let (wallet, sessions, fuse, again, clock) = (None, BTreeMap::new(), None, false, 0);
        Self { who, kit, wallet, fate, drive, sessions, fuse, again, clock, plant }
    }

    /// Starts the process from what is durable, and has the chip make up for what it did not absorb. If that refuses, the wallet can be read.
    fn start(&mut self, disk: Disk) -> Result<(), StoreError> {
        let Some(drive) = &self.drive else {
            self.wallet = Some(Wallet::open(disk)?);
            return Ok(());
        };
        let (spare, fate) = disk.copied();
        match Wallet::open(disk).and_then(|wallet| wallet.anchored(drive.absorber())) {
            Ok(wallet) => self.wallet = Some(wallet),
            Err(error) => {
                self.fate = fate;
                self.wallet = Some(Wallet::open(spare)?);
                return Err(error);
            }
        }
        Ok(())
    }

    /// A copy of the disk, as another process with the same keys; a true chip is the same one, too.
    pub(crate) fn copied(&mut self, who: usize) -> Self {
        let kv = self.wallet.take().expect("a wallet").into_kv();
        let (disk, fate) = kv.copied();
        let drive = self.drive.as_ref().map(Drive::copied);
        let mut copy = Self::off((who, self.kit, self.plant), fate, drive);
        // Their chip may have gone on with another copy. Then they are read.
        for (device, disk) in [(self, kv), (&mut copy, disk)] {
            let _ = device.start(disk);
        }
        copy
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
        self.fate.set(None);
        self.drive.iter().for_each(|drive| drive.arm(None));
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
        self.disarm();
        self.sessions.clear();
        let again = std::mem::take(&mut self.again).then_some((0, Fate::Lost));
        self.fate.set(again);
        let kv = self.wallet.take().expect("a wallet").into_kv();
        let mut started = self.start(kv);
        if again.is_some()
            && started.is_err()
            && let Some(wallet) = self.wallet.take()
        {
            started = self.start(wallet.into_kv());
        }
        self.fate.set(None);
        match started {
            Err(StoreError::Chip(_)) if self.who >= HONEST => watch.counts.shut_out += 1,
            Err(error) => {
                watch.broken(Invariant::Soundness, || format!("a wallet: {error}"));
                if self.wallet.is_none() {
                    let (disk, fate) = Disk::new(&self.kit.start);
                    self.fate = fate;
                    self.wallet = Some(Wallet::open(disk).expect("a prepared wallet"));
                }
            }
            Ok(()) => {}
        }
        let books = self.books();
        let at = books.own_log().at.index;
        watch.see(|| Saw::Died { who: self.who, at });
        watch.restarted(self.who, &books);
        Then { died: true, ..Then::default() }
    }

    /// Is started anew, and lies about its chip from now on.
    pub(crate) fn deceive(&mut self, how: Deceit, watch: &mut Watch) -> Then {
        let lies =
            self.who >= HONEST && self.drive.as_ref().is_some_and(|drive| drive.deceive(how));
        if lies { self.die(watch) } else { Then::default() }
    }

    /// The power of its chip fails.
    pub(crate) fn cut(&self) {
        self.drive.iter().for_each(Drive::cut);
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
        self.wallet.as_mut().expect("a wallet").stage(&Changes::from(batch))?;
        self.flush(std::slice::from_ref(batch), watch)
    }

    /// Makes durable what was staged, and has the chip absorb what is written there, or dies on the way.
    fn flush(&mut self, batches: &[Batch], watch: &mut Watch) -> Result<(), Failure> {
        let written = batches.iter().flat_map(|batch| &batch.written);
        let own = written.filter(|written| written.log.device == self.kit.id);
        let heads: Vec<Digest> = own.map(|written| written.log.at.head).collect();
        let death = self.doom(!heads.is_empty());
        if self.plant == Plant::AbsorbEarly {
            self.drive.iter().for_each(|drive| drive.absorb_early(&heads));
        }
        let flushed = self.wallet.as_mut().expect("a wallet").flush();
        let lost = matches!(death, Some(When::Before | When::Lost));
        let durable = match &flushed {
            Ok(()) | Err(StoreError::Chip(_)) => true,
            Err(_) => death.is_some() && !lost,
        };
        if durable {
            batches.iter().for_each(|batch| watch.durable(self.who, batch));
        }
        match (flushed, death) {
            (Ok(()), _) => Ok(()),
            (Err(_), Some(_)) => Err(Failure::Death),
            (Err(error), None) => Err(error.into()),
        }
    }

    /// Sees to it that the process dies where it shall, in the next change. What does not come to pass in it stays lit.
    fn doom(&mut self, writes: bool) -> Option<When> {
        let absorbs = writes && self.drive.is_some();
        let death = self.fuse.filter(|when| match when {
            When::Before | When::Lost | When::Late => true,
            When::Unabsorbed | When::Absorbing | When::Unkept | When::Kept | When::Twice => absorbs,
            When::Now | When::Silent | When::Speaking => false,
        })?;
        self.disarm();
        let fate = match death {
            When::Lost if self.plant == Plant::TornStore => Some((0, Fate::Torn)),
            When::Late => Some((0, Fate::Late)),
            When::Unkept => Some((1, Fate::Lost)),
            When::Kept => Some((1, Fate::Late)),
            When::Before | When::Lost => Some((0, Fate::Lost)),
            _ => None,
        };
        let chip = match death {
            When::Unabsorbed | When::Twice => Some(Death::Before),
            When::Absorbing => Some(Death::After),
            _ => None,
        };
        self.fate.set(fate);
        self.again = death == When::Twice;
        self.drive.iter().for_each(|drive| drive.arm(chip));
        Some(death)
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
                Err(failure) => {
                    self.fails(failure, watch);
                    return self.dying(then, watch);
                }
            }
        }
        then
    }

    /// A store fails, which must not be; or a chip, which may be if it is not with this copy of the disk.
    fn fails(&self, failure: Failure, watch: &mut Watch) {
        let why = match failure {
            Failure::Chip(error) if self.who < HONEST => error.to_string(),
            Failure::Damage(text) => text,
            _ => return,
        };
        watch.broken(Invariant::Soundness, || format!("a store: {why}"));
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
            let frame = match &self.drive {
                Some(drive) => drive.say(&self.kit.id, frame),
                None => frame,
            };
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
}
