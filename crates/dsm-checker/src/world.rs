//! Every order of events among a few devices: what each says and hears, what the network does to it, when
//! a device dies, and what a cheat says.
//!
//! A message that is never heard is lost. One that is heard twice, or before an earlier one, costs a fault of
//! the bounds; so does a line that breaks. A crash takes what was not durable and every conversation.

use std::collections::BTreeMap;
use std::sync::Mutex;

use dsm_session::Goal;
use stateright::{Model, Property};

use crate::bounds::Bounds;
use crate::cheat::Cheat;
use crate::device::Person;
use crate::disk::Print;
use crate::flaw::Flaw;
use crate::properties::Settled;
use crate::step::{Cast, Frame, Outcome, Shelf, Voice};

/// What may still happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Left {
    /// Conversations that begin.
    pub calls: u8,
    /// Messages of the cheat, after its greeting.
    pub says: u8,
    /// Faults of the network.
    pub faults: u8,
    /// Crashes.
    pub crashes: u8,
}

/// A conversation that somebody may begin.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Who calls.
    pub from: usize,
    /// Who is called.
    pub to: usize,
    /// What for.
    pub goal: Goal,
}

/// A conversation, of two honest devices or of the cheat with one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Line {
    /// Who calls, none for the cheat; and who is called.
    pub ends: [Option<usize>; 2],
    /// Each side, as long as the conversation goes on for it.
    pub voices: [Option<Voice>; 2],
    /// What each side has still to hear.
    pub on_way: [Vec<Frame>; 2],
}

/// A state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    /// The disks of the honest devices.
    pub shelves: Vec<Shelf>,
    /// The conversations, at most one of each pair.
    pub talks: Vec<Line>,
    /// What may still happen.
    pub left: Left,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// A planned conversation begins, in place of one that hangs.
    Call {
        /// Its number.
        plan: usize,
    },
    /// The cheat calls.
    Approach {
        /// Whom.
        to: usize,
    },
    /// The cheat says something that it prepared.
    Say {
        /// In which conversation.
        talk: usize,
        /// What.
        saying: usize,
    },
    /// A message is heard.
    Hear {
        /// In which conversation.
        talk: usize,
        /// By which side.
        side: usize,
        /// Which of those on their way.
        at: usize,
        /// Whether it will be heard again.
        again: bool,
    },
    /// A line breaks.
    Break {
        /// Which conversation.
        talk: usize,
    },
    /// A device dies and is started again.
    Crash {
        /// Which.
        who: usize,
    },
}

/// The model.
pub struct Worlds {
    /// The honest devices.
    pub cast: Cast,
    /// Who cheats, and how.
    pub cheat: Option<(Person, Cheat)>,
    /// Which conversations may begin.
    pub plans: Vec<Plan>,
    /// How it begins.
    pub start: World,
    /// Its bounds.
    pub bounds: Bounds,
    /// What the cheat may say to each.
    pub(crate) sayings: Vec<Vec<Frame>>,
    pub(crate) meetings: Mutex<BTreeMap<[Print; 2], Settled>>,
}

impl Worlds {
    pub(crate) fn of(people: Vec<Person>, bounds: Bounds, flaw: Option<Flaw>) -> Self {
        Self {
            cast: Cast::new(people, flaw),
            cheat: None,
            plans: Vec::new(),
            start: World { shelves: Vec::new(), talks: Vec::new(), left: bounds.left },
            bounds,
            sayings: Vec::new(),
            meetings: Mutex::default(),
        }
    }

    /// Lets one side hear something, or begin. None if nothing changes.
    fn take(&self, world: &mut World, talk: usize, side: usize, came: Option<&Frame>) {
        let line = &mut world.talks[talk];
        let (Some(who), Some(voice)) = (line.ends[side], line.voices[side].take()) else { return };
        let shelf = &mut world.shelves[who];
        let outcome = self.cast.step(who, &shelf.now, &voice, came);
        let Outcome { disk, durable, voice, frames, .. } = &*outcome;
        let late = self.cast.flaw == Some(Flaw::SpeaksFirst);
        if let Some(durable) = durable {
            shelf.durable = if late { shelf.now.clone() } else { durable.clone() };
        }
        shelf.now = disk.clone();
        line.voices[side] = voice.clone();
        let other = 1 - side;
        if line.voices[other].is_some() {
            line.on_way[other].extend(frames.iter().cloned());
        }
        if line.voices[side].is_none() {
            line.on_way[side].clear();
        }
    }

    fn begin(&self, world: &mut World, ends: [Option<usize>; 2], voices: [Option<Voice>; 2]) {
        world.talks.retain(|line| line.ends != ends && line.ends != [ends[1], ends[0]]);
        world.talks.push(Line { ends, voices, on_way: Default::default() });
        let last = world.talks.len() - 1;
        for side in 0..2 {
            self.take(world, last, side, None);
        }
    }

