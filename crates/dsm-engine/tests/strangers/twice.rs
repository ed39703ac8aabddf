//! Two who hold several conversations with each other at once: each entry may be delivered in all of
//! them, in any order.

use std::collections::VecDeque;

use dsm_core::TokenId;
use dsm_engine::{Answer, Conversation, Event, Next};
use dsm_session::{Goal, Notice};

use crate::interleaved::Anything;
use crate::person::{Person, UNITS, introduce};
use crate::raw::OPEN;
use crate::wire::fresh;

/// One side of a conversation.
struct End {
    who: usize,
    of: Conversation,
    hears: VecDeque<Vec<u8>>,
    over: bool,
}

/// What was found out of two who meet at once.
#[derive(Default)]
struct Told {
    received: usize,
    bound: usize,
}

fn happen(
    people: &mut [&mut Person; 2],
    ends: &mut [End],
    at: usize,
    event: Event,
    told: &mut Told,
) {
    let mut answers: Vec<Answer> = Vec::new();
    let engine = &mut people[ends[at].who].engine;
    engine.turn(vec![event], &mut |_, _, answer| answers.push(answer)).expect("a sound store");
    for answer in answers {
        for notice in &answer.notices {
            match notice {
                Notice::Received { .. } => told.received += 1,
                Notice::Bound { .. } => told.bound += 1,
                Notice::Rejected { reject } => panic!("an honest peer is refused: {reject}"),
                _ => {}
            }
        }
        ends[at ^ 1].hears.extend(answer.frames);
        if let Next::Over(result) = answer.next {
            assert!(result.is_ok(), "{result:?}");
            ends[at].over = true;
        }
    }
}

/// Conversations at once, of those who call with their goals; `next` chooses who hears next.
fn meet_at_once(
    mut people: [&mut Person; 2],
    calls: Vec<(usize, Goal)>,
    next: &mut dyn FnMut(usize) -> usize,
) -> Told {
    let mut told = Told::default();
    let mut ends = Vec::new();
    for (of, (from, _)) in (0..).map(Conversation).zip(&calls) {
        let end = |who| End { who, of, hears: VecDeque::new(), over: false };
        ends.extend([end(*from), end(1 - from)]);
    }
    for (number, (_, goal)) in calls.into_iter().enumerate() {
        for (at, goal) in [(2 * number, goal), (2 * number + 1, OPEN)] {
            let open = Event::Open { of: ends[at].of, goal, fresh: fresh(), proven: None };
            happen(&mut people, &mut ends, at, open, &mut told);
        }
    }
    loop {
        let hear: Vec<usize> = (0..ends.len()).filter(|at| !ends[*at].hears.is_empty()).collect();
        if hear.is_empty() {
            break;
        }
        let at = hear[next(hear.len())];
        let message = ends[at].hears.pop_front().expect("something to hear");
        assert!(!ends[at].over, "it is spoken to after the end");
        let event = Event::Message { of: ends[at].of, message };
        happen(&mut people, &mut ends, at, event, &mut told);
    }
    assert!(ends.iter().all(|end| end.over), "somebody waits for ever");
    told
}

/// Two who owe each other a payment and a contribution each, which neither heard of.
fn debtors() -> ([Person; 2], TokenId) {
    let mut people = [Person::new("ada"), Person::new("ben")];
    let [ada, ben] = &mut people;
    introduce(ada, ben);
    let token = ada.issue("mint");
    let peer = ben.id();
    let goal = Goal::Pay { peer, token, amount: 300 };
    meet_at_once(people.each_mut(), vec![(0, goal)], &mut |_| 0);
    let ids = [people[1].id(), people[0].id()];
    for (one, peer) in people.iter_mut().zip(ids) {
        one.engine.pay_away(&peer, token, 7).expect("a payment");
        one.engine.share(&peer, &Anything, b"a word").expect("a contribution");
        one.engine.pay_away(&peer, token, 8).expect("a payment");
    }
    (people, token)
}

/// Numbers below a bound, which repeat with their seed.
fn dice(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move |below| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("31 bits") % below
    }
}

fn settled(people: &[Person; 2]) -> bool {
    let own = |one: &Person| {
        let entries = one.history().into_iter().filter(|one| one.own && one.entry.value.is_some());
        entries.filter(|one| one.peer.is_some()).all(|one| one.acknowledged)
    };
    people.iter().all(own)
}

#[test]
fn two_who_meet_in_several_conversations_at_once_deliver_each_entry_once() {
    let (start, token) = debtors();
    for seed in 0..48 {
        let mut people = [start[0].copied(), start[1].copied()];
        let mut next = dice(seed);
        let calls: Vec<(usize, Goal)> = (0..1 + seed % 3)
            .map(|number| {
                let from = usize::from(seed >> number & 1 == 1);
                let peer = people[1 - from].id();
                let pays = seed >> (3 + number) & 1 == 1;
                let goal = Goal::Pay { peer, token, amount: 5 };
                (from, if pays { goal } else { Goal::Sync { peer } })
            })
            .collect();
        let pays = |(_, goal): &&(usize, Goal)| matches!(goal, Goal::Pay { .. });
        let pays = calls.iter().filter(pays).count();
        let told = meet_at_once(people.each_mut(), calls, &mut next);
        assert_eq!((told.bound, told.received), (pays, 4 + pays), "seed {seed}");
        let sum: u64 = people.iter().map(|one| one.balance(&token)).sum();
        assert_eq!(sum, UNITS, "seed {seed}");
        // Whoever said Done first may lack the other's last word.
        let peer = people[1].id();
        meet_at_once(people.each_mut(), vec![(0, Goal::Sync { peer })], &mut next);
        assert!(settled(&people), "seed {seed}");
        let ids = [people[1].id(), people[0].id()];
        assert!(people.iter().zip(ids).all(|(one, other)| !one.knows_fork(&other)));
    }
}

#[test]
fn two_who_owe_each_other_several_payments_do_not_wait_for_each_other() {
    let (mut people, token) = debtors();
    let peer = people[1].id();
    let told = meet_at_once(people.each_mut(), vec![(0, Goal::Sync { peer })], &mut |_| 0);
    assert_eq!(told.received, 4);
    assert!(settled(&people));
    assert_eq!(people[0].balance(&token) + people[1].balance(&token), UNITS);
}

#[test]
fn a_payment_that_was_seen_in_another_ones_lineage_still_arrives() {
    let mut people = [Person::new("ada"), Person::new("ben"), Person::new("cleo")];
    let [ada, ben, cleo] = &mut people;
    introduce(ada, ben);
    introduce(ada, cleo);
    introduce(ben, cleo);
    let token = ada.issue("mint");
    ada.engine.pay_away(&ben.id(), token, 7).expect("a payment");
    let meet = |one: &mut Person, other: &mut Person, pays: Option<u64>| {
        let peer = other.id();
        let pay = pays.map(|amount| Goal::Pay { peer, token, amount });
        let goal = pay.unwrap_or(Goal::Sync { peer });
        assert_eq!(meet_at_once([one, other], vec![(0, goal)], &mut |_| 0).received, 1);
    };
    // Its change goes to Ben by way of Cleo.
    meet(ada, cleo, Some(500));
    meet(cleo, ben, Some(500));
    meet(ada, ben, None);
    assert_eq!(ben.balance(&token), 507);
}
