//! One file of `vectors/`: its place, its JSON, and who checks it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{
    Problem, accept, drift, encoding, evidence, fork_proof, hashing, headers, identity,
    json as form, list_tree, log, note, pack, policy, receipt, roster, tip_tree,
};

/// A vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Vector {
    /// Where it lies under `vectors/`, with `/`.
    pub path: String,
    /// What it says.
    pub value: Value,
}

impl Vector {
    /// A vector of a noun, with what it shows in one sentence.
    pub(crate) fn new(noun: &str, name: &str, about: &str, mut value: Value) -> Self {
        value["about"] = json!(about);
        value["noun"] = json!(noun);
        Self { path: format!("{noun}/{name}.json"), value }
    }

    /// A vector that is accepted.
    pub(crate) fn good(noun: &str, name: &str, about: &str, mut value: Value) -> Self {
        value["expect"] = json!("accept");
        Self::new(noun, name, about, value)
    }

    /// A vector with one fault: against `rule`, and otherwise as its `sibling` of the same noun.
    pub(crate) fn bad(
        noun: &str,
        (rule, name): (&str, &str),
        sibling: &str,
        about: &str,
        mut value: Value,
    ) -> Self {
        value["expect"] = json!("reject");
        value["rule"] = json!(rule);
        value["sibling"] = json!(format!("{noun}/{sibling}.json"));
        Self::new(noun, &format!("{}-{name}", rule.to_lowercase()), about, value)
    }
}

/// Every vector, by path.
#[must_use]
pub fn all() -> Vec<Vector> {
    let mut all = Vec::new();
    all.extend(encoding::vectors());
    all.extend(hashing::vectors());
    all.extend(tip_tree::vectors());
    all.extend(list_tree::vectors());
    all.extend(identity::vectors());
    all.extend(log::vectors());
    all.extend(evidence::vectors());
    all.extend(fork_proof::vectors());
    all.extend(note::vectors());
    all.extend(policy::vectors());
    all.extend(pack::vectors());
    all.extend(accept::vectors());
    all.extend(receipt::vectors());
    all.extend(roster::vectors());
    all.extend(headers::vectors());
    all.push(drift::vector());
    guard(&mut all);
    all.sort_by(|one, other| one.path.cmp(&other.path));
    all
}

/// Tells each positive vector which rules it keeps: those that its negative siblings break.
fn guard(all: &mut [Vector]) {
    let mut guards: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for vector in all.iter() {
        let (rule, sibling) = (vector.value.get("rule"), vector.value.get("sibling"));
        if let Some((rule, sibling)) = rule.zip(sibling) {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            guards.entry(text(sibling)).or_default().insert(text(rule));
        }
    }
    for vector in all {
        if let Some(rules) = guards.get(&vector.path) {
            let rules = rules.iter().map(|rule| json!({ "rule": rule, "expect": "accept" }));
            vector.value["guards"] = rules.collect();
        }
    }
}

/// Runs one vector from its JSON alone.
///
/// # Errors
/// The code says something else than the vector.
pub(crate) fn run(value: &Value) -> Result<(), Problem> {
    match form::text(value, "noun")? {
        "accept" => accept::check(value),
        "drift" => drift::check(value),
        "encoding" => encoding::check(value),
        "evidence" => evidence::check(value),
        "fork_proof" => fork_proof::check(value),
        "hashing" => hashing::check(value),
        "headers" => headers::check(value),
        "height_proof" => headers::check_height(value),
        "identity" => identity::check(value),
        "list_tree" => list_tree::check(value),
        "log" => log::check(value),
        "note" => note::check(value),
        "pack" => pack::check(value),
        "policy" => policy::check(value),
        "receipt" => receipt::check(value),
        "roster" => roster::check(value),
        "tip_tree" => tip_tree::check(value),
        "transaction_proof" => headers::check_transaction(value),
        noun => Err(Problem::new(format!("no noun `{noun}`"))),
    }
}
