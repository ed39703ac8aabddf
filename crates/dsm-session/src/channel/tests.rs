use alloc::vec;

use clatter::bytearray::{ByteArray, HeapArray, SensitiveByteArray};
use clatter::crypto::cipher::ChaChaPoly;
use clatter::crypto::hash::Sha256;
use clatter::error::KemResult;
use clatter::handshakepattern::noise_pqik;
use clatter::traits::{CryptoComponent, Handshaker, Kem, Rng};
use clatter::{KeyPair, PqHandshakeCore};
use dsm_crypto::{Ciphertext, KemPublic, KemSecret, Secret, decapsulate, encapsulate};
use dsm_log::Network;

use super::*;

const NET: Network = Network::TEST;

fn keys(seed: u8) -> KemSecret {
    KemSecret::from_seed(Secret::from_bytes([seed; 32]))
}

fn fresh_bytes(seed: u8) -> Secret<32> {
    Secret::from_bytes([seed; 32])
}

/// Both ends of a channel between key 1 and key 2.
fn channel() -> (Channel, Channel) {
    let (ada, ben) = (keys(1), keys(2));
    let (call, first) =
        Initiator::call(NET, &ada, ben.public_key(), fresh_bytes(3)).expect("a call");
    let heard = Responder::hear(NET, &ben, &first).expect("a good call");
    assert_eq!(heard.caller(), ada.public_key());
    let (ben_end, second) = heard.answer(fresh_bytes(4)).expect("an answer");
    let ada_end = call.finish(&ada, &second).expect("a good answer");
    assert_eq!((first.len(), second.len()), (FIRST, SECOND));
    (ada_end, ben_end)
}

#[test]
fn both_sides_agree_and_speak_both_ways() {
    let (mut ada, mut ben) = channel();
    assert_eq!(ada.transcript(), ben.transcript());
    for message in [&b""[..], b"hello", &[7; 100_000]] {
        let sealed = ada.seal(message).expect("sealed");
        assert_eq!(ben.open(&sealed).expect("opened"), message);
        let sealed = ben.seal(message).expect("sealed");
        assert_eq!(ada.open(&sealed).expect("opened"), message);
    }
}

#[test]
fn every_changed_byte_of_the_handshake_is_noticed() {
    let (ada, ben) = (keys(1), keys(2));
    let (_, first) = Initiator::call(NET, &ada, ben.public_key(), fresh_bytes(3)).expect("a call");
    for at in 0..first.len() {
        let mut bad = first.clone();
        bad[at] ^= 1;
        assert!(Responder::hear(NET, &ben, &bad).is_err(), "byte {at}");
    }
    let second = Responder::hear(NET, &ben, &first).expect("a call").answer(fresh_bytes(4));
    let (_, second) = second.expect("an answer");
    for at in (0..second.len()).step_by(7) {
        let (call, again) =
            Initiator::call(NET, &ada, ben.public_key(), fresh_bytes(3)).expect("a call");
        assert_eq!(again, first);
        let mut bad = second.clone();
        bad[at] ^= 1;
        assert!(call.finish(&ada, &bad).is_err(), "byte {at}");
    }
}

#[test]
fn every_other_length_of_the_handshake_is_refused() {
    let (ada, ben) = (keys(1), keys(2));
    let (_, first) = Initiator::call(NET, &ada, ben.public_key(), fresh_bytes(3)).expect("a call");
    for len in (0..first.len()).step_by(97).chain([first.len() - 1]) {
        assert!(Responder::hear(NET, &ben, &first[..len]).is_err());
    }
    let longer = [&first[..], &[0]].concat();
    assert!(Responder::hear(NET, &ben, &longer).is_err());
    let (call, _) = Initiator::call(NET, &ada, ben.public_key(), fresh_bytes(3)).expect("a call");
    assert!(call.finish(&ada, &[0; SECOND + 1]).is_err());
}

