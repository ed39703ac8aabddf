//! Whole worlds from a seed: a few devices, their disks and links, a mailbox, and an adversary.
//!
//! Honest devices are the shipped sessions over the shipped wallet; the adversary is code of its own that
//! has its devices' keys and disks, and speaks frames. Of every world it is asked, after every event, whether
//! the [`Invariant`]s hold.
//!
//! What one world covers: three honest devices, two cheats with wallets that can be copied, a forger; chips of
//! the mint, of one honest device and of one cheat that never go back, and a cheat's that do; some forty to two
//! hundred events; a handful of payments. What it does not: nodes and certificates do not exist yet, so every
//! class is exposed, anchored or one's own; rosters do not change; vaults cannot be spent; chips are simulated,
//! and none of them ends a log by a failure of power.

mod accuse;
mod chance;
mod chip;
mod device;
mod disk;
mod end;
mod event;
mod forger;
mod plant;
mod prepared;
mod share;
mod show;
mod story;
mod tale;
mod watch;

pub use chance::Chance;
pub use event::{Action, Deceit, Invariant, Made, Saw, Took, Trick, When, Wrote};
pub use plant::Plant;
pub use prepared::{FORGER, HONEST, NAMES, UNITS};
pub use tale::{Tale, actions, replay, shrink, tell};
pub use watch::{Counts, Line, Violation};

use std::collections::VecDeque;

use dsm_crypto::{Domain, hash};
use dsm_log::DeviceId;
use dsm_session::{Goal, Request};

use device::{Device, Then};
use forger::Forger;
use prepared::{WALLETS, prepared};
use watch::Watch;

/// The most messages that are kept to be said again.
const MOST_SAID: usize = 64;
/// The most messages that wait on one end of a link.
const MOST_WAITING: usize = 64;
/// The most copies of disks.
const MOST_COPIES: usize = 3;

/// One end of a link.
struct End {
    who: usize,
    waiting: VecDeque<Vec<u8>>,
}

/// A link between two people.
struct Link {
    ends: [End; 2],
    open: bool,
}

/// A world.
pub(crate) struct World {
    devices: Vec<Device>,
    forger: Option<Forger>,
    links: Vec<Link>,
    /// From whom, to whom, and what.
    letters: Vec<(usize, usize, Vec<u8>)>,
    said: Vec<(usize, Vec<u8>)>,
    pub(crate) watch: Watch,
}

impl World {
    pub(crate) fn new(plant: Plant, recording: bool) -> Self {
        let kits = prepared().kits.iter().enumerate();
        let devices = kits.map(|(who, kit)| {
            Device::new(who, kit, if who < HONEST { plant } else { Plant::None })
        });
        let devices: Vec<Device> = devices.collect();
        let mut watch = Watch::new(recording);
        for device in devices.iter().filter(|one| prepared().bound.contains(&one.id())) {
            watch.chips.extend(device.drive.clone().map(|drive| (device.id(), drive)));
        }
        Self {
            devices,
            forger: None,
            links: Vec::new(),
            letters: Vec::new(),
            said: Vec::new(),
            watch,
        }
    }

    fn device(&mut self, who: usize) -> Option<&mut Device> {
        match who {
            FORGER => None,
            0..FORGER => self.devices.get_mut(who),
            _ => self.devices.get_mut(who - 1),
        }
    }

    /// How many people there are.
    pub(crate) fn people(&self) -> usize {
        self.devices.len() + 1
    }

    fn id(&self, who: usize) -> Option<DeviceId> {
        match who {
            FORGER => Some(prepared().forger.id()),
            0..FORGER => self.devices.get(who).map(Device::id),
            _ => self.devices.get(who - 1).map(Device::id),
        }
    }

    /// The ends of open links at which a message waits.
    pub(crate) fn waiting(&self) -> Vec<(usize, usize)> {
        let mut all = Vec::new();
        for (number, link) in self.links.iter().enumerate().filter(|(_, link)| link.open) {
            for (at, end) in link.ends.iter().enumerate() {
                if !end.waiting.is_empty() {
                    all.push((number, at));
                }
            }
        }
        all
    }

    /// The open links.
    pub(crate) fn open_links(&self) -> Vec<usize> {
        let all = self.links.iter().enumerate();
        all.filter(|(_, link)| link.open).map(|(number, _)| number).collect()
    }

    /// Whether somebody's device has a chip.
    pub(crate) fn has_chip(&self, who: usize) -> bool {
        let at = if who > FORGER { who - 1 } else { who };
        who != FORGER && self.devices.get(at).is_some_and(|device| device.kit.chip.is_some())
    }

    pub(crate) fn letters(&self) -> usize {
        self.letters.len()
    }

