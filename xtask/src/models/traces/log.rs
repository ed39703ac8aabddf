//! What two people did with each other in a world of the simulator, as events that a model can explain.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use crate::problem::Problem;

/// The honest people of every world.
const PEOPLE: [u64; 3] = [0, 1, 2];
/// Messages that tell of third devices, and refusals: Session does not model them.
const UNMODELLED: [&str; 5] = ["Evidence", "Sync", "Behind", "Contradict", "Refuse"];
/// What a link in a secure channel cannot do, and what is dealt without a session.
const NOT_HERE: [&str; 7] = ["lose", "repeat", "delay", "spoil", "replay", "accuse", "read"];
/// What one does without a link.
const APART: [&str; 4] = ["away", "share", "answer", "letter"];

/// Events, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Log(pub(super) Vec<Event>);

/// One event, of one of two people, perhaps on a link.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Event {
    pub(super) what: What,
    pub(super) link: u64,
    /// Whether it is the second of the two.
    pub(super) second: bool,
    /// The name of a message.
    pub(super) message: String,
    /// An index of the own log, or the last of the other's that became known.
    pub(super) index: u64,
    /// An index of the other's log.
    pub(super) accepted: u64,
    /// The kinds of entries that became durable.
    pub(super) wrote: Vec<&'static str>,
}

/// What kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Call,
    Said,
    Hear,
    Durable,
    Over,
    Died,
}

/// What is known while a log is read.
#[derive(Default)]
struct Reader {
    pair: [u64; 2],
    events: Vec<Event>,
    /// The links between the two, with their ends and what is on its way to each.
    links: BTreeMap<u64, ([u64; 2], [Vec<String>; 2])>,
    calls: u64,
    /// Who does something without a link.
    apart: Option<u64>,
    /// Whether the last thing done was to deliver between the two.
    delivers: bool,
    /// Whether something happened that the model does not have.
    foreign: bool,
}

/// What every two honest people did with each other, where the model has words for all of it and one
/// of them paid. Each with who they are.
pub(super) fn between(text: &str) -> Result<Vec<(String, Log)>, Problem> {
    let lines = text.lines().map(serde_json::from_str::<Value>);
    let lines = lines.collect::<Result<Vec<Value>, _>>();
    let lines = lines.map_err(|error| Problem::new(format!("a log of the simulator: {error}")))?;
    let mut logs = Vec::new();
    for first in PEOPLE {
        for second in PEOPLE.into_iter().filter(|second| *second > first) {
            let mut reader = Reader { pair: [first, second], ..Reader::default() };
            for line in &lines {
                reader.read(line);
            }
            let pays = reader.events.iter().any(|event| event.wrote.contains(&"pay"));
            let log = Log(reader.events);
            if !reader.foreign && pays {
                logs.push((format!("{first} and {second}"), log));
            }
        }
    }
    Ok(logs)
}

impl Reader {
    fn read(&mut self, line: &Value) {
        let number = |name: &str| line[name].as_u64();
        if let Some(done) = line["do"].as_str() {
            self.apart = APART.contains(&done).then(|| number("from")).flatten();
            let link = number("link").filter(|link| self.links.contains_key(link));
            self.delivers = done == "deliver" && link.is_some();
            match (done, link) {
                ("call", _) => self.call(number("from"), number("to"), number("pay").is_some()),
                ("deliver", Some(link)) => self.deliver(link, number("end") == Some(1)),
                (fault, Some(_)) if NOT_HERE.contains(&fault) => self.foreign = true,
                _ => {}
            }
        } else if let Some(who) = number("who").filter(|who| self.pair.contains(who)) {
            let link = number("link").filter(|link| self.links.contains_key(link));
            match (line["saw"].as_str(), link) {
                (Some("said"), Some(link)) => self.said(link, who, line),
                (Some("durable"), _) => self.durable(who, line),
                (Some("over"), Some(link)) => self.push(What::Over, link, who),
                (Some("died"), _) => {
                    self.push(What::Died, 0, who);
                    self.last(|event| event.index = number("at").unwrap_or(0));
                }
                _ => {}
            }
        }
    }

    fn push(&mut self, what: What, link: u64, who: u64) {
        let link = if matches!(what, What::Durable | What::Died) { 0 } else { link + 1 };
        self.events.push(Event {
            what,
            link,
            second: who == self.pair[1],
            message: String::new(),
            index: 0,
            accepted: 0,
            wrote: Vec::new(),
        });
    }

    fn last(&mut self, change: impl FnOnce(&mut Event)) {
        if let Some(event) = self.events.last_mut() {
            change(event);
        }
    }

    fn call(&mut self, from: Option<u64>, to: Option<u64>, pays: bool) {
        let link = self.calls;
        self.calls += 1;
        let (Some(from), Some(to)) = (from, to) else { return };
        if self.pair.contains(&from) && self.pair.contains(&to) {
            self.links.insert(link, ([from, to], [Vec::new(), Vec::new()]));
            self.push(What::Call, link, from);
            self.last(|event| event.index = u64::from(pays));
        }
    }

    fn deliver(&mut self, link: u64, called: bool) {
        let Some((ends, ways)) = self.links.get_mut(&link) else { return };
        let (who, way) = (ends[usize::from(called)], &mut ways[usize::from(called)]);
        if way.is_empty() {
            self.foreign = true;
            return;
        }
        let message = way.remove(0);
        if !UNMODELLED.contains(&message.as_str()) {
            self.push(What::Hear, link, who);
            self.last(|event| event.message = message);
        }
    }

