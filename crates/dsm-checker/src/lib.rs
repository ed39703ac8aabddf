//! Explores every order of events of the shipped values.
//!
//! Honest devices are the values that wallets run: sessions of `dsm-session` over books of `dsm-store`,
//! judging by `accept` of `dsm-core`, with real signatures. The model around them is a cheat that signs
//! anything, a network that loses, doubles and reorders, and crashes. `stateright` visits every state
//! within bounds and checks `src/properties.rs` in each.
//!
//! Always true: what is explored is what is shipped. A [`Flaw`] lies around these values, never in them,
//! and each one is found (`tests/flaws.rs`).

mod bounds;
mod calm;
mod cheat;
mod device;
mod disk;
mod finds;
mod flaw;
mod meeting;
mod properties;
mod step;
pub mod trace;
mod world;

pub use bounds::{Bounds, Scene};
pub use calm::Met;
pub use cheat::{Cheat, Does, Node, Showing, WORTH};
pub use device::Person;
pub use disk::{Deed, Disk, Print, Summary};
pub use finds::Hunt;
pub use flaw::Flaw;
pub use meeting::{HISTORIES, Meeting, Seen, Talk, Victims};
pub use step::{Cast, Frame, Outcome, Shelf, Voice};
pub use world::{Act, Left, Line, Plan, World, Worlds};
