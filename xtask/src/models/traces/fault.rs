//! Logs with one fault that no behaviour explains: an event left out, doubled, or exchanged with the next.
//!
//! Not every such change is a fault: events that do not depend on each other may come in any order, and
//! what nobody speaks of later may be left out. So only those are made that something beside them denies.

use std::fmt;

use super::log::{Event, Log, What};

/// What is wrong with an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    LeftOut,
    Doubled,
    Exchanged,
}

/// One fault of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Which event, counted from 1.
    pub(super) at: usize,
    pub(super) wrong: Wrong,
}

/// What a log with a fault is made of, in TLA+: `at` is where the event stands in `log`.
pub(super) const OPERATORS: &str = "\
    LeftOut(log, at) == SubSeq(log, 1, at - 1) \\o SubSeq(log, at + 1, Len(log))\n\
    Doubled(log, at) == SubSeq(log, 1, at) \\o SubSeq(log, at, Len(log))\n\
    Exchanged(log, at) == SubSeq(log, 1, at - 1) \\o <<log[at + 1], log[at]>> \\o SubSeq(log, at + 2, Len(log))";

/// Every fault of a log.
pub(super) fn all(log: &Log) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (at, event) in (1..).zip(&log.0) {
        let mut put = |wrong: Wrong| faults.push(Fault { at, wrong });
        if matches!(event.what, What::Said | What::Hear) {
            put(Wrong::Doubled);
        }
        if let Some(next) = log.0.get(at) {
            if is_missed(event, next) {
                put(Wrong::LeftOut);
            }
            if event.what == What::Hear && event.second == next.second && is_of_session(next) {
                put(Wrong::Exchanged);
            }
        }
    }
    faults
}

impl fmt::Display for Wrong {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Self::LeftOut => "left out",
            Self::Doubled => "doubled",
            Self::Exchanged => "exchanged with the next",
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "event {} {}", self.at, self.wrong)
    }
}

/// Whether what comes next shows that this was.
fn is_missed(event: &Event, next: &Event) -> bool {
    // Done may be said at any time after it could be.
    let speaks = next.what == What::Said && next.message != "Done";
    // Only an Offer answers an Ask; what is due anyway may follow it.
    let speaks = speaks && (event.message != "Ask" || next.message == "Offer");
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
