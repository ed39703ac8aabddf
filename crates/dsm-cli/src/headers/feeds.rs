//! Who is asked for headers, as a person writes it.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, ValueEnum};
use dsm_feed::{Access, Carried, Core, Feed, MAX_CARRIED, Magic, Patience, Peer, Sources};
use dsm_headers::BitcoinNetwork;

use crate::exit::Usage;
use crate::input;

/// A network of Bitcoin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Bitcoin {
    /// The one whose coins have a price.
    Main,
    /// For trials: anybody mines.
    Testnet4,
    /// For trials: blocks are signed.
    Signet,
    /// Of one machine.
    Regtest,
}

impl From<Bitcoin> for BitcoinNetwork {
    fn from(name: Bitcoin) -> Self {
        match name {
            Bitcoin::Main => Self::Main,
            Bitcoin::Testnet4 => Self::Testnet4,
            Bitcoin::Signet => Self::Signet,
            Bitcoin::Regtest => Self::Regtest,
        }
    }
}

/// Who is asked. None is believed; who lies costs time.
#[derive(Clone, Debug, Args)]
pub(crate) struct Feeds {
    /// The network of Bitcoin; needed once.
    #[arg(long, value_enum)]
    pub(crate) bitcoin: Option<Bitcoin>,
    /// A Bitcoin Core, as http://127.0.0.1:8332.
    #[arg(long, value_name = "URL", requires = "cookie")]
    core: Option<String>,
    /// Its file .cookie, or one that holds NAME:PASSWORD.
    #[arg(long, value_name = "FILE", requires = "core")]
    cookie: Option<PathBuf>,
    /// A node of the Bitcoin network, as HOST:PORT; as often as there are nodes.
    #[arg(long, value_name = "HOST:PORT")]
    peer: Vec<String>,
    /// Headers that another device gave; as often as there are files.
    #[arg(long, value_name = "FILE")]
    file: Vec<PathBuf>,
    /// The challenge of a signet of one's own, in hexadecimal.
    #[arg(long, value_name = "HEX", value_parser = challenge)]
    challenge: Option<Challenge>,
}

/// A script.
#[derive(Clone, Debug)]
struct Challenge(Vec<u8>);

fn challenge(text: &str) -> Result<Challenge, String> {
    let wrong = || "an even number of hexadecimal digits is wanted".to_owned();
    let digits: Vec<u32> =
        text.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>().ok_or_else(wrong)?;
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(wrong());
    }
    let bytes = pairs.iter().map(|[high, low]| u8::try_from(high * 16 + low).map_err(|_| wrong()));
    bytes.collect::<Result<_, _>>().map(Challenge)
}

impl Feeds {
    /// The feeds that were named; of a network, whose peers speak their own way.
    pub(crate) fn sources(&self, network: BitcoinNetwork) -> anyhow::Result<Sources> {
        let mut feeds: Vec<Box<dyn Feed>> = Vec::new();
        if let (Some(url), Some(cookie)) = (&self.core, &self.cookie) {
            feeds.push(Box::new(Core::new(
                url,
                Access::Cookie(cookie.clone()),
                Patience::default(),
            )));
        }
        let magic = self.magic(network)?;
        for name in &self.peer {
            feeds.push(Box::new(Peer::new(resolved(name)?, magic, Patience::default())));
        }
        for path in &self.file {
            let name = path.display().to_string();
            let bytes = input::bytes(path, MAX_CARRIED * 80)?;
            feeds.push(Box::new(Carried::from_bytes(name.clone(), &bytes).context(name)?));
        }
        let mut sources = Sources::default();
        for feed in feeds {
            if !sources.add(feed) {
                return Err(Usage("too many feeds; name 16 at most").into());
            }
        }
        Ok(sources)
    }

    /// Whether anybody was named.
    pub(crate) fn is_empty(&self) -> bool {
        self.core.is_none() && self.peer.is_empty() && self.file.is_empty()
    }

    fn magic(&self, network: BitcoinNetwork) -> Result<Magic, Usage> {
        match (network, &self.challenge) {
            (BitcoinNetwork::Signet, Some(Challenge(script))) => Ok(Magic::of_challenge(script)),
            (_, Some(_)) => Err(Usage("--challenge goes with --bitcoin signet")),
            (BitcoinNetwork::Main, None) => Ok(Magic::MAIN),
            (BitcoinNetwork::Testnet4, None) => Ok(Magic::TESTNET4),
            (BitcoinNetwork::Signet, None) => Ok(Magic::SIGNET),
            (BitcoinNetwork::Regtest, None) => Ok(Magic::REGTEST),
        }
    }
}

fn resolved(name: &str) -> anyhow::Result<SocketAddr> {
    let mut found =
        name.to_socket_addrs().with_context(|| format!("{name}: no address; write HOST:PORT"))?;
    found.next().with_context(|| format!("{name}: no address"))
}
