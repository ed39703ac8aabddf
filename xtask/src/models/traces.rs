//! Logs of the simulator, which the model Session must explain (`tla/TraceSession.tla`).
//!
//! What always holds: each log is explained to its end, and no log with a fault in it is.

mod fault;
mod log;

use std::fmt::Write;

use super::Size;
use super::tlc::{Ending, Job, Tlc};
use crate::problem::Problem;
use crate::process;
use crate::tree;
use crate::workspace::Workspace;
use log::Log;

/// How many logs are enough, and in how many worlds they are looked for.
const ENOUGH: usize = 5;
const WORLDS: u64 = 60;
/// A log that is shorter shows little.
const SHORTEST: usize = 20;
const MODULE: &str = "TraceSession";

/// Explains logs and refuses them with faults; what was looked at, and what is wrong.
pub(super) fn check(workspace: &Workspace, tlc: &Tlc) -> Result<(String, Vec<String>), Problem> {
    let logs = gather(workspace)?;
    let mut all: Vec<(String, bool, Log)> = Vec::new();
    for (name, log) in logs {
        for (fault, faulty) in fault::all(&log) {
            all.push((format!("{name} with {fault}"), false, faulty));
        }
        all.push((name, true, log));
    }
    let accepted = explain(tlc, all.iter().map(|(_, _, log)| log))?;
    let mut findings = Vec::new();
    for (number, (name, sound, _)) in (1..).zip(&all) {
        match (sound, accepted.contains(&number)) {
            (true, false) => findings.push(format!("Session does not explain {name}")),
            (false, true) => findings.push(format!("Session explains {name}")),
            _ => {}
        }
    }
    let sound = all.iter().filter(|(_, sound, _)| *sound).count();
    let faulty = all.len().saturating_sub(sound);
    Ok((format!("{sound} logs explained and {faulty} with a fault refused"), findings))
}

/// The first logs of the simulator that are long enough; one of them at least has a death in it.
fn gather(workspace: &Workspace) -> Result<Vec<(String, Log)>, Problem> {
    let build = ["build", "--locked", "--workspace", "--bin", "dsm-sim"];
    process::run(process::cargo(&workspace.root).args(build))?;
    let program = workspace.target.join("debug/dsm-sim");
    let mut logs: Vec<(String, Log)> = Vec::new();
    for seed in 0..WORLDS {
        let mut command = std::process::Command::new(&program);
        let text = process::output(command.arg("log").arg(seed.to_string()))?;
        for (pair, log) in log::between(&text)? {
            let enough = logs.len() >= ENOUGH;
            let dies = log.has_death();
            if log.len() >= SHORTEST && (!enough || (dies && !has_death(&logs))) {
                logs.push((format!("what {pair} did in world {seed}"), log));
            }
        }
        if logs.len() >= ENOUGH && has_death(&logs) {
            return Ok(logs);
        }
    }
    Err(Problem::new(format!("{WORLDS} worlds have not {ENOUGH} logs, one of them with a death")))
}

fn has_death(logs: &[(String, Log)]) -> bool {
    logs.iter().any(|(_, log)| log.has_death())
}

/// The numbers of the logs that are taken to their end, counted from 1.
fn explain<'a>(tlc: &Tlc, logs: impl Iterator<Item = &'a Log>) -> Result<Vec<usize>, Problem> {
    let mut links = 1;
    let mut text = String::new();
    for log in logs {
        links = links.max(log.links());
        let comma = if text.is_empty() { "" } else { "," };
        write!(text, "{comma}\n{log}").ok();
    }
    let module = format!(
        "---- MODULE TraceLogs ----\nEXTENDS Naturals\nLinks == 1..{links}\nLogs == <<{text}>>\n====\n"
    );
    let path = tlc.scratch().join("TraceLogs.tla");
    std::fs::write(&path, module).map_err(|error| Problem::file(&path, &error))?;
    let config = tree::read(&tlc.folder().join(MODULE).join("logs.cfg"))?;
    let job = Job {
        module: MODULE,
        name: "logs",
        config: &config,
        size: Size::Small,
        workers: 1,
        counts: false,
        dump: None,
    };
    let report = tlc.explore(&job)?;
    if report.ending != Ending::Holds {
        return Err(Problem::new(format!("{MODULE}: {}", report.ending)));
    }
    let numbers = report
        .printed
        .iter()
        .filter_map(|line| line.strip_prefix("<<\"accepted\", ")?.strip_suffix(">>")?.parse().ok());
    Ok(numbers.collect())
}
