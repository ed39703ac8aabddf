//! Two shipped devices that do what a trace of `tla/Session.tla` says.

use std::collections::BTreeMap;

use dsm_checker::trace::{Stage, Tla};
use dsm_checker::{Cast, Disk, Frame, Outcome, Person, Shelf, Voice};
use dsm_core::TokenId;
use dsm_core::pack::{Plan, Wanted};
use dsm_encoding::{from_slice, to_vec};
use dsm_session::{Goal, Message, pay_away};
use dsm_sim::NETWORK;
use dsm_store::{Changes, Wallet};

use crate::session;

const NAMES: [&str; 2] = ["a", "b"];
const UNIT: u64 = 10;
/// What the module does not speak of.
const NEWS: [&str; 3] = ["Sync", "Behind", "Evidence"];

/// What a shipped device does that the model does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Parting {
    /// It refuses, by a rule.
    Refuses(&'static str),
    /// It has not said what the model hears.
    NeverSaid(&'static str),
    /// It does not do what the model does.
    DoesNot(&'static str),
    /// What it said was durable before, and is not in the model.
    WroteFirst,
    /// It asks to be shown its own log, and says nothing else.
    Doubts,
}

/// One conversation.
#[derive(Default)]
struct Talk {
    voices: [Option<Voice>; 2],
    on_way: [Vec<Frame>; 2],
    /// Whether there is no channel.
    hostile: bool,
}

/// Two shipped devices, and a third that they may pay.
pub(crate) struct Devices {
    cast: Cast,
    tokens: [TokenId; 2],
    shelves: [Shelf; 2],
    saved: [Option<Disk>; 2],
    /// Every state that each disk was in.
    past: [Vec<Disk>; 2],
    restored: bool,
    talks: BTreeMap<usize, Talk>,
    /// Everything that was ever said: in which conversation, by whom.
    said: Vec<(usize, usize, Frame)>,
}

fn read_message(frame: &Frame) -> Message {
    from_slice(frame.bytes()).expect("canonical bytes")
}

fn name(frame: &Frame) -> &'static str {
    read_message(frame).name()
}

/// Which messages an action hears.
fn names_heard(action: &str) -> &'static [&'static str] {
    match action {
        "HearHello" => &["Hello"],
        "HearAsk" => &["Ask"],
        "HearOffer" => &["Offer", "Resume"],
        "HearWant" => &["Want"],
        "HearPay" => &["Pay"],
        "HearReceipt" => &["Receipt"],
        "HearDone" => &["Done"],
        "HearDoubt" => &["Doubt"],
        "HearShown" => &["Shown"],
        "HearCancel" => &["Cancel"],
        "Ignore" => &["Ask", "Offer", "Resume", "Want", "Pay", "Receipt", "Done"],
        _ => &[],
    }
}

fn count(tla: &Tla) -> usize {
    tla.list().len()
}

impl Devices {
    pub(crate) fn new() -> Self {
        let people = vec![Person::new("ann"), Person::new("ben"), Person::new("cleo")];
        let [ann, ben, cleo] = [0, 1, 2].map(|at: usize| &people[at]);
        let mut wallets = [ann.wallet(&[ben, cleo]), ben.wallet(&[ann, cleo])];
        let tokens =
            [ann.issue(&mut wallets[0], &[UNIT, UNIT]), ben.issue(&mut wallets[1], &[UNIT, UNIT])];
        let shelves = wallets.map(|wallet| Shelf::new(Disk::new(wallet.into_kv(), Vec::new())));
        let cast = Cast::new(people, None);
        let past = shelves.each_ref().map(|shelf| vec![shelf.now.clone()]);
        let talks = BTreeMap::new();
        Self {
            cast,
            tokens,
            shelves,
            saved: [None, None],
            past,
            restored: false,
            talks,
            said: Vec::new(),
        }
    }

