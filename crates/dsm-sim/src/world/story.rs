//! What happens in the world of a seed.

use super::World;
use super::chance::Chance;
use super::event::{Action, Deceit, Trick, When};
use super::prepared::{CHIPPED, FORGER, HONEST};

/// Who is at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Adversary {
    /// Nobody.
    Nobody,
    /// Cheats that copy their disks.
    Copies,
    /// One that speaks frames of its own making.
    Forger,
    /// All of them.
    All,
}

/// Chooses one action after the other.
pub(crate) struct Story {
    chance: Chance,
    adversary: Adversary,
    left: usize,
    calls: usize,
    /// In a thousand.
    faults: usize,
    deaths: usize,
    /// Whether much is dealt by letter.
    letters: bool,
    /// What cheats begin with, the last first.
    begins: Vec<Action>,
}

impl Story {
    pub(crate) fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let kinds = [Adversary::Nobody, Adversary::Copies, Adversary::Forger, Adversary::All];
        let adversary = chance.one_of(&kinds);
        let (left, calls) = (30 + chance.below(60), 2 + chance.below(4));
        let faults = chance.one_of(&[0, 0, 20, 80]);
        let deaths = chance.one_of(&[0, 0, 15, 50]);
        let letters = chance.in_thousand(300);
        let mut begins = Vec::new();
        if matches!(adversary, Adversary::Copies | Adversary::All) {
            let lies = chance.in_thousand(600).then(|| chance.one_of(&Deceit::ALL));
            let (chipped, other) = (chance.in_thousand(600), chance.in_thousand(700));
            let lies = lies.filter(|_| chipped);
            begins.extend(lies.map(|how| Action::Deceive { who: FORGER + 1, how }));
            begins.extend(other.then_some(Action::Copy { who: HONEST }));
            begins.extend(chipped.then_some(Action::Copy { who: CHIPPED }));
        }
        Self { chance, adversary, left, calls, faults, deaths, letters, begins }
    }

    /// The next action; none at the end.
    pub(crate) fn next(&mut self, world: &World) -> Option<Action> {
        self.left = self.left.checked_sub(1)?;
        if let Some(action) = self.begins.pop() {
            return Some(action);
        }
        let waiting = world.waiting();
        if self.chance.in_thousand(self.deaths) {
            return Some(self.crash(world));
        }
        if self.chance.in_thousand(self.faults)
            && let Some(fault) = self.fault(world, &waiting)
        {
            return Some(fault);
        }
        if self.calls > 0 && (waiting.is_empty() || self.chance.in_thousand(120)) {
            if self.chance.in_thousand(350) {
                return Some(self.alone(world));
            }
            self.calls -= 1;
            return Some(self.call(world));
        }
        if waiting.is_empty() || (self.letters && self.chance.in_thousand(100)) {
            return Some(self.alone(world));
        }
        let (link, end) = self.chance.one_of(&waiting);
        Some(Action::Deliver { link, end })
    }

    fn copies(&self) -> bool {
        matches!(self.adversary, Adversary::Copies | Adversary::All)
    }

    fn forges(&self) -> bool {
        matches!(self.adversary, Adversary::Forger | Adversary::All)
    }

    /// Somebody with a wallet.
    fn somebody(&mut self, world: &World) -> usize {
        if self.copies() && self.chance.in_thousand(600) {
            let copies = FORGER + 1..world.people();
            let cheats = [HONEST, HONEST, CHIPPED, CHIPPED].into_iter();
            let cheats: Vec<usize> = cheats.chain(copies.clone()).chain(copies).collect();
            return self.chance.one_of(&cheats);
        }
        self.chance.below(HONEST)
    }

    fn other(&mut self, than: usize) -> usize {
        let cheat = self.copies() && self.chance.in_thousand(100);
        let other = if cheat { HONEST + self.chance.below(2) } else { self.chance.below(HONEST) };
        if other == than { (than + 1) % HONEST } else { other }
    }

    fn amount(&mut self) -> u64 {
        1 + self.chance.below(450) as u64
    }

    fn call(&mut self, world: &World) -> Action {
        let most = if self.copies() { 500 } else { 700 };
        let forged = self.forges() && self.chance.in_thousand(most);
        let from = if forged { FORGER } else { self.somebody(world) };
        let to = if forged { self.chance.below(HONEST) } else { self.other(from) };
        let pays = forged || self.chance.in_thousand(780);
        let pay = pays.then(|| self.amount());
        let ask = if self.chance.in_thousand(250) { pay } else { None };
        let trick = forged.then(|| {
            let usual = [Trick::Honest, Trick::Restore, Trick::Restore, Trick::PayTwice];
            let odd = self.chance.in_thousand(700);
            if odd { self.chance.one_of(&Trick::ALL) } else { self.chance.one_of(&usual) }
        });
        Action::Call { from, to, pay, ask, trick, fresh: self.chance.number() }
    }

    fn crash(&mut self, world: &World) -> Action {
        let who = self.somebody(world);
        let whens = [When::Now, When::Before, When::Lost, When::Late, When::Silent, When::Speaking];
        let chips = [When::Unabsorbed, When::Absorbing, When::Unkept, When::Kept, When::Twice];
        let absorbs = world.has_chip(who) && self.chance.in_thousand(500);
        let when = self.chance.one_of(if absorbs { &chips[..] } else { &whens });
        Action::Crash { who, when }
    }

    fn fault(&mut self, world: &World, waiting: &[(usize, usize)]) -> Option<Action> {
        let links = world.open_links();
        if links.is_empty() {
            return None;
        }
        let at = self.chance.one_of(&links);
        let side = self.chance.below(2);
        let number = self.chance.number();
        let whom = self.chance.one_of(&[0, 1, 2, CHIPPED]);
        let apart = match self.chance.below(10) {
            0 => Some(Action::Hang { link: at }),
            1 => Some(Action::Cancel { link: at, end: side }),
            2 | 3 => Some(Action::Replay { link: at, end: side, said: number }),
            4 => Some(Action::Accuse { link: at, end: side, whom, how: number }),
            _ => None,
        };
        if apart.is_some() || waiting.is_empty() {
            return apart;
        }
        let (link, end) = self.chance.one_of(waiting);
        Some(match self.chance.below(4) {
            0 => Action::Lose { link, end },
            1 => Action::Repeat { link, end },
            2 => Action::Delay { link, end },
            _ => Action::Spoil { link, end, bit: number },
        })
    }

    /// Something that somebody does without a link.
    fn alone(&mut self, world: &World) -> Action {
        let from = self.somebody(world);
        let to = self.other(from);
        let fresh = self.chance.number();
        if self.copies() && self.chance.in_thousand(300) {
            return Action::Copy { who: HONEST + self.chance.below(2) };
        }
        if world.has_chip(from) && self.chance.in_thousand(250) {
            let lies = from >= HONEST && self.chance.in_thousand(700);
            let how = self.chance.one_of(&Deceit::ALL);
            return if lies {
                Action::Deceive { who: from, how }
            } else {
                Action::Cut { who: from }
            };
        }
        let letters = world.letters();
        match self.chance.below(12) {
            0..3 => Action::Away { from, to, amount: self.amount() },
            3 | 4 => Action::Share { from, to, value: self.chance.below(256) as u8 },
            5 => Action::Clock { who: from, seconds: fresh },
            6 => Action::Answer { from, to, amount: self.amount() },
            7 | 8 if letters > 0 => Action::Read { letter: self.chance.below(letters) },
            9 if letters > 0 => Action::Read { letter: letters - 1 },
            _ => {
                let ask = self.chance.in_thousand(300).then(|| self.amount());
                Action::Letter { from, to, ask, fresh }
            }
        }
    }
}