    /// Something is done. Whether it applied.
    pub(crate) fn act(&mut self, action: &Action) {
        self.watch.did(action);
        match *action {
            Action::Call { from, to, pay, ask, trick, fresh } => {
                self.call((from, to), (pay, ask), (trick, fresh));
            }
            Action::Deliver { link, end } => self.deliver(link, end),
            Action::Lose { link, end }
            | Action::Repeat { link, end }
            | Action::Delay { link, end }
            | Action::Spoil { link, end, .. } => self.disturb(action, link, end),
            Action::Replay { link, end, said } => self.replay(link, end, said),
            Action::Accuse { link, end, whom, how } => self.accuse((link, end), whom, how),
            Action::Hang { link } => self.hang(link),
            Action::Cancel { link, end } => {
                let Some(who) = self.speaker(link, end) else { return };
                self.at(who, (link, end), |device, watch| device.cancel(link, watch));
            }
            Action::Crash { who, when } => {
                let Some(device) = self.device(who) else { return };
                device.arm(when);
                if when == When::Now {
                    self.change(who, Device::die);
                }
            }
            Action::Copy { who } => self.copy(who),
            Action::Cut { who } => {
                if let Some(device) = self.device(who) {
                    device.cut();
                }
            }
            Action::Deceive { who, how } => {
                self.change(who, |device, watch| device.deceive(how, watch));
            }
            Action::Clock { who, seconds } => {
                if let Some(device) = self.device(who) {
                    device.clock = seconds;
                }
            }
            Action::Settle {} => self.settle(),
            _ => self.alone(action),
        }
    }

    /// What somebody does without a link.
    fn alone(&mut self, action: &Action) {
        let token = prepared().token;
        match *action {
            Action::Away { from, to, amount } | Action::Answer { from, to, amount } => {
                let asked = matches!(action, Action::Answer { .. });
                let Some(peer) = self.id(to) else { return };
                self.change(from, |device, watch| device.pay(peer, (token, amount), asked, watch));
            }
            Action::Share { from, to, value } => {
                let Some(peer) = self.id(to) else { return };
                self.change(from, |device, watch| device.share(peer, value, watch));
            }
            Action::Letter { from, to, ask, fresh } => self.letter((from, to), ask, fresh),
            Action::Read { letter } => {
                let Some((from, to, bytes)) = self.letters.get(letter).cloned() else { return };
                self.watch.peer = Some(from);
                self.change(to, |device, watch| device.read(&bytes, watch));
                self.watch.peer = None;
            }
            _ => {}
        }
    }

    /// Something happens to somebody that says nothing over a link.
    fn change(&mut self, who: usize, happens: impl FnOnce(&mut Device, &mut Watch) -> Then) {
        let at = if who > FORGER { who - 1 } else { who };
        let Some(device) = self.devices.get_mut(at).filter(|_| who != FORGER) else { return };
        if happens(device, &mut self.watch).died {
            self.bury(who);
        }
    }

    /// Something happens to somebody at an end of a link.
    fn at(
        &mut self,
        who: usize,
        (link, end): (usize, usize),
        happens: impl FnOnce(&mut Device, &mut Watch) -> Then,
    ) {
        let at = if who > FORGER { who - 1 } else { who };
        let Some(device) = self.devices.get_mut(at).filter(|_| who != FORGER) else { return };
        self.watch.peer = self.links.get(link).map(|link| link.ends[1 - end].who);
        let then = happens(device, &mut self.watch);
        self.watch.peer = None;
        self.send(link, end, then.frames);
        if then.died {
            self.bury(who);
        }
    }

    /// All links of somebody who died are broken; what left before arrives.
    fn bury(&mut self, who: usize) {
        for link in &mut self.links {
            if let Some(end) = link.ends.iter_mut().find(|end| end.who == who) {
                end.waiting.clear();
            }
        }
    }

    fn send(&mut self, link: usize, from: usize, frames: Vec<Vec<u8>>) {
        let Some(of) = self.links.get_mut(link).filter(|of| of.open) else { return };
        let who = of.ends[from].who;
        for frame in frames {
            if self.said.len() < MOST_SAID {
                self.said.push((who, frame.clone()));
            }
            let to = &mut of.ends[1 - from].waiting;
            if to.len() < MOST_WAITING {
                to.push_back(frame);
            }
        }
    }

    fn speaker(&self, link: usize, end: usize) -> Option<usize> {
        let link = self.links.get(link).filter(|link| link.open)?;
        link.ends.get(end).map(|end| end.who)
    }

