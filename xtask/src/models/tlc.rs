//! Runs TLC and reads what it says.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::runs::{Mutant, Size};
use super::tools;
use crate::gate;
use crate::problem::Problem;
use crate::tree;
use crate::workspace::Workspace;

/// TLC, ready to run.
pub(super) struct Tlc {
    jar: PathBuf,
    /// The folder of the models.
    folder: PathBuf,
    /// Where TLC keeps its states, and we its answers.
    scratch: PathBuf,
}

/// One exploration.
pub(super) struct Job<'a> {
    pub(super) module: &'a str,
    /// Unlike that of any other job of the module.
    pub(super) name: &'a str,
    pub(super) config: &'a str,
    pub(super) size: Size,
    pub(super) workers: u8,
    /// Whether to count how often actions fire. It makes TLC slow, the more so the larger the constants.
    pub(super) counts: bool,
    /// Where to write every state, if anywhere.
    pub(super) dump: Option<&'a Path>,
}

/// What TLC said.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) ending: Ending,
    pub(super) generated: u64,
    pub(super) distinct: u64,
    pub(super) depth: u64,
    pub(super) seconds: f64,
    /// How often each action fired.
    pub(super) actions: BTreeMap<String, u64>,
    /// The states of the counterexample, if there is one.
    pub(super) trace: String,
    /// The tuples that the model printed.
    pub(super) printed: Vec<String>,
}

/// How an exploration ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Everything that was asked for holds.
    Holds,
    /// Something does not; TLC names invariants and not always properties.
    Violated(Option<String>),
    /// It did not come to an end.
    Failed(String),
}

impl Ending {
    /// True if this was the one question that was asked.
    pub(super) fn is_violation_of(&self, what: &str) -> bool {
        match self {
            Self::Violated(name) => name.as_ref().is_none_or(|name| name == what),
            Self::Holds | Self::Failed(_) => false,
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Holds => to.write_str("it holds"),
            Self::Violated(Some(name)) => write!(to, "it breaks {name}"),
            Self::Violated(None) => to.write_str("it breaks a property"),
            Self::Failed(why) => write!(to, "TLC failed: {why}"),
        }
    }
}

