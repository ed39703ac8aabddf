//! `docs/mutants.md`: the score of each crate, and every change that no test notices, with the reason why
//! it may stay. The reasons are in `docs/mutants.toml`.

use std::fmt::Write;

use serde::Deserialize;
use serde_json::Value;

use super::RESULT;
use crate::problem::Problem;
use crate::results;
use crate::tree;
use crate::workspace::Workspace;

const REASONS: &str = "docs/mutants.toml";
const PAGE: &str = "docs/mutants.md";

/// `docs/mutants.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reasons {
    #[serde(default)]
    stays: Vec<Reason>,
}

/// Why changes may stay unnoticed: those whose line contains all of `like`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reason {
    like: Vec<String>,
    why: String,
}

impl Reasons {
    fn of(&self, survivor: &str) -> Option<&str> {
        let fits = |reason: &&Reason| reason.like.iter().all(|part| survivor.contains(part));
        self.stays.iter().find(fits).map(|reason| reason.why.as_str())
    }
}

/// What is wrong: a change that stays without a reason, a reason for nothing, or another page.
pub(crate) fn unexcused(workspace: &Workspace) -> Result<Vec<String>, Problem> {
    let (rows, reasons) = load(workspace)?;
    let mut findings = Vec::new();
    let survivors: Vec<&str> = rows.iter().flat_map(survivors).collect();
    for survivor in survivors.iter().filter(|survivor| reasons.of(survivor).is_none()) {
        findings.push(format!("{REASONS} has no reason why this stays: {survivor}"));
    }
    for Reason { like, .. } in &reasons.stays {
        let fits = |survivor: &&&str| like.iter().all(|part| survivor.contains(part));
        if !survivors.iter().any(|survivor| fits(&survivor)) {
            findings.push(format!("{REASONS} has a reason for what does not stay: {like:?}"));
        }
    }
    if tree::read(&workspace.root.join(PAGE)).ok() != Some(page(&rows, &reasons)) {
        findings.push(format!("{PAGE} is not what `cargo xtask assurance` writes"));
    }
    Ok(findings)
}

/// Writes the page.
pub(crate) fn write_page(workspace: &Workspace) -> Result<(), Problem> {
    let (rows, reasons) = load(workspace)?;
    let path = workspace.root.join(PAGE);
    std::fs::write(&path, page(&rows, &reasons)).map_err(|error| Problem::file(&path, &error))
}

fn load(workspace: &Workspace) -> Result<(Vec<Value>, Reasons), Problem> {
    let path = workspace.root.join(REASONS);
    let reasons = toml::from_str(&tree::read(&path)?)
        .map_err(|error| Problem::new(format!("{REASONS}: {error}")))?;
    Ok((results::rows(workspace, RESULT)?, reasons))
}

fn survivors(row: &Value) -> impl Iterator<Item = &str> {
    row.get("survivors").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn page(rows: &[Value], reasons: &Reasons) -> String {
    let mut page = String::from(HEAD);
    for row in rows {
        let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
        let count = |name: &str| row.get(name).and_then(Value::as_u64).unwrap_or(0);
        let score = row.get("score").and_then(Value::as_f64).unwrap_or(0.0);
        let [all, caught, timeout, unviable, missed] =
            ["mutants", "caught", "timeout", "unviable", "missed"].map(count);
        writeln!(
            page,
            "| {} | {} | {all} | {caught} | {timeout} | {unviable} | {missed} | {score:.1} % |",
            text("crate"),
            text("scope")
        )
        .ok();
    }
    page.push_str(
        "\n## What stays unnoticed, and why\n\n| change | why it may stay |\n|---|---|\n",
    );
    let mut lines: Vec<String> = Vec::new();
    for survivor in rows.iter().flat_map(survivors) {
        let why = reasons.of(survivor).unwrap_or("");
        lines.push(format!("| `{}` | {why} |", survivor.replace('|', "\\|")));
    }
    lines.sort();
    lines.dedup();
    page.push_str(&lines.join("\n"));
    page.push('\n');
    page
}

const HEAD: &str = "\
# Changes that tests must notice

`cargo xtask soak mutants` makes every small change of the pure crates that cargo-mutants knows, one at a time: another operator, a
function that gives back nothing, an arm of a match that is gone. All are built at once, each behind a switch, and the tests run with one
on, until one fails. A change is **caught** if a test fails, has a **timeout** if they do not end, which is noticed as well, and is
**unviable** if it does not compile. What is **missed** is listed below with the reason why it may stay. The score is what was noticed
of all that compiles. Values that the compiler works out (constants, and functions that those call) have no switch, and nothing is
said of them: where there are any, the part is less than all. A test that fails now and then would flatter the score; each program
passes once before the changes, with a switch that belongs to none. Of pure crates that have no row the changes were
not tried to the end yet.

This page is written by `cargo xtask assurance` from [bench/results/mutants.json](../bench/results/mutants.json) and
[mutants.toml](mutants.toml).

| crate | part | changes | caught | timeout | unviable | missed | score |
|---|---|---|---|---|---|---|---|
";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_reason_is_for_all_that_its_parts_fit() {
        let text = "[[stays]]\nlike = ['Debug', 'fmt']\nwhy = 'nothing depends on it'";
        let reasons: Reasons = toml::from_str(text).unwrap();
        let debug = "a.rs: replace <impl fmt::Debug for A>::fmt with Ok(())";
        assert_eq!(reasons.of(debug), Some("nothing depends on it"));
        assert_eq!(reasons.of("a.rs: replace | with ^"), None);
        let page = page(&[json!({ "crate": "a", "score": 50.0, "survivors": [debug] })], &reasons);
        assert!(page.contains("| nothing depends on it |"), "{page}");
    }
}
