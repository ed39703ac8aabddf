//! A pack has one form, and nothing in it is idle (`spec/packs.md`).

use dsm_core::pack::{PackDevice, PackOpened, PackRecord, PackSpend, PackToken, PackValue};
use dsm_core::{Claimed, Dealt, Policy, Reject, accept};
use dsm_crypto::Digest;
use dsm_encoding::{List, to_vec};
use dsm_sim::{PURSE, Payment, Town, edit, stretch};

/// Ben pays Cleo what Ada paid him: three runs, one of them with two openings.
fn payment() -> (Town, Payment, Dealt) {
    let mut town = Town::new();
    town.ada.settle(&mut town.ben, town.token, 400);
    town.ada.settle(&mut town.ben, town.token, 300);
    let payment = town.ben.pay(&mut town.cleo, town.token, 600);
    let dealt = town.ben.insist(&payment.dealing);
    assert_eq!(town.cleo.refusal(&dealt, payment.nonce), None);
    (town, payment, dealt)
}

fn refused(change: impl FnOnce(&Town, &mut Dealt)) -> Option<Reject> {
    let (town, payment, mut dealt) = payment();
    change(&town, &mut dealt);
    town.cleo.refusal(&dealt, payment.nonce)
}

#[test]
fn rejects_each_byte_flipped_removed_or_doubled() {
    let (town, payment, dealt) = payment();
    let bytes = to_vec(&dealt);
    let judge = |bytes: &[u8]| {
        let claimed = Claimed::decode(bytes)?;
        accept(&town.cleo.view, &claimed, payment.nonce).result
    };
    assert!(judge(&bytes).is_ok());
    for (at, byte) in bytes.iter().enumerate() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        assert!(judge(&flipped).is_err(), "byte {at} flipped");
        let mut less = bytes.clone();
        less.remove(at);
        assert!(judge(&less).is_err(), "byte {at} removed");
        let mut more = bytes.clone();
        more.insert(at, *byte);
        assert!(judge(&more).is_err(), "byte {at} doubled");
    }
}

#[test]
fn rejects_bytes_that_are_not_canonical() {
    let (_, _, dealt) = payment();
    let mut bytes = to_vec(&dealt);
    bytes.push(0);
    assert!(matches!(Claimed::decode(&bytes), Err(Reject::Form { .. })));
    assert!(matches!(Claimed::decode(&[]), Err(Reject::Form { .. })));
}

#[test]
fn rejects_tables_out_of_order_or_with_a_repeat() {
    let order = Some(Reject::PackOrder);
    assert_eq!(refused(|_, dealt| edit(&mut dealt.pack.devices, |all| all.swap(0, 1))), order);
    assert_eq!(refused(|_, dealt| edit(&mut dealt.pack.runs, |all| all.swap(0, 1))), order);
    assert_eq!(refused(|_, dealt| edit(&mut dealt.pack.opened, |all| all.swap(0, 1))), order);
    fn double<T: Clone>(all: &mut Vec<T>) {
        all.insert(0, all[0].clone());
    }
    assert_eq!(refused(|_, dealt| edit(&mut dealt.pack.devices, double)), order);
    assert_eq!(refused(|_, dealt| edit(&mut dealt.pack.tokens, double)), order);
    assert_eq!(refused(|_, dealt| edit(&mut dealt.pack.runs, double)), order);
    assert_eq!(refused(|_, dealt| edit(&mut dealt.pack.opened, double)), order);
}

#[test]
fn rejects_what_nothing_uses() {
    let unused = Some(Reject::PackUnused);
    let device = refused(|town, dealt| {
        let ada = town.ada.id();
        let after = dealt.pack.devices.iter().map(PackDevice::id).max().unwrap_or(ada);
        let mut last = *after.0.as_bytes();
        last[0] = 0xff;
        let id = dsm_log::DeviceId(Digest::from_bytes(last));
        edit(&mut dealt.pack.devices, |all| all.push(PackDevice::Named { id }));
    });
    assert_eq!(device, unused);
    let token = refused(|_, dealt| {
        let id = dsm_core::TokenId(Digest::from_bytes([0xff; 32]));
        edit(&mut dealt.pack.tokens, |all| all.push(PackToken::Named { id }));
    });
    assert_eq!(token, unused);
    // Cleo has no run, so her descriptor serves nothing.
    let descriptor = refused(|town, dealt| {
        let cleo = town.cleo.id();
        edit(&mut dealt.pack.devices, |all| {
            for one in all.iter_mut().filter(|one| one.id() == cleo) {
                let descriptor = Box::new(town.cleo.descriptor.clone());
                *one = PackDevice::Full { descriptor };
            }
        });
    });
    assert_eq!(descriptor, unused);
    // A run without an opened entry.
    let (town, payment, _) = payment();
    let mut ben = town.ben.clone();
    for _ in 0..3 {
        ben.idle();
    }
    let at = |count| payment.dealing.entry.index + count;
    let mut cleo = town.cleo.clone();
    cleo.take_log(&town.ada);
    let mut parts =
        vec![stretch(ben.id(), 0, at(0), &[at(0)]), stretch(ben.id(), at(1), at(2), &[])];
    let show = |parts: &[_]| {
        let wanted = ben.show(&payment.dealing, parts);
        cleo.refusal(&wanted, payment.nonce)
    };
    // The honest builder leaves it out; the cheat opens it and closes it again.
    parts[1] = stretch(ben.id(), at(1), at(2), &[at(2)]);
    assert_eq!(show(&parts), None);
    let mut dealt = ben.show(&payment.dealing, &parts);
    let number = dealt.writer;
    edit(&mut dealt.pack.opened, |all| {
        all.retain(|one| one.device != number || one.index == at(0));
    });
    assert_eq!(cleo.refusal(&dealt, payment.nonce), unused);
}

