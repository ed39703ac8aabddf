//! Headers that another device carried here: in a file, over a link, by hand.

use std::collections::BTreeMap;

use crate::error::FeedError;
use crate::feed::{Feed, Hash, MAX_HEADERS, RawHeader, hash_of, parent_of};

/// How many headers may be carried at once: more than three years of Bitcoin, 16 MB.
pub const MAX_CARRIED: usize = 200_000;

/// Headers that another device carried here.
#[derive(Debug)]
pub struct Carried {
    name: String,
    headers: Vec<RawHeader>,
    /// Where the header is that follows a block.
    after: BTreeMap<Hash, usize>,
}

impl Carried {
    /// Headers one after the other, 80 bytes each, as a device gives them to another.
    ///
    /// # Errors
    /// If there are too many, some bytes are left over, or one does not follow the one before it.
    pub fn from_bytes(name: impl Into<String>, bytes: &[u8]) -> Result<Self, FeedError> {
        let headers = bytes.chunks_exact(80);
        if headers.len() > MAX_CARRIED {
            return Err(FeedError::TooMany("headers"));
        }
        if !headers.remainder().is_empty() {
            return Err(FeedError::Malformed("list of headers"));
        }
        let headers: Vec<RawHeader> = headers.filter_map(|one| one.try_into().ok()).collect();
        let mut after = BTreeMap::new();
        let mut last = headers.first().map(parent_of);
        for (at, header) in headers.iter().enumerate() {
            let parent = parent_of(header);
            if last != Some(parent) {
                return Err(FeedError::Unconnected);
            }
            after.insert(parent, at);
            last = Some(hash_of(header));
        }
        Ok(Self { name: name.into(), headers, after })
    }
}

impl Feed for Carried {
    fn name(&self) -> &str {
        &self.name
    }

    fn headers(&mut self, locator: &[Hash]) -> Result<Vec<RawHeader>, FeedError> {
        let newest = self.headers.last().map(hash_of);
        for hash in locator {
            if newest.as_ref() == Some(hash) {
                return Ok(Vec::new());
            }
            if let Some(at) = self.after.get(hash) {
                let rest = self.headers.get(*at..).unwrap_or_default();
                return Ok(rest.iter().take(MAX_HEADERS).copied().collect());
            }
        }
        Err(FeedError::Unconnected)
    }

    fn block(&mut self, _hash: &Hash) -> Result<Vec<u8>, FeedError> {
        Err(FeedError::Missing("block"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(count: usize) -> Vec<u8> {
        let mut parent = [7; 32];
        let mut bytes = Vec::new();
        for salt in 0..count {
            let mut header = [u8::try_from(salt % 256).unwrap(); 80];
            header[4..36].copy_from_slice(&parent);
            parent = hash_of(&header);
            bytes.extend(header);
        }
        bytes
    }

    #[test]
    fn carried_headers_answer_like_any_feed() {
        let bytes = chain(2_100);
        let mut carried = Carried::from_bytes("ada", &bytes).unwrap();
        let first = carried.headers(&[[9; 32], [7; 32]]).unwrap();
        assert_eq!((first.len(), first.concat()), (MAX_HEADERS, bytes[..160_000].to_vec()));
        let rest = carried.headers(&[hash_of(&first[1_999]), [7; 32]]).unwrap();
        assert_eq!((rest.len(), parent_of(&rest[0])), (100, hash_of(&first[1_999])));
        assert!(carried.headers(&[hash_of(&rest[99])]).unwrap().is_empty());
        assert!(matches!(carried.headers(&[[9; 32]]), Err(FeedError::Unconnected)));
        assert!(matches!(carried.block(&[7; 32]), Err(FeedError::Missing(_))));
    }

    #[test]
    fn what_is_no_chain_of_headers_is_not_carried() {
        let bytes = chain(3);
        let parsed = |bytes: &[u8]| Carried::from_bytes("ada", bytes).err();
        assert!(matches!(parsed(&bytes[..239]), Some(FeedError::Malformed(_))));
        let torn = [&bytes[..80], &bytes[160..]].concat();
        assert!(matches!(parsed(&torn), Some(FeedError::Unconnected)));
        let many = vec![0; (MAX_CARRIED + 1) * 80];
        assert!(matches!(parsed(&many), Some(FeedError::TooMany(_))));
    }
}
