//! A payment over slow media: its letters as pictures of QR codes, its session on a serial line.

use std::thread;

use dsm_core::TokenId;
use dsm_crypto::Secret;
use dsm_engine::Secure;
use dsm_link::{Link, LinkError};
use dsm_log::DeviceId;
use dsm_session::{Goal, Request};
use dsm_store::MemoryKv;
use dsm_transport::trial::{Line, cost};
use dsm_transport::{Framed, Serial};

use super::people::{Person, fresh, introduce};
use crate::report::Report;
use crate::timing::Samples;

const BAUD: u32 = 115_200;
/// What a QR code of version 20 holds.
const PICTURE: usize = 858;
/// Of a thousand pictures so many are not seen.
const MISSED: u64 = 100;
const SEEDS: u64 = 1_001;
/// How often a payment goes over a line.
const LINES: u64 = 5;

pub(crate) fn run(report: &mut Report) {
    let (mut ada, mut ben, token) = contacts();
    serial(&mut ada, &mut ben, token, report);
    let letters = letters(&mut ada, &mut ben, token);
    for (name, letter) in ["greeting", "request", "pay", "receipt"].iter().zip(&letters) {
        report.number(format!("qr.{name}_bytes"), *letter as f64);
    }
    let mut frames: Vec<usize> = (0..SEEDS)
        .map(|seed| {
            let cost = cost(&letters, PICTURE, MISSED, seed);
            assert!(cost.whole, "a payment that does not come through");
            cost.frames.into_iter().max().unwrap_or_default()
        })
        .collect();
    frames.sort_unstable();
    let part = |of_a_hundred: usize| frames[frames.len() * of_a_hundred / 100] as f64;
    report.number("qr.frames", part(50));
    report.number("qr.frames_of_ten_the_ninth", part(90));
    report.number("qr.frames_without_loss", {
        let cost = cost(&letters, PICTURE, 0, 0);
        cost.frames.into_iter().max().unwrap_or_default() as f64
    });
}

/// Two contacts who dealt before, and money that the payee knows.
fn contacts() -> (Person<MemoryKv>, Person<MemoryKv>, TokenId) {
    let [mut ada, mut ben] = ["ada", "ben"].map(|name| Person::new(name, MemoryKv::default()));
    introduce(&mut ada, &mut ben);
    let token = ada.issue(1_000_000);
    for amount in [1_000, 2_000] {
        over_line(&mut ada, &mut ben, Some((token, amount)));
    }
    (ada, ben, token)
}

/// The lengths of the four letters of a payment, each read by the other side.
fn letters(ada: &mut Person<MemoryKv>, ben: &mut Person<MemoryKv>, token: TokenId) -> Vec<usize> {
    let (payer, payee) = (ada.engine.wallet().me(), ben.engine.wallet().me());
    let greeting = letter(ada, ben, payee, None);
    let (memo, expires) = (None, None);
    let request = Request { token, amount: 500, memo, expires };
    let request = letter(ben, ada, payer, Some(request));
    ada.engine.pay_asked(&payee, token, 500).expect("a payment");
    let pay = letter(ada, ben, payee, None);
    let receipt = letter(ben, ada, payer, None);
    vec![greeting, request, pay, receipt]
}

fn letter(
    from: &mut Person<MemoryKv>,
    to: &mut Person<MemoryKv>,
    reader: DeviceId,
    request: Option<Request>,
) -> usize {
    let fresh = Secret::from_bytes(fresh());
    let letter = from.engine.write_letter(&reader, request, &fresh).expect("a letter");
    let read = to.engine.read_letter(&letter).expect("a letter for this one");
    assert!(read.failure.is_none(), "{read:?}");
    letter.len()
}

/// What a payment puts on a real line, a pseudo-terminal, beside the bytes of its messages. The
/// handshake, with the greeting and the good-bye of a line, is measured by itself.
fn serial(
    ada: &mut Person<MemoryKv>,
    ben: &mut Person<MemoryKv>,
    token: TokenId,
    report: &mut Report,
) {
    let (mut payment, mut handshake) = (Samples::default(), Samples::default());
    let mut payload = 0;
    for amount in 0..LINES {
        let (all, said) = over_line(ada, ben, Some((token, 300 + amount)));
        let (before, _) = over_line(ada, ben, None);
        payment.push((all - before) as f64);
        handshake.push(before as f64);
        payload = said;
    }
    let (wire, payload) = (payment.median(), payload as f64);
    report.number("serial.overhead", wire / payload - 1.0);
    report.number("serial.payload_bytes", payload);
    report.number("serial.wire_bytes", wire);
    report.number("serial.handshake_wire_bytes", handshake.median());
}

/// From the call to the end over a serial line without faults, with a payment or with a handshake
/// only: bytes on the line, both ways, and bytes of the messages of the session.
fn over_line(
    ada: &mut Person<MemoryKv>,
    ben: &mut Person<MemoryKv>,
    pays: Option<(TokenId, u64)>,
) -> (u64, u64) {
    let line = Line::new(None).expect("pseudo-terminals");
    let [near, far] = line.ends();
    let (peer, kem) = (ben.engine.wallet().me(), ben.card().kem);
    let (secret, other) = (Secret::from_bytes(fresh()), Secret::from_bytes(fresh()));
    let port = |path| Serial::open(path, BAUD).expect("a port");
    let (near, far) = (port(near), port(far));
    thread::scope(|scope| {
        let called = scope.spawn(|| {
            let link = Framed::wait(far, [2; 4], None).expect("a caller");
            let link = ben.engine.answer(link, other).expect("a secure channel");
            let mut link = Counted { link, said: 0 };
            if pays.is_some() {
                let goal = Goal::Receive { ask: None };
                ben.engine.converse(&mut link, goal, fresh(), &mut |_| {}).expect("a payment");
            }
            // Its last word leaves when it listens once more, until the payer hangs up.
            assert_eq!(link.receive(1).expect("the end"), None);
            (link.said, link.link.traffic())
        });
        let link = Framed::call(near, [1; 4]).expect("somebody waits");
        let link = ada.engine.call(link, &kem, secret).expect("a secure channel");
        let mut link = Counted { link, said: 0 };
        if let Some((token, amount)) = pays {
            let goal = Goal::Pay { peer, token, amount };
            ada.engine.converse(&mut link, goal, fresh(), &mut |_| {}).expect("a payment");
        }
        let (ours, sent) = (link.said, link.link.traffic().sent);
        drop(link);
        let (theirs, traffic) = called.join().expect("the payee ends");
        // What the payee heard is all that the payer said, the good-bye too.
        (traffic.sent + traffic.received.max(sent), ours + theirs)
    })
}

/// A secure link that counts what is said over it.
struct Counted<L> {
    link: Secure<L>,
    said: u64,
}

impl<L: Link> Link for Counted<L> {
    fn send(&mut self, message: &[u8]) -> Result<(), LinkError> {
        self.said += message.len() as u64;
        self.link.send(message)
    }

    fn receive(&mut self, most: usize) -> Result<Option<Vec<u8>>, LinkError> {
        self.link.receive(most)
    }

    fn peer_key(&self) -> Option<[u8; 32]> {
        self.link.peer_key()
    }
}
