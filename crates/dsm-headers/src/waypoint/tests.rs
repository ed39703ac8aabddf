//! The rules of one header, against Bitcoin Core's own cases and the crate `bitcoin`.

use alloc::string::ToString;

use bitcoin::pow::CompactTarget;
use proptest::prelude::*;

use super::*;
use crate::BitcoinNetwork;

/// A waypoint at the end of a period.
fn last_of_period(bits: u32, first: u32, last: u32) -> Waypoint {
    let genesis = Waypoint::genesis(BitcoinNetwork::Main);
    Waypoint {
        height: 2015,
        bits,
        times: Times::of(last),
        period_time: first,
        period_bits: bits,
        ..genesis
    }
}

#[test]
fn every_network_begins_with_its_block_and_its_work() {
    let expected = [
        (BitcoinNetwork::Main, "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"),
        (
            BitcoinNetwork::Testnet4,
            "00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043",
        ),
        (
            BitcoinNetwork::Signet,
            "00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6",
        ),
        (
            BitcoinNetwork::Regtest,
            "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206",
        ),
    ];
    for (network, hash) in expected {
        let genesis = network.genesis();
        assert_eq!(genesis.hash().to_string(), hash);
        let target = Target::from_compact(genesis.bits).expect("a target");
        assert!(target.is_met_by(&genesis.hash()));
        assert_eq!(Header::from_bytes(&genesis.to_bytes()), genesis);
    }
}

#[test]
fn the_checkpoint_is_the_block_of_that_height_and_was_found_with_work() {
    let waypoint = BitcoinNetwork::Main.checkpoint();
    let hash = "000000000000000000001daacd23f9cb40c69ba923085618a5f9dbdd4d97e93a";
    assert_eq!(waypoint.hash.to_string(), hash);
    assert!(Target::from_compact(waypoint.bits).expect("a target").is_met_by(&waypoint.hash));
    assert!(waypoint.height.is_multiple_of(PERIOD));
    // The block one period before, from the same list: its target, and the work of the chain up to it.
    let (before, work) = (0x1704_2e95, 0x606a_43ea_c9e2_49da_9445_4ce3_u128);
    let of = |bits: u32| Target::from_compact(bits).expect("a target").work();
    let period = of(before).times(PERIOD - 1).plus(of(waypoint.bits));
    assert_eq!(Work::from(work).plus(period), waypoint.work);
}

/// Bitcoin Core's `pow_tests.cpp`: real periods of the main network, and both bounds.
#[test]
fn retargets_as_bitcoin_did() {
    let cases = [
        (1_261_130_161, 1_262_152_739, 0x1d00_ffff, 0x1d00_d86a),
        (1_231_006_505, 1_233_061_996, 0x1d00_ffff, 0x1d00_ffff),
        (1_279_008_237, 1_279_297_671, 0x1c05_a3f4, 0x1c01_68fd),
        (1_263_163_443, 1_269_211_443, 0x1c38_7f6f, 0x1d00_e1fd),
    ];
    for (first, last, old, new) in cases {
        let waypoint = last_of_period(old, first, last);
        assert_eq!(waypoint.next_bits(&BitcoinNetwork::Main.rules(), last + 1), new);
    }
}

proptest! {
    #[test]
    fn retargets_as_the_crate_bitcoin(mantissa in 0x8000_u32..=0x7f_ffff, size in 4_u32..=0x1c, first in 1_u32..1 << 30, passed in 0_u32..10_000_000) {
        let bits = (size << 24) | mantissa;
        let waypoint = last_of_period(bits, first, first + passed);
        let ours = waypoint.next_bits(&BitcoinNetwork::Main.rules(), first + passed);
        let theirs = CompactTarget::from_next_work_required(
            CompactTarget::from_consensus(bits),
            u64::from(passed),
            bitcoin::Network::Bitcoin,
        );
        prop_assert_eq!(ours, theirs.to_consensus());
    }

    #[test]
    fn a_time_is_after_the_median_of_the_newest_eleven(times in prop::collection::vec(0_u32..50, 1..40), time in 0_u32..50) {
        let taken = times[1..].iter().fold(Times::of(times[0]), |taken, time| taken.then(*time));
        let mut newest = times[times.len().saturating_sub(11)..].to_vec();
        prop_assert_eq!(taken.as_slice(), &newest);
        newest.sort_unstable();
        prop_assert_eq!(taken.are_before(time), time > newest[newest.len() / 2]);
    }
}

#[test]
fn a_place_is_read_back_from_its_bytes() {
    for network in BitcoinNetwork::ALL {
        let waypoint = network.checkpoint();
        let bytes = dsm_encoding::to_vec(&waypoint);
        assert_eq!(dsm_encoding::from_slice(&bytes), Ok(waypoint));
    }
}
