//! State that two devices share: a sum of what both contributed, each number at most once a side.

use dsm_core::data::{Author, Reducer, reduce, schema};
use dsm_core::{Addressee, Draft, Op, View, write};
use dsm_crypto::SecretKey;
use dsm_encoding::{Blob, List};
use dsm_log::{DeviceId, relationship};
use dsm_session::{Batch, Ledger, opening};
use dsm_store::{Books, Kv};

/// Adds up what both sides say.
struct Sum;

impl Reducer for Sum {
    type State = u64;
    const SCHEMA: &'static str = "dsm sim sum";

    fn start(&self) -> u64 {
        0
    }

    fn apply(&self, state: &u64, _: Author, bytes: &[u8]) -> Option<u64> {
        let [value] = bytes else { return None };
        state.checked_add(u64::from(*value))
    }
}

/// The entry by which a device contributes to what it shares with a peer, if it deals with that.
pub(crate) fn contribution<K: Kv>(
    books: &Books<'_, K>,
    key: &SecretKey,
    peer: DeviceId,
    value: u8,
) -> Option<Batch> {
    let me = books.me();
    let ends = books.is_forked(&me) || books.is_old_copy() || books.is_forked(&peer);
    if ends || !books.peer(&peer).is_some_and(|peer| peer.active) {
        return None;
    }
    let (tip, proof) = books.tip(&relationship(&me, &peer));
    let stitch = books.accepted(&peer);
    let op = Op::Data { schema: schema(Sum::SCHEMA), bytes: Blob::try_from(vec![value]).ok()? };
    let ops = List::try_collect(std::iter::once(op).chain(opening(books, &peer))).ok()?;
    let to = Some(Addressee { device: peer, stitch, tip, proof });
    let draft = Draft { to, ops, ..Draft::default() };
    let written = write(&books.own_log(), draft, books.network(), key)?;
    Some(Batch { written: vec![written], ..Batch::default() })
}

/// What a device sees of the state that it shares with a peer.
pub(crate) fn state<K: Kv>(books: &Books<'_, K>, peer: &DeviceId) -> u64 {
    let schema = schema(Sum::SCHEMA);
    let (own, theirs) = (books.contributed(peer, &schema), books.contributions_of(peer, &schema));
    match Author::of(&books.me(), peer) {
        Author::First => reduce(&Sum, &own, &theirs).state,
        Author::Second => reduce(&Sum, &theirs, &own).state,
    }
}
