//! What a value operation may consume and make (`spec/operations.md`).

use dsm_core::pack::{PackLock, PackSpend, PackValue};
use dsm_core::{Lock, Note, Output, Policy, Reject, TokenId, Value};
use dsm_crypto::Digest;
use dsm_encoding::{DecodeError, from_slice, to_vec};
use dsm_log::{Position, SpendId};
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
fn accepts_the_same_sum_in_other_parts() {
    let mut town = Town::new();
    let (note, token) = (town.ada.only_note(), town.token);
    let parts = [to(&town.ben, token, 300), to(&town.ben, token, 300), to(&town.ada, token, 400)];
    let payment = ada_pays(&mut town, vec![note.id()], transfer(parts));
    assert_eq!(refusal(&town, &payment), None);
}

#[test]
fn rejects_spending_the_note_of_another() {
    let mut town = Town::new();
    let token = town.token;
    let payment = town.ada.pay(&mut town.ben, token, 400);
    let dealt = town.ada.deal(&payment.dealing, &town.ben);
    town.ben.receive(&dealt, payment.nonce);
    let bens = town.ben.only_note().id();
    // Ben may spend it; Ada, who made it, may not.
    let value = transfer([to(&town.ben, token, 400)]);
    let stolen = ada_pays(&mut town, vec![bens], value);
    assert_eq!(refusal(&town, &stolen), Some(Reject::NotOwner { id: bens }));
    let value = transfer([to(&town.cleo, token, 400)]);
    let honest = town.ben.claim(&mut town.cleo, vec![bens], value);
    assert_eq!(town.ben.refused_by(&town.cleo, &honest), None);
}

#[test]
fn rejects_spending_a_vault() {
    let mut town = Town::new();
    let (note, token) = (town.ada.only_note(), town.token);
    let lock = Lock::Vault { root: Digest::ZERO };
    let vault = Output { token, amount: PURSE, lock };
    let written = town.ada.write(None, vec![note.id()], Some(transfer([vault])), Vec::new(), None);
    let id = Note { output: vault, head: written.log.at.head, number: 0 }.id();
    let value = transfer([to(&town.ben, token, PURSE)]);
    let payment = ada_pays(&mut town, vec![id], value);
    assert_eq!(refusal(&town, &payment), Some(Reject::NotOwner { id }));
}

#[test]
fn rejects_a_note_spent_twice_in_one_log() {
    let mut town = Town::new();
    let (note, token) = (town.ada.only_note(), town.token);
    let value = transfer([to(&town.cleo, token, PURSE)]);
    town.ada.claim(&mut town.cleo, vec![note.id()], value);
    let value = transfer([to(&town.ben, token, PURSE)]);
    let payment = ada_pays(&mut town, vec![note.id()], value);
    let (id, device) = (note.id(), town.ada.id());
    assert_eq!(refusal(&town, &payment), Some(Reject::SpentBefore { id, device, index: 1 }));
}

#[test]
fn rejects_a_note_that_a_hidden_record_of_its_owner_named() {
    let mut town = Town::new();
    let (note, token) = (town.ada.only_note(), town.token);
    town.ada.scribble(vec![note.id()]);
    let value = transfer([to(&town.ben, token, PURSE)]);
    let payment = ada_pays(&mut town, vec![note.id()], value);
    let (id, device) = (note.id(), town.ada.id());
    assert_eq!(refusal(&town, &payment), Some(Reject::SpentBefore { id, device, index: 1 }));
}

#[test]
fn rejects_a_note_twice_in_one_input_list() {
    let mut town = Town::new();
    let (id, token) = (town.ada.only_note().id(), town.token);
    let value = transfer([to(&town.ben, token, 2 * PURSE)]);
    let payment = ada_pays(&mut town, vec![id, id], value);
    let device = town.ada.id();
    assert_eq!(refusal(&town, &payment), Some(Reject::SpendsOrder { device, index: 1 }));
}

