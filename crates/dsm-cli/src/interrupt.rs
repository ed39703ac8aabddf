//! Ctrl-C: ends what can be ended, says what holds, and never waits for a peer that is silent.
//!
//! Whatever is durable stays, so the process may end at any moment but one: while a chip absorbs an entry. And a conversation in which a
//! payment may be bound right now is asked to end first.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, anyhow};
use dsm_store::at_rest;

use crate::exit::INTERRUPTED;
use crate::output::Output;

/// Held by whoever ends the process: an interrupt, or `main` when all is done.
static END: Mutex<()> = Mutex::new(());

/// Waits for an interrupt that ends the process; if there is none, there will be none any more.
pub(crate) fn ends() {
    std::mem::forget(END.lock());
}

/// How long a conversation may take to end.
pub(crate) const MOMENT: Duration = Duration::from_secs(1);

/// What happens next if the person presses Ctrl-C.
enum Then {
    /// The process does something, says a word and ends.
    Exit { first: Box<dyn FnOnce() + Send>, word: String },
    /// Something else, and upon a second Ctrl-C the end.
    Do(Box<dyn FnOnce() + Send>),
}

impl Then {
    fn exit(word: &str) -> Self {
        Self::Exit { first: Box::new(|| {}), word: word.to_owned() }
    }
}

/// What Ctrl-C does to this process.
#[derive(Clone)]
pub(crate) struct Interrupt(Arc<Mutex<Then>>);

impl Interrupt {
    /// From now on the process ends with a word.
    pub(crate) fn new(output: &Output, word: &str) -> anyhow::Result<Self> {
        let this = Self(Arc::new(Mutex::new(Then::exit(word))));
        let (handler, mut output) = (this.clone(), output.clone());
        let happen = move || {
            let again = Then::exit("interrupted again");
            let then = std::mem::replace(&mut *handler.then(), again);
            match then {
                Then::Do(act) => act(),
                Then::Exit { first, word } => {
                    let _ends = END.lock();
                    first();
                    output.clear();
                    output.fail(&anyhow!(word));
                    // The chip's session ends with the process.
                    at_rest(|| std::process::exit(INTERRUPTED.into()));
                }
            }
        };
        ctrlc::set_handler(happen).context("the system gives no signals")?;
        Ok(this)
    }

    fn then(&self) -> MutexGuard<'_, Then> {
        // Whoever panicked changed nothing by halves.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The word is another one.
    pub(crate) fn says(&self, word: &str) {
        *self.then() = Then::exit(word);
    }

    /// The same word, after something else.
    pub(crate) fn does_first(&self, act: impl FnOnce() + Send + 'static) {
        let then = &mut *self.then();
        if let Then::Exit { first, .. } = then {
            *first = Box::new(act);
        }
    }

    /// Something is done instead.
    pub(crate) fn does(&self, act: impl FnOnce() + Send + 'static) {
        *self.then() = Then::Do(Box::new(act));
    }
}