    /// One step of a trace.
    pub(crate) fn take(&mut self, before: &Stage, after: &Stage) -> Result<(), Parting> {
        let talks = 0..count(before.state["sess"].field(NAMES[0]));
        let ends: Vec<(usize, usize)> = talks
            .flat_map(|talk| [(talk, 0), (talk, 1)])
            .filter(|(talk, side)| {
                session(before, NAMES[*side], *talk) != session(after, NAMES[*side], *talk)
            })
            .collect();
        let changed = |name: &str| {
            let of = |side: usize| {
                before.state[name].field(NAMES[side]) != after.state[name].field(NAMES[side])
            };
            [0, 1].into_iter().find(|side| of(*side))
        };
        let hears: &[&'static str] = match after.action.as_str() {
            "Dial" => {
                let calls = |end: &&(usize, usize)| {
                    session(after, NAMES[end.1], end.0).field("calls").is_true()
                };
                let (talk, side) = *ends.iter().find(calls).expect("a caller");
                let wish = session(after, NAMES[side], talk).field("wish").is_true();
                self.dial(talk, side, wish);
                return Ok(());
            }
            "Elsewhere" => return self.pay_elsewhere(changed("disk").expect("a payer"), after),
            "Commit" => return self.commit(changed("disk").expect("a writer"), after),
            "Backup" => {
                let side = changed("saved").expect("a disk");
                // The model's disk may be behind: a shipped device writes as it hears.
                let entries = count(after.state["saved"].field(NAMES[side]).list()[0].field("log"));
                let as_old = |disk: &&Disk| disk.summary().addressed.len() == entries;
                self.saved[side] = self.past[side].iter().rev().find(as_old).cloned();
                return Ok(());
            }
            "Restore" => {
                let side = changed("saved").expect("a disk");
                self.restore(side);
                return Ok(());
            }
            "Crash" => {
                let side = ends.first().expect("who dies").1;
                self.shelves[side].now = self.shelves[side].durable.clone();
                self.talks.values_mut().for_each(|talk| talk.voices[side] = None);
                return Ok(());
            }
            action => names_heard(action),
        };
        // A message that changes nothing in the model is not mapped to one that was said.
        let Some((talk, side)) = ends.first().copied() else { return Ok(()) };
        match after.action.as_str() {
            "Break" | "HangUp" => {
                let talk = self.talks.entry(talk).or_default();
                talk.voices[side] = None;
                Ok(())
            }
            "Cancel" => self.cancel(talk, side, (before, after)),
            _ if hears.is_empty() => self.hear_news(talk, side),
            _ => {
                self.forge(talk, side, hears[0], after);
                if hears[0] == "Hello" {
                    self.lie(talk, side, before);
                }
                let heard = self.hear(talk, side, hears)?;
                self.hear_news(talk, side)?;
                self.compare(talk, side, &heard, after)
            }
        }
    }

    /// Without a channel everybody says what needs no secret, and hears again what was ever said.
    fn forge(&mut self, talk: usize, side: usize, name: &str, after: &Stage) {
        let line = self.talks.entry(talk).or_default();
        line.hostile = matches!(after.state["net"].list()[talk].field("a"), Tla::Set(_));
        if !line.hostile {
            return;
        }
        let here = session(after, NAMES[side], talk);
        let number = |name: &str| u64::try_from(here.field(name).number()).expect("an index");
        let peer = self.cast.people[1 - side].id();
        let message = match name {
            "Hello" => {
                let accepted = number("sent");
                let known = Some(accepted).filter(|index| *index > 0);
                Message::Hello { network: NETWORK, device: peer, salt: [7; 32], accepted, known }
            }
            "Offer" => {
                let index = number("in");
                let log = after.state["books"].field(NAMES[1 - side]).field("log");
                let at = usize::try_from(index).expect("an index");
                let entry = log.list().get(at - 1);
                let floor = entry.map_or(0, |entry| entry.field("floor").number());
                let floor = Some(u64::try_from(floor).expect("an index"));
                Message::Resume { index, floor, plan: Plan::default() }
            }
            "Doubt" => Message::Doubt {},
            "Want" => {
                let said = self
                    .said
                    .iter()
                    .rev()
                    .filter(|(talks, from, _)| (*talks, *from) == (talk, side));
                let plan = said.into_iter().find_map(|(.., frame)| match read_message(frame) {
                    Message::Offer { plan, .. } | Message::Resume { plan, .. } => Some(plan),
                    _ => None,
                });
                let wanted = Wanted::all(&plan.unwrap_or_default()).expect("a short plan");
                Message::Want { wanted }
            }
            name => {
                let from = |frame: &&(usize, usize, Frame)| {
                    frame.1 != side && crate::devices::name(&frame.2) == name
                };
                let said = self.said.iter().rev().find(from).map(|(.., frame)| frame.clone());
                self.talks.entry(talk).or_default().on_way[side] = said.into_iter().collect();
                return;
            }
        };
        let frame = Frame::new(to_vec(&message));
        self.talks.entry(talk).or_default().on_way[side] = vec![frame];
    }

    /// Says what the model says in the Hello of a liar, in place of the truth.
    fn lie(&mut self, talk: usize, side: usize, before: &Stage) {
        let said = before.state["net"].list()[talk].field(NAMES[1 - side]);
        let hello = Tla::Word("Hello".to_owned());
        let Some(hello) = said.list().iter().find(|one| *one.field("is") == hello) else { return };
        let claims = u64::try_from(hello.field("accepted").number()).expect("an index");
        let line = self.talks.entry(talk).or_default();
        let Some(frame) = line.on_way[side].iter_mut().find(|one| name(one) == "Hello") else {
            return;
        };
        if let Message::Hello { network, device, salt, accepted, known } = read_message(frame)
            && accepted < claims
        {
            let known = known.max(Some(claims));
            let lie = Message::Hello { network, device, salt, accepted: claims, known };
            *frame = Frame::new(to_vec(&lie));
        }
    }

