//! Paying, and asking for payments.

use std::path::Path;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use dsm_core::TokenId;
use dsm_core::identity::Card;
use dsm_crypto::Secret;
use dsm_engine::Engine;
use dsm_home::fresh;
use dsm_log::DeviceId;
use dsm_report::{Event, RequestDraft, Sum, dealt_with, parse, token_of};
use dsm_session::{Goal, Request};
use dsm_store::{Books, FileKv};
use dsm_transport::{DirectoryMailbox, Way};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::contacts::way;
use super::{Body, Listed, Query};
use crate::desk::Desk;
use crate::problem::{Problem, Problems};

/// A payment that is wanted.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Pay {
    /// Whom.
    pub contact: String,
    /// How much, a decimal.
    #[schema(example = "10.50", pattern = r"^[0-9]{1,20}(\.[0-9]{1,40})?$")]
    pub amount: String,
    /// Of which token, by ticker or id; not needed if there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Where the contact waits, like tcp:127.0.0.1:PORT, or mail:DIRECTORY for a letter. If it is left out
    /// the payment is written, and delivered at the next meeting.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "tcp:127.0.0.1:7000")]
    pub link: Option<String>,
    /// Pay only if no own payment to this contact stands in the log after this index: whoever heard no
    /// answer may ask again with the same index, and pays once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
}

/// How far a payment has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PaymentState {
    /// The payer is bound, and it is delivered at the next meeting.
    Written,
    /// The contact accepted it: it is final against the contact.
    Acknowledged,
}

/// A payment that was written.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Payment {
    /// Index of the entry.
    pub entry: u64,
    /// How far it has come.
    pub state: PaymentState,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// Why the conversation ended early, if it did.
    pub error: Option<String>,
}

/// Whom and what.
struct Terms {
    card: Card,
    token: TokenId,
    amount: u64,
}

fn terms(books: &Books<'_, FileKv>, pay: &Pay) -> Result<Terms, Problem> {
    let card = dealt_with(books, &pay.contact)?.card;
    let policy = token_of(books, pay.token.as_deref())?;
    let amount = parse(&pay.amount, &policy)?;
    Ok(Terms { card, token: policy.id(), amount })
}

/// The last own payment to a contact, and whether it was acknowledged.
fn last_paid(books: &Books<'_, FileKv>, peer: &DeviceId) -> Option<(u64, bool)> {
    books.last_paid(peer).map(|one| (one.at.index, one.acknowledged))
}

/// Pays a contact. 200 if it accepted, 202 if the payment is written and not delivered yet; after an error
/// below 500 nothing was paid, after another one or none at all whoever asks again says `after`.
#[utoipa::path(post, path = "/v1/payments", tag = "payments", request_body = Pay, responses(
    (status = 200, description = "Accepted by the contact", body = Payment),
    (status = 202, description = "Written, and not delivered yet", body = Payment), Problems))]
pub(crate) async fn pay(
    State(desk): State<Arc<Desk>>,
    Body(pay): Body<Pay>,
) -> Result<(StatusCode, Json<Payment>), Problem> {
    let way = pay.link.as_deref().map(way).transpose()?;
    desk.aside(move |desk| {
        let wanted = pay.clone();
        let look = move |engine: &mut Engine<FileKv>| {
            let books = engine.wallet().books()?;
            let terms = terms(&books, &wanted)?;
            let before = last_paid(&books, &terms.card.descriptor.id());
            books.check()?;
            Ok::<_, Problem>((terms, before.map(|(index, _)| index)))
        };
        let (terms, _) = desk.inbox.errand(look.clone())??;
        let _turn = desk.turn_to_pay(terms.card.descriptor.id())?;
        // Nobody else pays this contact from here on.
        let (terms, before) = desk.inbox.errand(look)??;
        if let (Some(after), Some(before)) = (pay.after, before)
            && before > after
        {
            return Err(Problem::Conflict(format!(
                "there is a payment to this contact at entry {before}; see /v1/history"
            )));
        }
        let (events, ended) = deliver(desk, &terms, way);
        answer(desk, terms.card.descriptor.id(), before, events, ended)
    })
    .await
}

