//! Whole worlds from seeds: `bench/results/sim.json`.
//!
//! In batches: after each one the result is written, so that a campaign that is cut off says how far it
//! came. The seeds are 0, 1, 2 and so on.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::gate;
use crate::problem::Problem;
use crate::process;
use crate::results;
use crate::workspace::Workspace;

const NAME: &str = "sim.json";
/// How many seeds run before the result is written.
const BATCH: u64 = 1_000;

/// Runs so many seeds on all cores. Stops at the first that breaks an invariant, whose shrunk log is left
/// in `target/sim/broken.jsonl`.
pub(super) fn run(workspace: &Workspace, seeds: &str) -> Result<(), Problem> {
    let Ok(seeds) = seeds.parse::<u64>() else {
        return Err(Problem::new(format!("`{seeds}` is not a number of seeds")));
    };
    let build = ["build", "--release", "--locked", "--package", "dsm-sim"];
    process::run(process::cargo(&workspace.root).args(build))?;
    // A copy, so that what is built meanwhile does not take part.
    let folder = workspace.root.join("target/sim");
    let binary = folder.join("dsm-sim");
    std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::copy(workspace.root.join("target/release/dsm-sim"), &binary))
        .map_err(|error| Problem::file(&binary, &error))?;
    let begun = gate::now();
    let mut sums = Map::new();
    let mut first = 0;
    while first < seeds {
        let count = BATCH.min(seeds - first);
        for (name, value) in batch(workspace, &binary, first, count)? {
            let before = sums.get(&name).and_then(Value::as_u64).unwrap_or(0);
            sums.insert(name, json!(before + value.as_u64().unwrap_or(0)));
        }
        first += count;
        let count = |name: &str| sums.get(name).and_then(Value::as_u64).unwrap_or(0);
        let events = count("actions") + count("frames") + count("crashes");
        let mut row = sums.clone();
        row.insert("seeds".into(), json!(first));
        row.insert("events".into(), json!(events));
        row.insert("time".into(), json!(begun.elapsed().as_secs()));
        results::write(workspace, NAME, &[Value::Object(row)])?;
        eprintln!("sim: {first} of {seeds} seeds, {} s", begun.elapsed().as_secs());
    }
    Ok(())
}

/// What happened in some worlds.
fn batch(
    workspace: &Workspace,
    binary: &Path,
    first: u64,
    count: u64,
) -> Result<Map<String, Value>, Problem> {
    let mut command = std::process::Command::new(binary);
    command.args(["soak", &first.to_string(), &count.to_string()]);
    let output = command.output().map_err(|error| Problem::file(binary, &error))?;
    if !output.status.success() {
        let path = workspace.root.join("target/sim/broken.jsonl");
        std::fs::write(&path, &output.stdout).map_err(|error| Problem::file(&path, &error))?;
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().last().unwrap_or("it ended early").to_owned();
        return Err(Problem::new(format!("{said}; its log: {}", path.display())));
    }
    let told = serde_json::from_slice(&output.stdout);
    told.map_err(|error| Problem::new(format!("what the worlds told: {error}")))
}