#[test]
fn rejects_inputs_out_of_order() {
    let mut town = Town::new();
    let (index, note) = town.mint.issue(town.token, 1, PURSE, town.ada.lock());
    town.ada.take_issue(&town.mint, index, note);
    let spends: Vec<SpendId> = town.ada.notes.keys().copied().collect();
    let value = transfer([to(&town.ben, town.token, 2 * PURSE)]);
    let payment = ada_pays(&mut town, spends, value);
    let mut dealt = town.ada.insist(&payment.dealing);
    assert_eq!(town.ben.refusal(&dealt, payment.nonce), None);
    let ada = dealt.writer;
    edit(&mut dealt.pack.runs, |runs| {
        for run in runs.iter_mut().filter(|run| run.device == ada) {
            edit(&mut run.records, |records| {
                edit(&mut records[0].spends, |spends| spends.reverse());
            });
        }
    });
    let device = town.ada.id();
    let expected = Some(Reject::SpendsOrder { device, index: 1 });
    assert_eq!(town.ben.refusal(&dealt, payment.nonce), expected);
}

#[test]
fn an_entry_has_one_value_operation() {
    let mut town = Town::new();
    let (note, token) = (town.ada.only_note(), town.token);
    let value = transfer([to(&town.ben, token, PURSE)]);
    let payment = ada_pays(&mut town, vec![note.id()], value);
    let dealt = town.ada.insist(&payment.dealing);
    // Two openings of one entry.
    let mut twice = dealt.clone();
    edit(&mut twice.pack.opened, |opened| {
        let of = opened.iter().position(|one| one.device == dealt.writer).expect("Ada's entry");
        opened.insert(of, opened[of].clone());
    });
    assert_eq!(town.ben.refusal(&twice, payment.nonce), Some(Reject::PackOrder));
    // Another operation than the one that was signed.
    let mut other = dealt.clone();
    edit(&mut other.pack.opened, |opened| {
        for one in opened.iter_mut().filter(|one| one.device == dealt.writer) {
            if let Some(PackValue::Transfer { outputs, .. }) = &mut one.value {
                edit(outputs, |all| all[0].amount -= 1);
            }
        }
    });
    let device = town.ada.id();
    assert_eq!(town.ben.refusal(&other, payment.nonce), Some(Reject::Signature { device }));
    // A list of two operations is not an operation.
    let one = to_vec(&Some(Value::Burn { token, amount: 1 }));
    let mut two = vec![0x82];
    two.extend_from_slice(&one);
    two.extend_from_slice(&one);
    assert_eq!(from_slice::<Option<Value>>(&two), Err(DecodeError::Unexpected));
}

#[test]
fn rejects_a_value_operation_that_consumes_nothing() {
    for burn in [false, true] {
        let mut town = Town::new();
        let token = town.token;
        let value = if burn {
            Value::Burn { token, amount: 1 }
        } else {
            transfer([to(&town.ben, token, PURSE)])
        };
        let payment = ada_pays(&mut town, vec![], value);
        let device = town.ada.id();
        assert_eq!(refusal(&town, &payment), Some(Reject::Spends { device, index: 1 }));
    }
}

#[test]
fn rejects_ids_that_no_value_operation_consumes() {
    let mut town = Town::new();
    let note = town.ada.only_note();
    for (spends, refused) in [(vec![], false), (vec![note.id()], true)] {
        let mut ada = town.ada.clone();
        let nonce = town.ben.ask();
        let written = ada.write(Some(town.ben.id()), spends, None, Vec::new(), Some(nonce));
        let dealing = written.dealing.expect("an addressed entry");
        let refusal = town.ben.refusal(&ada.insist(&dealing), Some(nonce));
        let device = ada.id();
        assert_eq!(refusal, refused.then_some(Reject::Spends { device, index: 1 }));
    }
}

