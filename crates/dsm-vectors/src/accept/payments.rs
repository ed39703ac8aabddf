//! Further good cases: what a cache, an own device or an issuer changes.

use dsm_core::pack::Wanted;
use dsm_core::{Op, Peer, Value, lot_id};

use super::trade::{Trade, nonce, transfer};
use super::{Deal, good};
use crate::Vector;
use crate::world::{Draft, limited};

pub(super) fn vectors() -> Vec<Vector> {
    vec![
        good("cached", "Ben knows everything but the second payment itself.", &cached()),
        good("receive", "Ben acknowledges; his stitch is Ada's payment.", &receive()),
        good("from-the-issuer", "The issuer deals a lot to Ben.", &from_issuer()),
        good("own-issuer", "The lot comes from Ben's own issuing log.", &own_issuer()),
    ]
}

fn cached() -> Deal {
    let (mut trade, _) = transfer();
    let (ada, issuer) = (trade.ada, trade.issuer);
    let change = trade.world.note(&ada, 1, 1);
    let outputs = vec![trade.output(400, &trade.ben)];
    let index = trade.pay(vec![change.id()], outputs);
    let world = &trade.world;
    let mut knowledge = trade.ben_knows();
    knowledge.facts.descriptors.push(world.get(&issuer).descriptor.clone());
    knowledge.facts.policies.extend(dsm_core::View::policy(world, &trade.token));
    knowledge.learn_line(world, &issuer, 0, 1);
    knowledge.learn_opened(world, &issuer, 1);
    knowledge.learn_line(world, &ada, 0, 1);
    knowledge.learn_opened(world, &ada, 1);
    let first = world.get(&ada).written(1).expect("the first payment");
    let tip = first.entry.tip_after(first.tip_before);
    *knowledge.peer_mut() = Peer { active: true, tip: Some(tip), stitch: None };
    let plan = world.plan(&ada, index, 1);
    let view = knowledge.view().expect("facts");
    let wanted = Wanted::of(&view, &plan).expect("a short plan");
    let dealt = world.deal(&ada, index, &plan, &wanted);
    Deal { knowledge, asked: Some(nonce()), dealt }
}

/// Ada judges what Ben answers.
fn receive() -> Deal {
    let (mut trade, _) = transfer();
    let (ada, ben) = (trade.ada, trade.ben);
    let stitch = Some(trade.world.at(&ada));
    let ops = vec![Op::Receive {}];
    let index = trade.world.write(&ben, Draft { peer: Some(ada), stitch, ops, ..Draft::default() });
    let mut knowledge = crate::knowledge::Knowledge::of(&trade.world, &ada);
    knowledge.pin(&trade.world, &ben);
    Deal { knowledge, asked: None, dealt: trade.world.deal_all(&ben, index) }
}

fn issue_to_ben() -> (Trade, Deal) {
    let mut trade = Trade::new();
    let (issuer, ben, token) = (trade.issuer, trade.ben, trade.token);
    let outputs = limited(vec![trade.output(1_000, &ben)]);
    let value = Value::Issue { token, lot: 0, outputs, cosignatures: limited(Vec::new()) };
    let (peer, nonce) = (Some(ben), Some(nonce()));
    let spends = vec![lot_id(&token, 0)];
    let draft = Draft { peer, spends, value: Some(value), nonce, ..Draft::default() };
    let index = trade.world.write(&issuer, draft);
    let mut knowledge = trade.ben_knows();
    knowledge.peers.clear();
    knowledge.pin(&trade.world, &issuer);
    let deal = Deal { knowledge, asked: nonce, dealt: trade.world.deal_all(&issuer, index) };
    (trade, deal)
}

fn from_issuer() -> Deal {
    issue_to_ben().1
}

fn own_issuer() -> Deal {
    let (trade, deal) = issue_to_ben();
    deal.with(|deal| deal.knowledge.own.push(trade.issuer))
}