    fn call(
        &mut self,
        (from, to): (usize, usize),
        (pay, ask): (Option<u64>, Option<u64>),
        (trick, fresh): (Option<Trick>, u64),
    ) {
        let (Some(caller), Some(peer)) = (self.id(from), self.id(to)) else { return };
        let link = self.links.len();
        let end = |who| End { who, waiting: VecDeque::new() };
        self.links.push(Link { ends: [end(from), end(to)], open: caller != peer && to != FORGER });
        if caller == peer || to == FORGER {
            return;
        }
        let token = prepared().token;
        let bytes = |side: u8| *hash(Domain::Seed, &("call", fresh, side)).as_bytes();
        let clock = self.device(to).map_or(0, |device| device.clock);
        let ask = ask.map(|amount| Request { expires: Some(clock), ..Request::new(token, amount) });
        let goal = Goal::Receive { ask };
        self.at(to, (link, 1), |device, watch| device.open(link, goal, bytes(1), watch));
        if from == FORGER {
            let forger = self.forger.get_or_insert_with(Forger::new);
            let trick = trick.unwrap_or(Trick::Honest);
            let frames = forger.call(link, peer, (trick, pay.unwrap_or(1), fresh));
            self.send(link, 0, frames);
            return;
        }
        let goal = match pay {
            Some(amount) => Goal::Pay { peer, token, amount },
            None => Goal::Sync { peer },
        };
        self.at(from, (link, 0), |device, watch| device.open(link, goal, bytes(0), watch));
    }

    fn deliver(&mut self, link: usize, end: usize) {
        let Some(who) = self.speaker(link, end) else { return };
        let Some(message) = self.links[link].ends[end].waiting.pop_front() else { return };
        if who == FORGER {
            let frames = self.forger.as_mut().map(|forger| forger.hear(link, &message));
            self.watch.forged(self.forger.as_mut());
            for frame in frames.iter().flatten() {
                self.watch.said(link, who, frame);
            }
            self.send(link, end, frames.unwrap_or_default());
            return;
        }
        if self.links[link].ends[1 - end].who >= HONEST {
            self.watch.heard(who, &message);
        }
        self.at(who, (link, end), |device, watch| device.hear(link, &message, watch));
    }

    /// Something happens to the next message on its way to an end.
    fn disturb(&mut self, action: &Action, link: usize, end: usize) {
        let Some(from) = self.speaker(link, 1_usize.saturating_sub(end)) else { return };
        let waiting = &mut self.links[link].ends[end].waiting;
        let Some(mut message) = waiting.pop_front() else { return };
        match *action {
            Action::Repeat { .. } => {
                waiting.push_front(message.clone());
                waiting.push_front(message);
            }
            Action::Delay { .. } => waiting.push_back(message),
            // What the channel does with it: nobody but its speaker can change a message unnoticed.
            Action::Spoil { .. } if from < HONEST => self.hang(link),
            Action::Spoil { bit, .. } => {
                let bits = message.len().saturating_mul(8).max(1) as u64;
                let at = bit % bits;
                if let Some(byte) = message.get_mut((at / 8) as usize) {
                    *byte ^= 1 << (at % 8);
                }
                waiting.push_front(message);
            }
            _ => {}
        }
    }

    /// A cheat says what was said before, by anybody.
    fn replay(&mut self, link: usize, end: usize, said: u64) {
        let from = self.speaker(link, 1_usize.saturating_sub(end));
        if from.is_none_or(|from| from < HONEST) || self.said.is_empty() {
            return;
        }
        let (_, message) = &self.said[(said % self.said.len() as u64) as usize];
        self.links[link].ends[end].waiting.push_back(message.clone());
    }

    fn hang(&mut self, link: usize) {
        let Some(of) = self.links.get_mut(link).filter(|of| of.open) else { return };
        of.open = false;
        for end in &mut of.ends {
            end.waiting.clear();
        }
        for who in of.ends.iter().map(|end| end.who).collect::<Vec<_>>() {
            match self.device(who) {
                Some(device) => device.forget(link),
                None => {
                    if let Some(forger) = &mut self.forger {
                        forger.forget(link);
                    }
                }
            }
        }
    }

    fn letter(&mut self, (from, to): (usize, usize), ask: Option<u64>, fresh: u64) {
        let token = prepared().token;
        let (Some(peer), true) = (self.id(to), to != FORGER) else { return };
        let at = if from > FORGER { from - 1 } else { from };
        let Some(device) = self.devices.get_mut(at).filter(|_| from != FORGER) else { return };
        let expires = Some(device.clock);
        if ask.is_some()
            && let Some(honest) = self.watch.honest.get_mut(from)
        {
            honest.asked_by_letter = true;
        }
        let request = ask.map(|amount| Request { expires, ..Request::new(token, amount) });
        let (posted, then) = device.write(peer, request, fresh, &mut self.watch);
        if then.died {
            self.bury(from);
        }
        if let Some((_, letter)) = posted {
            let number = self.letters.len();
            self.watch.counts.letters += 1;
            self.watch.see(|| Saw::Posted { letter: number, from, to });
            self.letters.push((from, to, letter));
        }
    }

    fn copy(&mut self, who: usize) {
        let cheats = HONEST..WALLETS;
        if !cheats.contains(&who) || self.devices.len() >= WALLETS + MOST_COPIES {
            return;
        }
        let number = self.devices.len() + 1;
        let copy = self.devices[who].copied(number);
        self.devices.push(copy);
    }
}
