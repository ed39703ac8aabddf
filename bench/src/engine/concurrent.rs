//! Many payers at once to one durable payee, beside one payer alone.
//!
//! The payers are one other process with stores in memory. Each calls once, and pays again on the same
//! link as soon as it was acknowledged. The clock starts when the channels stand. A payer's notes get
//! longer lineages with every payment, so each pays equally often, alone or among others.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Barrier;
use std::thread;

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
    let (mut alone, mut many) = (Samples::default(), Samples::default());
    let (mut per_alone, mut per_many) = (Samples::default(), Samples::default());
    for turn in 0..TURNS {
        let before = syncs.count();
        alone.push(load(address, 2 * turn, ALONE, 1));
        let between = syncs.count();
        many.push(load(address, 2 * turn + 1, PAYERS, PAYERS));
        per_alone.push((between - before) as f64 / (ALONE * EACH) as f64);
        per_many.push((syncs.count() - between) as f64 / (PAYERS * EACH) as f64);
    }
    to.stop();
    engine.join().expect("the loop ends").expect("a sound store");
    report.number("durable.concurrent_gain", many.median() / alone.median());
    report.number("durable.alone_per_second", alone.median());
    report.number("durable.concurrent_per_second", many.median());
    report.number("durable.alone_payee_syncs", per_alone.median());
    report.number("durable.concurrent_payee_syncs", per_many.median());
}

/// Nobody pays in two runs: his store is gone after the first.
fn name(run: usize, number: usize) -> String {
    format!("payer {run} {number}")
}

fn serve(place: &TcpPlace, lobby: &Lobby) {
    while let Ok(link) = place.accept() {
        let hang_up = Box::new(link.hang_up().expect("an open connection"));
        let fresh = (Secret::from_bytes(fresh()), Secret::from_bytes(fresh()));
        let over = |visit: Visit| visit.result.is_ok();
        lobby.admit(link, hang_up, Goal::Receive { ask: None }, fresh, over).expect("a thread");
    }
}

/// Lets so many pay from another process, so many of them at once; payments a second.
fn load(address: SocketAddr, run: usize, payers: usize, at_once: usize) -> f64 {
    let program = std::env::current_exe().expect("this program");
    let numbers = [run, payers, at_once].map(|number| number.to_string());
    let mut command = Command::new(program);
    let output = command.arg(LOAD).arg(address.to_string()).args(numbers).output();
    let output = output.expect("a process");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("a number");
    text.trim().parse().expect("a number")
}

/// The word by which this program is the process that pays.
pub(crate) const LOAD: &str = "--load";

/// Pays from a process of its own; payments a second.
pub(crate) fn pay(address: SocketAddr, run: usize, payers: usize, at_once: usize) -> f64 {
    let payee = Person::new("payee", MemoryKv::default()).card();
    let numbers: Vec<usize> = (0..payers).collect();
    let mut seconds = 0.0;
    for some in numbers.chunks(at_once.max(1)) {
        let barrier = Barrier::new(some.len() + 1);
        thread::scope(|scope| {
            for number in some {
                let (payee, barrier) = (&payee, &barrier);
                scope.spawn(move || Payer::new(name(run, *number), payee, address).pays(barrier));
            }
            barrier.wait();
            let clock = wall();
            barrier.wait();
            seconds += clock.elapsed().as_secs_f64();
        });
    }
    (payers * EACH) as f64 / seconds
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
