//! Tokens that are known, and those that this wallet issues.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use dsm_report::{Issued, PolicyDraft, Sum, Token, parse, token_of};
use dsm_store::Changes;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Body, Listed, Named, Query};
use crate::desk::Desk;
use crate::problem::{Problem, Problems};

/// Tokens that are known, by id.
#[utoipa::path(get, path = "/v1/tokens", tag = "tokens", params(Listed), responses((status = 200, body = [Token]), Problems))]
pub(crate) async fn list(
    State(desk): State<Arc<Desk>>,
    Query(listed): Query<Listed>,
) -> Result<Json<Vec<Token>>, Problem> {
    let part = listed.part()?;
    desk.look(move |books| Ok(Json(Token::list(books, &part)))).await
}

/// One token, by ticker or id.
#[utoipa::path(get, path = "/v1/tokens/{token}", tag = "tokens", params(("token" = String, Path)), responses((status = 200, body = Token), Problems))]
pub(crate) async fn show(
    State(desk): State<Arc<Desk>>,
    Named(token): Named<String>,
) -> Result<Json<Token>, Problem> {
    desk.look(move |books| Ok(Json(Token::new(books, &token_of(books, Some(&token))?)))).await
}

/// Makes a token that this wallet issues.
#[utoipa::path(post, path = "/v1/tokens", tag = "tokens", request_body = PolicyDraft, responses((status = 201, body = Token), Problems))]
pub(crate) async fn make(
    State(desk): State<Arc<Desk>>,
    Body(draft): Body<PolicyDraft>,
) -> Result<(StatusCode, Json<Token>), Problem> {
    Ok((StatusCode::CREATED, Json(desk.make_token(draft).await?)))
}

/// Shows a token by its ticker alone from now on.
#[utoipa::path(put, path = "/v1/tokens/{token}/pin", tag = "tokens", params(("token" = String, Path)), responses((status = 200, body = Token), Problems))]
pub(crate) async fn pin(
    State(desk): State<Arc<Desk>>,
    Named(token): Named<String>,
) -> Result<Json<Token>, Problem> {
    pinned(&desk, token, true).await
}

/// Shows a token with its fingerprint again.
#[utoipa::path(delete, path = "/v1/tokens/{token}/pin", tag = "tokens", params(("token" = String, Path)), responses((status = 200, body = Token), Problems))]
pub(crate) async fn unpin(
    State(desk): State<Arc<Desk>>,
    Named(token): Named<String>,
) -> Result<Json<Token>, Problem> {
    pinned(&desk, token, false).await
}

async fn pinned(desk: &Arc<Desk>, token: String, pinned: bool) -> Result<Json<Token>, Problem> {
    desk.errand(move |engine| {
        let policy = token_of(&engine.wallet().books()?, Some(&token))?;
        engine.commit(&Changes { pinned: vec![(policy.id(), pinned)], ..Changes::default() })?;
        Ok(Json(Token::new(&engine.wallet().books()?, &policy)))
    })
    .await
}

/// How much to issue.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lot {
    /// A decimal.
    #[schema(example = "100", pattern = r"^[0-9]{1,20}(\.[0-9]{1,40})?$")]
    amount: String,
}

/// Issues the next lot of an own token to this wallet.
#[utoipa::path(post, path = "/v1/tokens/{token}/lots", tag = "tokens", params(("token" = String, Path)), request_body = Lot, responses((status = 201, body = Issued), Problems))]
pub(crate) async fn issue(
    State(desk): State<Arc<Desk>>,
    Named(token): Named<String>,
    Body(Lot { amount }): Body<Lot>,
) -> Result<(StatusCode, Json<Issued>), Problem> {
    desk.errand(move |engine| {
        let policy = token_of(&engine.wallet().books()?, Some(&token))?;
        let units = parse(&amount, &policy)?;
        let note = engine.issue(&policy.id(), units)?;
        let issued = Issued { sum: Sum::of(&policy, units), note: note.id().to_string() };
        Ok((StatusCode::CREATED, Json(issued)))
    })
    .await
}
