//! A wallet that a daemon serves: the same commands, asked over HTTP.

use std::net::TcpStream;
use std::time::Duration;

use dsm_daemon::{Access, Pay, Payment, PaymentState, ProblemReport};
use dsm_home::Home;
use dsm_report::{Event, MAX_LISTED};
use dsm_store::{Books, FileKv};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use ureq::http::Method;

use crate::output::Output;
use crate::pay::Terms;

/// How long a daemon may take to be there.
const MOMENT: Duration = Duration::from_secs(1);
/// How long it may take to answer out of its books, after what it was told before.
const ANSWER: Duration = Duration::from_secs(30);
/// How long it may take to meet somebody, on the slowest link.
const MEETING: Duration = Duration::from_secs(15 * 60);

/// The most bytes of an answer: more than a backup has.
const MAX_ANSWER: u64 = 1 << 25;

/// The daemon of a wallet.
#[derive(Clone)]
pub(crate) struct Daemon {
    agent: ureq::Agent,
    access: Access,
}

/// What a daemon does not do, and why.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) report: ProblemReport,
}

impl Refusal {
    /// The rule that refused, if one did.
    pub(crate) fn rule(&self) -> Option<&str> {
        self.report.rule.as_deref()
    }

    /// Whether the other side was not there, or went.
    pub(crate) fn is_away(&self) -> bool {
        self.status == 424
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(&self.report.error)
    }
}

impl std::error::Error for Refusal {}

/// What the books say, of this process or of the daemon that has them.
pub(crate) fn seen<T: DeserializeOwned>(
    home: &Home,
    path: &str,
    look: impl FnOnce(&Books<'_, FileKv>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    if let Some(daemon) = Daemon::of(home) {
        return daemon.get(path);
    }
    let wallet = home.read()?;
    let books = wallet.books()?;
    let seen = look(&books);
    // What was read of a store that fails counts for nothing.
    books.check()?;
    seen
}

