//! Feeds of real nodes on regtest.

#[path = "regtest/chain.rs"]
mod chain;
#[path = "regtest/core.rs"]
mod core;
#[path = "regtest/peer.rs"]
mod peer;
#[path = "regtest/sources.rs"]
mod sources;
#[path = "regtest/world.rs"]
mod world;
