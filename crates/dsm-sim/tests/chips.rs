//! Chips in worlds: who dies around one goes on with the same heads, copies share one, and whoever has none of a device's evidence is refused.

use dsm_sim::{Action, Counts, Deceit, Plant, When, replay};

/// The honest one with a chip, two without, and the cheat whose copies share one.
const ADA: usize = 0;
const BEN: usize = 1;
const CLEO: usize = 2;
const MAX: usize = 4;
/// His first copy.
const COPY: usize = 6;

fn call(from: usize, to: usize, amount: u64) -> Action {
    let (pay, fresh) = (Some(amount), amount);
    Action::Call { from, to, pay, ask: None, trick: None, fresh }
}

/// All that is said on a link arrives.
fn carried(link: usize) -> impl Iterator<Item = Action> {
    (0..40).map(move |at| Action::Deliver { link, end: (at + 1) % 2 })
}

fn told(actions: &[Action]) -> Counts {
    let tale = replay(actions, Plant::None, false);
    assert_eq!(tale.violation, None, "{actions:?}");
    tale.counts
}

#[test]
fn who_dies_around_its_chip_goes_on_with_the_same_heads() {
    for when in [When::Unabsorbed, When::Absorbing, When::Unkept, When::Kept, When::Twice] {
        for cut in [false, true] {
            let mut actions = vec![Action::Crash { who: ADA, when }, call(ADA, BEN, 30)];
            actions.extend(carried(0));
            actions.extend(cut.then_some(Action::Cut { who: ADA }));
            actions.push(Action::Away { from: ADA, to: CLEO, amount: 20 });
            let counts = told(&actions);
            // What was bound before the death is delivered at the end, and so is what came after.
            assert_eq!((counts.crashes, counts.payments), (1, 2), "{when:?}");
            assert_eq!((counts.shut_out, counts.unproven), (0, 0), "{when:?}");
        }
    }
}

#[test]
fn of_two_copies_that_share_a_chip_one_pays() {
    for first in [MAX, COPY] {
        let mut actions = vec![Action::Copy { who: MAX }, call(first, BEN, 30)];
        actions.extend(carried(0));
        actions.push(call(MAX + COPY - first, CLEO, 40));
        actions.extend(carried(1));
        let counts = told(&actions);
        assert_eq!((counts.payments, counts.anchored, counts.doubles), (1, 1, 0));
        assert!(counts.shut_out > 0);
    }
}

#[test]
fn whoever_has_no_evidence_is_refused_whatever_it_shows_instead() {
    for how in Deceit::ALL {
        let mut actions = vec![Action::Copy { who: MAX }, call(MAX, BEN, 30)];
        actions.extend(carried(0));
        actions.push(Action::Deceive { who: COPY, how });
        for (link, amount) in [(1, 40), (2, 50)] {
            actions.push(call(COPY, CLEO, amount));
            actions.extend(carried(link));
        }
        let counts = told(&actions);
        assert_eq!((counts.payments, counts.doubles), (1, 0), "{how:?}");
        assert!(counts.unproven > 0, "{how:?}");
    }
}
