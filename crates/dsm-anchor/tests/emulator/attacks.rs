//! The owner of the chip is hostile: it sends what it likes in any order, cuts the power, defines the counter anew, clears the chip, copies
//! files. No counter value gets evidence of two heads, unless the chip itself goes back.

use std::fs;

use dsm_anchor::{Session, Socket, Tpm, TpmError, Wire};
use dsm_log::{BadEvidence, verify_run};

use crate::chip::Emulator;
use crate::head;
use crate::shown::{HEADS, Shown, mutant};

/// A session, with the digest before each command that it audited.
struct Spied {
    session: Session,
    before: Vec<[u8; 32]>,
    /// What an honest wallet would do next: stir, increment, read, have it signed.
    next: u64,
}

/// Numbers that look random and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// One random thing that an owner does.
fn step(
    tpm: &mut Tpm<Socket>,
    sessions: &mut Vec<Spied>,
    chance: &mut Chance,
    shown: &mut [Shown; 2],
) {
    let chip = tpm.chip().clone();
    if sessions.len() < 2 || (sessions.len() < 3 && chance.below(12) == 0) {
        let session = tpm.begin().expect("the chip");
        sessions.push(Spied { session, before: vec![[0; 32]], next: 0 });
        return;
    }
    let at = chance.below(sessions.len() as u64) as usize;
    let spied = &mut sessions[at];
    let before = spied.session.digest();
    // Mostly what is needed, else anything.
    let what = if chance.below(10) < 7 { spied.next } else { chance.below(6) };
    spied.next = (what + 1) % 4;
    match what {
        0 => tpm
            .stir(&mut spied.session, &head(1 + chance.below(HEADS.into()) as u8))
            .expect("the chip"),
        1 => tpm.increment(&mut spied.session).expect("the chip"),
        2 => tpm.read(&mut spied.session).expect("the chip"),
        4 => drop(foreign(tpm)),
        5 => {
            let gone = sessions.swap_remove(at);
            tpm.end(gone.session).expect("the chip");
            return;
        }
        _ => {
            let quoted = tpm.quote(&spied.session).expect("the chip");
            shown[0].claim(&chip, &spied.before, &quoted);
            mutant(&chip, &spied.before, before, &mut shown[1]);
        }
    }
    spied_after(&mut sessions[at], before);
}

fn spied_after(spied: &mut Spied, before: [u8; 32]) {
    if spied.session.digest() != before {
        spied.before.push(before);
    }
}

/// Somebody else, or the owner without a session, increments the counter.
fn foreign(tpm: &mut Tpm<Socket>) -> Vec<u8> {
    let counter = tpm.chip().counter.to_be_bytes();
    let area = [&[0x40, 0, 0, 9][..], &[0, 0, 1, 0, 0]].concat();
    let body = [&counter[..], &counter, &[0, 0, 0, 9], &area].concat();
    let length = (body.len() as u32 + 10).to_be_bytes();
    let command = [&[0x80, 2][..], &length, &[0, 0, 1, 0x34], &body].concat();
    tpm.wire().exchange(&command).expect("the chip")
}

#[test]
fn no_value_gets_two_heads_whatever_its_owner_sends_and_a_careless_verifier_would_see_some() {
    let mut shown = [Shown::default(), Shown::default()];
    for seed in 0..10 {
        let mut of_chip = [Shown::default(), Shown::default()];
        let emulator = Emulator::start();
        let mut tpm = emulator.provisioned();
        let (mut sessions, mut chance) = (Vec::new(), Chance(seed));
        for _ in 0..70 {
            step(&mut tpm, &mut sessions, &mut chance, &mut of_chip);
        }
        assert_eq!(of_chip[0].doubles(), 0, "seed {seed}");
        let [good, bad] = of_chip;
        let key = |index: u64| index + seed * 1_000;
        shown[0].0.extend(good.0.into_iter().map(|(index, heads)| (key(index), heads)));
        shown[1].0.extend(bad.0.into_iter().map(|(index, heads)| (key(index), heads)));
    }
    assert!(shown[0].0.len() > 5, "some was absorbed: {}", shown[0].0.len());
    assert!(shown[1].doubles() > 0, "the mutant is caught");
}

#[test]
fn two_sessions_side_by_side_give_one_value_one_head() {
    let emulator = Emulator::start();
    let mut tpm = emulator.provisioned();
    let (mut one, mut two) = (tpm.begin().expect("the chip"), tpm.begin().expect("the chip"));
    let start = two.start();
    tpm.absorb(&mut one, 1, &head(1)).expect("the chip");
    // The other one read the value before, too.
    tpm.stir(&mut two, &head(2)).expect("the chip");
    tpm.increment(&mut two).expect("the chip");
    tpm.read(&mut two).expect("the chip");
    for first in [1, 2] {
        assert!(matches!(tpm.attest(&two, first, &[head(2)], start), Err(TpmError::Evidence(_))));
    }
    // The wallet's own driver does not even try.
    let mut three = tpm.begin().expect("the chip");
    assert!(matches!(tpm.absorb(&mut three, 2, &head(3)), Err(TpmError::Moved { .. })));
}

#[test]
fn a_counter_that_somebody_else_moves_burns_the_entry() {
    let emulator = Emulator::start();
    let mut tpm = emulator.provisioned();
    let mut session = tpm.begin().expect("the chip");
    let start = session.start();
    tpm.stir(&mut session, &head(1)).expect("the chip");
    foreign(&mut tpm);
    tpm.increment(&mut session).expect("the chip");
    tpm.read(&mut session).expect("the chip");
    for first in [1, 2] {
        assert!(matches!(
            tpm.attest(&session, first, &[head(1)], start),
            Err(TpmError::Evidence(_))
        ));
    }
}

