//! Compact filters: which belong to a chain of filter headers, what a filter matches, and which one lies.
//!
//! A filter is a small set that holds the scripts of a block's outputs, and of the outputs that it spends. Filter headers chain
//! their hashes, so who agrees on the last one agrees on all filters. Where two disagree, the block itself convicts
//! whose filter leaves out a script of its outputs. The scripts that a block spends are not in it, so a filter that leaves
//! out one of those only, or holds too much, may be no one's to convict: then both are looked at, which costs a
//! fetched block and hides nothing as long as one of the feeds is honest.

use std::collections::BTreeMap;

use bitcoin::bip158::{BlockFilter, Error};
use bitcoin::consensus::{Decodable, deserialize, encode::VarInt};
use bitcoin::hashes::{Hash as _, sha256d};
use bitcoin::{Block, BlockHash, Transaction, Txid};

use crate::feed::{Hash, MAX_FILTER};

/// The fewest bits that one member of a filter takes.
const MEMBER_BITS: u64 = 20;

/// A filter that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MalformedFilter;

impl std::fmt::Display for MalformedFilter {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("malformed filter")
    }
}

impl std::error::Error for MalformedFilter {}

/// What a block says about a filter that is said to be its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It is the filter of the block: the block spends nothing from before it, so the filter was computed.
    Right,
    /// It is not: it leaves out a script, or differs from the computed one.
    Wrong,
    /// It holds all scripts of the outputs; what the block spends cannot be seen in it.
    Possible,
}

/// The filter header after another one.
pub(crate) fn next_header(filter_hash: &Hash, before: &Hash) -> Hash {
    let mut both = [0; 64];
    both[..32].copy_from_slice(filter_hash);
    both[32..].copy_from_slice(before);
    sha256d::Hash::hash(&both).to_byte_array()
}

/// True if these filters lead from the first of the filter headers to the others, one by one.
pub fn filters_match(headers: &[Hash], filters: &[Vec<u8>]) -> bool {
    let leads = |(filter, two): (&Vec<u8>, &[Hash])| match two {
        [before, after] => {
            next_header(&sha256d::Hash::hash(filter).to_byte_array(), before) == *after
        }
        _ => false,
    };
    headers.len().checked_sub(1) == Some(filters.len())
        && filters.iter().zip(headers.windows(2)).all(leads)
}

/// True if the filter of a block may hold one of the scripts; false is certain if the filter is right.
///
/// # Errors
/// If it is no filter.
pub fn may_hold(filter: &[u8], block: &Hash, scripts: &[&[u8]]) -> Result<bool, MalformedFilter> {
    let filter = checked(filter)?;
    let answer = filter.match_any(&BlockHash::from_byte_array(*block), scripts.iter().copied());
    answer.map_err(|_| MalformedFilter)
}

/// What a block, as it is sent, says about a filter.
///
/// # Errors
/// If the block is none: it cannot be decoded, or its transactions are not those of its header. That says nothing about the filter.
pub fn judge_filter(filter: &[u8], block: &[u8]) -> Result<Finding, MalformedBlock> {
    let block: Block = deserialize(block).map_err(|_| MalformedBlock)?;
    if !block.check_merkle_root() {
        return Err(MalformedBlock);
    }
    let Ok(claimed) = checked(filter) else { return Ok(Finding::Wrong) };
    let made: BTreeMap<Txid, &Transaction> =
        block.txdata.iter().map(|made| (made.compute_txid(), made)).collect();
    let computed = BlockFilter::new_script_filter(&block, |spent| {
        let outputs = made.get(&spent.txid).map(|made| &made.output);
        let index = usize::try_from(spent.vout).unwrap_or(usize::MAX);
        let output = outputs.and_then(|outputs| outputs.get(index));
        output.map(|output| output.script_pubkey.as_script()).ok_or(Error::UtxoMissing(*spent))
    });
    if let Ok(computed) = computed {
        return Ok(if computed == claimed { Finding::Right } else { Finding::Wrong });
    }
    let outputs = block.txdata.iter().flat_map(|one| &one.output);
    let scripts = outputs
        .filter(|output| !output.script_pubkey.is_op_return() && !output.script_pubkey.is_empty())
        .map(|output| output.script_pubkey.as_bytes());
    let holds = claimed.match_all(&block.block_hash(), scripts).unwrap_or(false);
    Ok(if holds { Finding::Possible } else { Finding::Wrong })
}

