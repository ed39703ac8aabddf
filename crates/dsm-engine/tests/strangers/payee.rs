//! An evil payee: nothing binds the payer but a Want of what was offered, and nothing is lost.

use dsm_core::pack::{Plan, Want, Wanted};
use dsm_core::{Dealing, Dealt, Op, TokenId};
use dsm_encoding::{List, Text};
use dsm_log::DeviceId;
use dsm_session::{Ask, Goal, Message, Notice, SessionError};
use dsm_sim::Actor;

use crate::person::{Person, UNITS, rogue};
use crate::raw::{Greeting, Raw, accepted_by, ask_of, dealt, known_to, meet};
use crate::wire::Met;

/// Ada, who holds UNITS, and Eve, whom she pinned.
fn town() -> (Person, Actor, TokenId) {
    let mut ada = Person::new("ada");
    let eve = rogue("eve", &mut [&mut ada]);
    let token = ada.issue("mint");
    (ada, eve, token)
}

/// Ada calls Eve to pay 300; Eve says Hello with any claims, and then does what she likes.
fn called<R>(
    ada: &mut Person,
    eve: &mut Actor,
    token: TokenId,
    claims: (u64, Option<u64>),
    script: impl FnOnce(&mut Raw, &mut Actor, Greeting) -> R,
) -> (Met, R) {
    let goal = Goal::Pay { peer: eve.id(), token, amount: 300 };
    meet(ada, goal, |raw| {
        let greeting = raw.greet(eve.id(), claims.0, claims.1);
        script(raw, eve, greeting)
    })
}

/// Says an honest Ask, and hears the plan of the Offer.
fn asks(raw: &mut Raw, eve: &Actor) -> Plan {
    raw.say(&ask_of(eve, None));
    raw.tell_nothing();
    match raw.hear_until("Offer") {
        Some(Message::Offer { plan, .. }) => plan,
        _ => panic!("no Offer: {:?}", raw.heard),
    }
}

/// Wants all of a plan, and hears the payment.
fn takes(raw: &mut Raw, plan: &Plan) -> Dealt {
    let wanted = Wanted::all(plan).expect("a short plan");
    raw.say(&Message::Want { wanted });
    match raw.hear_until("Pay") {
        Some(Message::Pay { dealt }) => *dealt,
        _ => panic!("no Pay: {:?}", raw.heard),
    }
}

/// Accepts a payment, and says so.
fn acknowledges(raw: &mut Raw, eve: &mut Actor, ada: DeviceId, pay: &Dealt, known: Option<u64>) {
    eve.receive(pay, pay.nonce).result.expect("an honest payment");
    let dealing = eve.acknowledge(ada);
    say_receipt(raw, eve, &dealing, known);
}

fn say_receipt(raw: &mut Raw, eve: &Actor, dealing: &Dealing, known: Option<u64>) {
    let plan = dealing.plan(&eve.view, known).expect("a plan");
    let wanted = Wanted::all(&plan).expect("a short plan");
    let mut dealt = dealt(eve, dealing, known, &wanted);
    // Ada knows the descriptor already; a receipt names it only.
    let named = dealt
        .pack
        .devices
        .iter()
        .map(|device| dsm_core::pack::PackDevice::Named { id: device.id() });
    dealt.pack.devices = List::try_collect(named).expect("few devices");
    raw.say(&Message::Receipt { dealt: Box::new(dealt) });
}

/// Ada's books say that nobody is bound.
fn nobody_is_bound(ada: &Person, met: &Met, token: TokenId) {
    assert!(!met.is_bound(), "{met:?}");
    assert!(met.result.is_err(), "{met:?}");
    assert_eq!(ada.balance(&token), UNITS);
    assert!(ada.history().iter().all(|one| one.peer.is_none()));
}

