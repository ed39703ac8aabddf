//! `tla/runs.toml`: which models run in which bounds, and what must come of it.

use std::fmt;
use std::path::Path;

use serde::Deserialize;

use crate::problem::Problem;
use crate::tree;

/// Said of a run whose invariants and properties all hold.
pub(super) const HOLDS: &str = "holds";

/// Every run, in the order of the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Runs {
    #[serde(default)]
    run: Vec<Run>,
}

/// One module in one configuration.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Run {
    pub(super) module: String,
    pub(super) config: String,
    pub(super) size: Size,
    pub(super) bounds: String,
    /// Predicates that must be violated, so that what they deny is reached.
    #[serde(default)]
    pub(super) reach: Vec<String>,
    #[serde(default)]
    pub(super) mutants: Vec<Mutant>,
    /// [`HOLDS`], or the one invariant or property that must break.
    #[serde(default = "holds")]
    pub(super) expect: String,
}

/// Whether the gate can afford it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Size {
    Small,
    Large,
}

/// A guard that is switched off, and the invariant or property that this must break.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mutant {
    pub(super) off: String,
    pub(super) breaks: String,
}

fn holds() -> String {
    HOLDS.to_owned()
}

impl Runs {
    pub(super) fn load(root: &Path) -> Result<Self, Problem> {
        Self::parse(&tree::read(&root.join("tla/runs.toml"))?)
    }

    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        toml::from_str(text).map_err(|error| Problem::new(format!("tla/runs.toml: {error}")))
    }

    /// Those of one module, or all.
    pub(super) fn of<'a>(&'a self, module: Option<&'a str>) -> impl Iterator<Item = &'a Run> {
        self.run.iter().filter(move |run| module.is_none_or(|module| run.module == module))
    }

    /// The file under `tla/` that keeps the counterexample of a mutant. A guard that breaks more than one
    /// thing has a file for each.
    pub(super) fn counterexample(&self, module: &str, mutant: &Mutant) -> String {
        let Mutant { off, breaks } = mutant;
        let mut same = self.of(Some(module)).flat_map(|run| &run.mutants);
        let first = same.find(|other| other.off == *off) == Some(mutant);
        let what = if first { String::new() } else { format!("-{breaks}") };
        format!("counterexamples/{module}-{off}{what}.txt")
    }

    /// All, or those of a module, or one configuration of it; to choose none is a mistake.
    pub(super) fn chosen<'a>(
        &'a self,
        words: &'a [&str],
    ) -> Result<impl Iterator<Item = &'a Run>, Problem> {
        let (module, config) = (words.first().copied(), words.get(1).copied());
        let chosen = move || {
            self.of(module).filter(move |run| config.is_none_or(|config| run.config == config))
        };
        if words.len() > 2 || chosen().next().is_none() {
            return Err(Problem::new(format!("tla/runs.toml has no run `{}`", words.join(" "))));
        }
        Ok(chosen())
    }
}

impl Run {
    /// Under `tla/`.
    pub(super) fn config_path(&self) -> String {
        format!("{}/{}.cfg", self.module, self.config)
    }
}

impl fmt::Display for Run {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} {}", self.module, self.config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_says_what_must_break_and_a_word_too_many_is_a_mistake() {
        let text = r#"
            [[run]]
            module = "A"
            config = "small"
            size = "small"
            bounds = "2 of it"
            mutants = [ { off = "guard", breaks = "Safe" } ]
        "#;
        let runs = Runs::parse(text).expect("well formed");
        let run = runs.of(Some("A")).next().expect("one run");
        assert_eq!((run.size, run.expect.as_str()), (Size::Small, HOLDS));
        assert_eq!(run.mutants, [Mutant { off: "guard".into(), breaks: "Safe".into() }]);
        for (words, count) in [(&[][..], 1), (&["A"], 1), (&["A", "small"], 1)] {
            assert_eq!(runs.chosen(words).expect("some").count(), count);
        }
        for words in [&["B"][..], &["A", "large"], &["A", "small", "x"]] {
            assert!(runs.chosen(words).is_err());
        }
        assert!(Runs::parse(&format!("{text}\nextra = 1")).is_err());
        let file = |breaks: &str| {
            let mutant = Mutant { off: "guard".into(), breaks: breaks.into() };
            runs.counterexample("A", &mutant)
        };
        assert_eq!(file("Safe"), "counterexamples/A-guard.txt");
        assert_eq!(file("Agree"), "counterexamples/A-guard-Agree.txt");
    }
}