#[test]
fn rejects_an_allowance_of_what_the_pack_does_not_use() {
    let refusal = refused(|_, dealt| {
        let proof = dsm_merkle::list_prove(&[Digest::ZERO], 0).expect("one leaf");
        let id = dsm_core::TokenId(Digest::from_bytes([0xff; 32]));
        edit(&mut dealt.pack.tokens, |all| all.push(PackToken::Named { id }));
        edit(&mut dealt.pack.allowances, |all| {
            all.push(dsm_core::pack::Allowance { token: 1, device: 0, index: 0, count: 1, proof });
        });
    });
    assert_eq!(refusal, Some(Reject::PackUnused));
}

#[test]
fn rejects_numbers_outside_their_tables() {
    let reference = Some(Reject::PackReference);
    assert_eq!(refused(|_, dealt| dealt.writer = 99), reference);
    let run = refused(|_, dealt| {
        edit(&mut dealt.pack.runs, |all| all.last_mut().expect("a run").device = 99);
    });
    assert_eq!(run, reference);
    let opened = refused(|_, dealt| {
        edit(&mut dealt.pack.opened, |all| all.last_mut().expect("an entry").device = 99);
    });
    assert_eq!(opened, reference);
    let allowance = refused(|_, dealt| {
        let proof = dsm_merkle::list_prove(&[Digest::ZERO], 0).expect("one leaf");
        edit(&mut dealt.pack.allowances, |all| {
            all.push(dsm_core::pack::Allowance { token: 99, device: 0, index: 0, count: 1, proof });
        });
    });
    assert_eq!(allowance, reference);
    for spend in [
        PackSpend::Note { opened: 99, output: 0 },
        PackSpend::Note { opened: 0, output: 99 },
        PackSpend::Lot { token: 99, lot: 0 },
    ] {
        let refusal = refused(|_, dealt| {
            let number = dealt.writer;
            edit(&mut dealt.pack.runs, |runs| {
                for run in runs.iter_mut().filter(|run| run.device == number) {
                    edit(&mut run.records, |records| {
                        let last = records.last_mut().expect("a record");
                        edit(&mut last.spends, |spends| *spends = vec![spend]);
                    });
                }
            });
        });
        assert_eq!(refusal, reference, "{spend:?}");
    }
    for burn in [true, false] {
        let refusal = refused(|_, dealt| {
            edit(&mut dealt.pack.opened, |all| {
                let last = all.last_mut().expect("an entry");
                if burn {
                    last.value = Some(PackValue::Burn { token: 99, amount: PURSE });
                } else {
                    let outputs = last.value.as_ref().map(|value| match value {
                        PackValue::Transfer { outputs, .. } | PackValue::Issue { outputs, .. } => {
                            outputs.clone()
                        }
                        PackValue::Burn { .. } => List::default(),
                    });
                    let mut outputs = outputs.unwrap_or_default();
                    edit(&mut outputs, |all| all[0].token = 99);
                    last.value = Some(PackValue::Transfer { claims: List::default(), outputs });
                }
            });
        });
        assert_eq!(refusal, reference);
    }
}

#[test]
fn rejects_a_run_over_no_record_or_a_record_that_hides_itself() {
    let closed = Some(Reject::OpenedMismatch);
    // A record without a body that no entry opens.
    let refusal = refused(|_, dealt| {
        edit(&mut dealt.pack.runs, |all| {
            for run in all.iter_mut() {
                edit(&mut run.records, |records| {
                    records.push(PackRecord { spends: List::default(), body: None });
                });
            }
        });
    });
    assert_eq!(refusal, closed);
    let refusal = refused(|_, dealt| {
        edit(&mut dealt.pack.runs, |all| {
            all.iter_mut().for_each(|run| edit(&mut run.records, Vec::clear));
        });
    });
    assert_eq!(refusal, closed);
    let refusal = refused(|_, dealt| {
        let rest = Digest::ZERO;
        edit(&mut dealt.pack.opened, |all| {
            let device = all.last().map_or(0, |last| last.device);
            all.push(PackOpened { device, index: u64::MAX, rest, value: None });
        });
    });
    assert_eq!(refusal, closed);
}

#[test]
fn a_policy_in_a_message_is_the_token_that_it_hashes_to() {
    let refusal = refused(|town, dealt| {
        let policy = Box::new(Policy { units_per_lot: 10 * PURSE, ..town.policy.clone() });
        edit(&mut dealt.pack.tokens, |all| *all = vec![PackToken::Full { policy }]);
    });
    // Every id and head that names the token changes with it.
    assert!(matches!(refusal, Some(Reject::Signature { .. } | Reject::SpendsOrder { .. })));
}
