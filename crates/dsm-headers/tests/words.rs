//! Each error says in words what is wrong, and no two say the same.

use std::collections::BTreeSet;
use std::fmt::Display;

use dsm_headers::{BadBlock, BadHash, BadHeader, HeaderReject};

fn differ<E: Display>(errors: &[E]) -> Vec<String> {
    let words: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let different: BTreeSet<&String> = words.iter().collect();
    assert_eq!(different.len(), errors.len(), "{words:?}");
    assert!(words.iter().all(|text| text.contains(' ')), "{words:?}");
    words
}

#[test]
fn each_error_says_what_is_wrong() {
    differ(&[
        BadBlock::TooLong,
        BadBlock::Form,
        BadBlock::Root,
        BadBlock::Absent,
        BadBlock::LongTransaction,
    ]);
    differ(&[BadHash]);
    let words = differ(&[HeaderReject::Depth, HeaderReject::Height, HeaderReject::Easy]);
    assert!(words[0].starts_with("R-70: "), "{words:?}");
    let words = differ(&[BadHeader { at: 7, reject: HeaderReject::Depth }]);
    assert!(words[0].starts_with("header 7: R-70: "), "{words:?}");
}
