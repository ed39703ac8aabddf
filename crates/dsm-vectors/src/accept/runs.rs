//! How runs lie in a pack.

use dsm_core::pack::{Pack, PackSpend};
use dsm_core::{Lock, View};

use super::packs::{each_spend, first_mut};
use super::trade::{Trade, transfer};
use super::{bad, good};
use crate::Vector;
use crate::world::Part;

pub(super) fn vectors() -> Vec<Vector> {
    let mut found = touching();
    found.extend(idle());
    found
}

/// Two payments with two other entries between; the second spends the change of the first.
fn touching() -> Vec<Vector> {
    let (mut trade, _) = transfer();
    let ada = trade.ada;
    let change = trade.world.note(&ada, 1, 1);
    trade.world.idle(&ada);
    trade.world.idle(&ada);
    let outputs = vec![trade.output(400, &trade.ben)];
    let index = trade.pay(vec![change.id()], outputs);
    let whole = trade.deal(index).with(|deal| {
        let first = trade.world.get(&ada).written(1).expect("the first payment");
        deal.knowledge.learn_line(&trade.world, &ada, 0, 2);
        deal.knowledge.peer_mut().tip = Some(first.entry.tip_after(first.tip_before));
    });
    let parts: &[Part<'_>] =
        &[(trade.issuer, 0, 1, &[1]), (ada, 0, 2, &[1]), (ada, 2, index, &[index])];
    let split = whole.clone().dealing(|dealt| {
        dealt.pack = trade.world.deal_parts(&ada, index, parts).pack;
    });
    vec![
        good("second-payment", "Ada pays Ben the change of her first payment to him.", &whole),
        bad(("R-06", "runs-touch"), "second-payment", "Ada's run comes in two that touch.", &split),
    ]
}

/// The note's floor is in the middle of Ada's log; what lies before is not needed.
fn idle() -> Vec<Vector> {
    let mut trade = Trade::new();
    let ada = trade.ada;
    trade.world.idle(&ada);
    trade.world.idle(&ada);
    let mut output = trade.output(1_000, &ada);
    output.lock = Lock::Device { id: ada, floor: trade.world.at(&ada) };
    trade.issue(0, vec![output]);
    let note = trade.world.note(&trade.issuer, 1, 0);
    trade.world.idle(&ada);
    let outputs = trade.split();
    let index = trade.pay(vec![note.id()], outputs);
    let needed: &[Part<'_>] = &[(trade.issuer, 0, 1, &[1]), (ada, 2, index, &[index])];
    let more: &[Part<'_>] =
        &[(trade.issuer, 0, 1, &[1]), (ada, 0, 1, &[1]), (ada, 2, index, &[index])];
    let short = trade.deal_parts(index, needed);
    let idle = trade.deal_parts(index, more).dealing(|dealt| close(&trade, &mut dealt.pack));
    vec![
        good("floor-in-the-middle", "The run starts at the note's floor.", &short),
        bad(
            ("R-04", "run-without-opened-entry"),
            "floor-in-the-middle",
            "A run comes along that opens nothing.",
            &idle,
        ),
    ]
}

/// Closes Ada's first entry.
fn close(trade: &Trade, pack: &mut Pack) {
    let opens = |one: &dsm_core::pack::PackOpened| {
        let device = usize::try_from(one.device).ok().and_then(|at| pack.devices.get(at));
        one.index == 1 && device.is_some_and(|device| device.id() == trade.ada)
    };
    let at = pack.opened.iter().position(opens).expect("an opened entry");
    let device = pack.opened[at].device;
    let body = trade.world.record(&trade.ada, 1).expect("an entry").body;
    first_mut(&mut pack.opened, |opened| {
        opened.remove(at);
    });
    each_spend(pack, |spend| {
        if let PackSpend::Note { opened, .. } = spend
            && usize::try_from(*opened).is_ok_and(|number| number > at)
        {
            *opened -= 1;
        }
    });
    first_mut(&mut pack.runs, |runs| {
        for run in runs.iter_mut().filter(|run| run.device == device && run.start.index == 0) {
            first_mut(&mut run.records, |records| {
                records.iter_mut().for_each(|record| record.body = Some(body));
            });
        }
    });
}
