//! An evil payer: what a payee's settings promise holds in `accept`, whatever was offered.

use dsm_core::pack::{Plan, Stretch, Wanted};
use dsm_core::{Dealing, Lock, Op, Output, Reject, TokenId, View};
use dsm_encoding::{List, to_vec};
use dsm_log::Position;
use dsm_session::{Goal, Message, Request, SessionError};
use dsm_sim::{Actor, Payment, free_policy};

use crate::person::{Person, introduce, rogue};
use crate::raw::{
    Ask, Greeting, OPEN, Raw, accepted_by, dealt, known_to, meet, rich, settle, transfer,
};
use crate::wire::Met;

/// Ben, and Eve, who holds 100,000 units of her own token and whom Ben pinned.
fn town() -> (Person, Actor, TokenId) {
    let mut ben = Person::new("ben");
    let mut eve = rogue("eve", &mut [&mut ben]);
    let token = rich(&mut eve, "mint", 100_000);
    (ben, eve, token)
}

/// Eve calls Ben, hears his Ask, and then does what she likes.
fn call<R>(
    ben: &mut Person,
    eve: &mut Actor,
    script: impl FnOnce(&mut Raw, &mut Actor, Greeting, Ask) -> R,
) -> (Met, R) {
    let id = ben.id();
    meet(ben, OPEN, |raw| {
        let greeting = raw.greet(eve.id(), accepted_by(eve, id), known_to(eve, id));
        let ask = raw.hear_ask();
        raw.tell_nothing();
        let result = script(raw, eve, greeting, ask);
        raw.say(&Message::Done {});
        raw.hear_out();
        result
    })
}

fn pay_asked(eve: &mut Actor, ben: dsm_log::DeviceId, ask: Ask, what: (TokenId, u64)) -> Payment {
    let lock = Lock::Device { id: ben, floor: ask.floor };
    eve.pay_to(ben, lock, what.0, what.1, Some(ask.nonce))
}

/// Offers something small, and pays what was written.
fn lure(raw: &mut Raw, eve: &Actor, known: Option<u64>, dealing: &Dealing, said: (TokenId, u64)) {
    if let Some(wanted) = raw.offer(eve, dealing, known, said) {
        raw.pay(eve, dealing, known, &wanted);
    }
}

#[test]
fn the_cap_counts_what_is_paid_and_not_what_was_offered() {
    let (mut ben, mut eve, token) = town();
    let id = ben.id();
    let before = ben.disk.books();
    let (met, ()) = call(&mut ben, &mut eve, |raw, eve, greeting, ask| {
        let payment = pay_asked(eve, id, ask, (token, 10_001));
        lure(raw, eve, greeting.known, &payment.dealing, (token, 1));
    });
    assert_eq!(met.rule(), Some("R-48"), "{met:?}");
    assert_eq!(ben.disk.books(), before);
}

#[test]
fn another_token_than_offered_is_capped_for_itself() {
    let (mut ben, mut eve, token) = town();
    let other = rich(&mut eve, "another mint", 50_000);
    let id = ben.id();
    for amount in [20_000, 300] {
        let mut copy = eve.clone();
        let mut twin = ben.copied();
        let (met, ()) = call(&mut twin, &mut copy, |raw, eve, greeting, ask| {
            let payment = pay_asked(eve, id, ask, (other, amount));
            lure(raw, eve, greeting.known, &payment.dealing, (token, 1));
        });
        if amount > 10_000 {
            assert_eq!(met.rule(), Some("R-48"), "{met:?}");
            assert_eq!(twin.balance(&other), 0);
        } else {
            // A gift of another kind is no harm, and the payer is bound: it is taken, and told as it is.
            assert!(met.has_received(), "{met:?}");
            assert_eq!((twin.balance(&other), twin.balance(&token)), (300, 0));
        }
    }
    ben.set(|settings| settings.exposed_cap = 0);
    let (met, ()) = call(&mut ben, &mut eve, |raw, eve, greeting, ask| {
        let payment = pay_asked(eve, id, ask, (token, 1));
        lure(raw, eve, greeting.known, &payment.dealing, (token, 0));
    });
    assert_eq!(met.rule(), Some("R-48"), "{met:?}");
}

