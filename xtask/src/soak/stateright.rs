//! The shipped values under the model checker, in large worlds: `bench/results/stateright.json`.

use serde_json::Value;

use crate::problem::Problem;
use crate::process;
use crate::results;
use crate::workspace::Workspace;

const NAME: &str = "stateright.json";

/// Explores each world until so many states were generated, with the flaws that are looked for in it.
pub(super) fn run(workspace: &Workspace, most: &str) -> Result<(), Problem> {
    if most.parse::<usize>().is_err() {
        return Err(Problem::new(format!("`{most}` is not a number of states")));
    }
    let words = ["run", "--release", "--locked", "--package", "dsm-checker", "--", "soak", most];
    let told = process::output(process::cargo(&workspace.root).args(words))?;
    let rows = told.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>();
    let rows = rows.map_err(|error| Problem::new(format!("what the checker told: {error}")))?;
    results::write(workspace, NAME, &rows)
}
