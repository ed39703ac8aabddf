//! The core: one payment, lineages, trees, forks, and what hostile input costs.

mod fork;
mod hostile;
mod issue;
mod lineage;
mod payment;
mod predecessor;
mod tip_tree;
mod transfer;
mod world;

use crate::report::{Reach, Report};

pub(crate) const REACH: &[Reach] = &[
    ("payment.cpu_over_floor", 1.5),
    ("payment.over_predecessor", 0.005),
    ("payment.bytes", 7_000.0),
    ("lineage.bytes_per_hop", 1_100.0),
    ("lineage.bytes_per_hop_100_devices", 4_200.0),
    ("issue.proof_bytes", 64_000.0),
    ("tip_tree.update_us_1m", 25.0),
    ("tip_tree.proof_bytes_1m", 700.0),
    ("fork.bytes", 6_700.0),
    ("fork.verify_over_signature", 4.0),
    ("world.cost_ratio", 1.1),
    ("hostile.worst_ms", 1_000.0),
    ("hostile.worst_mib", 64.0),
];

pub(crate) fn run(report: &mut Report) {
    payment::run(report);
    world::run(report);
    lineage::run(report);
    issue::run(report);
    fork::run(report);
    tip_tree::run(report);
    hostile::run(report);
}
