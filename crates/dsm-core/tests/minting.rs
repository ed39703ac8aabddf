//! Nobody makes value but the issuing log, lot by lot (`spec/tokens.md`).

use std::collections::BTreeSet;

use dsm_core::value::{Cosignature, cosign_message};
use dsm_core::{Cosigners, Kind, Lock, Output, Policy, Reject, Value, lot_id};
use dsm_crypto::{Digest, Secret, SecretKey, Signer};
use dsm_encoding::List;
use dsm_log::{Network, SpendId};
use dsm_sim::{Actor, Payment, Town, introduce, outputs, stretch};

/// A payee that pinned a mint which pays it by issuing.
fn mint_and_payee() -> (Town, Actor, Actor) {
    mint_and_payee_with(|_| {})
}

fn mint_and_payee_with(change: impl FnOnce(&mut Policy)) -> (Town, Actor, Actor) {
    let town = Town::poor(change);
    let (mut mint, mut ben) = (town.mint.clone(), town.ben.clone());
    introduce(&mut mint, &mut ben);
    (town, mint, ben)
}

fn issue(town: &Town, lot: u64, amount: u64, lock: Lock) -> Value {
    let outputs = outputs([Output { token: town.token, amount, lock }]);
    Value::Issue { token: town.token, lot, outputs, cosignatures: List::default() }
}

fn issues(town: &Town, mint: &mut Actor, ben: &mut Actor, lot: u64, amount: u64) -> Payment {
    let value = issue(town, lot, amount, ben.lock());
    mint.claim(ben, vec![lot_id(&town.token, lot)], value)
}

#[test]
fn accepts_a_lot_from_the_issuing_log() {
    let (town, mut mint, mut ben) = mint_and_payee();
    let payment = issues(&town, &mut mint, &mut ben, 99, 1_000);
    assert_eq!(mint.refused_by(&ben, &payment), None);
}

#[test]
fn rejects_minting_outside_the_issuing_log() {
    let Town { mut ada, mut ben, token, policy, .. } = Town::poor(|_| {});
    ada.learn_policy(&policy);
    let outputs = outputs([Output { token, amount: 1, lock: ben.lock() }]);
    let value = Value::Issue { token, lot: 0, outputs, cosignatures: List::default() };
    let payment = ada.claim(&mut ben, vec![lot_id(&token, 0)], value);
    assert_eq!(ada.refused_by(&ben, &payment), Some(Reject::NotIssuer { token }));
}

#[test]
fn rejects_more_than_a_lot_holds() {
    let (town, mut mint, mut ben) = mint_and_payee();
    let payment = issues(&town, &mut mint, &mut ben, 0, 1_001);
    let refusal = mint.refused_by(&ben, &payment);
    assert_eq!(refusal, Some(Reject::LotAmount { token: town.token }));
}

#[test]
fn rejects_more_than_a_lot_holds_in_several_outputs() {
    let (town, mut mint, mut ben) = mint_and_payee();
    let token = town.token;
    let half = |amount| Output { token, amount, lock: ben.lock() };
    let outputs = outputs([half(500), half(501)]);
    let value = Value::Issue { token, lot: 0, outputs, cosignatures: List::default() };
    let payment = mint.claim(&mut ben, vec![lot_id(&token, 0)], value);
    assert_eq!(mint.refused_by(&ben, &payment), Some(Reject::LotAmount { token }));
}

#[test]
fn rejects_an_issue_whose_sum_overflows() {
    let (town, mut mint, mut ben) = mint_and_payee();
    let token = town.token;
    let part = |owner: &Actor, amount| Output { token, amount, lock: owner.lock() };
    let outputs = outputs([part(&ben, u64::MAX), part(&mint, 2)]);
    let value = Value::Issue { token, lot: 0, outputs, cosignatures: List::default() };
    let payment = mint.claim(&mut ben, vec![lot_id(&token, 0)], value);
    assert_eq!(mint.refused_by(&ben, &payment), Some(Reject::Overflow { token }));
}

