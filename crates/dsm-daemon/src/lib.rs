//! Lets a program over HTTP use the engine.
//!
//! Implements `docs/daemon.md` and `docs/openapi.json`. On a loopback address only, to who shows the token
//! that lies in the wallet's directory; answers have the shapes of `dsm-report`.
//!
//! Always true: one thread owns the engine, requests are errands of it and conversations beside it; every
//! body, connection and stream is bounded; whatever a request was told is durable, also if nobody reads the
//! answer.

mod access;
mod desk;
mod document;
mod door;
mod follow;
mod hub;
mod meetings;
mod problem;
mod routes;
mod serve;

pub use access::Access;
pub use document::document;
pub use problem::{Problem, ProblemReport};
pub use routes::backups::{Saved, Taken};
pub use routes::explanations::called;
pub use routes::meetings::{Compared, Meeting, MeetingReport, MeetingState};
pub use routes::payments::{Pay, Payment, PaymentState};
pub use routes::wallet::WalletReport;
pub use serve::{DaemonError, Ready, Setup, Stop, serve};
