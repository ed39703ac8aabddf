//! Chains of easy blocks, mined here, and what a cheat makes of them.

mod forged;
mod tree;

use super::*;
use crate::Heights;

/// Rules with targets that are met at once, but retargeted as on the main network.
pub(super) const EASY: Rules = Rules {
    limit: 0x207f_ffff,
    retargets: true,
    min_difficulty: false,
    bip94: false,
    versions: [1, 1, 1],
};

pub(super) const ALWAYS: u32 = u32::MAX;

/// A chain of one waypoint with a time of its own.
pub(super) fn begun(rules: Rules) -> HeaderChain {
    let genesis = Waypoint::genesis(BitcoinNetwork::Regtest);
    HeaderChain::under(BitcoinNetwork::Regtest, rules, Waypoint { bits: rules.limit, ..genesis })
}

/// The next block, so many seconds after the last one. `salt` makes blocks differ.
pub(super) fn mine(rules: &Rules, waypoint: &Waypoint, seconds: i64, salt: u8) -> Header {
    let time = u32::try_from(i64::from(waypoint.time()) + seconds).expect("a time");
    let header = Header {
        version: 4,
        previous: waypoint.hash,
        merkle_root: [salt; 32],
        time,
        bits: waypoint.next_bits(rules, time),
        nonce: 0,
    };
    search(header)
}

/// The same header with a nonce that meets its target.
pub(super) fn search(mut header: Header) -> Header {
    let target = Target::from_compact(header.bits).expect("a target");
    while !target.is_met_by(&header.hash()) {
        header.nonce += 1;
    }
    header
}

/// So many blocks on a waypoint, each so many seconds after the one before, and the last waypoint.
pub(super) fn run(
    rules: &Rules,
    waypoint: Waypoint,
    count: usize,
    seconds: i64,
    salt: u8,
) -> (Vec<Header>, Waypoint) {
    let (mut waypoint, mut headers) = (waypoint, Vec::new());
    for _ in 0..count {
        let header = mine(rules, &waypoint, seconds, salt);
        waypoint = waypoint.after(rules, &header, ALWAYS, &mut None).expect("a good header");
        headers.push(header);
    }
    (headers, waypoint)
}

fn grown(rules: Rules, count: usize, seconds: i64) -> (HeaderChain, Vec<Header>) {
    let chain = begun(rules);
    let (headers, _) = run(&rules, *chain.tip(), count, seconds, 0);
    let (chain, change) = chain.step(&headers, ALWAYS).expect("good headers");
    assert_eq!(change, Change { fork: 0, dropped: 0, added: headers.clone() });
    (chain, headers)
}

#[test]
fn follows_a_chain_through_periods_that_are_too_fast_and_too_slow() {
    let (chain, _) = grown(EASY, 4032, 1);
    let harder = chain.tip().bits;
    assert_eq!(harder, 0x2007_ffff, "two periods at a second a block: a sixteenth of the target");
    let (slow, _) = run(&EASY, *chain.tip(), 2016, 3000, 1);
    let (chain, _) = chain.step(&slow, ALWAYS).expect("slow headers");
    assert_eq!(chain.tip().bits, 0x201f_fffc);
    assert_eq!(chain.tip().height, 6048);
}

