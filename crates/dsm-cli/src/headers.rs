//! `dsm status` and `dsm headers`: how high Bitcoin's chain is, who says so, and proofs for those who do not know.

mod feeds;
mod prove;

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::Subcommand;
use dsm_clock::{Clock, HeaderFile, now};
use dsm_core::View;
use dsm_daemon::WalletReport;
use dsm_feed::Sources;
use dsm_headers::Header;
use dsm_home::Home;
use dsm_report::{FeedReport, Height, HeightReport, card_text};
use dsm_session::Ledger;
use serde_json::json;

use crate::exit::Usage;
use crate::output::Output;
use crate::served::{Daemon, seen};
pub(crate) use feeds::Feeds;
use prove::Asked;

/// How long feeds are asked.
const ROUND: Duration = Duration::from_secs(15 * 60);

/// What is done with headers.
#[derive(Debug, Subcommand)]
pub(crate) enum HeadersCommand {
    /// Ask feeds for headers and judge them; shows who disagrees. Begins at the checkpoint of the network.
    Follow {
        #[command(flatten)]
        feeds: Feeds,
        /// Begin at the checkpoint again, and take what has more work: after a feed showed a false chain for weeks.
        #[arg(long)]
        anew: bool,
    },
    /// Write the headers that are kept to a file, for a device without a network: `dsm headers follow --file FILE` there.
    Give {
        /// A new file.
        file: PathBuf,
        /// From this height on [default: all that are kept].
        #[arg(long, value_name = "HEIGHT")]
        from: Option<u32>,
    },
    /// Prove to anyone that Bitcoin reached a height, or that a block contains a transaction. A feed must give the block.
    Prove {
        #[command(flatten)]
        asked: Asked,
        #[command(flatten)]
        feeds: Feeds,
    },
    /// Check a proof of a height, with nothing else, or of a transaction, by the headers here.
    Check {
        /// The file, or - for standard input.
        file: PathBuf,
        #[command(flatten)]
        wanted: prove::Wanted,
    },
}

pub(crate) fn run(home: &Home, command: HeadersCommand, output: &mut Output) -> anyhow::Result<()> {
    match command {
        HeadersCommand::Follow { feeds, anew } => follow(home, &feeds, anew, output),
        HeadersCommand::Give { file, from } => give(home, &file, from, output),
        HeadersCommand::Prove { asked, feeds } => prove::prove(home, &asked, &feeds, output),
        HeadersCommand::Check { file, wanted } => prove::check(home, &file, &wanted, output),
    }
}

/// What is known of Bitcoin, of this process or of the daemon that follows it.
fn known(home: &Home) -> anyhow::Result<HeightReport> {
    if let Some(daemon) = Daemon::of(home) {
        return daemon.get("/v1/height");
    }
    let chain = HeaderFile::read(&home.headers_path())?;
    let bitcoin = chain.and_then(|chain| Height::of(&chain, now()));
    Ok(HeightReport { bitcoin, feeds: Vec::new() })
}

pub(crate) fn status(home: &Home, output: &mut Output) -> anyhow::Result<()> {
    let wallet = seen(home, "/v1/wallet", |books| {
        let card = card_text(&books.card())?;
        let (device, index) = (books.me().to_string(), books.own_log().at.index);
        Ok(WalletReport { device, index, card, old_copy: books.is_old_copy(), links: Vec::new() })
    })?;
    let HeightReport { bitcoin, feeds } = known(home)?;
    let mut lines =
        vec![format!("device   {}", wallet.device), format!("entries  {}", wallet.index)];
    if wallet.old_copy {
        lines.push("signs    no more: this is an old copy of the wallet".to_owned());
    }
    lines.extend(wallet.links.iter().map(|link| format!("waits    {link}")));
    lines.push(match &bitcoin {
        Some(height) => format!("bitcoin  {height}"),
        None => "bitcoin  height unknown; see `dsm headers follow`".to_owned(),
    });
    lines.extend(feeds.iter().map(|feed| format!("feed     {feed}")));
    let object = json!({
        "device": wallet.device, "index": wallet.index, "old_copy": wallet.old_copy,
        "links": wallet.links, "bitcoin": bitcoin, "feeds": feeds,
    });
    output.say(&lines.join("\n"), &object);
    Ok(())
}

/// The headers of a wallet and the feeds that were named.
pub(crate) fn opened(home: &Home, feeds: &Feeds) -> anyhow::Result<(Clock, Sources)> {
    let clock = Clock::open(&home.headers_path(), feeds.bitcoin.map(Into::into));
    let clock = clock.context("cannot follow headers; name the network with --bitcoin")?;
    let sources = feeds.sources(clock.chain().network())?;
    Ok((clock, sources))
}

fn follow(home: &Home, feeds: &Feeds, anew: bool, output: &mut Output) -> anyhow::Result<()> {
    if feeds.is_empty() {
        return Err(Usage("say whom to ask: --core, --peer or --file").into());
    }
    let (mut clock, mut sources) = opened(home, feeds)?;
    let work = output.work("asking");
    if anew {
        (clock, _) = clock.anew(&mut sources, ROUND)?;
    } else {
        clock.follow(&mut sources, ROUND)?;
    }
    drop(work);
    let clock = clock.prune()?;
    let report =
        HeightReport { bitcoin: Height::of(clock.chain(), now()), feeds: FeedReport::of(&sources) };
    let height = report.bitcoin.as_ref().map(ToString::to_string).unwrap_or_default();
    let mut lines = vec![format!("bitcoin  {height}")];
    lines.extend(report.feeds.iter().map(|feed| format!("feed     {feed}")));
    if sources.disagree() {
        lines.push("feeds disagree: the chain with the most work is followed".to_owned());
    }
    output.say(&lines.join("\n"), &report);
    match report.feeds.iter().any(|feed| feed.agrees == Some(true)) {
        true => Ok(()),
        false => Err(Unheard.into()),
    }
}

/// Writes a file where there is none: a slip of the pen overwrites nothing.
fn write_new(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let made = OpenOptions::new().write(true).create_new(true).open(file);
    let written = made.and_then(|mut made| made.write_all(bytes).and_then(|()| made.sync_all()));
    written.with_context(|| format!("cannot make {}; give a name that is free", file.display()))
}

/// No feed gave what the chain is followed by.
#[derive(Debug)]
pub(crate) struct Unheard;

impl std::fmt::Display for Unheard {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(
            "no feed agrees; ask others, or begin anew with --anew if none is believed to lie",
        )
    }
}

impl std::error::Error for Unheard {}

fn give(home: &Home, file: &Path, from: Option<u32>, output: &mut Output) -> anyhow::Result<()> {
    let clock = Clock::open(&home.headers_path(), None)?;
    let (base, tip) = (clock.chain().base().height, clock.chain().tip().height);
    let from = from.unwrap_or(0).max(base.saturating_add(1));
    let headers = clock.headers(from, usize::MAX)?;
    let bytes: Vec<u8> = headers.iter().flat_map(Header::to_bytes).collect();
    let shown = file.display();
    write_new(file, &bytes)?;
    let said = format!("{shown} has {} headers, up to height {tip}", headers.len());
    let object =
        json!({ "file": shown.to_string(), "headers": headers.len(), "from": from, "height": tip });
    output.say(&said, &object);
    Ok(())
}