#[test]
fn rejects_an_id_missing_in_what_an_entry_consumes() {
    // Two notes' worth of outputs, one note's worth of ids.
    let mut town = Town::new();
    let (index, note) = town.mint.issue(town.token, 1, PURSE, town.ada.lock());
    let first = town.ada.only_note();
    town.ada.take_issue(&town.mint, index, note);
    let token = town.token;
    let value = transfer([to(&town.ben, token, 2 * PURSE)]);
    let payment = ada_pays(&mut town.clone(), vec![first.id(), note.id()], value.clone());
    let dealt = {
        let mut town = town.clone();
        let payment = ada_pays(&mut town, vec![first.id(), note.id()], value.clone());
        (town.ada.insist(&payment.dealing), payment.nonce)
    };
    assert_eq!(town.ben.refusal(&dealt.0, dealt.1), None);
    assert_eq!(payment.nonce, dealt.1);
    let payment = ada_pays(&mut town, vec![first.id()], value);
    assert_eq!(refusal(&town, &payment), Some(Reject::Conservation { token }));
}

#[test]
fn two_equal_outputs_are_two_notes() {
    let mut town = Town::new();
    let token = town.token;
    let half = to(&town.ben, token, PURSE / 2);
    let id = town.ada.only_note().id();
    let payment = ada_pays(&mut town, vec![id], transfer([half, half]));
    let dealt = town.ada.insist(&payment.dealing);
    town.ben.receive(&dealt, payment.nonce).result.expect("an honest payment");
    assert_eq!(town.ben.notes.len(), 2);
    assert_eq!(town.ben.balance(token), PURSE);
    let spends: Vec<SpendId> = town.ben.notes.keys().copied().collect();
    let value = transfer([to(&town.cleo, token, PURSE)]);
    let payment = town.ben.claim(&mut town.cleo, spends.clone(), value.clone());
    assert_eq!(town.ben.refused_by(&town.cleo, &payment), None);
}

#[test]
fn rejects_a_transfer_that_makes_more_or_less() {
    for amount in [PURSE - 1, PURSE + 1] {
        let mut town = Town::new();
        let (id, token) = (town.ada.only_note().id(), town.token);
        let value = transfer([to(&town.ben, token, amount)]);
        let payment = ada_pays(&mut town, vec![id], value);
        assert_eq!(refusal(&town, &payment), Some(Reject::Conservation { token }));
    }
    let mut town = Town::new();
    let (id, token) = (town.ada.only_note().id(), town.token);
    let payment = ada_pays(&mut town, vec![id], transfer([]));
    assert_eq!(refusal(&town, &payment), Some(Reject::Conservation { token }));
}

#[test]
fn rejects_a_transfer_that_overflows() {
    let mut town = Town::new();
    let (id, token) = (town.ada.only_note().id(), town.token);
    let parts = [to(&town.ben, token, u64::MAX), to(&town.ada, token, PURSE + 1)];
    let payment = ada_pays(&mut town, vec![id], transfer(parts));
    assert_eq!(refusal(&town, &payment), Some(Reject::Overflow { token }));
}

/// A second token of the same mint, one lot of which Ada holds.
fn with_second_token(town: &mut Town) -> (TokenId, SpendId) {
    let policy = Policy { decimals: 0, ..town.policy.clone() };
    town.mint.learn_policy(&policy);
    let (index, note) = town.mint.issue(policy.id(), 0, PURSE, town.ada.lock());
    town.ada.take_issue(&town.mint, index, note);
    (policy.id(), note.id())
}

#[test]
fn rejects_two_tokens_mixed() {
    for mixed in [false, true] {
        let mut town = Town::new();
        let (token, first) = (town.token, town.ada.only_note().id());
        let (other, second) = with_second_token(&mut town);
        // The sum over both is the same.
        let (one, two) = if mixed { (PURSE + 1, PURSE - 1) } else { (PURSE, PURSE) };
        let value = transfer([to(&town.ben, token, one), to(&town.ben, other, two)]);
        let payment = ada_pays(&mut town, vec![first, second], value);
        let refusal = refusal(&town, &payment);
        if mixed {
            assert!(matches!(refusal, Some(Reject::Conservation { .. })), "{refusal:?}");
        } else {
            assert_eq!(refusal, None);
        }
    }
}

