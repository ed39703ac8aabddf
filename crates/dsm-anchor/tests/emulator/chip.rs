//! `swtpm`, a real emulator, with its state in a directory of the test.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use dsm_anchor::{Socket, Tpm};

/// A running chip.
pub(crate) struct Emulator {
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

/// A chip is there, and was started.
const STARTED: &str = "not-need-init,startup-clear";

fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port")
}

fn run(state: &Path, flags: &str) -> (Child, SocketAddr) {
    // Somebody may take a port meanwhile.
    let started = (0..20).find_map(|_| start(state, flags));
    started.expect("swtpm; install it with apt-get install swtpm")
}

fn start(state: &Path, flags: &str) -> Option<(Child, SocketAddr)> {
    let server = free();
    // It writes its number once the port is its own; whoever else has that port answers for nobody.
    let number = state.join("number");
    let _ = std::fs::remove_file(&number);
    let mut command = Command::new("swtpm");
    command.args(["socket", "--tpm2", "--tpmstate", &format!("dir={}", state.display())]);
    command.args(["--server", &format!("type=tcp,port={},bindaddr=127.0.0.1", server.port())]);
    command.args(["--flags", flags, "--pid", &format!("file={}", number.display())]);
    let command = command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut process = command.spawn().expect("swtpm; install it with apt-get install swtpm");
    for _ in 0..2_000 {
        if process.try_wait().expect("a process").is_some() {
            return None;
        }
        if number.exists() {
            return Some((process, server));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let _ = process.kill();
    let _ = process.wait();
    None
}

/// The authority that endorsed an emulator: its root, and the certificate between, as PEM.
pub(crate) struct Endorser {
    pub(crate) root: String,
    pub(crate) between: String,
}

/// Makes the certificates of a chip, as its maker would, with an authority of its own.
fn endorse(state: &Path, authority: &Path) -> Endorser {
    let at = |name: &str| authority.join(name);
    let lines = |what: &[(&str, PathBuf)]| -> String {
        what.iter().map(|(key, value)| format!("{key} = {}\n", value.display())).collect()
    };
    let tool = lines(&[
        ("create_certs_tool", "/usr/bin/swtpm_localca".into()),
        ("create_certs_tool_config", at("authority.conf")),
        ("create_certs_tool_options", at("options")),
    ]);
    let own = lines(&[
        ("statedir", authority.to_owned()),
        ("signingkey", at("key.pem")),
        ("issuercert", at("between.pem")),
        ("certserial", at("serial")),
    ]);
    for (name, text) in [("setup.conf", tool), ("authority.conf", own), ("options", String::new())]
    {
        std::fs::write(at(name), text).expect("a file");
    }
    let mut command = Command::new("swtpm_setup");
    command.args(["--tpm2", "--create-ek-cert", "--tpmstate"]).arg(state);
    command.arg("--config").arg(at("setup.conf"));
    let made = command.output().expect("swtpm_setup; install it with apt-get install swtpm-tools");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
    let read = |name| std::fs::read_to_string(at(name)).expect("a certificate");
    Endorser { root: read("swtpm-localca-rootca-cert.pem"), between: read("between.pem") }
}

impl Emulator {
    /// A new chip that its maker endorsed.
    pub(crate) fn endorsed() -> (Self, Endorser) {
        let state = tempfile::tempdir().expect("a directory");
        let authority = tempfile::tempdir().expect("a directory");
        let endorser = endorse(state.path(), authority.path());
        let (process, address) = run(state.path(), STARTED);
        (Self { process, address, state }, endorser)
    }

    /// A new chip.
    pub(crate) fn start() -> Self {
        let state = tempfile::tempdir().expect("a directory");
        let (process, address) = run(state.path(), STARTED);
        Self { process, address, state }
    }

    /// The power fails.
    pub(crate) fn stop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// The power fails, and comes again.
    pub(crate) fn reset(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        (self.process, self.address) = run(self.state.path(), STARTED);
    }

    /// The same, and nobody starts it: it may resume.
    pub(crate) fn power(&mut self) {
        self.stop();
        (self.process, self.address) = run(self.state.path(), "not-need-init");
    }

    /// Where its state lies, which a broken chip lets one copy.
    pub(crate) fn state(&self) -> &Path {
        self.state.path()
    }

    pub(crate) fn wire(&self) -> Socket {
        Socket::connect(self.address).expect("the emulator")
    }

    pub(crate) fn provisioned(&self) -> Tpm<Socket> {
        Tpm::provision(self.wire(), None).expect("a chip")
    }
}