#[test]
fn caps_hold_over_many_payments_and_for_each_token() {
    let (mut ben, mut eve, token) = town();
    let other = rich(&mut eve, "another mint", 50_000);
    for _ in 0..4 {
        assert!(settle(&mut eve, &mut ben, token, 2_400).has_received());
        assert!(settle(&mut eve, &mut ben, other, 2_400).has_received());
    }
    for which in [token, other] {
        assert_eq!(ben.balance(&which), 9_600);
        let mut twin = ben.copied();
        let refused = settle(&mut eve.clone(), &mut twin, which, 401);
        assert_eq!(refused.rule(), Some("R-48"), "{refused:?}");
        assert_eq!(twin.balance(&which), 9_600);
        assert!(settle(&mut eve.clone(), &mut twin, which, 400).has_received());
    }
}

#[test]
fn what_was_spent_again_makes_room_under_the_cap() {
    let (mut ben, mut eve, token) = town();
    let mut cleo = Person::new("cleo");
    introduce(&mut ben, &mut cleo);
    assert!(settle(&mut eve, &mut ben, token, 10_000).has_received());
    assert_eq!(settle(&mut eve.clone(), &mut ben.copied(), token, 1).rule(), Some("R-48"));
    let pay = Goal::Pay { peer: cleo.id(), token, amount: 4_000 };
    let (paid, _) =
        crate::wire::between(&mut ben, &mut cleo, (pay, OPEN), |_, _, frame| Some(vec![frame]));
    assert!(paid.result.is_ok(), "{paid:?}");
    // The change still rests on Eve.
    assert_eq!(settle(&mut eve.clone(), &mut ben.copied(), token, 4_001).rule(), Some("R-48"));
    assert!(settle(&mut eve, &mut ben, token, 4_000).has_received());
}

#[test]
fn a_payment_is_taken_only_if_it_was_announced_and_only_once() {
    let (mut ben, mut eve, token) = town();
    let id = ben.id();
    let before = ben.disk.books();
    // Without an Offer.
    let (met, ()) = call(&mut ben.copied(), &mut eve.clone(), |raw, eve, greeting, ask| {
        let dealing = pay_asked(eve, id, ask, (token, 5)).dealing;
        let plan = dealing.plan(&eve.view, greeting.known).expect("a plan");
        raw.pay(eve, &dealing, greeting.known, &Wanted::all(&plan).expect("a short plan"));
    });
    assert_eq!(met.error(), Some(&SessionError::Unexpected("Pay")));
    // With another index than announced.
    let (met, ()) = call(&mut ben.copied(), &mut eve.clone(), |raw, eve, greeting, ask| {
        let dealing = pay_asked(eve, id, ask, (token, 5)).dealing;
        let plan = dealing.plan(&eve.view, greeting.known).expect("a plan");
        raw.say(&Message::Offer { index: 7, floor: 0, token, amount: 5, plan: plan.clone() });
        let _ = raw.hear_want();
        raw.pay(eve, &dealing, greeting.known, &Wanted::all(&plan).expect("a short plan"));
    });
    assert_eq!(met.error(), Some(&SessionError::Unexpected("another Pay")));
    assert_eq!(ben.disk.books(), before);
    // Twice.
    let (met, ()) = call(&mut ben, &mut eve, |raw, eve, greeting, ask| {
        let dealing = pay_asked(eve, id, ask, (token, 5)).dealing;
        let wanted = raw.offer(eve, &dealing, greeting.known, (token, 5)).expect("a Want");
        let pay = to_vec(&Message::Pay {
            dealt: Box::new(dealt(eve, &dealing, greeting.known, &wanted)),
        });
        raw.shout(&pay);
        raw.shout(&pay);
    });
    assert_eq!(met.error(), Some(&SessionError::Unexpected("Pay")));
    assert_eq!(ben.balance(&token), 5);
    assert_eq!(ben.history().len(), 2);
}

#[test]
fn an_offer_counts_whatever_came_of_the_one_before() {
    let (mut ben, mut eve, token) = town();
    let id = ben.id();
    let (met, answered) = call(&mut ben, &mut eve, |raw, eve, greeting, ask| {
        let dealing = pay_asked(eve, id, ask, (token, 5)).dealing;
        let wanted = raw.offer(eve, &dealing, greeting.known, (token, 5)).expect("a Want");
        let mut answered = 1;
        raw.pay(eve, &dealing, greeting.known, &wanted);
        // It is known now, so that it can be paid again for ever.
        while answered < 200
            && let Some(wanted) = raw.offer(eve, &dealing, greeting.known, (token, 5))
        {
            answered += 1;
            raw.pay(eve, &dealing, greeting.known, &wanted);
        }
        answered
    });
    assert_eq!(
        (met.error(), answered),
        (Some(&SessionError::Unexpected("Offer again and again")), 65)
    );
    assert_eq!(ben.balance(&token), 5);
}