#[test]
fn rejects_a_lot_that_the_policy_does_not_have() {
    let (town, mut mint, mut ben) = mint_and_payee();
    let payment = issues(&town, &mut mint, &mut ben, 100, 1);
    let refusal = mint.refused_by(&ben, &payment);
    assert_eq!(refusal, Some(Reject::LotRange { token: town.token }));
}

#[test]
fn rejects_a_lot_used_twice() {
    let (town, mut mint, mut ben) = mint_and_payee();
    mint.issue(town.token, 7, 1_000, town.cleo.lock());
    let mut again = mint.clone();
    let fresh = issues(&town, &mut mint, &mut ben.clone(), 8, 1);
    assert_eq!(mint.refused_by(&ben, &fresh), None);
    let twice = issues(&town, &mut again, &mut ben, 7, 1);
    let (id, device) = (lot_id(&town.token, 7), mint.id());
    let refusal = again.refused_by(&ben, &twice);
    assert_eq!(refusal, Some(Reject::SpentBefore { id, device, index: 1 }));
}

#[test]
fn rejects_a_lot_that_a_hidden_record_of_the_issuer_named() {
    let (town, mut mint, mut ben) = mint_and_payee();
    let (id, device) = (lot_id(&town.token, 7), mint.id());
    mint.scribble(vec![id]);
    let payment = issues(&town, &mut mint, &mut ben, 7, 1);
    let refusal = mint.refused_by(&ben, &payment);
    assert_eq!(refusal, Some(Reject::SpentBefore { id, device, index: 1 }));
}

#[test]
fn rejects_an_issue_without_every_record_since_the_floor() {
    let (town, mut mint, mut ben) = mint_and_payee();
    mint.idle();
    mint.idle();
    mint.idle();
    let payment = issues(&town, &mut mint, &mut ben, 0, 1);
    let whole = mint.insist(&payment.dealing);
    assert_eq!(ben.refusal(&whole, payment.nonce), None);
    let part = mint.show(&payment.dealing, &[stretch(mint.id(), 2, 4, &[4])]);
    let lot = lot_id(&town.token, 0);
    assert_eq!(ben.refusal(&part, payment.nonce), Some(Reject::FloorNotOnLog { id: lot }));
}

#[test]
fn rejects_an_issue_with_a_hole_since_the_floor() {
    let (town, mut mint, mut ben) = mint_and_payee();
    let lot = |lot| vec![lot_id(&town.token, lot)];
    mint.write(None, lot(0), Some(issue(&town, 0, 1, ben.lock())), vec![], None);
    mint.scribble(lot(2));
    mint.idle();
    let payment = issues(&town, &mut mint, &mut ben, 2, 1);
    let (id, device) = (mint.id(), mint.id());
    // The run that would show the earlier use of lot 2 is left out; the floor is shown.
    let holed = [stretch(id, 0, 1, &[1]), stretch(id, 2, 4, &[4])];
    let refusal = ben.refusal(&mint.show(&payment.dealing, &holed), payment.nonce);
    assert_eq!(refusal, Some(Reject::RunIncomplete { device }));
    let refusal = ben.refusal(&mint.insist(&payment.dealing), payment.nonce);
    assert!(matches!(refusal, Some(Reject::SpentBefore { .. })));
}

#[test]
fn rejects_an_issue_before_the_floor_of_its_policy() {
    let mut mint = Actor::new("mint");
    mint.idle();
    mint.idle();
    let floor = mint.at();
    for (early, refused) in [(false, false), (true, true)] {
        let town = Town::poor(|policy| policy.issuer_floor = floor);
        let (mut mint, mut ben) = (if early { town.mint } else { mint.clone() }, town.ben.clone());
        mint.learn_policy(&town.policy);
        introduce(&mut mint, &mut ben);
        let value = Value::Issue {
            token: town.token,
            lot: 0,
            outputs: outputs([Output { token: town.token, amount: 1, lock: ben.lock() }]),
            cosignatures: List::default(),
        };
        let id = lot_id(&town.token, 0);
        let payment = mint.claim(&mut ben, vec![id], value);
        let from = if early { 0 } else { 1 };
        let to = mint.at().index;
        let dealt = mint.show(&payment.dealing, &[stretch(mint.id(), from, to, &[to])]);
        let expected = refused.then_some(Reject::FloorNotOnLog { id });
        assert_eq!(ben.refusal(&dealt, payment.nonce), expected);
    }
}

