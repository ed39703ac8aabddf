//! The platform changes the seeds of the chip, or the owner clears it, in the middle of an absorption.

use crate::audit::quote;
use crate::head;
use crate::owner::Owner;
use crate::raw::{self, ENDORSEMENT, LOCKOUT, OWNER, PLATFORM, password, send};

const CHANGE_PLATFORM: u32 = 0x125;
const CHANGE_ENDORSEMENT: u32 = 0x124;
const CLEAR: u32 = 0x126;
const CONTROL: u32 = 0x121;
const SAVE: u32 = 0x162;
const KEEP: u32 = 0x120;

/// Says it after each step of an absorption, and tries another head then.
fn between(cut: usize, mut change: impl FnMut(&mut Owner)) -> Owner {
    let mut owner = Owner::new();
    let chip = owner.chip.clone();
    let (mut one, mut two) = (owner.begin(), owner.begin());
    for step in 0..4 {
        let wire = &mut owner.wire;
        let done = match step {
            0 | 3 => one.read(wire, &chip).and(two.read(wire, &chip)).map(drop),
            1 => one.stir(wire, head(1)).and_then(|()| two.stir(wire, head(2))),
            _ => one.increment(wire, &chip),
        };
        if step == cut {
            change(&mut owner);
        }
        if done.is_err() {
            return owner;
        }
    }
    owner.show(&one);
    owner.show(&two);
    let mut three = owner.begin();
    if three.absorb(&mut owner.wire, &chip, head(2)).is_ok() {
        owner.show(&three);
    }
    owner
}

#[test]
fn new_seeds_of_the_endorsement_and_the_platform_show_no_second_head() {
    for code in [CHANGE_ENDORSEMENT, CHANGE_PLATFORM] {
        for cut in 0..4 {
            let owner = between(cut, |owner| {
                let before = owner.value();
                send(&mut owner.wire, code, &[PLATFORM], &[password()], &[]).expect("changed");
                assert_eq!(owner.value(), before, "the counter stays");
            });
            // The key is of the owner hierarchy: the same absorptions are shown, each once.
            assert_eq!((owner.shown.0.len(), owner.shown.doubles()), (2, 0), "{code:x} {cut}");
            assert!(owner.shown.0[&1].contains(&head(1)));
        }
    }
}

#[test]
fn a_hierarchy_that_is_switched_off_and_on_shows_no_second_head() {
    for (hierarchy, by) in [(OWNER, OWNER), (ENDORSEMENT, ENDORSEMENT)] {
        for cut in 0..4 {
            let owner = between(cut, |owner| {
                for (by, state) in [(by, 0), (PLATFORM, 1)] {
                    let what = [&hierarchy.to_be_bytes()[..], &[state]].concat();
                    send(&mut owner.wire, CONTROL, &[by], &[password()], &what).expect("switched");
                }
                owner.reload();
            });
            assert_eq!(owner.shown.doubles(), 0, "{hierarchy:x} {cut}");
            assert!(owner.shown.0[&1].contains(&head(1)), "{hierarchy:x} {cut}");
        }
    }
}

#[test]
fn a_chip_that_is_cleared_in_between_shows_nothing_of_what_it_was() {
    for cut in 0..4 {
        let mut owner = between(cut, |owner| {
            send(&mut owner.wire, CLEAR, &[LOCKOUT], &[password()], &[]).expect("cleared");
            // The same template gives another key now.
            owner.reload();
        });
        assert!(owner.shown.is_empty(), "{cut}");
        let counter = owner.chip.counter;
        raw::define(&mut owner.wire, OWNER, counter, 0x0204_0014, 8).expect("defined");
        owner.increment();
        assert!(owner.value() > owner.chip.first_value, "it goes on above");
    }
}

#[test]
fn the_key_of_a_chip_that_was_cleared_comes_back_in_no_way() {
    let mut owner = Owner::new();
    let key = owner.key;
    let saved = send(&mut owner.wire, SAVE, &[key], &[], &[]).expect("saved");
    let persistent = 0x8100_0001_u32;
    let keep = persistent.to_be_bytes();
    send(&mut owner.wire, KEEP, &[OWNER, key], &[password()], &keep).expect("kept");
    let again = owner.load(&saved).expect("before");
    raw::flush(&mut owner.wire, again);
    let mut session = owner.begin();
    let chip = owner.chip.clone();
    session.absorb(&mut owner.wire, &chip, head(1)).expect("the chip");
    let quoted = quote(&mut owner.wire, persistent, session.handle);
    owner.shown.claim(&chip, &session.starts, &quoted.expect("signed"));
    assert!(owner.shown.is_only(1, 1), "it is the same key");
    send(&mut owner.wire, CLEAR, &[LOCKOUT], &[password()], &[]).expect("cleared");
    assert!(owner.load(&saved).is_err());
    for handle in [key, persistent] {
        assert!(quote(&mut owner.wire, handle, session.handle).is_err());
    }
}
