//! What a command prints: text for a person, or one JSON object a line for a program.

use std::io::Write;

use serde_json::{Value, json};

/// What somebody else wrote, on one line and without control characters, so that it can neither
/// steer a terminal nor look like a line of this program.
pub(crate) fn plain(text: &str) -> String {
    let odd = |one: char| {
        one.is_control()
            || matches!(one, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
    };
    text.chars().map(|one| if odd(one) { char::REPLACEMENT_CHARACTER } else { one }).collect()
}

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

/// Where results go.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// A result: the text, or the object.
    pub(crate) fn say(&mut self, text: &str, object: &Value) {
        let mut out = std::io::stdout().lock();
        // A reader that went away is no reason to fail: what was done is durable.
        let _ = if self.json { writeln!(out, "{object}") } else { writeln!(out, "{text}") };
        let _ = out.flush();
    }

    /// Something beside the result: for a person on standard error, for a program as an object.
    pub(crate) fn note(&mut self, text: &str, object: &Value) {
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
