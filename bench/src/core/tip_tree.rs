//! Tip trees of ten to a million relationships.

use dsm_crypto::{Digest, Domain, hash};
use dsm_encoding::to_vec;
use dsm_merkle::{MemoryNodes, TipTree};

use super::transfer::filler;
use crate::report::Report;
use crate::timing::Samples;

const SIZES: [(&str, u64); 4] = [("10", 10), ("1k", 1_000), ("100k", 100_000), ("1m", 1_000_000)];
const BATCHES: u64 = 31;
const BATCH: u64 = 200;

pub(crate) fn run(report: &mut Report) {
    for (name, size) in SIZES {
        measure(report, name, size);
    }
}

fn key(number: u64) -> Digest {
    hash(Domain::Relationship, &number)
}

fn measure(report: &mut Report, name: &str, size: u64) {
    let leaves = (0..size).map(|number| (key(number), filler(number)));
    let Ok(mut tree) = TipTree::rebuild(MemoryNodes::default(), leaves);
    let (mut updates, mut proves, mut verifies, mut bytes) =
        (Samples::default(), Samples::default(), Samples::default(), Samples::default());
    for batch in 0..BATCHES {
        // Spread over the whole tree, each key of it as likely.
        let spread = |at: u64| (batch * BATCH + at).wrapping_mul(0x9e37_79b9_7f4a_7c15) % size;
        let keys: Vec<Digest> = (0..BATCH).map(|at| key(spread(at))).collect();
        let per = |samples: &mut Samples, run: &mut dyn FnMut()| {
            let (time, ()) = crate::timing::micros(run);
            samples.push(time / BATCH as f64);
        };
        let mut proofs = Vec::with_capacity(keys.len());
        per(&mut proves, &mut || {
            proofs.extend(keys.iter().map(|key| {
                let (Ok(proof), Ok(tip)) = (tree.prove(*key), tree.get(*key));
                (proof, tip)
            }));
        });
        per(&mut verifies, &mut || {
            for (key, (proof, tip)) in keys.iter().zip(&proofs) {
                let roots = proof.replacement(*key, *tip, filler(batch));
                assert_eq!(roots.map(|(before, _)| before), Ok(tree.root()));
            }
        });
        per(&mut updates, &mut || {
            for key in &keys {
                let Ok(root) = tree.update(*key, filler(batch));
                std::hint::black_box(root);
            }
        });
        proofs.iter().for_each(|(proof, _)| bytes.push(to_vec(proof).len() as f64));
    }
    report.number(format!("tip_tree.update_us_{name}"), updates.median());
    report.number(format!("tip_tree.prove_us_{name}"), proves.median());
    report.number(format!("tip_tree.verify_us_{name}"), verifies.median());
    report.number(format!("tip_tree.proof_bytes_{name}"), bytes.median());
}
