//! The entry that a peer deals: its place, its tip, its stitch, its challenge (`spec/accept.md`).

use dsm_core::pack::{PackDevice, PackOpened};
use dsm_core::{Dealt, Draft, Lock, Op, Output, OwnLog, Reject, Value, View, write};
use dsm_crypto::{Digest, Domain, Signature, Signer, hash};
use dsm_log::{DeviceDescriptor, Network, Position, SignedHead};
use dsm_sim::{Actor, NETWORK, PURSE, Payment, Town, edit, introduce, outputs, stretch};

fn payment() -> (Town, Payment, Dealt) {
    let mut town = Town::new();
    town.ada.idle();
    let payment = town.ada.pay(&mut town.ben, town.token, 400);
    let dealt = town.ada.insist(&payment.dealing);
    assert_eq!(town.ben.refusal(&dealt, payment.nonce), None);
    (town, payment, dealt)
}

#[test]
fn accepts_an_honest_payment_and_its_receipt() {
    let mut town = Town::new();
    town.ada.settle(&mut town.ben, town.token, 400);
    town.ada.settle(&mut town.ben, town.token, 100);
    town.ben.settle(&mut town.ada, town.token, 500);
    assert_eq!(town.ada.balance(town.token), PURSE);
    assert_eq!(town.ben.balance(town.token), 0);
}

#[test]
fn rejects_a_writer_that_is_no_contact() {
    let (mut town, payment, dealt) = payment();
    let device = town.ada.id();
    town.ben.view.peers.remove(&device);
    let refusal = town.ben.refusal(&dealt, payment.nonce);
    assert_eq!(refusal, Some(Reject::UnknownPeer { device }));
}

#[test]
fn rejects_an_entry_of_the_verifier_itself() {
    let mut town = Town::new();
    let device = town.ben.id();
    town.ben.view.pin(&town.ben.descriptor.clone());
    let written = town.ben.write(Some(device), vec![], None, vec![], None);
    let dealing = written.dealing.expect("an addressed entry");
    let dealt = town.ben.insist(&dealing);
    let mut unwritten = town.ben.clone();
    unwritten.view.peers.retain(|id, _| *id == device);
    assert_eq!(unwritten.refusal(&dealt, None), Some(Reject::UnknownPeer { device }));
}

#[test]
fn rejects_a_writer_that_is_retired() {
    let (mut town, payment, dealt) = payment();
    let device = town.ada.id();
    town.ben.view.peers.get_mut(&device).expect("a contact").active = false;
    let refusal = town.ben.refusal(&dealt, payment.nonce);
    assert_eq!(refusal, Some(Reject::NotEnrolled { device }));
}

#[test]
fn a_key_in_a_message_does_not_replace_a_pinned_one() {
    let (town, payment, dealt) = payment();
    let mut mallory = Actor::new("mallory");
    // A message may name Ada's descriptor with Mallory's key; that is another device.
    let forged =
        DeviceDescriptor { key: mallory.descriptor.key.clone(), ..town.ada.descriptor.clone() };
    let mut named = dealt.clone();
    edit(&mut named.pack.devices, |devices| {
        for device in devices.iter_mut().filter(|device| device.id() == town.ada.id()) {
            *device = PackDevice::Full { descriptor: Box::new(forged.clone()) };
        }
        devices.sort_by_key(PackDevice::id);
    });
    assert!(town.ben.refusal(&named, payment.nonce).is_some());
    // Mallory writes as that device: nobody knows it.
    mallory.log = OwnLog::new(forged.id());
    mallory.descriptor = forged.clone();
    let mut ben = town.ben.clone();
    let draft = Draft {
        to: Some(dsm_core::Addressee {
            device: ben.id(),
            stitch: None,
            tip: None,
            proof: mallory.tree.prove(Digest::ZERO).expect("an empty tree"),
        }),
        ..Draft::default()
    };
    let written = write(&mallory.log, draft, NETWORK, &*mallory.key).expect("an entry");
    mallory.view = dsm_core::MemoryView::new(NETWORK, forged.id());
    mallory.view.pin(&forged);
    mallory.learn(written.facts);
    let dealt = mallory.insist(&written.dealing.expect("addressed"));
    assert_eq!(ben.refusal(&dealt, None), Some(Reject::UnknownPeer { device: forged.id() }));
    ben.view.pin(&forged);
    assert_eq!(ben.refusal(&dealt, None), None);
}

