//! The core: one payment, lineages, trees, forks, and what hostile input costs.

mod fork;
mod hostile;
mod issue;
pub(crate) mod lineage;
mod payment;
mod predecessor;
mod tip_tree;
mod transfer;
mod world;

use crate::report::{Limit, Reach, Report};

pub(crate) const REACH: &[Reach] = &[
    ("payment.cpu_over_floor", Limit::Most(1.5)),
    ("payment.over_predecessor", Limit::Most(0.005)),
    ("payment.bytes", Limit::Most(7_000.0)),
    ("lineage.bytes_per_hop", Limit::Most(1_100.0)),
    ("lineage.bytes_per_hop_100_devices", Limit::Most(4_200.0)),
    ("issue.proof_bytes", Limit::Most(64_000.0)),
    ("tip_tree.update_us_1m", Limit::Most(25.0)),
    ("tip_tree.proof_bytes_1m", Limit::Most(700.0)),
    ("fork.bytes", Limit::Most(6_700.0)),
    ("fork.verify_over_signature", Limit::Most(4.0)),
    ("world.cost_ratio", Limit::Most(1.1)),
    ("hostile.worst_ms", Limit::Most(1_000.0)),
    ("hostile.worst_mib", Limit::Most(64.0)),
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
