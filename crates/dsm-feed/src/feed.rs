//! What a feed is: somebody who may know headers, blocks and filters, and may lie about them.
//!
//! An answer has the right size and form, came in time and hangs together; a block and a filter are what their
//! hashes name. Whether headers are *true* is judged elsewhere, by work.

use std::time::Duration;

use bitcoin::hashes::{Hash as _, sha256d};

use crate::error::FeedError;

/// A hash in the order of bytes in which it is computed and stands in headers; texts of Bitcoin show it reversed.
pub type Hash = [u8; 32];

/// A header as it is hashed.
pub type RawHeader = [u8; 80];

/// How many headers, or hashes of filters, one answer has at most.
pub const MAX_HEADERS: usize = 2_000;

/// How many filters are asked for at once.
pub const MAX_FILTERS: usize = 100;

/// How many hashes a locator has at most.
pub const MAX_LOCATOR: usize = 101;

/// How many bytes a block has at most.
pub const MAX_BLOCK: usize = 4_000_000;

/// How many bytes a filter has at most: one of a block with as many outputs as one can have.
pub const MAX_FILTER: usize = 2_000_000;

/// How many bytes the filters of one answer have at most, together.
pub(crate) const MAX_FILTERS_TOGETHER: usize = 16_000_000;

/// How long a feed may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Until somebody answers at its address.
    pub connect: Duration,
    /// Until an answer is there as a whole.
    pub answer: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), answer: Duration::from_secs(60) }
    }
}

/// Somebody who may know headers and blocks.
pub trait Feed: Send {
    /// What people call it.
    fn name(&self) -> &str;

    /// At most [`MAX_HEADERS`] headers of the chain that it follows, in order: those after the first hash of the
    /// locator that is on this chain. None if it knows no more.
    ///
    /// The locator names at most [`MAX_LOCATOR`] blocks, newest first, ever sparser, and ends with one that every
    /// feed of the network knows.
    ///
    /// # Errors
    /// Why there is no such answer.
    fn headers(&mut self, locator: &[Hash]) -> Result<Vec<RawHeader>, FeedError>;

    /// The block of this hash, as it is sent: the header, how many transactions, the transactions. That its header
    /// has the hash is checked, nothing else.
    ///
    /// # Errors
    /// Why there is no such answer.
    fn block(&mut self, hash: &Hash) -> Result<Vec<u8>, FeedError>;

    /// The same feed, if it knows compact filters too.
    fn as_filter_feed(&mut self) -> Option<&mut dyn FilterFeed> {
        None
    }
}

/// A feed that knows compact filters too.
pub trait FilterFeed: Feed {
    /// The filter headers of consecutive blocks, at most [`MAX_HEADERS`], and before them that of the block below
    /// the first of them. The first block has this height.
    ///
    /// # Errors
    /// Why there is no such answer.
    fn filter_headers(&mut self, start: u32, blocks: &[Hash]) -> Result<Vec<Hash>, FeedError>;

    /// The filters of consecutive blocks, at most [`MAX_FILTERS`], the first of which has this height. Whether they
    /// are those of the filter headers is for the asker to check.
    ///
    /// # Errors
    /// Why there is no such answer.
    fn filters(&mut self, start: u32, blocks: &[Hash]) -> Result<Vec<Vec<u8>>, FeedError>;
}

/// The hash of a header.
pub fn hash_of(header: &RawHeader) -> Hash {
    sha256d::Hash::hash(header).to_byte_array()
}

/// The hash of the header before this one, as it says.
pub fn parent_of(header: &RawHeader) -> Hash {
    let mut parent = [0; 32];
    parent.copy_from_slice(&header[4..36]);
    parent
}

/// An answer whose first header follows one of the locator, and every other the one before it.
pub(crate) fn connected(
    locator: &[Hash],
    headers: Vec<RawHeader>,
) -> Result<Vec<RawHeader>, FeedError> {
    if headers.len() > MAX_HEADERS {
        return Err(FeedError::TooMany("headers"));
    }
    let Some(first) = headers.first() else { return Ok(headers) };
    let follows = headers.windows(2).all(|two| match two {
        [before, after] => parent_of(after) == hash_of(before),
        _ => true,
    });
    if follows && locator.contains(&parent_of(first)) {
        Ok(headers)
    } else {
        Err(FeedError::Unconnected)
    }
}

/// A block that begins with the header of this hash.
pub(crate) fn named(hash: &Hash, block: Vec<u8>) -> Result<Vec<u8>, FeedError> {
    let header = block.first_chunk().ok_or(FeedError::Malformed("block"))?;
    if hash_of(header) == *hash { Ok(block) } else { Err(FeedError::Other("block")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(parent: Hash, salt: u8) -> RawHeader {
        let mut header = [salt; 80];
        header[4..36].copy_from_slice(&parent);
        header
    }

    #[test]
    fn takes_headers_that_follow_the_locator_and_each_other_only() {
        let first = follow([7; 32], 1);
        let second = follow(hash_of(&first), 2);
        let good = vec![first, second];
        assert_eq!(connected(&[[9; 32], [7; 32]], good.clone()).unwrap(), good);
        assert_eq!(connected(&[[7; 32]], Vec::new()).unwrap(), Vec::<RawHeader>::new());
        assert!(matches!(connected(&[[9; 32]], good), Err(FeedError::Unconnected)));
        let torn = vec![first, follow([7; 32], 3)];
        assert!(matches!(connected(&[[7; 32]], torn), Err(FeedError::Unconnected)));
        let many = vec![first; MAX_HEADERS + 1];
        assert!(matches!(connected(&[[7; 32]], many), Err(FeedError::TooMany("headers"))));
    }

    #[test]
    fn takes_a_block_only_by_its_hash() {
        let block = [follow([7; 32], 1).as_slice(), &[1, 2, 3]].concat();
        let hash = hash_of(&follow([7; 32], 1));
        assert_eq!(named(&hash, block.clone()).unwrap(), block);
        assert!(matches!(named(&[0; 32], block), Err(FeedError::Other("block"))));
        assert!(matches!(named(&hash, vec![0; 79]), Err(FeedError::Malformed("block"))));
    }
}
