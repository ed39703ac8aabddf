//! Runs of links with every fault of the suite: what was lost or repeated without a word.

use dsm_transport::trial::{Tally, frames, lines, pictures};

use crate::report::Report;

const FRAMES: u64 = 10_000;
/// Through real pictures of QR codes, and as many over pseudo-terminals.
const REAL: u64 = 25;

pub(crate) fn run(report: &mut Report) {
    let pure = frames(0..FRAMES);
    let real = pictures(0..REAL) + lines(0..REAL);
    let Tally { runs, whole, broken, lost, repeated, overfull } = pure + real;
    report.number("links.runs", runs as f64);
    report.number("links.lost", lost as f64);
    report.number("links.repeated", repeated as f64);
    report.number("links.overfull", overfull as f64);
    report.number("links.whole", whole as f64);
    report.number("links.broken", broken as f64);
    report.number("links.real_runs", real.runs as f64);
    report.number("links.real_whole", real.whole as f64);
}
