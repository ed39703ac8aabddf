//! Where value came from.

use dsm_core::{FinalityClass, Lock};
use dsm_log::{ForkProof, Position, SignedHead};

use super::trade::{Trade, nonce, transfer};
use super::{Deal, bad, good};
use crate::Vector;
use crate::world::{Draft, NETWORK, limited, seed};

pub(super) fn vectors() -> Vec<Vector> {
    let mut found = floors();
    found.extend(runs());
    found.extend(forks());
    found.extend(strangers());
    found.extend(settings());
    found
}

fn floors() -> Vec<Vector> {
    let hole = {
        let (trade, _) = transfer();
        trade.deal_parts(1, &[(trade.ada, 0, 1, &[1])])
    };
    let on = |floor: fn(&Trade) -> Position| {
        let mut trade = Trade::new();
        let mut output = trade.output(1_000, &trade.ada);
        output.lock = Lock::Device { id: trade.ada, floor: floor(&trade) };
        trade.issue(0, vec![output]);
        let id = trade.world.note(&trade.issuer, 1, 0).id();
        let outputs = trade.split();
        let index = trade.pay(vec![id], outputs);
        trade.deal_parts(index, &[(trade.issuer, 0, 1, &[1]), (trade.ada, 0, 1, &[1])])
    };
    let junk = on(|_| Position { index: 0, head: seed("junk", 0) });
    let late = on(|trade| Position { index: 1, ..trade.world.at(&trade.ada) });
    vec![
        bad(
            ("R-21", "issue-not-shown"),
            "transfer",
            "Nothing shows where the input was made.",
            &hole,
        ),
        bad(
            ("R-23", "floor-that-never-was"),
            "transfer",
            "The input's floor is no head of Ada's log.",
            &junk,
        ),
        bad(
            ("R-23", "floor-not-before-the-spend"),
            "transfer",
            "The input's floor has the index of the entry that spends it.",
            &late,
        ),
    ]
}

/// Ada pays Cleo from one note, keeps change, does something else, and pays Ben with the change.
fn runs() -> Vec<Vector> {
    let market = || {
        let mut trade = Trade::new();
        let note = trade.fund();
        let (ada, cleo) = (trade.ada, trade.cleo);
        let outputs = vec![trade.output(300, &cleo), trade.output(700, &ada)];
        trade.move_on(&ada, vec![note.id()], outputs);
        let change = trade.world.note(&ada, 1, 1);
        (trade, change)
    };
    let (mut trade, change) = market();
    let ada = trade.ada;
    trade.world.idle(&ada);
    trade.world.idle(&ada);
    let outputs = vec![trade.output(700, &trade.ben)];
    let index = trade.pay(vec![change.id()], outputs);
    let whole = trade.deal(index);
    let parts: &[(_, _, _, &[u64])] =
        &[(trade.issuer, 0, 1, &[1]), (trade.ada, 0, 1, &[1]), (trade.ada, 2, 4, &[4])];
    let gap = trade.deal_parts(index, parts);
    let again = |hidden: bool| {
        let (mut trade, change) = market();
        let (ada, cleo) = (trade.ada, trade.cleo);
        let outputs = vec![trade.output(700, &cleo)];
        let spends = vec![change.id()];
        if hidden {
            // Named in a record without value, so consumed all the same.
            trade.world.write(&ada, Draft { spends, ..Draft::default() });
        } else {
            trade.move_on(&ada, spends, outputs);
        }
        let outputs = vec![trade.output(700, &trade.ben)];
        let index = trade.pay(vec![change.id()], outputs);
        trade.deal(index)
    };
    vec![
        good("two-hops", "Ada pays Ben with change of a payment to Cleo.", &whole),
        bad(
            ("R-24", "record-left-out"),
            "two-hops",
            "The record between floor and spend is missing.",
            &gap,
        ),
        bad(
            ("R-25", "spent-twice"),
            "two-hops",
            "Ada gave the note to Cleo before.",
            &again(false),
        ),
        bad(
            ("R-25", "spent-in-a-hidden-entry"),
            "two-hops",
            "An entry that nobody opened names the note before.",
            &again(true),
        ),
    ]
}

