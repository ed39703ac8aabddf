//! How high Bitcoin's chain is, and who said so.

use std::fmt;

use dsm_feed::{Source, Sources, Stance};
use dsm_headers::{BitcoinNetwork, HeaderChain, Heights};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How high Bitcoin's chain is, as far as this device knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Height {
    /// Which network: main, testnet4, signet or regtest.
    pub network: String,
    /// How many blocks lie before the newest one.
    pub height: u32,
    /// The newest block, as Bitcoin writes it.
    pub block: String,
    /// How many seconds ago it was found, by this machine's clock; none if that is behind the block's time, so wrong.
    pub age: Option<u64>,
    /// From which height on the headers are kept.
    pub base: u32,
}

/// What a feed said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FeedReport {
    /// Which feed.
    pub feed: String,
    /// How many headers it was the first to give.
    pub given: u64,
    /// Whether it follows this chain; none if it was not asked or did not answer.
    pub agrees: Option<bool>,
    /// The same in words, with the reason.
    pub stance: String,
}

/// The height, and what each feed said that was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HeightReport {
    /// None if this device has no headers.
    pub bitcoin: Option<Height>,
    /// What each feed said.
    pub feeds: Vec<FeedReport>,
}

/// The word for a network.
#[must_use]
pub fn network_name(network: BitcoinNetwork) -> &'static str {
    match network {
        BitcoinNetwork::Main => "main",
        BitcoinNetwork::Testnet4 => "testnet4",
        BitcoinNetwork::Signet => "signet",
        BitcoinNetwork::Regtest => "regtest",
    }
}

impl Height {
    /// Of a chain, by a clock that shows `now`.
    #[must_use]
    pub fn of(chain: &HeaderChain, now: u64) -> Option<Self> {
        let sighting = chain.sighting()?;
        Some(Self {
            network: network_name(chain.network()).to_owned(),
            height: sighting.height,
            block: sighting.hash.to_string(),
            age: sighting.age(now),
            base: chain.base().height,
        })
    }
}

impl FeedReport {
    /// Of each feed.
    #[must_use]
    pub fn of(feeds: &Sources) -> Vec<Self> {
        feeds.all().iter().map(Self::of_one).collect()
    }

    fn of_one(source: &Source) -> Self {
        let agrees = match source.stance() {
            Stance::Follows => Some(true),
            Stance::Elsewhere(_) | Stance::Refused(_) => Some(false),
            _ => None,
        };
        let stance = source.stance().to_string();
        Self { feed: source.name().to_owned(), given: source.given(), agrees, stance }
    }
}

impl fmt::Display for Height {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { network, height, block, .. } = self;
        write!(to, "{network}, height {height}, ")?;
        match self.age {
            Some(age) => write!(to, "{}, block {block}", Ago(age)),
            None => write!(to, "of a time to come (this machine's clock is wrong), block {block}"),
        }
    }
}

impl fmt::Display for FeedReport {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}: {}; {} new headers", self.feed, self.stance, self.given)
    }
}

/// How long ago, in the largest unit of which there are two or more.
struct Ago(u64);

impl fmt::Display for Ago {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(86_400, "days"), (3_600, "hours"), (60, "minutes")];
        match units.into_iter().find(|(seconds, _)| self.0 / seconds >= 2) {
            Some((seconds, name)) => write!(to, "{} {name} old", self.0 / seconds),
            None => write!(to, "{} seconds old", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_said_in_the_largest_unit_of_which_there_are_two() {
        let said = [0, 119, 120, 7_199, 7_200, 172_799, 172_800].map(|age| Ago(age).to_string());
        let wanted = [
            "0 seconds old",
            "119 seconds old",
            "2 minutes old",
            "119 minutes old",
            "2 hours old",
            "47 hours old",
            "2 days old",
        ];
        assert_eq!(said, wanted);
    }

    #[test]
    fn a_chain_that_knows_its_checkpoint_only_says_how_old_that_is() {
        let network = BitcoinNetwork::Main;
        let chain = HeaderChain::new(network, network.checkpoint());
        let height = Height::of(&chain, 1_703_300_000).unwrap();
        assert_eq!((height.height, height.base), (822_528, 822_528));
        assert!(height.to_string().starts_with("main, height 822528, "), "{height}");
        // A clock that begins in 1970 again makes nothing young.
        let height = Height::of(&chain, 0).unwrap();
        assert_eq!(height.age, None);
        assert!(height.to_string().contains("this machine's clock is wrong"), "{height}");
    }
}
