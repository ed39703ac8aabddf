//! The counter is defined anew, in every form, with what a cheat would like to read there.

use dsm_log::Chip;

use crate::audit::{AUDITS, Audited, GOES_ON, NV_INCREMENT, NV_READ};
use crate::head;
use crate::owner::Owner;
use crate::raw::{self, OWNER, PLATFORM, password};

/// The counter's own attributes, without the one that says that it was written.
const OURS: u32 = 0x0204_0014;
const KIND: u32 = 0xf0;
/// Kinds of indices.
const ORDINARY: u32 = 0x00;
const BITS: u32 = 0x20;
const EXTEND: u32 = 0x40;
const PIN_FAIL: u32 = 0x80;
const PIN_PASS: u32 = 0x90;
/// Attributes that a counter may have besides.
const OWNER_WRITES: u32 = 1 << 1;
const POLICY_WRITES: u32 = 1 << 3;
const WRITES_LOCK: u32 = 1 << 13;
const WRITES_LOCK_FOR_NOW: u32 = 1 << 14;
const OWNER_READS: u32 = 1 << 17;
const READS_LOCK: u32 = 1 << 31;
const ORDERLY: u32 = 1 << 26;
const AUTH_READS: u32 = 1 << 18;
const NO_DEFENCE: u32 = 1 << 25;
/// Commands that write.
const WRITE: u32 = 0x137;
const SET_BITS: u32 = 0x135;
const EXTENDS: u32 = 0x136;
const PLATFORM_MADE: u32 = 1 << 30;

/// What is done with a counter: it is read and incremented, not written.
const GOES_UP: [bool; 5] = [false, true, true, false, true];

/// Reads or increments the index at the counter's handle under the name that it has now.
fn named(
    owner: &mut Owner,
    session: &mut Audited,
    code: u32,
    before: &[Vec<u8>],
) -> Result<Vec<u8>, u32> {
    let index = owner.chip.counter;
    let (name, _) = raw::read_public(&mut owner.wire, index)?;
    let names = name.repeat(2);
    let parameters: &[u8] = if code == NV_READ { &[0, 8, 0, 0] } else { &[] };
    let at = (&[index; 2][..], &names[..]);
    session.say(&mut owner.wire, (code, GOES_ON | AUDITS), at, before, parameters)
}

/// An owner who absorbed one head, and undefined the counter.
fn undefined() -> Owner {
    let mut owner = Owner::new();
    let chip = owner.chip.clone();
    let mut session = owner.begin();
    session.absorb(&mut owner.wire, &chip, head(1)).expect("the chip");
    owner.show(&session);
    owner.flush(&session);
    raw::undefine(&mut owner.wire, OWNER, chip.counter).expect("undefined");
    owner
}

/// Puts a value into the index at the counter's handle, by whichever command its kind has.
fn put(owner: &mut Owner, value: u64) -> bool {
    let (index, bytes) = (owner.chip.counter, value.to_be_bytes());
    let written = [raw::sized(&bytes), vec![0, 0]].concat();
    let ways: [(u32, u32, &[u8]); 4] = [
        (WRITE, index, &written),
        (WRITE, OWNER, &written),
        (SET_BITS, index, &bytes),
        (EXTENDS, index, &written[..10]),
    ];
    ways.into_iter().any(|(code, by, parameters)| {
        raw::send(&mut owner.wire, code, &[by, index], &[password()], parameters).is_ok()
    })
}

/// Tries another head at the first entry with what lies there now: it is written before each reading where that is possible. Gives what was
/// done of that: put, read, incremented, put, read.
fn cheat(owner: &mut Owner) -> [bool; 5] {
    let first = owner.chip.first_value;
    let mut session = owner.begin();
    let one = put(owner, first);
    let two = named(owner, &mut session, NV_READ, &[]).is_ok();
    session.stir(&mut owner.wire, head(2)).expect("the chip");
    let three = named(owner, &mut session, NV_INCREMENT, &[]).is_ok();
    let four = put(owner, first + 1);
    let five = named(owner, &mut session, NV_READ, &[]).is_ok();
    owner.show(&session);
    owner.flush(&session);
    [one, two, three, four, five]
}

#[test]
fn another_kind_of_index_in_the_place_of_the_counter_shows_nothing() {
    for kind in [ORDINARY, BITS, EXTEND, PIN_FAIL, PIN_PASS] {
        let mut owner = undefined();
        let index = owner.chip.counter;
        let size = if kind == EXTEND { 32 } else { 8 };
        // What counts guesses is written by its owner alone.
        let owners = OWNER_WRITES | OWNER_READS | AUTH_READS | NO_DEFENCE;
        let own = if kind & PIN_FAIL == 0 { OURS & !KIND } else { owners };
        raw::define(&mut owner.wire, OWNER, index, own | kind, size).expect("defined");
        assert_eq!(cheat(&mut owner), [true, true, false, true, true], "{kind:x}");
        assert!(owner.shown.is_only(1, 1), "{kind:x}");
    }
}

