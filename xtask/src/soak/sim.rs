//! Whole worlds from seeds: `bench/results/sim.json`.
//!
//! The seeds are 0, 1, 2 and so on. After each batch the result is written: how many seeds ran, from which
//! one on, and a digest of the sources that the worlds are built of. A campaign that was cut off goes on from
//! there while the sources are the same, and begins anew if they are not; so a row never adds up worlds of
//! different sources.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::gate;
use crate::problem::Problem;
use crate::process;
use crate::results;
use crate::tree;
use crate::workspace::{Kind, Workspace};

const NAME: &str = "sim.json";
/// The package of the worlds.
const WORLDS: &str = "dsm-sim";
/// How many seeds run before the result is written.
const BATCH: u64 = 10_000;
/// The machine's own instructions: a world takes a tenth less time.
const FLAGS: &str = "-C target-cpu=native";

/// How far a campaign came.
#[derive(Debug, PartialEq)]
struct Progress {
    /// Of the sources that ran.
    sources: String,
    /// How many seeds ran, from 0 on.
    seeds: u64,
    /// Seconds.
    time: u64,
    /// What happened in those worlds.
    counts: Map<String, Value>,
}

/// Runs seeds until so many ran, on all cores. Stops at the first that breaks an invariant, whose shrunk log
/// is left in `target/sim/broken.jsonl`.
pub(super) fn run(workspace: &Workspace, seeds: &str) -> Result<(), Problem> {
    let Ok(seeds) = seeds.parse::<u64>() else {
        return Err(Problem::new(format!("`{seeds}` is not a number of seeds")));
    };
    let sources = sources(workspace)?;
    let mut progress = Progress::of(&results::rows(workspace, NAME)?, sources);
    eprintln!("sim: from seed {} on, of sources {}", progress.seeds, progress.sources);
    // A folder and a copy of its own, so that what is built meanwhile does not take part.
    let folder = workspace.target.join("sim");
    let build = ["build", "--release", "--locked", "--package", WORLDS, "--target-dir"];
    let mut cargo = process::cargo(&workspace.root);
    process::run(cargo.args(build).arg(folder.join("target")).env("RUSTFLAGS", FLAGS))?;
    let binary = folder.join(WORLDS);
    std::fs::copy(folder.join("target/release").join(WORLDS), &binary)
        .map_err(|error| Problem::file(&binary, &error))?;
    let (begun, before) = (gate::now(), progress.time);
    while progress.seeds < seeds {
        let count = BATCH.min(seeds - progress.seeds);
        progress.add(count, &batch(&folder, progress.seeds, count)?);
        progress.time = before + begun.elapsed().as_secs();
        results::write(workspace, NAME, &[progress.row()])?;
        eprintln!("sim: {} of {seeds} seeds, {} s", progress.seeds, progress.time);
    }
    Ok(())
}

impl Progress {
    /// What the committed result says of these sources; nothing if it is of others.
    fn of(rows: &[Value], sources: String) -> Self {
        let same = |row: &&Value| {
            let is = |name: &str, value: Value| row.get(name) == Some(&value);
            is("sources", json!(sources)) && is("first", json!(0))
        };
        let mut counts = rows.iter().find(same).and_then(Value::as_object).cloned();
        let counts = counts.as_mut().map(std::mem::take).unwrap_or_default();
        let number = |name: &str| counts.get(name).and_then(Value::as_u64).unwrap_or(0);
        let (seeds, time) = (number("seeds"), number("time"));
        let beside = ["sources", "first", "seeds", "time", "events"];
        let counts = counts.into_iter().filter(|(name, _)| !beside.contains(&name.as_str()));
        Self { sources, seeds, time, counts: counts.collect() }
    }

    /// So many more seeds ran.
    fn add(&mut self, seeds: u64, counts: &Map<String, Value>) {
        self.seeds += seeds;
        for (name, value) in counts {
            let before = self.count(name);
            let sum = before + value.as_u64().unwrap_or(0);
            self.counts.insert(name.clone(), json!(sum));
        }
    }

    fn count(&self, name: &str) -> u64 {
        self.counts.get(name).and_then(Value::as_u64).unwrap_or(0)
    }

