//! Throws bytes at everything that decodes.
//!
//! One public function for each target. None of them panics on any bytes; a panic is a finding. What
//! they hold: whatever decodes is written back to the same bytes, and a verdict depends on its
//! arguments alone.

mod auditor;
mod cheats;
mod conversations;
mod feeds;
mod handshakes;
mod judged;
mod mail;
mod naive;
mod nouns;
mod oracles;
mod people;
mod properties;
pub mod seeds;
mod stores;
mod words;

pub use cheats::cheats;
pub use conversations::session;
pub use feeds::{filter, header_file, peer};
pub use handshakes::{encounter, handshake, impostor};
pub use judged::{card, dealt, fork_proof, genesis, introduction, receipt, roster_step};
pub use mail::mail;
pub use nouns::{NOUNS, Noun, ROWS, noun};
pub use oracles::{cbor, kem, signatures, trees};
pub use properties::{
    descriptor, digest_text, entry, frame, item, letter, line, list_proof, message, op, pack, plan,
    policy, record, signed_head, stream, tip_proof, value, wanted,
};
pub use stores::{medium, store};

/// A target: its name, which is also its folder under `corpus/`, and its function.
pub type Target = (&'static str, fn(&[u8]));

macro_rules! targets {
    ($($name:ident),* $(,)?) => {
        /// All targets.
        pub const TARGETS: &[Target] = &[$((stringify!($name), $name)),*];
    };
}

targets! {
    card, cbor, cheats, dealt, descriptor, digest_text, encounter, entry, filter, fork_proof, frame,
    genesis, handshake, header_file, impostor, introduction, item, kem, letter, line, list_proof, mail, medium,
    message, noun, op, pack, peer, plan, policy, receipt, record, roster_step, session, signatures,
    signed_head, store, stream, tip_proof, trees, value, wanted,
}
