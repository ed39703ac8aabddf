//! Each error says in words what is wrong, and no two say the same.

use std::collections::BTreeSet;
use std::fmt::Display;

use dsm_log::{AbsorbError, BadEvidence, BadForkProof};

fn differ(errors: &[&dyn Display]) {
    let words: BTreeSet<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(words.len(), errors.len(), "{words:?}");
    assert!(words.iter().all(|text| text.contains(' ')), "{words:?}");
}

#[test]
fn each_error_of_a_log_says_what_is_wrong() {
    differ(&[&BadEvidence::Range, &BadEvidence::Signature]);
    differ(&[
        &BadForkProof::NoContradiction,
        &BadForkProof::Index,
        &BadForkProof::Signature,
        &BadForkProof::Evidence,
    ]);
    let failed = AbsorbError::Failed("the plug is out".into());
    differ(&[&AbsorbError::Ended { index: 7 }, &AbsorbError::Foreign, &failed]);
    assert!(AbsorbError::Ended { index: 7 }.to_string().contains("entry 7"));
    assert!(failed.to_string().contains("the plug is out"));
}
