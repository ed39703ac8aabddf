//! Every kind of dealing: how it begins, and what people do until it is done.

use dsm_core::{TokenId, Value};
use dsm_engine::MailError;
use dsm_link::MemoryMailbox;
use dsm_log::DeviceId;
use dsm_session::{Goal, Notice, Request};

use super::world::{Call, Loss, World};
use crate::interleaved::Anything;
use crate::letters::{old_friends, secret, town};
use crate::person::{Person, UNITS, introduce, rogue};
use crate::raw::{rich, settle};

/// A kind of dealing.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) begin: fn() -> World,
    /// What people do; done again, it does what is left to do and nothing twice.
    pub(crate) play: fn(&mut World),
    /// What it must have said, if nobody dies.
    pub(crate) says: &'static str,
    pub(crate) end: End,
}

/// How it must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// As it does if nobody dies.
    Done,
    /// The same, or nothing was done: whoever gave it up does not begin it again.
    DoneOrNot,
    /// Everybody knows that a third forked.
    Forked,
    /// The first knows that it is an old copy.
    Old,
}

/// All of them.
#[rustfmt::skip]
pub(crate) const KINDS: [Kind; 19] = [
    Kind { name: "a sync with nothing due", begin: friends, play: sync, says: "Done", end: End::Done },
    Kind { name: "a sync with all kinds due both ways", begin: debtors, play: sync, says: "Resume", end: End::Done },
    Kind { name: "a first payment", begin: strangers, play: pay, says: "Pay", end: End::Done },
    Kind { name: "a payment between old friends", begin: friends, play: pay, says: "Pay", end: End::Done },
    Kind { name: "a payment that is asked for", begin: friends, play: pay_asked, says: "Ask", end: End::Done },
    Kind { name: "two payments of one payer at once", begin: three, play: pay_two, says: "Offer", end: End::Done },
    Kind { name: "payments both ways at once", begin: debtors, play: pay_each_other, says: "Resume", end: End::Done },
    Kind { name: "a payment that is taken up on another link", begin: interrupted, play: sync, says: "Resume", end: End::Done },
    Kind { name: "a first payment to somebody away", begin: strangers, play: pay_away, says: "Resume", end: End::Done },
    Kind { name: "a payment to a friend who is away", begin: friends, play: pay_away, says: "Resume", end: End::Done },
    Kind { name: "a first payment by letters", begin: strangers, play: letters, says: "a letter", end: End::Done },
    Kind { name: "a payment by letters between old friends", begin: friends, play: letters, says: "a letter", end: End::Done },
    Kind { name: "a first payment by letters that answer each other", begin: strangers, play: exchange, says: "a letter", end: End::Done },
    Kind { name: "a payment by letters that answer each other", begin: friends, play: exchange, says: "a letter", end: End::Done },
    Kind { name: "a payment through a mailbox", begin: friends, play: mailbox, says: "", end: End::Done },
    Kind { name: "shared state", begin: friends, play: share, says: "Receipt", end: End::Done },
    Kind { name: "a fork that comes to light", begin: victims, play: sync, says: "Evidence", end: End::Forked },
    Kind { name: "an old copy", begin: copied, play: sync, says: "Shown", end: End::Old },
    Kind { name: "an introduction", begin: unknown, play: introduction, says: "a letter", end: End::Done },
];

/// The same among people with chips.
#[rustfmt::skip]
pub(crate) const CHIPPED: [Kind; 10] = [
    Kind { name: "chips: a first payment", begin: bound, play: pay, says: "Pay", end: End::Done },
    Kind { name: "chips: a payment between old friends", begin: bound_friends, play: pay, says: "Pay", end: End::Done },
    Kind { name: "chips: a sync with all kinds due both ways", begin: bound_debtors, play: sync, says: "Resume", end: End::Done },
    Kind { name: "chips: two payments of one payer at once", begin: bound_three, play: pay_two, says: "Offer", end: End::Done },
    Kind { name: "chips: payments both ways at once", begin: bound_debtors, play: pay_each_other, says: "Resume", end: End::Done },
    Kind { name: "chips: a payment to a friend who is away", begin: bound_friends, play: pay_away, says: "Resume", end: End::Done },
    Kind { name: "chips: a payment by letters", begin: bound_friends, play: letters, says: "a letter", end: End::Done },
    Kind { name: "chips: several payments in one letter", begin: bound_twice, play: letters, says: "a letter", end: End::Done },
    Kind { name: "chips: shared state", begin: bound_friends, play: share, says: "Receipt", end: End::Done },
    Kind { name: "chips: an issue, and a payment of it", begin: bound_mint, play: issue, says: "Pay", end: End::Done },
];

/// What may be given up by the person after any message.
pub(crate) const GIVEN_UP: [Kind; 2] = [
    Kind { name: "a first payment", begin: strangers, play: pay, says: "Pay", end: End::DoneOrNot },
    Kind {
        name: "a payment that is asked for",
        begin: friends,
        play: pay_asked,
        says: "Pay",
        end: End::DoneOrNot,
    },
];

