//! Value moves, and comes back, by the shipped rules.

use dsm_core::Facts;
use dsm_sim::{Actor, free_policy, introduce};

#[test]
fn value_goes_round_three_devices_and_back() {
    let mut issuer = Actor::new("issuer");
    let mut ada = Actor::new("ada");
    let mut ben = Actor::new("ben");
    let mut cleo = Actor::new("cleo");
    let policy = free_policy(&issuer, 10, 1_000);
    let token = policy.id();
    let facts = Facts {
        policies: vec![policy],
        descriptors: vec![issuer.descriptor.clone()],
        ..Facts::default()
    };
    issuer.view.learn(&facts);
    introduce(&mut ada, &mut ben);
    introduce(&mut ben, &mut cleo);
    introduce(&mut cleo, &mut ada);
    let (index, note) = issuer.issue(token, 0, 1_000, ada.lock());
    ada.take_issue(&issuer, index, note);
    ada.settle(&mut ben, token, 600);
    ben.settle(&mut cleo, token, 500);
    cleo.settle(&mut ada, token, 50);
    ada.settle(&mut ben, token, 450);
    ben.settle(&mut cleo, token, 1);
    let balances = [ada.balance(token), ben.balance(token), cleo.balance(token)];
    assert_eq!(balances, [0, 549, 451]);
}

#[test]
fn contacts_that_are_far_apart_deal_without_the_run_between() {
    for (gap, records) in [(100, 31), (10, 2)] {
        let mut issuer = Actor::new("issuer");
        let (mut ada, mut ben) = (Actor::new("ada"), Actor::new("ben"));
        let policy = free_policy(&issuer, 10, 1_000);
        let token = policy.id();
        issuer.view.learn(&Facts {
            policies: vec![policy],
            descriptors: vec![issuer.descriptor.clone()],
            ..Facts::default()
        });
        introduce(&mut ada, &mut ben);
        ada.view.settings.max_gap = gap;
        ben.view.settings.max_gap = gap;
        let (index, note) = issuer.issue(token, 0, 1_000, ada.lock());
        ada.take_issue(&issuer, index, note);
        ada.settle(&mut ben, token, 1_000);
        for _ in 0..30 {
            ada.idle();
        }
        // The note's floor is new, so nothing but the gap asks for old records.
        let (index, note) = issuer.issue(token, 1, 1_000, ada.lock());
        ada.take_issue(&issuer, index, note);
        let payment = ada.pay(&mut ben, token, 600);
        let dealt = ada.deal(&payment.dealing, &ben);
        let shown: usize = dealt.pack.runs.iter().map(|run| run.records.len()).sum();
        assert_eq!(shown, records + 1, "gap {gap}");
        let verdict = ben.receive(&dealt, payment.nonce);
        assert!(verdict.result.is_ok(), "{:?}", verdict.result);
    }
}
