//! Proofs of heights and of transactions: made with a block from a feed, checked with nothing.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use dsm_clock::{Clock, HeaderFile};
use dsm_crypto::text;
use dsm_encoding::{from_slice, record, to_vec};
use dsm_feed::Sources;
use dsm_headers::{
    BitcoinNetwork, Block, BlockHash, Header, HeightGuard, HeightProof, Target, TransactionProof,
    TxId,
};
use dsm_home::Home;
use serde_json::json;

use super::feeds::{Bitcoin, Feeds};
use super::opened;
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

/// A transaction, and the header of the block that contains it.
struct Contained {
    header: Header,
    proof: TransactionProof,
}
record! { Contained { header, proof } }

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
            let contained = Contained { header: *block.header(), proof };
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
    std::fs::write(&asked.to, format!("{text}\n"))
        .with_context(|| format!("cannot write {shown}; name another file"))?;
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
    Ok(Block::from_bytes(&sources.block(&hash.0)?)?)
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
    let Contained { header, proof } = from_slice(&text::decode(TRANSACTION, &shown)?)?;
    let chain = HeaderFile::read(&home.headers_path())?;
    let chain =
        chain.context("which blocks are Bitcoin's is not known here; see `dsm headers follow`")?;
    let included = proof.verify_on(&header, &chain, wanted.depth)?;
    let (height, above) = chain.depth(&included.block()).unwrap_or_default();
    let said = format!(
        "the block at height {height} contains {}, the {}. of its transactions; {above} blocks lie on it",
        included.transaction(),
        included.index() + 1,
    );
    let object = json!({
        "transaction": included.transaction().to_string(), "index": included.index(),
        "block": included.block().to_string(), "height": height, "depth": above,
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
    let easiest = match wanted.easiest {
        Some(easiest) => easiest,
        None => easiest(home, wanted.bitcoin.map(BitcoinNetwork::from))?,
    };
    let guard = HeightGuard { height: wanted.height, depth: wanted.depth, easiest };
    let buried = proof.verify(&guard)?;
    let work = Target::from_compact(easiest)
        .map(|target| target.work().times(guard.depth.saturating_add(1)));
    let work = work.map(|work| work.to_string()).unwrap_or_default();
    let said = format!(
        "Bitcoin reached height {}; to forge this takes {work} hashes, of {} blocks that earn nothing",
        buried.height(),
        guard.depth.saturating_add(1),
    );
    let object = json!({
        "height": buried.height(), "block": buried.block().to_string(), "depth": guard.depth,
        "easiest": format!("{easiest:08x}"), "hashes_to_forge": work,
    });
    output.say(&said, &object);
    Ok(())
}

/// Four times as easy as the newest block that is known here.
fn easiest(home: &Home, wanted: Option<BitcoinNetwork>) -> anyhow::Result<u32> {
    let known = HeaderFile::read(&home.headers_path())?;
    let known = known.filter(|chain| wanted.is_none_or(|wanted| wanted == chain.network()));
    let place = match known {
        Some(chain) => *chain.tip(),
        None => wanted.unwrap_or(BitcoinNetwork::Main).checkpoint(),
    };
    Ok(Target::from_compact(place.bits).map_or(place.bits, |target| target.easier(4).to_compact()))
}
