//! What a token's policy allows its holders (`spec/tokens.md`).

use dsm_core::{Allowed, Facts, Lock, Output, Policy, Reject, TokenId, Value, View, lot_id};
use dsm_crypto::Digest;
use dsm_log::SpendId;
use dsm_merkle::{list_prove, list_root};
use dsm_sim::{Actor, PURSE, Payment, Town, edit, outputs};

fn to(owner: &Actor, token: TokenId, amount: u64) -> Output {
    Output { token, amount, lock: owner.lock() }
}

fn transfer<const N: usize>(all: [Output; N]) -> Value {
    Value::transfer(outputs(all))
}

/// Ada pays Ben with any ids and any outputs.
fn ada_pays(town: &mut Town, spends: Vec<SpendId>, value: Value) -> Payment {
    town.ada.claim(&mut town.ben, spends, value)
}

fn refusal(town: &Town, payment: &Payment) -> Option<Reject> {
    town.ada.refused_by(&town.ben, payment)
}

#[test]
fn burns_whole_notes_of_one_token() {
    for (amount, refused) in [(PURSE, false), (PURSE - 1, true), (PURSE + 1, true)] {
        let mut town = Town::new();
        let (id, token) = (town.ada.only_note().id(), town.token);
        let payment = ada_pays(&mut town, vec![id], Value::Burn { token, amount });
        assert_eq!(refusal(&town, &payment), refused.then_some(Reject::Conservation { token }));
    }
    let mut town = Town::new();
    let (id, token) = (town.ada.only_note().id(), town.token);
    let payment = ada_pays(&mut town, vec![id], Value::Burn { token, amount: 0 });
    let device = town.ada.id();
    assert_eq!(refusal(&town, &payment), Some(Reject::AmountZero { device, index: 1 }));
}

#[test]
fn rejects_a_burn_that_the_policy_forbids() {
    let mut town = Town::with(|policy| policy.burnable = false);
    let (id, token) = (town.ada.only_note().id(), town.token);
    let payment = ada_pays(&mut town, vec![id], Value::Burn { token, amount: PURSE });
    assert_eq!(refusal(&town, &payment), Some(Reject::NotBurnable { token }));
}

#[test]
fn rejects_moving_a_token_that_does_not_move() {
    let mut town = Town::with(|policy| policy.transferable = false);
    let (id, token) = (town.ada.only_note().id(), town.token);
    for moves in [false, true] {
        let mut town = town.clone();
        let owner = if moves { &town.ben } else { &town.ada };
        let value = transfer([to(owner, token, PURSE)]);
        let payment = ada_pays(&mut town, vec![id], value);
        assert_eq!(refusal(&town, &payment), moves.then_some(Reject::NotTransferable { token }));
    }
    let vault = Output { token, amount: PURSE, lock: Lock::Vault { root: Digest::ZERO } };
    let payment = ada_pays(&mut town, vec![id], transfer([vault]));
    assert_eq!(refusal(&town, &payment), Some(Reject::NotTransferable { token }));
}

#[test]
fn rejects_moving_more_than_the_entry_limit() {
    let town = Town::with(|policy| policy.entry_limit = Some(500));
    let (id, token) = (town.ada.only_note().id(), town.token);
    for amount in [500, 501] {
        let mut town = town.clone();
        // In two parts, and the change does not count.
        let parts = [
            to(&town.ben, token, amount - 100),
            to(&town.ben, token, 100),
            to(&town.ada, token, PURSE - amount),
        ];
        let payment = ada_pays(&mut town, vec![id], transfer(parts));
        let refused = (amount > 500).then_some(Reject::EntryLimit { token });
        assert_eq!(refusal(&town, &payment), refused);
    }
}

/// A town whose token only some may own, and the proofs of that.
fn closed_town(members: &[&str]) -> Town {
    let members: Vec<Digest> = members.iter().map(|name| Actor::new(name).id().0).collect();
    let town = Town::poor(|policy| policy.allow_set = Some(list_root(&members)));
    let mut town = town;
    let count = members.len() as u64;
    let allowances = (0..count).map(|index| {
        let proof = list_prove(&members, index).expect("a member");
        let device = dsm_log::DeviceId(members[index as usize]);
        (town.token, device, Allowed { index, count, proof })
    });
    let facts = Facts { allowances: allowances.collect(), ..Facts::default() };
    town.mint.view.learn(&facts);
    town.ada.view.learn(&facts);
    town
}