/// Writes the payment, and delivers it in this way.
fn deliver(desk: &Desk, terms: &Terms, way: Option<Way>) -> (Vec<Event>, Result<(), Problem>) {
    let Terms { card, token, amount } = terms;
    let (peer, token, amount) = (card.descriptor.id(), *token, *amount);
    match way {
        Some(Way::Talk(place) | Way::Exchange(place)) => {
            desk.call(&place, card, Goal::Pay { peer, token, amount })
        }
        Some(Way::Mail(directory)) => {
            let write = move |engine: &mut Engine<FileKv>| {
                letters(engine, &directory, Some(peer), Some((token, amount)))
            };
            match desk.inbox.errand(write).map_err(Problem::from).and_then(|done| done) {
                Ok(events) => (events, Ok(())),
                Err(problem) => (Vec::new(), Err(problem)),
            }
        }
        None => {
            let write =
                move |engine: &mut Engine<FileKv>| engine.pay_by_letter(&peer, token, amount);
            let done = desk.inbox.errand(write).map_err(Problem::from);
            match done.and_then(|done| done.map_err(Problem::from)) {
                Ok(entry) => (vec![Event::Bound { entry }], Ok(())),
                Err(problem) => (Vec::new(), Err(problem)),
            }
        }
    }
}

/// What became of it: what the books say counts, not how the conversation ended.
fn answer(
    desk: &Desk,
    peer: DeviceId,
    before: Option<u64>,
    events: Vec<Event>,
    ended: Result<(), Problem>,
) -> Result<(StatusCode, Json<Payment>), Problem> {
    let last = desk.inbox.errand(move |engine| {
        let books = engine.wallet().books()?;
        let last = last_paid(&books, &peer);
        books.check()?;
        Ok::<_, Problem>(last)
    })??;
    let error = ended.as_ref().err().map(ToString::to_string);
    match last.filter(|(entry, _)| Some(*entry) > before) {
        Some((entry, true)) => {
            let state = PaymentState::Acknowledged;
            Ok((StatusCode::OK, Json(Payment { entry, state, events, error })))
        }
        Some((entry, false)) => {
            let state = PaymentState::Written;
            Ok((StatusCode::ACCEPTED, Json(Payment { entry, state, events, error })))
        }
        None => Err(ended.err().unwrap_or_else(|| {
            Problem::refused("nothing was paid: an earlier payment to this contact went first")
        })),
    }
}

/// Collects the letters of a directory, perhaps pays, and leaves letters for who is to be answered.
pub(crate) fn letters(
    engine: &mut Engine<FileKv>,
    directory: &Path,
    peer: Option<DeviceId>,
    pay: Option<(TokenId, u64)>,
) -> Result<Vec<Event>, Problem> {
    let mut mailbox = DirectoryMailbox::open(directory, fresh()?).map_err(|error| {
        Problem::refused(format!("there is no directory {}: {error}", directory.display()))
    })?;
    let (mut reads, mut events) = (Vec::new(), Vec::new());
    let collected = engine.collect(&mut mailbox, &mut reads);
    let mut due: Vec<DeviceId> = peer.into_iter().collect();
    for read in &reads {
        let books = engine.wallet().books()?;
        events.extend(read.notices.iter().map(|notice| Event::new(&books, notice)));
        books.check()?;
        if read.is_answer_due && !due.contains(&read.from) {
            due.push(read.from);
        }
    }
    collected?;
    if let (Some(peer), Some((token, amount))) = (peer, pay) {
        let entry = engine.pay_by_letter(&peer, token, amount)?;
        events.push(Event::Bound { entry });
    }
    for peer in due {
        engine.post(&mut mailbox, &peer, None, &Secret::from_bytes(fresh()?))?;
    }
    Ok(events)
}

/// What to ask of whoever calls.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asking {
    /// How much, a decimal; if it is left out nothing is asked for any more.
    #[schema(example = "10.50", pattern = r"^[0-9]{1,20}(\.[0-9]{1,40})?$")]
    amount: Option<String>,
    /// Of which token, by ticker or id.
    token: Option<String>,
    /// What for, in at most 140 bytes.
    #[schema(max_length = 140)]
    memo: Option<String>,
    /// Until when, in seconds since 1970; for the payer to read, nothing is decided by it.
    expires: Option<u64>,
}

/// What whoever calls is asked for.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Asked {
    /// How much; null for nothing.
    sum: Option<Sum>,
    /// What for.
    memo: Option<String>,
    /// Until when.
    expires: Option<u64>,
}

