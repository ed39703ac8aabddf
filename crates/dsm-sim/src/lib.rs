//! Runs a whole world from a seed, with its own adversary.
//!
//! So far: devices that write and judge with the shipped rules and keep everything in memory. An
//! [`Actor`] can be cloned, which is what a cheat does with its disk.

mod actor;
mod certified;
mod cheat;
mod owner;
mod town;

pub use actor::{Actor, Holding, NETWORK, Payment, free_policy, introduce};
pub use certified::Certified;
pub use cheat::{edit, outputs, stretch};
pub use owner::Owner;
pub use town::{PURSE, Town};
