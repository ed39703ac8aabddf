//! Each error says in words what is wrong, and no two say the same.

use alloc::string::ToString;

use crate::{BadSignature, OpenError, TextError};

#[test]
fn each_error_says_what_is_wrong() {
    let words = [
        TextError::Malformed.to_string(),
        TextError::WrongPrefix.to_string(),
        TextError::WrongLength.to_string(),
        BadSignature.to_string(),
        OpenError.to_string(),
    ];
    for (at, one) in words.iter().enumerate() {
        assert!(one.len() > 5 && !words[..at].contains(one), "{words:?}");
    }
}