#[test]
fn rejects_an_issue_of_another_token() {
    let (town, mut mint, mut ben) = mint_and_payee();
    let other = Policy { decimals: 3, ..town.policy.clone() };
    mint.learn_policy(&other);
    let outputs = outputs([Output { token: other.id(), amount: 1, lock: ben.lock() }]);
    let value = Value::Issue { token: town.token, lot: 0, outputs, cosignatures: List::default() };
    let payment = mint.claim(&mut ben, vec![lot_id(&town.token, 0)], value);
    let refusal = mint.refused_by(&ben, &payment);
    assert_eq!(refusal, Some(Reject::IssueToken { token: town.token }));
}

#[test]
fn rejects_an_issue_that_does_not_consume_just_its_lot() {
    let (town, mint, ben) = mint_and_payee();
    let lot = lot_id(&town.token, 0);
    let other = SpendId(Digest::from_bytes([9; 32]));
    for spends in [vec![], vec![other], vec![lot, other], vec![lot_id(&town.token, 1)]] {
        let (mut mint, mut ben) = (mint.clone(), ben.clone());
        let value = issue(&town, 0, 1, ben.lock());
        let payment = mint.claim(&mut ben, spends, value);
        let refusal = mint.refused_by(&ben, &payment);
        assert_eq!(refusal, Some(Reject::Spends { device: mint.id(), index: 1 }));
    }
}

#[test]
fn a_token_is_every_economic_field() {
    let town = Town::poor(|_| {});
    let policy = &town.policy;
    let digest = Some(Digest::ZERO);
    let others = [
        Policy { network: Network::MAIN, ..policy.clone() },
        Policy { decimals: 3, ..policy.clone() },
        Policy { kind: Kind::Unique, ..policy.clone() },
        Policy { issuer: town.ada.id(), ..policy.clone() },
        Policy { issuer_floor: town.ada.at(), ..policy.clone() },
        Policy { lots: 101, ..policy.clone() },
        Policy { units_per_lot: 1_001, ..policy.clone() },
        Policy { allow_set: digest, ..policy.clone() },
        Policy { entry_limit: Some(1), ..policy.clone() },
        Policy { transferable: false, ..policy.clone() },
        Policy { class_floor: dsm_core::FinalityClass::Purse, ..policy.clone() },
        Policy { burnable: false, ..policy.clone() },
        Policy { metadata: digest, ..policy.clone() },
        policy.clone(),
    ];
    let ids: BTreeSet<_> = others.iter().map(Policy::id).collect();
    assert_eq!(ids.len(), others.len());
}

#[test]
fn rejects_a_token_whose_policy_makes_no_sense() {
    let key = signer(0).public_key().clone();
    let senseless: [fn(&mut Policy); 5] = [
        |policy| policy.lots = u64::MAX,
        |policy| policy.lots = 0,
        |policy| policy.decimals = 19,
        |policy| policy.kind = Kind::Unique,
        |policy| policy.cosigners.threshold = 1,
    ];
    for change in senseless {
        let (town, mut mint, mut ben) = mint_and_payee_with(change);
        let payment = issues(&town, &mut mint, &mut ben, 0, 1);
        let refusal = mint.refused_by(&ben, &payment);
        assert_eq!(refusal, Some(Reject::PolicyUnknown { token: town.token }));
    }
    let (town, mut mint, mut ben) = mint_and_payee_with(|policy| {
        let keys = vec![key.clone(), key].try_into().unwrap_or_default();
        policy.cosigners = Cosigners { threshold: 0, keys };
    });
    let payment = issues(&town, &mut mint, &mut ben, 0, 1);
    let refusal = mint.refused_by(&ben, &payment);
    assert_eq!(refusal, Some(Reject::PolicyUnknown { token: town.token }));
}

