//! What both sides signed, for a third party (`spec/receipts.md`).

use dsm_core::receipt::Receipt;
use dsm_core::{Dealing, Op, Reject, View};
use dsm_crypto::{Digest, Signature};
use dsm_encoding::{List, from_slice, to_vec};
use dsm_log::Network;
use dsm_sim::{Actor, NETWORK, Owner, Town, introduce};

/// Two owners, each with one device, and a payment that was acknowledged.
struct Deal {
    ada: Actor,
    ben: Actor,
    owners: [Owner; 2],
    payment: Dealing,
    thanks: Dealing,
    tips: [Option<Digest>; 2],
}

/// The `number`th deal of the same two.
fn deal(number: u32) -> Deal {
    let mut town = Town::poor(|_| {});
    let (adas, devices) = Owner::new("ada", &["phone"]);
    let (bens, others) = Owner::new("ben", &["watch"]);
    let (mut ada, mut ben) = (devices[0].clone(), others[0].clone());
    introduce(&mut ada, &mut ben);
    let (index, note) = town.mint.issue(town.token, 0, 1_000, ada.lock());
    ada.take_issue(&town.mint, index, note);
    for _ in 1..number {
        ada.settle(&mut ben, town.token, 100);
    }
    let tips = [tip(&ben, &ada), tip(&ada, &ben)];
    let payment = ada.pay(&mut ben, town.token, 100);
    let dealt = ada.insist(&payment.dealing);
    ben.receive(&dealt, payment.nonce).result.expect("an honest payment");
    let thanks = ben.acknowledge(ada.id());
    Deal { ada, ben, owners: [adas, bens], payment: payment.dealing, thanks, tips }
}

fn tip(of: &Actor, peer: &Actor) -> Option<Digest> {
    of.view.peer(&peer.id()).and_then(|peer| peer.tip)
}

impl Deal {
    fn receipt(&self) -> Receipt {
        let [adas, bens] = &self.owners;
        Receipt {
            payer: self.ada.side(adas.card(&self.ada), &self.payment, self.tips[0]),
            payee: self.ben.side(bens.card(&self.ben), &self.thanks, self.tips[1]),
        }
    }
}

#[test]
fn a_receipt_says_who_paid_whom_and_where() {
    for number in [1, 3] {
        let deal = deal(number);
        let receipt = deal.receipt();
        let receipt: Receipt = from_slice(&to_vec(&receipt)).expect("canonical bytes");
        let proves = receipt.verify(NETWORK).expect("an honest receipt");
        assert_eq!((proves.payer, proves.payee), (deal.ada.id(), deal.ben.id()));
        assert_eq!((proves.payer_at, proves.payee_at), (deal.ada.at(), deal.ben.at()));
        assert_eq!(receipt.verify(Network::MAIN).err(), Some(Reject::Network));
    }
}

#[test]
fn rejects_a_receipt_with_its_sides_swapped() {
    let Receipt { payer, payee } = deal(1).receipt();
    let swapped = Receipt { payer: payee, payee: payer };
    assert_eq!(swapped.verify(NETWORK).err(), Some(Reject::ReceiptStitch));
}

#[test]
fn rejects_a_receipt_for_another_receiver() {
    let receipt = deal(1).receipt();
    // Cleo acknowledges to Ada what Ada paid to Ben.
    let (owner, devices) = Owner::new("cleo", &["ring"]);
    let mut cleo = devices[0].clone();
    let adas = deal(1);
    cleo.accepted.insert(adas.ada.id(), adas.ada.at());
    let thanks = cleo.acknowledge(adas.ada.id());
    let mut other = receipt.clone();
    other.payee = cleo.side(owner.card(&cleo), &thanks, None);
    assert_eq!(other.verify(NETWORK).err(), Some(Reject::ReceiptSides));
    // Both sides of one device, and a side beside itself.
    let mut other = receipt.clone();
    other.payee = other.payer.clone();
    assert_eq!(other.verify(NETWORK).err(), Some(Reject::ReceiptSides));
}

#[test]
fn rejects_an_acknowledgement_addressed_to_another() {
    let mut deal = deal(1);
    let mut ben = deal.ben.clone();
    ben.leap(dsm_log::Position { index: 0, head: deal.ben.head(0) });
    ben.log.before = None;
    // All is right, but for the name of the peer.
    deal.thanks.entry.peer = Some(Actor::new("cleo").id());
    ben.forge(&deal.thanks);
    deal.ben = ben;
    assert_eq!(deal.receipt().verify(NETWORK).err(), Some(Reject::ReceiptSides));
}

#[test]
fn rejects_a_receipt_of_a_device_for_itself() {
    let (owner, devices) = Owner::new("ada", &["phone"]);
    let mut ada = devices[0].clone();
    let own = ada.id();
    let key = dsm_log::relationship(&own, &own);
    let payment = ada.write(Some(own), vec![], None, vec![], None).dealing.expect("addressed");
    let tip = ada.tree.get(key).expect("in memory");
    ada.accepted.insert(own, ada.at());
    let thanks = ada.acknowledge(own);
    let card = owner.card(&ada);
    let (payer, payee) = (ada.side(card.clone(), &payment, None), ada.side(card, &thanks, tip));
    let receipt = Receipt { payer, payee };
    assert_eq!(receipt.verify(NETWORK).err(), Some(Reject::ReceiptSides));
}

#[test]
fn rejects_the_acknowledgement_of_another_payment() {
    let (first, third) = (deal(1).receipt(), deal(3).receipt());
    let replayed = Receipt { payer: third.payer.clone(), payee: first.payee.clone() };
    assert_eq!(replayed.verify(NETWORK).err(), Some(Reject::ReceiptStitch));
    let replayed = Receipt { payer: first.payer, payee: third.payee };
    assert_eq!(replayed.verify(NETWORK).err(), Some(Reject::ReceiptStitch));
}

