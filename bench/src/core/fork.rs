//! What a cheat leaves behind: a copied device pays one payee twice from one index.

use dsm_encoding::to_vec;
use dsm_log::SignedHead;
use dsm_sim::{NETWORK, introduce};

use super::transfer::{device, issuer, message, receive};
use crate::report::Report;
use crate::timing::Samples;

const ROUNDS: u64 = 200;

pub(crate) fn run(report: &mut Report) {
    let (mut issuer, token) = issuer("issuer", 1);
    let (mut ada, mut ben) = (device("ada"), device("ben"));
    introduce(&mut ada, &mut ben);
    let (index, note) = issuer.issue(token, 0, 1_000, ada.lock());
    ada.take_issue(&issuer, index, note);
    let mut copy = ada.clone();
    let first = ada.pay(&mut ben, token, 1_000);
    let second = copy.pay(&mut ben, token, 1_000);
    let second_bytes = message(&copy, &ben, &second.dealing);
    let first_bytes = message(&ada, &ben, &first.dealing);
    receive(&mut ben, &first_bytes, first.nonce).result.expect("the first of two");
    let verdict = receive(&mut ben, &second_bytes, second.nonce);
    let proof = (**verdict.forks.first().expect("a fork proof")).clone();
    report.number("fork.bytes", to_vec(&proof).len() as f64);
    let head = SignedHead::message(NETWORK, &ada.id(), &proof.first);
    let (mut proofs, mut signatures) = (Samples::default(), Samples::default());
    for _ in 0..ROUNDS {
        let key = &proof.device.key;
        signatures
            .time(|| key.verify(&head, &proof.first_signature.signature).expect("a signed head"));
        let claimed = proof.clone();
        proofs.time(|| claimed.verify().expect("a fork"));
    }
    report.number("fork.verify_us", proofs.median());
    report.number("fork.verify_over_signature", proofs.median() / signatures.median());
}
