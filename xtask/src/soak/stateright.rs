//! The shipped values under the model checker, in large worlds: `bench/results/stateright.json`.

use serde_json::Value;

use crate::problem::Problem;
use crate::process;
use crate::results;
use crate::workspace::Workspace;

const NAME: &str = "stateright.json";

/// Explores each world for so many seconds at most, with the flaws that are looked for in it.
pub(super) fn run(workspace: &Workspace, seconds: &str) -> Result<(), Problem> {
    if seconds.parse::<u32>().is_err() {
        return Err(Problem::new(format!("`{seconds}` is not a number of seconds")));
    }
    let words = ["run", "--release", "--locked", "--package", "dsm-checker", "--", "soak", seconds];
    let told = process::output(process::cargo(&workspace.root).args(words))?;
    let rows = told.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>();
    let rows = rows.map_err(|error| Problem::new(format!("what the checker told: {error}")))?;
    results::write(workspace, NAME, &rows)
}
