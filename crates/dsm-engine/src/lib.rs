//! Runs sessions over links and a store.
//!
//! One loop, one writer: an [`Engine`] owns its wallet and its keys, and whatever happens to it is an
//! [`Event`]. A turn makes durable what all its steps want kept before anything leaves (the only way to
//! the frames, `dsm_session::Turn::persist`).

mod clock;
mod converse;
mod engine;
mod error;
mod event;
mod exchange;
mod inbox;
mod introduce;
mod letters;
mod lobby;
mod proof;
mod secure;
mod share;
mod turn;

pub use clock::Stopwatch;
pub use converse::MAX_GREETING;
pub use engine::{Engine, Keys};
pub use error::{ConverseError, IssueError, ProofError, VisitError};
pub use event::{Answer, Conversation, Event, Next};
pub use exchange::{ExchangeError, Exchanged, Fresh};
pub use inbox::{Inbox, Waiting, inbox};
pub use introduce::IntroduceError;
pub use letters::{MailError, Read};
pub use lobby::{HangUp, Lobby, Visit};
pub use proof::{Chips, Examined, NoteProof, Step, chips, examined, lineage_of, note_proof};
pub use secure::{Secure, SecureError, mark};
pub use share::ShareError;
pub use turn::Give;