#[test]
fn nobody_else_can_answer_a_call() {
    let (ada, ben, eve) = (keys(1), keys(2), keys(9));
    let (call, first) =
        Initiator::call(NET, &ada, ben.public_key(), fresh_bytes(3)).expect("a call");
    assert!(Responder::hear(NET, &eve, &first).is_err());
    // Eve answers a call to herself, which Ada never made.
    let (_, other) = Initiator::call(NET, &ada, eve.public_key(), fresh_bytes(3)).expect("a call");
    let heard = Responder::hear(NET, &eve, &other).expect("a call to Eve");
    let (_, answer) = heard.answer(fresh_bytes(4)).expect("an answer");
    assert!(call.finish(&ada, &answer).is_err());
}

#[test]
fn nobody_can_call_in_anothers_name() {
    let (ada, ben, eve) = (keys(1), keys(2), keys(9));
    // Eve knows Ada's public key and puts it where her own belongs; she cannot read the answer.
    let forged = KemSecret::from_seed(Secret::from_bytes([9; 32]));
    let (call, first) =
        Initiator::call(NET, &eve, ben.public_key(), fresh_bytes(3)).expect("a call");
    let heard = Responder::hear(NET, &ben, &first).expect("a call");
    assert_ne!(heard.caller(), ada.public_key());
    let as_ada = Responder { caller: Box::new(ada.public_key().clone()), ..heard };
    let (_, answer) = as_ada.answer(fresh_bytes(4)).expect("an answer");
    assert!(call.finish(&forged, &answer).is_err());
}

#[test]
fn a_recorded_call_gives_a_channel_that_the_recorder_cannot_use() {
    let (ada, ben) = (keys(1), keys(2));
    let (call, first) =
        Initiator::call(NET, &ada, ben.public_key(), fresh_bytes(3)).expect("a call");
    let hear = || Responder::hear(NET, &ben, &first).expect("a call");
    let (mut once, second) = hear().answer(fresh_bytes(4)).expect("an answer");
    let (mut again, _) = hear().answer(fresh_bytes(5)).expect("an answer");
    let mut ada_end = call.finish(&ada, &second).expect("the first answer");
    let sealed = ada_end.seal(b"pay").expect("sealed");
    assert!(
        again.open(&sealed).is_err(),
        "the replayed call must not hear what the first one says"
    );
    assert_eq!(once.open(&sealed).expect("opened"), b"pay");
}

#[test]
fn messages_cannot_be_reflected_replayed_reordered_or_dropped() {
    let (mut ada, _) = channel();
    let sealed = ada.seal(b"one").expect("sealed");
    assert!(ada.open(&sealed).is_err(), "reflected");
    let (mut ada, mut ben) = channel();
    let one = ada.seal(b"one").expect("sealed");
    assert!(ben.open(&one).is_ok());
    assert!(ben.open(&one).is_err(), "replayed");
    let (mut ada, mut ben) = channel();
    let _lost = ada.seal(b"one").expect("sealed");
    let two = ada.seal(b"two").expect("sealed");
    assert!(ben.open(&two).is_err(), "dropped or reordered");
    let (mut ada, mut ben) = channel();
    let one = ada.seal(b"one").expect("sealed");
    for at in 0..one.len() {
        let mut bad = one.clone();
        bad[at] ^= 0x80;
        let (_, mut other) = channel();
        assert!(other.open(&bad).is_err());
    }
    assert!(ben.open(&one).is_ok());
}

#[test]
fn another_network_is_another_channel() {
    let (ada, ben) = (keys(1), keys(2));
    let (_, first) =
        Initiator::call(Network::MAIN, &ada, ben.public_key(), fresh_bytes(3)).expect("a call");
    assert!(Responder::hear(NET, &ben, &first).is_err());
}

// The oracle: a maintained implementation of the pattern, with our key exchange put in.

#[derive(Clone)]
pub(crate) struct XWing;

#[derive(Clone, Default)]
pub(crate) struct Counting(u64);

impl rand_core::RngCore for Counting {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            *byte = self.0.to_be_bytes()[0];
        }
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl rand_core::CryptoRng for Counting {}

impl CryptoComponent for XWing {
    fn name() -> &'static str {
        "XWing"
    }
}

impl Kem for XWing {
    type SecretKey = SensitiveByteArray<[u8; 32]>;
    type PubKey = HeapArray<{ KemPublic::LENGTH }>;
    type Ct = HeapArray<{ Ciphertext::LENGTH }>;
    type Ss = SensitiveByteArray<[u8; 32]>;