    fn row(&self) -> Value {
        let events = self.count("actions") + self.count("frames") + self.count("crashes");
        let mut row = self.counts.clone();
        row.insert("first".into(), json!(0));
        row.insert("seeds".into(), json!(self.seeds));
        row.insert("events".into(), json!(events));
        row.insert("time".into(), json!(self.time));
        row.insert("sources".into(), json!(self.sources));
        Value::Object(row)
    }
}

/// A digest of the sources of the worlds, and of our packages that they are built of: manifests and `src/`,
/// without modules of tests.
fn sources(workspace: &Workspace) -> Result<String, Problem> {
    let mut packages = BTreeSet::from([WORLDS]);
    let mut open = vec![WORLDS];
    while let Some(name) = open.pop() {
        let package = workspace.members.iter().find(|package| package.name == name);
        let package =
            package.ok_or_else(|| Problem::new(format!("there is no package `{name}`")))?;
        let built = package.dependencies.iter().filter(|one| one.kind != Kind::Dev);
        for one in built.filter(|one| workspace.has(&one.name)) {
            if packages.insert(&one.name) {
                open.push(&one.name);
            }
        }
    }
    let members = workspace.members.iter().filter(|one| packages.contains(one.name.as_str()));
    let mut hasher = blake3::Hasher::new();
    for package in members {
        let folder = package.manifest.parent().unwrap_or(&package.manifest);
        let mut files = tree::under(&folder.join("src"), "rs")?;
        files.retain(|path| !path.ends_with("tests.rs"));
        files.insert(0, package.manifest.clone());
        for path in files {
            let name = path.strip_prefix(&workspace.root).unwrap_or(&path).to_string_lossy();
            let text = tree::read(&path)?;
            for part in [&*name, &text] {
                hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
            }
        }
    }
    Ok(hasher.finalize().to_hex().chars().take(16).collect())
}

/// What happened in some worlds.
fn batch(folder: &Path, first: u64, count: u64) -> Result<Map<String, Value>, Problem> {
    let binary = folder.join(WORLDS);
    let mut command = std::process::Command::new(&binary);
    command.args(["soak", &first.to_string(), &count.to_string()]);
    let output = command.output().map_err(|error| Problem::file(&binary, &error))?;
    if !output.status.success() {
        let path = folder.join("broken.jsonl");
        std::fs::write(&path, &output.stdout).map_err(|error| Problem::file(&path, &error))?;
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().last().unwrap_or("it ended early").to_owned();
        return Err(Problem::new(format!("{said}; its log: {}", path.display())));
    }
    let told = serde_json::from_slice(&output.stdout);
    told.map_err(|error| Problem::new(format!("what the worlds told: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(actions: u64) -> Map<String, Value> {
        Map::from_iter([("actions".to_owned(), json!(actions)), ("frames".to_owned(), json!(2))])
    }

    #[test]
    fn a_campaign_goes_on_from_its_row_while_the_sources_are_the_same() {
        let mut before = Progress::of(&[], "a".into());
        before.add(1_000, &counts(5));
        before.time = 7;
        let row = before.row();
        assert_eq!(row.get("events"), Some(&json!(7)));
        let mut after = Progress::of(std::slice::from_ref(&row), "a".into());
        assert_eq!(after, before);
        after.add(500, &counts(1));
        assert_eq!((after.seeds, after.count("actions"), after.count("frames")), (1_500, 6, 4));
        let anew = Progress::of(&[row], "b".into());
        assert_eq!((anew.seeds, anew.time, anew.count("actions")), (0, 0, 0));
    }

    #[test]
    fn a_row_that_names_no_sources_is_begun_anew() {
        let old = json!({"actions": 5, "seeds": 5_000, "time": 214});
        assert_eq!(Progress::of(&[old], "a".into()).seeds, 0);
    }

    #[test]
    fn the_digest_is_of_what_the_worlds_are_built_of_and_stays_the_same() {
        let workspace = Workspace::load().expect("a workspace");
        let digest = sources(&workspace).expect("sources");
        assert_eq!(digest.len(), 16);
        assert_eq!(sources(&workspace).expect("sources"), digest);
    }
}