#[test]
fn rejects_a_token_out_of_nothing_beside_another() {
    let mut town = Town::new();
    let (token, id) = (town.token, town.ada.only_note().id());
    let (other, _) = with_second_token(&mut town);
    let value = transfer([to(&town.ben, token, PURSE), to(&town.ben, other, 1)]);
    let payment = ada_pays(&mut town, vec![id], value);
    assert_eq!(refusal(&town, &payment), Some(Reject::Conservation { token: other }));
}

#[test]
fn rejects_a_token_turned_into_another() {
    let mut town = Town::new();
    let id = town.ada.only_note().id();
    let (other, _) = with_second_token(&mut town);
    let value = transfer([to(&town.ben, other, PURSE)]);
    let payment = ada_pays(&mut town, vec![id], value);
    assert!(matches!(refusal(&town, &payment), Some(Reject::Conservation { .. })));
}

#[test]
fn rejects_an_output_of_nothing() {
    let mut town = Town::new();
    let (id, token) = (town.ada.only_note().id(), town.token);
    let value = transfer([to(&town.ben, token, PURSE), to(&town.ben, token, 0)]);
    let payment = ada_pays(&mut town, vec![id], value);
    let device = town.ada.id();
    assert_eq!(refusal(&town, &payment), Some(Reject::AmountZero { device, index: 1 }));
}

#[test]
fn rejects_change_on_another_floor_than_the_head_before() {
    let mut town = Town::new();
    town.ada.idle();
    let (id, token) = (town.ada.only_note().id(), town.token);
    let before = town.ada.at();
    let floors = [
        (before, false),
        (Position { index: 0, head: town.ada.head(0) }, true),
        (Position { index: before.index + 1, ..before }, true),
        (Position { head: Digest::from_bytes([7; 32]), ..before }, true),
    ];
    for (floor, refused) in floors {
        let mut town = town.clone();
        let lock = Lock::Device { id: town.ada.id(), floor };
        let change = Output { token, amount: 1, lock };
        let value = transfer([to(&town.ben, token, PURSE - 1), change]);
        let payment = ada_pays(&mut town, vec![id], value);
        let mut dealt = town.ada.insist(&payment.dealing);
        // An honest builder would name the floor by the entry.
        edit(&mut dealt.pack.opened, |opened| {
            for one in opened.iter_mut().filter(|one| one.device == dealt.writer) {
                if let Some(PackValue::Transfer { outputs, .. }) = &mut one.value {
                    let device = dealt.writer;
                    edit(outputs, |all| all[1].lock = PackLock::Plain { device, floor });
                }
            }
        });
        let device = town.ada.id();
        let expected = refused.then_some(Reject::ChangeFloor { device, index: 2 });
        assert_eq!(town.ben.refusal(&dealt, payment.nonce), expected);
    }
}

#[test]
fn rejects_an_id_in_full_that_the_pack_makes() {
    let mut town = Town::new();
    let (id, token) = (town.ada.only_note().id(), town.token);
    let payment = town.ada.pay(&mut town.ben, token, PURSE);
    let mut dealt = town.ada.deal(&payment.dealing, &town.ben);
    edit(&mut dealt.pack.runs, |runs| {
        for run in runs.iter_mut().filter(|run| run.device == dealt.writer) {
            edit(&mut run.records, |records| {
                edit(&mut records[0].spends, |spends| *spends = vec![PackSpend::Raw { id }]);
            });
        }
    });
    assert_eq!(town.ben.refusal(&dealt, payment.nonce), Some(Reject::RawId { id }));
}
