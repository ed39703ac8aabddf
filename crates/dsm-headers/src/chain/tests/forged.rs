//! Headers that a cheat makes: each rule is broken by one that keeps all others.

use super::*;

/// Why the one header is refused on this chain.
fn refused(chain: &HeaderChain, header: Header, latest: u32) -> HeaderReject {
    let bad = chain.clone().step(&[header], latest).expect_err("a bad header");
    assert_eq!(bad.at, 0);
    bad.reject
}

#[test]
fn a_header_must_follow_one_that_is_known() {
    let (chain, _) = grown(EASY, 12, 600);
    let stranger = Header { previous: BlockHash([7; 32]), ..mine(&EASY, chain.tip(), 600, 0) };
    assert_eq!(refused(&chain, search(stranger), ALWAYS), HeaderReject::Unconnected);
    let (two, _) = run(&EASY, *chain.tip(), 3, 600, 0);
    let bad = chain.clone().step(&[two[0], two[2]], ALWAYS).expect_err("a gap");
    assert_eq!(bad, BadHeader { at: 1, reject: HeaderReject::Unconnected });
}

#[test]
fn work_that_is_claimed_must_be_there() {
    let (chain, _) = grown(EASY, 12, 600);
    let mut header = mine(&EASY, chain.tip(), 600, 0);
    let target = Target::from_compact(header.bits).expect("a target");
    while target.is_met_by(&header.hash()) {
        header.nonce += 1;
    }
    assert_eq!(refused(&chain, header, ALWAYS), HeaderReject::Work);
    // A target that one chose oneself, hard or easy, is no target.
    for bits in [0x2000_ffff, 0x1d00_ffff, 0x2100_ffff, 0x207f_fffe] {
        let header = Header { bits, ..header };
        assert_eq!(refused(&chain, header, ALWAYS), HeaderReject::Bits, "{bits:08x}");
    }
}

#[test]
fn a_period_that_was_too_fast_is_followed_by_a_harder_one() {
    let (chain, _) = grown(EASY, 2015, 1);
    let lazy = Header { bits: chain.tip().bits, ..mine(&EASY, chain.tip(), 1, 0) };
    assert_eq!(refused(&chain, search(lazy), ALWAYS), HeaderReject::Bits);
    let (chain, _) = chain.clone().step(&[mine(&EASY, chain.tip(), 1, 0)], ALWAYS).expect("harder");
    assert_eq!(chain.tip().bits, 0x201f_ffff);
}

#[test]
fn a_time_must_lie_after_the_median_of_eleven() {
    let (chain, _) = grown(EASY, 12, 600);
    // The median lies five blocks back.
    let at_median = mine(&EASY, chain.tip(), -3000, 0);
    assert_eq!(refused(&chain, at_median, ALWAYS), HeaderReject::Time);
    let after = mine(&EASY, chain.tip(), -2999, 0);
    assert!(chain.step(&[after], ALWAYS).is_ok());
    // Of fewer than eleven, it is the median of all there are.
    let (young, _) = grown(EASY, 2, 600);
    assert_eq!(refused(&young, mine(&EASY, young.tip(), -600, 0), ALWAYS), HeaderReject::Time);
}

#[test]
fn below_a_checkpoint_the_median_waits_for_eleven() {
    let genesis = Waypoint::genesis(BitcoinNetwork::Regtest);
    let base = Waypoint { height: 5000, times: Times::of(1_000_000), ..genesis };
    let mut chain = HeaderChain::under(BitcoinNetwork::Regtest, EASY, base);
    for count in 1..11 {
        let (next, _) =
            chain.clone().step(&[mine(&EASY, chain.tip(), -1, 0)], ALWAYS).expect("unknown times");
        assert_eq!(next.tip().times.as_slice().len(), count + 1);
        chain = next;
    }
    assert_eq!(refused(&chain, mine(&EASY, chain.tip(), -1, 0), ALWAYS), HeaderReject::Time);
}

#[test]
fn a_period_cannot_be_stretched_by_its_first_time() {
    let rules = Rules { bip94: true, ..EASY };
    // The last block of the period is far ahead, and the first of the next one goes back.
    let chain = begun(rules);
    let (slow, _) = run(&rules, *chain.tip(), 2014, 600, 0);
    let (chain, _) = chain.step(&slow, ALWAYS).expect("a period");
    let (chain, _) =
        chain.clone().step(&[mine(&rules, chain.tip(), 7000, 0)], ALWAYS).expect("far ahead");
    assert_eq!(refused(&chain, mine(&rules, chain.tip(), -601, 0), ALWAYS), HeaderReject::Warp);
    assert!(chain.clone().step(&[mine(&rules, chain.tip(), -600, 0)], ALWAYS).is_ok());
}