#[test]
fn rejects_a_device_whose_descriptor_nobody_showed() {
    let (town, payment, mut dealt) = payment();
    let device = town.mint.id();
    edit(&mut dealt.pack.devices, |devices| {
        for one in devices.iter_mut().filter(|one| one.id() == device) {
            *one = PackDevice::Named { id: device };
        }
    });
    let refusal = town.ben.refusal(&dealt, payment.nonce);
    assert_eq!(refusal, Some(Reject::DeviceUnknown { device }));
    let mut ben = town.ben.clone();
    ben.view.pin(&town.mint.descriptor);
    assert_eq!(ben.refusal(&dealt, payment.nonce), None);
}

#[test]
fn rejects_another_network() {
    let (town, payment, mut dealt) = payment();
    dealt.network = Network::MAIN;
    assert_eq!(town.ben.refusal(&dealt, payment.nonce), Some(Reject::Network));
}

#[test]
fn rejects_a_device_of_another_network() {
    let mut town = Town::new();
    let mut foreign = Actor::new("dora");
    foreign.descriptor.network = Network::MAIN;
    foreign.log = OwnLog::new(foreign.descriptor.id());
    foreign.view = dsm_core::MemoryView::new(NETWORK, foreign.id());
    introduce(&mut foreign, &mut town.ben);
    foreign.view.pin(&foreign.descriptor.clone());
    let draft_to = town.ben.id();
    let proof = foreign.tree.prove(Digest::ZERO).expect("an empty tree");
    let to = dsm_core::Addressee { device: draft_to, stitch: None, tip: None, proof };
    let draft = Draft { to: Some(to), ..Draft::default() };
    let written = write(&foreign.log, draft, Network::MAIN, &*foreign.key).expect("an entry");
    foreign.learn(written.facts);
    let dealt = foreign.insist(&written.dealing.expect("addressed"));
    assert_eq!(town.ben.refusal(&dealt, None), Some(Reject::Network));
}

/// A signature says which network, device, index and head, and what it is for.
#[test]
fn rejects_a_signature_over_anything_else() {
    let (town, payment, dealt) = payment();
    let (ada, key) = (town.ada.id(), &town.ada.key);
    let at = town.ada.at();
    let resigned = |signature: Signature| {
        let mut dealt = dealt.clone();
        let number = dealt.writer;
        edit(&mut dealt.pack.runs, |runs| {
            for run in runs.iter_mut().filter(|run| run.device == number) {
                run.signature = signature.clone().into();
            }
        });
        town.ben.refusal(&dealt, payment.nonce)
    };
    let message = SignedHead::message(NETWORK, &ada, &at);
    assert_eq!(resigned(key.sign(&message)), None);
    let others = [
        SignedHead::message(NETWORK, &ada, &Position { index: at.index + 1, ..at }),
        SignedHead::message(NETWORK, &ada, &Position { head: Digest::ZERO, ..at }),
        SignedHead::message(NETWORK, &town.ben.id(), &at),
        SignedHead::message(Network::MAIN, &ada, &at),
        hash(Domain::Cosign, &(NETWORK, ada, at.index, at.head)),
        at.head,
    ];
    for message in others {
        let refusal = resigned(key.sign(&message));
        assert_eq!(refusal, Some(Reject::Signature { device: ada }));
    }
    let others_key = town.ben.key.sign(&message);
    assert_eq!(resigned(others_key), Some(Reject::Signature { device: ada }));
    // Both halves must be good.
    for half in [0, 64] {
        let mut bytes = *key.sign(&message).as_bytes();
        bytes[half] ^= 1;
        let signature = Signature::from_bytes(&bytes).expect("its length");
        assert_eq!(resigned(signature), Some(Reject::Signature { device: ada }));
    }
}

#[test]
fn rejects_a_run_from_index_0_that_starts_elsewhere_than_at_the_origin() {
    let mut town = Town::new();
    let device = town.ada.id();
    for (head, refused) in [(town.ada.at().head, false), (Digest::from_bytes([1; 32]), true)] {
        let mut ada = town.ada.clone();
        ada.leap(Position { index: 0, head });
        let nonce = town.ben.ask();
        let written = ada.write(Some(town.ben.id()), vec![], None, vec![], Some(nonce));
        let dealt = ada.insist(&written.dealing.expect("addressed"));
        let expected = refused.then_some(Reject::NotOrigin { device });
        assert_eq!(town.ben.refusal(&dealt, Some(nonce)), expected);
    }
}

