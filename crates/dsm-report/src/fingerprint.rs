//! What tells tokens of one ticker apart.
//!
//! Anybody may write any ticker. Always true: a token is shown by its ticker alone only if this wallet issues
//! it or its owner pinned it, no other such token has that ticker, and the ticker is plain letters and digits; every other
//! one is shown with its fingerprint, in parentheses, at the end.

use dsm_core::{Policy, TokenId, View};
use dsm_store::{Books, Kv};

/// How many characters of an id's text are shown: 80 bits, so that another token with the same ones takes
/// 2^80 hashes to find, which nobody does for a token; with 8 it would take 2^40, a night on one machine.
const SHOWN: usize = 16;
/// They stand in groups of so many, to be read aloud.
const GROUP: usize = 4;

/// The leading characters of an id's text, after what all ids begin with.
#[must_use]
pub fn fingerprint(token: &TokenId) -> String {
    let text = token.to_string();
    let own = text.split_once('1').map_or(text.as_str(), |(_, own)| own);
    let mut shown = String::new();
    for (at, one) in own.chars().take(SHOWN).enumerate() {
        if at > 0 && at % GROUP == 0 {
            shown.push('-');
        }
        shown.push(one);
    }
    shown
}

/// Whether the owner of the books knows a token: by making it, or by pinning it.
fn is_known<K: Kv>(books: &Books<'_, K>, policy: &Policy) -> bool {
    books.is_own(&policy.issuer) || books.is_pinned(&policy.id())
}

/// The fingerprint of a token, if its ticker alone is not to be shown.
pub(crate) fn beside<K: Kv>(books: &Books<'_, K>, policy: &Policy) -> Option<String> {
    let token = policy.id();
    let plain = policy.ticker.chars().all(|one| one.is_ascii_alphanumeric());
    let alike = |other: &Policy| {
        other.id() != token
            && other.ticker.eq_ignore_ascii_case(&policy.ticker)
            && is_known(books, other)
    };
    let alone = plain
        && !policy.ticker.is_empty()
        && is_known(books, policy)
        && !books.policies().iter().any(alike);
    (!alone).then(|| fingerprint(&token))
}

#[cfg(test)]
mod tests {
    use dsm_crypto::Digest;

    use super::*;

    #[test]
    fn a_fingerprint_is_the_first_80_bits_of_the_id() {
        let with = |at: usize| {
            let mut bytes = [7; 32];
            bytes[at] ^= 1;
            fingerprint(&TokenId(Digest::from_bytes(bytes)))
        };
        assert_eq!(with(31).len(), SHOWN + SHOWN / GROUP - 1);
        assert_eq!(with(31), with(10));
        (0..10).for_each(|at| assert_ne!(with(31), with(at)));
    }
}
