//! What a pack shows of one log in one run, and what in two (`spec/packs.md`, plans).

use dsm_sim::{PURSE, Town};

/// How many runs of Ada's log Cleo is shown, if Ada writes some entries between two visits of a note.
fn runs_with(others: usize) -> usize {
    let Town { mut ada, mut ben, mut cleo, token, .. } = Town::new();
    ada.settle(&mut ben, token, PURSE);
    (0..others).for_each(|_| ada.idle());
    ben.settle(&mut ada, token, PURSE);
    let payment = ada.pay(&mut cleo, token, PURSE);
    let dealt = ada.deal(&payment.dealing, &cleo);
    let known = |number: u32| dealt.pack.devices[number as usize].id() == ada.id();
    let runs = dealt.pack.runs.iter().filter(|run| known(run.device)).count();
    cleo.receive(&dealt, payment.nonce).result.expect("an honest payment");
    runs
}

#[test]
fn stretches_nearer_than_a_signature_weighs_are_one_run() {
    assert_eq!(runs_with(0), 1);
    assert_eq!(runs_with(60), 1);
    assert_eq!(runs_with(70), 2);
}