/// What an evil payee may want of a plan.
fn nonsense(plan: &Plan, of: usize) -> Option<Wanted> {
    let all = Wanted::all(plan).expect("a short plan");
    let wants = |change: &dyn Fn(usize, &Want) -> Want| {
        let wants = all.stretches.iter().enumerate().map(|(at, want)| change(at, want));
        let stretches = List::try_collect(wants).expect("as many");
        Wanted { stretches, tokens: all.tokens.clone() }
    };
    let opened = |of: &[u64]| List::try_from(of.to_vec()).expect("few");
    let none = Wanted { stretches: List::default(), tokens: List::default() };
    Some(match of {
        0 => none,
        1 => Wanted { tokens: List::default(), ..all.clone() },
        2 => Wanted {
            stretches: List::try_from(vec![all.stretches[0].clone()]).ok()?,
            ..all.clone()
        },
        // Nothing opened; or what is no entry; or other entries than those of the plan.
        3 => wants(&|_, want| Want { opened: List::default(), ..want.clone() }),
        4 => wants(&|_, want| Want { opened: opened(&[u64::MAX]), ..want.clone() }),
        5 => wants(&|_, want| Want { opened: opened(&[want.from + 1, 1]), ..want.clone() }),
        6 => wants(&|_, want| {
            let twice = [want.opened.to_vec(), want.opened.to_vec()].concat();
            Want { opened: opened(&twice), ..want.clone() }
        }),
        // Records from elsewhere, or none at all.
        7 => wants(&|_, want| Want { from: u64::MAX, ..want.clone() }),
        8 => wants(&|at, want| Want { from: plan.stretches[at].to, ..want.clone() }),
        _ => return None,
    })
}

#[test]
fn a_want_of_nonsense_binds_nobody() {
    let (ada, eve, token) = town();
    for of in 0.. {
        let (mut ada, mut eve) = (ada.copied(), eve.clone());
        let (met, done) = called(&mut ada, &mut eve, token, (0, None), |raw, eve, _| {
            let plan = asks(raw, eve);
            let Some(wanted) = nonsense(&plan, of) else { return true };
            raw.say(&Message::Want { wanted });
            raw.hear_out();
            assert!(!raw.heard.contains(&"Pay"), "nonsense {of}");
            false
        });
        nobody_is_bound(&ada, &met, token);
        if done {
            assert_eq!(of, 9);
            return;
        }
        assert!(met.error().is_some(), "nonsense {of}: {met:?}");
    }
}

#[test]
fn a_want_does_not_look_into_the_rest_of_a_log() {
    let (mut ada, eve, token) = town();
    let mut mallory = rogue("mallory", &mut [&mut ada]);
    let (ada_id, other) = (ada.id(), ada.issue("another mint"));
    for _ in 0..3 {
        let claims = (accepted_by(&mallory, ada_id), known_to(&mallory, ada_id));
        let (met, ()) = called(&mut ada, &mut mallory, other, claims, |raw, eve, met| {
            let plan = asks(raw, eve);
            let pay = takes(raw, &plan);
            acknowledges(raw, eve, ada_id, &pay, met.known);
            raw.say(&Message::Done {});
            raw.hear_out();
        });
        assert!(met.is_acknowledged(), "{met:?}");
    }
    let goal = Goal::Pay { peer: eve.id(), token, amount: 100 };
    let (met, ()) = meet(&mut ada, goal, |raw| {
        raw.greet(eve.id(), 0, None);
        let plan = asks(raw, &eve);
        let mut wanted = Wanted::all(&plan).expect("a short plan");
        let wants = plan.stretches.iter().zip(wanted.stretches.iter());
        let wants = wants.map(|(stretch, want)| match stretch.device == ada_id {
            true => Want {
                from: 0,
                opened: List::try_from((1..=stretch.to).collect::<Vec<u64>>()).expect("few"),
                ..want.clone()
            },
            false => want.clone(),
        });
        wanted.stretches = List::try_collect(wants).expect("as many");
        raw.say(&Message::Want { wanted });
        raw.hear_out();
        assert!(!raw.heard.contains(&"Pay"));
    });
    assert!(!met.is_bound(), "{met:?}");
    // Nor does it bind without the entry itself, beside others of the same log.
    let goal = Goal::Pay { peer: eve.id(), token: other, amount: 50 };
    let (met, ()) = meet(&mut ada, goal, |raw| {
        raw.greet(eve.id(), 0, None);
        let plan = asks(raw, &eve);
        let mut wanted = Wanted::all(&plan).expect("a short plan");
        let wants = plan.stretches.iter().zip(wanted.stretches.iter());
        let wants = wants.map(|(stretch, want)| {
            let mut opened = want.opened.to_vec();
            if stretch.device == ada_id {
                opened.pop();
                assert!(!opened.is_empty(), "{plan:?}");
            }
            Want { opened: List::try_from(opened).expect("few"), ..want.clone() }
        });
        wanted.stretches = List::try_collect(wants).expect("as many");
        raw.say(&Message::Want { wanted });
        raw.hear_out();
        assert!(!raw.heard.contains(&"Pay"));
    });
    assert!(!met.is_bound(), "{met:?}");
}

