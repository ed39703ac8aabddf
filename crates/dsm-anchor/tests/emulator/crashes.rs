//! The wallet dies, or the power fails, before and after each command: the same heads get evidence, or the log ends; nothing is absorbed twice.

use std::io;

use dsm_anchor::{Socket, Tpm, TpmAbsorber, TpmError, Wire};
use dsm_crypto::Digest;
use dsm_log::{AbsorbError, Absorber, Chip, verify_run};

use crate::chip::Emulator;
use crate::head;
use crate::raw::{password, send};

/// A wire that breaks at a command: before the chip has it, or before its answer is here.
#[derive(Debug)]
struct Cut {
    wire: Socket,
    left: usize,
    answered: bool,
}

impl Wire for Cut {
    fn exchange(&mut self, command: &[u8]) -> io::Result<Vec<u8>> {
        let broken = || io::Error::from(io::ErrorKind::ConnectionReset);
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                self.wire.exchange(command)
            }
            None if self.answered => Err(broken()),
            None => {
                self.answered = true;
                self.wire.exchange(command)?;
                Err(broken())
            }
        }
    }
}

/// What is durable of a wallet: its entries, how many have evidence, and where the chip stood then.
struct Disk {
    chip: Chip,
    heads: Vec<Digest>,
    evidence: Vec<dsm_log::ChipEvidence>,
    stand: Option<Vec<u8>>,
}

impl Disk {
    fn new(emulator: &Emulator) -> Self {
        let chip = emulator.provisioned().chip().clone();
        Self { chip, heads: Vec::new(), evidence: Vec::new(), stand: None }
    }

    fn done(&self) -> u64 {
        self.evidence.last().map_or(0, |piece| piece.last)
    }

    /// As a wallet does it: entries are durable, then the chip, then what it gives is durable, and so on.
    fn absorb(&mut self, absorber: &mut impl Absorber) -> Result<(), AbsorbError> {
        for _ in 0..8 {
            let done = usize::try_from(self.done()).expect("few");
            let stand = self.stand.clone();
            let evidence =
                absorber.absorb(stand.as_deref(), self.done() + 1, &self.heads[done..])?;
            self.evidence.extend(evidence);
            self.stand = Some(absorber.stand());
            if self.done() == self.heads.len() as u64 && self.stand == stand {
                return Ok(());
            }
        }
        Err(AbsorbError::Failed("it does not come to an end".to_owned()))
    }

    fn verify(&self) {
        let upto = usize::try_from(self.done()).expect("few");
        assert_eq!(verify_run(&self.chip, &self.evidence, 0, &self.heads[..upto]), Ok(()));
    }

    fn absorber(&self, emulator: &Emulator) -> TpmAbsorber<Socket> {
        TpmAbsorber::new(Tpm::load(emulator.wire(), self.chip.clone()).expect("the chip"))
    }
}

/// How many heads wait when the wallet dies.
fn dies_anywhere(waiting: u8) {
    let emulator = Emulator::start();
    let mut disk = Disk::new(&emulator);
    let mut next = 0;
    let mut cuts = 0;
    for (left, answered) in (0..).flat_map(|left| [(left, true), (left, false)]) {
        // In a process that did something before.
        let tpm =
            Tpm::load(Cut { wire: emulator.wire(), left: usize::MAX, answered }, disk.chip.clone());
        let mut absorber = TpmAbsorber::new(tpm.expect("the chip"));
        next += 1;
        disk.heads.push(head(next));
        disk.absorb(&mut absorber).expect("nothing breaks yet");
        for _ in 0..waiting {
            next += 1;
            disk.heads.push(head(next));
        }
        absorber.tpm().wire().left = left;
        let broke = disk.absorb(&mut absorber);
        drop(absorber);
        assert!(recovers_from_crashes(&mut disk, &emulator, answered), "{left} {answered}");
        // The process after them finishes what was begun.
        let mut absorber = disk.absorber(&emulator);
        disk.absorb(&mut absorber).expect("it goes on");
        assert_eq!(disk.done(), u64::from(next), "every entry has evidence");
        disk.verify();
        cuts += usize::from(broke.is_err());
        if broke.is_ok() {
            break;
        }
    }
    // Before and after each of four commands a head.
    assert_eq!(cuts, 8 * usize::from(waiting));
}

