//! The committed vectors are whole, and `spec/dsm.cddl` describes their bytes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use dsm_core::Reject;
use dsm_headers::HeaderReject;
use dsm_vectors::Vector;
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every vector, written once for all tests.
fn all() -> &'static [Vector] {
    static ALL: OnceLock<Vec<Vector>> = OnceLock::new();
    ALL.get_or_init(dsm_vectors::all)
}

fn bytes(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().expect("hex");
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex"))
        .collect()
}

fn rules_of(vectors: &[Vector], name: impl Fn(&Value) -> Vec<Value>) -> BTreeSet<String> {
    let rules = vectors.iter().flat_map(|vector| name(&vector.value));
    rules.filter_map(|rule| rule.as_str().map(str::to_owned)).collect()
}

#[test]
fn every_rule_is_kept_by_one_vector_and_broken_by_another() {
    let vectors = all();
    let all_rules = Reject::RULES.iter().chain(HeaderReject::RULES);
    let rules: BTreeSet<String> = all_rules.map(|rule| (*rule).to_owned()).collect();
    let broken = rules_of(vectors, |value| value.get("rule").cloned().into_iter().collect());
    let kept = rules_of(vectors, |value| {
        let guards = value.get("guards").and_then(Value::as_array).into_iter().flatten();
        guards.map(|guard| guard["rule"].clone()).collect()
    });
    assert_eq!(broken, rules);
    assert_eq!(kept, rules);
}

#[test]
fn a_negative_vector_names_a_positive_one_of_its_noun() {
    let vectors = all();
    for vector in vectors {
        if let Some(sibling) = vector.value.get("sibling") {
            let found = vectors.iter().find(|one| sibling == &Value::from(one.path.clone()));
            assert_eq!(found.unwrap().value["expect"], "accept", "{}", vector.path);
        }
    }
}

#[test]
fn the_files_are_what_is_written_and_say_what_the_code_says() {
    dsm_vectors::check(&root().join("vectors")).unwrap();
}

/// Members that hold canonical bytes, with the rule that describes them.
const DESCRIBED: &[(&str, &str, &str)] = &[
    ("accept", "claimed", "dealt"),
    ("fork_proof", "proof", "fork-proof"),
    ("log", "bytes", "entry"),
    ("log", "signed_head", "signed-head"),
    ("pack", "pack", "pack"),
    ("pack", "plan", "plan"),
    ("pack", "wanted", "wanted"),
    ("policy", "bytes", "policy"),
    ("receipt", "receipt", "receipt"),
    ("roster", "card", "card"),
];

#[test]
fn the_schema_describes_every_object() {
    let schema = std::fs::read_to_string(root().join("spec/dsm.cddl")).unwrap();
    let fits = |rule: &str, bytes: &[u8], path: &str| {
        cddl_cat::validate_cbor_bytes(rule, &schema, bytes)
            .unwrap_or_else(|error| panic!("{path}: {rule}: {error}"));
    };
    for Vector { path, value } in all() {
        // What breaks R-01 has no form.
        if value.get("rule").is_some_and(|rule| rule == "R-01") {
            continue;
        }
        for (noun, member, rule) in DESCRIBED {
            if value["noun"] == *noun
                && let Some(found) = value.get(*member)
            {
                fits(rule, &bytes(found), path);
            }
        }
        for example in value.get("examples").and_then(Value::as_array).into_iter().flatten() {
            fits(example["rule_name"].as_str().unwrap(), &bytes(&example["bytes"]), path);
        }
    }
}

#[test]
fn the_schema_describes_nothing_else() {
    let schema = std::fs::read_to_string(root().join("spec/dsm.cddl")).unwrap();
    let drift = all().iter().find(|vector| vector.path == "drift.json").unwrap();
    for example in drift.value["examples"].as_array().unwrap() {
        let rule = example["rule_name"].as_str().unwrap();
        let mut bytes = bytes(&example["bytes"]);
        // An array of one element less, or a digest that is none.
        bytes[0] = if rule == "digest" { 0x57 } else { bytes[0] - 1 };
        assert!(cddl_cat::validate_cbor_bytes(rule, &schema, &bytes).is_err(), "{rule}");
    }
}