#[test]
fn rejects_an_index_out_of_range() {
    let (town, payment, mut dealt) = payment();
    edit(&mut dealt.pack.runs, |runs| {
        for run in runs.iter_mut().filter(|run| run.device == dealt.writer) {
            run.start.index = dsm_log::MAX_INDEX - 2;
        }
    });
    assert_eq!(town.ben.refusal(&dealt, payment.nonce), Some(Reject::IndexRange));
}

#[test]
fn rejects_parts_that_are_not_those_of_the_entry() {
    let (town, payment, dealt) = payment();
    let mut ben = town.ben.clone();
    ben.idle();
    let other_nonce = Some(ben.ask());
    let changes: [&dyn Fn(&mut Dealt); 4] = [
        &|dealt| dealt.tips = Digest::ZERO,
        &|dealt| edit(&mut dealt.ops, |ops| ops.push(Op::Checkpoint {})),
        &|dealt| dealt.nonce = other_nonce,
        &|dealt| dealt.stitch = Some(1),
    ];
    for change in changes {
        let mut dealt = dealt.clone();
        change(&mut dealt);
        assert_eq!(ben.refusal(&dealt, payment.nonce), Some(Reject::DealtMismatch));
    }
}

#[test]
fn rejects_an_entry_addressed_to_another() {
    let (town, payment, dealt) = payment();
    assert_eq!(town.cleo.refusal(&dealt, payment.nonce), Some(Reject::DealtMismatch));
}

#[test]
fn rejects_an_entry_without_its_opening() {
    let (town, payment, dealt) = payment();
    for index in [0, 1, 9] {
        let elsewhere = Dealt { index, ..dealt.clone() };
        let refusal = town.ben.refusal(&elsewhere, payment.nonce);
        assert_eq!(refusal, Some(Reject::OpenedMismatch));
    }
    // An opening of a record that is shown in full, or of none.
    let number = dealt.writer;
    for index in [1, 9] {
        let mut more = dealt.clone();
        edit(&mut more.pack.opened, |opened| {
            let at = opened.partition_point(|one| (one.device, one.index) < (number, index));
            let rest = Digest::ZERO;
            opened.insert(at, PackOpened { device: number, index, rest, value: None });
        });
        let refusal = town.ben.refusal(&more, payment.nonce);
        assert_eq!(refusal, Some(Reject::OpenedMismatch));
    }
}

#[test]
fn rejects_a_tip_replaced_that_was_not_shown() {
    let mut town = Town::new();
    town.ada.settle(&mut town.ben, town.token, 100);
    // Ada pays Ben once without showing it to him, and then again.
    let hidden = town.ada.pay(&mut town.ben, town.token, 100);
    let payment = town.ada.pay(&mut town.ben, town.token, 100);
    let dealt = town.ada.insist(&payment.dealing);
    let refusal = town.ben.refusal(&dealt, payment.nonce);
    assert_eq!(refusal, Some(Reject::TipReplacement));
    // In order they are good.
    let first = town.ada.insist(&hidden.dealing);
    town.ben.receive(&first, hidden.nonce).result.expect("the first");
    let dealt = town.ada.insist(&payment.dealing);
    assert_eq!(town.ben.refusal(&dealt, payment.nonce), None);
}

#[test]
fn rejects_an_entry_that_changes_another_relationship_too() {
    let mut town = Town::new();
    town.ada.settle(&mut town.ben, town.token, 100);
    for lies in [false, true] {
        let mut ada = town.ada.clone();
        let mut ben = town.ben.clone();
        if lies {
            // The tree changes for Cleo although the log says nothing of it.
            let key = dsm_log::relationship(&ada.id(), &town.cleo.id());
            ada.tree.update(key, Digest::ZERO).expect("in memory");
            let root = ada.tree.root();
            if let Some(before) = &mut ada.log.before {
                before.tips = root;
            }
        }
        let payment = ada.pay(&mut ben, town.token, 100);
        let dealt = ada.insist(&payment.dealing);
        let expected = lies.then_some(Reject::TipReplacement);
        assert_eq!(ben.refusal(&dealt, payment.nonce), expected);
    }
}

