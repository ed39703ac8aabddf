//! The power fails, announced or not, in the middle; the chip starts anew, restarts, or resumes.

use crate::audit::Audited;
use crate::head;
use crate::owner::{CLEAR, Owner, STATE};

/// How often the power fails in each way: what was announced, and how the chip is started.
const WAYS: [(Option<u16>, u16); 5] = [
    (Some(STATE), STATE),
    (Some(STATE), CLEAR),
    (Some(CLEAR), CLEAR),
    (None, CLEAR),
    (None, STATE),
];

/// One step of an absorption.
fn step(owner: &mut Owner, session: &mut Audited, step: usize, number: u8) -> Result<(), u32> {
    let (chip, wire) = (owner.chip.clone(), &mut owner.wire);
    match step {
        0 | 3 => session.read(wire, &chip).map(drop),
        1 => session.stir(wire, head(number)),
        _ => session.increment(wire, &chip),
    }
}

fn steps(
    owner: &mut Owner,
    session: &mut Audited,
    steps: std::ops::Range<usize>,
    number: u8,
) -> Result<(), u32> {
    steps.into_iter().try_for_each(|at| step(owner, session, at, number))
}

#[test]
fn a_session_outlives_a_resume_anywhere_in_an_absorption_and_the_head_is_absorbed_once() {
    for (announced, how) in WAYS {
        for cut in 0..=4 {
            let mut owner = Owner::new();
            let mut session = owner.begin();
            steps(&mut owner, &mut session, 0..cut, 1).expect("the chip");
            let saved = owner.save(&session).expect("saved");
            if let Some(announced) = announced {
                owner.shut_down(announced);
            }
            let resumed = owner.power(how) == STATE;
            let loaded = owner.load(&saved);
            assert_eq!(resumed, announced == Some(STATE) && how == STATE);
            // It also outlives a restart, where what was saved is not resumed.
            assert_eq!(loaded.is_ok(), announced == Some(STATE), "{announced:?} {how}");
            if loaded.is_err() {
                continue;
            }
            steps(&mut owner, &mut session, cut..4, 1).expect("the chip");
            owner.show(&session);
            assert!(owner.shown.is_only(1, 1), "{announced:?} {how} {cut}");
            assert!(owner.load(&saved).is_err());
        }
    }
}

/// The state is announced and saved; then a head is absorbed; then the power fails. What was saved tries another head.
#[test]
fn what_was_done_after_the_state_was_saved_is_not_undone() {
    for how in [STATE, CLEAR] {
        for cut in 0..4 {
            for twice in [false, true] {
                let mut owner = Owner::new();
                let mut session = owner.begin();
                steps(&mut owner, &mut session, 0..cut, 1).expect("the chip");
                let saved = owner.save(&session).expect("saved");
                owner.shut_down(STATE);
                assert_eq!(owner.load(&saved), Ok(session.handle));
                steps(&mut owner, &mut session, cut..4, 1).expect("the chip");
                owner.show(&session);
                if twice {
                    owner.shut_down(STATE);
                }
                let after = owner.value();
                // What is done after the state was saved makes it void.
                let resumed = owner.power(how) == STATE;
                assert_eq!(resumed, twice && how == STATE);
                assert_eq!(owner.value(), after, "the counter stays");
                assert!(owner.load(&saved).is_err(), "it was loaded before");
                let mut fresh = owner.begin();
                steps(&mut owner, &mut fresh, 0..4, 2).expect("the chip");
                owner.show(&fresh);
                assert_eq!(owner.shown.doubles(), 0, "{how} {cut} {twice}");
                assert!(owner.shown.0[&1].contains(&head(1)));
            }
        }
    }
}
