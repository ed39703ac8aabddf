//! Bugs that are planted, and how many seeds each takes: `bench/results/planted.json`, docs/planted.md.
//!
//! Bugs of a shell are planted by dsm-sim itself, around the shipped code. Checks are taken out of a copy of
//! the sources in `target/planted`, which is built once: there the bits of a number that the program is given
//! say which checks are out. Nothing of this is in the sources themselves.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::problem::Problem;
use crate::process;
use crate::results;
use crate::tree;
use crate::workspace::Workspace;

const NAME: &str = "planted.json";
const LIST: &str = "crates/dsm-sim/planted.toml";
/// Where the number lies that says which checks are out.
const SWITCH: (&str, &str) = (
    "crates/dsm-log/src/lib.rs",
    "\n/// Which checks are out.\npub static PLANTED: core::sync::atomic::AtomicU64 = \
     core::sync::atomic::AtomicU64::new(0);\n",
);
/// Where it is read.
const MAIN: (&str, &str, &str) = (
    "crates/dsm-sim/src/main.rs",
    "fn main() -> ExitCode {",
    "fn main() -> ExitCode {\n    let out = std::env::var(\"DSM_PLANTED\").ok().and_then(|word| \
     word.parse().ok());\n    dsm_log::PLANTED.store(out.unwrap_or(0), Ordering::Relaxed);",
);

/// A check that is taken out.
#[derive(Debug, serde::Deserialize)]
struct Check {
    bug: String,
    file: PathBuf,
    find: String,
    replace: String,
    /// Why nothing breaks without it, if nothing does.
    implied: Option<String>,
    /// Another check that says the same, so that without both something must break.
    both: Option<String>,
}

#[derive(Debug, serde::Deserialize)]
struct List {
    check: Vec<Check>,
}

/// Plants each bug alone, in the worlds of so many seeds at most.
pub(super) fn run(workspace: &Workspace, seeds: &str) -> Result<(), Problem> {
    if seeds.parse::<u64>().is_err() {
        return Err(Problem::new(format!("`{seeds}` is not a number of seeds")));
    }
    let checks = checks(&workspace.root)?;
    let copy = workspace.root.join("target/planted");
    copy_sources(&workspace.root, &copy)?;
    for (number, check) in checks.iter().enumerate() {
        plant(&copy, number, check)?;
    }
    let (file, switch) = SWITCH;
    let text = tree::read(&copy.join(file))? + switch;
    write(&copy.join(file), &text)?;
    let (file, find, replace) = MAIN;
    let text = once(&tree::read(&copy.join(file))?, find, replace);
    let text = text.ok_or_else(|| Problem::new(format!("{file} is not as it was")))?;
    write(&copy.join(file), &text)?;
    let words = ["build", "--release", "--locked", "--package", "dsm-sim"];
    process::run(
        process::cargo(&copy)
            .args(words)
            .env("CARGO_TARGET_DIR", copy.join("target"))
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .env("CARGO_INCREMENTAL", "1"),
    )?;
    let binary = copy.join("target/release/dsm-sim");
    let mut rows = Vec::new();
    for row in told(Command::new(&binary).args(["planted", seeds]), &binary)? {
        rows.push(with(row, "where", json!("shell")));
    }
    let hunt = |without: u64| {
        let mut command = Command::new(&binary);
        told(command.args(["hunt", seeds]).env("DSM_PLANTED", without.to_string()), &binary)
    };
    for (number, check) in checks.iter().enumerate() {
        for row in hunt(1 << number)? {
            let row = with(row, "bug", json!(check.bug));
            let mut row = with(row, "where", json!(check.file.display().to_string()));
            if let Some(implied) = &check.implied {
                row = with(row, "implied", json!(implied));
            }
            if let Some(other) = place(&checks, check.both.as_deref()) {
                let found = hunt(1 << number | 1 << other)?;
                let found = found.first().and_then(|row| row.get("seeds"));
                row = with(row, "both", found.cloned().unwrap_or_default());
            }
            eprintln!("planted: {row}");
            rows.push(row);
        }
    }
    results::write(workspace, NAME, &rows)?;
    write(&workspace.root.join("docs/planted.md"), &page(&rows))?;
    match rows.iter().filter(|row| is_missed(row)).count() {
        0 => Ok(()),
        missed => Err(Problem::new(format!("{missed} planted bugs were not noticed"))),
    }
}

/// Whether nothing broke, and nothing says why, or not even without the check that says the same.
fn is_missed(row: &Value) -> bool {
    let none = |name: &str| row.get(name).is_none_or(Value::is_null);
    let alone = row.get("both").is_some_and(Value::is_null);
    none("seeds") && (none("implied") || alone)
}

/// The place of a check in the list.
fn place(checks: &[Check], bug: Option<&str>) -> Option<usize> {
    checks.iter().position(|check| Some(check.bug.as_str()) == bug)
}

