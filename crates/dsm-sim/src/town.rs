//! A small town: where most stories begin.

use dsm_core::{Facts, Policy, TokenId};

use crate::{Actor, free_policy, introduce};

/// What Ada holds at first.
pub const PURSE: u64 = 1_000;

/// A mint, and three people who pinned each other. Ada holds lot 0 of a token, whole.
#[derive(Clone)]
pub struct Town {
    /// Issues the token and does nothing else.
    pub mint: Actor,
    /// Holds [`PURSE`] units.
    pub ada: Actor,
    /// Holds nothing yet.
    pub ben: Actor,
    /// Holds nothing yet.
    pub cleo: Actor,
    /// The token.
    pub token: TokenId,
    /// Its policy.
    pub policy: Policy,
}

impl Town {
    /// A town with a token that anybody may hold.
    #[must_use]
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    /// The same with another policy.
    #[must_use]
    pub fn with(change: impl FnOnce(&mut Policy)) -> Self {
        let mut town = Self::poor(change);
        let (index, note) = town.mint.issue(town.token, 0, PURSE, town.ada.lock());
        town.ada.take_issue(&town.mint, index, note);
        town
    }

    /// The same before anything was issued.
    #[must_use]
    pub fn poor(change: impl FnOnce(&mut Policy)) -> Self {
        let [mut mint, mut ada, mut ben, mut cleo] = ["mint", "ada", "ben", "cleo"].map(Actor::new);
        introduce(&mut ada, &mut ben);
        introduce(&mut ada, &mut cleo);
        introduce(&mut ben, &mut cleo);
        let mut policy = free_policy(&mint, 100, PURSE);
        change(&mut policy);
        mint.learn_policy(&policy);
        Self { mint, ada, ben, cleo, token: policy.id(), policy }
    }
}

impl Default for Town {
    fn default() -> Self {
        Self::new()
    }
}

impl Actor {
    /// Hears of a token.
    pub fn learn_policy(&mut self, policy: &Policy) {
        self.learn(Facts { policies: vec![policy.clone()], ..Facts::default() });
    }
}
