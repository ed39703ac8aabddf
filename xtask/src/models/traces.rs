//! Logs of the simulator, which models must explain: what two people did with each other, by Session
//! (`tla/TraceSession.tla`), and what became of the notes of a whole world, by Spend (`tla/TraceSpend.tla`).
//!
//! What always holds: each log is explained to its end, and no log with a fault in it is. A fault that a guard
//! of the model stands against alone is explained once that guard is off.

mod fault;
mod log;
mod world;
mod worlds;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::PathBuf;

use super::Size;
use super::tlc::{Ending, Job, Tlc};
use crate::problem::Problem;
use crate::process;
use crate::tree;
use crate::workspace::Workspace;
use log::Log;

/// How many logs are enough for Session, and in how many worlds logs are looked for.
const ENOUGH: usize = 12;
const WORLDS: u64 = 500;
/// A log that is shorter shows little.
const SHORTEST: usize = 20;

/// Logs that a model is asked about.
struct Question {
    /// The model, and the module that it reads them from.
    module: &'static str,
    logs: &'static str,
    /// What stands before them.
    before: String,
    cases: Vec<Case>,
}

/// A log.
struct Case {
    name: String,
    /// What kind of fault is in it, if any.
    fault: Option<String>,
    /// The guard of the model that refuses it, if it is one alone.
    guard: Option<&'static str>,
    /// In TLA+.
    text: String,
}

/// Explains logs and refuses them with faults; what was looked at, and what is wrong.
pub(super) fn check(workspace: &Workspace, tlc: &Tlc) -> Result<(String, Vec<String>), Problem> {
    let simulator = Simulator::ready(workspace)?;
    let (talked, mut findings) = talks(&simulator)?.ask(tlc)?;
    let (spent, others) = worlds::question(&simulator)?.ask(tlc)?;
    findings.extend(others);
    Ok((format!("{talked}; {spent}"), findings))
}

/// The simulator, built.
struct Simulator {
    program: PathBuf,
}

impl Simulator {
    fn ready(workspace: &Workspace) -> Result<Self, Problem> {
        let build = ["build", "--locked", "--workspace", "--bin", "dsm-sim"];
        process::run(process::cargo(&workspace.root).args(build))?;
        Ok(Self { program: workspace.target.join("debug/dsm-sim") })
    }

    /// The log of a world.
    fn log(&self, seed: u64) -> Result<String, Problem> {
        let mut command = std::process::Command::new(&self.program);
        process::output(command.arg("log").arg(seed.to_string()))
    }
}

/// What every two did in the first worlds, with every fault.
fn talks(simulator: &Simulator) -> Result<Question, Problem> {
    let logs = gather(simulator)?;
    let links = logs.iter().map(|(_, log)| log.links()).max().unwrap_or(1);
    let base: Vec<String> = logs.iter().map(|(_, log)| log.to_string()).collect();
    let operators = fault::OPERATORS;
    let base = base.join(",\n");
    let mut cases = Vec::new();
    for (number, (name, log)) in (1..).zip(logs) {
        for fault in fault::all(&log) {
            cases.push(Case {
                name: format!("{name} with {fault}"),
                fault: Some(fault.wrong.to_string()),
                guard: None,
                text: format!("{:?}(Base[{number}], {})", fault.wrong, fault.at),
            });
        }
        cases.push(Case { name, fault: None, guard: None, text: format!("Base[{number}]") });
    }
    let before = format!("Links == 1..{links}\n{operators}\nBase == <<{base}>>");
    Ok(Question { module: "TraceSession", logs: "TraceLogs", before, cases })
}