/// A whole list out of the books, in parts if a daemon has them; `key` is what it is in order of.
pub(crate) fn listed<T: DeserializeOwned>(
    home: &Home,
    path: &str,
    key: fn(&T) -> &str,
    look: impl FnOnce(&Books<'_, FileKv>) -> Vec<T>,
) -> anyhow::Result<Vec<T>> {
    match Daemon::of(home) {
        Some(daemon) => daemon.list(path, key),
        None => seen(home, path, |books| Ok(look(books))),
    }
}

/// A name as a part of a path.
pub(crate) fn part(name: &str) -> String {
    utf8_percent_encode(name, NON_ALPHANUMERIC).to_string()
}

impl Daemon {
    /// The daemon that serves a wallet now, if one does. One that was killed leaves its file behind.
    pub(crate) fn of(home: &Home) -> Option<Self> {
        let access = Access::read(home.path()).ok()?;
        TcpStream::connect_timeout(&access.address, MOMENT).ok()?;
        // The token is for nobody else, whatever the environment says of proxies.
        let config = ureq::Agent::config_builder().proxy(None).max_redirects(0);
        let config = config.timeout_connect(Some(MOMENT)).timeout_send_body(Some(ANSWER));
        let config = config.timeout_send_request(Some(ANSWER)).timeout_recv_body(Some(ANSWER));
        let agent = config.http_status_as_error(false).build().into();
        Some(Self { agent, access })
    }

    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        Ok(self.ask(&Method::GET, path, None::<&()>)?.1)
    }

    /// Everything of a list, part by part.
    pub(crate) fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        key: fn(&T) -> &str,
    ) -> anyhow::Result<Vec<T>> {
        let (mut all, mut before) = (Vec::new(), String::new());
        loop {
            let found: Vec<T> = self.get(&format!("{path}?limit={MAX_LISTED}{before}"))?;
            let is_last = found.len() < usize::from(MAX_LISTED);
            if let Some(first) = found.first() {
                before = format!("&before={}", part(key(first)));
            }
            all.splice(0..0, found);
            if is_last {
                return Ok(all);
            }
        }
    }

    /// Asks for something, with a body; the answer and its status.
    pub(crate) fn ask<T: DeserializeOwned>(
        &self,
        method: &Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> anyhow::Result<(u16, T)> {
        self.ask_within(ANSWER, method, path, body)
    }

    /// The same, with how long the answer may take.
    fn ask_within<T: DeserializeOwned>(
        &self,
        patience: Duration,
        method: &Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> anyhow::Result<(u16, T)> {
        let Access { address, token } = &self.access;
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("http://{address}{path}"))
            .header("Authorization", format!("Bearer {token}"))
            .header("Content-Type", "application/json");
        let body = body.map(serde_json::to_vec).transpose()?.unwrap_or_default();
        let request = self.agent.configure_request(request.body(body)?);
        let request = request.timeout_recv_response(Some(patience)).build();
        let mut answer = self.agent.run(request).map_err(unanswered)?;
        let status = answer.status();
        if !status.is_success() {
            let report = answer
                .body_mut()
                .with_config()
                .limit(MAX_ANSWER)
                .read_json()
                .map_err(unanswered)?;
            return Err(Refusal { status: status.as_u16(), report }.into());
        }
        Ok((
            status.as_u16(),
            answer.body_mut().with_config().limit(MAX_ANSWER).read_json().map_err(unanswered)?,
        ))
    }

    /// Asks for the end of something; whoever does so leaves, whether it is heard or not.
    pub(crate) fn end(&self, path: &str) {
        let _: anyhow::Result<(u16, serde_json::Value)> =
            self.ask_within(MOMENT, &Method::DELETE, path, None::<&()>);
    }

    /// Pays, and tells what happened.
    pub(crate) fn pay(
        &self,
        terms: &Terms,
        link: Option<String>,
        output: &mut Output,
    ) -> anyhow::Result<()> {
        let Terms { contact, amount, token } = terms;
        let (contact, amount, token) = (contact.clone(), amount.clone(), token.clone());
        let is_called = link.as_ref().is_some_and(|link| !link.starts_with("mail:"));
        let pay = Pay { contact, amount, token, link, after: None };
        let paid = self.ask_within(MEETING, &Method::POST, "/v1/payments", Some(&pay));
        let (_, paid): (_, Payment) = paid.map_err(unsure)?;
        paid.events.iter().for_each(|event| output.tell(event));
        match (paid.state, paid.error) {
            (PaymentState::Acknowledged, Some(why)) => {
                let text = format!("the payment is final; then the conversation broke off: {why}");
                output.note(&text, &json!({ "event": "broken_off", "error": why }));
                Ok(())
            }
            (PaymentState::Written, why) if is_called => {
                let why = why.unwrap_or_else(|| "the link broke".to_owned());
                let error = format!(
                    "the payment is written and not acknowledged; it is delivered when you meet \
                     again: dsm pay --resume {} --link ...: {why}",
                    terms.contact
                );
                Err(Refusal { status: 424, report: ProblemReport { error, rule: None } }.into())
            }
            _ => Ok(()),
        }
    }

    /// Meets a contact, and tells what happened.
    pub(crate) fn sync(
        &self,
        contact: &str,
        link: &str,
        output: &mut Output,
    ) -> anyhow::Result<()> {
        let path = format!("/v1/contacts/{}/sync", part(contact));
        let link = json!({ "link": link });
        let (_, met): (_, Met) = self.ask_within(MEETING, &Method::POST, &path, Some(&link))?;
        met.events.iter().for_each(|event| output.tell(event));
        Ok(())
    }
}

/// Says what to do about a daemon that says nothing.
fn unanswered(error: ureq::Error) -> anyhow::Error {
    let text = match &error {
        ureq::Error::Timeout(_) => {
            "the daemon of this wallet says nothing; it may be busy: try again, or end it and start `dsm \
             daemon` anew"
        }
        _ => "the daemon of this wallet broke off; look whether it still runs",
    };
    anyhow::Error::new(error).context(text)
}

/// Says so where a payment may have been written although nobody says that it was.
fn unsure(error: anyhow::Error) -> anyhow::Error {
    let said = error.downcast_ref::<Refusal>().map(|refusal| refusal.status);
    if said.is_some_and(|status| status < 500) {
        return error;
    }
    error.context("whether it was paid is not known: see `dsm history` before you pay again")
}

/// What happened at a meeting.
#[derive(serde::Deserialize)]
struct Met {
    events: Vec<Event>,
}
