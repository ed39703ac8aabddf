//! The engine: durable payments, many at once, slow media, and how a wallet starts.

mod concurrent;
mod durable;
mod links;
mod medium;
mod people;
mod slow;
mod start;

use crate::report::{Limit, Reach, Report};

pub(crate) use concurrent::{LOAD, pay};
pub(crate) use start::{PROBE, fill, probe};

pub(crate) const REACH: &[Reach] = &[
    ("durable.wall_over_floor", Limit::Most(1.3)),
    ("durable.concurrent_gain", Limit::Least(3.0)),
    ("qr.frames", Limit::Most(8.0)),
    ("serial.overhead", Limit::Most(0.1)),
    ("start.ms_100k", Limit::Most(100.0)),
    ("start.mib_100k", Limit::Most(64.0)),
    ("links.runs", Limit::Least(10_050.0)),
    ("links.lost", Limit::Most(0.0)),
    ("links.repeated", Limit::Most(0.0)),
];

/// The part of it about payments that are durable.
pub(crate) const DURABLE: &[Reach] = &[
    ("durable.wall_over_floor", Limit::Most(1.3)),
    ("durable.concurrent_gain", Limit::Least(3.0)),
];

/// That part alone.
pub(crate) fn durable(report: &mut Report) {
    durable::run(report);
    concurrent::run(report);
}

pub(crate) fn run(report: &mut Report) {
    durable(report);
    slow::run(report);
    start::run(report);
    links::run(report);
}
