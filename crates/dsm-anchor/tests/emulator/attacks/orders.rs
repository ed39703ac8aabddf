//! The commands of an absorption in any order, doubled, left out, with others between.

use dsm_log::{BadEvidence, Chip};

use crate::audit::{ANEW, AUDITS, Audited, GOES_ON, STIR_RANDOM};
use crate::head;
use crate::owner::Owner;
use crate::raw::{password, sized};
use crate::shown::{Shown, piece};

/// Says what a word spells: `r` reads, `1` and `2` stir heads, `i` increments, in the session; `f` increments outside of it; `h` says something
/// harmless outside of it, `H` inside.
fn spell(owner: &mut Owner, word: &str) -> (Audited, Shown) {
    owner.anew();
    let mut session = owner.begin();
    let chip = owner.chip.clone();
    for letter in word.chars() {
        let wire = &mut owner.wire;
        match letter {
            'r' => session.read(wire, &chip).map(drop),
            'i' => session.increment(wire, &chip),
            'f' => {
                owner.increment();
                Ok(())
            }
            'h' => {
                owner.chatter();
                Ok(())
            }
            'H' => {
                let random = (0x17b, GOES_ON | AUDITS);
                session.say(wire, random, (&[], &[]), &[], &[0, 8]).map(drop)
            }
            number => session.stir(wire, head(number as u8 - b'0')),
        }
        .expect(word);
    }
    let shown = owner.shows(&session);
    (session, shown)
}

#[test]
fn only_the_one_order_absorbs_and_commands_outside_of_the_session_do_no_harm() {
    let mut owner = Owner::new();
    for word in ["r1ir", "hr1ir", "rh1hihrh", "Hr1ir", "rr1ir", "2r1ir", "rir1ir", "r2r1ir"] {
        let (session, shown) = spell(&mut owner, word);
        let index = if word == "rir1ir" { 2 } else { 1 };
        assert!(shown.is_only(index, 1), "{word} {shown:?}");
        owner.flush(&session);
    }
    for word in [
        "1rir", "ri1r", "r1ri", "ir1r", "i1rr", "1irr", "r1i", "1ir", "ir", "r1r", "rir", "r1irr",
        "r1irH", "r1ir1", "r12ir", "r21ir", "r11ir", "r1i2r", "r1iir", "r12iir", "r1ii2r", "r1fr",
        "r1fir", "r1ifr", "fr1fir", "r1Hir", "r1iHr", "rH1ir",
    ] {
        let (session, shown) = spell(&mut owner, word);
        assert!(shown.is_empty(), "{word} {shown:?}");
        owner.flush(&session);
    }
    let (session, shown) = spell(&mut owner, "r1ir2ir");
    assert_eq!((shown.0.len(), shown.doubles()), (2, 0), "{shown:?}");
    owner.flush(&session);
}

#[test]
fn a_start_that_lies_shows_nothing_else() {
    let mut owner = Owner::new();
    let (session, shown) = spell(&mut owner, "Hr1ir");
    assert!(shown.is_only(1, 1));
    let quoted = session.quote(&mut owner.wire, owner.key).expect("signed");
    let start = session.starts[1];
    let chip = owner.chip.clone();
    assert_eq!(piece(1, 1, start, &quoted).verify(&chip, &[head(1)]), Ok(()));
    // Any other start, entry, head or chip.
    let mut lies: Vec<[u8; 32]> = (0..=255).map(|byte| [byte; 32]).collect();
    lies.extend(session.starts.iter().filter(|other| **other != start));
    lies.extend((0..32).map(|at| std::array::from_fn(|byte| start[byte] ^ u8::from(at == byte))));
    // Where replaying other words would end: what a cheat would need is before it, not after.
    lies.push(chip.after_reading(session.digest, chip.first_value));
    lies.push(Chip::after_stirring(start, &head(2)));
    for lie in lies {
        for number in 1..=2 {
            let told = piece(1, 1, lie, &quoted).verify(&chip, &[head(number)]);
            assert_eq!(told, Err(BadEvidence::Signature));
        }
    }
    for index in 2..24 {
        let told = piece(index, 1, start, &quoted).verify(&chip, &[head(1)]);
        assert_eq!(told, Err(BadEvidence::Signature), "entry {index}");
    }
    assert!(piece(1, 1, start, &quoted).verify(&chip, &[head(2)]).is_err());
    assert!(piece(1, 2, start, &quoted).verify(&chip, &[head(1), head(2)]).is_err());
    let other = Owner::new().chip;
    for posing in [
        other.clone(),
        Chip { key: other.key.clone(), ..chip.clone() },
        Chip { first_value: chip.first_value - 1, ..chip.clone() },
        Chip { counter: chip.counter ^ 1, ..chip.clone() },
    ] {
        assert!(piece(1, 1, start, &quoted).verify(&posing, &[head(1)]).is_err());
    }
}

