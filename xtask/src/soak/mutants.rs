//! Every small change of the pure crates, one at a time, of those that cargo-mutants lists: their tests must notice.
//!
//! All are built at once, each behind a switch; what can have none is tried by cargo-mutants itself.
//! What no test notices is listed in `docs/mutants.md`, with the reason why it may stay.

mod build;
mod list;
mod page;
mod switch;
mod tries;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use self::build::Built;
use self::list::Change;
use self::tries::Timed;
use crate::problem::Problem;
use crate::process;
use crate::results;
use crate::tree;
use crate::workspace::Workspace;
pub(crate) use page::{unexcused, write_page};

/// The result: what became of the changes of each crate.
const RESULT: &str = "mutants.json";

/// The pure crates, and the packages whose tests speak for them.
const CRATES: &[(&str, &[&str])] = &[
    ("dsm-encoding", &["dsm-encoding", "dsm-vectors"]),
    ("dsm-merkle", &["dsm-merkle", "dsm-vectors"]),
    ("dsm-log", &["dsm-log", "dsm-core", "dsm-vectors"]),
    ("dsm-crypto", &["dsm-crypto", "dsm-vectors"]),
    ("dsm-link", &["dsm-link", "dsm-vectors", "dsm-transport"]),
    ("dsm-core", &["dsm-core", "dsm-vectors", "dsm-sim"]),
    ("dsm-session", &["dsm-session", "dsm-store", "dsm-vectors", "dsm-engine"]),
    ("dsm-headers", &["dsm-headers", "dsm-vectors"]),
];

/// Tries the crate that is named, or all. A second run skips what was noticed before; remove
/// `target/mutants` to begin anew.
pub(super) fn run(workspace: &Workspace, only: &[&str]) -> Result<(), Problem> {
    if let Some(name) = only.iter().find(|name| !CRATES.iter().any(|(known, _)| known == *name)) {
        return Err(Problem::new(format!("`{name}` is no pure crate")));
    }
    install(workspace)?;
    let chosen = || CRATES.iter().filter(|(name, _)| only.is_empty() || only.contains(name));
    let mut changes = Vec::new();
    for (name, _) in chosen() {
        changes.extend(list::of(workspace, name)?);
    }
    let packages = chosen().flat_map(|(_, packages)| packages.iter().copied()).collect();
    let mut built = build::build(workspace, &changes, &packages)?;
    let timed = tries::unchanged(std::mem::take(&mut built.tests))?;
    for (name, packages) in chosen() {
        let of_it = |timed: &&Timed| packages.contains(&timed.test.package.as_str());
        campaign(
            workspace,
            name,
            &changes,
            &built,
            &timed.iter().filter(of_it).collect::<Vec<_>>(),
        )?;
    }
    Ok(())
}

fn install(workspace: &Workspace) -> Result<(), Problem> {
    let mut ask = process::cargo(&workspace.root);
    ask.args(["mutants", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    if ask.status().is_ok_and(|status| status.success()) {
        return Ok(());
    }
    process::run(process::cargo(&workspace.root).args(["install", "--locked", "cargo-mutants"]))
}

fn campaign(
    workspace: &Workspace,
    name: &str,
    changes: &[Change],
    built: &Built,
    tests: &[&Timed],
) -> Result<(), Problem> {
    let path = workspace.target.join("mutants").join(format!("{name}.json"));
    let ours: BTreeMap<usize, &Change> = changes
        .iter()
        .enumerate()
        .filter(|(_, change)| change.file.starts_with(&format!("crates/{name}/")))
        .collect();
    let names: BTreeSet<&str> = ours.values().map(|change| change.name.as_str()).collect();
    let mut all = read(&path)?;
    all.retain(|name, outcome| names.contains(name.as_str()) && outcome != "MissedMutant");
    for (_, change) in ours.iter().filter(|(number, _)| built.unviable.contains(number)) {
        all.insert(change.name.clone(), "Unviable".to_owned());
    }
    let untried = |(number, change): &(&usize, &&Change)| {
        built.switched.contains(number) && !all.contains_key(&change.name)
    };
    let open: Vec<usize> = ours.iter().filter(untried).map(|(number, _)| *number).collect();
    tries::all(tests, &open, |number, outcome| {
        let Some(change) = ours.get(&number) else { return Ok(()) };
        eprintln!("{} {}", outcome.name(), change.name);
        all.insert(change.name.clone(), outcome.name().to_owned());
        keep(&path, &all)
    })?;
    let row = row(name, names.len(), &all);
    eprintln!("{row}");
    let mut rows = results::rows(workspace, RESULT)?;
    results::put(&mut rows, "crate", row);
    results::write(workspace, RESULT, &rows)
}

/// What became of each change, by its name.
fn read(path: &Path) -> Result<BTreeMap<String, String>, Problem> {
    if !path.exists() {
        return Ok(BTreeMap::new());
    }
    serde_json::from_str(&tree::read(path)?)
        .map_err(|error| Problem::new(format!("{}: {error}", path.display())))
}

fn keep(path: &Path, all: &BTreeMap<String, String>) -> Result<(), Problem> {
    let text = json!(all).to_string();
    std::fs::write(path, text).map_err(|error| Problem::file(path, &error))
}

fn row(name: &str, of: usize, all: &BTreeMap<String, String>) -> Value {
    let count = |wanted: &str| all.values().filter(|outcome| *outcome == wanted).count();
    let [caught, missed, unviable, timeout] =
        ["CaughtMutant", "MissedMutant", "Unviable", "Timeout"].map(count);
    // What never ends is noticed as well.
    let noticed = caught + timeout;
    let score = (1000 * noticed + (noticed + missed) / 2) / (noticed + missed).max(1);
    let survivors = all.iter().filter(|(_, outcome)| *outcome == "MissedMutant");
    let mut survivors: Vec<String> = survivors.map(|(name, _)| without_place(name)).collect();
    survivors.sort();
    let scope = if all.len() == of { "all".to_owned() } else { format!("{} of {of}", all.len()) };
    json!({
        "crate": name,
        "scope": scope,
        "mutants": all.len(),
        "caught": caught,
        "missed": missed,
        "unviable": unviable,
        "timeout": timeout,
        "score": f64::from(u32::try_from(score).unwrap_or(0)) / 10.0,
        "survivors": survivors,
    })
}

/// `FILE:LINE:COLUMN: CHANGE` without line and column, which move.
fn without_place(name: &str) -> String {
    let mut parts = name.splitn(4, ':');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(file), Some(_), Some(_), Some(change)) => format!("{file}:{change}"),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_up_what_became_of_changes() {
        let outcome =
            |at: u32, outcome: &str| (format!("a.rs:{at}:2: replace y with z"), outcome.to_owned());
        let all = ["CaughtMutant", "MissedMutant", "Unviable", "Timeout"];
        let all = (1..).zip(all).map(|(at, name)| outcome(at, name)).collect();
        let row = row("a", 5, &all);
        assert_eq!(row["mutants"], 4);
        assert_eq!(row["scope"], "4 of 5");
        assert_eq!(row["score"], 66.7);
        assert_eq!(row["survivors"], json!(["a.rs: replace y with z"]));
    }
}
