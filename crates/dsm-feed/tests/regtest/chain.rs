//! The chain of `dsm-headers` over feeds of real nodes.

use std::time::Duration;

use bitcoin::consensus::serialize;
use bitcoin::hashes::{Hash as _, sha256d};
use dsm_encoding::{from_slice, to_vec};
use dsm_feed::{Carried, Follower, Sources};
use dsm_headers::{
    BitcoinNetwork, Block, BlockHash, Change, Header, HeaderChain, HeightGuard, HeightProof,
    TransactionProof, Waypoint,
};
use dsm_regtest::Node;

use crate::world::{core, hash, peer};

const TIME: Duration = Duration::from_secs(60);
/// The easiest target of regtest.
const EASIEST: u32 = 0x207f_ffff;

fn newborn() -> HeaderChain {
    HeaderChain::new(BitcoinNetwork::Regtest, Waypoint::genesis(BitcoinNetwork::Regtest))
}

/// One round, and all that changed in it.
fn round(sources: &mut Sources, chain: HeaderChain, time: Duration) -> (HeaderChain, Vec<Change>) {
    let mut changes = Vec::new();
    let mut follower = Follower::new(chain, u32::MAX, |_, change| changes.push(change));
    sources.round(&mut follower, time);
    let chain = follower.into_chain();
    (chain, changes)
}

/// Headers as somebody keeps them who writes down every change.
fn write_down(kept: &mut Vec<Header>, changes: Vec<Change>) {
    for change in changes {
        kept.truncate(change.fork as usize);
        kept.extend(change.added);
    }
}

#[test]
fn reorganizations_of_1_to_150_blocks_are_followed_and_told() {
    let (ada, ben) = (Node::start().expect("a node"), Node::start().expect("a node"));
    ada.mine(5).expect("blocks");
    let mut sources = Sources::default();
    sources.add(Box::new(core(&ada)));
    sources.add(Box::new(peer(&ada)));
    let (mut chain, changes) = round(&mut sources, newborn(), TIME);
    let mut kept = Vec::new();
    write_down(&mut kept, changes);
    for depth in [1, 2, 7, 40, 150] {
        ben.join(&ada).expect("one chain");
        ben.leave().expect("two chains");
        let fork = chain.tip().height;
        ada.mine(depth).expect("blocks");
        let long = ben.mine(depth + 1).expect("blocks");
        let (next, changes) = round(&mut sources, chain, TIME);
        assert!(changes.iter().all(|change| change.dropped == 0));
        assert_eq!(next.tip().height, fork + depth);
        write_down(&mut kept, changes);
        ben.join(&ada).expect("one chain");
        let (next, changes) = round(&mut sources, next, TIME);
        let told: Vec<_> =
            changes.iter().map(|one| (one.fork, one.dropped, one.added.len())).collect();
        assert_eq!(told, [(fork, depth, depth as usize + 1)]);
        assert_eq!(next.tip().hash.0, hash(long.last().expect("a block")));
        write_down(&mut kept, changes);
        chain = next;
    }
    // Who wrote it all down has the chain of the node.
    assert_eq!(kept.len() as u64, ada.height().expect("a height"));
    let (again, _) = newborn().step(&kept, u32::MAX).expect("good headers");
    assert_eq!(again.tip(), chain.tip());
}

#[test]
fn who_is_interrupted_goes_on_from_what_was_written_down() {
    let mut node = Node::start().expect("a node");
    let mined = node.mine(2_500).expect("blocks");
    let mut kept = Vec::new();
    let mut sources = Sources::default();
    sources.add(Box::new(peer(&node)));
    let (_, changes) = round(&mut sources, newborn(), Duration::ZERO);
    write_down(&mut kept, changes);
    assert_eq!(kept.len(), 2_000);
    // Both sides start anew.
    drop(sources);
    node.restart().expect("a node");
    let (chain, _) = newborn().step(&kept, u32::MAX).expect("good headers");
    let mut sources = Sources::default();
    sources.add(Box::new(peer(&node)));
    let (chain, changes) = round(&mut sources, chain, TIME);
    assert_eq!(changes.iter().map(|change| change.added.len()).sum::<usize>(), 500);
    assert_eq!(chain.tip().hash.0, hash(&mined[2_499]));
}

#[test]
fn proofs_made_of_a_fetched_block_hold_for_a_device_without_a_network() {
    let node = Node::start().expect("a node");
    let mined = node.mine(120).expect("blocks");
    let mut sources = Sources::default();
    sources.add(Box::new(peer(&node)));
    let (chain, changes) = round(&mut sources, newborn(), TIME);
    let mut kept = Vec::new();
    write_down(&mut kept, changes);
    let bytes = sources.block(&hash(&mined[109])).expect("a block");
    let block = Block::from_bytes(&bytes).expect("a block");

    // Six deep, to whoever knows no header at all.
    let proof = block.prove_height(&kept[110..116]).expect("a proof");
    let carried: HeightProof = from_slice(&to_vec(&proof)).expect("canonical bytes");
    let guard = |height, depth| HeightGuard { height, depth, easiest: EASIEST };
    let buried = carried.verify(&guard(110, 6)).expect("a good proof");
    assert_eq!((buried.height(), buried.block()), (110, BlockHash(hash(&mined[109]))));
    assert!(carried.verify(&guard(111, 6)).is_err());
    assert!(carried.verify(&guard(110, 7)).is_err());
    assert!(to_vec(&proof).len() <= 1_200, "{} bytes", to_vec(&proof).len());

    // The chain itself, and what a block of it contains.
    let headers: Vec<u8> = kept.iter().flat_map(Header::to_bytes).collect();
    drop((node, sources));
    let mut offline = Sources::default();
    offline.add(Box::new(Carried::from_bytes("ada", &headers).expect("headers")));
    let (theirs, _) = round(&mut offline, newborn(), TIME);
    assert_eq!(theirs.tip(), chain.tip());
    let paid = block.transactions().next().expect("a coinbase");
    let proof = to_vec(&block.prove(&paid).expect("a proof"));
    let proof: TransactionProof = from_slice(&proof).expect("canonical bytes");
    assert_eq!(theirs.depth(&block.hash()), Some((110, 10)));
    let known: bitcoin::Block = bitcoin::consensus::deserialize(&bytes).expect("a block");
    assert_eq!(paid.0, known.txdata[0].compute_txid().to_byte_array());
    assert_eq!(sha256d::Hash::hash(&serialize(&known.header)).to_byte_array(), block.hash().0);
    let included = proof.verify_on(block.header(), &theirs, 10).expect("a good proof");
    assert_eq!((included.block(), included.transaction()), (block.hash(), paid));
    assert!(proof.verify_on(block.header(), &theirs, 11).is_err());
}
