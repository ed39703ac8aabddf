//! What happens, as it happens.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::State;
use axum::response::sse::{self, KeepAlive, Sse};
use futures_core::Stream;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::desk::Desk;
use crate::hub::Told;
use crate::problem::{Problem, Problems};

/// The most listeners at a time.
const MAX_LISTENERS: usize = 16;

type Next = Pin<Box<dyn Future<Output = (Result<Told, RecvError>, Receiver<Told>)> + Send>>;

/// The events of a listener.
pub(crate) struct Events(Next);

fn next(mut from: Receiver<Told>) -> Next {
    Box::pin(async move { (from.recv().await, from) })
}

impl Stream for Events {
    type Item = Result<sse::Event, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Poll::Ready((told, from)) = self.0.as_mut().poll(context) else { return Poll::Pending };
        self.0 = next(from);
        Poll::Ready(match told {
            Ok(Told { number, event }) => {
                let data = serde_json::to_string(&*event).unwrap_or_default();
                Some(Ok(sse::Event::default().id(number.to_string()).data(data)))
            }
            // It was too slow: it hears how many it missed, and looks at the history.
            Err(RecvError::Lagged(missed)) => {
                let data = format!("{{\"event\":\"missed\",\"count\":{missed}}}");
                Some(Ok(sse::Event::default().data(data)))
            }
            Err(RecvError::Closed) => None,
        })
    }
}

/// What happens from now on, as server-sent events: each `data` is an event as in answers, or
/// `{"event":"missed","count":N}` for a listener that was too slow, which looks at /v1/history then.
#[utoipa::path(get, path = "/v1/events", tag = "events", responses(
    (status = 200, description = "A stream that does not end", body = dsm_report::Event, content_type = "text/event-stream"), Problems))]
pub(crate) async fn listen(
    State(desk): State<Arc<Desk>>,
) -> Result<Sse<impl Stream<Item = Result<sse::Event, Infallible>>>, Problem> {
    if desk.hub.listeners() >= MAX_LISTENERS {
        return Err(Problem::Busy);
    }
    Ok(Sse::new(Events(next(desk.hub.listen()))).keep_alive(KeepAlive::default()))
}