#[test]
fn knows_at_each_height_what_it_knew_when_it_was_there() {
    for rules in [EASY, Rules { min_difficulty: true, bip94: true, ..EASY }] {
        let mut chain = begun(rules);
        let mut waypoints = Vec::from([*chain.tip()]);
        let mut seconds = [1_i64, 7, 600, 1300, 2, 1201, 3].into_iter().cycle();
        for _ in 0..2100 {
            let header = mine(&rules, chain.tip(), seconds.next().expect("a cycle"), 0);
            (chain, _) = chain.step(&[header], ALWAYS).expect("a good header");
            waypoints.push(*chain.tip());
        }
        for base in [0, 1, 5, 2015, 2016, 2017, 2099] {
            let pruned = chain.clone().pruned(base);
            assert_eq!(pruned.base().height, base);
            for (height, waypoint) in (0..).zip(&waypoints) {
                let known = (height >= base).then_some(*waypoint);
                assert_eq!(
                    pruned.waypoint(height),
                    known,
                    "height {height} of a chain from {base} on"
                );
                assert_eq!(pruned.hash_at(height), known.map(|waypoint| waypoint.hash));
            }
            let header = mine(&rules, chain.tip(), 5, 9);
            let (next, _) = pruned.step(&[header], ALWAYS).expect("it goes on");
            assert_eq!(next.tip().height, 2101);
        }
    }
}

#[test]
fn what_is_known_is_skipped_and_nothing_is_no_change() {
    let (chain, headers) = grown(EASY, 30, 600);
    let tip = *chain.tip();
    for known in [&headers[..], &headers[3..9], &[]] {
        let (same, change) = chain.clone().step(known, ALWAYS).expect("known headers");
        assert_eq!(*same.tip(), tip);
        assert_eq!(change, Change { fork: 30, dropped: 0, added: Vec::new() });
    }
    let (more, _) = run(&EASY, tip, 5, 600, 0);
    let overlapping = [&headers[20..], &more].concat();
    let (longer, change) = chain.step(&overlapping, ALWAYS).expect("good headers");
    assert_eq!(longer.tip().height, 35);
    assert_eq!(change.added, more);
}

#[test]
fn the_branch_with_more_work_is_the_chain_and_the_change_says_so() {
    let (chain, _) = grown(EASY, 200, 600);
    let fork = chain.waypoint(50).expect("a waypoint");
    let (branch, _) = run(&EASY, fork, 151, 600, 1);
    // As much work does not do: who came first stays.
    let (chain, change) = chain.step(&branch[..150], ALWAYS).expect("a branch");
    assert_eq!((chain.tip().height, change.dropped, change.added.len()), (200, 0, 0));
    assert_eq!(chain.size(), (200, 150));
    let (chain, change) = chain.step(&branch[150..], ALWAYS).expect("one more");
    assert_eq!(change, Change { fork: 50, dropped: 150, added: branch.clone() });
    assert_eq!(chain.tip().hash, branch[150].hash());
    assert_eq!(chain.size(), (201, 0));
    assert_eq!(chain.depth(&branch[0].hash()), Some((51, 150)));
    assert_eq!(chain.waypoint(50), Some(fork));
}

#[test]
fn a_branch_that_is_shown_again_is_held_once() {
    let (chain, _) = grown(EASY, 100, 600);
    let fork = chain.waypoint(50).expect("a waypoint");
    let (branch, end) = run(&EASY, fork, 30, 600, 1);
    let (more, _) = run(&EASY, end, 5, 600, 2);
    let inner = [&branch[..20], &run(&EASY, chain_to(&branch[..20], fork), 3, 600, 3).0].concat();
    let mut chain = chain;
    for _ in 0..3 {
        for shown in
            [&branch[..], &branch[..7], &branch[4..], &[&branch[..], &more].concat(), &more, &inner]
        {
            (chain, _) = chain.step(shown, ALWAYS).expect("a branch");
        }
        assert_eq!(chain.size(), (100, 35 + 23));
    }
    // What is bad in one that goes on is told by its own number.
    let bad = Header { bits: 0x1d00_ffff, ..more[2] };
    let told = chain.step(&[&branch[25..], &more[..2], &[bad]].concat(), ALWAYS).expect_err("bad");
    assert_eq!(told, BadHeader { at: 7, reject: HeaderReject::Bits });
}

/// The last of these headers on a waypoint.
fn chain_to(headers: &[Header], on: Waypoint) -> Waypoint {
    headers
        .iter()
        .fold(on, |on, header| on.after(&EASY, header, ALWAYS, &mut None).expect("a good header"))
}

