//! First meetings: two persons become contacts by comparing six digits.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use dsm_transport::Way;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::contacts::way;
use super::{Body, Named};
use crate::desk::Desk;
use crate::problem::{Problem, ProblemReport, Problems};

/// How long a meeting lasts at most, with the person's answer.
const LASTS: Duration = Duration::from_secs(10 * 60);

/// Somebody to be met for the first time: one side waits, the other calls.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Meeting {
    /// A name for it, if it is pinned.
    #[schema(min_length = 1, max_length = 128)]
    pub name: String,
    /// Where to wait for it, like tcp:127.0.0.1:0; either this or `link`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "tcp:127.0.0.1:0")]
    pub wait: Option<String>,
    /// Where it waits, like tcp:127.0.0.1:PORT.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// How far a meeting has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MeetingState {
    /// Nobody is there yet, or the two devices talk.
    Waiting,
    /// The person compares the digits with those on the other screen, and says whether they are the same.
    Compare,
    /// The person said yes: it is a contact.
    Pinned,
    /// It is over and nobody is pinned.
    Failed,
}

/// A first meeting.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MeetingReport {
    /// Its number since the daemon began.
    pub meeting: u64,
    /// What who is met will be called.
    pub name: String,
    /// How far it has come.
    pub state: MeetingState,
    /// Where it waits, if it does.
    pub place: Option<String>,
    /// Six digits to compare, while it is time for that.
    pub digits: Option<String>,
    /// The device that is pinned.
    pub device: Option<String>,
    /// With which status a request would be answered that failed like it, if it failed.
    pub status: Option<u16>,
    /// Why it failed.
    pub why: Option<ProblemReport>,
}

/// Begins a first meeting, which ends by itself after ten minutes. Only its own place is bound when this is
/// answered: ask how far it has come, or listen for the event `string`.
#[utoipa::path(post, path = "/v1/meetings", tag = "contacts", request_body = Meeting, responses(
    (status = 202, description = "It waits, or calls", body = MeetingReport), Problems))]
pub(crate) async fn begin(
    State(desk): State<Arc<Desk>>,
    Body(Meeting { name, wait, link }): Body<Meeting>,
) -> Result<(StatusCode, Json<MeetingReport>), Problem> {
    let (place, waits) = match (wait, link) {
        (Some(place), None) => (place, true),
        (None, Some(place)) => (place, false),
        _ => return Err(Problem::refused("say either where to wait or, in link, whom to call")),
    };
    let Way::Talk(place) = way(&place)? else {
        return Err(Problem::refused("nobody is met by letters; wait or call on a live link"));
    };
    let meets = Arc::clone(&desk);
    let report = desk.aside(move |_| meets.meet(name, place, waits)).await?;
    let number = report.meeting;
    tokio::spawn(async move {
        tokio::time::sleep(LASTS).await;
        desk.meetings.late(number);
    });
    Ok((StatusCode::ACCEPTED, Json(report)))
}

/// How far a first meeting has come.
#[utoipa::path(get, path = "/v1/meetings/{meeting}", tag = "contacts", params(("meeting" = u64, Path)), responses((status = 200, body = MeetingReport), Problems))]
pub(crate) async fn show(
    State(desk): State<Arc<Desk>>,
    Named(number): Named<u64>,
) -> Result<Json<MeetingReport>, Problem> {
    desk.aside(move |desk| desk.meetings.report(number).map(Json)).await
}

/// What the person says.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Compared {
    /// Whether the digits are the same on both screens. Never say so in a person's place.
    pub same: bool,
}

/// Pins who was met, upon the person's yes; upon a no the meeting is over.
#[utoipa::path(post, path = "/v1/meetings/{meeting}", tag = "contacts", params(("meeting" = u64, Path)), request_body = Compared, responses((status = 200, body = MeetingReport), Problems))]
pub(crate) async fn answer(
    State(desk): State<Arc<Desk>>,
    Named(number): Named<u64>,
    Body(Compared { same }): Body<Compared>,
) -> Result<Json<MeetingReport>, Problem> {
    desk.compared(number, same).await.map(Json)
}

/// Ends a first meeting and forgets it; who was pinned stays.
#[utoipa::path(delete, path = "/v1/meetings/{meeting}", tag = "contacts", params(("meeting" = u64, Path)), responses((status = 200, body = MeetingReport), Problems))]
pub(crate) async fn end(
    State(desk): State<Arc<Desk>>,
    Named(number): Named<u64>,
) -> Result<Json<MeetingReport>, Problem> {
    desk.aside(move |desk| desk.meetings.end(number).map(Json)).await
}