#[test]
fn a_counter_that_is_defined_anew_goes_on_above_all_values_ever() {
    let emulator = Emulator::start();
    let mut tpm = emulator.provisioned();
    let chip = tpm.chip().clone();
    let mut session = tpm.begin().expect("the chip");
    for index in 1..=5 {
        tpm.absorb(&mut session, index, &head(1)).expect("the chip");
    }
    tpm.end(session).expect("the chip");
    drop(tpm);
    // The same handle, the same name, the same key.
    let again = emulator.provisioned();
    assert_eq!((again.chip().counter_name(), &again.chip().key), (chip.counter_name(), &chip.key));
    assert!(
        again.chip().first_value > chip.first_value + 5,
        "{} {}",
        again.chip().first_value,
        chip.first_value
    );
}

#[test]
fn a_log_outlives_the_power_if_its_last_entry_was_attested_and_ends_if_it_was_not() {
    let mut emulator = Emulator::start();
    let mut tpm = emulator.provisioned();
    let chip = tpm.chip().clone();
    let mut pieces = Vec::new();
    for index in 1..=2 {
        let mut session = tpm.begin().expect("the chip");
        let start = session.start();
        tpm.absorb(&mut session, u64::from(index), &head(index)).expect("the chip");
        pieces
            .push(tpm.attest(&session, u64::from(index), &[head(index)], start).expect("the chip"));
        drop(tpm);
        emulator.reset();
        tpm = Tpm::load(emulator.wire(), chip.clone()).expect("the chip");
        assert!(tpm.quote(&session).is_err(), "the session ended with the power");
    }
    assert_eq!(verify_run(&chip, &pieces, 0, &[head(1), head(2)]), Ok(()));
    // Absorbed, and the power fails before it is attested.
    let mut session = tpm.begin().expect("the chip");
    tpm.absorb(&mut session, 3, &head(3)).expect("the chip");
    drop(tpm);
    emulator.reset();
    let mut tpm = Tpm::load(emulator.wire(), chip.clone()).expect("the chip");
    let mut session = tpm.begin().expect("the chip");
    let again = tpm.absorb(&mut session, 3, &head(3));
    assert!(matches!(again, Err(TpmError::Moved { .. })), "{again:?}");
    // Who goes on all the same has evidence of what nobody takes: entry 3 is missing.
    let start = session.start();
    tpm.absorb(&mut session, 4, &head(4)).expect("the chip");
    pieces.push(tpm.attest(&session, 4, &[head(4)], start).expect("the chip"));
    let heads = [1, 2, 3, 4].map(head);
    assert_eq!(verify_run(&chip, &pieces, 0, &heads), Err(BadEvidence::Range));
    assert_eq!(
        verify_run(&chip, &pieces, 0, &[heads[0], heads[1], heads[3]]),
        Err(BadEvidence::Range)
    );
}

#[test]
fn a_chip_that_was_cleared_or_is_another_one_is_not_the_chip_of_the_device() {
    let emulator = Emulator::start();
    let mut tpm = emulator.provisioned();
    let chip = tpm.chip().clone();
    // TPM2_Clear by the lockout hierarchy.
    let body =
        [&[0x40, 0, 0, 0x0a][..], &[0, 0, 0, 9], &[0x40, 0, 0, 9], &[0, 0, 1, 0, 0]].concat();
    let clear =
        [&[0x80, 2][..], &(body.len() as u32 + 10).to_be_bytes(), &[0, 0, 1, 0x26], &body].concat();
    let answer = tpm.wire().exchange(&clear).expect("the chip");
    assert_eq!(answer[6..10], [0; 4], "cleared");
    drop(tpm);
    assert!(matches!(Tpm::load(emulator.wire(), chip.clone()), Err(TpmError::Foreign)));
    let again = emulator.provisioned();
    assert_ne!(again.chip().key, chip.key);
    let other = Emulator::start();
    let _ = other.provisioned();
    assert!(matches!(Tpm::load(other.wire(), chip), Err(TpmError::Foreign)));
}

/// The assumption, shown: whoever makes the chip itself go back has two heads at one value.
#[test]
fn a_broken_chip_whose_state_is_copied_back_absorbs_two_heads_at_one_value() {
    let mut emulator = Emulator::start();
    let tpm = emulator.provisioned();
    let chip = tpm.chip().clone();
    drop(tpm);
    let copied: Vec<(std::path::PathBuf, Vec<u8>)> = fs::read_dir(emulator.state())
        .expect("the chip")
        .map(|file| file.expect("the chip").path())
        .filter(|path| path.is_file())
        .map(|path| (path.clone(), fs::read(&path).expect("the chip")))
        .collect();
    let mut both = Vec::new();
    for number in [1, 2] {
        emulator.stop();
        for (path, bytes) in &copied {
            fs::write(path, bytes).expect("the chip");
        }
        emulator.reset();
        let mut tpm = Tpm::load(emulator.wire(), chip.clone()).expect("the chip");
        let mut session = tpm.begin().expect("the chip");
        let start = session.start();
        tpm.absorb(&mut session, 1, &head(number)).expect("the chip");
        both.push(tpm.attest(&session, 1, &[head(number)], start).expect("the chip"));
    }
    assert_eq!(both[0].verify(&chip, &[head(1)]), Ok(()));
    assert_eq!(both[1].verify(&chip, &[head(2)]), Ok(()));
}