#[test]
fn another_entry_in_the_place_of_a_known_one_shows_a_fork_though_only_its_inputs_differ() {
    let mut ben = Person::new("ben");
    let mut eve = rogue("eve", &mut [&mut ben]);
    let mut mint = Actor::new("mint");
    let policy = free_policy(&mint, 2, 5);
    let token = policy.id();
    mint.learn_policy(&policy);
    eve.learn_policy(&policy);
    for lot in 0..2 {
        let (index, note) = mint.issue(token, lot, 5, eve.lock());
        eve.take_issue(&mint, index, note);
    }
    let id = ben.id();
    let (met, ()) = call(&mut ben, &mut eve, |raw, eve, greeting, ask| {
        let mut twin = eve.clone();
        let one = pay_asked(eve, id, ask, (token, 5)).dealing;
        for spent in one.entry.spends.iter() {
            twin.notes.remove(spent);
        }
        let other = pay_asked(&mut twin, id, ask, (token, 5)).dealing;
        assert_eq!((one.entry.tips, &one.entry.ops), (other.entry.tips, &other.entry.ops));
        assert_ne!(one.entry.spends, other.entry.spends);
        for (actor, dealing) in [(&*eve, &one), (&twin, &other)] {
            lure(raw, actor, greeting.known, dealing, (token, 5));
        }
    });
    assert!(matches!(met.error(), Some(SessionError::Rejected(Reject::Forked { .. }))), "{met:?}");
    assert!(ben.knows_fork(&eve.id()));
    // What a forked device paid counts no more.
    assert_eq!(ben.balance(&token), 0);
}

#[test]
fn two_entries_are_not_announced_at_once() {
    let (mut ben, mut eve, token) = town();
    let id = ben.id();
    let (met, ()) = call(&mut ben, &mut eve, |raw, eve, greeting, ask| {
        let dealing = pay_asked(eve, id, ask, (token, 5)).dealing;
        let plan = dealing.plan(&eve.view, greeting.known).expect("a plan");
        raw.say(&Message::Resume { index: 1, floor: None, plan: plan.clone() });
        raw.say(&Message::Offer { index: 2, floor: 0, token, amount: 5, plan });
    });
    assert!(matches!(met.error(), Some(SessionError::Unexpected(_))), "{met:?}");
}

#[test]
fn who_asks_for_an_amount_refuses_another_while_nobody_is_bound() {
    let (ben, eve, token) = town();
    for said in [(token, 4), (TokenId(dsm_crypto::Digest::ZERO), 5)] {
        let (mut ben, mut eve) = (ben.copied(), eve.clone());
        let id = ben.id();
        let (met, wanted) =
            meet(&mut ben, Goal::Receive { ask: Some(Request::new(token, 5)) }, |raw| {
                let greeting = raw.greet(eve.id(), 0, None);
                let ask = raw.hear_ask();
                let dealing = pay_asked(&mut eve, id, ask, (token, 5)).dealing;
                raw.offer(&eve, &dealing, greeting.known, said)
            });
        assert_eq!(met.error(), Some(&SessionError::OtherOffer));
        assert!(wanted.is_none());
    }
}

#[test]
fn an_entry_for_somebody_else_is_refused() {
    let (mut ben, mut eve, token) = town();
    let mut cleo = Person::new("cleo");
    cleo.pin("eve", eve_card(&eve));
    eve.view.pin(&cleo.card().descriptor);
    let stranger = Lock::Device { id: cleo.id(), floor: Position::origin(&cleo.id()) };
    let before = ben.disk.books();
    let (met, ()) = call(&mut ben, &mut eve, |raw, eve, greeting, _| {
        let dealing = eve.pay_to(cleo.id(), stranger, token, 5, None).dealing;
        let plan = dealing.plan(&eve.view, greeting.known).expect("a plan");
        let wanted = Wanted::all(&plan).expect("a short plan");
        raw.say(&Message::Resume { index: dealing.entry.index, floor: None, plan });
        let _ = raw.hear_want();
        raw.pay(eve, &dealing, greeting.known, &wanted);
    });
    assert_eq!(met.rule(), Some("R-38"), "{met:?}");
    assert_eq!(ben.disk.books(), before);
}