    fn genkey_rng<R: Rng>(rng: &mut R) -> KemResult<KeyPair<Self::PubKey, Self::SecretKey>> {
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        Ok(pair(&seed))
    }

    fn encapsulate<R: Rng>(public: &[u8], rng: &mut R) -> KemResult<(Self::Ct, Self::Ss)> {
        let mut random = [0; 64];
        rng.fill_bytes(&mut random);
        let public = KemPublic::from_bytes(public).expect("a public key");
        let (ciphertext, secret) = encapsulate(&public, random);
        Ok((Self::Ct::from_slice(ciphertext.as_bytes()), Self::Ss::from_slice(secret.expose())))
    }

    fn decapsulate(ciphertext: &[u8], secret: &[u8]) -> KemResult<Self::Ss> {
        let seed: [u8; 32] = secret.try_into().expect("32 bytes");
        let ciphertext = Ciphertext::from_bytes(ciphertext).expect("a ciphertext");
        let secret = KemSecret::from_seed(Secret::from_bytes(seed));
        Ok(Self::Ss::from_slice(decapsulate(&secret, &ciphertext).expose()))
    }
}

fn pair(
    seed: &[u8; 32],
) -> KeyPair<HeapArray<{ KemPublic::LENGTH }>, SensitiveByteArray<[u8; 32]>> {
    let secret = KemSecret::from_seed(Secret::from_bytes(*seed));
    KeyPair {
        public: HeapArray::from_slice(secret.public_key().as_bytes()),
        secret: SensitiveByteArray::from_slice(seed),
    }
}

pub(crate) type Oracle = PqHandshakeCore<XWing, XWing, ChaChaPoly, Sha256, Counting>;

fn oracle(initiator: bool, own: u8, peer: Option<&KemPublic>) -> Oracle {
    let peer = peer.map(|peer| HeapArray::from_slice(peer.as_bytes()));
    let prologue = prologue(NET);
    let own = Some(pair(&[own; 32]));
    Oracle::new(noise_pqik(), &prologue, initiator, own, None, peer, None).expect("a handshake")
}

#[test]
fn a_maintained_implementation_of_the_pattern_answers_our_call() {
    let (ada, ben) = (keys(1), keys(2));
    let mut oracle = oracle(false, 2, None);
    assert_eq!(&*oracle.get_name(), NAME);
    let (call, first) =
        Initiator::call(NET, &ada, ben.public_key(), fresh_bytes(3)).expect("a call");
    let mut buffer = vec![0; 8_192];
    oracle.read_message(&first, &mut buffer).expect("our call");
    let len = oracle.write_message(&[], &mut buffer).expect("an answer");
    let mut ours = call.finish(&ada, &buffer[..len]).expect("their answer");
    let mut theirs = oracle.finalize().expect("the end");
    let sealed = ours.seal(b"to the oracle").expect("sealed");
    let len = theirs.receive(&sealed, &mut buffer).expect("opened");
    assert_eq!(&buffer[..len], b"to the oracle");
    let len = theirs.send(b"from the oracle", &mut buffer).expect("sealed");
    assert_eq!(ours.open(&buffer[..len]).expect("opened"), b"from the oracle");
    assert_eq!(theirs.get_handshake_hash().as_slice(), ours.transcript());
}

#[test]
fn we_answer_the_call_of_a_maintained_implementation() {
    let (ada, ben) = (keys(1), keys(2));
    let mut oracle = oracle(true, 1, Some(ben.public_key()));
    let mut buffer = vec![0; 8_192];
    let len = oracle.write_message(&[], &mut buffer).expect("a call");
    let heard = Responder::hear(NET, &ben, &buffer[..len]).expect("their call");
    assert_eq!(heard.caller(), ada.public_key());
    let (mut ours, second) = heard.answer(fresh_bytes(4)).expect("an answer");
    oracle.read_message(&second, &mut buffer).expect("our answer");
    let mut theirs = oracle.finalize().expect("the end");
    let len = theirs.send(b"hello", &mut buffer).expect("sealed");
    assert_eq!(ours.open(&buffer[..len]).expect("opened"), b"hello");
}