#[test]
fn an_ask_for_something_else_is_not_served() {
    let (ada, eve, token) = town();
    let other = TokenId(dsm_crypto::Digest::ZERO);
    for ask in [(token, 301), (token, 299), (other, 300)] {
        let (mut ada, mut eve) = (ada.copied(), eve.clone());
        let (met, ()) = called(&mut ada, &mut eve, token, (0, None), |raw, eve, _| {
            raw.say(&ask_of(eve, Some(ask)));
            raw.hear_out();
        });
        nobody_is_bound(&ada, &met, token);
        assert_eq!(met.error(), Some(&SessionError::OtherAsk));
    }
    let (mut ada, mut eve) = (ada.copied(), eve);
    let (met, ()) = called(&mut ada, &mut eve, token, (0, None), |raw, _, _| {
        raw.tell(&[]);
        raw.hear_out();
    });
    nobody_is_bound(&ada, &met, token);
    assert_eq!(met.error(), Some(&SessionError::NoAsk));
}

#[test]
fn a_second_ask_neither_pays_twice_nor_moves_the_first() {
    let (mut ada, mut eve, token) = town();
    let ada_id = ada.id();
    let (met, nonces) = called(&mut ada, &mut eve, token, (0, None), |raw, eve, met| {
        let plan = asks(raw, eve);
        let Message::Ask { ask } = ask_of(eve, None) else { panic!("an Ask") };
        raw.say(&Message::Ask { ask: Ask { nonce: [8; 32], ..ask } });
        let pay = takes(raw, &plan);
        acknowledges(raw, eve, ada_id, &pay, met.known);
        raw.say(&ask_of(eve, None));
        raw.say(&Message::Done {});
        raw.hear_out();
        let offers = raw.heard.iter().filter(|name| **name == "Offer").count();
        (pay.nonce, offers)
    });
    assert!(met.result.is_ok() && met.is_acknowledged(), "{met:?}");
    assert_eq!(nonces, (Some([9; 32]), 1));
    assert_eq!(ada.balance(&token), UNITS - 300);
}

#[test]
fn a_refusal_says_whether_the_payer_is_bound() {
    let (ada, eve, token) = town();
    let refuse = Message::Refuse { rule: Text::try_from("R-48").expect("short") };
    for point in 0..4 {
        let (mut ada, mut eve) = (ada.copied(), eve.clone());
        let goal = Goal::Pay { peer: eve.id(), token, amount: 300 };
        let (met, ()) = meet(&mut ada, goal, |raw| {
            if point > 0 {
                raw.greet(eve.id(), 0, None);
            }
            if point > 1 {
                let plan = asks(raw, &eve);
                if point > 2 {
                    let _ = takes(raw, &plan);
                }
            }
            raw.say(&refuse);
            raw.hear_out();
        });
        assert!(matches!(met.error(), Some(SessionError::Refused { .. })), "{point}: {met:?}");
        assert_eq!(met.is_bound(), point == 3, "{point}: {met:?}");
        if point < 3 {
            nobody_is_bound(&ada, &met, token);
        } else {
            assert_eq!(ada.balance(&token), UNITS - 300);
            // It is delivered when they meet again, once.
            let ada_id = ada.id();
            let sync = Goal::Sync { peer: eve.id() };
            let (met, ()) = meet(&mut ada, sync, |raw| {
                let met = raw.greet(eve.id(), 0, None);
                raw.tell_nothing();
                let Some(Message::Resume { plan, .. }) = raw.hear_until("Resume") else {
                    panic!("nothing is resumed: {:?}", raw.heard)
                };
                let pay = takes(raw, &plan);
                acknowledges(raw, &mut eve, ada_id, &pay, met.known);
                raw.say(&Message::Done {});
                raw.hear_out();
            });
            assert!(met.result.is_ok() && met.is_acknowledged(), "{met:?}");
            assert_eq!((ada.balance(&token), eve.balance(token)), (UNITS - 300, 300));
        }
    }
}