#[test]
fn rejects_an_owner_outside_the_allow_set() {
    let all = ["mint", "ada", "ben"];
    let mut town = closed_town(&all);
    let (index, note) = town.mint.issue(town.token, 0, PURSE, town.ada.lock());
    town.ada.take_issue(&town.mint, index, note);
    let token = town.token;
    let payment = town.ada.pay(&mut town.ben, token, 10);
    let dealt = town.ada.deal(&payment.dealing, &town.ben);
    assert_eq!(town.ben.refusal(&dealt, payment.nonce), None);
    // Without Ben's proof.
    let ben = dealt.pack.devices.iter().position(|one| one.id() == town.ben.id());
    let mut less = dealt.clone();
    edit(&mut less.pack.allowances, |all| all.retain(|one| Some(one.device as usize) != ben));
    let device = town.ben.id();
    let expected = Some(Reject::AllowSet { token, device });
    assert_eq!(town.ben.refusal(&less, payment.nonce), expected);
    // With the proof of another leaf, or of another count.
    for (index, count) in [(0, 3), (2, 4), (3, 3)] {
        let mut other = dealt.clone();
        edit(&mut other.pack.allowances, |all| {
            for one in all.iter_mut().filter(|one| Some(one.device as usize) == ben) {
                (one.index, one.count) = (index, count);
            }
        });
        assert_eq!(town.ben.refusal(&other, payment.nonce), expected, "{index} of {count}");
    }
}

#[test]
fn rejects_an_issue_to_an_owner_outside_the_allow_set() {
    let mut town = closed_town(&["mint", "ben"]);
    dsm_sim::introduce(&mut town.mint, &mut town.ada);
    dsm_sim::introduce(&mut town.mint, &mut town.ben);
    let token = town.token;
    for (payee, member) in [(&mut town.ben, true), (&mut town.ada, false)] {
        let mut mint = town.mint.clone();
        let outputs = outputs([to(payee, token, 5)]);
        let cosignatures = dsm_encoding::List::default();
        let value = Value::Issue { token, lot: 0, outputs, cosignatures };
        let payment = mint.claim(payee, vec![lot_id(&token, 0)], value);
        if member {
            assert_eq!(mint.refused_by(payee, &payment), None);
        } else {
            // The honest builder has no proof; so none is sent.
            mint.learn_policy(&Policy { allow_set: None, ..town.policy.clone() });
            let device = payee.id();
            let known = Facts {
                allowances: vec![(
                    token,
                    device,
                    Allowed { index: 0, count: 1, proof: list_prove(&[device.0], 0).expect("one") },
                )],
                ..Facts::default()
            };
            mint.view.learn(&known);
            let refusal = mint.refused_by(payee, &payment);
            assert_eq!(refusal, Some(Reject::AllowSet { token, device }));
            let mut dealt = mint.insist(&payment.dealing);
            edit(&mut dealt.pack.allowances, Vec::clear);
            let refusal = payee.refusal(&dealt, payment.nonce);
            assert_eq!(refusal, Some(Reject::AllowSet { token, device }));
        }
    }
}

#[test]
fn rejects_a_vault_of_a_token_with_an_allow_set() {
    let mut town = closed_town(&["ada", "ben"]);
    let (index, note) = town.mint.issue(town.token, 0, PURSE, town.ada.lock());
    town.ada.take_issue(&town.mint, index, note);
    let token = town.token;
    let vault = Output { token, amount: PURSE, lock: Lock::Vault { root: Digest::ZERO } };
    let payment = ada_pays(&mut town, vec![note.id()], transfer([vault]));
    assert_eq!(refusal(&town, &payment), Some(Reject::NotTransferable { token }));
}