fn eve_card(eve: &Actor) -> dsm_core::identity::Card {
    let (owner, _) = dsm_sim::Owner::new("eve", &["eve"]);
    owner.card(eve)
}

#[test]
fn an_entry_of_a_third_is_not_taken_from_a_messenger() {
    let (mut ben, mut eve, token) = town();
    let mallory = rogue("mallory", &mut [&mut ben]);
    let id = ben.id();
    let before = ben.disk.books();
    let mut early = eve.clone();
    // Eve's own payment to Ben, in Mallory's mouth.
    let lock = Lock::Device { id, floor: Position::origin(&id) };
    let dealing = eve.pay_to(id, lock, token, 5, None).dealing;
    let plan = dealing.plan(&eve.view, None).expect("a plan");
    let wanted = Wanted::all(&plan).expect("a short plan");
    let (met, ()) = meet(&mut ben, OPEN, |raw| {
        raw.greet(mallory.id(), 0, None);
        raw.say(&Message::Resume { index: 1, floor: None, plan });
        let _ = raw.hear_want();
        raw.pay(&eve, &dealing, None, &wanted);
        raw.hear_out();
    });
    assert_eq!(met.error(), Some(&SessionError::WrongPeer { device: eve.id() }));
    // The same of a receipt, which is as good as Eve could make it.
    let dealing = early.acknowledge(id);
    let (met, ()) = meet(&mut ben, OPEN, |raw| {
        raw.greet(mallory.id(), 0, None);
        let plan = dealing.plan(&early.view, None).expect("a plan");
        let wanted = Wanted::all(&plan).expect("a short plan");
        raw.say(&Message::Receipt { dealt: Box::new(dealt(&early, &dealing, None, &wanted)) });
        raw.hear_out();
    });
    assert_eq!(met.error(), Some(&SessionError::WrongPeer { device: eve.id() }));
    assert_eq!(ben.disk.books(), before);
}

#[test]
fn a_challenge_of_another_peer_or_place_does_not_count() {
    let (mut ben, mut eve, token) = town();
    let mallory = rogue("mallory", &mut [&mut ben]);
    let id = ben.id();
    let (_, other) = meet(&mut ben, OPEN, |raw| {
        raw.greet(mallory.id(), 0, None);
        raw.hear_ask()
    });
    let before = ben.disk.books();
    let (met, ()) = call(&mut ben.copied(), &mut eve.clone(), |raw, eve, greeting, _| {
        let dealing = pay_asked(eve, id, other, (token, 5)).dealing;
        lure(raw, eve, greeting.known, &dealing, (token, 5));
    });
    assert_eq!(met.rule(), Some("R-41"), "{met:?}");
    // An old challenge for a later place.
    let (_, old) = call(&mut ben.copied(), &mut eve.clone(), |_, _, _, ask| ask);
    assert_eq!(ben.disk.books(), before);
    assert!(settle(&mut eve, &mut ben, token, 1).has_received());
    let (met, ()) = call(&mut ben, &mut eve, |raw, eve, greeting, ask| {
        let dealing = pay_asked(eve, id, Ask { nonce: old.nonce, ..ask }, (token, 5)).dealing;
        lure(raw, eve, greeting.known, &dealing, (token, 5));
    });
    assert_eq!(met.rule(), Some("R-41"), "{met:?}");
}

#[test]
fn a_floor_that_is_not_the_payees_is_refused() {
    let (mut ben, mut eve, token) = town();
    let id = ben.id();
    let (met, ()) = call(&mut ben, &mut eve, |raw, eve, greeting, ask| {
        let floor = Position { index: 0, ..eve.at() };
        let output = Output { token, amount: 100_000, lock: Lock::Device { id, floor } };
        let spends = eve.notes.keys().copied().collect();
        let value = Some(transfer(output));
        let written = eve.write(Some(id), spends, value, Vec::new(), Some(ask.nonce));
        let dealing = written.dealing.expect("an addressed entry");
        lure(raw, eve, greeting.known, &dealing, (token, 1));
    });
    assert_eq!(met.rule(), Some("R-43"), "{met:?}");
}