    /// What a shipped device made of a message, and what the model did.
    fn compare(
        &self,
        talk: usize,
        side: usize,
        heard: &Frame,
        after: &Stage,
    ) -> Result<(), Parting> {
        let here = session(after, NAMES[side], talk);
        let ended = self.talks.get(&talk).is_none_or(|line| line.voices[side].is_none());
        if ended && here.field("live").is_true() {
            return Err(Parting::DoesNot("go on"));
        }
        match read_message(heard) {
            Message::Hello { .. } => {
                let said = self.said.iter().any(|(of, from, frame)| {
                    (*of, *from) == (talk, side) && name(frame) == "Doubt"
                });
                if said && !here.field("doubts").is_true() { Err(Parting::Doubts) } else { Ok(()) }
            }
            Message::Offer { index, .. } | Message::Resume { index, .. } => {
                let offered = u64::try_from(here.field("in").number()).ok() == Some(index);
                if offered { Ok(()) } else { Err(Parting::DoesNot("pay anew before it delivered")) }
            }
            Message::Pay { dealt } | Message::Receipt { dealt } => {
                let disk = after.state["disk"].field(NAMES[1 - side]).field("log");
                let wrote = self.shelves[1 - side].durable.summary();
                let durable = wrote.addressed.iter().any(|(_, index)| *index == dealt.index);
                let in_model = count(disk) as u64 >= dealt.index;
                if durable && !in_model { Err(Parting::WroteFirst) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }

    /// News that stand first on their way.
    fn hear_news(&mut self, talk: usize, side: usize) -> Result<(), Parting> {
        loop {
            let line = self.talks.entry(talk).or_default();
            let first = line.on_way[side].first().map(name);
            if line.voices[side].is_none() || !first.is_some_and(|name| NEWS.contains(&name)) {
                return Ok(());
            }
            let frame = line.on_way[side].remove(0);
            if let Some(rule) = self.event(talk, side, Some(&frame)) {
                return Err(Parting::Refuses(rule));
            }
        }
    }

    fn dial(&mut self, talk: usize, caller: usize, wish: bool) {
        let peer = self.cast.people[1 - caller].id();
        let token = self.tokens[caller];
        let goal = if wish { Goal::Pay { peer, token, amount: UNIT } } else { Goal::Sync { peer } };
        let mut line = Talk::default();
        line.voices[caller] = Some(Voice::new(goal));
        line.voices[1 - caller] = Some(Voice::new(Goal::Receive { ask: None }));
        self.talks.insert(talk, line);
        for side in [caller, 1 - caller] {
            let _ = self.event(talk, side, None);
        }
    }

    /// What one event does; what a conversation ends by.
    fn event(&mut self, talk: usize, side: usize, came: Option<&Frame>) -> Option<&'static str> {
        let voice = self.talks.get_mut(&talk)?.voices[side].take()?;
        let outcome = self.cast.step(side, &self.shelves[side].now, &voice, came);
        self.settle(talk, side, &outcome);
        outcome.refused
    }

    fn settle(&mut self, talk: usize, side: usize, outcome: &Outcome) {
        let shelf = &mut self.shelves[side];
        shelf.now = outcome.disk.clone();
        if let Some(durable) = &outcome.durable {
            shelf.durable = durable.clone();
            self.past[side].push(durable.clone());
        }
        let line = self.talks.entry(talk).or_default();
        line.voices[side] = outcome.voice.clone();
        if !line.hostile {
            line.on_way[1 - side].extend(outcome.frames.iter().cloned());
        }
        self.said.extend(outcome.frames.iter().map(|frame| (talk, side, frame.clone())));
    }

    /// Hears the news before it, and then a message of a name.
    fn hear(&mut self, talk: usize, side: usize, names: &[&'static str]) -> Result<Frame, Parting> {
        loop {
            let line = self.talks.entry(talk).or_default();
            if line.voices[side].is_none() {
                return Err(Parting::DoesNot("listen"));
            }
            let queue = &mut line.on_way[side];
            let said = queue.iter().position(|frame| names.contains(&name(frame)));
            let said = said.ok_or(Parting::NeverSaid(names[0]))?;
            let news = queue.iter().take(said).position(|frame| NEWS.contains(&name(frame)));
            let frame = queue.remove(news.unwrap_or(said));
            if let Some(rule) = self.event(talk, side, Some(&frame)) {
                return Err(Parting::Refuses(rule));
            }
            if news.is_none() {
                return Ok(frame);
            }
        }
    }

    /// What the model makes durable now, a shipped device has made durable before it said anything.
    fn commit(&self, side: usize, after: &Stage) -> Result<(), Parting> {
        let disk = after.state["disk"].field(NAMES[side]);
        let summary = self.shelves[side].durable.summary();
        let peer = self.cast.people[1 - side].id();
        let of = |kind: &str| {
            let kind = Tla::Word(kind.to_owned());
            disk.field("log").list().iter().filter(|entry| *entry.field("kind") == kind).count()
        };
        let paid = summary.paid.iter().filter(|(to, ..)| *to == peer).count();
        let deeds = self.shelves[side].durable.deeds();
        let got = deeds.iter().filter(|deed| deed.amount > 0).count();
        if paid != of("pay") {
            return Err(Parting::DoesNot("pay"));
        }
        if got != usize::try_from(disk.field("got").number()).expect("a count") {
            return Err(Parting::DoesNot("accept"));
        }
        if summary.old_copy != disk.field("old").is_true() {
            return Err(Parting::DoesNot("believe that it is an old copy"));
        }
        Ok(())
    }

    fn pay_elsewhere(&mut self, side: usize, after: &Stage) -> Result<(), Parting> {
        let log = after.state["disk"].field(NAMES[side]).field("log");
        let kind = log.list().last().expect("an entry").field("kind");
        let payee = if *kind == Tla::Word("pay".to_owned()) { 1 - side } else { 2 };
        let shelf = &mut self.shelves[side];
        let mut wallet = Wallet::open(shelf.now.rows().clone()).expect("a wallet");
        let to = self.cast.people[payee].id();
        let key = self.cast.people[side].key();
        let paid = pay_away(&wallet.books().expect("books"), &*key, to, self.tokens[side], UNIT);
        let Ok((batch, _)) = paid else { return Err(Parting::DoesNot("pay one that is away")) };
        wallet.commit(&Changes { batch, ..Changes::default() }).expect("a batch");
        *shelf = Shelf::new(Disk::new(wallet.into_kv(), shelf.now.deeds().to_vec()));
        Ok(())
    }

    fn cancel(
        &mut self,
        talk: usize,
        side: usize,
        (before, after): (&Stage, &Stage),
    ) -> Result<(), Parting> {
        let log = |stage: &Stage| count(stage.state["books"].field(NAMES[side]).field("log"));
        let line = self.talks.entry(talk).or_default();
        let Some(voice) = line.voices[side].take() else { return Ok(()) };
        let paid = self.shelves[side].now.summary().paid.len();
        let outcome = self.cast.cancel(side, &self.shelves[side].now, &voice);
        self.settle(talk, side, &outcome);
        let keeps = self.shelves[side].now.summary().paid.len() == paid;
        let takes_back = log(after) < log(before);
        if keeps && takes_back {
            Err(Parting::DoesNot("take a bound payment back"))
        } else {
            Ok(())
        }
    }

    fn restore(&mut self, side: usize) {
        self.restored = true;
        if let Some(saved) = self.saved[side].take() {
            self.shelves[side] = Shelf::new(saved);
        }
        self.talks.values_mut().for_each(|talk| talk.voices[side] = None);
    }

    /// What of the module's invariants does not hold of the shipped devices now, after a calm meeting.
    pub(crate) fn wrong(&self) -> Vec<&'static str> {
        let mut wrong = Vec::new();
        let [one, other] = [&self.shelves[0].durable, &self.shelves[1].durable];
        let met = self.cast.settle([0, 1], [one, other]);
        if self.restored {
            return wrong;
        }
        for (side, disk) in met.disks.iter().enumerate() {
            let summary = disk.summary();
            let held: u64 = summary.held.values().sum();
            let got: u64 = disk.deeds().iter().map(|deed| deed.amount).sum();
            let gave: u64 = summary.paid.iter().map(|(.., amount)| amount).sum();
            let peer = self.cast.people[1 - side].id();
            let due = summary.paid.iter().filter(|(to, ..)| *to == peer).count();
            let theirs = met.disks[1 - side].deeds().iter().filter(|deed| deed.amount > 0).count();
            let checks = [
                (held + gave == 2 * UNIT + got, "value is conserved"),
                (due == theirs, "what is paid is accepted once"),
                (summary.forks.is_empty(), "nobody is accused"),
                (!summary.old_copy, "nobody is an old copy"),
            ];
            wrong.extend(checks.into_iter().filter(|(holds, _)| !holds).map(|(_, what)| what));
        }
        wrong
    }
}