#[test]
fn allowances_come_once_in_order_and_those_of_owners_are_kept() {
    let mut town = closed_town(&["mint", "ada", "ben"]);
    let (index, note) = town.mint.issue(town.token, 0, PURSE, town.ada.lock());
    town.ada.take_issue(&town.mint, index, note);
    let token = town.token;
    let payment = town.ada.pay(&mut town.ben, token, 10);
    let dealt = town.ada.deal(&payment.dealing, &town.ben);
    let mut twice = dealt.clone();
    edit(&mut twice.pack.allowances, |all| all.push(all[0].clone()));
    assert_eq!(town.ben.refusal(&twice, payment.nonce), Some(Reject::PackOrder));
    // The mint owns nothing; its proof is good and serves nobody.
    let mint = dealt.pack.devices.iter().position(|one| one.id() == town.mint.id());
    let device = u32::try_from(mint.expect("a device")).expect("few");
    let known = town.mint.view.allowance(&token, &town.mint.id()).expect("a member");
    let Allowed { index, count, proof } = known;
    let mut more = dealt;
    edit(&mut more.pack.allowances, |all| {
        all.push(dsm_core::pack::Allowance { token: 0, device, index, count, proof });
        all.sort_by_key(|one| one.device);
    });
    let accepted = town.ben.judge(&more, payment.nonce).result.expect("honest money");
    let owners: Vec<_> = accepted.facts().allowances.iter().map(|(_, owner, _)| *owner).collect();
    assert!(owners.contains(&town.ben.id()) && !owners.contains(&town.mint.id()));
}

#[test]
fn an_allowance_that_is_known_need_not_be_shown() {
    let mut town = closed_town(&["mint", "ada", "ben"]);
    let (index, note) = town.mint.issue(town.token, 0, PURSE, town.ada.lock());
    town.ada.take_issue(&town.mint, index, note);
    town.ada.settle(&mut town.ben, town.token, 10);
    let payment = town.ada.pay(&mut town.ben, town.token, 10);
    let mut dealt = town.ada.deal(&payment.dealing, &town.ben);
    edit(&mut dealt.pack.allowances, Vec::clear);
    assert_eq!(town.ben.refusal(&dealt, payment.nonce), None);
}

#[test]
fn rejects_an_allowance_of_a_token_whose_policy_is_not_known() {
    let mut town = closed_town(&["mint", "ada", "ben"]);
    let (index, note) = town.mint.issue(town.token, 0, PURSE, town.ada.lock());
    town.ada.take_issue(&town.mint, index, note);
    let token = town.token;
    let payment = town.ada.pay(&mut town.ben, token, 10);
    let mut dealt = town.ada.deal(&payment.dealing, &town.ben);
    edit(&mut dealt.pack.tokens, |all| {
        *all = vec![dsm_core::pack::PackToken::Named { id: token }];
    });
    let refusal = town.ben.refusal(&dealt, payment.nonce);
    assert_eq!(refusal, Some(Reject::PolicyUnknown { token }));
    town.ben.learn_policy(&town.policy);
    assert_eq!(town.ben.refusal(&dealt, payment.nonce), None);
}

#[test]
fn rejects_an_allowance_of_a_token_without_an_allow_set() {
    let mut town = Town::new();
    let token = town.token;
    let payment = town.ada.pay(&mut town.ben, token, PURSE);
    let mut dealt = town.ada.deal(&payment.dealing, &town.ben);
    assert_eq!(town.ben.refusal(&dealt, payment.nonce), None);
    let device = dealt.writer;
    edit(&mut dealt.pack.allowances, |all| {
        let proof = list_prove(&[town.ada.id().0], 0).expect("one");
        all.push(dsm_core::pack::Allowance { token: 0, device, index: 0, count: 1, proof });
    });
    let device = town.ada.id();
    let refusal = town.ben.refusal(&dealt, payment.nonce);
    assert_eq!(refusal, Some(Reject::AllowSet { token, device }));
    // Nor a proof that proves nothing.
    edit(&mut dealt.pack.allowances, |all| all[0].index = 7);
    let refusal = town.ben.refusal(&dealt, payment.nonce);
    assert_eq!(refusal, Some(Reject::AllowSet { token, device }));
}