fn forks() -> Vec<Vector> {
    let (trade, _) = transfer();
    let device = trade.world.get(&trade.ada);
    let other = Position { index: 1, head: seed("other history", 0) };
    let sign = |at: &Position| SignedHead::sign(NETWORK, trade.ada, *at, &device.key).signature;
    let proof = ForkProof {
        device: device.descriptor.clone(),
        first: device.at(),
        first_signature: sign(&device.at()),
        start: other,
        pairs: limited(Vec::new()),
        second_signature: sign(&other),
    };
    let (silent, known) = forked_writer(proof);
    // Ben has seen another first entry of Ada's than the one that she deals now.
    let shown = forked_long_ago();
    // Cleo was paid by Ada, who forked elsewhere; Cleo pays Ben.
    let through = deal_through_cleo(false);
    let frozen = deal_through_cleo(true);
    vec![
        good("without-value", "Ada acknowledges to Ben; nothing moves.", &silent),
        bad(("R-44", "writer-forked"), "without-value", "Ben holds a fork proof of Ada.", &known),
        bad(
            ("R-44", "fork-comes-to-light"),
            "after-an-entry",
            "Ada shows another history than before; the verdict gives the proof.",
            &shown,
        ),
        good("through-cleo", "Cleo pays Ben with what Ada paid her.", &through),
        bad(
            ("R-44", "earlier-payer-forked"),
            "through-cleo",
            "Ben holds a fork proof of Ada, through whom the value came.",
            &frozen,
        ),
    ]
}

/// Ben knows another first entry of Ada's, and asks nobody for runs back to what he knows.
fn forked_long_ago() -> Deal {
    let mut trade = Trade::new();
    let note = trade.fund();
    let ada = trade.ada;
    trade.world.idle(&ada);
    let mut copy = Trade::new();
    let ops = vec![dsm_core::Op::Receive {}];
    copy.world.write(&ada, Draft { ops, ..Draft::default() });
    let outputs = trade.split();
    let index = trade.pay(vec![note.id()], outputs);
    trade.deal(index).with(|deal| {
        deal.knowledge.settings.max_gap = 0;
        deal.knowledge.learn_line(&copy.world, &ada, 0, 1);
    })
}

/// A forked writer without value: nothing but the fork speaks against it.
fn forked_writer(known: ForkProof) -> (Deal, Deal) {
    let mut trade = Trade::new();
    let (ada, peer) = (trade.ada, Some(trade.ben));
    let ops = vec![dsm_core::Op::Receive {}];
    trade.world.write(&ada, Draft { peer, ops, ..Draft::default() });
    let dealt = trade.world.deal_all(&ada, 1);
    let deal = Deal { knowledge: trade.ben_knows(), asked: None, dealt };
    (deal.clone(), deal.with(|deal| deal.knowledge.forks.push(known)))
}

fn deal_through_cleo(forked: bool) -> Deal {
    let mut trade = Trade::new();
    let note = trade.fund();
    let (ada, ben, cleo) = (trade.ada, trade.ben, trade.cleo);
    let outputs = vec![trade.output(1_000, &cleo)];
    trade.move_on(&ada, vec![note.id()], outputs);
    let id = trade.world.note(&ada, 1, 0).id();
    let outputs = limited(vec![trade.output(1_000, &ben)]);
    let value = Some(dsm_core::Value::transfer(outputs));
    let (peer, nonce) = (Some(ben), Some(nonce()));
    let draft = Draft { peer, spends: vec![id], value, nonce, ..Draft::default() };
    let index = trade.world.write(&cleo, draft);
    let mut knowledge = trade.ben_knows();
    knowledge.peers.clear();
    knowledge.pin(&trade.world, &cleo);
    if forked {
        let device = trade.world.get(&ada);
        let other = Position { index: 1, head: seed("other history", 0) };
        let sign = |at: &Position| SignedHead::sign(NETWORK, ada, *at, &device.key).signature;
        knowledge.forks.push(ForkProof {
            device: device.descriptor.clone(),
            first: device.at(),
            first_signature: sign(&device.at()),
            start: other,
            pairs: limited(Vec::new()),
            second_signature: sign(&other),
        });
    }
    Deal { knowledge, asked: nonce, dealt: trade.world.deal_all(&cleo, index) }
}

