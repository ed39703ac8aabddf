//! The peer-to-peer protocol, with real nodes.

use bitcoin::absolute::LockTime;
use bitcoin::consensus::encode::serialize_hex;
use bitcoin::consensus::{deserialize, serialize};
use bitcoin::transaction::Version;
use bitcoin::{Amount, Block, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Witness};
use dsm_feed::{
    Feed, FeedError, FilterFeed, Finding, Hash, MAX_FILTERS, MAX_HEADERS, Magic, Peer,
    filters_match, hash_of, judge_filter, may_hold, parent_of,
};
use dsm_regtest::Node;
use serde_json::json;

use crate::world::{FIRST, address, all, core, hash, patience, peer};

#[test]
fn a_peer_and_core_give_the_same_headers_blocks_and_filters() {
    let node = Node::start().unwrap();
    let script = address().script_pubkey();
    let mined = node.mine_to(&address().to_string(), 2_500).unwrap();
    let mined: Vec<Hash> = mined.iter().map(|text| hash(text)).collect();
    let (mut core, mut peer) = (core(&node), peer(&node));
    assert_eq!(peer.headers(&[hash(FIRST)]).unwrap().len(), MAX_HEADERS);
    assert_eq!(peer.claimed_height(), Some(2_500));
    let headers = all(&mut peer);
    assert_eq!(headers, all(&mut core));
    assert_eq!(headers.iter().map(hash_of).collect::<Vec<_>>(), mined);
    assert_eq!(peer.block(&mined[1_234]).unwrap(), core.block(&mined[1_234]).unwrap());

    node.wait_for_filters().unwrap();
    let some = &mined[2_400..];
    let chain = peer.filter_headers(2_401, some).unwrap();
    assert_eq!(chain, core.filter_headers(2_401, some).unwrap());
    assert_eq!(peer.filter_headers(1, &mined[..MAX_HEADERS]).unwrap().len(), MAX_HEADERS + 1);
    let filters = peer.filters(2_401, some).unwrap();
    assert_eq!((filters.len(), &filters), (MAX_FILTERS, &core.filters(2_401, some).unwrap()));
    assert!(filters_match(&chain, &filters));
    assert_eq!(may_hold(&filters[0], &some[0], &[script.as_bytes()]), Ok(true));
    assert_eq!(may_hold(&filters[0], &some[0], &[&[1, 2, 3]]), Ok(false));
    // Too many at once is not even asked.
    let many = &mined[2_300..];
    assert!(matches!(peer.filters(2_301, many), Err(FeedError::TooMany(_))));
}

#[test]
fn a_peer_of_another_network_is_told_from_one_of_ours() {
    let node = Node::start().unwrap();
    let mut lost = Peer::new(node.address(), Magic::MAIN, patience());
    // It hangs up on strangers.
    assert!(matches!(lost.headers(&[hash(FIRST)]), Err(FeedError::Closed | FeedError::Broken(_))));
    let mut known = peer(&node);
    // None of a locator is known to it: it begins with its first block, which is not ours.
    node.mine(3).unwrap();
    assert!(matches!(known.headers(&[[9; 32]]), Err(FeedError::Unconnected)));
    assert_eq!(known.headers(&[[9; 32], hash(FIRST)]).unwrap().len(), 3);
}

#[test]
fn a_conversation_outlives_the_peer_that_hung_up() {
    let mut node = Node::start().unwrap();
    node.mine(5).unwrap();
    let mut peer = peer(&node);
    assert_eq!(peer.headers(&[hash(FIRST)]).unwrap().len(), 5);
    // Core hangs up.
    node.leave().unwrap();
    node.call("setnetworkactive", json!([true])).unwrap();
    assert_eq!(peer.headers(&[hash(FIRST)]).unwrap().len(), 5);
    node.restart().unwrap();
    node.mine(1).unwrap();
    assert_eq!(peer.headers(&[hash(FIRST)]).unwrap().len(), 6);
}

#[test]
fn both_kinds_of_feeds_follow_a_reorganization_of_their_node() {
    let (ada, ben) = (Node::start().unwrap(), Node::start().unwrap());
    let shared = ada.mine(10).unwrap();
    let fork = hash(&shared[9]);
    ben.join(&ada).unwrap();
    ben.leave().unwrap();
    let (short, long) = (ada.mine(20).unwrap(), ben.mine(150).unwrap());
    let locator = [hash(&short[19]), hash(&short[9]), fork, hash(FIRST)];
    let (mut over_rpc, mut over_net) = (core(&ada), peer(&ada));
    assert!(over_rpc.headers(&locator).unwrap().is_empty());
    assert!(over_net.headers(&locator).unwrap().is_empty());
    ben.join(&ada).unwrap();
    for feed in [&mut over_rpc as &mut dyn Feed, &mut over_net] {
        let headers = feed.headers(&locator).unwrap();
        assert_eq!((headers.len(), parent_of(&headers[0])), (150, fork), "{}", feed.name());
        assert_eq!(hash_of(&headers[149]), hash(&long[149]));
        // A block that was left is still there to be read.
        assert_eq!(
            hash_of(feed.block(&hash(&short[0])).unwrap().first_chunk().unwrap()),
            hash(&short[0])
        );
    }
}

/// A payment of the coin of a block that `Node::mine` made: its script wants no signature.
fn spend(block: &[u8]) -> Transaction {
    let block: Block = deserialize(block).expect("a block");
    let coin = OutPoint { txid: block.txdata[0].compute_txid(), vout: 0 };
    let input = TxIn {
        previous_output: coin,
        script_sig: ScriptBuf::new(),
        sequence: Sequence::MAX,
        witness: Witness::new(),
    };
    let output = TxOut { value: Amount::from_sat(1_000), script_pubkey: address().script_pubkey() };
    let (input, output) = (vec![input], vec![output]);
    Transaction { version: Version::TWO, lock_time: LockTime::ZERO, input, output }
}

#[test]
fn a_block_convicts_filters_that_leave_out_what_it_pays() {
    let node = Node::start().unwrap();
    let mined = node.mine(101).unwrap();
    let (mut core, mut peer) = (core(&node), peer(&node));
    let paid = spend(&core.block(&hash(&mined[0])).unwrap());
    let to = address().to_string();
    let made = node.call("generateblock", json!([to, [serialize_hex(&paid)]])).unwrap();
    let block = hash(made["hash"].as_str().unwrap());
    node.wait_for_filters().unwrap();
    let filter = peer.filters(102, &[block]).unwrap().remove(0);
    let bytes = peer.block(&block).unwrap();
    let first = core.block(&hash(&mined[0])).unwrap();
    let spent = deserialize::<Block>(&first).unwrap().txdata[0].output[0].script_pubkey.clone();
    assert_eq!(may_hold(&filter, &block, &[spent.as_bytes()]), Ok(true));
    // What it spends is elsewhere, so nobody can compute the whole filter from it.
    assert_eq!(judge_filter(&filter, &bytes), Ok(Finding::Possible));
    let others = peer.filters(101, &[hash(&mined[100])]).unwrap().remove(0);
    assert_eq!(judge_filter(&others, &bytes), Ok(Finding::Wrong));
    // Without such a payment it is computed.
    let quiet = peer.block(&hash(&mined[100])).unwrap();
    assert_eq!(judge_filter(&others, &quiet), Ok(Finding::Right));
    assert_eq!(judge_filter(&filter, &quiet), Ok(Finding::Wrong));
    assert_eq!(serialize(&deserialize::<Block>(&bytes).unwrap()), bytes);
}
