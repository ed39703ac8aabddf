//! All of it, at random: nobody thought of the order.

use crate::audit::{ANEW, AUDITS, Audited, CIPHER, ENCRYPTS, GOES_ON, HMAC};
use crate::head;
use crate::owner::{CLEAR, Owner, STATE};
use crate::raw::{self, OWNER, PLATFORM, password, send};
use crate::shown::{Careless, HEADS};

/// Numbers that look random and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn once_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }
}

/// A cheat with a few sessions and every context that it ever saved.
struct Cheat {
    owner: Owner,
    chance: Chance,
    sessions: Vec<Tried>,
    saved: Vec<(Vec<u8>, Tried)>,
    careless: Careless,
    /// How often the power failed, and a context was loaded again.
    power: usize,
    loaded: usize,
}

#[derive(Clone)]
struct Tried {
    session: Audited,
    encrypts: bool,
    /// What an honest wallet would do next.
    next: u64,
}

impl Cheat {
    fn new(seed: u64) -> Self {
        let (owner, chance) = (Owner::new(), Chance(seed));
        let (sessions, saved, careless) = (Vec::new(), Vec::new(), Careless::default());
        Self { owner, chance, sessions, saved, careless, power: 0, loaded: 0 }
    }

    fn begin(&mut self) {
        let encrypts = self.chance.once_in(8);
        let wire = &mut self.owner.wire;
        let session = match encrypts {
            true => Audited::begin_as(wire, HMAC, &CIPHER),
            false => Audited::begin(wire),
        };
        self.sessions.push(Tried { session, encrypts, next: 2 });
    }

    /// One thing in a session: mostly what an absorption needs next, else anything. What the chip refuses is dropped.
    fn step(&mut self) {
        if self.sessions.len() < 2 {
            return self.begin();
        }
        if self.chance.once_in(8) {
            return self.aside();
        }
        let at = self.chance.below(self.sessions.len() as u64) as usize;
        let mut tried = self.sessions.swap_remove(at);
        let what = if self.chance.below(10) < 8 { tried.next } else { self.chance.below(3) };
        tried.next = (what + 1) % 3;
        let mut how = GOES_ON | AUDITS;
        how |= if self.chance.once_in(20) { ANEW } else { 0 };
        let encrypts = tried.encrypts && self.chance.once_in(2);
        let (chip, wire) = (self.owner.chip.clone(), &mut self.owner.wire);
        let session = &mut tried.session;
        let done = match what {
            0 => session.stir_as(wire, head(1 + self.chance.below(HEADS.into()) as u8), how),
            1 => session.increment_as(wire, &chip, how),
            _ => {
                let how = how | if encrypts { ENCRYPTS } else { 0 };
                session.read_as(wire, &chip, how).map(drop)
            }
        };
        if done.is_err() {
            return self.owner.flush(&tried.session);
        }
        if self.chance.once_in(2) {
            self.owner.show(session);
            self.careless.claim(&chip, &session.starts, session.digest);
        }
        self.sessions.push(tried);
    }

    /// One thing beside the sessions.
    fn aside(&mut self) {
        match self.chance.below(8) {
            0 => self.owner.increment(),
            1 => self.owner.chatter(),
            2 => {
                let counter = self.owner.chip.counter;
                raw::undefine(&mut self.owner.wire, OWNER, counter).expect("undefined");
                raw::define(&mut self.owner.wire, OWNER, counter, 0x0204_0014, 8).expect("defined");
                self.owner.increment();
            }
            3 => {
                let seed = if self.chance.once_in(2) { 0x124 } else { 0x125 };
                send(&mut self.owner.wire, seed, &[PLATFORM], &[password()], &[]).expect("changed");
            }
            4 => {
                let last = self.sessions.pop().expect("a session");
                self.owner.flush(&last.session);
            }
            5 => self.fail(),
            _ => self.save_and_load(),
        }
    }

    fn save_and_load(&mut self) {
        let last = self.sessions.pop().expect("a session");
        let saved = self.owner.save(&last.session).expect("saved");
        self.saved.push((saved, last));
        // Any that was ever saved; and then those that are still good.
        let any = self.chance.below(self.saved.len() as u64) as usize;
        self.load(any);
        self.load(self.saved.len() - 1);
    }

    fn load(&mut self, at: usize) {
        let (bytes, tried) = self.saved[at].clone();
        if self.owner.load(&bytes).is_ok() {
            self.loaded += 1;
            self.sessions.push(tried);
        }
    }

    /// The power fails, announced or not; work may be done between the announcement and that.
    fn fail(&mut self) {
        self.power += 1;
        for tried in std::mem::take(&mut self.sessions) {
            let saved = self.owner.save(&tried.session).expect("saved");
            self.saved.push((saved, tried));
        }
        if !self.chance.once_in(3) {
            self.owner.shut_down(if self.chance.once_in(3) { CLEAR } else { STATE });
        }
        if self.chance.once_in(3) {
            self.owner.increment();
        }
        self.owner.power(if self.chance.once_in(3) { CLEAR } else { STATE });
        for at in 0..self.saved.len() {
            self.load(at);
        }
    }
}

#[test]
fn no_value_gets_two_heads_whatever_its_owner_does_and_careless_verifiers_would_see_some() {
    let (mut absorbed, mut careless, mut power, mut loaded) = (0, [0; 2], 0, 0);
    for seed in 0..16 {
        let mut cheat = Cheat::new(seed);
        for _ in 0..200 {
            cheat.step();
        }
        assert_eq!(cheat.owner.shown.doubles(), 0, "seed {seed}");
        absorbed += cheat.owner.shown.0.len();
        careless[0] += cheat.careless.before.doubles();
        careless[1] += cheat.careless.after.doubles();
        power += cheat.power;
        loaded += cheat.loaded;
    }
    assert!(absorbed > 5 && careless.iter().all(|count| *count > 0) && power > 5 && loaded > 20);
}
