//! A first meeting over any live link (`spec/introduction.md`).
//!
//! Nothing is kept here: the persons compare the strings first, and only then the card is pinned.

use dsm_crypto::Secret;
use dsm_link::{Link, LinkError};
use dsm_session::introduction::{
    FIRST, Initiator, Introduced, IntroductionError, LONGEST, Responder, SECOND,
};
use dsm_store::{Kv, StoreError};

use crate::Engine;

/// Why two devices did not get to know each other. Nothing was kept.
#[derive(Debug)]
#[non_exhaustive]
pub enum IntroduceError {
    /// The link fails.
    Link(LinkError),
    /// The other side says something that does not hold, or somebody changed it.
    Introduction(IntroductionError),
    /// The store fails.
    Store(StoreError),
    /// The other side hung up before the end.
    HungUp,
}

impl std::fmt::Display for IntroduceError {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Link(error) => error.fmt(to),
            Self::Introduction(error) => error.fmt(to),
            Self::Store(error) => error.fmt(to),
            Self::HungUp => to.write_str("the other side hung up before the end"),
        }
    }
}

impl std::error::Error for IntroduceError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Link(error) => Some(error),
            Self::Introduction(error) => Some(error),
            Self::Store(error) => Some(error),
            Self::HungUp => None,
        }
    }
}

impl From<LinkError> for IntroduceError {
    fn from(error: LinkError) -> Self {
        Self::Link(error)
    }
}

impl From<IntroductionError> for IntroduceError {
    fn from(error: IntroductionError) -> Self {
        Self::Introduction(error)
    }
}

impl From<StoreError> for IntroduceError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Waits for a message.
fn hear<L: Link>(link: &mut L, most: usize) -> Result<Vec<u8>, IntroduceError> {
    link.receive(most)?.ok_or(IntroduceError::HungUp)
}

impl<K: Kv> Engine<K> {
    /// Calls somebody whom it does not know, with 32 fresh bytes.
    ///
    /// # Errors
    /// [`IntroduceError`]: nothing was kept.
    pub fn introduce<L: Link>(
        &self,
        link: &mut L,
        fresh: &Secret<32>,
    ) -> Result<Introduced, IntroduceError> {
        let card = self.own_card()?;
        let (caller, first) = Initiator::call(self.wallet.network(), fresh);
        link.send(&first)?;
        let (caller, third) = caller.hear(&hear(link, SECOND)?, &card, &self.main)?;
        link.send(&third)?;
        Ok(caller.finish(&hear(link, LONGEST)?)?)
    }

    /// Answers somebody whom it does not know, with 32 fresh bytes.
    ///
    /// # Errors
    /// [`IntroduceError`]: nothing was kept.
    pub fn be_introduced<L: Link>(
        &self,
        link: &mut L,
        fresh: &Secret<32>,
    ) -> Result<Introduced, IntroduceError> {
        let card = self.own_card()?;
        let first = hear(link, FIRST)?;
        let (called, second) = Responder::answer(self.wallet.network(), &first, fresh)?;
        link.send(&second)?;
        let third = hear(link, LONGEST)?;
        let (introduced, fourth) = called.finish(&third, &card, &self.main)?;
        link.send(&fourth)?;
        Ok(introduced)
    }

    fn own_card(&self) -> Result<dsm_core::identity::Card, StoreError> {
        let books = self.wallet.books()?;
        let card = books.card();
        books.check()?;
        Ok(card)
    }
}
