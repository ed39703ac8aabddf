//! People who deal with each other, one message at a time, until a line breaks or somebody dies.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use dsm_core::{Op, TokenId};
use dsm_engine::{Answer, Conversation, ConverseError, Event, Next};
use dsm_log::DeviceId;
use dsm_session::{Goal, Message, Notice, Request, SessionError};
use dsm_store::HistoryEntry;

use crate::chips::shows_evidence;
use crate::disk::Death;
use crate::letters::secret;
use crate::person::Person;
use crate::wire::{Way, Wire, ends, fresh};

/// How a line breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// Nothing arrives any more, anywhere.
    Everything,
    /// Nothing arrives any more of what goes this way.
    OneWay,
    /// Half of the message arrives, and nothing after it.
    Torn,
}

/// What carries messages, and what it does to them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    /// Which message is the first that does not arrive, counted over all ways.
    pub(crate) loss: Option<(usize, Loss)>,
    /// The names of what was said.
    pub(crate) names: Vec<&'static str>,
    broken: bool,
}

impl Line {
    /// What arrives instead of a message; nothing if it is lost.
    fn carry(&mut self, mut message: Vec<u8>) -> Option<(Vec<u8>, bool)> {
        if self.broken {
            return None;
        }
        let at = self.names.len();
        let known = dsm_encoding::from_slice::<Message>(&message);
        self.names.push(known.map_or("a letter", |message| message.name()));
        let Some((_, loss)) = self.loss.filter(|(place, _)| *place == at) else {
            return Some((message, false));
        };
        self.broken = loss != Loss::OneWay;
        match loss {
            Loss::Torn => message.truncate(message.len() / 2),
            Loss::Everything => return None,
            Loss::OneWay => {}
        }
        Some((message, loss == Loss::OneWay))
    }
}

/// Somebody calls somebody.
pub(crate) struct Call {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) goal: Goal,
    pub(crate) answer: Goal,
}

/// People by number: the first has a token.
pub(crate) struct World {
    pub(crate) people: Vec<Person>,
    pub(crate) token: TokenId,
    pub(crate) line: Line,
    /// Who was told what.
    pub(crate) told: Vec<(usize, Notice)>,
    /// Whose session ended how.
    pub(crate) errors: Vec<(usize, SessionError)>,
    /// Who ends the conversation, after how many messages.
    pub(crate) cancel: Option<(usize, usize)>,
    /// Whether a death of one is the death of all.
    pub(crate) die_together: bool,
    pub(crate) dead: BTreeSet<usize>,
    /// How much everybody had written to everybody at first.
    before: BTreeMap<(usize, usize), usize>,
}

/// One side of a call.
struct End {
    who: usize,
    of: Conversation,
    hears: VecDeque<Vec<u8>>,
    deaf: bool,
}

impl World {
    pub(crate) fn new(people: Vec<Person>, token: TokenId) -> Self {
        let mut world = Self {
            people,
            token,
            line: Line::default(),
            told: Vec::new(),
            errors: Vec::new(),
            cancel: None,
            die_together: false,
            dead: BTreeSet::new(),
            before: BTreeMap::new(),
        };
        let count = world.people.len();
        let pairs = (0..count).flat_map(|one| (0..count).map(move |other| (one, other)));
        world.before = pairs.map(|(one, other)| ((one, other), world.said(one, other))).collect();
        world
    }

    /// The same once more, each in a process that may die.
    pub(crate) fn copied(&self, death: impl Fn(usize) -> Death) -> Self {
        let people = self.people.iter().enumerate();
        let people = people.map(|(who, one)| one.copied().restarted(death(who))).collect();
        Self {
            before: self.before.clone(),
            told: self.told.clone(),
            errors: self.errors.clone(),
            ..Self::new(people, self.token)
        }
    }

    pub(crate) fn id(&self, who: usize) -> DeviceId {
        self.people[who].id()
    }

    pub(crate) fn balances(&self) -> Vec<u64> {
        self.people.iter().map(|one| one.balance(&self.token)).collect()
    }

    /// How many entries with something in them one wrote to another.
    pub(crate) fn said(&self, from: usize, to: usize) -> usize {
        let to = Some(self.id(to));
        let history = self.people[from].history();
        let own = history.iter().filter(|one| one.own && one.peer == to);
        let data =
            |one: &HistoryEntry| one.entry.ops.iter().any(|op| matches!(op, Op::Data { .. }));
        own.filter(|one| one.entry.value.is_some() || data(one)).count()
    }

    /// Whether somebody has not said yet what is to be said to another.
    pub(crate) fn is_due(&self, from: usize, to: usize) -> bool {
        self.lives(from) && self.said(from, to) == self.before[&(from, to)]
    }

    pub(crate) fn lives(&self, who: usize) -> bool {
        !self.dead.contains(&who)
    }

    /// A goal of a payer who does not pay again what it is bound for.
    pub(crate) fn pays(&self, from: usize, to: usize, amount: u64) -> Goal {
        let peer = self.id(to);
        if self.is_due(from, to) {
            Goal::Pay { peer, token: self.token, amount }
        } else {
            Goal::Sync { peer }
        }
    }