/// What strangers write cannot hurt honest money.
fn strangers() -> Vec<Vector> {
    let named_elsewhere = {
        let mut trade = Trade::new();
        let note = trade.fund();
        let (ada, cleo) = (trade.ada, trade.cleo);
        let cleos = trade.output(5, &cleo);
        trade.issue(1, vec![cleos]);
        let hers = trade.world.note(&trade.issuer, 2, 0);
        // Cleo's hidden entry names Ada's note; then she pays Ada, who pays Ben with both.
        let spends = vec![note.id()];
        trade.world.write(&cleo, Draft { spends, ..Draft::default() });
        let outputs = vec![trade.output(5, &ada)];
        trade.move_on(&cleo, vec![hers.id()], outputs);
        let mut inputs = vec![note.id(), trade.world.note(&cleo, 2, 0).id()];
        inputs.sort_unstable();
        let outputs = vec![trade.output(1_005, &trade.ben)];
        let index = trade.pay(inputs, outputs);
        let mut deal = trade.deal(index);
        // Records before the floor of Cleo's note are shown too.
        deal.dealt = trade.world.deal_parts(
            &ada,
            index,
            &[(trade.issuer, 0, 2, &[1, 2]), (cleo, 0, 2, &[2]), (ada, 0, 1, &[1])],
        );
        deal
    };
    let junk_floor = {
        let mut trade = Trade::new();
        let mut outputs = vec![trade.output(1_000, &trade.ada), trade.output(0, &trade.cleo)];
        outputs[0].amount = 999;
        outputs[1].amount = 1;
        let floor = Position { index: 7, head: seed("junk", 0) };
        outputs[1].lock = Lock::Device { id: trade.cleo, floor };
        trade.issue(0, outputs);
        let id = trade.world.note(&trade.issuer, 1, 0).id();
        let outputs = vec![trade.output(999, &trade.ben)];
        let index = trade.pay(vec![id], outputs);
        trade.deal(index)
    };
    vec![
        good(
            "named-by-a-stranger",
            "Ada's note is named in a hidden record of Cleo's log, and means nothing there.",
            &named_elsewhere,
        ),
        good(
            "junk-floor-unspent",
            "An output that nobody spends has a floor that never was.",
            &junk_floor,
        ),
    ]
}

/// What the receiver, or the policy, asks for.
fn settings() -> Vec<Vector> {
    let (trade, deal) = transfer();
    let (token, issuer) = (trade.token, trade.issuer);
    let hops = |most: u64| deal.clone().with(|deal| deal.knowledge.settings.max_hops = most);
    let cap = |cap: u64| deal.clone().with(|deal| deal.knowledge.settings.exposed_cap = cap);
    let held = |amount: u64| {
        cap(1_000).with(|deal| deal.knowledge.exposures.push((issuer, token, amount)))
    };
    let weak = {
        let mut trade = Trade::under(|policy| policy.class_floor = FinalityClass::Anchored);
        let note = trade.fund();
        let outputs = trade.split();
        let index = trade.pay(vec![note.id()], outputs);
        trade.deal(index)
    };
    vec![
        good("hops-reached", "Two operations, and Ben follows two.", &hops(2)),
        bad(("R-45", "hops-passed"), "hops-reached", "Ben follows one.", &hops(1)),
        bad(
            ("R-47", "policy-asks-for-more"),
            "transfer",
            "The token's policy asks for the class anchored.",
            &weak,
        ),
        good("cap-reached", "600 exposed units, and Ben takes 600 of a device.", &cap(600)),
        bad(("R-48", "cap-passed"), "cap-reached", "Ben takes 599 of a device.", &cap(599)),
        good(
            "exposure-adds-up",
            "Ben holds 400 that rest on the issuer; his cap is 1,000.",
            &held(400),
        ),
        bad(
            ("R-48", "exposure-adds-over"),
            "exposure-adds-up",
            "He holds 401 that rest on the issuer.",
            &held(401),
        ),
    ]
}
