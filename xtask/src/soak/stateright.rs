//! The shipped values under the model checker, in large worlds: `bench/results/stateright.json`, and the
//! table of `docs/models.md` made of it.

use std::fmt::Write;

use serde_json::Value;

use crate::problem::Problem;
use crate::process;
use crate::results;
use crate::tree;
use crate::workspace::Workspace;

const NAME: &str = "stateright.json";
const PAGE: &str = "docs/models.md";
const BEGIN: &str = "<!-- written by cargo xtask soak stateright -->\n";
const END: &str = "<!-- end of the shipped values -->";
const COLUMNS: [&str; 7] =
    ["module", "bounds", "generated", "distinct", "depth", "time", "mutants caught"];

/// Explores each world until so many states were generated, with the flaws that are looked for in it.
pub(super) fn run(workspace: &Workspace, most: &str) -> Result<(), Problem> {
    if most.parse::<usize>().is_err() {
        return Err(Problem::new(format!("`{most}` is not a number of states")));
    }
    let words = ["run", "--release", "--locked", "--package", "dsm-checker", "--", "soak", most];
    let told = process::output(process::cargo(&workspace.root).args(words))?;
    let rows = told.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>();
    let rows = rows.map_err(|error| Problem::new(format!("what the checker told: {error}")))?;
    results::write(workspace, NAME, &rows)?;
    write_page(workspace)
}

/// Writes the table anew, from the committed results.
pub(crate) fn write_page(workspace: &Workspace) -> Result<(), Problem> {
    let path = workspace.root.join(PAGE);
    let new = fill(&tree::read(&path)?, &results::rows(workspace, NAME)?)?;
    std::fs::write(&path, new).map_err(|error| Problem::file(&path, &error))
}

/// What the page says otherwise than the committed results.
pub(crate) fn stale(workspace: &Workspace) -> Result<Option<String>, Problem> {
    let page = tree::read(&workspace.root.join(PAGE))?;
    let fresh = fill(&page, &results::rows(workspace, NAME)?)? == page;
    Ok((!fresh).then(|| format!("{PAGE} is not what bench/results/{NAME} gives")))
}

fn fill(page: &str, rows: &[Value]) -> Result<String, Problem> {
    let parts = page
        .split_once(BEGIN)
        .and_then(|(before, rest)| rest.split_once(END).map(|(_, after)| (before, after)));
    let (before, after) =
        parts.ok_or_else(|| Problem::new(format!("{PAGE} has no place for {NAME}")))?;
    Ok(format!("{before}{BEGIN}{}{END}{after}", table(rows)))
}

fn table(rows: &[Value]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut text = format!("\n| {} |\n|{}\n", COLUMNS.join(" | "), "---|".repeat(COLUMNS.len()));
    for row in rows {
        let cells = COLUMNS.map(|column| match row.get(column) {
            Some(Value::String(words)) => words.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        });
        writeln!(text, "| {} |", cells.join(" | ")).ok();
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_page_gets_one_line_for_each_world() {
        let page = format!("a\n{BEGIN}stale\n{END}\nb\n");
        let rows = [json!({"module": "Pair", "bounds": "2 devices", "generated": 5, "distinct": 4,
                           "depth": 3, "time": 0.5, "mutants caught": 1})];
        let new = fill(&page, &rows).expect("it has marks");
        assert!(new.contains("| Pair | 2 devices | 5 | 4 | 3 | 0.5 | 1 |"), "{new}");
        assert_eq!(fill(&new, &rows).expect("still"), new);
        assert!(fill("none", &rows).is_err());
    }
}
