//! The TLA+ models in `tla/`, explored by TLC as `tla/runs.toml` says.
//!
//! What always holds: a run that ends otherwise than it is expected to, a mutant that is not caught by
//! what it names, a predicate that is not reached and an action that never fires are findings.

mod config;
mod plan;
mod results;
mod runs;
mod tlc;
mod tools;
mod traces;

use std::collections::BTreeSet;

use crate::problem::Problem;
use crate::tree;
use crate::verdict::Verdict;
use crate::workspace::Workspace;
use config::Config;
use results::{Results, Row};
use runs::{HOLDS, Run, Runs, Size};
use tlc::{Ending, Job, Tlc};

/// The step of the gate: the small runs, what they must name, the committed results, and logs of the
/// simulator.
pub(crate) fn check(workspace: &Workspace) -> Result<Verdict, Problem> {
    let runs = Runs::load(&workspace.root)?;
    if runs.of(None).next().is_none() {
        return Ok(Verdict::Skipped("tla/runs.toml names no run yet".to_owned()));
    }
    let mut findings = plan::check(&workspace.root, &runs)?;
    findings.extend(Results::load(&workspace.root)?.against(&workspace.root, &runs)?);
    let mut explorer = Explorer::new(workspace, findings)?;
    for run in runs.of(None).filter(|run| run.size == Size::Small) {
        explorer.explore(run)?;
    }
    let (explained, findings) = traces::check(workspace, &explorer.tlc)?;
    explorer.findings.extend(findings);
    let (runs, states) = (explorer.count, explorer.distinct);
    let looked_at = format!("{runs} runs, {states} distinct states; {explained}");
    Ok(Verdict::of(looked_at, explorer.finish()))
}

/// Logs of the simulator alone.
pub(crate) fn explain(workspace: &Workspace) -> Result<(), Problem> {
    let (looked_at, findings) = traces::check(workspace, &Tlc::ready(workspace)?)?;
    eprintln!("{looked_at}");
    report(&findings)
}

/// The small runs of a module, or one of them, with their mutants and predicates.
pub(crate) fn check_one(workspace: &Workspace, words: &[&str]) -> Result<(), Problem> {
    let runs = Runs::load(&workspace.root)?;
    let mut explorer = Explorer::new(workspace, Vec::new())?;
    for run in runs.chosen(words)?.filter(|run| run.size == Size::Small) {
        explorer.explore(run)?;
        explorer.break_and_reach(&runs, run)?;
    }
    report(&explorer.finish_of(words))
}

/// Everything, or a module, or one run of it; the results are written as they come.
pub(crate) fn soak(workspace: &Workspace, words: &[&str]) -> Result<(), Problem> {
    let runs = Runs::load(&workspace.root)?;
    let mut explorer = Explorer::new(workspace, Vec::new())?;
    for run in runs.chosen(words)? {
        let mut row = explorer.explore(run)?;
        row.mutants_caught = explorer.break_and_reach(&runs, run)?;
        // Read anew each time: another module's campaign may run at the same time.
        let mut results = Results::load(&workspace.root)?;
        results.put(row, &runs);
        results.write(&workspace.root, &runs)?;
    }
    report(&explorer.finish_of(words))
}

/// Every state of a run, as TLC writes them.
pub(crate) fn dump(workspace: &Workspace, module: &str, config: &str) -> Result<String, Problem> {
    let tlc = Tlc::ready(workspace)?;
    let runs = Runs::load(&workspace.root)?;
    let run = runs.of(Some(module)).find(|run| run.config == config);
    let run = run.ok_or_else(|| Problem::new(format!("there is no run {config} of {module}")))?;
    let config = Config::parse(&tree::read(&tlc.folder().join(run.config_path()))?)?.text();
    let name = format!("{}-states", run.config);
    let path = tlc.scratch().join(format!("{module}-{name}.dump"));
    let dump = Some(path.as_path());
    let report = tlc.explore(&Job {
        module,
        name: &name,
        config: &config,
        size: run.size,
        workers: 1,
        counts: false,
        dump,
    })?;
    match report.ending {
        Ending::Holds => tree::read(&path),
        ending => Err(Problem::new(format!("{run}: {ending}"))),
    }
}

/// Writes docs/models.md from the committed results, without a run.
pub(crate) fn write_page(workspace: &Workspace) -> Result<(), Problem> {
    let runs = Runs::load(&workspace.root)?;
    Results::load(&workspace.root)?.write_page(&workspace.root, &runs)
}

