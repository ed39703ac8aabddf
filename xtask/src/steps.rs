//! The steps of the gate, cheap ones first.

use crate::problem::Problem;
use crate::verdict::Verdict;
use crate::workspace::Workspace;
use crate::{
    agreement, api, assurance, audit, bare, demo, deps, fuzz, models, rules, suite, tidy, vectors,
};

/// One thing that must hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) check: fn(&Workspace) -> Result<Verdict, Problem>,
}

/// All that must hold.
pub(crate) const STEPS: &[Step] = &[
    Step { name: "format", check: suite::format },
    Step { name: "tidy", check: tidy::check },
    Step { name: "deps", check: deps::check },
    Step { name: "rules", check: rules::check },
    Step { name: "assurance", check: assurance::check },
    Step { name: "audit", check: audit::check },
    Step { name: "lints", check: suite::lints },
    Step { name: "tests", check: suite::tests },
    Step { name: "documentation", check: suite::documentation },
    Step { name: "vectors", check: vectors::check },
    Step { name: "demo", check: demo::check },
    Step { name: "api", check: api::check },
    Step { name: "fuzz", check: fuzz::check },
    Step { name: "models", check: models::check },
    Step { name: "agreement", check: agreement::check },
    Step { name: "bare", check: bare::check },
];
