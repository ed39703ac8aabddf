//! Several feeds side by side: honest ones, ones that lie, and ones that are cut off.

use std::time::Duration;

use bitcoin::block::Header;
use bitcoin::consensus::deserialize;
use dsm_feed::{
    Carried, Feed, FeedError, FilterFeed, Follower, GatherError, Hash, RawHeader, Sources, Stance,
};
use dsm_headers::{BitcoinNetwork, Change, HeaderChain, Waypoint};
use dsm_regtest::Node;

use crate::world::{address, all, core, hash, peer};

const TIME: Duration = Duration::from_secs(60);

/// A chain that knows the first block only.
fn newborn() -> Follower<fn(&HeaderChain, Change)> {
    let base = Waypoint::genesis(BitcoinNetwork::Regtest);
    Follower::new(HeaderChain::new(BitcoinNetwork::Regtest, base), u32::MAX, |_, _| ())
}

fn tip(judge: &Follower<fn(&HeaderChain, Change)>) -> (u32, Hash) {
    (judge.chain().tip().height, judge.chain().tip().hash.0)
}

fn shown(sources: &Sources) -> Vec<String> {
    sources.all().iter().map(|one| one.stance().to_string()).collect()
}

/// A feed that does to an answer what a test says.
struct Bent<F> {
    feed: F,
    bend: fn(Vec<RawHeader>) -> Result<Vec<RawHeader>, FeedError>,
}

impl<F: Feed> Feed for Bent<F> {
    fn name(&self) -> &str {
        "bent"
    }

    fn headers(&mut self, locator: &[Hash]) -> Result<Vec<RawHeader>, FeedError> {
        (self.bend)(self.feed.headers(locator)?)
    }

    fn block(&mut self, hash: &Hash) -> Result<Vec<u8>, FeedError> {
        self.feed.block(hash)
    }
}

#[test]
fn feeds_that_lie_fail_or_repeat_themselves_keep_nobody_from_the_chain() {
    let node = Node::start().unwrap();
    let mined = node.mine(2_100).unwrap();
    let mut sources = Sources::default();
    let lie = |mut headers: Vec<RawHeader>| {
        // Nobody worked for this one.
        headers.truncate(1);
        for nonce in 0.. {
            let Some(first) = headers.first_mut() else { break };
            first[76] = nonce;
            let header: Header = deserialize(&headers[0]).expect("80 bytes");
            if header.validate_pow(header.target()).is_err() {
                break;
            }
        }
        Ok(headers)
    };
    sources.add(Box::new(Bent { feed: core(&node), bend: lie }));
    sources.add(Box::new(Bent { feed: core(&node), bend: |_| Err(FeedError::Late) }));
    sources.add(Box::new(peer(&node)));
    sources.add(Box::new(core(&node)));
    let mut judge = newborn();
    assert_eq!(sources.round(&mut judge, TIME), 2_100);
    assert_eq!(tip(&judge), (2_100, hash(&mined[2_099])));
    let [lying, late, one, other] = sources.all() else { panic!("four feeds") };
    assert!(
        matches!(lying.stance(), Stance::Refused(why) if why.contains("R-63")),
        "{}",
        lying.stance()
    );
    assert!(matches!(late.stance(), Stance::Failed(FeedError::Late)), "{}", late.stance());
    assert!(matches!((one.stance(), other.stance()), (Stance::Follows, Stance::Follows)));
    assert_eq!((lying.given(), one.given() + other.given()), (0, 2_100));
    assert!(sources.disagree());
    assert_eq!(sources.round(&mut judge, TIME), 0);
}

#[test]
fn an_eclipse_ends_with_one_honest_feed_and_the_other_is_shown_until_it_learns_better() {
    let (ada, ben) = (Node::start().unwrap(), Node::start().unwrap());
    let (short, long) = (ada.mine(30).unwrap(), ben.mine(2_150).unwrap());
    let mut sources = Sources::default();
    assert!(sources.add(Box::new(peer(&ada))));
    let mut judge = newborn();
    sources.round(&mut judge, TIME);
    // Whoever asks one feed alone sees what that one shows.
    assert_eq!((tip(&judge), sources.disagree()), ((30, hash(&short[29])), false));
    assert!(sources.add(Box::new(peer(&ben))));
    sources.round(&mut judge, TIME);
    assert_eq!(tip(&judge), (2_150, hash(&long[2_149])));
    let elsewhere = format!("follows another chain, up to {}", short[29]);
    assert_eq!(shown(&sources), [elsewhere.clone(), "follows the same chain".to_owned()]);
    assert!(sources.disagree());
    // It stays so as long as it is so, and no longer.
    sources.round(&mut judge, TIME);
    assert_eq!(shown(&sources)[0], elsewhere);
    ada.join(&ben).unwrap();
    sources.round(&mut judge, TIME);
    assert_eq!(shown(&sources), ["follows the same chain"; 2]);
    assert!(!sources.disagree());
}

