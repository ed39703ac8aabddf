//! Starts real emulators of a TPM, for tests and demos.
//!
//! `swtpm` of the system, with its state in a directory of its own: whoever copies that directory back has the broken chip. Nothing of an
//! emulator outlives the value that stands for it.

use std::fs;
use std::io::{self, Error, ErrorKind};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// How often one looks whether an emulator is there, and how long one waits in between.
const LOOKS: u32 = 2_000;
const PAUSE: Duration = Duration::from_millis(2);
/// A chip is there, and was started.
const STARTED: &str = "not-need-init,startup-clear";
/// How often a free port may be taken by somebody else meanwhile.
const TRIES: u32 = 20;

/// A running chip.
#[derive(Debug)]
pub struct Emulator {
    process: Child,
    address: SocketAddr,
    state: tempfile::TempDir,
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Who endorsed an emulator, as a maker would.
#[derive(Clone, Debug)]
pub struct Endorser {
    /// Its root certificate, as PEM.
    pub root: String,
    /// The certificate between the root and the chip's own, as PEM.
    pub between: String,
}

impl Emulator {
    /// A new chip.
    ///
    /// # Errors
    /// `swtpm` is not there, or does not start.
    pub fn start() -> io::Result<Self> {
        Self::run(tempfile::tempdir()?)
    }

    /// A new chip that its maker endorsed.
    ///
    /// # Errors
    /// `swtpm` or `swtpm_setup` is not there, or fails.
    pub fn endorsed() -> io::Result<(Self, Endorser)> {
        let state = tempfile::tempdir()?;
        let endorser = endorse(state.path())?;
        Ok((Self::run(state)?, endorser))
    }

    fn run(state: tempfile::TempDir) -> io::Result<Self> {
        let (process, address) = run(state.path(), STARTED)?;
        Ok(Self { process, address, state })
    }

    /// The power fails.
    pub fn stop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// The power fails, and comes again: the chip is at another address.
    ///
    /// # Errors
    /// It does not start.
    pub fn reset(&mut self) -> io::Result<()> {
        self.stop();
        (self.process, self.address) = run(self.state.path(), STARTED)?;
        Ok(())
    }

    /// The same, and nobody starts it: it may resume.
    ///
    /// # Errors
    /// It does not run.
    pub fn power(&mut self) -> io::Result<()> {
        self.stop();
        (self.process, self.address) = run(self.state.path(), "not-need-init")?;
        Ok(())
    }

    /// Where its state lies, which a broken chip lets one copy.
    pub fn state(&self) -> &Path {
        self.state.path()
    }

    /// Where it takes commands.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

fn free() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}

fn run(state: &Path, flags: &str) -> io::Result<(Child, SocketAddr)> {
    for _ in 0..TRIES {
        if let Some(started) = start(state, flags)? {
            return Ok(started);
        }
    }
    Err(Error::new(ErrorKind::AddrInUse, "swtpm does not start"))
}

/// None if somebody took its port meanwhile.
fn start(state: &Path, flags: &str) -> io::Result<Option<(Child, SocketAddr)>> {
    let server = free()?;
    // It writes its number once the port is its own; whoever else has that port answers for nobody.
    let number = state.join("number");
    let _ = fs::remove_file(&number);
    let mut command = Command::new("swtpm");
    command.args(["socket", "--tpm2", "--tpmstate", &format!("dir={}", state.display())]);
    command.args(["--server", &format!("type=tcp,port={},bindaddr=127.0.0.1", server.port())]);
    command.args(["--flags", flags, "--pid", &format!("file={}", number.display())]);
    let spawned = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut process = spawned.map_err(|error| missing("swtpm", &error))?;
    for _ in 0..LOOKS {
        if process.try_wait()?.is_some() {
            return Ok(None);
        }
        if number.exists() {
            return Ok(Some((process, server)));
        }
        sleep(PAUSE);
    }
    process.kill()?;
    process.wait()?;
    Ok(None)
}

fn missing(tool: &str, error: &Error) -> Error {
    Error::new(error.kind(), format!("{tool}: {error}; apt-get install swtpm swtpm-tools"))
}

/// Makes the certificates of a chip with an authority of its own.
fn endorse(state: &Path) -> io::Result<Endorser> {
    let authority = tempfile::tempdir()?;
    let at = |name: &str| authority.path().join(name);
    let lines = |what: &[(&str, PathBuf)]| -> String {
        what.iter().map(|(key, value)| format!("{key} = {}\n", value.display())).collect()
    };
    let setup = lines(&[
        ("create_certs_tool", "/usr/bin/swtpm_localca".into()),
        ("create_certs_tool_config", at("authority.conf")),
        ("create_certs_tool_options", at("options")),
    ]);
    let own = lines(&[
        ("statedir", authority.path().to_owned()),
        ("signingkey", at("key.pem")),
        ("issuercert", at("between.pem")),
        ("certserial", at("serial")),
    ]);
    for (name, text) in [("setup.conf", setup), ("authority.conf", own), ("options", String::new())]
    {
        fs::write(at(name), text)?;
    }
    let mut command = Command::new("swtpm_setup");
    command.args(["--tpm2", "--create-ek-cert", "--tpmstate"]).arg(state);
    command.arg("--config").arg(at("setup.conf"));
    let made = command.output().map_err(|error| missing("swtpm_setup", &error))?;
    if !made.status.success() {
        return Err(Error::other(String::from_utf8_lossy(&made.stdout).into_owned()));
    }
    let read = |name| fs::read_to_string(at(name));
    Ok(Endorser { root: read("swtpm-localca-rootca-cert.pem")?, between: read("between.pem")? })
}
