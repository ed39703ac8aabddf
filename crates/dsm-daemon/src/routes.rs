//! What can be asked.

pub(crate) mod backups;
pub(crate) mod contacts;
pub(crate) mod events;
pub(crate) mod explanations;
pub(crate) mod meetings;
pub(crate) mod payments;
pub(crate) mod proofs;
pub(crate) mod tokens;
pub(crate) mod wallet;

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use axum::{Json, Router, middleware};
use dsm_home::MAX_BACKUP;
use dsm_report::{LISTED, MAX_LISTED, Part};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use utoipa::IntoParams;

use crate::access::{Access, check};
use crate::desk::Desk;
use crate::problem::Problem;

/// The most bytes of a body: a card is the longest thing that is asked with, but for a backup.
const MAX_BODY: usize = 64 << 10;
/// The most bytes of a body with a backup, or with a note and its lineage.
const MAX_SAVED: usize = MAX_BACKUP + 64;

/// A body, an object; what is wrong with it is answered as every problem is.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Json(raw) = Json::<Box<RawValue>>::from_request(request, state).await?;
        let wrong = |text| Problem::Form(StatusCode::UNPROCESSABLE_ENTITY, text);
        // A list of what the fields hold, without their names, is not what was described.
        if !raw.get().starts_with('{') {
            return Err(wrong("a JSON object is wanted; see docs/openapi.json".to_owned()));
        }
        serde_json::from_str(raw.get()).map(Self).map_err(|error| wrong(error.to_string()))
    }
}

/// Which part of a list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listed {
    /// How many of the last items, at most 1000; 100 if it is left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u16>,
    /// Only what comes before an item: the name, device or token by which the list is in order.
    before: Option<String>,
}

impl Listed {
    pub(crate) fn part(self) -> Result<Part<String>, Problem> {
        part(self.limit, self.before)
    }
}

/// A part of a list, within bounds.
pub(crate) fn part<K>(limit: Option<u16>, before: Option<K>) -> Result<Part<K>, Problem> {
    match limit.unwrap_or(LISTED) {
        limit @ 1..=MAX_LISTED => Ok(Part { limit: Some(limit), before }),
        _ => Err(Problem::refused(format!("limit is 1 to {MAX_LISTED}"))),
    }
}

/// A query, the same.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Problem))]
pub(crate) struct Query<T>(pub(crate) T);

/// A part of the path, the same.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Problem))]
pub(crate) struct Named<T>(pub(crate) T);

/// Everything that can be asked, of a desk, by whoever has access.
pub(crate) fn router(desk: Arc<Desk>, access: Access) -> Router {
    Router::new()
        .route("/v1/wallet", get(wallet::show))
        .route("/v1/card", get(backups::card))
        .route("/v1/card/pictures/{number}", get(backups::picture))
        .route(
            "/v1/backup",
            get(backups::save).post(backups::restore).layer(DefaultBodyLimit::max(MAX_SAVED)),
        )
        .route("/v1/height", get(wallet::height))
        .route("/v1/balances", get(wallet::balances))
        .route("/v1/history", get(wallet::history))
        .route("/v1/settings", get(wallet::settings).put(wallet::set))
        .route("/v1/contacts", get(contacts::list).post(contacts::add))
        .route("/v1/contacts/{name}", get(contacts::show).patch(contacts::change))
        .route("/v1/contacts/{name}/sync", post(contacts::sync))
        .route("/v1/meetings", post(meetings::begin))
        .route(
            "/v1/meetings/{meeting}",
            get(meetings::show).post(meetings::answer).delete(meetings::end),
        )
        .route("/v1/tokens", get(tokens::list).post(tokens::make))
        .route("/v1/tokens/{token}", get(tokens::show))
        .route("/v1/tokens/{token}/pin", put(tokens::pin).delete(tokens::unpin))
        .route("/v1/tokens/{token}/lots", post(tokens::issue))
        .route("/v1/payments", post(payments::pay))
        .route("/v1/ask", get(payments::asked).put(payments::ask))
        .route("/v1/requests", get(payments::requests).post(payments::request))
        .route("/v1/receipts/{contact}", get(proofs::receipt))
        .route("/v1/notes/{token}", get(proofs::note))
        .route(
            "/v1/explanations",
            post(explanations::explain).layer(DefaultBodyLimit::max(MAX_SAVED)),
        )
        .route("/v1/evidence", get(proofs::evidence))
        .route("/v1/evidence/{device}", get(proofs::evidence_of))
        .route("/v1/events", get(events::listen))
        .fallback(|| async { Problem::Unknown("no such path; see docs/openapi.json".to_owned()) })
        .method_not_allowed_fallback(|| async {
            let text = "no such method here; see docs/openapi.json".to_owned();
            Problem::Form(StatusCode::METHOD_NOT_ALLOWED, text)
        })
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(access, check))
        .with_state(desk)
}
