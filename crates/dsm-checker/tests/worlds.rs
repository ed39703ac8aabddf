//! Every order of events within small bounds: all properties hold, and what must happen happens.

use dsm_checker::{Bounds, Worlds};
use stateright::{Checker, Model};

fn explore(bounds: Bounds, least: usize) {
    let checker = Worlds::new(bounds, None).checker().spawn_bfs().join();
    checker.assert_properties();
    let states = checker.unique_state_count();
    assert!(states >= least, "only {states} states of {bounds}");
}

#[test]
fn two_honest_devices_agree_whatever_is_lost_doubled_or_dies() {
    explore(Bounds::PAIR, 3_000);
}

#[test]
fn what_a_cheat_spends_twice_is_proven_whatever_the_order() {
    explore(Bounds::CHEATED, 100_000);
}
