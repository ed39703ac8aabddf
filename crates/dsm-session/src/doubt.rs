//! Old copies of the own books (`spec/sessions.md`, old copies).
//!
//! Whoever signs from an old copy of its books forks its log. So a device that hears of a later head
//! of its own log does nothing but ask to be shown it. Nobody else can make such a head: shown once,
//! it is kept, and the device signs nothing any more. A word that nothing is shown for costs one
//! session.

use alloc::boxed::Box;

use dsm_core::signature_after;
use dsm_log::{DeviceId, SignedHead};

use crate::effects::Effects;
use crate::error::SessionError;
use crate::ledger::Ledger;
use crate::message::Message;
use crate::session::Session;

impl Session {
    /// The peer asks for the last head of its own log that is known here.
    pub(crate) fn show<L: Ledger>(
        &mut self,
        books: &L,
        effects: &mut Effects,
    ) -> Result<(), SessionError> {
        let met = self.met()?;
        if core::mem::replace(&mut met.doubted, true) {
            return Err(SessionError::Unexpected("a second Doubt"));
        }
        let last = books.latest(&met.device);
        let signed = last.and_then(|at| shown(books, &met.device, at.index)).map(Box::new);
        effects.frames.push(Message::Shown { signed });
        Ok(())
    }

    /// The peer shows a head of the own log: one that these books do not have ends all signing.
    pub(crate) fn shown<L: Ledger>(
        &mut self,
        books: &L,
        signed: Option<Box<SignedHead>>,
        effects: &mut Effects,
    ) -> Result<(), SessionError> {
        if !self.doubts {
            return Err(SessionError::Unexpected("Shown"));
        }
        let later = signed.filter(|signed| signed.at.index > books.own_log().at.index);
        let own = later.zip(books.descriptor(&books.me()));
        let Some(shown) = own.and_then(|(signed, own)| signed.verify(&own)) else {
            return self.end(SessionError::Unexpected("a claim to know a later own head"));
        };
        effects.batch.shown = Some(shown);
        self.end(SessionError::OldCopy)
    }
}

/// A signed head by itself.
fn shown<L: Ledger>(books: &L, device: &DeviceId, index: u64) -> Option<SignedHead> {
    let signed = books.signed(device, index)?;
    let (at, from) = (signed.at, signed.at.index.checked_sub(1)?);
    let signature = signature_after(books, signed, from)?;
    Some(SignedHead { device: *device, at, signature })
}
