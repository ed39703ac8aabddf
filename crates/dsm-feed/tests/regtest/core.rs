//! Bitcoin Core over JSON-RPC.

use bitcoin::consensus::deserialize;
use dsm_feed::{Access, Core, Feed, FeedError, FilterFeed, MAX_HEADERS, hash_of, parent_of};
use dsm_regtest::Node;

use crate::world::{FIRST, address, all, core, hash, patience};

#[test]
fn core_gives_all_headers_in_batches_and_blocks_by_their_hash() {
    let node = Node::start().unwrap();
    let mined = node.mine_to(&address().to_string(), 2_500).unwrap();
    let mut core = core(&node);
    let first = core.headers(&[hash(FIRST)]).unwrap();
    assert_eq!(first.len(), MAX_HEADERS);
    let headers = all(&mut core);
    let hashes: Vec<_> = headers.iter().map(hash_of).collect();
    assert_eq!(hashes, mined.iter().map(|text| hash(text)).collect::<Vec<_>>());
    let block = core.block(&hashes[2_000]).unwrap();
    assert_eq!(block[..80], headers[2_000]);
    let block: bitcoin::Block = deserialize(&block).unwrap();
    assert_eq!(block.txdata[0].output[0].script_pubkey, address().script_pubkey());
    assert!(matches!(core.block(&[3; 32]), Err(FeedError::Missing("block"))));
}

#[test]
fn core_answers_a_locator_from_where_it_follows_it() {
    let node = Node::start().unwrap();
    let mined: Vec<_> = node.mine(20).unwrap().iter().map(|text| hash(text)).collect();
    let mut core = core(&node);
    // What it does not know is passed over, also what it has left.
    let after = core.headers(&[[9; 32], mined[14], mined[3], hash(FIRST)]).unwrap();
    assert_eq!((after.len(), parent_of(&after[0])), (5, mined[14]));
    let stale = node.tip().unwrap();
    node.call("invalidateblock", serde_json::json!([node.tip().unwrap()])).unwrap();
    let after = core.headers(&[hash(&stale), mined[17], hash(FIRST)]).unwrap();
    assert_eq!((after.len(), hash_of(&after[0])), (1, mined[18]));
    assert!(core.headers(&[mined[18]]).unwrap().is_empty());
    assert!(matches!(core.headers(&[[9; 32]]), Err(FeedError::Unconnected)));
}

#[test]
fn core_gives_filters_that_make_its_filter_headers() {
    let node = Node::start().unwrap();
    let mined: Vec<_> = node.mine(12).unwrap().iter().map(|text| hash(text)).collect();
    node.wait_for_filters().unwrap();
    let mut core = core(&node);
    let headers = core.filter_headers(3, &mined[2..]).unwrap();
    assert_eq!(headers.len(), 11);
    let filters = core.filters(3, &mined[2..]).unwrap();
    assert_eq!(filters.len(), 10);
    // From the very first block on, below which there is nothing.
    assert_eq!(core.filter_headers(0, &[hash(FIRST)]).unwrap()[0], [0; 32]);
    assert_eq!(core.filter_headers(1, &mined[..2]).unwrap()[2], headers[0]);
}

#[test]
fn core_says_why_it_gives_nothing() {
    let node = Node::start().unwrap();
    let access = Access::Password { user: "ada".to_owned(), password: "guess".to_owned() };
    let mut stranger = Core::new(node.url(), access, patience());
    assert!(matches!(stranger.headers(&[hash(FIRST)]), Err(FeedError::Denied)));
    let nowhere = Access::Cookie(node.cookie().with_extension("not"));
    let mut lost = Core::new(node.url(), nowhere, patience());
    assert!(matches!(lost.headers(&[hash(FIRST)]), Err(FeedError::Cookie(_))));
    let (url, cookie) = (node.url(), node.cookie());
    let kept = tempfile::NamedTempFile::new().unwrap();
    std::fs::copy(&cookie, kept.path()).unwrap();
    drop(node);
    let mut dead = Core::new(url, Access::Cookie(kept.path().to_owned()), patience());
    assert!(matches!(dead.headers(&[hash(FIRST)]), Err(FeedError::Unreachable(_))));
}
