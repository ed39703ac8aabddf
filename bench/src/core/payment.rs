//! A whole payment between two contacts, beside the signatures made and verified in it.
//!
//! Both wallets keep their books in memory, or durably in a file; they hold a whole session, from Hello
//! to Done, as messages in bytes. Each side has ten relationships; the payee knows where the money
//! came from. The channel and its handshake are not part of it.

use dsm_core::TokenId;
use dsm_store::{FileKv, Kv, MemoryKv};

use super::predecessor::Predecessor;
use crate::report::Report;
use crate::timing::Samples;
use crate::wallets::{Person, pay};

const ROUNDS: u64 = 300;
const DURABLE_ROUNDS: u64 = 40;
const PREDECESSOR_EVERY: u64 = 60;
const RELATIONSHIPS: usize = 10;

pub(crate) fn run(report: &mut Report) {
    in_memory(report);
    durable(report);
}

fn in_memory(report: &mut Report) {
    let (ada, ben, token) = contacts(|_| MemoryKv::default());
    let predecessor = Predecessor::new();
    let (mut whole, mut floor, mut before) =
        (Samples::default(), Samples::default(), Samples::default());
    let mut bytes = 0;
    let (ada, ben) = (ada.rest(), ben.rest());
    for round in 0..ROUNDS {
        // Another amount each time, so that the lattice signatures take their various times.
        let (mut payer, mut payee) = (ada.wake(), ben.wake());
        // In turns first, so that either finds the caches as cold.
        if round % 2 == 0 {
            floor.time(|| signatures(&payer, &payee, round));
        }
        bytes = whole.time(|| pay(&mut payer, &mut payee, token, 100 + round));
        if round % 2 == 1 {
            floor.time(|| signatures(&payer, &payee, round));
        }
        if round % PREDECESSOR_EVERY == 0 {
            before.time(|| predecessor.transfer(u8::try_from(round % 256).unwrap_or_default()));
        }
    }
    let (whole, floor, before) = (whole.median(), floor.median(), before.median());
    report.number("payment.cpu_over_floor", whole / floor);
    report.number("payment.cpu_us", whole);
    report.number("payment.floor_us", floor);
    report.number("payment.over_predecessor", whole / before);
    report.number("payment.predecessor_us", before);
    report.number("payment.bytes", bytes as f64);
}

/// The same in files. A session has several durable steps, and each waits for the disk.
fn durable(report: &mut Report) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| FileKv::create(&folder.path().join(name)).expect("a new file");
    let (mut ada, mut ben, token) = contacts(file);
    let (mut whole, mut wall, mut floor) =
        (Samples::default(), Samples::default(), Samples::default());
    for round in 0..DURABLE_ROUNDS {
        let clock = crate::timing::wall();
        whole.time(|| pay(&mut ada, &mut ben, token, 100 + round));
        wall.push(clock.elapsed().as_secs_f64() * 1e6);
        floor.time(|| signatures(&ada, &ben, round));
    }
    report.number("payment.durable_cpu_over_floor", whole.median() / floor.median());
    report.number("payment.durable_cpu_us", whole.median());
    report.number("payment.durable_wall_us", wall.median());
}

/// Two contacts with ten relationships each; the payee knows where the payer's money came from.
fn contacts<K: Kv>(store: impl Fn(&str) -> K) -> (Person<K>, Person<K>, TokenId) {
    let [mut ada, mut ben] = ["ada", "ben"].map(|name| Person::new(name, store(name)));
    ada.meet(&ben);
    ben.meet(&ada);
    for number in 1..RELATIONSHIPS {
        let mut other = Person::new(&format!("other {number}"), MemoryKv::default());
        for one in [&mut ada, &mut ben] {
            one.meet(&other);
            other.meet(one);
            let token = one.issue(&format!("token {number}"), 1);
            pay(one, &mut other, token, 1);
        }
    }
    let token = ada.issue("token", 1_000_000);
    pay(&mut ada, &mut ben, token, 1_000);
    (ada, ben, token)
}

/// Each side signs once and verifies the other's signature once.
fn signatures<K: Kv>(payer: &Person<K>, payee: &Person<K>, round: u64) {
    payer.sign_and_verify(round);
    payee.sign_and_verify(round + ROUNDS);
}