#[test]
fn rejects_a_token_whose_policy_is_not_shown() {
    let (town, mut mint, mut ben) = mint_and_payee();
    let payment = issues(&town, &mut mint, &mut ben, 0, 1);
    let mut dealt = mint.insist(&payment.dealing);
    dsm_sim::edit(&mut dealt.pack.tokens, |tokens| {
        *tokens = vec![dsm_core::pack::PackToken::Named { id: town.token }];
    });
    let refusal = ben.refusal(&dealt, payment.nonce);
    assert_eq!(refusal, Some(Reject::PolicyUnknown { token: town.token }));
    ben.learn_policy(&town.policy);
    assert_eq!(ben.refusal(&dealt, payment.nonce), None);
}

#[test]
fn rejects_a_token_of_another_network() {
    let (town, mut mint, mut ben) = mint_and_payee_with(|policy| policy.network = Network::MAIN);
    let payment = issues(&town, &mut mint, &mut ben, 0, 1);
    assert_eq!(mint.refused_by(&ben, &payment), Some(Reject::Network));
}

fn signer(number: u8) -> SecretKey {
    SecretKey::from_seed(Secret::from_bytes([number; 64]))
}

fn cosigned_town() -> (Town, Actor, Actor) {
    mint_and_payee_with(|policy| {
        let keys = (0..3).map(|number| signer(number).public_key().clone());
        let keys = List::try_collect(keys).unwrap_or_default();
        policy.cosigners = Cosigners { threshold: 2, keys };
    })
}

/// Issues 5 units of lot 3, with a signature of key `signers[i].1` in the name of `signers[i].0`
/// over another lot, if that is what the cheat has.
fn cosigned(
    (town, mint, ben): &(Town, Actor, Actor),
    signers: &[(u8, u8)],
    signed_lot: u64,
    signed_amount: u64,
) -> Option<Reject> {
    let (mut mint, mut ben) = (mint.clone(), ben.clone());
    let token = town.token;
    let notes = |amount| outputs([Output { token, amount, lock: ben.lock() }]);
    let message = cosign_message(&token, signed_lot, &notes(signed_amount));
    let cosignature =
        |(key, by): &(u8, u8)| Cosignature { key: *key, signature: signer(*by).sign(&message) };
    let cosignatures = List::try_collect(signers.iter().map(cosignature)).unwrap_or_default();
    let value = Value::Issue { token, lot: 3, outputs: notes(5), cosignatures };
    let payment = mint.claim(&mut ben, vec![lot_id(&token, 3)], value);
    mint.refused_by(&ben, &payment)
}

#[test]
fn accepts_exactly_the_threshold_of_cosigners() {
    let world = cosigned_town();
    assert_eq!(cosigned(&world, &[(0, 0), (1, 1)], 3, 5), None);
    assert_eq!(cosigned(&world, &[(0, 0), (2, 2)], 3, 5), None);
}

#[test]
fn rejects_an_issue_without_the_cosigners_consent() {
    let world = cosigned_town();
    let refused = Some(Reject::Cosign { token: world.0.token });
    let few_or_many: [&[(u8, u8)]; 3] = [&[], &[(0, 0)], &[(0, 0), (1, 1), (2, 2)]];
    for signers in few_or_many {
        assert_eq!(cosigned(&world, signers, 3, 5), refused, "{signers:?}");
    }
    for signers in [[(0, 0), (0, 0)], [(1, 1), (0, 0)], [(0, 0), (1, 2)], [(0, 0), (3, 3)]] {
        assert_eq!(cosigned(&world, &signers, 3, 5), refused, "{signers:?}");
    }
    assert_eq!(cosigned(&world, &[(0, 0), (1, 1)], 2, 5), refused, "another lot");
    assert_eq!(cosigned(&world, &[(0, 0), (1, 1)], 3, 6), refused, "other outputs");
}
