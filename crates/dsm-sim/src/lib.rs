//! Runs a whole world from a seed, with its own adversary.
//!
//! [`tell`] tells the world of a seed: honest devices are the shipped sessions over the shipped wallet, on disks,
//! links and letters that fail; the adversary copies disks, signs anything and speaks frames. Every event is a
//! [`Line`] of its log, which [`replay`] repeats and [`shrink`] shortens. An [`Actor`] is less: a device that
//! writes and judges with the shipped rules and keeps everything in memory.
//!
//! Always true: equal seeds tell equal worlds, and a log repeats its world
//! (`a_seed_tells_the_same_world_every_time`, `what_is_done_in_a_log_repeats_it`).

mod actor;
mod certified;
mod cheat;
mod owner;
mod town;
mod world;

pub use actor::{Actor, Holding, NETWORK, Payment, free_policy, introduce};
pub use certified::Certified;
pub use cheat::{edit, outputs, stretch};
pub use owner::Owner;
pub use town::{MAKER, PURSE, Town};
pub use world::{
    Action, Chance, Counts, Deceit, FORGER, HONEST, Invariant, Line, Made, NAMES, Plant, Saw, Tale,
    Took, Trick, UNITS, Violation, When, Wrote, actions, replay, shrink, tell,
};