impl Tlc {
    pub(super) fn ready(workspace: &Workspace) -> Result<Self, Problem> {
        let scratch = workspace.target.join("tla");
        make_folder(&scratch)?;
        let jar = tools::jar(&scratch)?;
        Ok(Self { jar, folder: workspace.root.join("tla"), scratch })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn scratch(&self) -> &Path {
        &self.scratch
    }

    /// Runs to the end. What TLC says stays in `target/tla/MODULE-NAME.log`.
    pub(super) fn explore(&self, job: &Job<'_>) -> Result<Report, Problem> {
        let stem = format!("{}-{}", job.module, job.name);
        let [config, log, states] =
            ["cfg", "log", "states"].map(|end| self.scratch.join(format!("{stem}.{end}")));
        std::fs::write(&config, job.config).map_err(|error| Problem::file(&config, &error))?;
        make_folder(&states)?;
        let output = File::create(&log).map_err(|error| Problem::file(&log, &error))?;
        let (heap, limit) = match job.size {
            Size::Small => ("-Xmx3g", "300"),
            Size::Large => ("-Xmx6g", "7200"),
        };
        let extra: &[&str] = if job.counts { &["-coverage", "1"] } else { &[] };
        let clock = gate::now();
        let mut command = Command::new("timeout");
        command
            .args([limit, "java", "-XX:+UseParallelGC", heap])
            // TLC unpacks its own modules there.
            .arg(format!("-Djava.io.tmpdir={}", states.display()))
            .arg(format!("-DTLA-Library={}", self.scratch.display()))
            .arg("-cp")
            .arg(&self.jar)
            .args(["tlc2.TLC", "-deadlock", "-workers", &job.workers.to_string()])
            .args(extra)
            .args(job.dump.iter().flat_map(|path| [Path::new("-dump"), path]))
            .arg("-metadir")
            .arg(&states)
            .arg("-config")
            .arg(&config)
            .arg(format!("{}.tla", job.module))
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(output);
        command
            .status()
            .map_err(|error| Problem::new(format!("TLC could not be started: {error}")))?;
        let seconds = clock.elapsed().as_secs_f64();
        // Gigabytes that nobody reads again.
        std::fs::remove_dir_all(&states).ok();
        Ok(Report { seconds, ..Report::parse(job.module, &tree::read(&log)?) })
    }

    /// Keeps the counterexample of a mutant beside the models.
    pub(super) fn keep(
        &self,
        file: &str,
        module: &str,
        mutant: &Mutant,
        trace: &str,
    ) -> Result<(), Problem> {
        make_folder(&self.folder.join("counterexamples"))?;
        let path = self.folder.join(file);
        let Mutant { off, breaks } = mutant;
        let text = format!("{module} without {off} breaks {breaks}:\n\n{trace}");
        std::fs::write(&path, text).map_err(|error| Problem::file(&path, &error))
    }
}

fn make_folder(path: &Path) -> Result<(), Problem> {
    std::fs::create_dir_all(path).map_err(|error| Problem::file(path, &error))
}

impl Report {
    /// Reads the output of TLC 2.15.
    fn parse(module: &str, text: &str) -> Self {
        let mut report = Self {
            ending: ending(text),
            generated: 0,
            distinct: 0,
            depth: 0,
            seconds: 0.0,
            actions: BTreeMap::new(),
            trace: trace(text),
            printed: text
                .lines()
                .filter(|line| line.starts_with("<<\""))
                .map(str::to_owned)
                .collect(),
        };
        for line in text.lines() {
            if let Some((generated, rest)) = line.split_once(" states generated, ") {
                let distinct = rest.split(" distinct").next().unwrap_or_default();
                // Lines about progress have a time before the number.
                let last = generated.rsplit(' ').next().unwrap_or_default();
                (report.generated, report.distinct) = (number(last), number(distinct));
            } else if let Some(rest) =
                line.strip_prefix("The depth of the complete state graph search is ")
            {
                report.depth = number(rest.trim_end_matches('.'));
            } else if let Some((action, times)) = fired(module, line) {
                // A later report counts what an earlier one did, too.
                report.actions.insert(action, times);
            }
        }
        report
    }
}

fn number(text: &str) -> u64 {
    text.replace(',', "").parse().unwrap_or(0)
}

/// `<Action line ... of module M>: new states:all states`; a place may follow the module's name.
fn fired(module: &str, line: &str) -> Option<(String, u64)> {
    let (place, counts) = line.strip_prefix('<')?.split_once(">: ")?;
    let (name, rest) = place.split_once(" line ")?;
    let (_, of) = rest.split_once(" of module ")?;
    if of.split(' ').next() != Some(module) {
        return None;
    }
    let (_, taken) = counts.split_once(':')?;
    Some((name.to_owned(), number(taken)))
}

fn ending(text: &str) -> Ending {
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("Model checking completed. No error has been found.") {
            return Ending::Holds;
        }
        let Some(error) = line.strip_prefix("Error: ") else { continue };
        if let Some((subject, _)) = error.split_once(" is violated") {
            let name = subject.strip_prefix("Invariant ");
            return Ending::Violated(name.map(str::to_owned));
        }
        if error.starts_with("Temporal properties were violated") {
            return Ending::Violated(None);
        }
        let more: Vec<&str> = lines.take(3).collect();
        return Ending::Failed(format!("{error} {}", more.join(" ")));
    }
    let last = text.lines().rfind(|line| !line.is_empty());
    Ending::Failed(format!("it stopped after `{}`", last.unwrap_or_default()))
}

/// From the first state to the end of the last.
fn trace(text: &str) -> String {
    let is_start = |line: &&str| line.starts_with("State 1:") || line.ends_with("initial state:");
    let is_end = |line: &&str| {
        ["The coverage", "Finished", "Progress", "Error:", "The depth"]
            .iter()
            .any(|start| line.starts_with(start))
            || line.contains(" states generated, ")
    };
    let states = text.lines().skip_while(|line| !is_start(line));
    let mut trace = String::new();
    for line in states.filter(|line| !line.ends_with("initial state:")).take_while(|l| !is_end(l)) {
        trace.push_str(line.trim_end());
        trace.push('\n');
    }
    format!("{}\n", trace.trim_end())
}

#[cfg(test)]
mod tests;
