//! Every small change of the pure crates, one at a time, made by cargo-mutants: their tests must notice.
//!
//! What no test notices is listed in `docs/mutants.md`, with the reason why it may stay.

mod page;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::problem::Problem;
use crate::process;
use crate::results;
use crate::tree;
use crate::workspace::Workspace;

pub(crate) use page::{unexcused, write_page};

/// The result: what became of the changes of each crate.
const RESULT: &str = "mutants.json";

/// The pure crates, whose tests speak for them, and which of those.
type Crate = (&'static str, &'static str, &'static [&'static str]);

/// Those of a log are written for the core and the vectors; those of a session are played by wallets; headers have vectors.
const CRATES: &[Crate] = &[
    ("dsm-encoding", "dsm-encoding", &[]),
    ("dsm-merkle", "dsm-merkle", &[]),
    (
        "dsm-log",
        "dsm-core,dsm-vectors",
        &["--test", "heads", "--test", "forks", "--test", "vectors"],
    ),
    ("dsm-crypto", "dsm-crypto", &[]),
    ("dsm-link", "dsm-link", &[]),
    ("dsm-core", "dsm-core", &[]),
    ("dsm-session", "dsm-session,dsm-store", &["--lib", "--test", "wallets"]),
    ("dsm-headers", "dsm-headers,dsm-vectors", &[]),
];

/// Runs the crate that is named, with options of cargo-mutants that choose a part of it, or all.
/// A second run skips what was noticed before; remove `target/mutants` to begin anew.
pub(super) fn run(workspace: &Workspace, options: &[&str]) -> Result<(), Problem> {
    let known = |name: &str| CRATES.iter().any(|(known, ..)| *known == name);
    if let Some(name) = options.first().filter(|name| !known(name)) {
        return Err(Problem::new(format!("`{name}` is no pure crate")));
    }
    install(workspace)?;
    for each in CRATES {
        if options.first().is_none_or(|only| *only == each.0) {
            campaign(workspace, each, options.get(1..).unwrap_or_default())?;
        }
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
    (name, packages, tests): &Crate,
    part: &[&str],
) -> Result<(), Problem> {
    let folder = workspace.target.join("mutants").join(name);
    std::fs::create_dir_all(&folder).map_err(|error| Problem::file(&folder, &error))?;
    let mut command = process::cargo(&workspace.root);
    command.args([
        "mutants",
        "--iterate",
        "--no-shuffle",
        "--colors",
        "never",
        "--minimum-test-timeout",
        "60",
    ]);
    command.args(["--package", name, "--test-package", packages, "--output"]);
    command.arg(&folder).args(part);
    if !tests.is_empty() {
        // Its own run before all changes is of the crate's tests, which are others. The gate says that
        // the unchanged tests pass.
        command.args(["--baseline", "skip", "--timeout", "300"]);
    }
    command.arg("--").args(*tests);
    let (outcomes, latest) =
        (folder.join("outcomes.json"), folder.join("mutants.out/outcomes.json"));
    let mut all = read(&outcomes)?;
    // What a run left that was cut off.
    all.extend(read(&latest)?);
    keep(&outcomes, &all)?;
    // It fails when something was missed, so its end says nothing; what it wrote does.
    let status = command.status().map_err(|error| Problem::new(error.to_string()))?;
    all.extend(read(&latest)?);
    let changes = changes(workspace, name)?;
    all.retain(|name, _| changes.contains(name));
    if all.is_empty() {
        return Err(Problem::new(format!("cargo mutants of {name} tried nothing: {status}")));
    }
    keep(&outcomes, &all)?;
    let scope = match all.len() {
        tried if tried == changes.len() => "all".to_owned(),
        tried => format!("{tried} of {}", changes.len()),
    };
    let row = row(name, &scope, &all);
    eprintln!("{row}");
    let mut rows = results::rows(workspace, RESULT)?;
    results::put(&mut rows, "crate", row);
    results::write(workspace, RESULT, &rows)
}

/// The names of all changes of a crate as it is now.
fn changes(workspace: &Workspace, name: &str) -> Result<BTreeSet<String>, Problem> {
    let mut ask = process::cargo(&workspace.root);
    ask.args(["mutants", "--list", "--colors", "never", "--package", name]);
    Ok(process::output(&mut ask)?.lines().map(str::to_owned).collect())
}

/// What became of each change, by its name; of a file that is ours or of cargo-mutants.
fn read(path: &Path) -> Result<BTreeMap<String, String>, Problem> {
    if !path.exists() {
        return Ok(BTreeMap::new());
    }
    let value: Value = serde_json::from_str(&tree::read(path)?)
        .map_err(|error| Problem::new(format!("{}: {error}", path.display())))?;
    Ok(outcomes(&value))
}

fn outcomes(value: &Value) -> BTreeMap<String, String> {
    let list = value.get("outcomes").and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|outcome| {
        let name = outcome.pointer("/scenario/Mutant/name")?.as_str()?;
        Some((name.to_owned(), outcome.get("summary")?.as_str()?.to_owned()))
    })
    .collect()
}

fn keep(path: &Path, all: &BTreeMap<String, String>) -> Result<(), Problem> {
    let outcome = |(name, summary): (&String, &String)| json!({ "scenario": { "Mutant": { "name": name } }, "summary": summary });
    let outcomes: Vec<Value> = all.iter().map(outcome).collect();
    let text = json!({ "outcomes": outcomes }).to_string();
    std::fs::write(path, text).map_err(|error| Problem::file(path, &error))
}

fn row(name: &str, scope: &str, all: &BTreeMap<String, String>) -> Value {
    let count = |wanted: &str| all.values().filter(|summary| *summary == wanted).count();
    let [caught, missed, unviable, timeout] =
        ["CaughtMutant", "MissedMutant", "Unviable", "Timeout"].map(count);
    // What never ends is noticed as well.
    let noticed = caught + timeout;
    let score = (1000 * noticed + (noticed + missed) / 2) / (noticed + missed).max(1);
    let survivors = all.iter().filter(|(_, summary)| *summary == "MissedMutant");
    let mut survivors: Vec<String> = survivors.map(|(name, _)| without_place(name)).collect();
    survivors.sort();
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
    fn adds_up_what_cargo_mutants_says() {
        let said = json!({ "outcomes": [
            { "scenario": "Baseline", "summary": "Success" },
            { "scenario": { "Mutant": { "name": "a.rs:1:2: replace x with y" } }, "summary": "CaughtMutant" },
            { "scenario": { "Mutant": { "name": "a.rs:3:2: replace y with z" } }, "summary": "MissedMutant" },
            { "scenario": { "Mutant": { "name": "a.rs:4:2: replace y with w" } }, "summary": "Unviable" },
            { "scenario": { "Mutant": { "name": "a.rs:5:2: replace y with v" } }, "summary": "Timeout" },
        ] });
        let row = row("a", "all", &outcomes(&said));
        assert_eq!(row["mutants"], 4);
        assert_eq!(row["score"], 66.7);
        assert_eq!(row["survivors"], json!(["a.rs: replace y with z"]));
    }
}
