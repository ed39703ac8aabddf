//! A whole payment between two contacts in memory, beside the signatures made and verified in it.

use dsm_crypto::{Digest, Signer as _};
use dsm_log::SignedHead;
use dsm_sim::{Actor, NETWORK, introduce};

use super::predecessor::Predecessor;
use super::transfer::{device, issuer, relate, transfer};
use crate::report::Report;
use crate::timing::Samples;

const ROUNDS: u64 = 200;
const PREDECESSOR_EVERY: u64 = 40;
const RELATIONSHIPS: u64 = 10;

pub(crate) fn run(report: &mut Report) {
    let (ada, ben, token) = contacts();
    let predecessor = Predecessor::new();
    let (mut whole, mut floor, mut before) =
        (Samples::default(), Samples::default(), Samples::default());
    let mut bytes = 0;
    for round in 0..ROUNDS {
        // Another amount each time, so that the lattice signatures take their various times.
        let (mut payer, mut payee) = (ada.clone(), ben.clone());
        let transcript = whole.time(|| transfer(&mut payer, &mut payee, token, 100 + round));
        bytes = transcript.bytes();
        let messages = (signed(&payer), signed(&payee));
        floor.time(|| signatures(&payer, &payee, messages));
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
    eprintln!("payment.bytes counts the messages of the core, not yet those of a session");
    report.number("payment.bytes", bytes as f64);
}

/// Two contacts with ten relationships each; the payee knows where the payer's money came from.
fn contacts() -> (Actor, Actor, dsm_core::TokenId) {
    let (mut issuer, token) = issuer("issuer", 1);
    let (mut ada, mut ben) = (device("ada"), device("ben"));
    introduce(&mut ada, &mut ben);
    relate(&mut ada, RELATIONSHIPS - 1);
    relate(&mut ben, RELATIONSHIPS - 1);
    let (index, note) = issuer.issue(token, 0, 1_000_000, ada.lock());
    ada.take_issue(&issuer, index, note);
    transfer(&mut ada, &mut ben, token, 1);
    (ada, ben, token)
}

/// What a device signed last.
fn signed(actor: &Actor) -> Digest {
    SignedHead::message(NETWORK, &actor.id(), &actor.at())
}

/// Each side signs once and verifies the other's signature once.
fn signatures(payer: &Actor, payee: &Actor, (pays, receives): (Digest, Digest)) {
    for (actor, message) in [(payer, pays), (payee, receives)] {
        let signature = actor.key.sign(&message);
        actor.descriptor.key.verify(&message, &signature).expect("an own signature");
    }
}