#[test]
fn a_deeper_lineage_than_planned_is_followed_no_further_than_allowed() {
    let (mut ben, mut eve, token) = town();
    let mut friend = Actor::new("friend");
    dsm_sim::introduce(&mut eve, &mut friend);
    for one in [&mut eve, &mut friend] {
        one.view.settings.exposed_cap = u64::MAX;
    }
    for _ in 0..6 {
        eve.settle(&mut friend, token, 100_000);
        friend.settle(&mut eve, token, 100_000);
    }
    ben.set(|settings| settings.max_hops = 8);
    let id = ben.id();
    let before = ben.disk.books();
    // Told as it is, it is refused before anybody is bound.
    let (met, ()) = call(&mut ben.copied(), &mut eve.clone(), |raw, eve, greeting, ask| {
        let dealing = pay_asked(eve, id, ask, (token, 5)).dealing;
        assert!(raw.offer(eve, &dealing, greeting.known, (token, 5)).is_none());
    });
    assert_eq!(met.rule(), Some("R-45"), "{met:?}");
    // A plan that hides it, and names nobody else, changes nothing.
    let (met, ()) = call(&mut ben, &mut eve, |raw, eve, greeting, ask| {
        let dealing = pay_asked(eve, id, ask, (token, 5)).dealing;
        let index = dealing.entry.index;
        let opened = List::try_from(vec![index]).expect("one");
        let part = Stretch { device: eve.id(), from: index - 1, to: index, opened };
        let stretches = List::try_from(vec![part]).expect("one");
        let short = Plan { stretches, tokens: List::default() };
        raw.say(&Message::Offer { index, floor: ask.floor.index, token, amount: 5, plan: short });
        let _ = raw.hear_want().expect("a Want");
        let plan = dealing.plan(&eve.view, greeting.known).expect("a plan");
        raw.pay(eve, &dealing, greeting.known, &Wanted::all(&plan).expect("a short plan"));
    });
    assert_eq!(met.rule(), Some("R-45"), "{met:?}");
    assert_eq!(ben.disk.books(), before);
}

#[test]
fn a_pay_without_value_makes_no_entry() {
    let (mut ben, mut eve, _) = town();
    let id = ben.id();
    let before = ben.disk.books();
    let (met, ()) = call(&mut ben, &mut eve, |raw, eve, greeting, _| {
        let written = eve.write(Some(id), Vec::new(), None, vec![Op::Checkpoint {}], None);
        let dealing = written.dealing.expect("an addressed entry");
        let plan = dealing.plan(&eve.view, greeting.known).expect("a plan");
        raw.say(&Message::Resume { index: dealing.entry.index, floor: None, plan });
        let wanted = raw.hear_want().expect("a Want");
        raw.pay(eve, &dealing, greeting.known, &wanted);
    });
    assert_eq!(met.error(), Some(&SessionError::Unexpected("a Pay without value")));
    assert_eq!(ben.disk.books(), before);
    assert_eq!(ben.engine.wallet().books().expect("books").latest(&id).map(|at| at.index), Some(0));
}

#[test]
fn a_long_backlog_of_receipts_is_delivered_in_one_meeting() {
    let (mut ben, mut eve, token) = town();
    let id = ben.id();
    for _ in 0..80 {
        // Eve pays, and does not heed the receipt.
        let written = ben.card().at.index;
        let (met, ()) = meet(&mut ben, OPEN, |raw| {
            let greeting = raw.greet(eve.id(), written, None);
            let ask = raw.hear_ask();
            raw.tell_nothing();
            let dealing = pay_asked(&mut eve, id, ask, (token, 1)).dealing;
            lure(raw, &eve, greeting.known, &dealing, (token, 1));
            raw.say(&Message::Done {});
            raw.hear_out();
        });
        assert!(met.has_received(), "{met:?}");
    }
    let (met, accepted) = meet(&mut ben, OPEN, |raw| {
        raw.greet(eve.id(), 0, None);
        raw.tell_nothing();
        let mut accepted = 0;
        while accepted < 80 {
            let Some(Message::Receipt { dealt }) = raw.hear_until("Receipt") else { break };
            eve.receive(&dealt, None).result.expect("an honest receipt");
            accepted += 1;
        }
        raw.say(&Message::Done {});
        raw.hear_out();
        accepted
    });
    assert_eq!(accepted, 80, "{met:?}");
    assert!(met.result.is_ok(), "{met:?}");
}
