//! Heads bound to a chip: what checking them takes, what they add to a payment, and what an emulator takes to absorb them.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use dsm_anchor::{Socket, Tpm, TpmAbsorber, Wire};
use dsm_core::{View, signature_after};
use dsm_crypto::{Digest, Domain, hash};
use dsm_log::{Absorber, Chip, Position, SignedHead, verify_run};
use dsm_session::Ledger;
use dsm_sim::NETWORK;
use dsm_store::MemoryKv;
use dsm_swtpm::Emulator;

use crate::report::{Limit, Reach, Report};
use crate::timing::{Samples, wall};
use crate::wallets::{Person, pay};

pub(crate) const REACH: &[Reach] =
    &[("anchor.verify_over_signature", Limit::Most(3.0)), ("anchor.bytes", Limit::Most(600.0))];

const ROUNDS: usize = 200;
/// Entries of one session.
const ENTRIES: usize = 65;

/// Counts the commands that a chip gets.
#[derive(Debug)]
struct Counted(Socket, Arc<AtomicU64>);

impl Wire for Counted {
    fn exchange(&mut self, command: &[u8]) -> io::Result<Vec<u8>> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.exchange(command)
    }
}

fn wire(emulator: &Emulator) -> Socket {
    Socket::connect(emulator.address()).expect("an emulator")
}

pub(crate) fn run(report: &mut Report) {
    absorb(report);
    verify(report);
    bytes(report);
}

/// One head after the other, from the wallet's call to evidence in its hands.
fn absorb(report: &mut Report) {
    let emulator = Emulator::start().expect("swtpm");
    let commands = Arc::new(AtomicU64::new(0));
    let chip = Tpm::provision(wire(&emulator), None).expect("a chip").chip().clone();
    let counted = Counted(wire(&emulator), Arc::clone(&commands));
    let clock = wall();
    let tpm = Tpm::load(counted, chip).expect("that chip");
    let mut absorber = TpmAbsorber::new(tpm);
    absorber.absorb(None, 1, &[]).expect("a session");
    report.number("anchor.begin_ms", clock.elapsed().as_secs_f64() * 1e3);
    report.number("anchor.begin_commands", commands.swap(0, Ordering::Relaxed) as f64);
    let mut times = Samples::default();
    for index in (1..).take(ROUNDS) {
        let head = [hash(Domain::Seed, &index)];
        let clock = wall();
        absorber.absorb(None, index, &head).expect("evidence");
        times.push(clock.elapsed().as_secs_f64() * 1e3);
    }
    report.number("anchor.absorb_ms", times.median());
    let each = commands.load(Ordering::Relaxed) as f64 / ROUNDS as f64;
    report.number("anchor.commands", each);
}

type Absorbs = Box<dyn Absorber>;

/// A chip's key and counter for one more wallet.
fn provision(emulator: &Emulator) -> (Chip, Absorbs) {
    let tpm = Tpm::provision_beside(wire(emulator)).expect("a chip");
    (tpm.chip().clone(), Box::new(TpmAbsorber::new(tpm)))
}

