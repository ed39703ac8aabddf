//! The worst that a mebibyte can do: time and memory of reading and judging it.
//!
//! Each kind of input stretches one thing as far as a mebibyte goes. Most carry good signatures,
//! since judging goes further then; what could be had more cheaply is not counted.

mod inputs;
mod writer;

use dsm_core::{Claimed, MemoryView, accept};
use dsm_log::Nonce;

use crate::HEAP;
use crate::report::Report;
use crate::timing::Samples;

/// The size that is asked of every input, in bytes.
const MEBIBYTE: usize = 1 << 20;
const ROUNDS: usize = 3;

/// A hostile input, and what its reader knows.
pub(super) struct Input {
    name: &'static str,
    bytes: Vec<u8>,
    view: MemoryView,
    asked: Option<Nonce>,
}

pub(crate) fn run(report: &mut Report) {
    let (mut worst_ms, mut worst_mib) = (0.0_f64, 0.0_f64);
    for make in inputs::ALL {
        let input = make();
        assert!(input.bytes.len() <= MEBIBYTE, "{} bytes", input.bytes.len());
        let (ms, mib) = measure(&input);
        report.number(format!("hostile.{}_ms", input.name), ms);
        report.number(format!("hostile.{}_mib", input.name), mib);
        worst_ms = worst_ms.max(ms);
        worst_mib = worst_mib.max(mib);
    }
    report.number("hostile.worst_ms", worst_ms);
    report.number("hostile.worst_mib", worst_mib);
}

/// Milliseconds, and mebibytes in use at once with the input itself.
fn measure(input: &Input) -> (f64, f64) {
    let mut samples = Samples::default();
    let mut most = 0;
    let mut outcome = String::new();
    for _ in 0..ROUNDS {
        let before = HEAP.current_usage();
        HEAP.reset_peak_usage();
        let rule = samples.time(|| judge(input));
        most = HEAP.peak_usage().saturating_sub(before).max(most);
        outcome = rule.to_owned();
    }
    eprintln!("{}: {} bytes, {outcome}", input.name, input.bytes.len());
    (samples.median() / 1e3, (most + input.bytes.len()) as f64 / MEBIBYTE as f64)
}

/// The rule that it breaks, or that it breaks none.
fn judge(input: &Input) -> &'static str {
    match Claimed::decode(&input.bytes) {
        Err(reject) => reject.rule(),
        Ok(claimed) => match accept(&input.view, &claimed, input.asked).result {
            Err(reject) => reject.rule(),
            Ok(_) => "accepted",
        },
    }
}
