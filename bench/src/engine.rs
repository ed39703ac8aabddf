//! The engine: durable payments, many at once, slow media, and how a wallet starts.

mod durable;
mod medium;
mod people;

use crate::report::{Reach, Report};

pub(crate) const REACH: &[Reach] = &[("durable.wall_over_floor", 1.3)];

pub(crate) fn run(report: &mut Report) {
    durable::run(report);
}
