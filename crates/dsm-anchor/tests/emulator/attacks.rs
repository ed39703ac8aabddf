//! The owner of the chip is hostile: it sends what it likes in any order, cuts the power, defines the counter anew, clears the chip, copies
//! files. No counter value gets evidence of two heads, unless the chip itself goes back.

mod index;
mod orders;
mod power;
mod random;
mod seeds;
mod sessions;

use std::{fs, io};

use dsm_anchor::{Socket, Tpm, TpmError, Wire};
use dsm_log::{BadEvidence, verify_run};

use crate::chip::Emulator;
use crate::head;
use crate::raw::{LOCKOUT, OWNER, define, password, send};

/// Somebody else, or the owner without a session, increments the counter.
fn foreign(tpm: &mut Tpm<Socket>) {
    let counter = tpm.chip().counter;
    send(tpm.wire(), 0x134, &[counter; 2], &[password()], &[]).expect("incremented");
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
    send(tpm.wire(), 0x126, &[LOCKOUT], &[password()], &[]).expect("cleared");
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

/// The first place for a counter.
const FIRST: u32 = 0x0180_d5d0;

fn value(wire: &mut Socket, counter: u32) -> Vec<u8> {
    send(wire, 0x14e, &[counter; 2], &[password()], &[0, 8, 0, 0]).expect("it is there")
}

/// A wire beside which somebody else makes a counter, when it is asked for one or for its place.
#[derive(Debug)]
struct Beside {
    wire: Socket,
    /// What was read of it.
    made: Option<Vec<u8>>,
}

impl Wire for Beside {
    fn exchange(&mut self, command: &[u8]) -> io::Result<Vec<u8>> {
        if self.made.is_none() && matches!(command[6..10], [0, 0, 1, 0x22 | 0x2a]) {
            define(&mut self.wire, OWNER, FIRST, 0x0204_0014, 8).expect("a free place");
            for _ in 0..5 {
                send(&mut self.wire, 0x134, &[FIRST; 2], &[password()], &[]).expect("incremented");
            }
            self.made = Some(value(&mut self.wire, FIRST));
        }
        self.wire.exchange(command)
    }
}

#[test]
fn of_wallets_that_are_made_at_once_none_takes_the_counter_of_another() {
    let emulator = Emulator::start();
    let wire = Beside { wire: emulator.wire(), made: None };
    let mut own = Tpm::provision_beside(wire).expect("a chip");
    assert_eq!(own.chip().counter, FIRST + 1, "the first place was taken meanwhile");
    let read = value(&mut own.wire().wire, FIRST);
    assert_eq!(Some(read), own.wire().made, "and stands where it stood");
    drop(own);
    for _ in 2..16 {
        Tpm::provision_beside(emulator.wire()).expect("a free place");
    }
    assert!(matches!(Tpm::provision_beside(emulator.wire()), Err(TpmError::Full)));
}