/// A second payment, before it is written.
fn before_second_payment() -> Town {
    let mut town = Town::new();
    town.ada.settle(&mut town.ben, town.token, 100);
    town.ada.idle();
    town
}

#[test]
fn rejects_a_tip_tree_that_changed_in_silence_before_the_entry() {
    let mut town = before_second_payment();
    let opening = town.ada.log.before;
    let key = dsm_log::relationship(&town.ada.id(), &town.cleo.id());
    town.ada.tree.update(key, Digest::ZERO).expect("in memory");
    let root = town.ada.tree.root();
    if let Some(before) = &mut town.ada.log.before {
        before.tips = root;
    }
    let mut payment = town.ada.pay(&mut town.ben, town.token, 100);
    // All that the cheat shows is true of its log, but for the tree.
    payment.dealing.before = opening;
    assert_eq!(town.ada.refused_by(&town.ben, &payment), Some(Reject::TipReplacement));
}

#[test]
fn rejects_another_tip_tree_after_the_entry() {
    let mut town = before_second_payment();
    let payment = town.ada.clone().pay(&mut town.ben, town.token, 100);
    for (tips, refused) in [(None, false), (Some(Digest::ZERO), true)] {
        let mut ada = town.ada.clone();
        let mut dealing = payment.dealing.clone();
        dealing.entry.tips = tips.unwrap_or(dealing.entry.tips);
        ada.forge(&dealing);
        let expected = refused.then_some(Reject::TipReplacement);
        assert_eq!(town.ben.refusal(&ada.insist(&dealing), payment.nonce), expected);
    }
}

#[test]
fn rejects_a_tip_proof_of_another_tree() {
    let (town, payment, dealt) = payment();
    let mut other = dealt.clone();
    other.before = None;
    let refusal = town.ben.refusal(&other, payment.nonce);
    assert_eq!(refusal, Some(Reject::TipReplacement));
    let mut other = dealt.clone();
    if let Some(before) = &mut other.before {
        before.tips = Digest::from_bytes([1; 32]);
    }
    let refusal = town.ben.refusal(&other, payment.nonce);
    assert_eq!(refusal, Some(Reject::TipReplacement));
    let mut other = dealt;
    other.tip_proof.terminal = dsm_merkle::Terminal::Leaf;
    let refusal = town.ben.refusal(&other, payment.nonce);
    assert_eq!(refusal, Some(Reject::TipReplacement));
}

#[test]
fn rejects_an_entry_without_the_record_before_it() {
    let mut town = Town::new();
    town.ada.idle();
    town.ada.idle();
    let nonce = town.ben.ask();
    let written = town.ada.write(Some(town.ben.id()), vec![], None, vec![], Some(nonce));
    let dealing = written.dealing.expect("addressed");
    for (from, refused) in [(0, false), (1, false), (2, true)] {
        let dealt = town.ada.show(&dealing, &[stretch(town.ada.id(), from, 3, &[3])]);
        let expected = refused.then_some(Reject::TipReplacement);
        assert_eq!(town.ben.refusal(&dealt, Some(nonce)), expected);
    }
}

#[test]
fn rejects_an_opening_before_the_first_entry() {
    let mut town = Town::new();
    let payment = town.ada.pay(&mut town.ben, town.token, 1);
    let mut dealt = town.ada.insist(&payment.dealing);
    assert_eq!(town.ben.refusal(&dealt, payment.nonce), None);
    let zero = Digest::ZERO;
    dealt.before = Some(dsm_core::Before { tips: zero, side: zero, other: zero, value: zero });
    assert_eq!(town.ben.refusal(&dealt, payment.nonce), Some(Reject::TipReplacement));
}

#[test]
fn rejects_the_same_entry_again() {
    let (mut town, payment, dealt) = payment();
    town.ben.receive(&dealt, payment.nonce).result.expect("honest money");
    let refusal = town.ben.refusal(&dealt, payment.nonce);
    assert_eq!(refusal, Some(Reject::TipReplacement));
}

#[test]
fn rejects_a_stitch_that_is_no_head_of_the_verifier() {
    let (town, payment, mut dealt) = payment();
    dealt.stitch = Some(500);
    assert_eq!(town.ben.refusal(&dealt, payment.nonce), Some(Reject::Stitch));
}