/// A block that cannot be decoded, or whose transactions are not those of its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MalformedBlock;

impl std::fmt::Display for MalformedBlock {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("malformed block")
    }
}

impl std::error::Error for MalformedBlock {}

/// A filter that claims no more members than its bytes can hold: the reader would compute with any number.
fn checked(filter: &[u8]) -> Result<BlockFilter, MalformedFilter> {
    let mut rest = filter;
    let members = VarInt::consensus_decode(&mut rest).map_err(|_| MalformedFilter)?.0;
    let bits = u64::try_from(rest.len()).unwrap_or(u64::MAX).saturating_mul(8);
    if filter.len() > MAX_FILTER || members.saturating_mul(MEMBER_BITS) > bits {
        return Err(MalformedFilter);
    }
    Ok(BlockFilter::new(filter))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bitcoin::Network;
    use bitcoin::blockdata::constants::genesis_block;
    use bitcoin::consensus::serialize;

    fn first() -> (Block, Vec<u8>, Vec<u8>) {
        let block = genesis_block(Network::Regtest);
        let nothing =
            |spent: &bitcoin::OutPoint| Err::<bitcoin::ScriptBuf, _>(Error::UtxoMissing(*spent));
        let filter = BlockFilter::new_script_filter(&block, nothing).unwrap().content;
        let bytes = serialize(&block);
        (block, bytes, filter)
    }

    #[test]
    fn a_filter_holds_what_its_block_pays_and_a_changed_one_is_convicted() {
        let (block, bytes, filter) = first();
        let hash = block.block_hash().to_byte_array();
        let script = block.txdata[0].output[0].script_pubkey.as_bytes();
        assert_eq!(may_hold(&filter, &hash, &[script]), Ok(true));
        assert_eq!(may_hold(&filter, &hash, &[&[1, 2, 3]]), Ok(false));
        assert_eq!(judge_filter(&filter, &bytes), Ok(Finding::Right));
        assert_eq!(judge_filter(&[0], &bytes), Ok(Finding::Wrong));
        assert_eq!(judge_filter(&[], &bytes), Ok(Finding::Wrong));
    }

    #[test]
    fn a_filter_is_judged_by_a_block_of_its_own_transactions_only() {
        let (mut block, bytes, filter) = first();
        block.txdata[0].output.clear();
        assert_eq!(judge_filter(&filter, &serialize(&block)), Err(MalformedBlock));
        assert_eq!(judge_filter(&filter, &bytes[..100]), Err(MalformedBlock));
    }

    #[test]
    fn a_filter_of_more_members_than_bytes_is_none() {
        let (block, _, _) = first();
        let hash = block.block_hash().to_byte_array();
        let vast = [vec![0xff; 9], vec![1; 100]].concat();
        for bad in [vec![], vec![0xfd], vast, vec![200, 1, 2, 3], vec![0; MAX_FILTER + 1]] {
            assert_eq!(may_hold(&bad, &hash, &[&[1]]), Err(MalformedFilter));
        }
    }

    #[test]
    fn filters_lead_along_their_headers_and_others_do_not() {
        let filters = vec![vec![1], vec![2, 3]];
        let hash = |filter: &[u8]| sha256d::Hash::hash(filter).to_byte_array();
        let one = next_header(&hash(&[1]), &[9; 32]);
        let headers = [[9; 32], one, next_header(&hash(&[2, 3]), &one)];
        assert!(filters_match(&headers, &filters));
        assert!(!filters_match(&headers, &[vec![1], vec![2]]));
        assert!(!filters_match(&headers[..2], &filters));
        assert!(!filters_match(&[], &[]));
    }
}