/// Process after process finishes what was begun, and each dies one command later than the one before it.
fn recovers_from_crashes(disk: &mut Disk, emulator: &Emulator, answered: bool) -> bool {
    for left in 0..40 {
        let cut = Cut { wire: emulator.wire(), left, answered };
        // It may die while it loads its key.
        let Ok(tpm) = Tpm::load(cut, disk.chip.clone()) else { continue };
        let mut absorber = TpmAbsorber::new(tpm);
        if disk.absorb(&mut absorber).is_ok() {
            return true;
        }
    }
    false
}

#[test]
fn a_wallet_that_dies_at_any_command_goes_on_with_the_same_head() {
    dies_anywhere(1);
}

#[test]
fn a_wallet_that_dies_at_any_command_of_several_heads_goes_on_with_them() {
    dies_anywhere(3);
}

#[test]
fn a_power_failure_after_the_increment_ends_the_log_and_before_it_does_not() {
    for left in 0..=4 {
        let mut emulator = Emulator::start();
        let mut disk = Disk::new(&emulator);
        let tpm = Tpm::load(
            Cut { wire: emulator.wire(), left: usize::MAX, answered: true },
            disk.chip.clone(),
        );
        let mut absorber = TpmAbsorber::new(tpm.expect("the chip"));
        disk.heads.push(head(1));
        disk.absorb(&mut absorber).expect("nothing breaks yet");
        disk.heads.push(head(2));
        absorber.tpm().wire().left = left;
        let whole = disk.absorb(&mut absorber).is_ok();
        assert_eq!(whole, left == 4);
        emulator.reset();
        let mut absorber = disk.absorber(&emulator);
        let after = disk.absorb(&mut absorber);
        disk.verify();
        if left == 2 || left == 3 {
            assert_eq!(after, Err(AbsorbError::Ended { index: 2 }), "after {left} commands");
            // It stays so, and no other head takes its place.
            disk.heads[1] = head(99);
            assert_eq!(disk.absorb(&mut absorber), Err(AbsorbError::Ended { index: 2 }));
        } else {
            assert_eq!((after, disk.done()), (Ok(()), 2), "after {left} commands");
        }
    }
}

#[test]
fn files_put_back_from_a_copy_are_behind_the_chip() {
    let emulator = Emulator::start();
    let mut disk = Disk::new(&emulator);
    let mut absorber = disk.absorber(&emulator);
    disk.heads.push(head(1));
    disk.absorb(&mut absorber).expect("absorbed");
    let copy = Disk {
        heads: disk.heads.clone(),
        evidence: disk.evidence.clone(),
        stand: disk.stand.clone(),
        ..Disk { chip: disk.chip.clone(), heads: Vec::new(), evidence: Vec::new(), stand: None }
    };
    disk.heads.push(head(2));
    disk.absorb(&mut absorber).expect("absorbed");
    drop(absorber);
    let mut copy = copy;
    let mut absorber = copy.absorber(&emulator);
    // Before it writes anything, and with another entry.
    assert_eq!(copy.absorb(&mut absorber), Err(AbsorbError::Ended { index: 2 }));
    copy.heads.push(head(3));
    assert_eq!(copy.absorb(&mut absorber), Err(AbsorbError::Ended { index: 2 }));
    // A copy that has the entry and lacks the evidence is the same wallet, and goes on.
    copy.heads[1] = head(2);
    copy.absorb(&mut absorber).expect("the same head");
    copy.verify();
}

#[test]
fn a_chip_that_was_cleared_or_whose_counter_is_another_one_does_not_go_on() {
    let emulator = Emulator::start();
    let mut disk = Disk::new(&emulator);
    let mut absorber = disk.absorber(&emulator);
    disk.heads.push(head(1));
    disk.absorb(&mut absorber).expect("absorbed");
    drop(absorber);
    // The counter is defined anew: it begins above, and can never be at the next value.
    let anew = emulator.provisioned();
    assert!(anew.chip().first_value > disk.chip.first_value + 1);
    drop(anew);
    disk.heads.push(head(2));
    let mut absorber = disk.absorber(&emulator);
    assert_eq!(disk.absorb(&mut absorber), Err(AbsorbError::Ended { index: 2 }));
}

#[test]
fn nobody_can_make_the_wallet_panic_by_what_lies_in_its_store() {
    let emulator = Emulator::start();
    let mut disk = Disk::new(&emulator);
    let mut absorber = disk.absorber(&emulator);
    disk.heads.push(head(1));
    disk.absorb(&mut absorber).expect("absorbed");
    drop(absorber);
    let good = disk.stand.clone().expect("it stands somewhere");
    for cut in 0..good.len() {
        disk.stand = Some(good[..cut].to_vec());
        disk.absorb(&mut disk.absorber(&emulator)).expect("a session is begun anew");
    }
}

