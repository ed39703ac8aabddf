//! Runs sessions over links and a store.
//!
//! One writer: an [`Engine`] owns its wallet and its keys. It persists each batch before it sends
//! what the batch unlocks (the only way to the frames, `dsm_session::Effects::persist`).

mod clock;
mod converse;
mod engine;
mod error;
mod introduce;
mod proof;
mod secure;
mod share;

pub use clock::Stopwatch;
pub use engine::{Engine, Keys};
pub use error::{ConverseError, IssueError, ProofError};
pub use introduce::IntroduceError;
pub use proof::{Examined, NoteProof, Step, examined, lineage_of, note_proof};
pub use secure::{Secure, SecureError};
pub use share::ShareError;
