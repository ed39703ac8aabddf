//! Between the two devices.

use dsm_core::{Lock, Op};
use dsm_crypto::Digest;
use dsm_log::{Position, relationship};

use super::trade::{Trade, nonce, transfer};
use super::{Deal, bad, good};
use crate::Vector;
use crate::world::{Draft, all, limited, seed};

pub(super) fn vectors() -> Vec<Vector> {
    let mut found = contacts();
    found.extend(runs());
    found.extend(entries());
    found.extend(stitches());
    found.extend(outputs());
    found
}

fn contacts() -> Vec<Vector> {
    let (_, deal) = transfer();
    let unknown = deal.clone().with(|deal| deal.knowledge.peers.clear());
    let retired = deal.clone().with(|deal| deal.knowledge.peer_mut().active = false);
    let other = deal.clone().with(|deal| deal.asked = Some(*seed("nonce", 1).as_bytes()));
    let unasked = deal.clone().with(|deal| deal.asked = None);
    let without = {
        let mut trade = Trade::new();
        let note = trade.fund();
        let (ada, peer) = (trade.ada, Some(trade.ben));
        let value = Some(dsm_core::Value::transfer(limited(trade.split())));
        let spends = vec![note.id()];
        trade.world.write(&ada, Draft { peer, spends, value, ..Draft::default() });
        trade.deal(1)
    };
    let to_card = without.clone().with(|deal| deal.asked = None);
    vec![
        bad(("R-35", "writer-unknown"), "transfer", "Ada is no contact of Ben's.", &unknown),
        bad(("R-36", "writer-retired"), "transfer", "Ada's device was retired.", &retired),
        bad(("R-41", "other-nonce"), "transfer", "Ben asked with another nonce.", &other),
        bad(("R-41", "nonce-unasked"), "transfer", "Ben did not ask.", &unasked),
        good("to-a-card", "Ada answers Ben's contact card: nobody asked, no nonce.", &to_card),
        bad(("R-41", "nonce-missing"), "to-a-card", "Ben asked, and no nonce answers.", &without),
    ]
}

/// Ben knows Ada's first entry; she deals her fourth, which carries no value.
fn runs() -> Vec<Vector> {
    let mut trade = Trade::new();
    let (ada, ben) = (trade.ada, trade.ben);
    (0..3).for_each(|_| {
        trade.world.idle(&ada);
    });
    let ops = vec![Op::Checkpoint {}];
    let index = trade.world.write(&ada, Draft { peer: Some(ben), ops, ..Draft::default() });
    let deal = |from: u64| {
        let mut knowledge = trade.ben_knows();
        knowledge.learn_line(&trade.world, &ada, 0, 1);
        let plan = trade.world.chosen(&[(ada, from, index, &[index])]);
        let dealt = trade.world.deal(&ada, index, &plan, &all(&plan));
        Deal { knowledge, asked: None, dealt }
    };
    let far = deal(2).with(|deal| deal.knowledge.settings.max_gap = 2);
    vec![
        good("joined", "The run starts at the last head that Ben knows.", &deal(1)),
        bad(("R-37", "gap"), "joined", "The run starts one entry later.", &deal(2)),
        good("gap-over-the-cap", "So long a run is not asked for.", &far),
    ]
}

