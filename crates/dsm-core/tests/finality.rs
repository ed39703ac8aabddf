//! How final value must be, and how much may be less than that (`spec/finality.md`).

use dsm_core::{FinalityClass, Output, Reject, Value};
use dsm_encoding::List;
use dsm_sim::{Actor, PURSE, Town, introduce, outputs};

#[test]
fn rejects_more_exposed_value_on_one_device_than_the_cap() {
    let mut town = Town::new();
    let (device, token) = (town.ada.id(), town.token);
    town.ben.view.settings.exposed_caps.insert(token, 500);
    town.ada.settle(&mut town.ben, token, 300);
    for (amount, refused) in [(200, false), (201, true)] {
        let (mut ada, mut ben) = (town.ada.clone(), town.ben.clone());
        let payment = ada.pay(&mut ben, token, amount);
        let refusal = ada.refused_by(&ben, &payment);
        let devices = [device, town.mint.id()];
        if refused {
            let of = |refusal| match refusal {
                Some(Reject::ExposedCap { device, .. }) => devices.contains(&device),
                _ => false,
            };
            assert!(of(refusal), "{refusal:?}");
        } else {
            assert_eq!(refusal, None);
        }
    }
    // What passed through another payer counts against the devices behind it.
    town.ada.settle(&mut town.cleo, token, 250);
    let payment = town.cleo.pay(&mut town.ben, token, 250);
    let refusal = town.cleo.refused_by(&town.ben, &payment);
    assert!(matches!(refusal, Some(Reject::ExposedCap { .. })), "{refusal:?}");
}

#[test]
fn the_cap_counts_all_outputs_of_an_entry() {
    let mut town = Town::new();
    let token = town.token;
    town.ben.view.settings.exposed_cap = 500;
    for (each, refused) in [(250, false), (251, true)] {
        let (mut ada, mut ben) = (town.ada.clone(), town.ben.clone());
        let to = |owner: &Actor, amount| Output { token, amount, lock: owner.lock() };
        let parts = [to(&ben, each), to(&ben, each), to(&ada, PURSE - 2 * each)];
        let id = ada.only_note().id();
        let payment = ada.claim(&mut ben, vec![id], Value::transfer(outputs(parts)));
        let refusal = ada.refused_by(&ben, &payment);
        let capped = matches!(refusal, Some(Reject::ExposedCap { .. }));
        assert_eq!((capped, refusal.is_some()), (refused, refused), "{refusal:?}");
    }
}

#[test]
fn rejects_a_class_below_what_the_policy_asks() {
    for floor in [FinalityClass::Exposed, FinalityClass::Anchored, FinalityClass::Registered] {
        let mut town = Town::poor(|policy| policy.class_floor = floor);
        introduce(&mut town.mint, &mut town.ben);
        let (token, lot) = (town.token, dsm_core::lot_id(&town.token, 0));
        let outputs = outputs([Output { token, amount: 1, lock: town.ben.lock() }]);
        let value = Value::Issue { token, lot: 0, outputs, cosignatures: List::default() };
        let payment = town.mint.claim(&mut town.ben, vec![lot], value);
        let reached = FinalityClass::Exposed;
        let expected = (floor != reached).then_some(Reject::Class { reached, token });
        assert_eq!(town.mint.refused_by(&town.ben, &payment), expected);
    }
}

#[test]
fn value_that_is_final_enough_passes_every_cap() {
    use dsm_core::{Claimed, accept};
    use dsm_sim::Certified;
    let mut town = Town::new();
    let payment = town.ada.pay(&mut town.ben, town.token, PURSE);
    let claimed = Claimed::from(town.ada.insist(&payment.dealing));
    town.ben.view.settings.exposed_cap = 0;
    let heads = [(town.mint.id(), town.mint.head(1)), (town.ada.id(), town.ada.head(1))];
    for (certified, enough, refused) in [
        (2, FinalityClass::Anchored, false),
        (2, FinalityClass::Registered, false),
        (1, FinalityClass::Registered, true),
        (1, FinalityClass::Exposed, false),
        (0, FinalityClass::Anchored, true),
        // Of a voucher nothing but a voucher takes the place; but no device is exposed.
        (2, FinalityClass::Purse, false),
    ] {
        town.ben.view.settings.enough = enough;
        let view = Certified::new(&town.ben.view, &heads[..certified]);
        let refusal = accept(&view, &claimed, payment.nonce).result.err();
        let capped = matches!(refusal, Some(Reject::ExposedCap { .. }));
        assert_eq!((capped, refusal.is_some()), (refused, refused), "{certified} {enough:?}");
    }
}

#[test]
fn the_verifiers_own_devices_expose_it_to_nobody() {
    let mut town = Town::new();
    town.ben.view.own.insert(town.mint.id());
    let payment = town.ada.pay(&mut town.ben, town.token, PURSE);
    let dealt = town.ada.insist(&payment.dealing);
    let accepted = town.ben.judge(&dealt, payment.nonce).result.expect("honest money");
    assert_eq!(accepted.lineage().uncertified, [town.ada.id()].into());
    town.ben.view.own.insert(town.ada.id());
    let accepted = town.ben.judge(&dealt, payment.nonce).result.expect("honest money");
    assert!(accepted.lineage().uncertified.is_empty());
}

#[test]
fn the_weaker_class_is_weaker() {
    use FinalityClass::{Anchored, Exposed, Purse, Registered};
    let all = [Exposed, Anchored, Registered];
    for (at, one) in all.iter().enumerate() {
        for (to, other) in all.iter().enumerate() {
            assert_eq!(one.weaker(*other), all[at.min(to)]);
            assert_eq!(one.satisfies(*other), at >= to);
        }
        assert!(!one.satisfies(Purse) && !Purse.satisfies(*one));
        assert_eq!(one.weaker(Purse), *one);
    }
    assert!(Purse.satisfies(Purse));
}