#[test]
fn rejects_a_stitch_that_goes_back_or_vanishes() {
    let mut town = Town::new();
    town.ada.settle(&mut town.ben, town.token, 100);
    let first = town.ada.accepted.clone();
    town.ada.settle(&mut town.ben, town.token, 100);
    town.ada.settle(&mut town.ben, town.token, 100);
    let last = town.ada.accepted.clone();
    let stale = [(last, false), (first, true), (std::collections::BTreeMap::new(), true)];
    for (accepted, refused) in stale {
        let (mut ada, mut ben) = (town.ada.clone(), town.ben.clone());
        ada.accepted = accepted;
        let payment = ada.pay(&mut ben, town.token, 100);
        let dealt = ada.insist(&payment.dealing);
        let refusal = ben.refusal(&dealt, payment.nonce);
        assert_eq!(refusal, refused.then_some(Reject::Stitch));
    }
}

#[test]
fn rejects_another_challenge_than_was_asked() {
    let (mut town, _, dealt) = payment();
    let other = town.ben.ask();
    for asked in [None, Some(other)] {
        assert_eq!(town.ben.refusal(&dealt, asked), Some(Reject::Nonce));
    }
    // An answer to a contact card has none.
    let mut town = Town::new();
    let lock = town.ben.lock();
    let unasked = town.ada.pay_to(town.ben.id(), lock, town.token, 1, None);
    let dealt = town.ada.insist(&unasked.dealing);
    assert_eq!(town.ben.refusal(&dealt, Some(other)), Some(Reject::Nonce));
    assert_eq!(town.ben.refusal(&dealt, None), None);
}

#[test]
fn rejects_an_output_to_a_third_device() {
    for third in [false, true] {
        let mut town = Town::new();
        let owner = if third { &town.cleo } else { &town.ada };
        let parts = [
            Output { token: town.token, amount: 1, lock: town.ben.lock() },
            Output { token: town.token, amount: PURSE - 1, lock: owner.lock() },
        ];
        let id = town.ada.only_note().id();
        let payment = town.ada.claim(&mut town.ben, vec![id], Value::transfer(outputs(parts)));
        let device = town.cleo.id();
        let expected = third.then_some(Reject::Stranger { device });
        assert_eq!(town.ada.refused_by(&town.ben, &payment), expected);
    }
}

#[test]
fn rejects_an_output_on_a_floor_that_is_not_the_verifiers() {
    let mut town = Town::new();
    town.ben.idle();
    let at = town.ben.at();
    let floors = [
        (at, false),
        (Position { index: 0, head: town.ben.head(0) }, false),
        (Position { index: 2, ..at }, true),
        (Position { head: Digest::from_bytes([3; 32]), ..at }, true),
        (Position { index: 0, ..at }, true),
    ];
    for (floor, refused) in floors {
        let mut town = town.clone();
        let lock = Lock::Device { id: town.ben.id(), floor };
        let output = Output { token: town.token, amount: PURSE, lock };
        let id = town.ada.only_note().id();
        let payment = town.ada.claim(&mut town.ben, vec![id], Value::transfer(outputs([output])));
        let expected = refused.then_some(Reject::FloorNotMine);
        assert_eq!(town.ada.refused_by(&town.ben, &payment), expected);
    }
}

#[test]
fn rejects_a_run_that_does_not_join_unless_that_would_be_over_the_cap() {
    let mut town = Town::new();
    town.ada.settle(&mut town.ben, town.token, 100);
    for _ in 0..4 {
        town.ada.idle();
    }
    let device = town.ada.id();
    let known = town.ben.view.latest(&device).expect("a known head").index;
    let receipt = town.ada.acknowledge(town.ben.id());
    let index = receipt.entry.index;
    for (from, cap, refused) in [
        (known, 100_000, false),
        (known + 1, 100_000, true),
        (known + 1, index - known, true),
        (known + 1, index - known - 1, false),
    ] {
        town.ben.view.settings.max_gap = cap;
        let dealt = town.ada.show(&receipt, &[stretch(device, from, index, &[index])]);
        let expected = refused.then_some(Reject::Unjoined { device });
        assert_eq!(town.ben.refusal(&dealt, None), expected);
    }
}
