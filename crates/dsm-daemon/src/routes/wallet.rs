//! What this wallet is, holds and did.
#![expect(unused_qualifications, reason = "the macro that describes queries writes them")]

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use dsm_core::View;
use dsm_report::{
    Balance, HeightReport, HistoryItem, Settings, SettingsChange, card_text, contact_of,
};
use dsm_session::Ledger;
use dsm_store::Changes;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Body, Query, part};
use crate::desk::Desk;
use crate::problem::{Problem, Problems};

/// What this wallet is.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct WalletReport {
    /// Its device.
    pub device: String,
    /// How far its log has come.
    pub index: u64,
    /// Its contact card, for others to pin.
    pub card: String,
    /// Whether it is an old copy, which must not sign any more.
    pub old_copy: bool,
    /// Where contacts can call it.
    pub links: Vec<String>,
}

/// What this wallet is, and where it can be called.
#[utoipa::path(get, path = "/v1/wallet", tag = "wallet", responses((status = 200, body = WalletReport), Problems))]
pub(crate) async fn show(State(desk): State<Arc<Desk>>) -> Result<Json<WalletReport>, Problem> {
    let links = desk.places.clone();
    desk.look(move |books| {
        let card = card_text(&books.card()).map_err(Problem::refused)?;
        let (device, index) = (books.me().to_string(), books.own_log().at.index);
        Ok(Json(WalletReport { device, index, card, old_copy: books.is_old_copy(), links }))
    })
    .await
}

/// How high Bitcoin's chain is, as far as this device knows, and what each feed said.
#[utoipa::path(get, path = "/v1/height", tag = "wallet", responses((status = 200, body = HeightReport), Problems))]
pub(crate) async fn height(State(desk): State<Arc<Desk>>) -> Result<Json<HeightReport>, Problem> {
    let read = tokio::task::spawn_blocking(move || desk.height());
    read.await.map_err(|_| Problem::Stopped)?.map(Json)
}

/// What it holds, and how final that is.
#[utoipa::path(get, path = "/v1/balances", tag = "wallet", responses((status = 200, body = [Balance]), Problems))]
pub(crate) async fn balances(State(desk): State<Arc<Desk>>) -> Result<Json<Vec<Balance>>, Problem> {
    desk.look(|books| Ok(Json(dsm_report::balances(books)))).await
}

/// Which part of the history.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    /// With which contact only.
    contact: Option<String>,
    /// How many of the newest items, at most 1000; 100 if it is left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u16>,
    /// Only what came before the item of this number.
    before: Option<u64>,
}

/// What happened, in the order in which it became durable.
#[utoipa::path(get, path = "/v1/history", tag = "wallet", params(Which), responses((status = 200, body = [HistoryItem]), Problems))]
pub(crate) async fn history(
    State(desk): State<Arc<Desk>>,
    Query(Which { contact, limit, before }): Query<Which>,
) -> Result<Json<Vec<HistoryItem>>, Problem> {
    let part = part(limit, before)?;
    desk.look(move |books| {
        let peer = contact.map(|name| contact_of(books, &name)).transpose()?;
        let peer = peer.map(|peer| peer.card.descriptor.id());
        Ok(Json(dsm_report::history(books, peer.as_ref(), &part)))
    })
    .await
}

/// What this wallet asks of value.
#[utoipa::path(get, path = "/v1/settings", tag = "wallet", responses((status = 200, body = Settings), Problems))]
pub(crate) async fn settings(State(desk): State<Arc<Desk>>) -> Result<Json<Settings>, Problem> {
    desk.look(|books| Ok(Json(Settings::from(books.settings())))).await
}

/// Changes what this wallet asks of value.
#[utoipa::path(put, path = "/v1/settings", tag = "wallet", request_body = SettingsChange, responses((status = 200, body = Settings), Problems))]
pub(crate) async fn set(
    State(desk): State<Arc<Desk>>,
    Body(change): Body<SettingsChange>,
) -> Result<Json<Settings>, Problem> {
    desk.errand(move |engine| {
        let settings = change.made(engine.wallet().books()?.settings().clone());
        engine.commit(&Changes { settings: Some(settings.clone()), ..Changes::default() })?;
        Ok(Json(Settings::from(&settings)))
    })
    .await
}