#[test]
fn the_old_chain_comes_back_when_it_is_shown_again_with_more() {
    let (chain, old) = grown(EASY, 20, 600);
    let (tip, fork) = (*chain.tip(), chain.waypoint(10).expect("a waypoint"));
    let (branch, _) = run(&EASY, fork, 12, 600, 1);
    let (chain, _) = chain.step(&branch, ALWAYS).expect("a branch");
    assert_eq!(chain.tip().height, 22);
    let (more, _) = run(&EASY, tip, 3, 600, 2);
    let whole = [&old[10..], &more].concat();
    let (chain, change) = chain.step(&whole, ALWAYS).expect("the old one");
    assert_eq!((change.fork, change.dropped, chain.tip().height), (10, 12, 23));
}

#[test]
fn a_locator_leads_to_the_fork() {
    let (chain, headers) = grown(EASY, 1000, 600);
    let locator = chain.locator();
    assert_eq!(locator.first(), Some(&headers[999].hash()));
    assert_eq!(locator.last(), Some(&chain.base().hash));
    assert!(locator.len() < 20, "{}", locator.len());
    let heights: Vec<u32> = locator.iter().filter_map(|hash| chain.height_of(hash)).collect();
    assert_eq!(&heights[..12], &[1000, 999, 998, 997, 996, 995, 994, 993, 992, 991, 989, 985]);
}

#[test]
fn a_copy_costs_little_and_is_not_touched_by_what_comes_after() {
    let (chain, _) = grown(EASY, 100, 600);
    let before = chain.clone();
    let (more, _) = run(&EASY, *chain.tip(), 10, 600, 0);
    let (after, _) = chain.step(&more, ALWAYS).expect("good headers");
    assert_eq!((before.tip().height, after.tip().height), (100, 110));
    assert_eq!((before.size(), after.size()), ((100, 0), (110, 0)));
}

#[test]
fn is_the_clock() {
    let (chain, headers) = grown(EASY, 3, 600);
    let sighting = chain.sighting().expect("a tip");
    assert_eq!((sighting.height, sighting.hash), (3, headers[2].hash()));
    let found = u64::from(sighting.time);
    assert_eq!(sighting.age(found + 90), Some(90));
    // A clock may be two hours late, not more: then it is wrong, and no block is young.
    assert_eq!(sighting.age(found - 7_200), Some(0));
    assert_eq!(sighting.age(found - 7_201), None);
}

#[test]
fn a_reorganisation_by_a_branch_that_shares_blocks_with_the_chain_drops_only_what_leaves() {
    let (chain, _) = grown(EASY, 5, 600);
    let (first, end) = run(&EASY, *chain.base(), 3, 600, 1);
    let (second, _) = run(&EASY, *chain.base(), 1, 600, 1);
    let fork = second[0];
    assert_eq!(fork, first[0]);
    // Both are branches; the one off the other becomes the chain.
    let (chain, _) = chain.step(&first, ALWAYS).expect("a branch");
    let at = Waypoint::genesis(BitcoinNetwork::Regtest);
    let at = Waypoint { bits: EASY.limit, ..at }.after(&EASY, &fork, ALWAYS, &mut None);
    let (off, _) = run(&EASY, at.expect("a good header"), 5, 600, 2);
    let (chain, change) = chain.step(&off, ALWAYS).expect("more work");
    assert_eq!((change.fork, change.dropped, chain.tip().height), (0, 5, 6));
    // Now the first one goes on, and has more work: the block below both stays.
    let (more, _) = run(&EASY, end, 5, 600, 1);
    let (chain, change) = chain.step(&more, ALWAYS).expect("more work");
    assert_eq!((change.fork, change.dropped, chain.tip().height), (1, 5, 8));
    assert_eq!(change.added, [&first[1..], &more].concat());
}
