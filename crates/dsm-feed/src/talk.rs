//! A conversation with one peer over a line: who we are, questions, answers.
//!
//! It asks and never serves; what a peer asks is passed over, except for a ping. It says nothing about its user: no name, no
//! clock, no height, no wish for transactions.

use std::net::{Ipv4Addr, SocketAddr};

use bitcoin::BlockHash;
use bitcoin::consensus::encode::VarInt;
use bitcoin::consensus::{Decodable, deserialize, serialize};
use bitcoin::hashes::Hash as _;
use bitcoin::p2p::message_blockdata::{GetHeadersMessage, Inventory};
use bitcoin::p2p::message_filter::{CFHeaders, CFilter, GetCFHeaders, GetCFilters};
use bitcoin::p2p::message_network::VersionMessage;
use bitcoin::p2p::{Address, ServiceFlags};

use crate::error::FeedError;
use crate::feed::{
    Hash, MAX_BLOCK, MAX_FILTER, MAX_FILTERS, MAX_FILTERS_TOGETHER, MAX_HEADERS, MAX_LOCATOR,
    Patience, RawHeader, connected, named,
};
use crate::filter::next_header;
use crate::network::Magic;
use crate::wire::{Awaited, Budget, Line, Wire};

/// What we speak; nodes since 2019 do.
const VERSION: u32 = 70_016;
/// The oldest that still answers what we ask.
const MIN_VERSION: u32 = 70_001;
/// The one kind of filters that there is.
const BASIC: u8 = 0;

/// A header and how many transactions follow: none.
const HEADER: usize = 81;
/// The longest answers of honest peers.
const HEADERS: Awaited = ("headers", 3 + MAX_HEADERS * HEADER);
const BLOCK: Awaited = ("block", MAX_BLOCK);
const FILTER: Awaited = ("cfilter", 1 + 32 + 5 + MAX_FILTER);
const FILTER_HEADERS: Awaited = ("cfheaders", 1 + 32 + 32 + 3 + MAX_HEADERS * 32);
const NOT_FOUND: Awaited = ("notfound", 9 + 36);
const HELLO: Awaited = ("version", 1_024);
const HELLO_TOO: Awaited = ("verack", 0);

/// A conversation with one peer.
#[derive(Debug)]
pub struct Talk<L> {
    wire: Wire<L>,
    patience: Patience,
    services: ServiceFlags,
    height: u32,
}

impl<L: Line> Talk<L> {
    /// Introduces both sides to each other.
    ///
    /// # Errors
    /// If the other is no peer of this network, or is not polite.
    pub fn open(line: L, magic: Magic, patience: Patience) -> Result<Self, FeedError> {
        let mut wire = Wire::new(line, magic);
        let mut budget = Budget::new(patience.answer);
        wire.send("version", &serialize(&introduction()), &budget)?;
        let theirs = wire.await_one(&[HELLO], &mut budget)?.payload;
        // Newer versions may say more.
        let theirs = VersionMessage::consensus_decode(&mut theirs.as_slice());
        let theirs = theirs.map_err(|_| FeedError::Malformed("version"))?;
        if theirs.version < MIN_VERSION {
            return Err(FeedError::NotServed("headers"));
        }
        wire.send("verack", &[], &budget)?;
        wire.await_one(&[HELLO_TOO], &mut budget)?;
        let height = u32::try_from(theirs.start_height).unwrap_or(0);
        Ok(Self { wire, patience, services: theirs.services, height })
    }

    /// The height that the peer claimed when it introduced itself.
    pub fn claimed_height(&self) -> u32 {
        self.height
    }

    /// As of [`Feed::headers`](crate::Feed::headers).
    ///
    /// # Errors
    /// Why there is no such answer.
    pub fn headers(&mut self, locator: &[Hash]) -> Result<Vec<RawHeader>, FeedError> {
        let locator = locator.get(..MAX_LOCATOR).unwrap_or(locator);
        let question = GetHeadersMessage {
            version: VERSION,
            locator_hashes: locator.iter().map(|hash| BlockHash::from_byte_array(*hash)).collect(),
            stop_hash: BlockHash::all_zeros(),
        };
        let mut budget = Budget::new(self.patience.answer);
        self.wire.send("getheaders", &serialize(&question), &budget)?;
        let answer = self.wire.await_one(&[HEADERS], &mut budget)?;
        connected(locator, headers(&answer.payload)?)
    }

