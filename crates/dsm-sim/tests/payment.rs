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
