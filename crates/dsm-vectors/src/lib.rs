//! Writes and checks vectors/.
//!
//! Every vector is made from fixed seeds, so writing them again gives the same bytes. Checking
//! compares each file with what would be written now, and then runs the file alone: it reads the
//! JSON, builds what a verifier knows from it, and asks the shipped code.
//!
//! Always true: a negative vector differs from the positive one that it names in one thing.

mod accept;
mod drift;
mod encoding;
mod evidence;
mod files;
mod fork_proof;
mod hashing;
mod headers;
mod identity;
mod json;
mod knowledge;
mod list_tree;
mod log;
mod note;
mod pack;
mod policy;
mod problem;
mod receipt;
mod roster;
mod tip_tree;
mod vector;
mod world;

pub use files::{check, write};
pub use problem::Problem;
pub use vector::{Vector, all};