    /// As of [`Feed::block`](crate::Feed::block).
    ///
    /// # Errors
    /// Why there is no such answer.
    pub fn block(&mut self, hash: &Hash) -> Result<Vec<u8>, FeedError> {
        let question = vec![Inventory::WitnessBlock(BlockHash::from_byte_array(*hash))];
        let mut budget = Budget::new(self.patience.answer);
        self.wire.send("getdata", &serialize(&question), &budget)?;
        let answer = self.wire.await_one(&[BLOCK, NOT_FOUND], &mut budget)?;
        if answer.command == NOT_FOUND.0 {
            return Err(FeedError::Missing("block"));
        }
        named(hash, answer.payload)
    }

    /// As of [`FilterFeed::filter_headers`](crate::FilterFeed::filter_headers).
    ///
    /// # Errors
    /// Why there is no such answer.
    pub fn filter_headers(&mut self, start: u32, blocks: &[Hash]) -> Result<Vec<Hash>, FeedError> {
        let Some(stop) = self.filters_until(blocks, MAX_HEADERS)? else { return Ok(Vec::new()) };
        let question = GetCFHeaders { filter_type: BASIC, start_height: start, stop_hash: stop };
        let mut budget = Budget::new(self.patience.answer);
        self.wire.send("getcfheaders", &serialize(&question), &budget)?;
        let answer = self.wire.await_one(&[FILTER_HEADERS], &mut budget)?;
        let answer: CFHeaders = deserialize(&answer.payload)
            .map_err(|_| FeedError::Malformed("message of filter headers"))?;
        let asked = answer.filter_type == BASIC && answer.stop_hash == stop;
        if !asked || answer.filter_hashes.len() != blocks.len() {
            return Err(FeedError::Other("run of filter headers"));
        }
        let mut header = answer.previous_filter_header.to_byte_array();
        let mut chain = vec![header];
        for hash in answer.filter_hashes {
            header = next_header(&hash.to_byte_array(), &header);
            chain.push(header);
        }
        Ok(chain)
    }

    /// As of [`FilterFeed::filters`](crate::FilterFeed::filters).
    ///
    /// # Errors
    /// Why there is no such answer.
    pub fn filters(&mut self, start: u32, blocks: &[Hash]) -> Result<Vec<Vec<u8>>, FeedError> {
        let Some(stop) = self.filters_until(blocks, MAX_FILTERS)? else { return Ok(Vec::new()) };
        let question = GetCFilters { filter_type: BASIC, start_height: start, stop_hash: stop };
        let mut budget = Budget::new(self.patience.answer);
        self.wire.send("getcfilters", &serialize(&question), &budget)?;
        let (mut filters, mut held) = (Vec::with_capacity(blocks.len()), 0_usize);
        for block in blocks {
            let answer = self.wire.await_one(&[FILTER], &mut budget)?;
            let answer: CFilter = deserialize(&answer.payload)
                .map_err(|_| FeedError::Malformed("message of a filter"))?;
            if answer.filter_type != BASIC || answer.block_hash.to_byte_array() != *block {
                return Err(FeedError::Other("filter"));
            }
            held = held.saturating_add(answer.filter.len());
            if held > MAX_FILTERS_TOGETHER {
                return Err(FeedError::TooMany("bytes of filters"));
            }
            filters.push(answer.filter);
        }
        Ok(filters)
    }

    /// The last block of a question for filters; none if there is nothing to ask.
    fn filters_until(&self, blocks: &[Hash], most: usize) -> Result<Option<BlockHash>, FeedError> {
        if !self.services.has(ServiceFlags::COMPACT_FILTERS) {
            return Err(FeedError::NotServed("filters"));
        }
        if blocks.len() > most {
            return Err(FeedError::TooMany("blocks asked for"));
        }
        Ok(blocks.last().map(|hash| BlockHash::from_byte_array(*hash)))
    }
}

/// The same words of everybody who uses this.
fn introduction() -> VersionMessage {
    let nowhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    let address = Address::new(&nowhere, ServiceFlags::NONE);
    let nobody = ServiceFlags::NONE;
    let mut words = VersionMessage::new(nobody, 0, address.clone(), address, 0, String::new(), 0);
    words.version = VERSION;
    words
}

/// What a `headers` message holds: how many, and for each 80 bytes and a zero.
fn headers(payload: &[u8]) -> Result<Vec<RawHeader>, FeedError> {
    let malformed = || FeedError::Malformed("message of headers");
    let mut rest = payload;
    let count = VarInt::consensus_decode(&mut rest).map_err(|_| malformed())?.0;
    if count > MAX_HEADERS as u64 {
        return Err(FeedError::TooMany("headers"));
    }
    let items = rest.chunks_exact(HEADER);
    if !items.remainder().is_empty() || items.len() as u64 != count {
        return Err(malformed());
    }
    items
        .map(|item| match item.split_last_chunk::<1>() {
            Some((header, [0])) => header.try_into().map_err(|_| malformed()),
            _ => Err(malformed()),
        })
        .collect()
}
