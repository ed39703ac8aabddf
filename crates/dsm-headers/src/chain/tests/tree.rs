//! Random trees of headers in random order: the chain is always the best of what came.

use proptest::prelude::*;

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Each number chooses a parent among all blocks so far; blocks come in that order, so each is connected.
    #[test]
    fn the_chain_has_the_most_work_of_all_that_came(
        parents in prop::collection::vec((any::<prop::sample::Index>(), 1_i64..2000), 1..60),
        again in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let rules = Rules { min_difficulty: true, ..EASY };
        let mut chain = begun(rules);
        let base = *chain.base();
        let mut waypoints = Vec::from([(base, Vec::<Header>::new())]);
        for (salt, (parent, seconds)) in (0..).zip(&parents) {
            let (waypoint, path) = parent.get(&waypoints).clone();
            let header = mine(&rules, &waypoint, *seconds, salt);
            let Ok(waypoint) = waypoint.after(&rules, &header, ALWAYS, &mut None) else { continue };
            let path = [&path[..], &[header]].concat();
            // Whole paths from the base, as a feed answers a locator that it does not know.
            (chain, _) = chain.step(&path, ALWAYS).expect("a good path");
            waypoints.push((waypoint, path));
            let best = waypoints.iter().map(|(waypoint, _)| waypoint.work).max().expect("a waypoint");
            prop_assert_eq!(chain.tip().work, best);
            prop_assert_eq!(chain.waypoint(chain.tip().height), Some(*chain.tip()));
        }
        // What came before changes nothing.
        let tip = *chain.tip();
        for index in &again {
            let (_, path) = index.get(&waypoints);
            (chain, _) = chain.step(path, ALWAYS).expect("a known path");
            prop_assert_eq!(*chain.tip(), tip);
        }
        // Each block of the chain follows the one before it.
        let path = &waypoints.iter().find(|(waypoint, _)| waypoint.hash == tip.hash).expect("the tip").1;
        let hashes: Vec<BlockHash> = path.iter().map(Header::hash).collect();
        let held: Vec<BlockHash> = (1..=tip.height).filter_map(|height| chain.hash_at(height)).collect();
        prop_assert_eq!(held, hashes);
    }
}