    fn said(&mut self, link: u64, who: u64, line: &Value) {
        let message = line["message"].as_str().unwrap_or_default().to_owned();
        if let Some((ends, ways)) = self.links.get_mut(&link) {
            // To the other end.
            ways[usize::from(ends[0] == who)].push(message.clone());
        }
        if !UNMODELLED.contains(&message.as_str()) {
            self.push(What::Said, link, who);
            self.last(|event| {
                event.message = message;
                event.index = line["index"].as_u64().unwrap_or(0);
                event.accepted = line["accepted"].as_u64().unwrap_or(0);
            });
        }
    }

    fn durable(&mut self, who: u64, line: &Value) {
        let other = if who == self.pair[0] { self.pair[1] } else { self.pair[0] };
        let list = |name: &str| line[name].as_array().cloned().unwrap_or_default();
        let kind = |entry: &Value| {
            if entry["to"].as_u64() != Some(other) {
                "other"
            } else if entry["makes"].is_array() {
                "pay"
            } else {
                "ack"
            }
        };
        let wrote: Vec<&'static str> = list("wrote").iter().map(kind).collect();
        let took = list("accepted");
        let took = took.iter().filter(|entry| entry["from"].as_u64() == Some(other));
        let took: Vec<u64> = took.filter_map(|entry| entry["index"].as_u64()).collect();
        // Letters are another chapter.
        self.foreign |= took.len() > 1 || (!took.is_empty() && !self.delivers);
        if wrote.is_empty() && took.is_empty() {
            return;
        }
        let apart = self.apart == Some(who);
        self.push(What::Durable, 0, who);
        self.last(|event| {
            event.message = if apart { "apart".to_owned() } else { String::new() };
            event.index = took.last().copied().unwrap_or(0);
            event.wrote = wrote;
        });
    }
}

impl Log {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn has_death(&self) -> bool {
        self.0.iter().any(|event| event.what == What::Died)
    }

    /// Whether one entry was dealt in two sessions.
    pub(super) fn repeats(&self) -> bool {
        let mut dealt = BTreeSet::new();
        let deals = |event: &&Event| {
            event.what == What::Said
                && matches!(event.message.as_str(), "Resume" | "Pay" | "Receipt")
        };
        self.0
            .iter()
            .filter(deals)
            .any(|event| !dealt.insert((event.second, event.message == "Resume", event.index)))
    }

    /// The greatest number of a link.
    pub(super) fn links(&self) -> u64 {
        self.0.iter().map(|event| event.link).max().unwrap_or(0)
    }
}

/// As TLA+.
impl fmt::Display for Log {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let events: Vec<String> = self.0.iter().map(Event::to_string).collect();
        write!(to, "<<{}>>", events.join(",\n  "))
    }
}

impl fmt::Display for Event {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.what {
            What::Call => "call",
            What::Said => "said",
            What::Hear => "hear",
            What::Durable => "durable",
            What::Over => "over",
            What::Died => "died",
        };
        let Self { link, message, index, accepted, .. } = self;
        let who = if self.second { "b" } else { "a" };
        write!(
            to,
            "[e |-> \"{what}\", c |-> {link}, d |-> \"{who}\", is |-> \"{message}\", n |-> {index}, k |-> {accepted}"
        )?;
        if self.what == What::Durable {
            let kinds: Vec<String> = self.wrote.iter().map(|kind| format!("\"{kind}\"")).collect();
            write!(to, ", wrote |-> <<{}>>", kinds.join(", "))?;
        }
        to.write_str("]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAYMENT: &str = r#"{"do":"call","from":2,"to":0,"pay":152,"fresh":14736924128774886378}
{"saw":"said","link":0,"who":2,"message":"Hello","accepted":0}
{"do":"deliver","link":0,"end":1}
{"saw":"said","link":0,"who":0,"message":"Sync"}
{"do":"deliver","link":0,"end":0}
{"saw":"durable","who":2,"wrote":[{"index":1,"head":"a753ef28","to":0,"spends":["061bb26d"],"makes":[{"id":"210bf06f","owner":0,"amount":152}]}]}
{"saw":"said","link":0,"who":2,"message":"Pay","index":1}
{"do":"share","from":1,"to":2,"value":92}
{"saw":"durable","who":1,"wrote":[{"index":1,"head":"6f87360a","to":2}]}
{"saw":"died","who":0,"at":0}
"#;

    #[test]
    fn reads_what_two_did_and_leaves_out_news_and_others() {
        let logs = between(PAYMENT).expect("lines of a log");
        let [(pair, log)] = logs.as_slice() else { panic!("one pair paid: {logs:?}") };
        assert_eq!(pair, "0 and 2");
        let whats: Vec<What> = log.0.iter().map(|event| event.what).collect();
        assert_eq!(
            whats,
            [What::Call, What::Said, What::Hear, What::Durable, What::Said, What::Died]
        );
        assert!(log.has_death());
        let paid = "[e |-> \"durable\", c |-> 0, d |-> \"b\", is |-> \"\", n |-> 0, k |-> 0, wrote |-> <<\"pay\">>]";
        assert_eq!(log.0[3].to_string(), paid);
    }

    #[test]
    fn a_log_with_what_the_model_has_no_words_for_is_left_out() {
        let lost = PAYMENT
            .replace(r#"{"do":"deliver","link":0,"end":0}"#, r#"{"do":"lose","link":0,"end":0}"#);
        assert!(between(&lost).expect("lines of a log").is_empty());
        assert!(between("no JSON").is_err());
    }
}
