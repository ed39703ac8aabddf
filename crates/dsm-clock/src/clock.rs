//! A header chain with a file under it, that follows feeds.

use std::path::Path;
use std::time::Duration;

use dsm_feed::{Follower, Sources};
use dsm_headers::{ACCEPTED_AHEAD, BitcoinNetwork, Header, HeaderChain, Heights, Sighting};

use crate::file::{FileError, HeaderFile};
use crate::now::now;

/// How many blocks are kept: eight weeks, the depth of a reorganisation that is followed without beginning anew, four
/// times the depth that a height proof can have.
pub const KEPT: u32 = 8_064;

/// Why headers cannot be followed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClockError {
    /// The file cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// There are no headers, and nobody said of which network they should be.
    #[error("there are no headers yet; say of which network of Bitcoin")]
    NoNetwork,
}

/// How high Bitcoin's chain is, as far as one knows, and the headers that say so.
#[derive(Debug)]
pub struct Clock {
    file: HeaderFile,
    chain: HeaderChain,
}

impl Clock {
    /// Opens the headers of a file, or begins them at the checkpoint of a network.
    ///
    /// # Errors
    /// [`ClockError`].
    pub fn open(path: &Path, network: Option<BitcoinNetwork>) -> Result<Self, ClockError> {
        if path.exists() {
            let (file, chain) = HeaderFile::open(path)?;
            let found = chain.network();
            return match network.filter(|wanted| *wanted != found) {
                Some(wanted) => {
                    Err(FileError::Network { path: path.to_owned(), found, wanted }.into())
                }
                None => Ok(Self { file, chain }),
            };
        }
        let network = network.ok_or(ClockError::NoNetwork)?;
        let base = network.checkpoint();
        let file = HeaderFile::create(path, network, &base)?;
        Ok(Self { file, chain: HeaderChain::new(network, base) })
    }

    /// The chain.
    #[must_use]
    pub fn chain(&self) -> &HeaderChain {
        &self.chain
    }

    /// How many bytes the file takes.
    ///
    /// # Errors
    /// [`ClockError::File`].
    pub fn bytes(&self) -> Result<u64, ClockError> {
        Ok(self.file.bytes()?)
    }

    /// The headers from a height on, at most so many, those that are kept.
    ///
    /// # Errors
    /// [`ClockError::File`].
    pub fn headers(&self, from: u32, count: usize) -> Result<Vec<Header>, ClockError> {
        let heights = (from..=self.chain.tip().height).take(count);
        let found = heights.filter_map(|height| self.file.header(height).transpose());
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Asks feeds until each has shown its chain or the time is over; gives how many headers were new.
    ///
    /// Every answer is on the disk before the next one is looked at.
    ///
    /// # Errors
    /// [`ClockError::File`]; what was written before holds, and nothing more is written until the file is opened again.
    pub fn follow(&mut self, feeds: &mut Sources, time: Duration) -> Result<usize, ClockError> {
        let latest = u32::try_from(now().saturating_add(ACCEPTED_AHEAD)).unwrap_or(u32::MAX);
        let mut written = Ok(());
        let file = &mut self.file;
        let keep = |_: &HeaderChain, change: dsm_headers::Change| {
            // After a failure nothing more is written: the file ends where it failed.
            if written.is_ok() {
                written = file.apply(&change);
            }
        };
        let mut follower = Follower::new(self.chain.clone(), latest, keep);
        let new = feeds.round(&mut follower, time);
        let chain = follower.into_chain();
        written?;
        self.chain = chain;
        Ok(new)
    }

    /// Forgets headers that lie deeper than [`KEPT`] if there are twice as many.
    ///
    /// # Errors
    /// [`ClockError::File`].
    pub fn prune(self) -> Result<Self, ClockError> {
        let Self { file, chain } = self;
        let (tip, base) = (chain.tip().height, chain.base().height);
        if tip.saturating_sub(base) <= KEPT * 2 {
            return Ok(Self { file, chain });
        }
        let chain = chain.pruned(tip - KEPT);
        let file = file.pruned(&chain)?;
        Ok(Self { file, chain })
    }

    /// Begins at the checkpoint in a file beside, follows feeds there, and takes that chain if it has more work.
    ///
    /// If it has not, the feeds are asked once more, so that what they are said to follow is the chain that is kept.
    ///
    /// This is how one leaves a chain that a lying feed showed and that parts from the right one deeper than what is
    /// kept.
    ///
    /// # Errors
    /// [`ClockError::File`].
    pub fn anew(
        mut self,
        feeds: &mut Sources,
        time: Duration,
    ) -> Result<(Self, usize), ClockError> {
        let path = self.file.path().to_owned();
        let beside = path.with_extension("anew");
        let (network, base) = (self.chain.network(), self.chain.network().checkpoint());
        let file = HeaderFile::create_beside(&beside, network, &base)?;
        let mut other = Self { file, chain: HeaderChain::new(network, base) };
        let new = other.follow(feeds, time)?;
        if other.chain.tip().work <= self.chain.tip().work {
            drop(other);
            let _ = std::fs::remove_file(&beside);
            let new = self.follow(feeds, time)?;
            return Ok((self, new));
        }
        let Self { file, chain } = other;
        let file = file.replacing(&path)?;
        Ok((Self { file, chain }, new))
    }
}

impl Heights for Clock {
    fn sighting(&self) -> Option<Sighting> {
        self.chain.sighting()
    }
}

#[cfg(test)]
mod tests;
