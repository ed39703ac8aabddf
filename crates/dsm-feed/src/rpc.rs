//! Bitcoin Core, asked over JSON-RPC.
//!
//! It is asked in batches, each with a bound on the bytes of its answer that follows from the questions. No proxy is
//! used, whatever the environment says. The password goes in clear: ask over loopback or a network of your own.

use std::fs;
use std::io::{self, Read};
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bitcoin::hex::{DisplayHex, FromHex};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::clock::Deadline;
use crate::error::{FeedError, broken};
use crate::feed::{
    Feed, FilterFeed, Hash, MAX_BLOCK, MAX_FILTER, MAX_FILTERS, MAX_FILTERS_TOGETHER, MAX_HEADERS,
    MAX_LOCATOR, Patience, RawHeader, connected, named,
};

/// What an answer to a question without content takes, with room for an error.
const ENVELOPE: usize = 512;
/// What a file with name and password has at most.
const MAX_COOKIE: u64 = 1 << 12;
/// How often headers are fetched again that a reorganization tore apart meanwhile.
const TRIES: usize = 3;

/// Bitcoin Core's number for "no such block", and for a height that no block has.
const UNKNOWN: i64 = -5;
const OUT_OF_RANGE: i64 = -8;
/// Its number for an index that it has not, or not yet.
const NO_INDEX: i64 = -1;

/// How one is let in.
#[derive(Clone)]
pub enum Access {
    /// By the file `.cookie` in its directory, read anew for every question: each start of it writes another.
    Cookie(PathBuf),
    /// By a name and a password.
    Password {
        /// The name.
        user: String,
        /// The password.
        password: String,
    },
}

impl std::fmt::Debug for Access {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Cookie(path) => to.debug_tuple("Cookie").field(path).finish(),
            Self::Password { user, .. } => {
                to.debug_struct("Password").field("user", user).finish_non_exhaustive()
            }
        }
    }
}

/// A Bitcoin Core of one's own, or of somebody near.
#[derive(Debug)]
pub struct Core {
    name: String,
    url: String,
    access: Access,
    patience: Patience,
    agent: ureq::Agent,
}

/// One answer of a batch.
#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Reply<T> {
    id: usize,
    result: Option<T>,
    error: Option<Trouble>,
}

#[derive(Deserialize)]
struct Trouble {
    code: i64,
    message: String,
}

/// What is read of a header's description.
#[derive(Deserialize)]
struct Described {
    height: u64,
    /// Negative if it is not on the chain that is followed.
    confirmations: i64,
}

/// What is read of a filter's description.
#[derive(Deserialize)]
struct Filtered {
    filter: String,
    header: String,
}

impl<T> Reply<T> {
    fn outcome(self) -> Result<T, FeedError> {
        match (self.error, self.result) {
            (Some(trouble), _) => Err(FeedError::refused(trouble.code, &trouble.message)),
            (None, Some(result)) => Ok(result),
            (None, None) => Err(FeedError::Malformed("answer without a result")),
        }
    }
}

