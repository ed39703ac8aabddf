//! Filters from several feeds: where they differ, the block says who lies, or both are looked at.

use std::fmt;

use crate::error::FeedError;
use crate::feed::Hash;
use crate::filter::{Finding, filters_match, judge_filter, may_hold};
use crate::sources::{NoBlock, Sources};

/// The filters that feeds gave for consecutive blocks: for each block those of which one is right, if one of the feeds
/// is honest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gathered {
    blocks: Vec<(Hash, Vec<Vec<u8>>)>,
    header: Hash,
}

impl Gathered {
    /// True if the block at this place, from 0, may hold one of the scripts: it is worth to be fetched. So is one whose
    /// filter cannot be read.
    pub fn may_hold(&self, at: usize, scripts: &[&[u8]]) -> bool {
        let Some((block, filters)) = self.blocks.get(at) else { return true };
        filters.iter().any(|filter| may_hold(filter, block, scripts).unwrap_or(true))
    }

    /// True if feeds that could not be convicted gave different filters for a block.
    pub fn is_disputed(&self) -> bool {
        self.blocks.iter().any(|(_, filters)| filters.len() > 1)
    }

    /// The filter header of the last block, as the first feed that was not convicted says.
    pub fn header(&self) -> Hash {
        self.header
    }
}

/// Why there are no filters.
#[derive(Debug)]
#[non_exhaustive]
pub enum GatherError {
    /// No feed gave filters: each by its name, and why not.
    Nobody(Vec<(String, FeedError)>),
    /// Feeds differ, and nobody gave the block that says who is right.
    NoBlock(NoBlock),
}

impl fmt::Display for GatherError {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody(each) => {
                to.write_str("nobody gave filters")?;
                each.iter().try_for_each(|(name, why)| write!(to, "; {name}: {why}"))
            }
            Self::NoBlock(why) => why.fmt(to),
        }
    }
}

impl std::error::Error for GatherError {}

/// What one feed gave, or several that agree.
struct Version {
    feeds: Vec<usize>,
    headers: Vec<Hash>,
    filters: Vec<Vec<u8>>,
}

impl Sources {
    /// The filters of at most [`MAX_FILTERS`](crate::MAX_FILTERS) consecutive blocks, the first of which has this height.
    ///
    /// Every feed that has filters is asked for the filter headers, one feed of each opinion for the filters. `before`
    /// is the filter header below the first block, if it is known: who begins elsewhere is passed over. Who gave a filter
    /// that the block convicts stands as refused.
    ///
    /// # Errors
    /// If nobody gave filters, or a block is needed that nobody gave.
    pub fn filters(
        &mut self,
        before: Option<&Hash>,
        start: u32,
        blocks: &[Hash],
    ) -> Result<Gathered, GatherError> {
        let mut failures = Vec::new();
        let mut versions: Vec<Version> = Vec::new();
        for at in 0..self.all().len() {
            match self.version(at, before, start, blocks, &versions) {
                Ok(Opinion::Of(old)) => {
                    if let Some(version) = versions.get_mut(old) {
                        version.feeds.push(at);
                    }
                }
                Ok(Opinion::Own(version)) => versions.push(version),
                Err((name, why)) => failures.push((name, why)),
            }
        }
        for (at, block) in blocks.iter().enumerate() {
            if differ(&versions, at) {
                let convicted = self.settle(&mut versions, at, block)?;
                failures
                    .extend(convicted.into_iter().map(|name| (name, FeedError::Other("filter"))));
            }
        }
        let Some(header) = versions.first().and_then(|version| version.headers.last()) else {
            return Err(GatherError::Nobody(failures));
        };
        let mut gathered = Gathered { blocks: Vec::new(), header: *header };
        for (at, block) in blocks.iter().enumerate() {
            let mut filters: Vec<Vec<u8>> =
                versions.iter().filter_map(|version| version.filters.get(at)).cloned().collect();
            filters.sort();
            filters.dedup();
            gathered.blocks.push((*block, filters));
        }
        Ok(gathered)
    }

    /// What one feed gives; its filters are not fetched if others gave them already.
    fn version(
        &mut self,
        at: usize,
        before: Option<&Hash>,
        start: u32,
        blocks: &[Hash],
        others: &[Version],
    ) -> Result<Opinion, (String, FeedError)> {
        let none = || (String::new(), FeedError::NotServed("filters"));
        let source = self.each().get_mut(at).ok_or_else(none)?;
        let name = source.name().to_owned();
        let named = |why| (name.clone(), why);
        let lacks = || named(FeedError::NotServed("filters"));
        let feed = source.feed().as_filter_feed().ok_or_else(lacks)?;
        let headers = feed.filter_headers(start, blocks).map_err(named)?;
        if before.is_some_and(|before| headers.first() != Some(before)) {
            return Err(named(FeedError::Other("filter header to begin with")));
        }
        if let Some(old) = others.iter().position(|other| other.headers == headers) {
            return Ok(Opinion::Of(old));
        }
        let filters = feed.filters(start, blocks).map_err(named)?;
        if !filters_match(&headers, &filters) {
            return Err(named(FeedError::Other("filter")));
        }
        Ok(Opinion::Own(Version { feeds: vec![at], headers, filters }))
    }

    /// Lets the block at a place say whose filter is wrong, and drops those; gives the names of their feeds.
    fn settle(
        &mut self,
        versions: &mut Vec<Version>,
        at: usize,
        block: &Hash,
    ) -> Result<Vec<String>, GatherError> {
        let found = self.first_block(block, |bytes| {
            let judge = |version: &Version| match version.filters.get(at) {
                Some(filter) => judge_filter(filter, bytes),
                None => Ok(Finding::Wrong),
            };
            versions.iter().map(judge).collect::<Result<Vec<_>, _>>().ok()
        });
        let findings = found.map_err(GatherError::NoBlock)?;
        let right = findings.contains(&Finding::Right);
        let mut convicted = Vec::new();
        for (version, found) in std::mem::take(versions).into_iter().zip(findings) {
            if found == Finding::Right || (found == Finding::Possible && !right) {
                versions.push(version);
                continue;
            }
            for feed in version.feeds {
                if let Some(source) = self.each().get_mut(feed) {
                    source.convict("a filter that is not that of its block".to_owned());
                    convicted.push(source.name().to_owned());
                }
            }
        }
        Ok(convicted)
    }
}

/// Whether a feed says something new.
enum Opinion {
    /// What another one says too.
    Of(usize),
    /// Something of its own.
    Own(Version),
}

fn differ(versions: &[Version], at: usize) -> bool {
    versions.windows(2).any(|two| match two {
        [one, other] => one.filters.get(at) != other.filters.get(at),
        _ => false,
    })
}
