//! Throws bytes at everything that decodes.
//!
//! One public function for each target. None of them panics on any bytes; a panic is a finding. What
//! they hold: whatever decodes is written back to the same bytes, and a verdict depends on its
//! arguments alone.

mod auditor;
mod cheats;
mod conversations;
mod judged;
mod naive;
mod nouns;
mod people;
mod properties;
pub mod seeds;
mod words;

pub use cheats::cheats;
pub use conversations::session;
pub use judged::{card, dealt, fork_proof, genesis, introduction, receipt, roster_step};
pub use nouns::{NOUNS, Noun, ROWS, noun};
pub use properties::{
    descriptor, digest_text, entry, frame, item, letter, line, list_proof, message, op, pack, plan,
    policy, record, signed_head, stream, tip_proof, value, wanted,
};

/// A target: its name, which is also its folder under `corpus/`, and its function.
pub type Target = (&'static str, fn(&[u8]));

macro_rules! targets {
    ($($name:ident),* $(,)?) => {
        /// All targets.
        pub const TARGETS: &[Target] = &[$((stringify!($name), $name)),*];
    };
}

targets! {
    card, cheats, dealt, descriptor, digest_text, entry, fork_proof, frame, genesis, introduction, item, letter, line, list_proof,
    message, noun, op, pack, plan, policy, receipt, record, roster_step, session, signed_head, stream, tip_proof, value,
    wanted,
}
