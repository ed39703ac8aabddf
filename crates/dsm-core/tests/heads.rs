//! Places in a log and signatures over them (`spec/log.md`).

use dsm_crypto::{Digest, Signer};
use dsm_log::{DeviceDescriptor, MAX_INDEX, Network, Pair, Position, SignedHead, relationship};
use dsm_sim::{Actor, NETWORK};

const PAIR: Pair = Pair { spends: Digest::ZERO, body: Digest::ZERO };

#[test]
fn a_signed_head_is_of_the_device_that_it_names() {
    let ada = Actor::new("ada");
    let at = ada.at();
    let signed = SignedHead::sign(NETWORK, ada.id(), at, &*ada.key);
    assert!(signed.clone().verify(&ada.descriptor).is_some());
    // Another device with the same key, and the same device by another name.
    let twin = DeviceDescriptor { kem: Digest::ZERO, ..ada.descriptor.clone() };
    assert!(signed.clone().verify(&twin).is_none());
    let renamed = SignedHead { device: twin.id(), ..signed.clone() };
    assert!(renamed.clone().verify(&twin).is_none());
    assert!(renamed.verify(&ada.descriptor).is_none());
    let later = SignedHead { at: Position { index: 1, ..at }, ..signed };
    assert!(later.verify(&ada.descriptor).is_none());
}

#[test]
fn a_descriptor_names_everything_that_it_commits_to() {
    let ada = Actor::new("ada").descriptor;
    let other = Some(Digest::from_bytes([1; 32]));
    let others = [
        DeviceDescriptor { network: Network::MAIN, ..ada.clone() },
        DeviceDescriptor { recovery: Digest::ZERO, ..ada.clone() },
        DeviceDescriptor { slot_set: other, ..ada.clone() },
        DeviceDescriptor { key: Actor::new("ben").key.public_key().clone(), ..ada.clone() },
        DeviceDescriptor { kem: Digest::ZERO, ..ada.clone() },
    ];
    assert!(others.iter().all(|one| one.id() != ada.id()));
}

#[test]
fn a_log_ends_below_2_to_the_63() {
    let last = Position { index: MAX_INDEX - 1, head: Digest::ZERO };
    let before = Position { index: MAX_INDEX - 2, head: Digest::ZERO };
    assert_eq!(before.after(&PAIR).map(|at| at.index), Some(MAX_INDEX - 1));
    assert_eq!(last.after(&PAIR), None);
    assert_eq!(Position { index: u64::MAX, ..last }.after(&PAIR), None);
}

#[test]
fn a_head_binds_what_came_before_and_what_an_entry_shows() {
    let start = Position::origin(&Actor::new("ada").id());
    let after = start.after(&PAIR);
    let one = Digest::from_bytes([1; 32]);
    assert_ne!(after, start.after(&Pair { spends: one, ..PAIR }));
    assert_ne!(after, start.after(&Pair { body: one, ..PAIR }));
    assert_ne!(after, Position { head: one, ..start }.after(&PAIR));
    assert_ne!(start, Position::origin(&Actor::new("ben").id()));
}

#[test]
fn a_relationship_has_no_order() {
    let [ada, ben, cleo] = ["ada", "ben", "cleo"].map(|name| Actor::new(name).id());
    assert_eq!(relationship(&ada, &ben), relationship(&ben, &ada));
    assert_ne!(relationship(&ada, &ben), relationship(&ada, &cleo));
}