#[test]
fn a_counter_in_another_form_shows_nothing() {
    for more in [
        OWNER_WRITES,
        POLICY_WRITES,
        WRITES_LOCK,
        WRITES_LOCK_FOR_NOW,
        OWNER_READS,
        READS_LOCK,
        ORDERLY,
        0,
    ] {
        let mut owner = undefined();
        let index = owner.chip.counter;
        raw::define(&mut owner.wire, OWNER, index, OURS | more, 8).expect("defined");
        owner.increment();
        assert!(owner.value() > owner.chip.first_value + 1, "{more:x}");
        for _ in 0..2 {
            assert_eq!(cheat(&mut owner), GOES_UP, "{more:x}");
        }
        if more == 0 {
            // The same counter goes on, above: what it shows is of later entries.
            assert_eq!(owner.shown.doubles(), 0);
            assert_eq!(owner.shown.0[&1].len(), 1);
        } else {
            assert!(owner.shown.is_only(1, 1), "{more:x}");
        }
    }
}

#[test]
fn a_counter_has_eight_bytes_and_another_hash_or_platform_gives_it_another_name() {
    let mut owner = undefined();
    let index = owner.chip.counter;
    for size in [0, 4, 7, 9, 16] {
        assert!(raw::define(&mut owner.wire, OWNER, index, OURS, size).is_err(), "{size}");
    }
    // Made by the platform.
    let attributes = OURS | PLATFORM_MADE;
    raw::define(&mut owner.wire, PLATFORM, index, attributes, 8).expect("defined");
    owner.increment();
    assert_eq!(cheat(&mut owner), GOES_UP);
    assert!(raw::undefine(&mut owner.wire, OWNER, index).is_err(), "it is not the owner's");
    raw::undefine(&mut owner.wire, PLATFORM, index).expect("undefined");
    // Named by another hash.
    let area = |hash: u8| {
        let attributes = OURS.to_be_bytes();
        [&index.to_be_bytes()[..], &[0, hash], &attributes, &[0, 0], &[0, 8]].concat()
    };
    let secret = raw::sized(b"secret");
    for (hash, auth) in [(0x0c, &[0, 0][..]), (0x0b, &secret)] {
        let what = [auth, &raw::sized(&area(hash))].concat();
        raw::send(&mut owner.wire, 0x12a, &[OWNER], &[password()], &what).expect("defined");
        if auth.len() == 2 {
            owner.increment();
            assert_eq!(cheat(&mut owner), GOES_UP);
        } else {
            with_a_secret(&mut owner, auth);
        }
        raw::undefine(&mut owner.wire, OWNER, index).expect("undefined");
    }
    assert_eq!(owner.shown.doubles(), 0);
    assert!(owner.shown.0[&1].contains(&head(1)), "{:?}", owner.shown);
}

/// A secret is not in the name: the counter is the same one, and goes on above.
fn with_a_secret(owner: &mut Owner, secret: &[u8]) {
    let counter = owner.chip.counter;
    let know = || vec![[&[0x40, 0, 0, 9, 0, 0, 1][..], secret].concat()];
    raw::send(&mut owner.wire, NV_INCREMENT, &[counter; 2], &know(), &[]).expect("incremented");
    let (name, _) = raw::read_public(&mut owner.wire, counter).expect("the counter");
    assert_eq!(name, owner.chip.counter_name());
    let mut session = owner.begin();
    assert!(session.clone().read(&mut owner.wire, &owner.chip.clone()).is_err(), "without it");
    let wire = &mut owner.wire;
    let names = name.repeat(2);
    let at = (&[counter; 2][..], &names[..]);
    let before = know();
    let how = GOES_ON | AUDITS;
    session.say(wire, (NV_READ, how), at, &before, &[0, 8, 0, 0]).expect("the chip");
    session.stir(wire, head(2)).expect("the chip");
    session.say(wire, (NV_INCREMENT, how), at, &before, &[]).expect("the chip");
    session.say(wire, (NV_READ, how), at, &before, &[0, 8, 0, 0]).expect("the chip");
    owner.show(&session);
    owner.flush(&session);
}

#[test]
fn a_session_over_the_end_of_its_counter_shows_no_second_head() {
    for cut in 1..4 {
        let mut owner = Owner::new();
        let chip: Chip = owner.chip.clone();
        let (mut one, mut two) = (owner.begin(), owner.begin());
        for (session, number) in [(&mut one, 1), (&mut two, 2)] {
            session.read(&mut owner.wire, &chip).expect("the chip");
            session.stir(&mut owner.wire, head(number)).expect("the chip");
        }
        if cut > 1 {
            one.increment(&mut owner.wire, &chip).expect("the chip");
        }
        if cut > 2 {
            one.read(&mut owner.wire, &chip).expect("the chip");
        }
        raw::undefine(&mut owner.wire, OWNER, chip.counter).expect("undefined");
        raw::define(&mut owner.wire, OWNER, chip.counter, OURS, 8).expect("defined");
        // A counter that was never incremented has no value, and another name.
        assert!(two.clone().read(&mut owner.wire, &chip).is_err());
        owner.increment();
        for session in [&mut one, &mut two] {
            session.increment(&mut owner.wire, &chip).expect("the chip");
            session.read(&mut owner.wire, &chip).expect("the chip");
            owner.show(session);
        }
        assert_eq!(owner.shown.doubles(), 0, "{cut}");
        assert!(owner.shown.is_empty(), "{cut} {:?}", owner.shown);
    }
}
