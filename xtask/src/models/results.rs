//! What the soak found: `bench/results/tla.json`, and the tables of `docs/models.md` made of it.

use std::fmt::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::runs::{Run, Runs};
use super::tlc::Report;
use crate::problem::Problem;
use crate::tree;

const JSON: &str = "bench/results/tla.json";
const PAGE: &str = "docs/models.md";
const BEGIN: &str = "<!-- written by cargo xtask soak tla -->\n";
const END: &str = "<!-- end of what is written -->";

/// The rows, in the order of `tla/runs.toml`.
#[derive(Debug, Default)]
pub(super) struct Results(Vec<Row>);

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Row {
    module: String,
    config: String,
    bounds: String,
    outcome: String,
    generated: u64,
    distinct: u64,
    depth: u64,
    /// Seconds.
    time: f64,
    #[serde(rename = "mutants caught")]
    pub(super) mutants_caught: u64,
}

impl Row {
    pub(super) fn new(run: &Run, outcome: String, report: &Report) -> Self {
        Self {
            module: run.module.clone(),
            config: run.config.clone(),
            bounds: run.bounds.clone(),
            outcome,
            generated: report.generated,
            distinct: report.distinct,
            depth: report.depth,
            time: (report.seconds * 10.0).round() / 10.0,
            mutants_caught: 0,
        }
    }

    fn is_of(&self, run: &Run) -> bool {
        self.module == run.module && self.config == run.config
    }
}

impl Results {
    /// What is committed; nothing if there is no file yet.
    pub(super) fn load(root: &Path) -> Result<Self, Problem> {
        let path = root.join(JSON);
        if !path.exists() {
            return Ok(Self::default());
        }
        let rows = serde_json::from_str(&tree::read(&path)?);
        rows.map(Self).map_err(|error| Problem::new(format!("{JSON}: {error}")))
    }

    /// Puts one row in its place; rows of runs that are no more go.
    pub(super) fn put(&mut self, row: Row, runs: &Runs) {
        self.0.retain(|old| (&old.module, &old.config) != (&row.module, &row.config));
        self.0.push(row);
        let place = |row: &Row| runs.of(None).position(|run| row.is_of(run));
        self.0.retain(|row| place(row).is_some());
        self.0.sort_by_key(place);
    }

    /// Writes the rows and the page.
    pub(super) fn write(&self, root: &Path, runs: &Runs) -> Result<(), Problem> {
        let path = root.join(JSON);
        let text = serde_json::to_string_pretty(&self.0)
            .map_err(|error| Problem::new(format!("{JSON}: {error}")))?;
        std::fs::write(&path, format!("{text}\n")).map_err(|error| Problem::file(&path, &error))?;
        self.write_page(root, runs)
    }

    /// Writes the page.
    pub(super) fn write_page(&self, root: &Path, runs: &Runs) -> Result<(), Problem> {
        let page = root.join(PAGE);
        let new = self.fill(&tree::read(&page)?, runs)?;
        std::fs::write(&page, new).map_err(|error| Problem::file(&page, &error))
    }

    /// What does not fit: rows of a module against its runs, and the page against the rows.
    pub(super) fn against(&self, root: &Path, runs: &Runs) -> Result<Vec<String>, Problem> {
        let mut findings = self.unlike(runs);
        let page = tree::read(&root.join(PAGE))?;
        if self.fill(&page, runs)? != page {
            findings.push(format!("{PAGE} is not what {JSON} and tla/runs.toml give"));
        }
        Ok(findings)
    }

    /// A module of which there are results has a result of each of its runs, as it stands there.
    fn unlike(&self, runs: &Runs) -> Vec<String> {
        let mut findings = Vec::new();
        for run in runs.of(None) {
            let again = format!("`cargo xtask soak tla {}` is due", run.module);
            let Some(row) = self.0.iter().find(|row| row.is_of(run)) else {
                if self.0.iter().any(|row| row.module == run.module) {
                    findings.push(format!("{JSON} has nothing of {run}: {again}"));
                }
                continue;
            };
            let caught = run.mutants.len() as u64;
            if row.bounds != run.bounds || row.mutants_caught != caught {
                findings.push(format!("{JSON} has other bounds or mutants for {run}: {again}"));
            }
            let outcome = row.outcome.strip_prefix("breaks ").unwrap_or(&row.outcome);
            if outcome != run.expect {
                findings.push(format!("{run}: {JSON} says `{}`: {again}", row.outcome));
            }
        }
        for row in self.0.iter().filter(|row| !runs.of(None).any(|run| row.is_of(run))) {
            findings.push(format!("{JSON}: there is no run {} {}", row.module, row.config));
        }
        findings
    }

