//! The secrets of a relationship, and how far its letters have come (`spec/letters.md`).
//!
//! Each direction has its own secret: the writer's Open carries it to the peer. It is a chain of
//! keys, one for each letter. Whoever keeps a [`Mail`] keeps it before a letter leaves, so no key is
//! ever used for two letters.

use alloc::boxed::Box;

use dsm_core::{Op, TokenId};
use dsm_crypto::{Digest, Domain, KemSecret, SealKey, Secret, decapsulate, encapsulate, hash};
use dsm_encoding::{Decode, DecodeError, Encode, Reader, Writer, record};
use dsm_log::DeviceId;

use crate::ledger::Ledger;
use crate::{Ask, Request};

/// The key of the next letter of one direction.
#[derive(Clone, Debug)]
pub struct Chain {
    /// The letter's number, from 0.
    pub number: u64,
    key: Secret<32>,
}

impl Chain {
    /// The beginning of a direction.
    pub(crate) fn begin(secret: &Secret<32>, from: &DeviceId, to: &DeviceId) -> Self {
        Self { number: 0, key: secret.derive(Domain::Chain, &(from, to)) }
    }

    /// The key after this one; this one is gone. None after 2^64 - 1 letters.
    pub(crate) fn next(&self) -> Option<Self> {
        let key = self.key.derive(Domain::Chain, &self.number);
        Some(Self { number: self.number.checked_add(1)?, key })
    }

    /// The key of a later letter, if it is at most so many steps away; those between are gone.
    pub(crate) fn forward(self, number: u64, most: u64) -> Option<Self> {
        let steps = number.checked_sub(self.number).filter(|steps| *steps <= most)?;
        (0..steps).try_fold(self, |chain, _| chain.next())
    }

    /// Where the letter is put.
    #[must_use]
    pub fn mailbox(&self) -> Digest {
        Digest::from_bytes(*self.key.derive(Domain::Mailbox, &self.number).expose())
    }

    /// What seals the letter.
    pub(crate) fn seal_key(&self) -> SealKey {
        SealKey::derive(&self.key, &("letter", self.number))
    }
}

impl Encode for Chain {
    fn encode(&self, to: &mut Writer) {
        (self.number, self.key.expose()).encode(to);
    }
}

impl Decode for Chain {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (number, key) = Decode::decode(from)?;
        Ok(Self { number, key: Secret::from_bytes(key) })
    }
}

/// The letters to a peer.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    /// Index of the own entry that opens this direction.
    pub opened: Option<u64>,
    /// How many letters were sealed to the peer's KEM key.
    pub firsts: u64,
    /// The next key; none before the first letter under it.
    pub chain: Option<Chain>,
    /// The number of the next key, as the peer said that it expects it.
    pub read: u64,
    /// The greatest index of an own entry that was put in a letter.
    pub sent: u64,
    /// Fork proofs of the news up to here were put in a letter.
    pub told: u64,
}
record! { Outbox { opened, firsts, chain, read, sent, told } }

/// The letters of a peer.
#[derive(Clone, Debug, Default)]
pub struct Inbox {
    /// Index of the peer's entry that opens this direction.
    pub opened: Option<u64>,
    /// One more than the greatest number of a letter sealed to the own KEM key that was read.
    pub firsts: u64,
    /// The next key; none before the first letter under it was read.
    pub chain: Option<Chain>,
    /// The last own entry that the peer said it accepted.
    pub accepted: u64,
    /// The greatest index of the own log that the peer said it knows.
    pub known: Option<u64>,
    /// What the peer asked for last, and was not paid.
    pub asked: Option<Ask>,
}
record! { Inbox { opened, firsts, chain, accepted, known, asked } }

/// How far the letters of a relationship have come.
#[derive(Clone, Debug, Default)]
pub struct Mail {
    /// To the peer.
    pub outbox: Outbox,
    /// From the peer.
    pub inbox: Inbox,
}
record! { Mail { outbox, inbox } }

