//! `vectors/list_tree`: roots and proofs of lists of every small length.

use dsm_crypto::Digest;
use dsm_merkle::{ListProof, list_prove, list_root};
use serde_json::{Value, json};

use crate::json::{as_bytes, hex};
use crate::json::{as_digest, digest, items, list, member, number, same};
use crate::world::seed;
use crate::{Problem, Vector};

pub(crate) fn vectors() -> Vec<Vector> {
    let case = |count: u8| {
        let elements: Vec<Digest> = (0..count).map(|number| seed("element", number)).collect();
        let proofs: Vec<Value> = (0..u64::from(count))
            .filter_map(|index| list_prove(&elements, index))
            .map(|proof| hex(&proof.siblings))
            .collect();
        json!({
            "elements": list(&elements, digest),
            "count": number(u64::from(count)),
            "root": digest(&list_root(&elements)),
            "siblings": proofs,
        })
    };
    let cases: Vec<Value> = (0..=9).map(case).collect();
    vec![Vector::new(
        "list_tree",
        "lists",
        "Lists of 0 to 9 elements, their roots, and the siblings of each element.",
        json!({ "cases": cases }),
    )]
}

pub(crate) fn check(value: &Value) -> Result<(), Problem> {
    for case in items(value, "cases")? {
        let elements: Result<Vec<Digest>, Problem> =
            items(case, "elements")?.iter().map(as_digest).collect();
        let elements = elements?;
        same(member(case, "root")?, &digest(&list_root(&elements)))?;
        let count = elements.len() as u64;
        for ((index, element), siblings) in (0..).zip(&elements).zip(items(case, "siblings")?) {
            let siblings = as_bytes(siblings)?.try_into();
            let siblings = siblings.map_err(|_| Problem::new("too many siblings"))?;
            let root = ListProof { siblings }.root_of(*element, index, count);
            let root = root.map_err(|error| Problem::new(error.to_string()))?;
            same(member(case, "root")?, &digest(&root))?;
        }
    }
    Ok(())
}