#[test]
fn headers_carried_here_bring_a_device_without_a_network_to_the_tip() {
    let node = Node::start().unwrap();
    let mined = node.mine(2_345).unwrap();
    let bytes = all(&mut core(&node)).concat();
    drop(node);
    let mut sources = Sources::default();
    sources.add(Box::new(Carried::from_bytes("what ada brought", &bytes).unwrap()));
    let mut judge = newborn();
    assert_eq!(sources.round(&mut judge, TIME), 2_345);
    assert_eq!(tip(&judge), (2_345, hash(&mined[2_344])));
    assert!(sources.block(&hash(&mined[0])).is_err());
}

#[test]
fn a_round_ends_after_its_time_and_the_next_one_goes_on() {
    let node = Node::start().unwrap();
    node.mine(2_001).unwrap();
    let mut sources = Sources::default();
    sources.add(Box::new(peer(&node)));
    let mut judge = newborn();
    assert_eq!(sources.round(&mut judge, Duration::ZERO), 2_000);
    assert_eq!(sources.round(&mut judge, TIME), 1);
}

/// A feed whose filters are empty, and whose filter headers say so.
struct Hiding(dsm_feed::Peer);

impl Feed for Hiding {
    fn name(&self) -> &str {
        "hiding"
    }

    fn headers(&mut self, locator: &[Hash]) -> Result<Vec<RawHeader>, FeedError> {
        self.0.headers(locator)
    }

    fn block(&mut self, hash: &Hash) -> Result<Vec<u8>, FeedError> {
        // Not even what it was asked for.
        self.0.block(hash).map(|block| block[..80].to_vec())
    }

    fn as_filter_feed(&mut self) -> Option<&mut dyn FilterFeed> {
        Some(self)
    }
}

impl FilterFeed for Hiding {
    fn filter_headers(&mut self, start: u32, blocks: &[Hash]) -> Result<Vec<Hash>, FeedError> {
        use bitcoin::hashes::{Hash as _, sha256d};
        let mut headers = self.0.filter_headers(start, blocks)?;
        let empty = sha256d::Hash::hash(&[0]).to_byte_array();
        for at in 1..headers.len() {
            let both = [empty, headers[at - 1]].concat();
            headers[at] = sha256d::Hash::hash(&both).to_byte_array();
        }
        Ok(headers)
    }

    fn filters(&mut self, _start: u32, blocks: &[Hash]) -> Result<Vec<Vec<u8>>, FeedError> {
        Ok(vec![vec![0]; blocks.len()])
    }
}

#[test]
fn filters_that_hide_a_payment_are_convicted_by_its_block() {
    let node = Node::start().unwrap();
    let script = address().script_pubkey();
    let mut mined = node.mine(40).unwrap();
    mined.extend(node.mine_to(&address().to_string(), 1).unwrap());
    mined.extend(node.mine(20).unwrap());
    node.wait_for_filters().unwrap();
    let blocks: Vec<Hash> = mined[10..].iter().map(|text| hash(text)).collect();
    let mut sources = Sources::default();
    sources.add(Box::new(Hiding(peer(&node))));
    let alone = sources.filters(None, 11, &blocks).unwrap();
    assert!(!alone.may_hold(30, &[script.as_bytes()]), "whoever asks a liar alone is lied to");
    sources.add(Box::new(peer(&node)));
    sources.add(Box::new(core(&node)));
    let gathered = sources.filters(None, 11, &blocks).unwrap();
    let found: Vec<usize> =
        (0..blocks.len()).filter(|at| gathered.may_hold(*at, &[script.as_bytes()])).collect();
    assert_eq!(found, [30]);
    assert!(!gathered.is_disputed());
    let stances: Vec<bool> =
        sources.all().iter().map(|one| matches!(one.stance(), Stance::Refused(_))).collect();
    assert_eq!(stances, [true, false, false]);
    // Who knows where the filter headers were is not led elsewhere.
    let elsewhere = sources.filters(Some(&[1; 32]), 11, &blocks);
    assert!(matches!(elsewhere, Err(GatherError::Nobody(who)) if who.len() == 3));
    let next = node.mine(1).unwrap();
    node.wait_for_filters().unwrap();
    let before = gathered.header();
    sources.filters(Some(&before), 62, &[hash(&next[0])]).unwrap();
}