    /// The page with its tables written anew.
    fn fill(&self, page: &str, runs: &Runs) -> Result<String, Problem> {
        let parts = page
            .split_once(BEGIN)
            .and_then(|(before, rest)| rest.split_once(END).map(|(_, after)| (before, after)));
        let (before, after) =
            parts.ok_or_else(|| Problem::new(format!("{PAGE} has no place for the tables")))?;
        Ok(format!("{before}{BEGIN}{}{END}{after}", self.tables(runs)))
    }

    fn tables(&self, runs: &Runs) -> String {
        if self.0.is_empty() {
            return String::new();
        }
        let mut text = String::from(
            "\n| module | configuration | bounds | generated | distinct | depth | seconds | mutants caught | outcome |\n\
             |---|---|---|---|---|---|---|---|---|\n",
        );
        let mut mutants = String::from("\n| module | without | breaks |\n|---|---|---|\n");
        for row in &self.0 {
            let Row { module, config, bounds, outcome, generated, distinct, depth, time, .. } = row;
            let caught = row.mutants_caught;
            let line = format!(
                "| {module} | {config} | {bounds} | {generated} | {distinct} | {depth} | {time} | {caught} | {outcome} |"
            );
            writeln!(text, "{line}").ok();
            for mutant in
                runs.of(Some(module)).filter(|run| row.is_of(run)).flat_map(|run| &run.mutants)
            {
                let (off, breaks) = (&mutant.off, &mutant.breaks);
                let file = runs.counterexample(module, mutant);
                writeln!(mutants, "| {module} | [{off}](../tla/{file}) | {breaks} |").ok();
            }
        }
        let distinct: u64 = self.0.iter().map(|row| row.distinct).sum();
        let caught: u64 = self.0.iter().map(|row| row.mutants_caught).sum();
        write!(text, "\nTogether {distinct} distinct states; {caught} mutants, each caught by what it must break:\n{mutants}\n").ok();
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUNS: &str = r#"
        [[run]]
        module = "A"
        config = "one"
        size = "small"
        bounds = "b"
        mutants = [ { off = "guard", breaks = "Safe" } ]
        [[run]]
        module = "A"
        config = "two"
        size = "large"
        bounds = "c"
        [[run]]
        module = "B"
        config = "one"
        size = "small"
        bounds = "d"
    "#;

    fn row(config: &str, bounds: &str, mutants_caught: u64) -> Row {
        Row {
            module: "A".into(),
            config: config.into(),
            bounds: bounds.into(),
            outcome: "holds".into(),
            generated: 5,
            distinct: 4,
            depth: 3,
            time: 0.5,
            mutants_caught,
        }
    }

    #[test]
    fn a_module_with_results_has_one_of_each_run_as_it_stands() {
        let runs = Runs::parse(RUNS).expect("well formed");
        let mut results = Results::default();
        assert!(results.unlike(&runs).is_empty());
        results.put(row("two", "c", 0), &runs);
        assert_eq!(results.unlike(&runs).len(), 1);
        results.put(row("one", "other", 1), &runs);
        assert_eq!(results.unlike(&runs).len(), 1);
        results.put(row("one", "b", 1), &runs);
        assert!(results.unlike(&runs).is_empty());
        results.put(row("gone", "b", 0), &runs);
        assert_eq!(
            results.0.iter().map(|row| row.config.as_str()).collect::<Vec<_>>(),
            ["one", "two"]
        );
    }

    #[test]
    fn the_page_is_filled_between_its_marks_and_nowhere_else() {
        let runs = Runs::parse(RUNS).expect("well formed");
        let mut results = Results::default();
        results.put(row("one", "b", 1), &runs);
        let page = format!("before\n{BEGIN}stale\n{END}\nafter\n");
        let new = results.fill(&page, &runs).expect("it has marks");
        assert!(
            new.starts_with("before\n") && new.ends_with("\nafter\n") && !new.contains("stale")
        );
        assert!(new.contains("| A | one | b | 5 | 4 | 3 | 0.5 | 1 | holds |"));
        assert!(new.contains("| A | [guard](../tla/counterexamples/A-guard.txt) | Safe |"));
        assert_eq!(results.fill(&new, &runs).expect("still"), new);
        assert!(results.fill("none", &runs).is_err());
    }
}
