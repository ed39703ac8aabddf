//! Many payers at once to one durable payee, beside one payer alone.
//!
//! The payers are one other process with stores in memory. Each calls once, and pays again on the same
//! link as soon as it was acknowledged. The clock starts when the channels stand. A payer's notes get
//! longer lineages with every payment, so each pays equally often, alone or among others.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Barrier;
use std::thread;

use cpu_time::ProcessTime;
use dsm_core::TokenId;
use dsm_core::identity::Card;
use dsm_crypto::{Domain, Secret, hash};
use dsm_engine::{Lobby, Secure, Visit, inbox};
use dsm_log::DeviceId;
use dsm_session::Goal;
use dsm_store::{FileKv, MemoryKv};
use dsm_transport::{TcpLink, TcpPlace};

use super::medium::{Medium, Syncs};
use super::people::{Person, fresh};
use crate::report::Report;
use crate::timing::{Samples, wall};

const PAYERS: usize = 64;
/// How many pay one after the other, each alone.
const ALONE: usize = 8;
/// How often each pays.
const EACH: usize = 32;
const TURNS: usize = 3;
/// How many callers the payee lets in at once.
const PLACES: usize = 64;

pub(crate) fn run(report: &mut Report) {
    let folder = tempfile::tempdir().expect("a folder");
    let syncs = Syncs::default();
    let medium = Medium::create(&folder.path().join("payee"), &syncs);
    let mut payee = Person::new("payee", FileKv::on(medium).expect("a new store"));
    for run in 0..2 * TURNS {
        for number in 0..if run % 2 == 0 { ALONE } else { PAYERS } {
            let payer = Person::new(&name(run, number), MemoryKv::default());
            payee.pin(&payer.name, payer.card());
        }
    }
    let place = TcpPlace::bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
    let address = place.address().expect("an address");
    let (to, waiting) = inbox();
    let lobby = Lobby::new(&payee.engine, to.clone(), PLACES);
    let engine = thread::spawn(move || payee.engine.run(waiting, &mut |_, _, _| {}));
    // The thread waits for callers until the process ends.
    thread::spawn(move || serve(&place, &lobby));
    let (mut alone, mut many) = (Figures::default(), Figures::default());
    for turn in 0..TURNS {
        alone.measure(&syncs, address, 2 * turn, (ALONE, 1));
        many.measure(&syncs, address, 2 * turn + 1, (PAYERS, PAYERS));
    }
    to.stop();
    engine.join().expect("the loop ends").expect("a sound store");
    report.number("durable.concurrent_gain", many.rate.median() / alone.rate.median());
    alone.tell("durable.alone", report);
    many.tell("durable.concurrent", report);
}

/// Payments a second, syncs of the payee and CPU of both sides for each.
#[derive(Default)]
struct Figures {
    rate: Samples,
    syncs: Samples,
    micros: Samples,
}

impl Figures {
    fn measure(
        &mut self,
        syncs: &Syncs,
        address: SocketAddr,
        run: usize,
        (payers, at_once): (usize, usize),
    ) {
        let (before, cpu) = (syncs.count(), ProcessTime::now());
        let (rate, micros) = load(address, run, payers, at_once);
        let payments = (payers * EACH) as f64;
        self.rate.push(rate);
        self.syncs.push((syncs.count() - before) as f64 / payments);
        self.micros.push((micros + cpu.elapsed().as_secs_f64() * 1e6) / payments);
    }

    fn tell(&self, name: &str, report: &mut Report) {
        report.number(format!("{name}_per_second"), self.rate.median());
        report.number(format!("{name}_payee_syncs"), self.syncs.median());
        report.number(format!("{name}_cpu_us"), self.micros.median());
    }
}

/// Nobody pays in two runs: his store is gone after the first.
fn name(run: usize, number: usize) -> String {
    format!("payer {run} {number}")
}

fn serve(place: &TcpPlace, lobby: &Lobby<FileKv>) {
    while let Ok(link) = place.accept() {
        let hang_up = Box::new(link.hang_up().expect("an open connection"));
        let fresh = (Secret::from_bytes(fresh()), Secret::from_bytes(fresh()));
        let over = |visit: Visit| visit.result.is_ok();
        lobby.admit(link, hang_up, Goal::Receive { ask: None }, fresh, over).expect("a thread");
    }
}

/// Lets so many pay from another process, so many of them at once; payments a second, and microseconds
/// of CPU that it spent while they paid.
fn load(address: SocketAddr, run: usize, payers: usize, at_once: usize) -> (f64, f64) {
    let program = std::env::current_exe().expect("this program");
    let numbers = [run, payers, at_once].map(|number| number.to_string());
    let mut command = Command::new(program);
    let output = command.arg(LOAD).arg(address.to_string()).args(numbers).output();
    let output = output.expect("a process");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("two numbers");
    let (rate, micros) = text.trim().split_once(' ').expect("two numbers");
    (rate.parse().expect("a number"), micros.parse().expect("a number"))
}

/// The word by which this program is the process that pays.
pub(crate) const LOAD: &str = "--load";

/// Pays from a process of its own; payments a second, and microseconds of CPU.
pub(crate) fn pay(address: SocketAddr, run: usize, payers: usize, at_once: usize) -> (f64, f64) {
    let payee = Person::new("payee", MemoryKv::default()).card();
    let numbers: Vec<usize> = (0..payers).collect();
    let (mut seconds, mut micros) = (0.0, 0.0);
    for some in numbers.chunks(at_once.max(1)) {
        let barrier = Barrier::new(some.len() + 1);
        thread::scope(|scope| {
            for number in some {
                let (payee, barrier) = (&payee, &barrier);
                scope.spawn(move || Payer::new(name(run, *number), payee, address).pays(barrier));
            }
            barrier.wait();
            let (clock, cpu) = (wall(), ProcessTime::now());
            barrier.wait();
            seconds += clock.elapsed().as_secs_f64();
            micros += cpu.elapsed().as_secs_f64() * 1e6;
        });
    }
    ((payers * EACH) as f64 / seconds, micros)
}

/// Somebody with something to pay with, who called.
struct Payer {
    person: Person<MemoryKv>,
    link: Secure<TcpLink>,
    peer: DeviceId,
    token: TokenId,
}

impl Payer {
    fn new(name: String, payee: &Card, address: SocketAddr) -> Self {
        let mut person = Person::new(&name, MemoryKv::default());
        person.pin("payee", payee.clone());
        let token = person.issue(1_000_000);
        let link = TcpLink::connect(address).expect("a connection");
        let secret = Secret::from_bytes(*hash(Domain::Seed, &("channel", &*name)).as_bytes());
        let link = person.engine.call(link, &payee.kem, secret).expect("a secure channel");
        Self { person, link, peer: payee.descriptor.id(), token }
    }

    fn pays(mut self, barrier: &Barrier) {
        let (peer, token) = (self.peer, self.token);
        let mut talk = |goal, round| {
            let salt = *hash(Domain::Seed, &("session", &*self.person.name, round)).as_bytes();
            self.person.engine.converse(&mut self.link, goal, salt, &mut |_| {})
        };
        talk(Goal::Sync { peer }, 0).expect("a meeting");
        barrier.wait();
        for round in 1..=EACH as u64 {
            talk(Goal::Pay { peer, token, amount: round }, round).expect("a payment");
        }
        barrier.wait();
    }
}
