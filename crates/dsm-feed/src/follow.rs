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

    fn take(&mut self, headers: &[Header]) -> Result<usize, BadHeader> {
        // A refusal leaves the chain as it was: copies share what they remember.
        let (chain, change) = self.chain.clone().step(headers, self.latest)?;
        self.chain = chain;
        let new = change.added.len();
        if new > 0 {
            (self.keep)(&self.chain, change);
        }
        Ok(new)
    }
}

impl<F: FnMut(&HeaderChain, Change)> Judge for Follower<F> {
    type Reject = BadHeader;

    fn locator(&self) -> Vec<Hash> {
        self.chain.locator().into_iter().map(|hash| hash.0).collect()
    }

    fn judge(&mut self, headers: &[RawHeader]) -> Result<usize, BadHeader> {
        let headers: Vec<Header> = headers.iter().map(Header::from_bytes).collect();
        self.take(&headers).inspect_err(|bad| {
            // Those before it are good: a clock that is late by a day costs a day, not all that came with it.
            let _ = self.take(headers.get(..bad.at).unwrap_or_default());
        })
    }

    fn is_on_chain(&self, hash: &Hash) -> bool {
        self.chain.height_of(&BlockHash(*hash)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use dsm_headers::{BitcoinNetwork, HeaderReject, Target};

    use super::*;

    #[test]
    fn what_comes_before_a_header_of_a_time_to_come_is_followed() {
        let base = BitcoinNetwork::Regtest.checkpoint();
        let (mut previous, mut mined) = (base.hash, Vec::new());
        for number in 1..=3 {
            let (merkle_root, time) = ([0; 32], base.time() + number * 600);
            let mut header =
                Header { version: 4, previous, merkle_root, time, bits: base.bits, nonce: 0 };
            while !Target::from_compact(base.bits).unwrap().is_met_by(&header.hash()) {
                header.nonce += 1;
            }
            previous = header.hash();
            mined.push(header.to_bytes());
        }
        let chain = HeaderChain::new(BitcoinNetwork::Regtest, base);
        let mut kept = Vec::new();
        let keep = |_: &HeaderChain, change: Change| kept.extend(change.added);
        let mut follower = Follower::new(chain, base.time() + 1_200, keep);
        let bad = BadHeader { at: 2, reject: HeaderReject::Ahead };
        assert_eq!(follower.judge(&mined), Err(bad));
        assert_eq!(follower.into_chain().tip().height, 2);
        assert_eq!(kept.len(), 2);
    }
}
