//! The worst that a mebibyte can do: time and memory of reading and judging it.
//!
//! Each kind of input stretches one thing as far as a mebibyte goes. Most carry good signatures,
//! since judging goes further then; what could be had more cheaply is not counted. Each is judged
//! by a reader that keeps its books in memory, and by one that keeps them in a file.

mod inputs;
mod writer;

use dsm_core::{Claimed, Facts, MemoryView, Settings, View, accept};
use dsm_sim::NETWORK;
use dsm_store::{Changes, Contact, FileKv, MemoryKv};

use crate::HEAP;
use crate::report::Report;
use crate::timing::Samples;
use crate::wallets::Person;

/// The size that is asked of every input, in bytes.
const MEBIBYTE: usize = 1 << 20;
const ROUNDS: usize = 3;
const VICTIM: &str = "vera";

/// A hostile input, and what its reader knows.
pub(super) struct Input {
    name: &'static str,
    bytes: Vec<u8>,
    known: Vec<Facts>,
    max_hops: Option<u64>,
}

pub(crate) fn run(report: &mut Report) {
    let (mut worst_ms, mut worst_mib) = (0.0_f64, 0.0_f64);
    for make in inputs::ALL {
        let input = make();
        assert!(input.bytes.len() <= MEBIBYTE, "{} bytes", input.bytes.len());
        let (ms, mib) = measure(&input, &input.view());
        let (file_ms, file_mib) = input.in_file();
        report.number(format!("hostile.{}_ms", input.name), ms);
        report.number(format!("hostile.{}_mib", input.name), mib);
        report.number(format!("hostile.{}_file_ms", input.name), file_ms);
        worst_ms = worst_ms.max(ms).max(file_ms);
        worst_mib = worst_mib.max(mib).max(file_mib);
    }
    report.number("hostile.worst_ms", worst_ms);
    report.number("hostile.worst_mib", worst_mib);
}

impl Input {
    fn settings(&self) -> Settings {
        let usual = Settings { exposed_cap: u64::MAX, ..Settings::default() };
        Settings { max_hops: self.max_hops.unwrap_or(usual.max_hops), ..usual }
    }

    fn view(&self) -> MemoryView {
        let victim = Person::new(VICTIM, MemoryKv::default()).id();
        let mut view = MemoryView::new(NETWORK, victim);
        view.settings = self.settings();
        view.pin(&writer::Mallory::card().descriptor);
        self.known.iter().for_each(|facts| view.learn(facts));
        view
    }

    fn in_file(&self) -> (f64, f64) {
        let folder = tempfile::tempdir().expect("a folder");
        let kv = FileKv::create(&folder.path().join(VICTIM)).expect("a new file");
        let mut victim = Person::new(VICTIM, kv);
        let contact = Contact { name: "mallory".into(), card: writer::Mallory::card() };
        let contacts = vec![contact];
        victim.commit(&Changes { contacts, ..Changes::default() });
        let (settings, facts) = (Some(self.settings()), self.known.clone());
        victim.commit(&Changes { settings, facts, ..Changes::default() });
        let books = victim.books();
        let figures = measure(self, &books);
        books.check().expect("sound books");
        figures
    }
}

/// Milliseconds, and mebibytes in use at once with the input itself.
fn measure<V: View>(input: &Input, view: &V) -> (f64, f64) {
    let mut samples = Samples::default();
    let mut most = 0;
    let mut outcome = "";
    for _ in 0..ROUNDS {
        let before = HEAP.current_usage();
        HEAP.reset_peak_usage();
        outcome = samples.time(|| judge(input, view));
        most = HEAP.peak_usage().saturating_sub(before).max(most);
    }
    eprintln!("{}: {} bytes, {outcome}", input.name, input.bytes.len());
    (samples.median() / 1e3, (most + input.bytes.len()) as f64 / MEBIBYTE as f64)
}

/// The rule that it breaks, or that it breaks none.
fn judge<V: View>(input: &Input, view: &V) -> &'static str {
    match Claimed::decode(&input.bytes) {
        Err(reject) => reject.rule(),
        Ok(claimed) => match accept(view, &claimed, None).result {
            Err(reject) => reject.rule(),
            Ok(_) => "accepted",
        },
    }
}
