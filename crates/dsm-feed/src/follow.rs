//! The chain of `dsm-headers` as the judge of what feeds give.

use dsm_headers::{BadHeader, BlockHash, Change, Header, HeaderChain};

use crate::feed::{Hash, RawHeader};
use crate::sources::Judge;

/// A chain that follows what feeds give, as far as it breaks no rule.
///
/// Each change of the chain is shown to `keep` before the next headers are looked at, so that whoever stores headers holds one
/// answer of one feed at most.
#[derive(Debug)]
pub struct Follower<F> {
    chain: HeaderChain,
    latest: u32,
    keep: F,
}

impl<F: FnMut(&HeaderChain, Change)> Follower<F> {
    /// Follows from a chain on. `latest` is the latest time of a block that is taken: two hours from now.
    pub fn new(chain: HeaderChain, latest: u32, keep: F) -> Self {
        Self { chain, latest, keep }
    }

    /// The chain as it is now.
    pub fn chain(&self) -> &HeaderChain {
        &self.chain
    }

    /// Gives the chain back.
    pub fn into_chain(self) -> HeaderChain {
        self.chain
    }
}

impl<F: FnMut(&HeaderChain, Change)> Judge for Follower<F> {
    type Reject = BadHeader;

    fn locator(&self) -> Vec<Hash> {
        self.chain.locator().into_iter().map(|hash| hash.0).collect()
    }

    fn judge(&mut self, headers: &[RawHeader]) -> Result<usize, BadHeader> {
        let headers: Vec<Header> = headers.iter().map(Header::from_bytes).collect();
        // A refusal leaves the chain as it was: copies share what they remember.
        let (chain, change) = self.chain.clone().step(&headers, self.latest)?;
        self.chain = chain;
        let new = change.added.len();
        if new > 0 {
            (self.keep)(&self.chain, change);
        }
        Ok(new)
    }

    fn is_on_chain(&self, hash: &Hash) -> bool {
        self.chain.height_of(&BlockHash(*hash)).is_some()
    }
}