    /// Notes a death, if somebody's store failed.
    pub(crate) fn count_the_dead(&mut self) {
        for (who, one) in self.people.iter().enumerate() {
            if one.engine.wallet().books().is_err() {
                self.dead.insert(who);
                self.line.broken |= self.die_together;
            }
        }
    }

    /// One calls another.
    pub(crate) fn call(&mut self, from: usize, to: usize, goal: Goal) {
        self.calls(vec![Call { from, to, goal, answer: Goal::Receive { ask: None } }]);
    }

    /// Calls at the same time, until nobody says anything more.
    pub(crate) fn calls(&mut self, calls: Vec<Call>) {
        let mut all = Vec::new();
        for (of, call) in (0..).map(Conversation).zip(&calls) {
            let end = |who| End { who, of, hears: VecDeque::new(), deaf: false };
            all.extend([end(call.from), end(call.to)]);
        }
        for (number, Call { goal, answer, .. }) in calls.into_iter().enumerate() {
            for (at, goal) in [(2 * number, goal), (2 * number + 1, answer)] {
                let of = all[at].of;
                let open = Event::Open { of, goal, fresh: fresh(), proven: None };
                self.happen(&mut all, at, open);
            }
        }
        let mut idle = false;
        while !idle {
            idle = true;
            for at in 0..all.len() {
                let (who, of) = (all[at].who, all[at].of);
                if self.cancel.is_some_and(|(one, after)| one == who && after <= self.passed()) {
                    self.cancel = None;
                    self.happen(&mut all, at, Event::Cancel { of });
                }
                let Some(message) = all[at].hears.pop_front() else { continue };
                idle = false;
                if all[at].deaf {
                    continue;
                }
                match self.line.carry(message) {
                    Some((message, false)) => {
                        self.happen(&mut all, at, Event::Message { of, message });
                    }
                    Some((_, true)) => all[at].deaf = true,
                    None => {}
                }
            }
        }
        for at in 0..all.len() {
            let of = all[at].of;
            self.happen(&mut all, at, Event::Close { of });
        }
    }

    /// How many messages there were.
    pub(crate) fn passed(&self) -> usize {
        self.line.names.len()
    }

    fn happen(&mut self, ends: &mut [End], at: usize, event: Event) {
        let (who, of) = (ends[at].who, ends[at].of);
        if !self.lives(who) {
            return;
        }
        let mut answers: Vec<Answer> = Vec::new();
        let engine = &mut self.people[who].engine;
        let turned = engine.turn(vec![event], &mut |_, _, answer| answers.push(answer));
        let mut more = false;
        for answer in answers {
            self.told.extend(answer.notices.into_iter().map(|notice| (who, notice)));
            answer.frames.iter().for_each(|frame| shows_evidence(&self.people, frame));
            ends[at ^ 1].hears.extend(answer.frames);
            match answer.next {
                Next::More => more = true,
                Next::Over(Err(ConverseError::Session(error))) => self.errors.push((who, error)),
                Next::Over(_) | Next::Answer | Next::Listen => {}
            }
        }
        if turned.is_err() {
            self.count_the_dead();
        } else if more {
            self.happen(ends, at, Event::Ready { of });
        }
    }

    /// A letter, if its writer lives; and its reader reads it, if it arrives.
    pub(crate) fn letter(&mut self, from: usize, to: usize, request: Option<Request>) {
        let peer = self.id(to);
        if !self.lives(from) {
            return;
        }
        let letter = self.people[from].engine.write_letter(&peer, request, &secret());
        self.count_the_dead();
        let arrived = letter.ok().and_then(|letter| self.line.carry(letter));
        if let Some((letter, false)) = arrived.filter(|_| self.lives(to)) {
            let read = self.people[to].engine.read_letter(&letter);
            let notices = read.into_iter().flat_map(|read| read.notices);
            self.told.extend(notices.map(|notice| (to, notice)));
            self.count_the_dead();
        }
    }

    /// What two do at the ends of a link, of which each gives what it was told.
    pub(crate) fn at_a_link(
        &mut self,
        one: impl FnOnce(&mut Person, Wire) -> Vec<Notice> + Send,
        other: impl FnOnce(&mut Person, Wire) -> Vec<Notice> + Send,
    ) {
        let line = &mut self.line;
        let [first, second, ..] = &mut *self.people else { unreachable!("there are two") };
        let (one, other) = ends(
            |link| one(first, link),
            |link| other(second, link),
            |_: Way, _, message| {
                // Whoever waits for an answer on half a link would wait for long.
                line.carry(message).filter(|(_, deaf)| !deaf).map(|(message, _)| vec![message])
            },
        );
        self.told.extend(one.into_iter().map(|notice| (0, notice)));
        self.told.extend(other.into_iter().map(|notice| (1, notice)));
        self.count_the_dead();
    }
}
