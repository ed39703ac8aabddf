//! Payments that are durable on both sides, over loopback TCP.
//!
//! The floor of one is every sync that its two stores issued, at the price of a raw one in the same
//! run, and the CPU of its four signature operations. The channel stands before the clock starts.

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use cpu_time::ProcessTime;
use dsm_core::TokenId;
use dsm_crypto::{Domain, KemPublic, Secret, SecretKey, Signer, hash};
use dsm_log::DeviceId;
use dsm_session::Goal;
use dsm_store::{FileKv, Kv};
use dsm_transport::{TcpLink, TcpPlace};

use super::medium::{Medium, RawSync, Syncs};
use super::people::{Person, fresh, introduce};
use crate::report::Report;
use crate::timing::{Samples, micros, wall};

const ROUNDS: u64 = 60;
const WARM_UP: u64 = 10;

pub(crate) fn run(report: &mut Report) {
    let folder = tempfile::tempdir().expect("a folder");
    let (ours, theirs) = (Syncs::default(), Syncs::default());
    let file = |name: &str, syncs: &Syncs| {
        FileKv::on(Medium::create(&folder.path().join(name), syncs)).expect("a new store")
    };
    let mut ada = Person::new("ada", file("ada", &ours));
    let mut ben = Person::new("ben", file("ben", &theirs));
    introduce(&mut ada, &mut ben);
    let token = ada.issue(1_000_000);
    let (peer, kem) = (ben.engine.wallet().me(), ben.card().kem);
    let place = TcpPlace::bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
    let address = place.address().expect("an address");
    let (go, told) = channel();
    let (done, ended) = channel();
    let payee = thread::spawn(move || receive(ben, &place, &told, &done));
    let mut raw = RawSync::beside(folder.path());
    let keys = [1, 2].map(|seed| SecretKey::from_seed(Secret::from_bytes([seed; 64])));
    let mut figures = Figures::default();
    for round in 0..WARM_UP + ROUNDS {
        let before = ours.count() + theirs.count();
        let (time, spent) =
            pay(&mut ada, (peer, &kem, address), (token, 100 + round), (&go, &ended));
        if round < WARM_UP {
            continue;
        }
        figures.wall.push(time);
        figures.cpu.push(spent);
        figures.syncs.push((ours.count() + theirs.count() - before) as f64);
        for _ in 0..8 {
            raw.once();
        }
        figures.floor.push(signatures(&keys, round));
    }
    drop(go);
    payee.join().expect("the payee ends");
    let (wall, syncs, cpu) =
        (figures.wall.median(), figures.syncs.median(), figures.floor.median());
    let floor = syncs * raw.median() + cpu;
    report.number("durable.wall_over_floor", wall / floor);
    report.number("durable.wall_us", wall);
    report.number("durable.syncs", syncs);
    report.number("durable.raw_sync_us", raw.median());
    report.number("durable.cpu_us", figures.cpu.median());
    report.number("durable.cpu_floor_us", cpu);
}

#[derive(Default)]
struct Figures {
    wall: Samples,
    cpu: Samples,
    syncs: Samples,
    floor: Samples,
}

/// Serves one caller after the other.
fn receive<K: Kv>(mut payee: Person<K>, place: &TcpPlace, told: &Receiver<()>, done: &Sender<()>) {
    while let Ok(()) = told.recv() {
        let link = place.accept().expect("a caller");
        let link = payee.engine.answer(link, Secret::from_bytes(fresh()));
        let mut link = link.expect("a secure channel");
        done.send(()).expect("somebody waits");
        let goal = Goal::Receive { ask: None };
        payee.engine.converse(&mut link, goal, fresh(), &mut |_| {}).expect("a payment");
        done.send(()).expect("somebody waits");
    }
}

/// One payment; microseconds on the wall from Hello to the end of both sides, and of CPU in them.
fn pay<K: Kv>(
    payer: &mut Person<K>,
    (peer, kem, address): (DeviceId, &KemPublic, SocketAddr),
    (token, amount): (TokenId, u64),
    (go, ended): (&Sender<()>, &Receiver<()>),
) -> (f64, f64) {
    go.send(()).expect("the payee listens");
    let link = TcpLink::connect(address).expect("a connection");
    let link = payer.engine.call(link, kem, Secret::from_bytes(fresh()));
    let mut link = link.expect("a secure channel");
    ended.recv().expect("the payee answered");
    let (clock, spent) = (wall(), ProcessTime::now());
    let goal = Goal::Pay { peer, token, amount };
    payer.engine.converse(&mut link, goal, fresh(), &mut |_| {}).expect("a payment");
    ended.recv().expect("the payee is done");
    (clock.elapsed().as_secs_f64() * 1e6, spent.elapsed().as_secs_f64() * 1e6)
}

/// CPU of two signatures made and verified.
fn signatures(keys: &[SecretKey], round: u64) -> f64 {
    let (time, ()) = micros(|| {
        for key in keys {
            let message = hash(Domain::SignedHead, &round);
            let signature = key.sign(&message);
            key.public_key().verify(&message, &signature).expect("an own signature");
        }
    });
    time
}