/// A wire on which the chip refuses each command of a kind once, for a reason that passes.
#[derive(Debug)]
struct Busy {
    wire: Socket,
    command: [u8; 4],
    refusal: u8,
    refused: bool,
}

impl Wire for Busy {
    fn exchange(&mut self, command: &[u8]) -> io::Result<Vec<u8>> {
        if command[6..10] == self.command && !self.refused {
            self.refused = true;
            return Ok(vec![0x80, 1, 0, 0, 0, 10, 0, 0, 1, self.refusal]);
        }
        self.wire.exchange(command)
    }
}

#[test]
fn a_chip_that_refuses_for_a_moment_is_the_same_chip_and_has_the_same_session() {
    let emulator = Emulator::start();
    let mut disk = Disk::new(&emulator);
    let wire = |command, refusal| Busy { wire: emulator.wire(), command, refusal, refused: false };
    // Not started; failed.
    for refusal in [0, 1] {
        let read_public = [0, 0, 0x01, 0x69];
        let loaded = Tpm::load(wire(read_public, refusal), disk.chip.clone());
        assert!(matches!(loaded, Err(TpmError::Refused(_))), "it is no other chip");
        // The wallet dies after the increment, and asks for the digest when it is there again.
        let cut = Cut { wire: emulator.wire(), left: usize::MAX, answered: true };
        let mut absorber = TpmAbsorber::new(Tpm::load(cut, disk.chip.clone()).expect("the chip"));
        disk.absorb(&mut absorber).expect("nothing breaks yet");
        disk.heads.push(head(refusal + 1));
        absorber.tpm().wire().left = 2;
        assert!(disk.absorb(&mut absorber).is_err());
        drop(absorber);
        let digest = [0, 0, 0x01, 0x4d];
        let tpm = Tpm::load(wire(digest, refusal), disk.chip.clone()).expect("the chip");
        let mut absorber = TpmAbsorber::new(tpm);
        let refused = disk.absorb(&mut absorber);
        assert!(matches!(refused, Err(AbsorbError::Failed(_))), "{refused:?}");
        disk.absorb(&mut absorber).expect("it goes on");
        disk.verify();
        assert_eq!(disk.done(), disk.heads.len() as u64);
    }
}

/// A wire on which somebody else moves the counter before the second head is stirred, and on which then nothing is said any more, perhaps.
#[derive(Debug)]
struct Moved {
    wire: Socket,
    counter: u32,
    stirred: usize,
    breaks: bool,
}

impl Wire for Moved {
    fn exchange(&mut self, command: &[u8]) -> io::Result<Vec<u8>> {
        self.stirred += usize::from(command[6..10] == [0, 0, 0x01, 0x46]);
        if self.stirred == 2 && self.breaks {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        if self.stirred == 2 {
            self.stirred = 3;
            let counter = self.counter;
            send(&mut self.wire, 0x134, &[counter; 2], &[password()], &[]).expect("incremented");
        }
        self.wire.exchange(command)
    }
}

#[test]
fn what_was_absorbed_before_something_went_wrong_has_evidence() {
    for breaks in [false, true] {
        let mut emulator = Emulator::start();
        let mut disk = Disk::new(&emulator);
        disk.heads.extend([head(1), head(2), head(3)]);
        let counter = disk.chip.counter;
        let wire = Moved { wire: emulator.wire(), counter, stirred: 0, breaks };
        let tpm = Tpm::load(wire, disk.chip.clone()).expect("the chip");
        let mut absorber = TpmAbsorber::new(tpm);
        let wrong = disk.absorb(&mut absorber).expect_err("it cannot go on");
        assert_eq!(matches!(wrong, AbsorbError::Failed(_)), breaks, "{wrong:?}");
        assert_eq!(disk.done(), 1);
        disk.verify();
        drop(absorber);
        // Whether its session is still there or not.
        if breaks {
            emulator.reset();
        }
        let after = disk.absorb(&mut disk.absorber(&emulator));
        let ended = Err(AbsorbError::Ended { index: 2 });
        assert_eq!(after, if breaks { Ok(()) } else { ended });
        disk.verify();
    }
}