#[test]
fn a_claim_to_have_accepted_all_loses_nothing() {
    let (mut ada, mut eve, token) = town();
    let ada_id = ada.id();
    // Bound, and the line broke.
    let (met, ()) = called(&mut ada, &mut eve, token, (0, None), |raw, eve, _| {
        let plan = asks(raw, eve);
        let _ = takes(raw, &plan);
    });
    assert!(met.is_bound() && !met.is_acknowledged());
    let (met, ()) = meet(&mut ada, Goal::Sync { peer: eve.id() }, |raw| {
        raw.greet(eve.id(), 1, None);
        raw.tell_nothing();
        raw.say(&Message::Done {});
        raw.hear_out();
        assert!(!raw.heard.contains(&"Resume"));
    });
    assert!(met.result.is_ok() && !met.is_acknowledged(), "{met:?}");
    assert!(ada.history().iter().any(|one| one.own && one.peer.is_some() && !one.acknowledged));
    let (met, ()) = meet(&mut ada, Goal::Sync { peer: eve.id() }, |raw| {
        let met = raw.greet(eve.id(), 0, None);
        raw.tell_nothing();
        let Some(Message::Resume { plan, .. }) = raw.hear_until("Resume") else {
            panic!("nothing is resumed: {:?}", raw.heard)
        };
        let pay = takes(raw, &plan);
        acknowledges(raw, &mut eve, ada_id, &pay, met.known);
        raw.say(&Message::Done {});
        raw.hear_out();
    });
    assert!(met.is_acknowledged(), "{met:?}");
}

#[test]
fn a_claim_to_have_accepted_nothing_gets_the_same_again_and_no_more() {
    let (mut ada, mut eve, token) = town();
    let ada_id = ada.id();
    let (met, ()) = called(&mut ada, &mut eve, token, (0, None), |raw, eve, met| {
        let plan = asks(raw, eve);
        let pay = takes(raw, &plan);
        acknowledges(raw, eve, ada_id, &pay, met.known);
        raw.say(&Message::Done {});
        raw.hear_out();
    });
    assert!(met.is_acknowledged(), "{met:?}");
    let before = ada.disk.books();
    for known in [None, Some(0), Some(1)] {
        let (_, ()) = meet(&mut ada, Goal::Sync { peer: eve.id() }, |raw| {
            raw.greet(eve.id(), 0, known);
            raw.tell_nothing();
            if let Some(Message::Resume { plan, .. }) = raw.hear_until("Resume") {
                let wanted = Wanted::all(&plan).expect("a short plan");
                raw.say(&Message::Want { wanted: wanted.clone() });
                raw.say(&Message::Want { wanted });
            }
            raw.hear_out();
        });
        assert_eq!(ada.disk.books(), before, "{known:?}");
    }
}

#[test]
fn a_receipt_counts_for_what_it_names_only() {
    let (mut ada, mut eve, token) = town();
    let ada_id = ada.id();
    let (met, ()) = called(&mut ada, &mut eve, token, (0, None), |raw, eve, met| {
        let plan = asks(raw, eve);
        let pay = takes(raw, &plan);
        // An entry to Ada that accepts nothing yet.
        let written = eve.write(Some(ada_id), Vec::new(), None, vec![Op::Checkpoint {}], None);
        let early = written.dealing.expect("an addressed entry");
        say_receipt(raw, eve, &early, met.known);
        acknowledges(raw, eve, ada_id, &pay, Some(early.entry.index));
        // And once more.
        say_receipt(raw, eve, &early, met.known);
        raw.say(&Message::Done {});
        raw.hear_out();
    });
    let acknowledged = |notice: &&Notice| matches!(notice, Notice::Acknowledged { .. });
    assert_eq!(met.notices.iter().filter(acknowledged).count(), 1, "{met:?}");
    // What was said twice changes nothing.
    assert!(met.result.is_ok(), "{met:?}");
    assert!(ada.history().iter().any(|one| one.own && one.peer.is_some() && one.acknowledged));
}

#[test]
fn a_receipt_with_value_is_no_receipt() {
    let (mut ada, mut eve, token) = town();
    let coin = crate::raw::rich(&mut eve, "mint", 50);
    let ada_id = ada.id();
    let before = ada.disk.books();
    let (met, ()) = meet(&mut ada, Goal::Sync { peer: eve.id() }, |raw| {
        raw.greet(eve.id(), 0, None);
        raw.tell_nothing();
        let lock = dsm_core::Lock::Device { id: ada_id, floor: dsm_log::Position::origin(&ada_id) };
        let dealing = eve.pay_to(ada_id, lock, coin, 50, None).dealing;
        let plan = dealing.plan(&eve.view, None).expect("a plan");
        let wanted = Wanted::all(&plan).expect("a short plan");
        raw.say(&Message::Receipt { dealt: Box::new(dealt(&eve, &dealing, None, &wanted)) });
        raw.hear_out();
    });
    assert!(met.error().is_some(), "{met:?}");
    assert_eq!(ada.disk.books(), before);
    let _ = token;
}
