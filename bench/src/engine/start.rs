//! How long a wallet with 100,000 entries takes to start, and how much memory.
//!
//! Another process opens the file, until it is ready to say Hello and to write the next entry: the tip
//! tree is there. Each entry goes to another device, so the tree has as many leaves as it can.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use dsm_core::{Addressee, Draft, Op, Written, write};
use dsm_crypto::{Domain, SecretKey, hash};
use dsm_encoding::List;
use dsm_log::{DeviceId, relationship};
use dsm_merkle::TipTree;
use dsm_session::{Batch, Ledger};
use dsm_sim::NETWORK;
use dsm_store::{Changes, FileKv, Wallet};

use super::people::{Person, device_key};
use crate::report::Report;
use crate::timing::{Samples, wall};

const ENTRIES: u64 = 100_000;
const AT_ONCE: u64 = 1_000;
const STARTS: u32 = 5;

pub(crate) fn run(report: &mut Report) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("wallet");
    fill(&path);
    let (mut millis, mut mib) = (Samples::default(), Samples::default());
    for _ in 0..STARTS {
        let program = std::env::current_exe().expect("this program");
        let output = Command::new(program).arg(PROBE).arg(&path).output().expect("a process");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).expect("two numbers");
        let mut numbers = text.split_whitespace().map(|one| one.parse::<f64>().expect("a number"));
        millis.push(numbers.next().expect("a time"));
        mib.push(numbers.next().expect("a size"));
    }
    report.number("start.ms_100k", millis.median());
    report.number("start.mib_100k", mib.median());
    // Its length says little: it doubles as it grows, and what was never written takes no room.
    let blocks = std::fs::metadata(&path).expect("the file").blocks();
    report.number("start.disk_mib", blocks as f64 / 2_048.0);
}

/// A wallet that wrote to 100,000 devices.
pub(crate) fn fill(path: &Path) {
    let mut ada = Person::new("ada", FileKv::create(path).expect("a new store"));
    // Something for its balance.
    ada.issue(1_000);
    let key = device_key("ada");
    let mut tree = TipTree::default();
    let mut number = 0;
    while number < ENTRIES {
        let mut log = ada.engine.wallet().books().expect("the books").own_log();
        let mut written = Vec::new();
        for _ in 0..AT_ONCE {
            let next = entry(&log, number, &mut tree, &key);
            log = next.log;
            written.push(next);
            number += 1;
        }
        let batch = Batch { written, ..Batch::default() };
        let changes = Changes { batch, ..Changes::default() };
        ada.engine.commit(&changes).expect("a durable change");
    }
}

fn entry(log: &dsm_core::OwnLog, number: u64, tree: &mut TipTree, key: &SecretKey) -> Written {
    let device = DeviceId(hash(Domain::Device, &number));
    let Ok(proof) = tree.prove(relationship(&log.device, &device));
    let to = Addressee { device, stitch: None, tip: None, proof };
    let ops = List::try_from(vec![Op::Checkpoint {}]).expect("one operation");
    let draft = Draft { to: Some(to), ops, ..Draft::default() };
    let written = write(log, draft, NETWORK, key).expect("an entry");
    if let Some((key, tip)) = written.tip {
        let Ok(_) = tree.update(key, tip);
    }
    written
}

/// The word by which this program measures one start.
pub(crate) const PROBE: &str = "--start-probe";

/// Opens the wallet in a file; milliseconds and the most MiB of memory.
pub(crate) fn probe(path: &Path) -> (f64, f64) {
    let clock = wall();
    let wallet = Wallet::open(FileKv::open(path).expect("a store")).expect("a wallet");
    let books = wallet.books().expect("the books");
    let log = books.own_log();
    let stranger = DeviceId(hash(Domain::Device, &"stranger"));
    let (tip, proof) = books.tip(&relationship(&log.device, &stranger));
    books.check().expect("sound books");
    let root = proof.root_of(relationship(&log.device, &stranger), tip).expect("a proof");
    assert_eq!(root, log.tips());
    let millis = clock.elapsed().as_secs_f64() * 1e3;
    (millis, peak_mib())
}

/// The most memory that was resident, as the operating system says.
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a Linux machine");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a line");
    let kib = line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number");
    kib / 1024.0
}
