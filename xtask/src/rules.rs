//! Every rule of the specification: named once there, rejected in code, shown by vectors.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::problem::Problem;
use crate::tree;
use crate::verdict::Verdict;
use crate::workspace::Workspace;

/// Where `Reject` and `HeaderReject` give each variant its rule.
const CODE: [&str; 2] = ["crates/dsm-core/src/reject.rs", "crates/dsm-headers/src/reject.rs"];

/// Compares the ids in spec/, in the code and in vectors/.
pub(crate) fn check(workspace: &Workspace) -> Result<Verdict, Problem> {
    let root = &workspace.root;
    if !root.join("spec").is_dir() {
        return Ok(Verdict::Skipped("there is no spec/ yet".to_owned()));
    }
    let spec = joined(&root.join("spec"), "md")?;
    let code =
        CODE.iter().map(|path| tree::read(&root.join(path))).collect::<Result<String, _>>()?;
    let vectors = Vectors::load(&root.join("vectors"))?;
    let defined = defined(&spec);
    let rejected = quoted(&code);
    let findings = compare(&defined, &rejected, &vectors);
    let looked_at = format!("{} rules in spec/, code and vectors/", defined.len());
    Ok(Verdict::of(looked_at, findings))
}

fn compare(
    defined: &BTreeMap<String, usize>,
    rejected: &BTreeMap<String, usize>,
    vectors: &Vectors,
) -> Vec<String> {
    let mut findings = Vec::new();
    for (id, times) in defined {
        if *times > 1 {
            findings.push(format!("{id} is defined {times} times in spec/"));
        }
        match rejected.get(id) {
            Some(1) => {}
            Some(times) => findings.push(format!("{id} is the rule of {times} variants of Reject")),
            None => findings.push(format!("{id} is the rule of no variant of Reject")),
        }
        if !vectors.positive.contains(id) {
            findings.push(format!("{id} has no vector that is accepted"));
        }
        if !vectors.negative.contains(id) {
            findings.push(format!("{id} has no vector that is rejected"));
        }
    }
    let known = |id: &&String| !defined.contains_key(*id);
    let used = rejected.keys().chain(&vectors.positive).chain(&vectors.negative);
    let strangers: BTreeSet<&String> = used.filter(known).collect();
    findings.extend(strangers.into_iter().map(|id| format!("{id} is not defined in spec/")));
    findings
}

/// The rules that the vectors show. An object with a member `rule` is negative, unless its member
/// `expect` is `accept`; then it shows the neighbouring good case.
#[derive(Debug, Default)]
struct Vectors {
    positive: BTreeSet<String>,
    negative: BTreeSet<String>,
}

impl Vectors {
    fn load(folder: &Path) -> Result<Self, Problem> {
        let mut vectors = Self::default();
        for path in tree::under(folder, "json")? {
            let value: Value = serde_json::from_str(&tree::read(&path)?)
                .map_err(|error| Problem::new(format!("{}: {error}", path.display())))?;
            vectors.collect(&value);
        }
        Ok(vectors)
    }

    fn collect(&mut self, value: &Value) {
        if let Some(id) = value.get("rule").and_then(Value::as_str) {
            let accepted = value.get("expect").and_then(Value::as_str) == Some("accept");
            let side = if accepted { &mut self.positive } else { &mut self.negative };
            side.insert(id.to_owned());
        }
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.collect(item)),
            Value::Object(members) => members.values().for_each(|item| self.collect(item)),
            _ => {}
        }
    }
}

/// How often spec/ defines each id: in bold, or as the first word of a heading.
fn defined(spec: &str) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    for line in spec.lines() {
        let bold = line.split("**").skip(1).step_by(2);
        let heading = line.starts_with('#').then(|| line.trim_start_matches('#').trim());
        let first = heading.and_then(|text| text.split_whitespace().next());
        for id in bold.chain(first).filter(|text| is_id(text)) {
            *times.entry(id.to_owned()).or_insert(0) += 1;
        }
    }
    times
}

/// How often each id stands in quotes in the code.
fn quoted(code: &str) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    for id in code.split('"').filter(|text| is_id(text)) {
        *times.entry(id.to_owned()).or_insert(0) += 1;
    }
    times
}

fn is_id(text: &str) -> bool {
    text.strip_prefix("R-").is_some_and(|number| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn joined(folder: &Path, extension: &str) -> Result<String, Problem> {
    let mut all = String::new();
    for path in tree::under(folder, extension)? {
        all.push_str(&tree::read(&path)?);
        all.push('\n');
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_defined_in_bold_or_by_a_heading_and_only_mentioned_elsewhere() {
        let found = defined("## R-1 Heading\n**R-2** is bold. See R-3 and **not**.\n**R-2**\n");
        let expected = [("R-1".to_owned(), 1), ("R-2".to_owned(), 2)];
        assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn finds_each_kind_of_difference() {
        let mut vectors = Vectors::default();
        let text = r#"[{"rule":"R-1"},{"rule":"R-1","expect":"accept"},{"a":{"rule":"R-9"}}]"#;
        vectors.collect(&serde_json::from_str(text).unwrap());
        let findings =
            compare(&defined("**R-1** **R-2**"), &quoted("\"R-1\" => \"R-x\""), &vectors);
        assert_eq!(
            findings,
            [
                "R-2 is the rule of no variant of Reject",
                "R-2 has no vector that is accepted",
                "R-2 has no vector that is rejected",
                "R-9 is not defined in spec/"
            ]
        );
    }
}
