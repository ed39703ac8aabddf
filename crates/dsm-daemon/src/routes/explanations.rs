//! What a receipt or a note proves, for a program.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use dsm_core::{TokenId, View};
use dsm_engine::chips;
use dsm_log::DeviceId;
use dsm_report::{Explanation, Sum};
use dsm_store::{Books, FileKv};
use serde::Deserialize;
use utoipa::ToSchema;

use super::Body;
use crate::desk::Desk;
use crate::problem::{Problem, Problems};

/// A receipt or a note.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proof {
    /// Its text, as `dsm receipt` and `dsm export` print it.
    #[schema(pattern = "^dsm(receipt|note)1[02-9ac-hj-np-z]+$")]
    shown: String,
}

/// Checks a receipt or a note, of whomever, and explains what it proves, what it assumes and who could still
/// cheat, in the names of this wallet.
#[utoipa::path(post, path = "/v1/explanations", tag = "proofs", request_body = Proof, responses((status = 200, body = Explanation), Problems))]
pub(crate) async fn explain(
    State(desk): State<Arc<Desk>>,
    Body(Proof { shown }): Body<Proof>,
) -> Result<Json<Explanation>, Problem> {
    // The check may take long: only names are asked of the engine.
    desk.aside(move |desk| {
        let name = |device: &DeviceId| {
            let device = *device;
            let name = desk.inbox.errand(move |engine| {
                engine.wallet().books().ok().and_then(|books| called(&books, &device))
            });
            name.ok().flatten()
        };
        let sum = |token: &TokenId, units: u64| {
            let token = *token;
            let sum = desk.inbox.errand(move |engine| {
                engine.wallet().books().ok().map(|books| Sum::new(&books, &token, units))
            });
            sum.ok().flatten().unwrap_or_else(|| Sum::with(None, &token, units))
        };
        let chip = |device: &DeviceId| {
            let device = *device;
            let chip = desk.inbox.errand(move |engine| {
                engine.wallet().books().ok().and_then(|books| chips(&books)(&device))
            });
            chip.ok().flatten()
        };
        Ok(Json(Explanation::of(shown.trim(), &name, &sum, &chip)?))
    })
    .await
}

/// What the owner of a wallet calls a device; his own are you, to himself.
#[must_use]
pub fn called(books: &Books<'_, FileKv>, device: &DeviceId) -> Option<String> {
    if books.is_own(device) { Some("you".to_owned()) } else { books.name_of(device) }
}