fn asked_of(books: &Books<'_, FileKv>, request: Option<&Request>) -> Asked {
    Asked {
        sum: request.map(|request| Sum::new(books, &request.token, request.amount)),
        memo: request.and_then(Request::shown_memo),
        expires: request.and_then(|request| request.expires),
    }
}

fn request_of(books: &Books<'_, FileKv>, asking: &Asking) -> Result<Option<Request>, Problem> {
    let Asking { amount, token, memo, expires } = asking;
    let Some(amount) = amount else {
        return match (token, memo, expires) {
            (None, None, None) => Ok(None),
            _ => Err(Problem::refused("say how much, with amount")),
        };
    };
    let (amount, token, memo) = (amount.clone(), token.clone(), memo.clone());
    let draft = RequestDraft { amount, token, memo, expires: *expires };
    Ok(Some(draft.request(books)?))
}

/// What whoever calls is asked for.
#[utoipa::path(get, path = "/v1/ask", tag = "payments", responses((status = 200, body = Asked), Problems))]
pub(crate) async fn asked(State(desk): State<Arc<Desk>>) -> Result<Json<Asked>, Problem> {
    let request = desk.asked();
    desk.look(move |books| Ok(Json(asked_of(books, request.as_ref())))).await
}

/// Asks whoever calls from now on, or nobody.
#[utoipa::path(put, path = "/v1/ask", tag = "payments", request_body = Asking, responses((status = 200, body = Asked), Problems))]
pub(crate) async fn ask(
    State(desk): State<Arc<Desk>>,
    Body(asking): Body<Asking>,
) -> Result<Json<Asked>, Problem> {
    let (request, asked) = desk
        .look(move |books| {
            let request = request_of(books, &asking)?;
            let asked = asked_of(books, request.as_ref());
            Ok((request, asked))
        })
        .await?;
    desk.ask_for(request);
    Ok(Json(asked))
}

/// A request that is sent by a letter.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sent {
    /// Of whom.
    from: String,
    /// Where to leave the letter: mail:DIRECTORY.
    #[schema(pattern = "^mail:.+$")]
    link: String,
    /// How much, a decimal.
    #[schema(example = "10.50", pattern = r"^[0-9]{1,20}(\.[0-9]{1,40})?$")]
    amount: String,
    /// Of which token, by ticker or id.
    token: Option<String>,
    /// What for, in at most 140 bytes.
    #[schema(max_length = 140)]
    memo: Option<String>,
    /// Until when, in seconds since 1970; for the payer to read, nothing is decided by it.
    expires: Option<u64>,
}

/// Leaves a contact a letter that asks for a payment.
#[utoipa::path(post, path = "/v1/requests", tag = "payments", request_body = Sent, responses((status = 201, body = Asked), Problems))]
pub(crate) async fn request(
    State(desk): State<Arc<Desk>>,
    Body(sent): Body<Sent>,
) -> Result<(StatusCode, Json<Asked>), Problem> {
    let Way::Mail(directory) = way(&sent.link)? else {
        return Err(Problem::refused(
            "a request is left in a mail:DIRECTORY; see /v1/ask for calls",
        ));
    };
    desk.errand(move |engine| {
        let books = engine.wallet().books()?;
        let peer = dealt_with(&books, &sent.from)?.card.descriptor.id();
        let Sent { amount, token, memo, expires, .. } = sent;
        let asking = Asking { amount: Some(amount), token, memo, expires };
        let request = request_of(&books, &asking)?;
        let asked = asked_of(&books, request.as_ref());
        books.check()?;
        drop(books);
        let mut mailbox = DirectoryMailbox::open(&directory, fresh()?).map_err(Problem::refused)?;
        engine.post(&mut mailbox, &peer, request, &Secret::from_bytes(fresh()?))?;
        Ok((StatusCode::CREATED, Json(asked)))
    })
    .await
}

/// What contacts asked for last by letters, and were not paid, by the contacts' names.
#[utoipa::path(get, path = "/v1/requests", tag = "payments", params(Listed), responses((status = 200, body = [Event]), Problems))]
pub(crate) async fn requests(
    State(desk): State<Arc<Desk>>,
    Query(listed): Query<Listed>,
) -> Result<Json<Vec<Event>>, Problem> {
    let part = listed.part()?;
    desk.look(move |books| Ok(Json(dsm_report::requests(books, &part)))).await
}