    fn crash(&self, world: &mut World, who: usize) {
        let shelf = &mut world.shelves[who];
        shelf.now = shelf.durable.clone();
        if self.cast.flaw == Some(Flaw::RestoresCopies) {
            *shelf = self.start.shelves[who].clone();
        }
        for line in &mut world.talks {
            for side in 0..2 {
                if line.ends[side] == Some(who) {
                    line.voices[side] = None;
                    line.on_way[side].clear();
                }
            }
        }
    }

    fn hearings(world: &World, actions: &mut Vec<Act>) {
        for (talk, line) in world.talks.iter().enumerate() {
            for side in 0..2 {
                if line.voices[side].is_none() {
                    continue;
                }
                for at in 0..line.on_way[side].len() {
                    if at == 0 {
                        actions.push(Act::Hear { talk, side, at, again: false });
                    }
                    if world.left.faults > 0 {
                        if at > 0 {
                            actions.push(Act::Hear { talk, side, at, again: false });
                        }
                        actions.push(Act::Hear { talk, side, at, again: true });
                    }
                }
            }
        }
    }

    fn greet(&self, world: &mut World, to: usize) {
        let voice = Voice::new(Goal::Receive { ask: None });
        self.begin(world, [None, Some(to)], [None, Some(voice)]);
        let last = world.talks.len() - 1;
        let greeting = self.cheat.iter().flat_map(|(_, cheat)| &cheat.greeting);
        for frame in greeting {
            self.take(world, last, 1, Some(frame));
        }
    }
}

impl Model for Worlds {
    type State = World;
    type Action = Act;

    fn init_states(&self) -> Vec<World> {
        vec![self.start.clone()]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Act>) {
        Self::hearings(world, actions);
        let left = world.left;
        if left.says > 0 {
            for (talk, line) in world.talks.iter().enumerate() {
                let to = line.ends[1].filter(|_| line.ends[0].is_none());
                let sayings = to.map_or(0, |to| self.sayings[to].len());
                actions.extend((0..sayings).map(|saying| Act::Say { talk, saying }));
            }
        }
        if left.calls > 0 {
            actions.extend((0..self.plans.len()).map(|plan| Act::Call { plan }));
            if self.cheat.is_some() {
                actions.extend((0..world.shelves.len()).map(|to| Act::Approach { to }));
            }
        }
        if left.faults > 0 {
            actions.extend((0..world.talks.len()).map(|talk| Act::Break { talk }));
        }
        if left.crashes > 0 {
            actions.extend((0..world.shelves.len()).map(|who| Act::Crash { who }));
        }
    }

    fn next_state(&self, last: &World, act: Act) -> Option<World> {
        let mut world = last.clone();
        let left = &mut world.left;
        match act {
            Act::Call { plan } => {
                left.calls -= 1;
                let Plan { from, to, goal } = &self.plans[plan];
                let called = Voice::new(Goal::Receive { ask: None });
                let voices = [Some(Voice::new(goal.clone())), Some(called)];
                self.begin(&mut world, [Some(*from), Some(*to)], voices);
            }
            Act::Approach { to } => {
                left.calls -= 1;
                self.greet(&mut world, to);
            }
            Act::Say { talk, saying } => {
                left.says -= 1;
                let to = world.talks[talk].ends[1]?;
                self.take(&mut world, talk, 1, Some(&self.sayings[to][saying]));
            }
            Act::Hear { talk, side, at, again } => {
                left.faults -= u8::from(again || at > 0);
                let inbox = &mut world.talks[talk].on_way[side];
                let frame = if again { inbox[at].clone() } else { inbox.remove(at) };
                self.take(&mut world, talk, side, Some(&frame));
            }
            Act::Break { talk } => {
                left.faults -= 1;
                world.talks.remove(talk);
            }
            Act::Crash { who } => {
                left.crashes -= 1;
                self.crash(&mut world, who);
            }
        }
        // Nobody hears what is said where both have gone.
        world.talks.retain(|line| line.voices.iter().any(Option::is_some));
        world.talks.sort_by_key(|line| line.ends);
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        self.wanted()
    }
}

impl Worlds {
    /// Prepares what the cheat may say to each: every entry announced, and every showing of it.
    pub(crate) fn prepared(mut self) -> Self {
        let Some((_, cheat)) = &self.cheat else { return self };
        self.sayings = vec![Vec::new(); self.start.shelves.len()];
        for showing in &cheat.showings {
            for frame in [&showing.announced, &showing.paid] {
                let said = &mut self.sayings[showing.to];
                if !said.contains(frame) {
                    said.push(frame.clone());
                }
            }
        }
        self
    }
}