/// The first logs of the simulator that are long enough; in one of them at least somebody dies, and in one
/// an entry is dealt twice.
fn gather(simulator: &Simulator) -> Result<Vec<(String, Log)>, Problem> {
    let mut logs: Vec<(String, Log)> = Vec::new();
    let rare: [fn(&Log) -> bool; 2] = [Log::has_death, Log::repeats];
    let lacks =
        |logs: &[(String, Log)], has: fn(&Log) -> bool| !logs.iter().any(|(_, log)| has(log));
    for seed in 0..WORLDS {
        for (pair, log) in log::between(&simulator.log(seed)?)? {
            let enough = logs.len() >= ENOUGH;
            let is_rare = rare.iter().any(|has| has(&log) && lacks(&logs, *has));
            if log.len() >= SHORTEST && (!enough || is_rare) {
                logs.push((format!("what {pair} did in world {seed}"), log));
            }
        }
        if logs.len() >= ENOUGH && !rare.iter().any(|has| lacks(&logs, *has)) {
            return Ok(logs);
        }
    }
    Err(Problem::new(format!(
        "{WORLDS} worlds have not {ENOUGH} logs, one with a death and one with an entry that is dealt twice"
    )))
}

impl Question {
    /// What the model says of each log, and what of that is wrong.
    fn ask(&self, tlc: &Tlc) -> Result<(String, Vec<String>), Problem> {
        self.write(tlc)?;
        let config = tree::read(&tlc.folder().join(self.module).join("logs.cfg"))?;
        let accepted = self.explain(tlc, "logs", &config)?;
        let model = self.module.trim_start_matches("Trace");
        let (mut findings, mut sound, mut faulty) = (Vec::new(), 0_u64, BTreeMap::new());
        for (number, Case { name, fault, .. }) in (1..).zip(&self.cases) {
            match fault {
                Some(kind) => *faulty.entry(kind).or_insert(0_u64) += 1,
                None => sound += 1,
            }
            match (fault, accepted.contains(&number)) {
                (None, false) => findings.push(format!("{model} does not explain {name}")),
                (Some(_), true) => findings.push(format!("{model} explains {name}")),
                _ => {}
            }
        }
        let guards: BTreeSet<&str> = self.cases.iter().filter_map(|case| case.guard).collect();
        if !guards.is_empty() {
            let names: Vec<String> = guards.iter().map(|guard| format!("\"{guard}\"")).collect();
            let off = format!("Off = {{{}}}", names.join(", "));
            let accepted = self.explain(tlc, "off", &config.replace("Off = {}", &off))?;
            let guarded = (1..).zip(&self.cases).filter(|(_, case)| case.guard.is_some());
            let refused = guarded.filter(|(number, _)| !accepted.contains(number));
            findings.extend(refused.map(|(_, Case { name, .. })| {
                format!("{model} refuses {name}, though its guard is off")
            }));
        }
        let kinds: Vec<String> =
            faulty.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        let count: u64 = faulty.values().sum();
        let kinds = kinds.join(", ");
        let guarded = self.cases.iter().filter(|case| case.guard.is_some()).count();
        let alone = if guarded == 0 {
            String::new()
        } else {
            format!(", {guarded} of them by one guard alone")
        };
        let looked_at = format!(
            "{model}: {sound} logs explained and {count} with a fault refused ({kinds}){alone}"
        );
        Ok((looked_at, findings))
    }

    /// The logs, where the model finds them.
    fn write(&self, tlc: &Tlc) -> Result<(), Problem> {
        let Self { logs, before, cases, .. } = self;
        let mut text =
            format!("---- MODULE {logs} ----\nEXTENDS Naturals, Sequences\n{before}\nLogs == <<");
        for (number, case) in cases.iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            write!(text, "{comma}\n{}", case.text).ok();
        }
        text.push_str(">>\n====\n");
        let path = tlc.scratch().join(format!("{logs}.tla"));
        std::fs::write(&path, text).map_err(|error| Problem::file(&path, &error))
    }

    /// The numbers of the logs that are taken to their end, counted from 1.
    fn explain(&self, tlc: &Tlc, name: &str, config: &str) -> Result<BTreeSet<usize>, Problem> {
        let module = self.module;
        let job =
            Job { module, name, config, size: Size::Small, workers: 1, counts: false, dump: None };
        let report = tlc.explore(&job)?;
        if report.ending != Ending::Holds {
            return Err(Problem::new(format!("{module}: {}", report.ending)));
        }
        let numbers = report.printed.iter().filter_map(|line| {
            line.strip_prefix("<<\"accepted\", ")?.strip_suffix(">>")?.parse().ok()
        });
        Ok(numbers.collect())
    }
}
