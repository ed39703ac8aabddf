//! What a command prints: text for a person, or one JSON object a line for a program.

use std::io::Write;

use dsm_report::{Event, FORMAT};
use serde::Serialize;
use serde_json::{Value, json};

/// An error with its causes, each said once.
pub(crate) fn chain(error: &anyhow::Error) -> String {
    let mut why = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if why.is_empty() {
            why = cause;
        } else if !why.ends_with(&cause) {
            why = format!("{why}: {cause}");
        }
    }
    why.trim_end().to_owned()
}

fn formatted(object: &impl Serialize) -> Value {
    let mut object = serde_json::to_value(object).unwrap_or(Value::Null);
    if let Value::Object(fields) = &mut object {
        fields.insert("format".to_owned(), FORMAT.into());
    }
    object
}

/// Where results go.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// A result: the text, or the object with the number of its format.
    pub(crate) fn say(&mut self, text: &str, object: &impl Serialize) {
        let mut out = std::io::stdout().lock();
        // A reader that went away is no reason to fail: what was done is durable.
        let _ = if self.json {
            writeln!(out, "{}", formatted(object))
        } else {
            writeln!(out, "{text}")
        };
        let _ = out.flush();
    }

    /// What happened.
    pub(crate) fn tell(&mut self, event: &Event) {
        self.say(&event.to_string(), event);
    }

    /// Something beside the result: for a person on standard error, for a program as an object.
    pub(crate) fn note(&mut self, text: &str, object: &impl Serialize) {
        if self.json {
            self.say(text, object);
        } else {
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }

    /// An error.
    pub(crate) fn fail(&mut self, error: &anyhow::Error) {
        let rule = error.chain().find_map(|cause| match cause.downcast_ref() {
            Some(dsm_session::SessionError::Rejected(reject)) => Some(reject.rule().to_owned()),
            Some(dsm_session::SessionError::Refused { rule }) => Some(rule.to_string()),
            _ => cause.downcast_ref::<dsm_core::Reject>().map(|reject| reject.rule().to_owned()),
        });
        let why = chain(error);
        let text = format!("error: {why}");
        self.note(&text, &json!({ "event": "error", "error": why, "rule": rule }));
    }
}
