extern crate std;

use alloc::string::ToString;
use alloc::vec;

use clatter::handshakepattern::noise_pqnn;
use clatter::traits::Handshaker;
use dsm_core::identity::{Genesis, device_tree};
use dsm_crypto::{RecoverySecret, SecretKey};
use dsm_encoding::List;
use dsm_log::{Anchor, DeviceDescriptor, Position};

use super::*;
use crate::channel::tests::Oracle;

mod middle;

const NET: Network = Network::TEST;

struct Person {
    card: Card,
    key: SecretKey,
}

fn person(seed: u8) -> Person {
    person_of(NET, seed)
}

fn person_of(network: Network, seed: u8) -> Person {
    let key = SecretKey::from_seed(Secret::from_bytes([seed; 64]));
    let kem = KemSecret::from_seed(Secret::from_bytes([seed; 32])).public_key().clone();
    let recovery = RecoverySecret::from_seed(&Secret::from_bytes([seed; 48])).public_key().clone();
    let descriptor = DeviceDescriptor {
        network,
        recovery: recovery.digest(),
        slot_set: None,
        key: key.public_key().clone(),
        kem: kem.digest(),
        anchor: Anchor::Software {},
    };
    let device = descriptor.id();
    let devices = List::try_from(vec![device]).expect("one");
    let genesis = Genesis { network, recovery, devices: device_tree(&devices), window_blocks: 6 };
    let at = Position::origin(&device);
    let card = Card { genesis, devices, steps: List::default(), descriptor, kem, at };
    Person { card, key }
}

fn bytes(seed: u64) -> Secret<32> {
    Secret::from_bytes([0; 32]).derive(Domain::Seed, &seed)
}

type Heard = Result<Introduced, IntroductionError>;

/// A meeting over a wire that hands each message to `wire`; what each side finds, where it came to it.
fn meet(
    ada: &Person,
    ben: &Person,
    wire: &mut dyn FnMut(usize, Vec<u8>) -> Vec<u8>,
) -> (Option<Heard>, Option<Heard>) {
    let broken = |error| Some(Err(error));
    let (caller, first) = Initiator::call(NET, &bytes(1));
    let called = match Responder::answer(NET, &wire(1, first), &bytes(2)) {
        Ok(called) => called,
        Err(error) => return (None, broken(error)),
    };
    let (called, second) = called;
    let (caller, third) = match caller.hear(&wire(2, second), &ada.card, &ada.key) {
        Ok(caller) => caller,
        Err(error) => return (broken(error), None),
    };
    match called.finish(&wire(3, third), &ben.card, &ben.key) {
        Ok((heard, fourth)) => (Some(caller.finish(&wire(4, fourth))), Some(Ok(heard))),
        Err(error) => (None, broken(error)),
    }
}

/// Whether both sides end with a card and the same string.
fn same(found: &(Option<Heard>, Option<Heard>)) -> bool {
    matches!(found, (Some(Ok(ada)), Some(Ok(ben))) if ada.string == ben.string)
}

#[test]
fn two_who_meet_hold_each_others_cards_and_one_string() {
    let (ada, ben) = (person(1), person(2));
    let mut lengths = vec![];
    let found = meet(&ada, &ben, &mut |_, message| {
        lengths.push(message.len());
        message
    });
    assert!(same(&found));
    let (Some(Ok(ada_found)), Some(Ok(ben_found))) = found else { return };
    assert_eq!((ada_found.card, ben_found.card), (ben.card, ada.card));
    assert_eq!(ada_found.string.to_string().len(), 6);
    assert_eq!(lengths[..2], [FIRST, SECOND]);
    assert!(lengths[2] <= LONGEST && lengths[3] <= LONGEST);
}

#[test]
fn each_changed_byte_is_noticed_by_one_of_the_sides() {
    let (ada, ben) = (person(1), person(2));
    for number in 1..=4 {
        let mut at = 0;
        let mut len = usize::MAX;
        while at < len {
            let found = meet(&ada, &ben, &mut |this, mut message| {
                if this == number {
                    len = message.len();
                    message[at] ^= 1;
                }
                message
            });
            assert!(!same(&found), "message {number}, byte {at}");
            // Nearly all of them; every one of the short parts.
            at += if (64..len.saturating_sub(64)).contains(&at) { 61 } else { 1 };
        }
    }
}

#[test]
fn cut_and_overlong_messages_are_refused() {
    let (ada, ben) = (person(1), person(2));
    for number in 1..=4 {
        for change in [
            (|message: Vec<u8>| message[..message.len() - 1].to_vec()) as fn(Vec<u8>) -> Vec<u8>,
            |message| message[..message.len() / 2].to_vec(),
            |_| vec![],
            |message| [&message[..], &[0]].concat(),
            |_| vec![0; LONGEST],
            |_| vec![0; LONGEST + 1],
        ] {
            let found = meet(&ada, &ben, &mut |this, message| {
                if this == number { change(message) } else { message }
            });
            let ends = [found.0, found.1];
            assert!(ends.contains(&Some(Err(Broken))), "message {number}: {ends:?}");
        }
    }
}

