//! A first meeting over any live link (`spec/introduction.md`).
//!
//! Nothing is kept here: the persons compare the strings first, and only then the card is pinned.

use dsm_core::identity::Card;
use dsm_crypto::Secret;
use dsm_link::{Link, LinkError};
use dsm_log::Network;
use dsm_session::introduction::{
    AwaitingIntroduction, FIRST, Initiator, Introduced, IntroductionError, LONGEST, Responder,
    SECOND,
};
use dsm_store::{Kv, StoreError};

use crate::{Engine, Lobby};

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
    /// The engine stopped.
    Stopped,
}

impl std::fmt::Display for IntroduceError {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Link(error) => error.fmt(to),
            Self::Introduction(error) => error.fmt(to),
            Self::Store(error) => error.fmt(to),
            Self::HungUp => to.write_str("the other side hung up before the end"),
            Self::Stopped => to.write_str("the engine stopped"),
        }
    }
}

impl std::error::Error for IntroduceError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Link(error) => Some(error),
            Self::Introduction(error) => Some(error),
            Self::Store(error) => Some(error),
            Self::HungUp | Self::Stopped => None,
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

/// The side that calls; `show` has the wallet's card and its key.
fn call<L: Link>(
    link: &mut L,
    network: Network,
    fresh: &Secret<32>,
    show: impl FnOnce(Initiator, Vec<u8>) -> Result<(AwaitingIntroduction, Vec<u8>), IntroduceError>,
) -> Result<Introduced, IntroduceError> {
    let (caller, first) = Initiator::call(network, fresh);
    link.send(&first)?;
    let (caller, third) = show(caller, hear(link, SECOND)?)?;
    link.send(&third)?;
    Ok(caller.finish(&hear(link, LONGEST)?)?)
}

/// The side that is called, the same.
fn answer<L: Link>(
    link: &mut L,
    network: Network,
    fresh: &Secret<32>,
    show: impl FnOnce(Responder, Vec<u8>) -> Result<(Introduced, Vec<u8>), IntroduceError>,
) -> Result<Introduced, IntroduceError> {
    let first = hear(link, FIRST)?;
    let (called, second) = Responder::answer(network, &first, fresh)?;
    link.send(&second)?;
    let (introduced, fourth) = show(called, hear(link, LONGEST)?)?;
    link.send(&fourth)?;
    Ok(introduced)
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
        let show = |caller, second: Vec<u8>| self.show_caller(caller, &second);
        call(link, self.wallet.network(), fresh, show)
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
        let show = |called, third: Vec<u8>| self.show_called(called, &third);
        answer(link, self.wallet.network(), fresh, show)
    }

    fn show_caller(
        &self,
        caller: Initiator,
        second: &[u8],
    ) -> Result<(AwaitingIntroduction, Vec<u8>), IntroduceError> {
        Ok(caller.hear(second, &self.own_card()?, &self.main)?)
    }

    fn show_called(
        &self,
        called: Responder,
        third: &[u8],
    ) -> Result<(Introduced, Vec<u8>), IntroduceError> {
        Ok(called.finish(third, &self.own_card()?, &self.main)?)
    }

    fn own_card(&self) -> Result<Card, StoreError> {
        let books = self.wallet.books()?;
        let card = books.card();
        books.check()?;
        Ok(card)
    }
}

impl<K: Kv + 'static> Lobby<K> {
    /// Calls somebody whom the wallet does not know, with 32 fresh bytes, while the engine runs.
    ///
    /// # Errors
    /// [`IntroduceError`]: nothing was kept.
    pub fn introduce<L: Link>(
        &self,
        link: &mut L,
        fresh: &Secret<32>,
    ) -> Result<Introduced, IntroduceError> {
        call(link, self.network(), fresh, |caller, second| {
            let shown = self.inbox.errand(move |engine| engine.show_caller(caller, &second));
            shown.map_err(|_| IntroduceError::Stopped)?
        })
    }

    /// Answers somebody whom the wallet does not know, with 32 fresh bytes, while the engine runs.
    ///
    /// # Errors
    /// [`IntroduceError`]: nothing was kept.
    pub fn be_introduced<L: Link>(
        &self,
        link: &mut L,
        fresh: &Secret<32>,
    ) -> Result<Introduced, IntroduceError> {
        answer(link, self.network(), fresh, |called, third| {
            let shown = self.inbox.errand(move |engine| engine.show_called(called, &third));
            shown.map_err(|_| IntroduceError::Stopped)?
        })
    }
}
