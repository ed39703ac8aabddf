//! One node: its process, its directory, and what it is told by JSON-RPC.

use std::fmt;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::clock::Stopwatch;

/// Where the build of `cargo xtask bitcoind` lies, from the target directory.
const BUILT: &str = "bitcoind/0.4.1/bitcoind";
/// How long anything may take that a node does by itself.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long one call may take: many blocks are mined in one.
const CALL: Duration = Duration::from_secs(120);
const STEP: Duration = Duration::from_millis(50);
/// How often other ports are tried: another program may take those just found.
const TRIES: usize = 5;

/// No discovery, no filters for free, little memory.
const OPTIONS: &[&str] = &[
    "-regtest",
    "-server",
    "-listen",
    "-listenonion=0",
    "-dnsseed=0",
    "-fixedseeds=0",
    "-discover=0",
    "-natpmp=0",
    "-blockfilterindex=1",
    "-peerblockfilters=1",
    "-dbcache=8",
    "-maxmempool=5",
    "-printtoconsole=0",
];

/// What went wrong with a node, in words for the reader of a test.
#[derive(Debug)]
pub struct NodeError(String);

impl fmt::Display for NodeError {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.0)
    }
}

impl std::error::Error for NodeError {}

fn wrong(what: &str, why: impl fmt::Display) -> NodeError {
    NodeError(format!("{what}: {why}"))
}