#[test]
fn another_network_is_another_meeting() {
    let (ada, ben) = (person(1), person(2));
    let (caller, first) = Initiator::call(Network::MAIN, &bytes(1));
    let (_, second) = Responder::answer(NET, &first, &bytes(2)).expect("an answer");
    assert_eq!(caller.hear(&second, &ada.card, &ada.key).err(), Some(Broken));
    // A card of another network in a meeting of this one.
    let other = person_of(Network::MAIN, 1);
    let found = meet(&other, &ben, &mut |_, message| message);
    assert_eq!(found.1, Some(Err(IntroductionError::Card(Reject::Network))));
}

#[test]
fn whoever_shows_anothers_card_is_found_out() {
    let (ada, ben, cat) = (person(1), person(2), person(3));
    let with_cats_card = |key| Person { card: cat.card.clone(), key };
    let found = meet(&with_cats_card(ada.key), &ben, &mut |_, message| message);
    assert_eq!(found.1, Some(Err(IntroductionError::Signature)));
    let found = meet(&person(1), &with_cats_card(ben.key), &mut |_, message| message);
    assert_eq!(found.0, Some(Err(IntroductionError::Signature)));
}

#[test]
fn an_introduction_counts_at_its_own_meeting_and_in_its_own_role_only() {
    let (ada, ben) = (person(1), person(2));
    let device = ada.card.descriptor.id();
    let mut signed = vec![];
    for transcript in [[1; 32], [2; 32]] {
        for initiator in [true, false] {
            for of in [device, ben.card.descriptor.id()] {
                signed.push(message(&transcript, initiator, &of));
            }
        }
    }
    signed.sort_unstable();
    signed.dedup();
    assert_eq!(signed.len(), 8);
}

#[test]
fn recorded_messages_are_of_no_use_at_another_meeting() {
    let (ada, ben) = (person(1), person(2));
    let mut recorded = vec![];
    meet(&ada, &ben, &mut |_, message| {
        recorded.push(message.clone());
        message
    });
    // To the one who is called: its nonce and secret are fresh.
    let (called, _) = Responder::answer(NET, &recorded[0], &bytes(7)).expect("a good call");
    assert_eq!(called.finish(&recorded[2], &ben.card, &ben.key).err(), Some(Broken));
    // To the one who calls.
    let (caller, _) = Initiator::call(NET, &bytes(8));
    assert_eq!(caller.hear(&recorded[1], &ada.card, &ada.key).err(), Some(Broken));
    let (caller, first) = Initiator::call(NET, &bytes(9));
    let (_, second) = Responder::answer(NET, &first, &bytes(10)).expect("a good call");
    let (caller, _) = caller.hear(&second, &ada.card, &ada.key).expect("a good answer");
    assert_eq!(caller.finish(&recorded[3]).err(), Some(Broken));
}

#[test]
fn ones_own_messages_sent_back_introduce_nobody() {
    let ada = person(1);
    let (caller, first) = Initiator::call(NET, &bytes(1));
    assert_eq!(caller.hear(&first, &ada.card, &ada.key).err(), Some(Broken));
    let (caller, first) = Initiator::call(NET, &bytes(1));
    let (_, second) = Responder::answer(NET, &first, &bytes(2)).expect("an answer");
    let (_, third) = caller.hear(&second, &ada.card, &ada.key).expect("a good answer");
    for back in [&third[..], &third[SEALED_NONCE..]] {
        let (other, _) = Initiator::call(NET, &bytes(1));
        let (other, _) = other.hear(&second, &ada.card, &ada.key).expect("the same answer");
        assert_eq!(other.finish(back).err(), Some(Broken));
    }
    // Called and calling at once, the wire between joined: one's own card.
    let found = meet(&person(1), &ada, &mut |_, message| message);
    assert_eq!(found.1, Some(Err(IntroductionError::OwnCard)));
}

#[test]
fn a_maintained_implementation_of_the_pattern_speaks_the_first_two_messages() {
    let theirs = [5; NONCE];
    let mut buffer = vec![0; 8_192];
    let new = |initiator| {
        Oracle::new(noise_pqnn(), &prologue(NET), initiator, None, None, None, None)
            .expect("a handshake")
    };
    let mut oracle = new(false);
    assert_eq!(&*oracle.get_name(), NAME);
    let (caller, first) = Initiator::call(NET, &bytes(1));
    let len = oracle.read_message(&first, &mut buffer).expect("our call");
    assert_eq!(buffer[..len], first[PUBLIC..]);
    let len = oracle.write_message(&theirs, &mut buffer).expect("an answer");
    let (meeting, nonce) = caller.open(&buffer[..len]).expect("their answer");
    let transcript = *meeting.state.transcript();
    assert_eq!(meeting.string, string(&string_digest(&transcript, &nonce, &theirs)));
    let theirs = oracle.finalize().expect("the end");
    assert_eq!(theirs.get_handshake_hash().as_slice(), transcript);

    let mut oracle = new(true);
    let len = oracle.write_message(&[9; 32], &mut buffer).expect("a call");
    let (called, second) = Responder::answer(NET, &buffer[..len], &bytes(2)).expect("their call");
    let len = oracle.read_message(&second, &mut buffer).expect("our answer");
    assert_eq!(buffer[..len], called.nonce);
    let theirs = oracle.finalize().expect("the end");
    assert_eq!(theirs.get_handshake_hash().as_slice(), called.transcript);
}
