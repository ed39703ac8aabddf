//! Settings and contacts, kept in a file of the program's own; and the card in pictures.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use dsm_core::View;
use dsm_home::{Backup, BackupError, Restored};
use dsm_report::{Settings, card_text};
use dsm_store::{Books, Changes, Kv};
use dsm_transport::{Sheet, sheets};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Body, Named};
use crate::desk::Desk;
use crate::problem::{Problem, Problems};

/// Settings, contacts and pinned tokens: never keys, the log or value.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Saved {
    /// How many contacts.
    pub contacts: usize,
    /// How many pinned tokens.
    pub pinned: usize,
    /// All of it, as text.
    pub backup: String,
}

impl Saved {
    /// Of a wallet.
    ///
    /// # Errors
    /// [`BackupError::TooLong`]. Whether the books are sound is to be asked ([`Books::check`]).
    pub fn of<K: Kv>(books: &Books<'_, K>) -> Result<Self, BackupError> {
        let saved = Backup::of(books)?;
        let (contacts, pinned) = (saved.contacts.len(), saved.pinned.len());
        Ok(Self { contacts, pinned, backup: saved.to_text()? })
    }
}

/// Settings, contacts and pinned tokens as a text: never keys, the log or value.
#[utoipa::path(get, path = "/v1/backup", tag = "wallet", responses((status = 200, body = Saved), Problems))]
pub(crate) async fn save(State(desk): State<Arc<Desk>>) -> Result<Json<Saved>, Problem> {
    desk.look(|books| Ok(Json(Saved::of(books)?))).await
}

/// What a wallet said at `GET /v1/backup`, or wrote with `dsm backup`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Restore {
    /// The text. Whoever it names is pinned: take only one of your own.
    #[schema(pattern = "^dsmbackup1[02-9ac-hj-np-z]+$")]
    backup: String,
}

/// What a restore brought.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Taken {
    /// The names of contacts that are new here.
    pub added: Vec<String>,
    /// The names of contacts that were here already; they keep their names.
    pub known: Vec<String>,
    /// How many tokens were pinned.
    pub pinned: usize,
    /// The settings from now on.
    pub settings: Settings,
}

impl Taken {
    /// What a backup is to bring, and what is to be kept for it.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn of<K: Kv>(backup: Backup, books: &Books<'_, K>) -> Result<(Changes, Self), BackupError> {
        let pinned = backup.pinned.len();
        let Restored { changes, added, known } = backup.restored(books)?;
        let settings = Settings::from(changes.settings.as_ref().unwrap_or(books.settings()));
        Ok((changes, Self { added, known, pinned, settings }))
    }
}

/// Takes the settings, contacts and pinned tokens of a backup into this wallet.
#[utoipa::path(post, path = "/v1/backup", tag = "wallet", request_body = Restore, responses((status = 200, body = Taken), Problems))]
pub(crate) async fn restore(
    State(desk): State<Arc<Desk>>,
    Body(Restore { backup }): Body<Restore>,
) -> Result<Json<Taken>, Problem> {
    desk.aside(move |desk| {
        // Its cards are checked beside the engine, which has other things to do.
        let backup = Backup::from_text(backup.trim())?;
        desk.inbox.errand(move |engine| {
            let books = engine.wallet().books()?;
            let (changes, taken) = Taken::of(backup, &books)?;
            books.check()?;
            drop(books);
            engine.commit(&changes)?;
            Ok(Json(taken))
        })?
    })
    .await
}

/// The own card.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct OwnCard {
    /// The device that it is of.
    device: String,
    /// The card, for others to pin.
    card: String,
    /// In how many pictures it can be shown.
    pictures: usize,
}

/// The card, and the pictures of it.
async fn shown(desk: &Arc<Desk>) -> Result<(OwnCard, Vec<Sheet>), Problem> {
    let own = desk.look(|books| {
        let card = card_text(&books.card()).map_err(Problem::refused)?;
        Ok((books.me().to_string(), card))
    });
    let (device, card) = own.await?;
    let too_long = || Problem::refused("the card does not fit into pictures");
    let sheets = sheets(&card).ok_or_else(too_long)?;
    Ok((OwnCard { device, card, pictures: sheets.len() }, sheets))
}

/// The own contact card, and in how many pictures it can be shown.
#[utoipa::path(get, path = "/v1/card", tag = "wallet", responses((status = 200, body = OwnCard), Problems))]
pub(crate) async fn card(State(desk): State<Arc<Desk>>) -> Result<Json<OwnCard>, Problem> {
    Ok(Json(shown(&desk).await?.0))
}

/// A QR code with a part of the own card, as PNG: for another wallet's camera, or `dsm contact add --qr`.
#[utoipa::path(get, path = "/v1/card/pictures/{number}", tag = "wallet", params(("number" = u16, Path, description = "From 1.", minimum = 1)), responses((status = 200, body = Vec<u8>, content_type = "image/png"), Problems))]
pub(crate) async fn picture(
    State(desk): State<Arc<Desk>>,
    Named(number): Named<u16>,
) -> Result<Response, Problem> {
    let (OwnCard { pictures, .. }, sheets) = shown(&desk).await?;
    let none = || Problem::Unknown(format!("the card has the pictures 1 to {pictures}"));
    let at = usize::from(number).checked_sub(1).ok_or_else(none)?;
    let png = sheets.get(at).ok_or_else(none)?.png().map_err(Problem::refused)?;
    Ok(([(CONTENT_TYPE, "image/png")], png).into_response())
}