/// A running node.
#[derive(Debug)]
pub struct Node {
    process: Child,
    directory: TempDir,
    peers: u16,
    commands: u16,
    /// Makes blocks of two nodes differ that are mined at one height in one second.
    number: u16,
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended already; nothing of its directory is needed any more.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Node {
    /// Starts a node that knows the first block only.
    ///
    /// # Errors
    /// If there is no program, or it does not answer in time.
    pub fn start() -> Result<Self, NodeError> {
        static NUMBER: AtomicU16 = AtomicU16::new(1);
        let program = program()?;
        let mut last = NodeError("no port is free".to_owned());
        for _ in 0..TRIES {
            let directory = tempfile::tempdir().map_err(|error| wrong("a directory", error))?;
            let (peers, commands) = (free_port()?, free_port()?);
            let process = launch(&program, directory.path(), peers, commands)?;
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let mut node = Self { process, directory, peers, commands, number };
            match node.wait_for_answer() {
                Ok(()) => return Ok(node),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Ends the process at once and starts it again over the same directory and ports.
    ///
    /// # Errors
    /// If it does not answer in time.
    pub fn restart(&mut self) -> Result<(), NodeError> {
        // In order, so that all it holds is on the disk.
        self.call("stop", json!([]))?;
        self.process.wait().map_err(|error| wrong("a node that was stopped", error))?;
        self.process = launch(&program()?, self.directory.path(), self.peers, self.commands)?;
        self.wait_for_answer()
    }

    fn wait_for_answer(&mut self) -> Result<(), NodeError> {
        let clock = Stopwatch::start();
        loop {
            if self.call("getblockcount", json!([])).is_ok() {
                return Ok(());
            }
            if let Ok(Some(status)) = self.process.try_wait() {
                return Err(wrong("bitcoind ended", status));
            }
            if clock.elapsed() > PATIENCE {
                return Err(NodeError("bitcoind does not answer".to_owned()));
            }
            thread::sleep(STEP);
        }
    }

    /// Where other nodes call it.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.peers))
    }

    /// Where it takes commands.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.commands)
    }

    /// The file with the name and password for commands.
    pub fn cookie(&self) -> PathBuf {
        self.directory.path().join("regtest/.cookie")
    }

    /// Gives one command.
    ///
    /// # Errors
    /// If it is refused or not answered.
    pub fn call(&self, method: &str, parameters: Value) -> Result<Value, NodeError> {
        let cookie = fs::read(self.cookie()).map_err(|error| wrong("the cookie", error))?;
        let config = ureq::Agent::config_builder().proxy(None).http_status_as_error(false);
        let agent: ureq::Agent = config.timeout_global(Some(CALL)).build().into();
        let request = json!({"id": 0, "method": method, "params": parameters});
        let answer = agent
            .post(self.url())
            .header("Authorization", format!("Basic {}", STANDARD.encode(cookie)))
            .send_json(&request);
        let mut answer = answer.map_err(|error| wrong(method, error))?;
        let answer: Value = answer.body_mut().read_json().map_err(|error| wrong(method, error))?;
        match answer.get("error") {
            None | Some(Value::Null) => Ok(answer.get("result").cloned().unwrap_or_default()),
            Some(error) => Err(wrong(method, error)),
        }
    }

    /// Mines blocks whose coin anybody may take; gives their hashes as Bitcoin writes them.
    ///
    /// # Errors
    /// As of [`Node::call`].
    pub fn mine(&self, count: u32) -> Result<Vec<String>, NodeError> {
        let [high, low] = self.number.to_be_bytes();
        // Pushes the number of the node, drops it, pushes one.
        let descriptor = format!("raw(02{high:02x}{low:02x}7551)");
        self.hashes("generatetodescriptor", json!([count, descriptor]))
    }

    /// Mines blocks whose coin goes to an address.
    ///
    /// # Errors
    /// As of [`Node::call`].
    pub fn mine_to(&self, address: &str, count: u32) -> Result<Vec<String>, NodeError> {
        self.hashes("generatetoaddress", json!([count, address]))
    }

    fn hashes(&self, method: &str, parameters: Value) -> Result<Vec<String>, NodeError> {
        let answer = self.call(method, parameters)?;
        let list = answer.as_array().map(Vec::as_slice).unwrap_or_default();
        Ok(list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// How many blocks its best chain has above the first.
    ///
    /// # Errors
    /// As of [`Node::call`].
    pub fn height(&self) -> Result<u64, NodeError> {
        Ok(self.call("getblockcount", json!([]))?.as_u64().unwrap_or_default())
    }

    /// The hash of the last block of its best chain, as Bitcoin writes it.
    ///
    /// # Errors
    /// As of [`Node::call`].
    pub fn tip(&self) -> Result<String, NodeError> {
        let answer = self.call("getbestblockhash", json!([]))?;
        Ok(answer.as_str().unwrap_or_default().to_owned())
    }

    /// Connects to another node and waits until both follow one chain.
    ///
    /// # Errors
    /// If they do not in time.
    pub fn join(&self, other: &Self) -> Result<(), NodeError> {
        for node in [self, other] {
            node.call("setnetworkactive", json!([true]))?;
        }
        self.call("addnode", json!([other.address().to_string(), "onetry"]))?;
        self.wait_until("two nodes of one chain", || Ok(self.tip()? == other.tip()?))
    }

    /// Hangs up on all other nodes, and calls none until it joins one.
    ///
    /// # Errors
    /// If some stay.
    pub fn leave(&self) -> Result<(), NodeError> {
        self.call("setnetworkactive", json!([false]))?;
        let nobody = || Ok(self.call("getconnectioncount", json!([]))? == json!(0));
        self.wait_until("a node that left", nobody)
    }

    /// Waits until the index of filters has reached the tip.
    ///
    /// # Errors
    /// If it does not in time.
    pub fn wait_for_filters(&self) -> Result<(), NodeError> {
        self.wait_until("filters up to the tip", || {
            let index = self.call("getindexinfo", json!(["basic block filter index"]))?;
            let index = index.get("basic block filter index").cloned().unwrap_or_default();
            Ok(index.get("best_block_height").and_then(Value::as_u64) == Some(self.height()?))
        })
    }

    fn wait_until(
        &self,
        what: &str,
        holds: impl Fn() -> Result<bool, NodeError>,
    ) -> Result<(), NodeError> {
        let clock = Stopwatch::start();
        while !holds()? {
            if clock.elapsed() > PATIENCE {
                return Err(wrong(what, format!("not within {} s", PATIENCE.as_secs())));
            }
            thread::sleep(STEP);
        }
        Ok(())
    }
}

fn launch(program: &Path, directory: &Path, peers: u16, commands: u16) -> Result<Child, NodeError> {
    let mut command = Command::new(program);
    command.args(OPTIONS).arg(format!("-datadir={}", directory.display()));
    command.arg(format!("-bind=127.0.0.1:{peers}")).arg(format!("-rpcport={commands}"));
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().map_err(|error| wrong(&program.display().to_string(), error))
}

/// The program that the variable names, else what was built into the target directory of this very test.
fn program() -> Result<PathBuf, NodeError> {
    if let Some(named) = std::env::var_os("BITCOIND_EXE") {
        return Ok(named.into());
    }
    let own = std::env::current_exe().map_err(|error| wrong("the path of this test", error))?;
    let built = own.ancestors().map(|folder| folder.join(BUILT)).find(|path| path.is_file());
    let missing = "no Bitcoin Core: run `cargo xtask bitcoind`, or set BITCOIND_EXE";
    built.ok_or_else(|| NodeError(missing.to_owned()))
}

fn free_port() -> Result<u16, NodeError> {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|held| held.local_addr());
    Ok(free.map_err(|error| wrong("a free port", error))?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_nodes_that_mined_apart_agree_on_the_longer_chain_and_remember_it() {
        let mut ada = Node::start().unwrap();
        let ben = Node::start().unwrap();
        let shared = ada.mine(3).unwrap();
        ben.join(&ada).unwrap();
        ben.leave().unwrap();
        let short = ada.mine(2).unwrap();
        let long = ben.mine(3).unwrap();
        assert_eq!((ada.tip().unwrap(), ben.tip().unwrap()), (short[1].clone(), long[2].clone()));
        ben.join(&ada).unwrap();
        assert_eq!((ada.tip().unwrap(), ada.height().unwrap()), (long[2].clone(), 6));
        assert_ne!(shared[2], short[0]);
        ada.restart().unwrap();
        assert_eq!(ada.tip().unwrap(), long[2]);
    }
}
