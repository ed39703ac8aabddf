//! The devices that this wallet deals with.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use dsm_report::{
    Contact, Dealings, Event, check_card, check_name, contact_of, dealt_with, read_card,
};
use dsm_session::Goal;
use dsm_store::Changes;
use dsm_transport::Way;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Body, Listed, Named, Query};
use crate::desk::Desk;
use crate::problem::{Problem, Problems};
use crate::routes::payments::letters;

/// Contacts, by name.
#[utoipa::path(get, path = "/v1/contacts", tag = "contacts", params(Listed), responses((status = 200, body = [Contact]), Problems))]
pub(crate) async fn list(
    State(desk): State<Arc<Desk>>,
    Query(listed): Query<Listed>,
) -> Result<Json<Vec<Contact>>, Problem> {
    let part = listed.part()?;
    desk.look(move |books| Ok(Json(Contact::list(books, &part)))).await
}

/// One contact, and what is open with it.
#[utoipa::path(get, path = "/v1/contacts/{name}", tag = "contacts", params(("name" = String, Path)), responses((status = 200, body = Dealings), Problems))]
pub(crate) async fn show(
    State(desk): State<Arc<Desk>>,
    Named(name): Named<String>,
) -> Result<Json<Dealings>, Problem> {
    desk.look(move |books| Ok(Json(Dealings::new(books, &contact_of(books, &name)?)))).await
}

/// Somebody to be pinned, by a card that was given face to face.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pin {
    /// A name for it.
    #[schema(min_length = 1, max_length = 128)]
    name: String,
    /// Its card, as `dsm id` prints it.
    #[schema(pattern = "^dsmcard1[02-9ac-hj-np-z]+$")]
    card: String,
}

/// Pins a contact.
#[utoipa::path(post, path = "/v1/contacts", tag = "contacts", request_body = Pin, responses((status = 201, body = Contact), Problems))]
pub(crate) async fn add(
    State(desk): State<Arc<Desk>>,
    Body(Pin { name, card }): Body<Pin>,
) -> Result<(StatusCode, Json<Contact>), Problem> {
    let card = read_card(&card)?;
    desk.errand(move |engine| {
        let books = engine.wallet().books()?;
        check_name(&books, &name, None)?;
        check_card(&books, &card)?;
        books.check()?;
        drop(books);
        let pinned = dsm_store::Contact { name, card };
        let contacts = vec![pinned.clone()];
        engine.commit(&Changes { contacts, ..Changes::default() })?;
        let books = engine.wallet().books()?;
        Ok((StatusCode::CREATED, Json(Contact::new(&books, &pinned))))
    })
    .await
}

/// What is to be another way. What is left out stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    /// Another name.
    #[schema(min_length = 1, max_length = 128)]
    name: Option<String>,
    /// Whether what comes from it is refused unread.
    blocked: Option<bool>,
}

/// Renames a contact, blocks it or lets it in again.
#[utoipa::path(patch, path = "/v1/contacts/{name}", tag = "contacts", params(("name" = String, Path)), request_body = Change, responses((status = 200, body = Contact), Problems))]
pub(crate) async fn change(
    State(desk): State<Arc<Desk>>,
    Named(name): Named<String>,
    Body(change): Body<Change>,
) -> Result<Json<Contact>, Problem> {
    desk.errand(move |engine| {
        let books = engine.wallet().books()?;
        let mut found = contact_of(&books, &name)?;
        let device = found.card.descriptor.id();
        change.name.as_ref().map_or(Ok(()), |name| check_name(&books, name, Some(&device)))?;
        books.check()?;
        drop(books);
        let blocked = change.blocked.map(|blocked| (device, blocked)).into_iter().collect();
        let mut changes = Changes { blocked, ..Changes::default() };
        if let Some(name) = change.name {
            found.name = name;
            changes.contacts.push(found.clone());
        }
        engine.commit(&changes)?;
        Ok(Json(Contact::new(&engine.wallet().books()?, &found)))
    })
    .await
}

/// Where to meet a contact.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Meet {
    /// Where it waits, like tcp:127.0.0.1:PORT, or mail:DIRECTORY for letters.
    #[schema(example = "tcp:127.0.0.1:7000")]
    link: String,
}

/// What happened at a meeting.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Met {
    /// In order.
    events: Vec<Event>,
}

/// What a link is.
pub(crate) fn way(link: &str) -> Result<Way, Problem> {
    match link.parse::<Way>() {
        Ok(Way::Exchange(_)) => Err(Problem::refused(
            "pictures need a person; end the daemon and use `dsm` for this link",
        )),
        Ok(way) => Ok(way),
        Err(error) => Err(Problem::refused(error)),
    }
}

/// Calls a contact, exchanges news and delivers what is due; or does so by letters.
#[utoipa::path(post, path = "/v1/contacts/{name}/sync", tag = "contacts", params(("name" = String, Path)), request_body = Meet, responses((status = 200, body = Met), Problems))]
pub(crate) async fn sync(
    State(desk): State<Arc<Desk>>,
    Named(name): Named<String>,
    Body(Meet { link }): Body<Meet>,
) -> Result<Json<Met>, Problem> {
    let way = way(&link)?;
    let card = desk.look(move |books| Ok(dealt_with(books, &name)?.card)).await?;
    let peer = card.descriptor.id();
    match way {
        Way::Mail(directory) => {
            let post = move |engine: &mut _| letters(engine, &directory, Some(peer), None);
            let events = desk.errand(post).await?;
            Ok(Json(Met { events }))
        }
        Way::Talk(place) | Way::Exchange(place) => {
            desk.aside(move |desk| {
                let (events, ended) = desk.call(&place, &card, Goal::Sync { peer });
                ended.map(|()| Json(Met { events }))
            })
            .await
        }
    }
}
