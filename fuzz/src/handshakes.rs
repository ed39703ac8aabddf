//! The handshakes of the secure channel and of a first meeting, with words that are changed or made up.
//!
//! What holds: a side goes on only after the words that the other side said, and pins nobody but who was there.

use std::sync::OnceLock;

use dsm_core::identity::Card;
use dsm_crypto::{KemSecret, Secret, Signer};
use dsm_encoding::{from_slice, to_vec};
use dsm_log::Network;
use dsm_session::channel;
use dsm_session::introduction;

use crate::judged::meeting;
use crate::words::Words;

const NETWORK: Network = Network::TEST;

fn secret(byte: u8) -> Secret<32> {
    Secret::from_bytes([byte; 32])
}

fn kem(byte: u8) -> KemSecret {
    KemSecret::from_seed(secret(byte))
}

/// Changed, or other bytes of any length.
fn other(words: &mut Words<'_>, genuine: &[u8]) -> Vec<u8> {
    match words.byte() % 4 {
        0 => {
            let len = usize::from(words.number());
            words.take(len).to_vec()
        }
        1 => {
            let mut bytes = genuine.to_vec();
            let (at, len) = (words.below(bytes.len()), usize::from(words.number() % 2048));
            let other = words.take(len);
            let end = bytes.len().min(at + other.len());
            bytes.splice(at..end, other.iter().copied());
            bytes
        }
        _ => words.change(genuine),
    }
}

/// Ada calls Ben over a channel; one of the three words is another.
pub fn handshake(bytes: &[u8]) {
    let mut words = Words(bytes);
    let which = words.byte() % 3;
    let (ada, ben) = (kem(1), kem(2));
    let (call, first) = channel::Initiator::call(NETWORK, &ada, ben.public_key(), secret(3))
        .expect("a call with good keys");
    let heard = if which == 0 { other(&mut words, &first) } else { first.clone() };
    let Ok(responder) = channel::Responder::hear(NETWORK, &ben, &heard) else {
        assert_ne!(heard, first, "a genuine call is heard");
        return;
    };
    assert_eq!(heard, first, "a call that nobody made is heard");
    assert_eq!(responder.caller(), ada.public_key());
    let (mut ben_end, second) = responder.answer(secret(4)).expect("an answer to good keys");
    let heard = if which == 1 { other(&mut words, &second) } else { second.clone() };
    let Ok(mut ada_end) = call.finish(&ada, &heard) else {
        assert_ne!(heard, second, "a genuine answer is heard");
        return;
    };
    assert_eq!(heard, second, "an answer that nobody gave is heard");
    assert_eq!(ada_end.transcript(), ben_end.transcript());
    let sealed = ada_end.seal(b"a word").expect("one of few");
    let heard = if which == 2 { other(&mut words, &sealed) } else { sealed.clone() };
    assert_eq!(
        ben_end.open(&heard).is_ok(),
        heard == sealed,
        "each message unchanged or not at all"
    );
}

/// Two who meet: their cards, and the words that they say if nobody is between.
struct Meeting {
    cards: [Card; 2],
    words: [Vec<u8>; 4],
}

fn meeting_words() -> &'static Meeting {
    static MEETING: OnceLock<Meeting> = OnceLock::new();
    MEETING.get_or_init(|| {
        let people = meeting();
        let cards = [people.owner.card(&people.ada), people.bens.card(&people.ben)];
        let (call, first) = introduction::Initiator::call(NETWORK, &secret(5));
        let (answer, second) =
            introduction::Responder::answer(NETWORK, &first, &secret(6)).expect("a call");
        let (_, third) = call.hear(&second, &cards[0], &*people.ada.key).expect("an answer");
        let (_, fourth) = answer.finish(&third, &cards[1], &*people.ben.key).expect("a card");
        Meeting { cards, words: [first, second, third, fourth] }
    })
}

/// A first meeting; one of the four words is another.
pub fn encounter(bytes: &[u8]) {
    let mut words = Words(bytes);
    let Meeting { cards, words: genuine } = meeting_words();
    let (which, people) = (words.below(5), meeting());
    let mut heard = genuine.clone();
    if let Some(word) = heard.get_mut(which) {
        *word = other(&mut words, word);
    }
    let changed = |at: usize| heard[at] != genuine[at];
    let (call, _) = introduction::Initiator::call(NETWORK, &secret(5));
    let answer = introduction::Responder::answer(NETWORK, &heard[0], &secret(6));
    if let Ok((answer, _)) = answer
        && let Ok((met, _)) = answer.finish(&heard[2], &cards[1], &*people.ben.key)
    {
        assert_eq!(met.card, cards[0], "whoever was there, and nobody else");
        assert!(!changed(0) && !changed(2), "what was said was changed");
    }
    if let Ok((waits, _)) = call.hear(&heard[1], &cards[0], &*people.ada.key)
        && let Ok(met) = waits.finish(&heard[3])
    {
        assert_eq!(met.card, cards[1]);
        assert!(!changed(1) && !changed(3), "what was said was changed");
    }
}

/// Somebody with a device of his own says to be whoever he likes at a meeting.
pub fn impostor(bytes: &[u8]) {
    let Ok(card) = from_slice::<Card>(bytes) else { return };
    assert_eq!(to_vec(&card), bytes);
    let (cards, people) = (&meeting_words().cards, meeting());
    // The impostor signs with the key of the laptop, whatever the card says.
    let key = &*people.laptop.key;
    let (call, first) = introduction::Initiator::call(NETWORK, &secret(7));
    let answer = introduction::Responder::answer(NETWORK, &first, &secret(8));
    let (answer, second) = answer.expect("a call");
    let (_, third) = call.hear(&second, &card, key).expect("his own words");
    if let Ok((met, _)) = answer.finish(&third, &cards[1], &*people.ben.key) {
        assert_eq!(met.card.descriptor.key, *key.public_key(), "another's card is believed");
    }
}

/// The laptop's card, which its owner enrolled, and others' cards.
pub(crate) fn impostors() -> Vec<(&'static str, Card)> {
    let people = meeting();
    let laptop = people.owner.card(&people.laptop);
    let others = meeting_words().cards.clone();
    let [ada, ben] = others;
    vec![("laptop", laptop), ("ada", ada), ("ben", ben)]
}
