//! What a payee asks for (`spec/sessions.md`, paying).

use dsm_core::{FinalityClass, TokenId};
use dsm_crypto::Domain;
use dsm_encoding::{Text, record};
use dsm_log::{DeviceId, Nonce, Position};

use crate::ledger::Ledger;

/// The most bytes of a memo.
pub const MAX_MEMO: usize = 140;

/// What a person asks another for.
///
/// Memo and expiry are for the other person: nothing that the protocol decides depends on them. A
/// memo is any text of a contact; whoever shows it escapes what does not print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The token.
    pub token: TokenId,
    /// Base units.
    pub amount: u64,
    /// What it is for.
    pub memo: Option<Text<MAX_MEMO>>,
    /// Until when, in seconds since 1970.
    pub expires: Option<u64>,
}
record! { Request { token, amount, memo, expires } }

impl Request {
    /// A request without memo and expiry.
    #[must_use]
    pub fn new(token: TokenId, amount: u64) -> Self {
        Self { token, amount, memo: None, expires: None }
    }

    /// The memo as it may be shown: whatever does not print, or would change how the text around it
    /// reads, is escaped.
    #[must_use]
    pub fn shown_memo(&self) -> Option<alloc::string::String> {
        use alloc::string::ToString;
        Some(self.memo.as_ref()?.escape_debug().to_string())
    }
}

/// What a payee says when it is ready to be paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The challenge that a payment must carry.
    pub nonce: Nonce,
    /// The floor that outputs to it must carry.
    pub floor: Position,
    /// What it wants; none leaves it to the payer.
    pub request: Option<Request>,
    /// The weakest class that it takes in any amount.
    pub enough: FinalityClass,
}
record! { Ask { nonce, floor, request, enough } }

impl Ask {
    /// The Ask of a device to a peer, at the place where its log stands.
    pub(crate) fn new<L: Ledger>(books: &L, peer: &DeviceId, request: Option<Request>) -> Self {
        let floor = books.own_log().at;
        let enough = books.settings().enough;
        Self { nonce: nonce(books, peer, &floor), floor, request, enough }
    }

    /// Whether it leaves a payment to the payer, or asks for just this.
    pub(crate) fn allows(&self, token: &TokenId, amount: u64) -> bool {
        let asked = |request: &Request| (request.token, request.amount) == (*token, amount);
        self.request.as_ref().is_none_or(asked)
    }
}

/// The challenge of an Ask: a keyed hash of the peer and the floor, so that it need not be stored.
pub(crate) fn nonce<L: Ledger>(books: &L, peer: &DeviceId, floor: &Position) -> Nonce {
    *books.ask_secret().derive(Domain::Ask, &(peer, floor)).expose()
}

/// The challenge of the Ask whose floor stands at an index of the own log, if there is one.
pub(crate) fn nonce_at<L: Ledger>(books: &L, peer: &DeviceId, floor: Option<u64>) -> Option<Nonce> {
    let index = floor?;
    let head = books.head(&books.me(), index)?;
    Some(nonce(books, peer, &Position { index, head }))
}

#[cfg(test)]
mod tests {
    use dsm_crypto::Digest;

    use super::*;

    #[test]
    fn a_memo_cannot_move_the_cursor_or_turn_the_text_around() {
        let evil = "rent\u{1b}[2J\r\n\u{202e}dna \u{200b}\u{7f}";
        let memo = Text::try_from(evil).expect("a short text");
        let request = Request { memo: Some(memo), ..Request::new(TokenId(Digest::ZERO), 1) };
        let shown = request.shown_memo().expect("a memo");
        assert!(shown.chars().all(|c| c.is_ascii_graphic() || c == ' '), "{shown}");
        assert!(shown.starts_with("rent\\u{1b}[2J"), "{shown}");
    }

    #[test]
    fn a_memo_is_short() {
        assert!(Text::<MAX_MEMO>::try_from("x".repeat(140).as_str()).is_ok());
        assert!(Text::<MAX_MEMO>::try_from("x".repeat(141).as_str()).is_err());
    }
}
