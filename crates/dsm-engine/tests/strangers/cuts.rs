//! Frames that somebody on the line changes: value is conserved, a payment is delivered once, nobody
//! forks, and the acknowledgement arrives.

use dsm_core::TokenId;
use dsm_session::Goal;

use crate::person::{Person, UNITS, introduce};
use crate::raw::OPEN;
use crate::wire::{Met, Way, between};

/// Ada holds UNITS; Ada and Ben dealt with each other before.
fn two() -> (Person, Person, TokenId) {
    let mut ada = Person::new("ada");
    let mut ben = Person::new("ben");
    introduce(&mut ada, &mut ben);
    let token = ada.issue("mint");
    let goal = pay(&ben, token, 100);
    let met = whole(&mut ada, &mut ben, goal);
    assert!(met.0.result.is_ok() && met.1.result.is_ok(), "{met:?}");
    (ada, ben, token)
}

fn pay(payee: &Person, token: TokenId, amount: u64) -> Goal {
    Goal::Pay { peer: payee.id(), token, amount }
}

fn whole(caller: &mut Person, called: &mut Person, goal: Goal) -> (Met, Met) {
    between(caller, called, (goal, OPEN), |_, _, frame| Some(vec![frame]))
}

/// The line is whole again and the processes run again; either side calls.
fn settles(ada: &Person, ben: &Person, token: TokenId, place: &str) {
    let spent = UNITS - ada.balance(&token);
    assert!(spent == 100 || spent == 150, "{place}: {spent}");
    for ada_calls in [true, false] {
        let (mut ada, mut ben) = (ada.copied(), ben.copied());
        let met = if ada_calls {
            let sync = Goal::Sync { peer: ben.id() };
            whole(&mut ada, &mut ben, sync)
        } else {
            let sync = Goal::Sync { peer: ada.id() };
            whole(&mut ben, &mut ada, sync)
        };
        assert!(met.0.result.is_ok() && met.1.result.is_ok(), "{place}: {met:?}");
        assert_eq!(UNITS - ada.balance(&token), spent, "{place}");
        assert_eq!(ben.balance(&token), spent, "{place}");
        let (of, to) = (ada.id(), ben.id());
        let own = ada.history().into_iter().filter(|one| one.device == of);
        let paid: Vec<_> = own.filter(|one| one.entry.value.is_some()).collect();
        assert!(paid.iter().all(|one| one.acknowledged), "{place}");
        let taken = ben.history().into_iter().filter(|one| one.device == of);
        let taken: Vec<_> = taken.filter(|one| one.entry.value.is_some()).collect();
        let at = |entries: &[dsm_store::HistoryEntry]| -> Vec<_> {
            entries.iter().map(|one| one.at).collect()
        };
        assert_eq!(at(&paid), at(&taken), "{place}");
        assert!(!ada.knows_fork(&to) && !ben.knows_fork(&of), "{place}");
        assert!(!ada.knows_fork(&of) && !ben.knows_fork(&to), "{place}");
    }
}

#[test]
fn frames_that_are_changed_cut_or_doubled_make_no_value_and_lose_none() {
    let (ada, ben, token) = two();
    let mut places = Vec::new();
    let goals = (pay(&ben, token, 50), OPEN);
    let met = between(&mut ada.copied(), &mut ben.copied(), goals, |way, number, frame| {
        places.push((way, number, frame.len()));
        Some(vec![frame])
    });
    assert!(met.0.result.is_ok(), "{met:?}");
    for (way, number, len) in places {
        // Whoever can change the Ask can burn what answers it: that is why a channel carries it.
        let changes = if (way, number) == (Way::Back, 1) { 5 } else { 8 };
        for change in 0..changes {
            let (mut one, mut other) = (ada.copied(), ben.copied());
            let goals = (pay(&ben, token, 50), OPEN);
            let _ = between(&mut one, &mut other, goals, |of, at, frame| {
                Some(if (of, at) == (way, number) { changed(frame, change) } else { vec![frame] })
            });
            settles(&one, &other, token, &format!("{way:?} {number} of {len} bytes, {change}"));
        }
    }
}

/// A frame as an attacker on the line would have it.
fn changed(mut frame: Vec<u8>, change: usize) -> Vec<Vec<u8>> {
    let len = frame.len();
    match change {
        0 => vec![frame.clone(), frame],
        1 => vec![Vec::new()],
        2 => vec![frame.split_off(len - 1), frame],
        3 => {
            frame.truncate(len / 2);
            vec![frame]
        }
        4 => {
            frame.push(0);
            vec![frame]
        }
        _ => {
            // Somewhere in the first, the second and the last third.
            let at = (change - 5) * len / 3 + len / 5;
            frame[at.min(len - 1)] ^= 1;
            vec![frame]
        }
    }
}