#[test]
fn rejects_an_answer_that_does_not_acknowledge() {
    let mut deal = deal(1);
    let mut ben = deal.ben.clone();
    // He writes to her, after he saw the payment, but not to receive it.
    let tip = {
        let key = dsm_log::relationship(&deal.ada.id(), &ben.id());
        ben.tree.get(key).expect("in memory")
    };
    let op = Op::Checkpoint {};
    let written = ben.write(Some(deal.ada.id()), vec![], None, vec![op], None);
    deal.thanks = written.dealing.expect("addressed");
    deal.ben = ben;
    deal.tips[1] = tip;
    assert_eq!(deal.receipt().verify(NETWORK).err(), Some(Reject::ReceiptStitch));
}

#[test]
fn rejects_a_receipt_whose_entry_was_changed() {
    let deal = deal(3);
    let receipt = deal.receipt();
    let changes: [fn(&mut Receipt); 5] = [
        |receipt| receipt.payer.entry.nonce = None,
        |receipt| receipt.payer.entry.value = None,
        |receipt| receipt.payer.before.head = Digest::ZERO,
        |receipt| receipt.payee.entry.tips = Digest::ZERO,
        |receipt| {
            receipt.payer.signature =
                Signature::from_bytes(&[0; Signature::LENGTH]).expect("its length").into();
        },
    ];
    for change in changes {
        let mut other = receipt.clone();
        change(&mut other);
        let refusal = other.verify(NETWORK).err();
        assert!(matches!(refusal, Some(Reject::Signature { .. })), "{refusal:?}");
    }
    let mut other = receipt;
    other.payer.entry.index += 1;
    assert_eq!(other.verify(NETWORK).err(), Some(Reject::DealtMismatch));
}

#[test]
fn rejects_a_receipt_that_hides_the_tip_before() {
    let receipt = deal(3).receipt();
    let changes: [fn(&mut Receipt); 6] = [
        |receipt| receipt.payer.tip = None,
        |receipt| receipt.payee.tip = Some(Digest::ZERO),
        |receipt| receipt.payer.link = None,
        |receipt| {
            if let Some(link) = &mut receipt.payer.link {
                link.opening.tips = Digest::ZERO;
            }
        },
        |receipt| {
            if let Some(link) = &mut receipt.payer.link {
                link.spends = Digest::ZERO;
            }
        },
        |receipt| receipt.payer.tip_proof.terminal = dsm_merkle::Terminal::Empty,
    ];
    for change in changes {
        let mut other = receipt.clone();
        change(&mut other);
        assert_eq!(other.verify(NETWORK).err(), Some(Reject::TipReplacement));
    }
}

/// Ben signs an acknowledgement of his own making, in the place of the honest one.
fn forged(deal: &mut Deal, change: impl FnOnce(&mut Actor, &mut Dealing)) -> Option<Reject> {
    let index = deal.thanks.entry.index - 1;
    let head = deal.ben.head(index);
    deal.ben.leap(dsm_log::Position { index, head });
    let mut thanks = deal.thanks.clone();
    change(&mut deal.ben, &mut thanks);
    deal.ben.forge(&thanks);
    deal.thanks = thanks;
    deal.receipt().verify(NETWORK).err()
}

#[test]
fn rejects_a_receipt_whose_tip_tree_changed_in_silence() {
    assert_eq!(forged(&mut deal(2), |_, _| {}), None);
    // Another root after the entry than its leaf makes.
    let refusal = forged(&mut deal(2), |_, thanks| thanks.entry.tips = Digest::ZERO);
    assert_eq!(refusal, Some(Reject::TipReplacement));
    // Another leaf appeared before it.
    let mut second = deal(2);
    let (tip, peer) = (second.tips[1], second.ada.id());
    let refusal = forged(&mut second, |ben, thanks| {
        let key = dsm_log::relationship(&ben.id(), &peer);
        let mut tree = dsm_merkle::TipTree::default();
        tree.update(Digest::ZERO, Digest::ZERO).expect("in memory");
        tree.update(key, tip.expect("a tip")).expect("in memory");
        thanks.tip_proof = tree.prove(key).expect("in memory");
        let next = thanks.entry.tip_after(tip);
        thanks.entry.tips = tree.update(key, next).expect("in memory");
    });
    assert_eq!(refusal, Some(Reject::TipReplacement));
}

#[test]
fn rejects_a_first_entry_that_does_not_follow_the_empty_log() {
    for (head, refused) in [(None, false), (Some(Digest::ZERO), true)] {
        let refusal = forged(&mut deal(1), |ben, _| {
            let head = head.unwrap_or(ben.head(0));
            ben.leap(dsm_log::Position { index: 0, head });
        });
        assert_eq!(refusal, refused.then_some(Reject::TipReplacement));
    }
}

#[test]
fn rejects_a_side_of_a_device_that_its_owner_does_not_have() {
    let deal = deal(1);
    let mut receipt = deal.receipt();
    let (_, strangers) = Owner::new("eve", &["eves"]);
    receipt.payer.card.devices = List::try_from(vec![strangers[0].id()]).expect("one");
    assert_eq!(receipt.verify(NETWORK).err(), Some(Reject::DeviceTree));
    let mut receipt = deal.receipt();
    receipt.payee.card.genesis = receipt.payer.card.genesis.clone();
    receipt.payee.card.devices = receipt.payer.card.devices.clone();
    let device = deal.ben.id();
    assert_eq!(receipt.verify(NETWORK).err(), Some(Reject::Owner { device }));
}
