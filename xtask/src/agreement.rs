//! The shipped values and the models reach the same states, under the projection that
//! `tla/Meeting.tla` names.

use std::collections::BTreeSet;

use crate::models;
use crate::problem::Problem;
use crate::process;
use crate::soak::stateright;
use crate::verdict::Verdict;
use crate::workspace::Workspace;

const MODULE: &str = "Meeting";
const CONFIG: &str = "designed-small";

/// The two sets of states, compared state by state.
pub(crate) fn check(workspace: &Workspace) -> Result<Verdict, Problem> {
    let words = ["run", "--quiet", "--locked", "--package", "dsm-checker", "--", "meeting"];
    let told = process::output(process::cargo(&workspace.root).args(words))?;
    let values: BTreeSet<String> = told.lines().map(str::to_owned).collect();
    let model = states(&models::dump(workspace, MODULE, CONFIG)?);
    let mut findings: Vec<String> = Vec::new();
    let only = |one: &BTreeSet<String>, other: &BTreeSet<String>, whose: &str| {
        let states = one.difference(other).map(|state| format!("only {whose} reach {state}"));
        states.collect::<Vec<_>>()
    };
    findings.extend(only(&values, &model, "the shipped values"));
    findings.extend(only(&model, &values, "the models"));
    if model.is_empty() {
        findings.push("TLC wrote no states".to_owned());
    }
    findings.extend(stateright::stale(workspace)?);
    let looked_at =
        format!("{} states of {MODULE}, and the same of the shipped values", model.len());
    Ok(Verdict::of(looked_at, findings))
}

/// The states that TLC wrote, each on one line: its variables in the order of their names.
fn states(dump: &str) -> BTreeSet<String> {
    let blocks = dump.split("\n\n").map(|block| {
        let variables = block.lines().filter_map(|line| line.strip_prefix("/\\ "));
        let mut variables: Vec<&str> = variables.collect();
        variables.sort_unstable();
        variables.join(" ")
    });
    blocks.filter(|state| !state.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_states_that_tlc_writes() {
        let dump = "State 1:\n/\\ proof = <<FALSE>>\n/\\ known = <<0>>\n\nState 2:\n\
                    /\\ proof = <<TRUE>>\n/\\ known = <<1>>\n\n";
        let states = states(dump);
        let states: Vec<&str> = states.iter().map(String::as_str).collect();
        assert_eq!(states, ["known = <<0>> proof = <<FALSE>>", "known = <<1>> proof = <<TRUE>>"]);
    }
}
