//! What the tests need of nodes.

use std::time::Duration;

use bitcoin::key::{CompressedPublicKey, PrivateKey, Secp256k1};
use bitcoin::{Address, KnownHrp, NetworkKind};
use dsm_feed::{Access, Core, Feed, Hash, Magic, Patience, Peer, RawHeader, hash_of};
use dsm_regtest::Node;

/// The first block of regtest.
pub(crate) const FIRST: &str = "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206";

pub(crate) fn patience() -> Patience {
    Patience { connect: Duration::from_secs(10), answer: Duration::from_secs(60) }
}

/// A hash as it is computed, from one as Bitcoin writes it.
pub(crate) fn hash(text: &str) -> Hash {
    let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hex");
    let mut bytes: Vec<u8> = (0..text.len()).step_by(2).map(digit).collect();
    bytes.reverse();
    bytes.try_into().expect("32 bytes")
}

/// The address of a key that every run of these tests has.
pub(crate) fn address() -> Address {
    let key = PrivateKey::from_slice(&[7; 32], NetworkKind::Test).expect("a key");
    let public =
        CompressedPublicKey::from_private_key(&Secp256k1::new(), &key).expect("a compressed key");
    Address::p2wpkh(&public, KnownHrp::Regtest)
}

pub(crate) fn core(node: &Node) -> Core {
    Core::new(node.url(), Access::Cookie(node.cookie()), patience())
}

/// Everything above the first block, batch by batch.
pub(crate) fn all(feed: &mut dyn Feed) -> Vec<RawHeader> {
    let mut headers: Vec<RawHeader> = Vec::new();
    loop {
        let newest = headers.last().map_or_else(|| hash(FIRST), hash_of);
        let batch = feed.headers(&[newest, hash(FIRST)]).expect("an answer");
        if batch.is_empty() {
            return headers;
        }
        headers.extend(batch);
    }
}

pub(crate) fn peer(node: &Node) -> Peer {
    Peer::new(node.address(), Magic::REGTEST, patience())
}
