//! What others can check.
#![expect(unused_qualifications, reason = "the macro that describes queries writes them")]

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use dsm_report::{Evidence, NoteFile, ReceiptFile, contact_of, token_of};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Listed, Named, Query};
use crate::desk::Desk;
use crate::problem::{Problem, Problems};

/// Which receipt.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    /// Index of the own entry; the last acknowledged payment if it is left out.
    entry: Option<u64>,
}

/// The receipt of an own entry.
#[utoipa::path(get, path = "/v1/receipts/{contact}", tag = "proofs", params(("contact" = String, Path), Which), responses((status = 200, body = ReceiptFile), Problems))]
pub(crate) async fn receipt(
    State(desk): State<Arc<Desk>>,
    Named(name): Named<String>,
    Query(Which { entry }): Query<Which>,
) -> Result<Json<ReceiptFile>, Problem> {
    desk.look(move |books| {
        let peer = contact_of(books, &name)?.card.descriptor.id();
        Ok(Json(ReceiptFile::new(books, &peer, entry)?))
    })
    .await
}

/// The largest note of a token that is held, with its whole lineage, for anybody to check.
#[utoipa::path(get, path = "/v1/notes/{token}", tag = "proofs", params(("token" = String, Path)), responses((status = 200, body = NoteFile), Problems))]
pub(crate) async fn note(
    State(desk): State<Arc<Desk>>,
    Named(token): Named<String>,
) -> Result<Json<NoteFile>, Problem> {
    desk.look(move |books| {
        let token = token_of(books, Some(&token))?.id();
        Ok(Json(NoteFile::new(books, &token)?))
    })
    .await
}

/// Devices that showed two histories, as far as is known here, by id.
#[utoipa::path(get, path = "/v1/evidence", tag = "proofs", params(Listed), responses((status = 200, body = [Evidence]), Problems))]
pub(crate) async fn evidence(
    State(desk): State<Arc<Desk>>,
    Query(listed): Query<Listed>,
) -> Result<Json<Vec<Evidence>>, Problem> {
    let part = listed.part()?;
    desk.look(move |books| Ok(Json(Evidence::list(books, &part)))).await
}

/// The fork proof of one device, by its id or its name.
#[utoipa::path(get, path = "/v1/evidence/{device}", tag = "proofs", params(("device" = String, Path)), responses((status = 200, body = Evidence), Problems))]
pub(crate) async fn evidence_of(
    State(desk): State<Arc<Desk>>,
    Named(wanted): Named<String>,
) -> Result<Json<Evidence>, Problem> {
    desk.look(move |books| Ok(Json(Evidence::of(books, &wanted)?))).await
}