impl Core {
    /// Names one, as `http://127.0.0.1:8332`; asks nothing yet. A name and password in the address are not used, and not shown.
    pub fn new(url: impl Into<String>, access: Access, patience: Patience) -> Self {
        let config = ureq::Agent::config_builder()
            .proxy(None)
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(patience.connect));
        let url = without_password(&url.into());
        Self { name: url.clone(), url, access, patience, agent: config.build().into() }
    }

    fn authorization(&self) -> Result<String, FeedError> {
        let words = match &self.access {
            Access::Cookie(path) => {
                let mut words = Vec::new();
                let file = fs::File::open(path).map_err(FeedError::Cookie)?;
                file.take(MAX_COOKIE).read_to_end(&mut words).map_err(FeedError::Cookie)?;
                words.trim_ascii().to_vec()
            }
            Access::Password { user, password } => format!("{user}:{password}").into_bytes(),
        };
        Ok(format!("Basic {}", STANDARD.encode(words)))
    }

    /// Asks many questions of one kind at once; gives the answers in their order. Each has so many bytes at most.
    fn ask<T: DeserializeOwned>(
        &self,
        method: &str,
        questions: &[Value],
        most_each: usize,
        deadline: Deadline,
    ) -> Result<Vec<Result<T, FeedError>>, FeedError> {
        let batch: Vec<Value> = questions
            .iter()
            .enumerate()
            .map(|(id, parameters)| json!({"id": id, "method": method, "params": parameters}))
            .collect();
        let most = questions.len().saturating_mul(most_each.saturating_add(ENVELOPE));
        let answer = self.post(&Value::from(batch), most, deadline)?;
        let malformed = |_| FeedError::Malformed("answer");
        let mut replies: Vec<Reply<T>> = match serde_json::from_slice(&answer) {
            Ok(replies) => replies,
            // What is wrong with the whole batch is answered once.
            Err(_) => vec![serde_json::from_slice::<Reply<T>>(&answer).map_err(malformed)?],
        };
        replies.sort_by_key(|reply| reply.id);
        if replies.iter().enumerate().any(|(id, reply)| reply.id != id)
            || replies.len() != questions.len()
        {
            return Err(FeedError::Malformed("list of answers"));
        }
        Ok(replies.into_iter().map(Reply::outcome).collect())
    }

    fn post(&self, body: &Value, most: usize, deadline: Deadline) -> Result<Vec<u8>, FeedError> {
        let request = self.agent.post(&self.url).header("Authorization", self.authorization()?);
        let request = request.config().timeout_global(Some(deadline.left()?)).build();
        let mut answer = request.send_json(body).map_err(|error| failed(error, most))?;
        match answer.status().as_u16() {
            401 | 403 => return Err(FeedError::Denied),
            // Errors of single questions come with these too.
            200 | 400 | 404 | 500 => {}
            code => return Err(FeedError::refused(code.into(), "by its HTTP server")),
        }
        let limit = u64::try_from(most).unwrap_or(u64::MAX);
        let body = answer.body_mut().with_config().limit(limit).read_to_vec();
        body.map_err(|error| failed(error, most))
    }

    fn one<T: DeserializeOwned>(
        &self,
        method: &str,
        question: Value,
        most: usize,
    ) -> Result<T, FeedError> {
        let deadline = Deadline::after(self.patience.answer);
        let answer = self.ask(method, &[question], most, deadline)?;
        answer.into_iter().next().unwrap_or(Err(FeedError::Malformed("list of answers")))
    }

    /// The height of the first block of the locator that is on the chain that it follows.
    fn meeting(&self, locator: &[Hash], deadline: Deadline) -> Result<u64, FeedError> {
        let questions: Vec<Value> = locator.iter().map(|hash| json!([text(hash), true])).collect();
        let described = self.ask::<Described>("getblockheader", &questions, 2_048, deadline)?;
        for one in described {
            match one {
                Ok(found) if found.confirmations >= 0 => return Ok(found.height),
                Ok(_) | Err(FeedError::Refused { code: UNKNOWN, .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Err(FeedError::Unconnected)
    }

    fn headers_once(&self, locator: &[Hash]) -> Result<Vec<RawHeader>, FeedError> {
        let deadline = Deadline::after(self.patience.answer);
        let below = self.meeting(locator, deadline)?;
        let counts = self.ask::<u64>("getblockcount", &[json!([])], 64, deadline)?;
        let count = counts.into_iter().next().unwrap_or(Ok(below))?;
        let last = count.min(below.saturating_add(MAX_HEADERS as u64));
        let heights: Vec<Value> =
            (below.saturating_add(1)..=last).map(|height| json!([height])).collect();
        if heights.is_empty() {
            return Ok(Vec::new());
        }
        let mut hashes = Vec::with_capacity(heights.len());
        for hash in self.ask::<String>("getblockhash", &heights, 128, deadline)? {
            match hash {
                Ok(hash) => hashes.push(json!([hash, false])),
                // Its chain became shorter.
                Err(FeedError::Refused { code: OUT_OF_RANGE, .. }) => break,
                Err(error) => return Err(error),
            }
        }
        if hashes.is_empty() {
            return Ok(Vec::new());
        }
        let headers = self.ask::<String>("getblockheader", &hashes, 256, deadline)?;
        let headers = headers.into_iter().map(|one| header(&one?)).collect::<Result<_, _>>()?;
        connected(locator, headers)
    }

    /// Shows the filters of blocks one after the other: each may be large.
    fn each_filter(
        &self,
        blocks: &[Hash],
        mut see: impl FnMut(Filtered) -> Result<(), FeedError>,
    ) -> Result<(), FeedError> {
        let deadline = Deadline::after(self.patience.answer);
        for hash in blocks {
            let question = [json!([text(hash)])];
            let most = MAX_FILTER.saturating_mul(2);
            for one in self.ask::<Filtered>("getblockfilter", &question, most, deadline)? {
                see(one.map_err(|error| match error {
                    FeedError::Refused { code: NO_INDEX, .. } => FeedError::NotServed("filters"),
                    error => unknown("filter", error),
                })?)?;
            }
        }
        Ok(())
    }
}

impl Feed for Core {
    fn name(&self) -> &str {
        &self.name
    }

    fn headers(&mut self, locator: &[Hash]) -> Result<Vec<RawHeader>, FeedError> {
        let locator = locator.get(..MAX_LOCATOR).unwrap_or(locator);
        let mut answer = self.headers_once(locator);
        for _ in 1..TRIES {
            match answer {
                Err(FeedError::Unconnected) => answer = self.headers_once(locator),
                _ => break,
            }
        }
        answer
    }

    fn block(&mut self, hash: &Hash) -> Result<Vec<u8>, FeedError> {
        let answer = self.one::<String>("getblock", json!([text(hash), 0]), MAX_BLOCK * 2);
        let block = answer.map_err(|error| unknown("block", error))?;
        named(hash, Vec::from_hex(&block).map_err(|_| FeedError::Malformed("block"))?)
    }

    fn as_filter_feed(&mut self) -> Option<&mut dyn FilterFeed> {
        Some(self)
    }
}

impl FilterFeed for Core {
    fn filter_headers(&mut self, start: u32, blocks: &[Hash]) -> Result<Vec<Hash>, FeedError> {
        if blocks.len() > MAX_HEADERS {
            return Err(FeedError::TooMany("blocks asked for"));
        }
        let Some(first) = blocks.first() else { return Ok(Vec::new()) };
        let mut headers = Vec::with_capacity(blocks.len().saturating_add(1));
        if start == 0 {
            headers.push([0; 32]);
        } else {
            let before: String = self.one("getblockheader", json!([text(first), false]), 256)?;
            let before = crate::feed::parent_of(&header(&before)?);
            self.each_filter(&[before], |one| hash(&one.header).map(|hash| headers.push(hash)))?;
        }
        self.each_filter(blocks, |one| hash(&one.header).map(|hash| headers.push(hash)))?;
        Ok(headers)
    }

    fn filters(&mut self, _start: u32, blocks: &[Hash]) -> Result<Vec<Vec<u8>>, FeedError> {
        if blocks.len() > MAX_FILTERS {
            return Err(FeedError::TooMany("blocks asked for"));
        }
        let mut filters: Vec<Vec<u8>> = Vec::with_capacity(blocks.len());
        let mut held: usize = 0;
        self.each_filter(blocks, |one| {
            held = held.saturating_add(one.filter.len() / 2);
            if held > MAX_FILTERS_TOGETHER {
                return Err(FeedError::TooMany("bytes of filters"));
            }
            let filter = Vec::from_hex(&one.filter);
            filters.push(filter.map_err(|_| FeedError::Malformed("filter"))?);
            Ok(())
        })?;
        Ok(filters)
    }
}

/// An address without a name and password between `//` and `@`.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find('/').unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let host = host.rsplit('@').next().unwrap_or(host);
    format!("{scheme}://{host}{path}")
}

/// A hash as Bitcoin Core writes it: reversed.
fn text(hash: &Hash) -> String {
    let mut reversed = *hash;
    reversed.reverse();
    reversed.to_lower_hex_string()
}

fn hash(text: &str) -> Result<Hash, FeedError> {
    let mut hash = Hash::from_hex(text).map_err(|_| FeedError::Malformed("hash"))?;
    hash.reverse();
    Ok(hash)
}

fn header(text: &str) -> Result<RawHeader, FeedError> {
    let bytes = Vec::from_hex(text).map_err(|_| FeedError::Malformed("header"))?;
    bytes.try_into().map_err(|_| FeedError::Malformed("header"))
}

fn unknown(what: &'static str, error: FeedError) -> FeedError {
    match error {
        FeedError::Refused { code: UNKNOWN, .. } => FeedError::Missing(what),
        error => error,
    }
}

fn failed(error: ureq::Error, most: usize) -> FeedError {
    match error {
        ureq::Error::Timeout(_) => FeedError::Late,
        ureq::Error::BodyExceedsLimit(announced) => FeedError::TooLong {
            what: "an answer".to_owned(),
            announced,
            most: u64::try_from(most).unwrap_or(u64::MAX),
        },
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            FeedError::Unreachable(error)
        }
        ureq::Error::Io(error) => broken(error),
        ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => {
            FeedError::Unreachable(io::Error::new(io::ErrorKind::NotFound, error))
        }
        ureq::Error::Json(_) => FeedError::Malformed("answer"),
        other => FeedError::Broken(io::Error::other(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_shown() {
        let access = || Access::Password { user: "ada".to_owned(), password: "secret".to_owned() };
        let core = Core::new("http://ada:secret@127.0.0.1:8332/a@b", access(), Patience::default());
        assert_eq!(core.name(), "http://127.0.0.1:8332/a@b");
        assert!(!format!("{core:?}").contains("secret"));
    }

    #[test]
    fn a_hash_is_written_reversed() {
        let mut known = [0; 32];
        (known[0], known[31]) = (1, 0xab);
        assert_eq!(hash(&text(&known)).unwrap(), known);
        assert!(text(&known).starts_with("ab") && text(&known).ends_with("01"));
        assert!(hash("ab").is_err() && header("ab").is_err());
    }
}
