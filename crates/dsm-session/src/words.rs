//! Each error says in words what is wrong, and no two say the same.

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use core::fmt::Display;

use dsm_core::Reject;
use dsm_encoding::DecodeError;
use dsm_log::DeviceId;

use crate::channel::ChannelError;
use crate::introduction::IntroductionError;
use crate::{LetterError, SelectError, SessionError};

fn differ<E: Display>(errors: &[E]) {
    let words: BTreeSet<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(words.len(), errors.len(), "{words:?}");
    assert!(words.iter().all(|text| text.len() > 5), "{words:?}");
}

#[test]
fn each_error_says_what_is_wrong() {
    let form = DecodeError::TooLong;
    let device = DeviceId(dsm_crypto::Digest::ZERO);
    let rule = dsm_encoding::Text::try_from("R-\u{1b}99").expect("a short text");
    let ends = [
        SessionError::Form(form),
        SessionError::TooLong,
        SessionError::Unexpected("Want"),
        SessionError::WrongPeer { device },
        SessionError::Rejected(Reject::Network),
        SessionError::Refused { rule },
        SessionError::Select(SelectError::Short { available: 70 }),
        SessionError::Select(SelectError::Scattered { available: 70 }),
        SessionError::OtherAsk,
        SessionError::OtherOffer,
        SessionError::NoAsk,
        SessionError::Books,
        SessionError::Stale,
        SessionError::Cancelled,
        SessionError::PeerCancelled,
        SessionError::OwnFork,
        SessionError::OldCopy,
    ];
    differ(&ends);
    assert!(ends.iter().all(|error| !error.to_string().contains('\u{1b}')));
    differ(&[
        LetterError::Form(form),
        LetterError::Network,
        LetterError::Sealed,
        LetterError::Unknown,
        LetterError::Old,
        LetterError::Signature,
        LetterError::OtherWriter,
        LetterError::Rejected(Reject::Network),
        LetterError::Session(SessionError::Books),
    ]);
    differ(&[
        IntroductionError::Broken,
        IntroductionError::Commitment,
        IntroductionError::Form(form),
        IntroductionError::Card(Reject::Network),
        IntroductionError::Signature,
        IntroductionError::OwnCard,
    ]);
    differ(&[ChannelError]);
}