/// The secret that the own entry at an index carries to a peer, and the operation that carries it.
/// Made of a secret that never leaves, so that it need not be kept. None if the peer's key is not
/// known.
fn open<L: Ledger>(books: &L, peer: &DeviceId, index: u64) -> Option<(Op, Secret<32>)> {
    let mut randomness = [0; 64];
    for (number, part) in (0_u8..).zip(randomness.chunks_mut(32)) {
        let derived = books.ask_secret().derive(Domain::Open, &(peer, index, number));
        part.copy_from_slice(derived.expose());
    }
    let (ciphertext, secret) = encapsulate(&books.kem(peer)?, randomness);
    Some((Op::Open { ciphertext: Box::new(ciphertext) }, secret))
}

/// What the next own entry, if it is to a peer, carries to it beside: a secret, if none was carried.
pub fn opening<L: Ledger>(books: &L, peer: &DeviceId) -> Option<Op> {
    if books.mail(peer).outbox.opened.is_some() {
        return None;
    }
    let index = books.own_log().at.index.checked_add(1)?;
    Some(open(books, peer, index)?.0)
}

/// The key of the next letter to a peer; none if nothing was opened to it.
pub(crate) fn outgoing<L: Ledger>(books: &L, peer: &DeviceId, outbox: &Outbox) -> Option<Chain> {
    if let Some(chain) = &outbox.chain {
        return Some(chain.clone());
    }
    let (_, secret) = open(books, peer, outbox.opened?)?;
    Some(Chain::begin(&secret, &books.me(), peer))
}

/// The key of the next letter of a peer; none if it opened nothing.
pub(crate) fn incoming<L: Ledger>(
    books: &L,
    kem: &KemSecret,
    peer: &DeviceId,
    inbox: &Inbox,
) -> Option<Chain> {
    if let Some(chain) = &inbox.chain {
        return Some(chain.clone());
    }
    let entry = books.entry(peer, inbox.opened?)?;
    let ciphertext = entry.ops.iter().find_map(|op| match op {
        Op::Open { ciphertext } => Some(ciphertext),
        _ => None,
    });
    let secret = decapsulate(kem, ciphertext?);
    Some(Chain::begin(&secret, peer, &books.me()))
}

/// The number of the next letter under a chain.
pub(crate) fn number_of(chain: Option<&Chain>) -> u64 {
    chain.map_or(0, |chain| chain.number)
}

/// Where every letter is put that is sealed to the reader's KEM key, so that the reader finds it
/// however many were lost. Whoever knows both devices can tell.
pub(crate) fn first_mailbox(from: &DeviceId, to: &DeviceId) -> Digest {
    hash(Domain::Mailbox, &(from, to))
}

/// The last own entry that a peer is known to have accepted; 0 if none.
pub(crate) fn accepted_by<L: Ledger>(books: &L, peer: &DeviceId, mail: &Mail) -> u64 {
    let stitched = books.peer(peer).and_then(|peer| peer.stitch).unwrap_or(0);
    stitched.max(mail.inbox.accepted)
}

/// What to keep when a peer has accepted an own entry, if it is news that it can open letters under
/// the own chain: once for each relationship.
pub(crate) fn heard<L: Ledger>(
    books: &L,
    peer: DeviceId,
    accepted: Option<u64>,
) -> Option<(DeviceId, Box<Mail>)> {
    let accepted = accepted?;
    let mut mail = books.mail(&peer);
    let opened = mail.outbox.opened?;
    if accepted < opened || opened <= accepted_by(books, &peer, &mail) {
        return None;
    }
    mail.inbox.accepted = accepted;
    Some((peer, Box::new(mail)))
}

/// What to keep when a payment is bound that a peer asked for by a letter: it is asked for no more.
pub(crate) fn answered<L: Ledger>(
    books: &L,
    peer: DeviceId,
    terms: (TokenId, u64),
) -> Option<(DeviceId, Box<Mail>)> {
    let mut mail = books.mail(&peer);
    let same = |request: &Request| (request.token, request.amount) == terms;
    mail.inbox.asked.take_if(|ask| ask.request.as_ref().is_some_and(same))?;
    Some((peer, Box::new(mail)))
}
