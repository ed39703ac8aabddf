//! A small town: where most stories begin.

use dsm_core::{Facts, MakerId, Policy, TokenId};
use dsm_crypto::Digest;
use dsm_log::{Anchor, Chip, DeviceId};

use crate::{Actor, free_policy, introduce};

/// Who made the chips of a town that has some.
pub const MAKER: MakerId = MakerId(Digest::ZERO);

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
        Self::of(["mint", "ada", "ben", "cleo"].map(Actor::new), change)
    }

    /// A town in which everybody has a chip that says of itself what `kind` says, and knows that [`MAKER`] made it; up to so many units may rest
    /// on each.
    #[must_use]
    pub fn anchored(kind: fn(Chip) -> Anchor, most: u64) -> Self {
        let actors = ["mint", "ada", "ben", "cleo"].map(|name| Actor::anchored(name, kind));
        let made: Vec<DeviceId> = actors.iter().map(Actor::id).collect();
        let actors = actors.map(|mut actor| {
            actor.view.makers.extend(made.iter().map(|device| (*device, MAKER)));
            actor.view.settings.makers.insert(MAKER, most);
            actor.view.settings.exposed_cap = 0;
            actor
        });
        let mut town = Self::of(actors, |_| {});
        let (index, note) = town.mint.issue(town.token, 0, PURSE, town.ada.lock());
        town.ada.take_issue(&town.mint, index, note);
        town
    }

    fn of(
        [mut mint, mut ada, mut ben, mut cleo]: [Actor; 4],
        change: impl FnOnce(&mut Policy),
    ) -> Self {
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