#[test]
fn where_anybody_mines_a_late_block_is_easy_and_the_next_one_is_not() {
    let rules = Rules { min_difficulty: true, bip94: true, ..EASY };
    let (chain, _) = grown(rules, 2016, 1);
    let hard = chain.tip().bits;
    assert_ne!(hard, rules.limit);
    let easy = mine(&rules, chain.tip(), 1201, 0);
    assert_eq!(easy.bits, rules.limit);
    let early = search(Header { time: easy.time - 1, ..easy });
    assert_eq!(refused(&chain, early, ALWAYS), HeaderReject::Bits);
    let (chain, _) = chain.step(&[easy], ALWAYS).expect("an easy block");
    assert_eq!(mine(&rules, chain.tip(), 600, 0).bits, hard);
    // A period whose last block is easy is not followed by easy ones: its first one counts.
    let (rest, _) = run(&rules, *chain.tip(), 2013, 1, 0);
    let (chain, _) = chain.step(&rest, ALWAYS).expect("the rest");
    let (chain, _) =
        chain.clone().step(&[mine(&rules, chain.tip(), 1201, 0)], ALWAYS).expect("the last");
    assert_eq!((chain.tip().height, chain.tip().bits), (4031, rules.limit));
    assert_ne!(mine(&rules, chain.tip(), 1, 0).bits, rules.limit);
}

#[test]
fn a_time_in_the_future_is_the_callers_to_judge() {
    let (chain, _) = grown(EASY, 12, 600);
    let header = mine(&EASY, chain.tip(), 600, 0);
    assert_eq!(refused(&chain, header, header.time - 1), HeaderReject::Ahead);
    assert!(chain.step(&[header], header.time).is_ok());
}

#[test]
fn an_old_version_is_no_longer_taken() {
    let rules = Rules { versions: [2, 4, 6], ..EASY };
    let mut chain = begun(rules);
    for least in [1, 2, 2, 3, 3, 4, 4, 4] {
        let header = mine(&rules, chain.tip(), 600, 0);
        let old = search(Header { version: least - 1, ..header });
        if least > 1 {
            assert_eq!(refused(&chain, old, ALWAYS), HeaderReject::Version);
        }
        let good = search(Header { version: least, ..header });
        (chain, _) = chain.step(&[good], ALWAYS).expect("a version that is taken");
    }
}

#[test]
fn an_easy_branch_from_long_ago_counts_only_by_its_work() {
    // A chain that became hard, and a branch from before that, slow enough to stay easy.
    let (chain, _) = grown(EASY, 6048, 1);
    let tip = *chain.tip();
    let (mut waypoint, mut easy) = (chain.waypoint(1).expect("a waypoint"), Vec::new());
    while waypoint.work <= tip.work {
        let header = mine(&EASY, &waypoint, 2400, 1);
        waypoint = waypoint.after(&EASY, &header, ALWAYS, &mut None).expect("a good header");
        easy.push(header);
    }
    let enough = easy.len();
    assert!(enough > 2 * 6048, "easy blocks need to be more: {enough}");
    let mut lied = chain;
    for batch in easy[..enough - 1].chunks(2000) {
        (lied, _) = lied.step(batch, ALWAYS).expect("a branch");
        assert_eq!(*lied.tip(), tip);
    }
    let (lied, change) = lied.step(&easy[enough - 1..], ALWAYS).expect("more work");
    assert_eq!((lied.tip().hash, change.dropped), (waypoint.hash, 6047));
}

#[test]
fn a_branch_that_never_has_more_work_is_dropped_at_the_bound() {
    // One block that outweighs all that follows.
    let chain = begun(EASY);
    let work = chain.tip().work.plus(Work::from(1 << 60));
    let heavy = Waypoint { work, height: 1, hash: BlockHash([9; 32]), ..*chain.tip() };
    let node = Node { hash: heavy.hash, time: heavy.time(), bits: heavy.bits };
    let mut chain = HeaderChain { tip: heavy, ..chain };
    chain.nodes.push(node);
    let mut waypoint = *chain.base();
    let mut held = 0;
    let bad = loop {
        let (batch, end) = run(&EASY, waypoint, 2000, 2400, 1);
        waypoint = end;
        match chain.clone().step(&batch, ALWAYS) {
            Ok((next, _)) => chain = next,
            Err(bad) => break bad,
        }
        assert!(chain.size().1 <= MAX_BRANCH_HEADERS);
        held = held.max(chain.size().1);
    };
    assert_eq!((bad.reject, held), (HeaderReject::Unconnected, MAX_BRANCH_HEADERS));
    assert_eq!(*chain.tip(), heavy);
}

#[test]
fn only_so_many_branches_are_held_those_with_the_most_work() {
    let (mut chain, _) = grown(EASY, 40, 600);
    let fork = chain.waypoint(5).expect("a waypoint");
    for salt in 1..=20 {
        let (branch, _) = run(&EASY, fork, usize::from(salt), 600, salt);
        (chain, _) = chain.step(&branch, ALWAYS).expect("a branch");
    }
    let lengths: Vec<usize> = chain.branches.iter().map(|branch| branch.headers.len()).collect();
    assert_eq!(lengths, [20, 19, 18, 17, 16, 15, 14, 13]);
}