fn checks(root: &Path) -> Result<Vec<Check>, Problem> {
    let list: List = toml::from_str(&tree::read(&root.join(LIST))?)
        .map_err(|error| Problem::new(format!("{LIST}: {error}")))?;
    for check in &list.check {
        if once(&tree::read(&root.join(&check.file))?, &check.find, "").is_none() {
            return Err(Problem::new(format!("{LIST}: {} is not as it was", check.bug)));
        }
        if check.both.is_some() && place(&list.check, check.both.as_deref()).is_none() {
            return Err(Problem::new(format!("{LIST}: {} names no other check", check.bug)));
        }
    }
    if list.check.len() > 64 {
        return Err(Problem::new(format!("{LIST}: a number has 64 bits")));
    }
    Ok(list.check)
}

/// A text with one part replaced, if it stands there just once.
fn once(text: &str, find: &str, replace: &str) -> Option<String> {
    let (before, after) = text.split_once(find)?;
    (!after.contains(find)).then(|| format!("{before}{replace}{after}"))
}

fn plant(copy: &Path, number: usize, check: &Check) -> Result<(), Problem> {
    let name = if check.file.starts_with("crates/dsm-log") { "crate" } else { "dsm_log" };
    let relaxed = "core::sync::atomic::Ordering::Relaxed";
    let off = format!("({name}::PLANTED.load({relaxed}) & (1 << {number}) != 0)");
    let path = copy.join(&check.file);
    let text = once(&tree::read(&path)?, &check.find, &check.replace.replace("OFF", &off));
    let text = text.ok_or_else(|| Problem::new(format!("{} is not as it was", check.bug)))?;
    write(&path, &text)
}

/// Copies what git knows of the workspace; files that are the same already are left alone.
fn copy_sources(root: &Path, copy: &Path) -> Result<(), Problem> {
    for file in tree::files(root)? {
        let to = copy.join(&file.path);
        if std::fs::read_to_string(&to).is_ok_and(|there| there == file.text) {
            continue;
        }
        let made = to.parent().map_or(Ok(()), std::fs::create_dir_all);
        made.map_err(|error| Problem::file(&to, &error))?;
        write(&to, &file.text)?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), Problem> {
    std::fs::write(path, text).map_err(|error| Problem::file(path, &error))
}

/// The rows that a program tells.
fn told(command: &mut Command, binary: &Path) -> Result<Vec<Value>, Problem> {
    let output = command.output().map_err(|error| Problem::file(binary, &error))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let rows = text.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>();
    rows.map_err(|error| Problem::new(format!("what the worlds told: {error}")))
}

fn with(mut row: Value, name: &str, value: Value) -> Value {
    if let Some(fields) = row.as_object_mut() {
        fields.insert(name.into(), value);
    }
    row
}

/// The table of docs/planted.md.
fn page(rows: &[Value]) -> String {
    let mut page = String::from(
        "# Planted bugs\n\nEach is put into honest devices alone: around the shipped code (`shell`), or by taking a \
         check out of a copy of\nthe sources ([planted.toml](../crates/dsm-sim/planted.toml)). Worlds are told from \
         seed 0 on until an invariant breaks.\nA rule that is not here is out of a world's reach; its vectors cover \
         it (`cargo xtask rules`).\n\nThis page is written by `cargo xtask soak planted`, as is \
         [bench/results/planted.json](../bench/results/planted.json).\n\n| bug | where | seeds | invariant |\n\
         |---|---|---|---|\n",
    );
    for row in rows {
        let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
        let number = |name: &str| row.get(name).and_then(Value::as_u64);
        let (seeds, invariant) = match (number("seeds"), number("tried")) {
            (Some(seeds), _) => (seeds.to_string(), text("invariant")),
            (None, tried) => {
                let both = number("both").map(|seeds| format!("; without both: {seeds}"));
                let why = match text("implied") {
                    why if why.is_empty() => "not noticed".into(),
                    why => format!("implied by {why}{}", both.unwrap_or_default()),
                };
                (format!("none of {}", tried.unwrap_or(0)), why)
            }
        };
        page += &format!("| {} | {} | {seeds} | {invariant} |\n", text("bug"), text("where"));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_that_is_taken_out_still_stands_once_in_its_file() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
        assert!(!checks(root).expect("a list that fits the sources").is_empty());
    }

    #[test]
    fn what_is_implied_is_missed_if_nothing_breaks_without_both() {
        let row = |implied: Option<&str>, both: Option<Value>| {
            let row = json!({"bug": "a", "seeds": null, "tried": 9});
            let row = implied.map_or(row.clone(), |why| with(row, "implied", json!(why)));
            both.map_or(row.clone(), |both| with(row, "both", both))
        };
        assert!(is_missed(&row(None, None)));
        assert!(!is_missed(&row(Some("b"), None)));
        assert!(!is_missed(&row(Some("b"), Some(json!(3)))));
        assert!(is_missed(&row(Some("b"), Some(Value::Null))));
        assert!(page(&[row(Some("b"), Some(json!(3)))]).contains("implied by b; without both: 3"));
    }

    #[test]
    fn a_part_is_replaced_only_if_it_stands_there_once() {
        assert_eq!(once("a b", "b", "c").as_deref(), Some("a c"));
        assert_eq!(once("b b", "b", "c"), None);
        assert_eq!(once("a", "b", "c"), None);
    }
}
