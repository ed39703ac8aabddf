//! `vectors/tip_tree`: roots after each change, proofs of presence, absence and replacement.

use dsm_crypto::Digest;
use dsm_merkle::{TipProof, TipTree};
use serde_json::{Value, json};

use crate::json::{
    as_digest, as_option, bytes, canonical, digest, id, items, member, object, option, same, text,
};
use crate::world::seed;
use crate::{Problem, Vector};

/// Keys that part late, and others.
fn keys() -> Vec<Digest> {
    let mut keys: Vec<Digest> = (0..6).map(|number| seed("relationship", number)).collect();
    for flip in [0x01_u8, 0x80] {
        let mut near = *seed("relationship", 0).as_bytes();
        near[31] ^= flip;
        keys.push(Digest::from_bytes(near));
    }
    let mut near = *seed("relationship", 1).as_bytes();
    near[1] ^= 0x10;
    keys.push(Digest::from_bytes(near));
    keys
}

pub(crate) fn vectors() -> Vec<Vector> {
    let mut tree = TipTree::default();
    let mut steps = vec![];
    let again = keys().into_iter().take(2);
    for (number, key) in (0..).zip(keys().into_iter().chain(again)) {
        let (Ok(before), Ok(proof)) = (tree.get(key), tree.prove(key));
        let tip = seed("tip", number);
        let Ok(root) = tree.update(key, tip);
        steps.push(json!({
            "key": digest(&key),
            "before": option(before, digest),
            "proof": canonical(&proof),
            "tip": digest(&tip),
            "root": digest(&root),
        }));
    }
    let about = "A tree grows leaf by leaf; each proof shows one leaf before its change.";
    let steps = json!({ "what": "steps", "steps": steps });
    vec![
        Vector::new("tip_tree", "steps", about, steps),
        Vector::new("tip_tree", "proofs", "Proofs in the last tree.", proofs(&tree)),
        Vector::new(
            "tip_tree",
            "refused",
            "Proofs of no tree, each with its reason.",
            refused(&tree),
        ),
    ]
}

fn proofs(tree: &TipTree) -> Value {
    let strangers = (0..4).map(|number| seed("stranger", number));
    let cases = keys().into_iter().chain(strangers).map(|key| {
        let (Ok(tip), Ok(proof)) = (tree.get(key), tree.prove(key));
        json!({ "key": digest(&key), "tip": option(tip, digest), "proof": canonical(&proof) })
    });
    let cases: Vec<Value> = cases.collect();
    json!({ "what": "proofs", "root": digest(&tree.root()), "cases": cases })
}

fn refused(tree: &TipTree) -> Value {
    let key = keys()[0];
    let Ok(right) = tree.prove(key);
    let Ok(tip) = tree.get(key);
    let changed = |change: fn(&mut Vec<u8>)| {
        let mut siblings = right.siblings.to_vec();
        change(&mut siblings);
        let siblings = siblings.try_into().unwrap_or_default();
        TipProof { siblings, terminal: right.terminal }
    };
    let case = |proof: &TipProof, tip: Option<Digest>, error: &str| {
        json!({
            "key": digest(&key),
            "tip": option(tip, digest),
            "proof": canonical(proof),
            "error": error,
        })
    };
    let spare = changed(|siblings| {
        let whole = siblings.len() - 32;
        siblings[whole..].fill(0);
    });
    let itself = dsm_merkle::Terminal::Other { key, tip: seed("tip", 0) };
    let itself = TipProof { siblings: right.siblings.clone(), terminal: itself };
    let cases = [
        case(&changed(|siblings| siblings.truncate(33)), tip, "Length"),
        case(&spare, tip, "SpareSibling"),
        case(&right, None, "Terminal"),
        case(&itself, None, "Misplaced"),
    ];
    json!({ "what": "refused", "cases": cases })
}

pub(crate) fn check(value: &Value) -> Result<(), Problem> {
    match text(value, "what")? {
        "steps" => check_steps(value),
        "proofs" => {
            let root = id(value, "root")?;
            items(value, "cases")?.iter().try_for_each(|case| {
                let tip = as_option(member(case, "tip")?, as_digest)?;
                let proof: TipProof = object(case, "proof")?;
                let found = proof.root_of(id(case, "key")?, tip);
                let found = found.map_err(|error| Problem::new(error.to_string()))?;
                same(&digest(&root), &digest(&found))
            })
        }
        _ => items(value, "cases")?.iter().try_for_each(|case| {
            let tip = as_option(member(case, "tip")?, as_digest)?;
            let proof: TipProof = object(case, "proof")?;
            match proof.root_of(id(case, "key")?, tip) {
                Err(error) => same(member(case, "error")?, &json!(format!("{error:?}"))),
                Ok(_) => Err(Problem::new("the proof was not refused")),
            }
        }),
    }
}

fn check_steps(value: &Value) -> Result<(), Problem> {
    let mut tree = TipTree::default();
    for step in items(value, "steps")? {
        let (key, tip) = (id(step, "key")?, id(step, "tip")?);
        let before = as_option(member(step, "before")?, as_digest)?;
        let proof: TipProof = object(step, "proof")?;
        let roots = proof.replacement(key, before, tip);
        let roots = roots.map_err(|error| Problem::new(error.to_string()))?;
        same(&digest(&tree.root()), &digest(&roots.0))?;
        let Ok(root) = tree.update(key, tip);
        same(&digest(&root), &digest(&roots.1))?;
        same(member(step, "root")?, &digest(&root))?;
        bytes(step, "proof")?;
    }
    Ok(())
}
