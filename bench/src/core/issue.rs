//! The first payment of a token whose issuing log has a thousand issues.

use dsm_sim::introduce;

use super::transfer::{device, issuer, transfer};
use crate::report::Report;

const ISSUES: u64 = 1_000;

pub(crate) fn run(report: &mut Report) {
    let (mut issuer, token) = issuer("issuer", ISSUES);
    let (mut ada, mut ben) = (device("ada"), device("ben"));
    introduce(&mut ada, &mut ben);
    for lot in 0..ISSUES - 1 {
        issuer.issue(token, lot, 1, issuer.lock());
    }
    let (index, note) = issuer.issue(token, ISSUES - 1, 1_000, ada.lock());
    ada.take_issue(&issuer, index, note);
    let pay = transfer(&mut ada, &mut ben, token, 1_000);
    report.number("issue.proof_bytes", pay.len() as f64);
}
