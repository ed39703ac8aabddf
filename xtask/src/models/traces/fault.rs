//! Logs with one fault that no behaviour explains: an event left out, doubled, or exchanged with the next.
//!
//! Not every such change is a fault: events that do not depend on each other may come in any order, and
//! what nobody speaks of later may be left out. So only those are made that something beside them denies.

use super::log::{Event, Log, What};

/// Every fault of a log, with its name.
pub(super) fn all(log: &Log) -> Vec<(String, Log)> {
    let mut faulty = Vec::new();
    for (at, event) in log.0.iter().enumerate() {
        let (before, after) = log.0.split_at(at);
        let rest = after.get(1..).unwrap_or_default();
        let next = rest.first();
        let mut put = |fault: &str, middle: &[&Event], rest: &[Event]| {
            let middle = middle.iter().map(|event| (*event).clone());
            let events = before.iter().cloned().chain(middle).chain(rest.iter().cloned());
            faulty.push((format!("event {at} {fault}"), Log(events.collect())));
        };
        if matches!(event.what, What::Said | What::Hear) {
            put("doubled", &[event, event], rest);
        }
        if let Some(next) = next {
            if is_missed(event, next) {
                put("left out", &[], rest);
            }
            if event.what == What::Hear && event.second == next.second && is_of_session(next) {
                put("exchanged with the next", &[next, event], rest.get(1..).unwrap_or_default());
            }
        }
    }
    faulty
}

/// Whether what comes next shows that this was.
fn is_missed(event: &Event, next: &Event) -> bool {
    // Done may be said at any time after it could be.
    let speaks = next.what == What::Said && next.message != "Done";
    event.second == next.second
        && match event.what {
            What::Hear => (speaks && event.link == next.link) || is_of_session(next),
            What::Said => speaks && event.link == next.link,
            What::Durable => speaks && is_of_session(event),
            What::Call | What::Over | What::Died => false,
        }
}

/// Whether it became durable by what a session heard.
fn is_of_session(event: &Event) -> bool {
    event.what == What::Durable
        && event.message.is_empty()
        && (event.index > 0 || event.wrote.contains(&"pay"))
}
