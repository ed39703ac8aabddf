//! What a person waits for: the command `dsm`, as it is built for release, in processes of its own.
//!
//! The programs and the wallet's file are out of the memory of the system before each cold start, if the system
//! lets us say so.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dsm_crypto::text;
use dsm_encoding::to_vec;

use crate::core::lineage;
use crate::engine;
use crate::report::{Limit, Reach, Report};
use crate::timing::{Samples, wall};

pub(crate) const REACH: &[Reach] = &[
    ("ux.commands", Limit::Most(5.0)),
    ("ux.balance_ms", Limit::Most(150.0)),
    ("ux.verify_ms", Limit::Most(100.0)),
];

const RUNS: usize = 11;
const HOPS: usize = 100;
const DEVICES: usize = 20;

/// A wallet's owner who types commands.
struct Typist {
    dsm: PathBuf,
    folder: PathBuf,
    name: &'static str,
    commands: u32,
}

pub(crate) fn run(report: &mut Report) {
    let folder = tempfile::tempdir().expect("a folder");
    let program = std::env::current_exe().expect("this program");
    let dsm = program.with_file_name("dsm");
    assert!(dsm.exists(), "no {}; build dsm-cli for release", dsm.display());
    first_payment(report, &dsm, folder.path());
    balance(report, &dsm, folder.path());
    verify(report, &dsm, folder.path());
}

impl Typist {
    fn new(dsm: &Path, folder: &Path, name: &'static str) -> Self {
        Self { dsm: dsm.to_owned(), folder: folder.to_owned(), name, commands: 0 }
    }

    fn command(&mut self, words: &[&str]) -> Command {
        self.commands += 1;
        let mut command = Command::new(&self.dsm);
        command.current_dir(&self.folder).args(["--json", "--home", self.name]).args(words);
        command.stdin(Stdio::null()).stderr(Stdio::inherit());
        command
    }

    /// Types a command and reads what it says.
    fn types(&mut self, words: &[&str]) -> String {
        let output = self.command(words).output().expect("the binary");
        assert!(output.status.success(), "{}: dsm {words:?}", self.name);
        String::from_utf8(output.stdout).expect("text")
    }

    /// `dsm id > NAME.card`, as text.
    fn hands_out_a_card(&mut self) {
        self.commands += 1;
        let words = ["--home", self.name, "id"];
        let output = Command::new(&self.dsm).current_dir(&self.folder).args(words).output();
        let card = output.expect("the binary").stdout;
        let path = self.folder.join(format!("{}.card", self.name));
        std::fs::write(path, card).expect("a file");
    }
}

/// The commands of README.md, from a built binary to a payment that both sides have.
fn first_payment(report: &mut Report, dsm: &Path, folder: &Path) {
    let policy = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/examples/coffee.toml");
    let (mut ada, mut ben) = (Typist::new(dsm, folder, "ada"), Typist::new(dsm, folder, "ben"));
    let clock = wall();
    for one in [&mut ada, &mut ben] {
        one.types(&["init", "--no-passphrase"]);
        one.hands_out_a_card();
    }
    ada.types(&["contact", "add", "ben", "ben.card"]);
    ben.types(&["contact", "add", "ada", "ada.card"]);
    ada.types(&["token", "new", policy, "--issue", "100"]);
    let mut waits = ben.command(&["receive"]);
    let mut waits = waits.stdout(Stdio::piped()).spawn().expect("the binary");
    let mut lines = BufReader::new(waits.stdout.take().expect("a pipe")).lines();
    let first = lines.next().expect("a line").expect("text");
    let place = first.split('"').find(|part| part.starts_with("tcp:")).expect("a place").to_owned();
    let paid = ada.types(&["pay", "ben", "10", "--link", &place]);
    assert!(paid.contains("acknowledged"), "{paid}");
    let said: String = lines.map(|line| line.expect("text")).collect();
    assert!(waits.wait().expect("its end").success() && said.contains("received"), "{said}");
    report.number("ux.commands", f64::from(ada.commands.max(ben.commands)));
    report.number("ux.commands_payer", f64::from(ada.commands));
    report.number("ux.commands_payee", f64::from(ben.commands));
    report.number("ux.first_payment_ms", clock.elapsed().as_secs_f64() * 1e3);
}

/// Everything that was read is forgotten by the system; false if it does not let us say so.
fn forget() -> bool {
    let synced = Command::new("sync").status().is_ok_and(|status| status.success());
    synced && std::fs::write("/proc/sys/vm/drop_caches", "3").is_ok()
}

fn balance(report: &mut Report, dsm: &Path, folder: &Path) {
    let home = folder.join("large");
    std::fs::create_dir(&home).expect("a folder");
    engine::fill(&home.join("wallet.redb"));
    let mut large = Typist::new(dsm, folder, "large");
    let (mut cold, mut warm, mut forgot) = (Samples::default(), Samples::default(), true);
    for _ in 0..RUNS {
        forgot &= forget();
        for samples in [&mut cold, &mut warm] {
            let clock = wall();
            large.types(&["balance"]);
            samples.push(clock.elapsed().as_secs_f64() * 1e3);
        }
    }
    report.number("ux.balance_ms", cold.median());
    report.number("ux.balance_warm_ms", warm.median());
    report.number("ux.balance_is_cold", f64::from(u8::from(forgot)));
}

fn verify(report: &mut Report, dsm: &Path, folder: &Path) {
    let proof = to_vec(&lineage::travel(HOPS, DEVICES).proof());
    let note = text::encode("dsmnote", &proof).expect("a text");
    std::fs::write(folder.join("note"), note).expect("a file");
    let mut anybody = Typist::new(dsm, folder, "anybody");
    let mut times = Samples::default();
    for _ in 0..RUNS {
        let clock = wall();
        let said = anybody.types(&["verify", "note"]);
        times.push(clock.elapsed().as_secs_f64() * 1e3);
        assert!(said.contains(&format!("\"hops\":{}", HOPS + 1)), "{said}");
    }
    report.number("ux.verify_ms", times.median());
    report.number("ux.verify_bytes", proof.len() as f64);
}
