//! Many payers at once to one durable payee, beside one payer alone.
//!
//! The payers are one other process with stores in memory. Every payment has a connection and a
//! handshake of its own; each payer pays again as soon as it was acknowledged.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Barrier;
use std::thread;

use dsm_core::TokenId;
use dsm_crypto::{Domain, KemPublic, Secret, hash};
use dsm_engine::{Lobby, Visit, inbox};
use dsm_log::DeviceId;
use dsm_session::Goal;
use dsm_store::{FileKv, MemoryKv};
use dsm_transport::{TcpLink, TcpPlace};

use super::medium::{Medium, Syncs};
use super::people::{Person, fresh};
use crate::report::Report;
use crate::timing::{Samples, wall};

const PAYERS: usize = 64;
/// How often one alone pays, and how often each of many.
const ALONE: usize = 200;
const EACH: usize = 16;
const TURNS: usize = 3;
/// How many callers the payee lets in at once.
const PLACES: usize = 64;

pub(crate) fn run(report: &mut Report) {
    let folder = tempfile::tempdir().expect("a folder");
    let syncs = Syncs::default();
    let medium = Medium::create(&folder.path().join("payee"), &syncs);
    let mut payee = Person::new("payee", FileKv::on(medium).expect("a new store"));
    for run in 0..2 * TURNS {
        for number in 0..if run % 2 == 0 { 1 } else { PAYERS } {
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
        alone.push(load(address, 2 * turn, 1, ALONE));
        let between = syncs.count();
        many.push(load(address, 2 * turn + 1, PAYERS, EACH));
        per_alone.push((between - before) as f64 / ALONE as f64);
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
        let fresh = (Secret::from_bytes(fresh()), fresh());
        let over = |visit: Visit| visit.result.expect("a whole visit");
        lobby.admit(link, hang_up, Goal::Receive { ask: None }, fresh, over).expect("a thread");
    }
}

/// Lets another process pay; payments a second.
fn load(address: SocketAddr, run: usize, payers: usize, rounds: usize) -> f64 {
    let program = std::env::current_exe().expect("this program");
    let numbers = [run, payers, rounds].map(|number| number.to_string());
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
pub(crate) fn pay(address: SocketAddr, run: usize, payers: usize, rounds: usize) -> f64 {
    let payee = Person::new("payee", MemoryKv::default()).card();
    let barrier = Barrier::new(payers + 1);
    thread::scope(|scope| {
        for number in 0..payers {
            let (payee, barrier) = (&payee, &barrier);
            scope.spawn(move || {
                let mut payer = Person::new(&name(run, number), MemoryKv::default());
                payer.pin("payee", payee.clone());
                let token = payer.issue(1_000_000);
                barrier.wait();
                for round in 0..rounds {
                    let to = (payee.descriptor.id(), &payee.kem, address);
                    pay_once(&mut payer, to, token, 1 + round as u64, (run, number, round));
                }
                barrier.wait();
            });
        }
        barrier.wait();
        let clock = wall();
        barrier.wait();
        (payers * rounds) as f64 / clock.elapsed().as_secs_f64()
    })
}

fn pay_once(
    payer: &mut Person<MemoryKv>,
    (peer, kem, address): (DeviceId, &KemPublic, SocketAddr),
    token: TokenId,
    amount: u64,
    seed: (usize, usize, usize),
) {
    let link = TcpLink::connect(address).expect("a connection");
    let (run, number, round) = seed;
    let seed = [run as u64, number as u64, round as u64];
    let fresh = |purpose| *hash(Domain::Seed, &(purpose, seed[0], seed[1], seed[2])).as_bytes();
    let link = payer.engine.call(link, kem, Secret::from_bytes(fresh("channel")));
    let mut link = link.expect("a secure channel");
    let goal = Goal::Pay { peer, token, amount };
    payer.engine.converse(&mut link, goal, fresh("session"), &mut |_| {}).expect("a payment");
}