fn entries() -> Vec<Vector> {
    let (trade, deal) = transfer();
    let nonce = *seed("nonce", 1).as_bytes();
    let replaced = deal.clone().with(|deal| {
        deal.dealt.nonce = Some(nonce);
        deal.asked = Some(nonce);
    });
    let other_op = deal.clone().dealing(|dealt| dealt.ops = limited(vec![Op::Receive {}]));
    let addressed = {
        let mut trade = Trade::new();
        let note = trade.fund();
        let (ada, peer, leaf) = (trade.ada, Some(trade.cleo), Some(trade.ben));
        let value = Some(dsm_core::Value::transfer(limited(trade.split())));
        let (spends, nonce) = (vec![note.id()], Some(super::trade::nonce()));
        let draft = Draft { peer, leaf, spends, value, nonce, ..Draft::default() };
        trade.world.write(&ada, draft);
        trade.deal(1)
    };
    let known = deal.clone().with(|deal| deal.knowledge.peer_mut().tip = Some(seed("tip", 0)));
    let elsewhere = {
        let mut trade = Trade::new();
        let note = trade.fund();
        let (ada, peer) = (trade.ada, Some(trade.ben));
        let value = Some(dsm_core::Value::transfer(limited(trade.split())));
        let (spends, nonce) = (vec![note.id()], Some(super::trade::nonce()));
        let other_tip = Some((relationship(&ada, &trade.cleo), seed("tip", 0)));
        let draft = Draft { peer, spends, value, nonce, other_tip, ..Draft::default() };
        trade.world.write(&ada, draft);
        trade.deal(1)
    };
    let opening = {
        let mut trade = Trade::new();
        let ada = trade.ada;
        trade.world.idle(&ada);
        let note = trade.fund();
        let outputs = trade.split();
        let index = trade.pay(vec![note.id()], outputs);
        trade.deal(index)
    };
    let lied = opening.clone().dealing(|dealt| {
        if let Some(before) = &mut dealt.before {
            before.value = Digest::ZERO;
        }
    });
    let absent = opening.clone().dealing(|dealt| dealt.before = None);
    drop(trade);
    vec![
        bad(("R-38", "nonce-replaced"), "transfer", "The nonce is not the signed one.", &replaced),
        bad(("R-38", "operation-added"), "transfer", "An operation was not signed.", &other_op),
        bad(("R-38", "for-another"), "transfer", "The entry is addressed to Cleo.", &addressed),
        bad(("R-39", "other-tip-before"), "transfer", "Ben knows another tip.", &known),
        bad(("R-39", "second-leaf"), "transfer", "A second leaf of the tree changes.", &elsewhere),
        good("after-an-entry", "The entry before is opened to show its tips.", &opening),
        bad(("R-39", "entry-before-lied"), "after-an-entry", "It is opened wrongly.", &lied),
        bad(("R-39", "entry-before-hidden"), "after-an-entry", "It is not opened.", &absent),
    ]
}

fn stitches() -> Vec<Vector> {
    // Ben wrote three entries; Ada says how far she accepted them.
    let deal = |stitch: Option<u64>, last: Option<u64>, junk: bool| {
        let mut trade = Trade::new();
        let note = trade.fund();
        let (ada, ben) = (trade.ada, trade.ben);
        (0..3).for_each(|_| {
            trade.world.idle(&ben);
        });
        let place = stitch.map(|index| Position {
            index,
            head: match trade.world.get(&ben).written(index) {
                Some(written) if !junk => written.at.head,
                _ => seed("junk", 0),
            },
        });
        let value = Some(dsm_core::Value::transfer(limited(trade.split())));
        let (spends, nonce) = (vec![note.id()], Some(nonce()));
        let peer = Some(ben);
        let draft = Draft { peer, stitch: place, spends, value, nonce, ..Draft::default() };
        let index = trade.world.write(&ada, draft);
        trade.deal(index).with(|deal| deal.knowledge.peer_mut().stitch = last)
    };
    vec![
        good(
            "stitched",
            "Ada accepted Ben's log up to 2, as before.",
            &deal(Some(2), Some(2), false),
        ),
        bad(
            ("R-40", "goes-back"),
            "stitched",
            "She had accepted up to 3.",
            &deal(Some(2), Some(3), false),
        ),
        bad(
            ("R-40", "forgotten"),
            "stitched",
            "She had accepted up to 2 and now nothing.",
            &deal(None, Some(2), false),
        ),
        bad(
            ("R-40", "not-there-yet"),
            "stitched",
            "Ben never wrote a fourth entry.",
            &deal(Some(4), Some(2), false),
        ),
        bad(
            ("R-38", "stitch-of-another-head"),
            "stitched",
            "The signed stitch is no head of Ben's.",
            &deal(Some(2), Some(2), true),
        ),
    ]
}

fn outputs() -> Vec<Vector> {
    let paid = |change: fn(&Trade, &mut Vec<dsm_core::Output>)| {
        let mut trade = Trade::new();
        let note = trade.fund();
        let mut outputs = trade.split();
        change(&trade, &mut outputs);
        let index = trade.pay(vec![note.id()], outputs);
        trade.deal(index)
    };
    let third = paid(|trade, outputs| outputs[1] = trade.output(400, &trade.cleo));
    let junk = paid(|trade, outputs| {
        let floor = Position { index: 0, head: seed("junk", 0) };
        outputs[0].lock = Lock::Device { id: trade.ben, floor };
    });
    let ahead = paid(|trade, outputs| {
        let floor = Position { index: 5, ..trade.world.at(&trade.ben) };
        outputs[0].lock = Lock::Device { id: trade.ben, floor };
    });
    let vault = paid(|_, outputs| outputs[1].lock = Lock::Vault { root: seed("root", 0) });
    vec![
        good("to-a-vault", "The change goes to a vault.", &vault),
        bad(("R-42", "to-a-third"), "transfer", "An output is locked to Cleo.", &third),
        bad(("R-43", "floor-that-never-was"), "transfer", "Ben's floor is no head of his.", &junk),
        bad(("R-43", "floor-ahead"), "transfer", "Ben's log is not there yet.", &ahead),
    ]
}