fn report(findings: &[String]) -> Result<(), Problem> {
    if findings.is_empty() { Ok(()) } else { Err(Problem::new(findings.join("\n       "))) }
}

/// Runs TLC and gathers what is wrong.
struct Explorer {
    tlc: Tlc,
    findings: Vec<String>,
    /// The actions of the modules that ran, and those of them that fired.
    actions: BTreeSet<String>,
    fired: BTreeSet<String>,
    count: u64,
    distinct: u64,
}

impl Explorer {
    fn new(workspace: &Workspace, findings: Vec<String>) -> Result<Self, Problem> {
        Ok(Self {
            tlc: Tlc::ready(workspace)?,
            findings,
            actions: BTreeSet::new(),
            fired: BTreeSet::new(),
            count: 0,
            distinct: 0,
        })
    }

    /// One run as it is configured.
    fn explore(&mut self, run: &Run) -> Result<Row, Problem> {
        let config = self.config(run)?;
        let expected = run.expect != HOLDS;
        let text = if expected { config.only(&run.expect, None)? } else { config.text() };
        let report = self.tlc.explore(&Job {
            module: &run.module,
            name: &run.config,
            config: &text,
            size: run.size,
            workers: 2,
            counts: run.size == Size::Small,
            dump: None,
        })?;
        eprintln!(
            "{run}: {} distinct states, depth {}, {:.1} s",
            report.distinct, report.depth, report.seconds
        );
        let outcome = match (&report.ending, expected) {
            (Ending::Holds, false) => HOLDS.to_owned(),
            (Ending::Violated(_), true) => format!("breaks {}", run.expect),
            (ending, _) => {
                self.findings.push(format!("{run}: expected `{}`, but {ending}", run.expect));
                ending.to_string()
            }
        };
        self.count += 1;
        self.distinct += report.distinct;
        for (action, fired) in &report.actions {
            let action = format!("{}: {action}", run.module);
            if *fired > 0 {
                self.fired.insert(action.clone());
            }
            self.actions.insert(action);
        }
        Ok(Row::new(run, outcome, &report))
    }

    /// Its mutants, each of which must break what it names, and its predicates, each of which must be
    /// reached. Gives the number of mutants caught.
    fn break_and_reach(&mut self, runs: &Runs, run: &Run) -> Result<u64, Problem> {
        let config = self.config(run)?;
        let mut caught = 0;
        for mutant in &run.mutants {
            let text = config.only(&mutant.breaks, Some(&mutant.off))?;
            let name = format!("{}-{}", run.config, mutant.off);
            let found = self.violates(run, &name, &text, &mutant.breaks)?;
            if let Some(trace) = found {
                caught += 1;
                let file = runs.counterexample(&run.module, mutant);
                self.tlc.keep(&file, &run.module, mutant, &trace)?;
            }
        }
        for predicate in &run.reach {
            let text = config.reach(predicate);
            self.violates(run, &format!("{}-{predicate}", run.config), &text, predicate)?;
        }
        Ok(caught)
    }

    fn violates(
        &mut self,
        run: &Run,
        name: &str,
        config: &str,
        what: &str,
    ) -> Result<Option<String>, Problem> {
        let (module, size) = (&run.module, run.size);
        // One worker finds the same shortest trace every time.
        let report = self.tlc.explore(&Job {
            module,
            name,
            config,
            size,
            workers: 1,
            counts: false,
            dump: None,
        })?;
        eprintln!("{module} {name}: {}, {:.1} s", report.ending, report.seconds);
        if report.ending.is_violation_of(what) {
            return Ok(Some(report.trace));
        }
        self.findings.push(format!("{module} {name}: must violate {what}, but {}", report.ending));
        Ok(None)
    }

    fn config(&self, run: &Run) -> Result<Config, Problem> {
        Config::parse(&tree::read(&self.tlc.folder().join(run.config_path()))?)
    }

    /// The same; one configuration alone need not make every action fire.
    fn finish_of(self, words: &[&str]) -> Vec<String> {
        if words.len() > 1 { self.findings } else { self.finish() }
    }

    /// What was wrong, with the actions that never fired.
    fn finish(mut self) -> Vec<String> {
        let idle = self.actions.difference(&self.fired);
        self.findings.extend(idle.map(|action| format!("{action} never fires")));
        self.findings
    }
}