#[test]
fn attesting_again_and_beginning_the_digest_anew_show_nothing_more() {
    let mut owner = Owner::new();
    let chip = owner.chip.clone();
    let mut session = owner.begin();
    session.absorb(&mut owner.wire, &chip, head(1)).expect("the chip");
    for _ in 0..3 {
        owner.show(&session);
    }
    assert!(owner.shown.is_only(1, 1));
    owner.flush(&session);
    // The digest begins anew at any of the commands.
    for at in 0..4 {
        owner.anew();
        let (chip, wire) = (owner.chip.clone(), &mut owner.wire);
        let mut session = Audited::begin(wire);
        let how = |step| if step == at { GOES_ON | AUDITS | ANEW } else { GOES_ON | AUDITS };
        session.read_as(wire, &chip, how(0)).expect("the chip");
        session.stir_as(wire, head(1), how(1)).expect("the chip");
        session.increment_as(wire, &chip, how(2)).expect("the chip");
        session.read_as(wire, &chip, how(3)).expect("the chip");
        let shown = owner.shows(&session);
        assert_eq!((shown.is_only(1, 1), shown.is_empty()), (at == 0, at != 0), "{at}");
        owner.flush(&session);
    }
}

#[test]
fn a_session_beside_another_one_or_that_only_audits_has_each_execution_to_itself() {
    let mut owner = Owner::new();
    let chip = owner.chip.clone();
    let (mut one, mut two) = (owner.begin(), owner.begin());
    let wire = &mut owner.wire;
    // Both would audit one execution.
    let stir = sized(head(1).as_bytes());
    let first = one.authorise(STIR_RANDOM, GOES_ON | AUDITS, &[], &stir);
    let both = two.say(wire, (STIR_RANDOM, GOES_ON | AUDITS), (&[], &[]), &[first], &stir);
    assert_eq!(both, Err(0xa82), "the second one may not audit it too");
    // Each stirs its head between the same readings; one increment is there for both.
    for (session, number) in [(&mut one, 1), (&mut two, 2)] {
        session.read(wire, &chip).expect("the chip");
        session.stir(wire, head(number)).expect("the chip");
    }
    one.increment(wire, &chip).expect("the chip");
    for session in [&mut one, &mut two] {
        session.read(wire, &chip).expect("the chip");
    }
    owner.show(&one);
    owner.show(&two);
    assert!(owner.shown.is_only(1, 1));
    // A session that audits, while a password authorises.
    owner.anew();
    let chip = owner.chip.clone();
    let names = chip.counter_name().repeat(2);
    let at = (&[chip.counter; 2][..], &names[..]);
    let how = GOES_ON | AUDITS;
    let wire = &mut owner.wire;
    one.say(wire, (0x14e, how), at, &[password()], &[0, 8, 0, 0]).expect("the chip");
    one.stir(wire, head(2)).expect("the chip");
    one.say(wire, (0x134, how), at, &[password()], &[]).expect("the chip");
    one.say(wire, (0x14e, how), at, &[password()], &[0, 8, 0, 0]).expect("the chip");
    assert!(owner.shows(&one).is_only(1, 2));
}
