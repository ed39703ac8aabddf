//! A real conversation is brought to any of its states, and then the link says what it likes.
//!
//! What holds, whatever it says: the books stay sound and open again; nobody receives what was not paid,
//! and nobody pays without being told; whoever is bound stays bound; and what is bound arrives when the
//! link is honest again.

use std::sync::OnceLock;

use dsm_encoding::from_slice;
use dsm_session::{Event, Goal, Ledger, Message, Notice, Request, Session};
use dsm_store::MemoryKv;

use crate::people::{PRICE, PURSE, Person, Stepped, people, talk};
use crate::words::Words;

const ADA: usize = 0;
const BEN: usize = 1;

/// One side of a conversation as it was: what it heard, and the other side's disk when that was said.
struct Scene {
    victim: usize,
    goal: Goal,
    disk: MemoryKv,
    /// The other side's disk before anything was said.
    other: MemoryKv,
    heard: Vec<(Vec<u8>, MemoryKv)>,
}

impl Scene {
    fn new(
        victim: usize,
        caller: usize,
        disks: [MemoryKv; 2],
        goal: Goal,
        ask: Option<Request>,
    ) -> Self {
        let [disk, other] = [disks[victim].clone(), disks[1 - victim].clone()];
        let keys = people().keys;
        let mut both = [0, 1].map(|at| Person::of(&keys[at], &disks[at]));
        let [ada, ben] = &mut both;
        let (one, two) = if caller == ADA { (ada, ben) } else { (ben, ada) };
        let told = talk(one, two, goal.clone(), ask.clone());
        assert!(told.over, "an honest conversation: {:?}", told.failures);
        let side = usize::from(victim != caller);
        let goal = if side == 0 { goal } else { Goal::Receive { ask: ask.clone() } };
        let mut heard = Vec::new();
        // Again, up to each frame, to see the other side's disk when it was said.
        for (at, (by, frame)) in told.heard.iter().enumerate() {
            if *by == side {
                heard.push((frame.clone(), said(&disks, caller, &told.heard[..at], 1 - side)));
            }
        }
        Self { victim, goal, disk, other, heard }
    }
}

/// The disk of a side after the frames that it heard.
fn said(disks: &[MemoryKv; 2], caller: usize, heard: &[(usize, Vec<u8>)], side: usize) -> MemoryKv {
    let who = if side == 0 { caller } else { 1 - caller };
    let mut person = Person::of(&people().keys[who], &disks[who]);
    let peer = people().ids[1 - who];
    let goal = if side == 0 { goal_of(who, peer) } else { Goal::Receive { ask: asked(who) } };
    let mut session = person.step(Session::new(goal, [7; 32]), Event::Start).session;
    for (_, frame) in heard.iter().filter(|(by, _)| *by == side) {
        let Some(now) = session.take() else { break };
        session = person.step(now, Event::Message(frame)).session;
    }
    person.disk()
}

fn goal_of(who: usize, peer: dsm_log::DeviceId) -> Goal {
    if who == ADA {
        Goal::Pay { peer, token: people().token, amount: PRICE }
    } else {
        Goal::Sync { peer }
    }
}

fn asked(who: usize) -> Option<Request> {
    (who == BEN).then(|| Request::new(people().token, PRICE))
}

/// Ada pays Ben, seen by each; and Ben calls Ada, seen by each.
fn scenes() -> &'static [Scene] {
    static SCENES: OnceLock<Vec<Scene>> = OnceLock::new();
    SCENES.get_or_init(|| {
        let disks = &people().disks;
        let scene = |victim, caller: usize| {
            let goal = goal_of(caller, people().ids[1 - caller]);
            Scene::new(victim, caller, disks.clone(), goal, asked(1 - caller))
        };
        vec![scene(ADA, ADA), scene(BEN, ADA), scene(ADA, BEN), scene(BEN, BEN)]
    })
}

/// One side, under whatever the link says.
struct Victim<'a> {
    scene: &'a Scene,
    person: Person,
    session: Option<Session>,
    /// Own entries that somebody was told to be bound by.
    bound: Vec<u64>,
    received: u64,
    /// Whether it heard a request that nobody made: a channel keeps those away.
    misled: bool,
}

impl<'a> Victim<'a> {
    fn new(scene: &'a Scene) -> Self {
        let person = Person::of(&people().keys[scene.victim], &scene.disk);
        let mut victim =
            Self { scene, person, session: None, bound: Vec::new(), received: 0, misled: false };
        victim.begin(7);
        victim
    }

    /// A session with the same goal, over another link.
    fn begin(&mut self, fresh: u8) {
        let session = Session::new(self.scene.goal.clone(), [fresh; 32]);
        let stepped = self.person.step(session, Event::Start);
        self.keep(stepped);
    }

