//! Why a vector cannot be written, read or believed.

use std::fmt;
use std::path::Path;

/// What is wrong, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem(String);

impl Problem {
    /// A problem in words.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The same, with the place where it was found.
    #[must_use]
    pub fn at(self, place: &str) -> Self {
        Self(format!("{place}: {}", self.0))
    }

    pub(crate) fn file(path: &Path, error: &std::io::Error) -> Self {
        Self(format!("{}: {error}", path.display()))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.0)
    }
}

impl std::error::Error for Problem {}
