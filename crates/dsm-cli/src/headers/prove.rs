//! Proofs of heights and of transactions: made with a block from a feed, checked with nothing.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use dsm_clock::{Clock, HeaderFile};
use dsm_crypto::text;
use dsm_encoding::{from_slice, to_vec};
use dsm_feed::Sources;
use dsm_headers::{
    BitcoinNetwork, Block, BlockHash, Containment, HeightGuard, HeightProof, Target, TxId,
};
use dsm_home::Home;
use dsm_report::network_name;
use serde_json::json;

use super::feeds::{Bitcoin, Feeds};
use super::{opened, write_new};
use crate::exit::Usage;
use crate::input::read_text;
use crate::output::Output;

/// The text form's prefix of a height proof.
const HEIGHT: &str = "dsmheight";
/// The text form's prefix of a transaction that a block contains.
const TRANSACTION: &str = "dsmtransaction";

/// What is to be proven.
#[derive(Debug, Args)]
pub(crate) struct Asked {
    /// A new file, or - for standard output.
    #[arg(value_name = "FILE")]
    to: PathBuf,
    /// How many blocks shall lie on the block.
    #[arg(long, default_value_t = 6)]
    depth: u32,
    /// That a block contains this transaction; else that its height was reached.
    #[arg(long, value_name = "TXID")]
    transaction: Option<TxId>,
    /// In which block [default: the newest that lies as deep as it shall].
    #[arg(long, value_name = "HASH")]
    block: Option<BlockHash>,
}

/// What a proof shall show.
#[derive(Debug, Args)]
pub(crate) struct Wanted {
    /// At least this height.
    #[arg(long, default_value_t = 0)]
    height: u32,
    /// So many blocks on the block.
    #[arg(long, default_value_t = 6)]
    depth: u32,
    /// The network of Bitcoin [default: that of the headers here, else main].
    #[arg(long, value_enum)]
    bitcoin: Option<Bitcoin>,
    /// The easiest target of its headers, compact, in hexadecimal [default: a quarter as hard as the newest block here, else
    /// as the checkpoint].
    #[arg(long, value_name = "BITS", value_parser = bits)]
    easiest: Option<u32>,
}

fn bits(text: &str) -> Result<u32, String> {
    let bits =
        u32::from_str_radix(text, 16).ok().filter(|bits| Target::from_compact(*bits).is_some());
    bits.ok_or_else(|| "a target in its compact form is wanted, as 1703e8b3".to_owned())
}

pub(super) fn prove(
    home: &Home,
    asked: &Asked,
    feeds: &Feeds,
    output: &mut Output,
) -> anyhow::Result<()> {
    if feeds.is_empty() {
        return Err(Usage("say who shall give the block: --core or --peer").into());
    }
    let (clock, mut sources) = opened(home, feeds)?;
    let (hash, height) = block(&clock, asked)?;
    let block = fetched(&mut sources, &hash)?;
    let (text, said) = match &asked.transaction {
        Some(transaction) => {
            let proof = block.prove(transaction)?;
            let contained = Containment { header: *block.header(), proof };
            let text = text::encode(TRANSACTION, &to_vec(&contained))?;
            (text, format!("the block at height {height} contains {transaction}"))
        }
        None => {
            let count = usize::try_from(asked.depth)?;
            let proof = block.prove_height(&clock.headers(height.saturating_add(1), count)?)?;
            (text::encode(HEIGHT, &to_vec(&proof))?, format!("Bitcoin reached height {height}"))
        }
    };
    let object =
        json!({ "height": height, "block": hash.to_string(), "depth": asked.depth, "proof": text });
    if asked.to.as_os_str() == "-" {
        output.say(&text, &object);
        return Ok(());
    }
    let shown = asked.to.display();
    write_new(&asked.to, format!("{text}\n").as_bytes())?;
    output.say(&format!("{shown} shows that {said}, {} deep", asked.depth), &object);
    Ok(())
}

/// The block that was named, or the newest that lies as deep as it shall.
fn block(clock: &Clock, asked: &Asked) -> anyhow::Result<(BlockHash, u32)> {
    let chain = clock.chain();
    let deep = chain.tip().height.checked_sub(asked.depth);
    let Some(hash) = asked.block else {
        let found = deep.and_then(|height| chain.hash_at(height).map(|hash| (hash, height)));
        return found
            .context("the headers here are not as deep as that; follow feeds, or ask for less");
    };
    match chain.depth(&hash) {
        Some((height, above)) if above >= asked.depth => Ok((hash, height)),
        Some((_, above)) => {
            bail!("only {above} blocks lie on {hash}; wait, or ask for less with --depth")
        }
        None => bail!("{hash} is no block of the headers here; see `dsm headers follow`"),
    }
}

fn fetched(sources: &mut Sources, hash: &BlockHash) -> anyhow::Result<Block> {
    Ok(sources.first_block(&hash.0, |bytes| Block::from_bytes(bytes).ok())?)
}