fn strangers() -> World {
    let (ada, ben, token) = town();
    World::new(vec![ada, ben], token)
}

fn friends() -> World {
    let (ada, ben, token) = old_friends();
    let mut world = World::new(vec![ada, ben], token);
    world.call(0, 1, Goal::Sync { peer: world.id(1) });
    World::new(world.people, token)
}

/// Two people with chips, the first of whom issues from her own log.
fn bound() -> World {
    let (mut ada, mut ben) = (Person::anchored("ada"), Person::anchored("ben"));
    introduce(&mut ada, &mut ben);
    let token = ada.issue("mint");
    World::new(vec![ada, ben], token)
}

fn bound_three() -> World {
    let World { mut people, token, .. } = bound();
    let mut cleo = Person::anchored("cleo");
    introduce(&mut people[0], &mut cleo);
    people.push(cleo);
    World::new(people, token)
}

fn bound_friends() -> World {
    befriended(bound())
}

/// After a payment of which nothing is open.
fn befriended(mut world: World) -> World {
    world.call(0, 1, Goal::Pay { peer: world.id(1), token: world.token, amount: 100 });
    world.call(0, 1, Goal::Sync { peer: world.id(1) });
    World::new(world.people, world.token)
}

fn bound_debtors() -> World {
    in_debt(bound_friends, bound_friends())
}

/// The first is bound by several payments that she did not deliver.
fn bound_twice() -> World {
    let mut world = bound_friends();
    let peer = world.id(1);
    for amount in [3, 4] {
        world.people[0].engine.pay_away(&peer, world.token, amount).expect("a payment");
    }
    World::new(world.people, world.token)
}

/// The first made a token of which nothing is issued.
fn bound_mint() -> World {
    let (mut ada, mut ben) = (Person::anchored("ada"), Person::anchored("ben"));
    introduce(&mut ada, &mut ben);
    let token = ada.begin_token("mint");
    World::new(vec![ada, ben], token)
}

fn three() -> World {
    let (mut ada, ben, token) = town();
    let mut cleo = Person::new("cleo");
    introduce(&mut ada, &mut cleo);
    World::new(vec![ada, ben, cleo], token)
}

/// What each wrote to the other and did not deliver: value, a receipt, a contribution.
fn debtors() -> World {
    in_debt(friends, friends())
}

fn in_debt(begin: fn() -> World, mut world: World) -> World {
    world.line.loss = Some((place_of("Receipt", pay, begin), Loss::Everything));
    pay(&mut world);
    let mut world = World::new(world.people, world.token);
    for (one, other) in [(0, 1), (1, 0)] {
        let peer = world.id(other);
        let engine = &mut world.people[one].engine;
        engine.pay_away(&peer, world.token, 7).expect("a payment");
        engine.share(&peer, &Anything, b"a word").expect("a contribution");
    }
    World::new(world.people, world.token)
}

/// At which place of a play something is said.
fn place_of(name: &str, play: fn(&mut World), begin: fn() -> World) -> usize {
    let mut world = begin();
    play(&mut world);
    world.line.names.iter().position(|said| *said == name).expect("it is said")
}

/// Ada is bound, and Ben did not hear of it.
fn interrupted() -> World {
    let mut world = friends();
    world.line.loss = Some((place_of("Pay", pay, friends), Loss::Everything));
    pay(&mut world);
    World::new(world.people, world.token)
}

/// Ben and Cleo know a branch each of what Eve wrote.
fn victims() -> World {
    let (mut ben, mut cleo) = (Person::new("ben"), Person::new("cleo"));
    introduce(&mut ben, &mut cleo);
    let mut eve = rogue("eve", &mut [&mut ben, &mut cleo]);
    let token = rich(&mut eve, "mint", 100_000);
    let mut copy = eve.clone();
    for (branch, victim) in [(&mut eve, &mut ben), (&mut copy, &mut cleo)] {
        assert!(settle(branch, victim, token, 10).has_received());
    }
    World::new(vec![ben, cleo], token)
}

/// The first is a copy of Ada from before her last payment.
fn copied() -> World {
    let mut world = friends();
    let old = world.people[0].copied();
    pay(&mut world);
    world.people[0] = old;
    World::new(world.people, world.token)
}

fn unknown() -> World {
    let mut ada = Person::new("ada");
    let token = ada.issue("mint");
    World::new(vec![ada, Person::new("ben")], token)
}

fn sync(world: &mut World) {
    world.call(0, 1, Goal::Sync { peer: world.id(1) });
}

fn pay(world: &mut World) {
    world.call(0, 1, world.pays(0, 1, 50));
}

fn pay_asked(world: &mut World) {
    let goal = world.pays(0, 1, 50);
    let answer = Goal::Receive { ask: Some(Request::new(world.token, 50)) };
    world.calls(vec![Call { from: 0, to: 1, goal, answer }]);
}

fn pay_two(world: &mut World) {
    let open = || Goal::Receive { ask: None };
    let call = |to, amount| Call { from: 0, to, goal: world.pays(0, to, amount), answer: open() };
    world.calls(vec![call(1, 50), call(2, 60)]);
}