/// Evidence as a receiver gets it, beside one verification of the chip's signature and one of the device's.
fn verify(report: &mut Report) {
    let emulator = Emulator::start().expect("swtpm");
    let (chip, absorber) = provision(&emulator);
    let mut ada = Person::with("ada", MemoryKv::default(), Some((chip.clone(), absorber)));
    ada.idle(ENTRIES);
    let (books, me) = (ada.books(), ada.id());
    let descriptor = books.descriptor(&me).expect("her own");
    let last = books.own_log().at;
    let signed = books.signed(&me, last.index).expect("her own");
    let heads: Vec<Digest> = (1..=last.index).filter_map(|at| books.head(&me, at)).collect();
    let after = |floor| signature_after(&books, signed.clone(), floor).expect("evidence of all");
    let (one, all) = (after(last.index - 1), after(0));
    assert_eq!((one.evidence.len(), all.evidence.len(), heads.len()), (1, 1, ENTRIES));
    let piece = one.evidence.first().expect("a piece").clone();
    let attestation = {
        let before = chip.after_reading(piece.start, chip.value(last.index - 1).expect("a value"));
        let digest = chip.after_incrementing(Chip::after_stirring(before, &last.head));
        chip.attestation(
            &piece.beside,
            &chip.after_reading(digest, chip.value(last.index).expect("a value")),
        )
    };
    let message = SignedHead::message(NETWORK, &me, &last);
    let before = books.head(&me, last.index - 1).expect("her own");
    let start = Position { index: last.index - 1, head: before };
    let mut times: [Samples; 5] = Default::default();
    let [of_one, of_all, chips, device, head] = &mut times;
    for _ in 0..ROUNDS {
        chips.time(|| chip.key.verify(&attestation, &piece.signature).expect("signed"));
        of_one.time(|| {
            verify_run(&chip, &one.evidence, start.index, &[last.head]).expect("absorbed")
        });
        of_all.time(|| verify_run(&chip, &all.evidence, 0, &heads).expect("absorbed"));
        device.time(|| descriptor.key.verify(&message, &one.signature).expect("signed"));
        head.time(|| one.verify(&descriptor, &start, &[last.head]).expect("a signed head"));
    }
    let [of_one, of_all, chips, device, head] = times.each_ref().map(Samples::median);
    // A verification of a device's signature takes less time than one of a chip's, so this is the stricter of two ratios.
    report.number("anchor.verify_over_signature", of_one / device);
    report.number("anchor.verify_over_chip_signature", of_one / chips);
    report.number("anchor.head_over_signature", head / device);
    report.number("anchor.verify_us", of_one);
    report.number("anchor.chip_signature_us", chips);
    report.number("anchor.signature_us", device);
    report.number("anchor.verify_us_per_entry", (of_all - of_one) / (ENTRIES - 1) as f64);
}

/// Who has a chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chips {
    Nobody,
    Payer,
    Both,
}

/// The bytes of a whole session in which one pays the other, who saw the payer's last entry but so many; the chip was without power before the last
/// of them, or not.
fn payment(chips: Chips, between: usize, reboot: bool) -> f64 {
    // An emulator listens to one at a time.
    let [mut emulator, other] = [(); 2].map(|()| Emulator::start().expect("swtpm"));
    let person = |name, at: &Emulator, has: bool| {
        Person::with(name, MemoryKv::default(), has.then(|| provision(at)))
    };
    let mut ada = person("ada", &emulator, chips != Chips::Nobody);
    let mut ben = person("ben", &other, chips == Chips::Both);
    ada.meet(&ben);
    ben.meet(&ada);
    let token = ada.issue("token", 1_000_000);
    pay(&mut ada, &mut ben, token, 1_000);
    ada.idle(between);
    if reboot {
        emulator.reset().expect("swtpm");
        let chip = ada.books().descriptor(&ada.id()).expect("her own");
        let chip = chip.anchor.chip().expect("a chip").clone();
        let tpm = Tpm::load(wire(&emulator), chip).expect("that chip");
        ada = ada.rebooted(Box::new(TpmAbsorber::new(tpm)));
    }
    pay(&mut ada, &mut ben, token, 100) as f64
}

fn bytes(report: &mut Report) {
    let plain = payment(Chips::Nobody, 0, false);
    report.number("anchor.bytes", payment(Chips::Both, 0, false) - plain);
    let one = payment(Chips::Payer, 0, false);
    report.number("anchor.bytes_payer", one - plain);
    let further = ENTRIES - 1;
    let (many, without) =
        (payment(Chips::Payer, further, false), payment(Chips::Nobody, further, false));
    report.number("anchor.bytes_per_entry", ((many - without) - (one - plain)) / further as f64);
    let again = payment(Chips::Payer, further, true);
    report.number("anchor.bytes_per_session", again - many);
    report.number("anchor.payment_bytes", one);
}