    fn happens(&mut self, event: Event<'_>) {
        let Some(session) = self.session.take() else { return };
        if let Event::Message(bytes) = event
            && let Ok(Message::Ask { .. }) = from_slice(bytes)
        {
            self.misled |= !self.scene.heard.iter().any(|(frame, _)| frame == bytes);
        }
        let stepped = self.person.step(session, event);
        self.keep(stepped);
    }

    fn keep(&mut self, stepped: Stepped) {
        self.session = stepped.session;
        for notice in stepped.notices {
            match notice {
                Notice::Bound { index } => self.bound.push(index),
                Notice::Received { amount, .. } => self.received += amount,
                Notice::Forked { device } => panic!("{device} is found guilty, and nobody forked"),
                _ => {}
            }
        }
    }

    /// Dies, and starts again with what is on its disk.
    fn die(&mut self) {
        let keys = self.person.keys;
        let disk = core::mem::replace(&mut self.person, Person::of(keys, &self.scene.disk)).disk();
        self.person = Person::of(keys, &disk);
    }

    fn check(&self) {
        let before = Person::of(self.person.keys, &self.scene.disk);
        let paid = PRICE * u64::try_from(self.bound.len()).unwrap_or(u64::MAX);
        assert_eq!(
            self.person.balance() + paid,
            before.balance() + self.received,
            "value moves, and whoever it concerns is told"
        );
        if self.scene.victim == ADA {
            assert_eq!(self.received, 0, "nobody pays Ada");
        } else {
            assert!(self.received == 0 || self.received == PRICE, "Ben is paid once");
        }
        let books = self.person.books();
        let peer = people().ids[1 - self.scene.victim];
        for index in &self.bound {
            let entry = books.entry(&self.person.id(), *index).expect("a bound entry is kept");
            assert_eq!(entry.peer, Some(peer));
        }
        let last = books.own_log().at.index;
        assert!(self.bound.iter().all(|index| *index <= last));
        books.check().expect("sound books");
    }

    /// The link is honest again: the other side, as it was when it said its last word, calls or is called.
    fn ends_well(mut self, other: &MemoryKv) {
        let scene = self.scene;
        let mut other = Person::of(&people().keys[1 - scene.victim], other);
        let bound = !self.bound.is_empty();
        let (victim, peer) = (&mut self.person, people().ids[scene.victim]);
        let told = if scene.victim == ADA {
            talk(victim, &mut other, Goal::Sync { peer: people().ids[BEN] }, None)
        } else {
            talk(&mut other, victim, Goal::Sync { peer }, None)
        };
        let sum = victim.balance() + other.balance();
        if self.misled {
            assert!(sum <= PURSE, "value is made of nothing");
        } else {
            assert!(told.over, "{:?}", told.failures);
            assert_eq!(sum, PURSE, "bound: {bound}");
        }
    }
}

/// Scene, how far it goes, and then what the link says.
pub fn session(bytes: &[u8]) {
    let mut words = Words(bytes);
    let Some(scene) = words.pick(scenes()) else { return };
    let honest = words.below(scene.heard.len() + 1);
    let mut victim = Victim::new(scene);
    for (frame, _) in &scene.heard[..honest] {
        victim.happens(Event::Message(frame));
    }
    // The word that is on its way was said, so the other side is where it was then.
    let known = &scene.heard[..scene.heard.len().min(honest + 1)];
    for _ in 0..24 {
        if words.is_over() {
            break;
        }
        let word = words.byte();
        let frame = words.pick(known).map_or(&[][..], |(frame, _)| frame);
        match word % 8 {
            0 => {
                let len = usize::from(words.number() % 512);
                let raw = words.take(len);
                victim.happens(Event::Message(raw));
            }
            1 | 2 => victim.happens(Event::Message(&words.change(frame))),
            3 => victim.happens(Event::Message(frame)),
            4 | 5 => victim.happens(Event::Message(&words.twisted(frame))),
            6 if word & 8 == 0 => victim.happens(Event::Cancel),
            6 => victim.die(),
            _ => victim.begin(word),
        }
    }
    victim.check();
    victim.die();
    victim.check();
    let other = known.last().map_or(&scene.other, |(_, disk)| disk);
    victim.ends_well(other);
}

/// What a payer hears in an honest payment.
pub(crate) fn heard_by_payer() -> Vec<&'static [u8]> {
    let payer = scenes().iter().find(|scene| scene.victim == ADA);
    payer.into_iter().flat_map(|scene| &scene.heard).map(|(frame, _)| &frame[..]).collect()
}

/// An input for each state of each scene, with a little of everything after it.
pub(crate) fn states() -> Vec<(String, Vec<u8>)> {
    let mut states = Vec::new();
    for (number, scene) in (0_u8..).zip(scenes()) {
        for honest in 0..=u8::try_from(scene.heard.len()).expect("a short conversation") {
            let bytes = vec![number, honest, 4, honest, 3, 0, 3, honest, 0, 0, 1, 9, 6, 0, 15, 0];
            states.push((format!("{number}_{honest}"), bytes));
        }
    }
    states
}
