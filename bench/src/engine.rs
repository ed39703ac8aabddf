//! The engine: durable payments, many at once, slow media, and how a wallet starts.

mod concurrent;
mod durable;
mod medium;
mod people;
mod start;

use crate::report::{Limit, Reach, Report};

pub(crate) use concurrent::{LOAD, pay};
pub(crate) use start::{PROBE, probe};

pub(crate) const REACH: &[Reach] = &[
    ("durable.wall_over_floor", Limit::Most(1.3)),
    ("durable.concurrent_gain", Limit::Least(3.0)),
    ("start.ms_100k", Limit::Most(100.0)),
    ("start.mib_100k", Limit::Most(64.0)),
];

pub(crate) fn run(report: &mut Report) {
    durable::run(report);
    concurrent::run(report);
    start::run(report);
}