fn pay_each_other(world: &mut World) {
    let open = || Goal::Receive { ask: None };
    let call = |from, to| Call { from, to, goal: world.pays(from, to, 9), answer: open() };
    world.calls(vec![call(0, 1), call(1, 0)]);
}

fn pay_away(world: &mut World) {
    bind(world, |ada, ben, token| ada.engine.pay_away(&ben, token, 50));
    sync(world);
}

/// Ada binds herself, unless she is.
fn bind(
    world: &mut World,
    by: impl FnOnce(&mut Person, DeviceId, TokenId) -> Result<u64, MailError>,
) {
    if world.is_due(0, 1) {
        let (ben, token) = (world.id(1), world.token);
        let bound = by(&mut world.people[0], ben, token);
        world.told.extend(bound.ok().map(|index| (0, Notice::Bound { index })));
        world.count_the_dead();
    }
}

fn letters(world: &mut World) {
    let request = Some(Request::new(world.token, 50)).filter(|_| world.is_due(0, 1));
    world.letter(1, 0, request);
    bind(world, |ada, ben, token| ada.engine.pay_asked(&ben, token, 50));
    world.letter(0, 1, None);
    world.letter(1, 0, None);
}

fn exchange(world: &mut World) {
    let (ben, pay) = (world.id(1), Some((world.token, 50)).filter(|_| world.is_due(0, 1)));
    let fresh = || [secret(), secret()];
    let calls = |ada: &mut Person, mut link| {
        let mut told: Vec<Notice> = Vec::new();
        let mut tell = |notice: &Notice| told.push(notice.clone());
        let _ = ada.engine.exchange_with(&mut link, ben, pay, &fresh(), &mut tell);
        told
    };
    let waits = |ben: &mut Person, mut link| {
        let mut told: Vec<Notice> = Vec::new();
        let mut tell = |notice: &Notice| told.push(notice.clone());
        let _ = ben.engine.exchange(&mut link, None, &fresh(), &mut tell);
        told
    };
    world.at_a_link(calls, waits);
}

/// The mailbox outlives whoever dies, but not the play.
fn mailbox(world: &mut World) {
    let mut boxes = MemoryMailbox::default();
    let request = Some(Request::new(world.token, 50)).filter(|_| world.is_due(0, 1));
    for (from, request) in [(1, request), (0, None), (1, None)] {
        if from == 0 {
            bind(world, |ada, ben, token| ada.engine.pay_by_letter(&ben, token, 50));
        }
        let peer = world.id(1 - from);
        if world.lives(from) {
            let _ = world.people[from].engine.post(&mut boxes, &peer, request, &secret());
            world.count_the_dead();
        }
        // Whoever died comes back and looks again.
        for _ in 0..2 {
            let to = 1 - from;
            let mut reads = Vec::new();
            let _ = world.people[to].engine.collect(&mut boxes, &mut reads);
            let notices = reads.into_iter().flat_map(|read| read.notices);
            world.told.extend(notices.map(|notice| (to, notice)));
            if world.people[to].engine.wallet().books().is_err() {
                world.people[to] = world.people[to].restarted(crate::disk::Death::Never);
            }
        }
    }
}

/// One lot, unless it is issued; and a payment of it.
fn issue(world: &mut World) {
    let books = world.people[0].engine.wallet().books().expect("books");
    let none =
        books.history(None).iter().all(|one| !matches!(one.entry.value, Some(Value::Issue { .. })));
    drop(books);
    if none {
        let _ = world.people[0].engine.issue(&world.token, UNITS);
        world.count_the_dead();
    }
    pay(world);
}

fn share(world: &mut World) {
    for (one, other) in [(0, 1), (1, 0)] {
        if world.is_due(one, other) {
            let peer = world.id(other);
            let _ = world.people[one].engine.share(&peer, &Anything, b"a word");
            world.count_the_dead();
        }
    }
    sync(world);
}

/// They show each other their cards; then both say yes.
fn introduction(world: &mut World) {
    let cards = std::sync::Mutex::new([None, None]);
    let begun = [0, 1].map(|who| world.people[who].disk.everything());
    let keep = |who: usize, met: Option<dsm_session::introduction::Introduced>| {
        cards.lock().expect("nobody panics")[who] = met.map(|met| met.card);
        Vec::new()
    };
    let calls =
        |ada: &mut Person, mut link| keep(0, ada.engine.introduce(&mut link, &secret()).ok());
    let waits =
        |ben: &mut Person, mut link| keep(1, ben.engine.be_introduced(&mut link, &secret()).ok());
    world.at_a_link(calls, waits);
    let ended = [0, 1].map(|who| world.people[who].disk.everything());
    assert_eq!(begun, ended, "nothing is durable before the yes");
    let cards = cards.into_inner().expect("nobody panicked");
    for (who, card) in cards.into_iter().enumerate() {
        if let Some(card) = card {
            let contacts = vec![dsm_store::Contact { name: "met".into(), card }];
            let changes = dsm_store::Changes { contacts, ..Default::default() };
            let _ = world.people[who].engine.commit(&changes);
            world.count_the_dead();
        }
    }
}
