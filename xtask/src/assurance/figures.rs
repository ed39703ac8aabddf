//! The campaigns' results in one table.

use std::fmt::Write;

use serde_json::Value;

use crate::problem::Problem;
use crate::results;
use crate::workspace::Workspace;

/// A campaign: its result, what it is, and the sums over its rows that say how far it went.
type Campaign = (&'static str, &'static str, &'static [&'static str]);

const CAMPAIGNS: &[Campaign] = &[
    ("tla", "every state of the [models](models.md), by TLC", &["distinct", "mutants caught"]),
    ("stateright", "every state of the shipped values within bounds", &["distinct", "generated"]),
    ("sim", "whole worlds from a seed, with their adversary", &["seeds", "events"]),
    (
        "fuzz",
        "inputs guided by coverage, with the address sanitizer",
        &["executions", "seconds", "crashes"],
    ),
    ("mutants", "small changes of the [pure crates](mutants.md)", &["mutants", "caught", "missed"]),
];

/// The table.
pub(super) fn table(workspace: &Workspace) -> Result<String, Problem> {
    let mut table = String::from("\n| campaign | what | how far |\n|---|---|---|\n");
    for (name, what, sums) in CAMPAIGNS {
        let rows = results::rows(workspace, &format!("{name}.json"))?;
        writeln!(table, "| `cargo xtask soak {name}` | {what} | {} |", far(&rows, sums)).ok();
    }
    Ok(table)
}

fn far(rows: &[Value], names: &[&str]) -> String {
    if rows.is_empty() {
        return "not committed yet".to_owned();
    }
    let figures = names.iter().filter(|name| rows.iter().any(|row| row.get(**name).is_some()));
    let figures = figures.map(|name| {
        let sum: u64 = rows.iter().filter_map(|row| row.get(*name)?.as_u64()).sum();
        format!("{} {name}", grouped(sum))
    });
    let figures: Vec<String> = figures.collect();
    format!("{} rows: {}", rows.len(), figures.join(", "))
}

/// A number with a comma before every third digit.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn adds_up_what_the_rows_have() {
        let rows = [json!({"distinct": 93_000_000, "depth": 3}), json!({"distinct": 1_234})];
        assert_eq!(far(&rows, &["distinct", "seeds"]), "2 rows: 93,001,234 distinct");
        assert_eq!(far(&[], &["distinct"]), "not committed yet");
    }
}