pub(super) fn check(
    home: &Home,
    file: &Path,
    wanted: &Wanted,
    output: &mut Output,
) -> anyhow::Result<()> {
    let shown = read_text(file)?;
    if shown.starts_with(HEIGHT) {
        let proof: HeightProof = from_slice(&text::decode(HEIGHT, &shown)?)?;
        return check_height(home, &proof, wanted, output);
    }
    if !shown.starts_with(TRANSACTION) {
        bail!("this is no proof of a height or a transaction; make one with `dsm headers prove`");
    }
    let Containment { header, proof } = from_slice(&text::decode(TRANSACTION, &shown)?)?;
    let chain = HeaderFile::read(&home.headers_path())?;
    let chain =
        chain.context("which blocks are Bitcoin's is not known here; see `dsm headers follow`")?;
    let network = network_name(chain.network());
    if wanted.bitcoin.is_some_and(|wanted| BitcoinNetwork::from(wanted) != chain.network()) {
        bail!("the headers here are of {network}; they say nothing about another network");
    }
    let included = proof.verify_on(&header, &chain, wanted.depth)?;
    let (height, above) = chain.depth(&included.block()).unwrap_or_default();
    if height < wanted.height {
        bail!("the transaction is in the block at height {height} already");
    }
    let said = format!(
        "the block of {network} at height {height} contains {}, the {}. of its transactions; {above} blocks lie on it",
        included.transaction(),
        included.index() + 1,
    );
    let object = json!({
        "transaction": included.transaction().to_string(), "index": included.index(),
        "block": included.block().to_string(), "height": height, "depth": above, "network": network,
    });
    output.say(&said, &object);
    Ok(())
}

fn check_height(
    home: &Home,
    proof: &HeightProof,
    wanted: &Wanted,
    output: &mut Output,
) -> anyhow::Result<()> {
    // A proof names no network: only the target says which one it may be of.
    let (network, easiest) = match wanted.easiest {
        Some(easiest) => (None, easiest),
        None => {
            let (network, easiest) = easiest(home, wanted.bitcoin.map(BitcoinNetwork::from))?;
            (Some(network_name(network)), easiest)
        }
    };
    let guard = HeightGuard { height: wanted.height, depth: wanted.depth, easiest };
    let buried = proof.verify(&guard)?;
    let work = Target::from_compact(easiest)
        .map(|target| target.work().times(guard.depth.saturating_add(1)));
    let work = work.map(|work| work.to_string()).unwrap_or_default();
    let said = format!(
        "{} reached height {}; to forge this takes {work} hashes, of {} blocks that earn no bitcoin",
        network.unwrap_or("a chain"),
        buried.height(),
        guard.depth.saturating_add(1),
    );
    let object = json!({
        "height": buried.height(), "block": buried.block().to_string(), "depth": guard.depth,
        "network": network, "easiest": format!("{easiest:08x}"), "hashes_to_forge": work,
    });
    output.say(&said, &object);
    Ok(())
}

/// Four times as easy as the newest block that is known here, and of which network that is.
fn easiest(home: &Home, wanted: Option<BitcoinNetwork>) -> anyhow::Result<(BitcoinNetwork, u32)> {
    let known = HeaderFile::read(&home.headers_path())?;
    let known = known.filter(|chain| wanted.is_none_or(|wanted| wanted == chain.network()));
    let (network, place) = match known {
        Some(chain) => (chain.network(), *chain.tip()),
        None => {
            let network = wanted.unwrap_or(BitcoinNetwork::Main);
            (network, network.checkpoint())
        }
    };
    let easier = Target::from_compact(place.bits).map(|target| target.easier(4).to_compact());
    Ok((network, easier.unwrap_or(place.bits)))
}

#[cfg(test)]
mod tests {
    use dsm_feed::{Feed, FeedError};
    use dsm_headers::sha256d;

    use super::*;

    /// Who gives these bytes for every block.
    struct Gives(Vec<u8>);

    impl Feed for Gives {
        fn name(&self) -> &str {
            "gives"
        }

        fn headers(&mut self, _: &[[u8; 32]]) -> Result<Vec<[u8; 80]>, FeedError> {
            Ok(Vec::new())
        }

        fn block(&mut self, _: &[u8; 32]) -> Result<Vec<u8>, FeedError> {
            Ok(self.0.clone())
        }
    }

    #[test]
    fn a_feed_with_other_transactions_under_the_right_header_does_not_stop_one_that_is_honest() {
        let input = [&[0; 32][..], &[0xff; 4], &[2, 1, 1], &[0xff; 4]].concat();
        let coinbase = [&[1, 0, 0, 0, 1][..], &input, &[1], &[1; 8], &[0], &[0; 4]].concat();
        let mut header = BitcoinNetwork::Regtest.genesis();
        header.merkle_root = sha256d(&coinbase);
        let honest = [&header.to_bytes()[..], &[1], &coinbase].concat();
        let mut lie = honest.clone();
        lie[85] ^= 1;
        let mut sources = Sources::default();
        assert!(sources.add(Box::new(Gives(lie))));
        assert!(fetched(&mut sources, &header.hash()).is_err());
        assert!(sources.add(Box::new(Gives(honest))));
        assert_eq!(fetched(&mut sources, &header.hash()).unwrap().hash(), header.hash());
    }
}
