//! What a command prints: text for a person, or one JSON object a line for a program.

use std::io::Write;
use std::time::Duration;

use dsm_report::{Event, FORMAT};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use serde_json::{Value, json};

use crate::exit;

/// How often it is shown that something goes on.
const TICK: Duration = Duration::from_millis(200);

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
    /// What is shown while something takes long.
    bar: ProgressBar,
}

/// Something that may take long; what is shown of it goes away with this.
pub(crate) struct Work(ProgressBar);

impl Drop for Work {
    fn drop(&mut self) {
        self.0.disable_steady_tick();
        self.0.finish_and_clear();
        self.0.set_draw_target(ProgressDrawTarget::hidden());
    }
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json, bar: ProgressBar::hidden() }
    }

    /// A result: the text, or the object with the number of its format.
    pub(crate) fn say(&mut self, text: &str, object: &impl Serialize) {
        let line = if self.json { formatted(object).to_string() } else { text.to_owned() };
        // A reader that went away is no reason to fail: what was done is durable.
        self.bar.suspend(|| {
            let mut out = std::io::stdout().lock();
            let _ = writeln!(out, "{line}");
            let _ = out.flush();
        });
    }

    /// Shows a person at a terminal, on standard error, that something goes on and for how long. Nothing to
    /// a program, and nothing in colour.
    pub(crate) fn work(&self, text: &str) -> Work {
        if !self.json {
            let style = ProgressStyle::with_template("{spinner} {msg} {elapsed}");
            self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            self.bar.reset();
            self.bar.set_message(text.to_owned());
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
            self.bar.enable_steady_tick(TICK);
        }
        Work(self.bar.clone())
    }

    /// Shows nothing any more of what goes on.
    pub(crate) fn clear(&self) {
        self.bar.disable_steady_tick();
        self.bar.finish_and_clear();
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
            self.bar.suspend(|| drop(writeln!(std::io::stderr(), "{text}")));
        }
    }

    /// An error.
    pub(crate) fn fail(&mut self, error: &anyhow::Error) {
        let rule = exit::rule(error);
        let why = chain(error);
        let text = format!("error: {why}");
        self.note(&text, &json!({ "event": "error", "error": why, "rule": rule }));
    }
}
