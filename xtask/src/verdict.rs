//! What one step of the gate found.

use crate::problem::Problem;

/// What one step of the gate found.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It holds. The text says what was looked at.
    Passed(String),
    /// Single tests were counted. The step fails if there is a failure.
    Counted { passed: usize, failures: Vec<String> },
    /// There is nothing to check yet. The text says what is missing.
    Skipped(String),
    /// It does not hold. One text for each finding.
    Failed(Vec<String>),
}

impl Verdict {
    /// Passed if nothing was found.
    pub(crate) fn of(looked_at: String, findings: Vec<String>) -> Self {
        if findings.is_empty() { Self::Passed(looked_at) } else { Self::Failed(findings) }
    }

    /// A step that could not be carried out has failed.
    pub(crate) fn of_result(result: Result<Self, Problem>) -> Self {
        result.unwrap_or_else(|problem| Self::Failed(vec![problem.to_string()]))
    }
}
