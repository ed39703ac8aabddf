//! What `tla/runs.toml` must name, before anything runs: every configuration, every guard of every
//! module as a mutant, a mutant for every invariant and property, every predicate `Never_*`.

use std::collections::BTreeSet;
use std::path::Path;

use super::config::Config;
use super::runs::{HOLDS, Runs};
use crate::problem::Problem;
use crate::tree;

/// The invariant that only says what the variables are made of; it needs no mutant.
const TYPES: &str = "TypeOK";

/// What is missing.
pub(super) fn check(root: &Path, runs: &Runs) -> Result<Vec<String>, Problem> {
    let folder = root.join("tla");
    let mut findings = Vec::new();
    for path in tree::under(&folder, "cfg")? {
        let path = path.strip_prefix(&folder).unwrap_or(&path).to_string_lossy();
        // Read by `traces` and no run.
        if !path.starts_with("Trace") && !runs.of(None).any(|run| run.config_path() == path) {
            findings.push(format!("no run of tla/runs.toml uses tla/{path}"));
        }
    }
    let modules: BTreeSet<&str> = runs.of(None).map(|run| run.module.as_str()).collect();
    for module in modules {
        let text = tree::read(&folder.join(format!("{module}.tla")))?;
        let mut asked = BTreeSet::new();
        for run in runs.of(Some(module)) {
            let config = Config::parse(&tree::read(&folder.join(run.config_path()))?)?;
            asked.extend(config.asked().map(str::to_owned));
        }
        findings.extend(missing(module, &text, &asked, runs));
    }
    Ok(findings)
}

fn missing(module: &str, text: &str, asked: &BTreeSet<String>, runs: &Runs) -> Vec<String> {
    let mutants = || runs.of(Some(module)).flat_map(|run| &run.mutants);
    let expected = || runs.of(Some(module)).map(|run| &run.expect).filter(|what| *what != HOLDS);
    let off: BTreeSet<&str> = mutants().map(|mutant| mutant.off.as_str()).collect();
    let broken: BTreeSet<&str> =
        mutants().map(|mutant| &mutant.breaks).chain(expected()).map(String::as_str).collect();
    let reached: BTreeSet<&str> =
        runs.of(Some(module)).flat_map(|run| &run.reach).map(String::as_str).collect();
    let mut findings = Vec::new();
    for guard in guards(text).difference(&off) {
        findings.push(format!("no mutant of {module} switches off `{guard}`"));
    }
    for question in asked.iter().filter(|name| *name != TYPES && !broken.contains(name.as_str())) {
        findings.push(format!("no mutant of {module} breaks {question}"));
    }
    for predicate in predicates(text).filter(|predicate| !reached.contains(predicate)) {
        findings.push(format!("no run of {module} reaches what {predicate} denies"));
    }
    findings
}

/// The names in `"name" \in Off` and in `On("name")`.
fn guards(text: &str) -> BTreeSet<&str> {
    let pieces: Vec<&str> = text.split("\" \\in Off").collect();
    let last = pieces.len().saturating_sub(1);
    let named = pieces.into_iter().take(last).filter_map(|piece| piece.rsplit('"').next());
    let asked = text.split("On(\"").skip(1).filter_map(|piece| piece.split('"').next());
    named.chain(asked).collect()
}

/// The names defined at the start of a line that begin with `Never_`.
fn predicates(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter(|line| line.starts_with("Never_"))
        .filter_map(|line| line.split_whitespace().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: &str = "Pay == /\\ (\"bound\" \\in Off) \\/ bound\n       /\\ \\/ \"nonce\" \\in Off\n       /\\ On(\"tip\")\n\
                         Never_Paid == ~paid\n";

    #[test]
    fn names_what_no_run_tries() {
        let asked = ["Safe", "Agree", "TypeOK"].map(str::to_owned).into();
        let text = "[[run]]\nmodule = \"A\"\nconfig = \"c\"\nsize = \"small\"\nbounds = \"\"\n";
        let mutant = "mutants = [ { off = \"bound\", breaks = \"Safe\" } ]\n";
        let reach = "reach = [\"Never_Paid\"]";
        let none = Runs::parse(text).expect("well formed");
        assert_eq!(missing("A", MODEL, &asked, &none).len(), 6);
        let some = Runs::parse(&format!("{text}{mutant}{reach}")).expect("well formed");
        let findings = missing("A", MODEL, &asked, &some);
        assert_eq!(findings.len(), 3);
        assert!(
            findings[0].contains("`nonce`")
                && findings[1].contains("`tip`")
                && findings[2].contains("Agree")
        );
    }
}
