//! What one operation may do.

use dsm_core::{Lock, Note, Output, Policy, Value};
use dsm_crypto::Digest;
use dsm_merkle::list_root;

use super::trade::Trade;
use super::{Deal, bad, good};
use crate::Vector;
use crate::world::limited;

pub(super) fn vectors() -> Vec<Vector> {
    let mut found = spends();
    found.extend(amounts());
    found.extend(change());
    found.extend(owners());
    found.extend(transferability());
    found.extend(limits());
    found.extend(allow_sets());
    found.extend(burns());
    found
}

/// A payment of Ada's first note under a policy, with outputs of the scenario's choice.
fn paid(
    policy: impl FnOnce(&mut Policy),
    outputs: impl FnOnce(&Trade, &Note) -> Vec<Output>,
) -> Deal {
    let mut trade = Trade::under(policy);
    let note = trade.fund();
    let outputs = outputs(&trade, &note);
    let index = trade.pay(vec![note.id()], outputs);
    trade.deal(index)
}

fn spends() -> Vec<Vector> {
    let empty = {
        let mut trade = Trade::new();
        let index = trade.pay(Vec::new(), Vec::new());
        trade.deal(index)
    };
    let valueless = {
        let mut trade = Trade::new();
        let note = trade.fund();
        let index = trade.write_to_ben(vec![note.id()], None);
        trade.deal(index)
    };
    vec![
        bad(
            ("R-16", "transfer-without-inputs"),
            "transfer",
            "A transfer consumes nothing and makes nothing.",
            &empty,
        ),
        bad(
            ("R-16", "spend-without-value"),
            "transfer",
            "An entry consumes a note and has no value operation.",
            &valueless,
        ),
    ]
}

fn amounts() -> Vec<Vector> {
    let zero = paid(
        |_| {},
        |trade, _| {
            let mut outputs = trade.split();
            outputs.push(trade.output(0, &trade.ben));
            outputs
        },
    );
    let more =
        paid(|_| {}, |trade, _| vec![trade.output(601, &trade.ben), trade.output(400, &trade.ada)]);
    let less =
        paid(|_| {}, |trade, _| vec![trade.output(599, &trade.ben), trade.output(400, &trade.ada)]);
    let wraps = paid(
        |_| {},
        |trade, _| vec![trade.output(u64::MAX, &trade.ben), trade.output(1_001, &trade.ada)],
    );
    let mixed = {
        let mut trade = Trade::new();
        let mut policy = super::trade::coupon(trade.issuer);
        policy.name = "Other".try_into().expect("a short name");
        let other = trade.world.add_policy(policy);
        let note = trade.fund();
        let ben = trade.ben;
        let mut outputs = trade.split();
        outputs[0] = trade.world.output(other, 600, &ben);
        let index = trade.pay(vec![note.id()], outputs);
        trade.deal(index)
    };
    vec![
        bad(("R-17", "output-of-zero"), "transfer", "An output is of zero units.", &zero),
        bad(("R-19", "one-unit-more"), "transfer", "One unit comes out of nothing.", &more),
        bad(("R-19", "one-unit-less"), "transfer", "One unit is lost.", &less),
        bad(("R-19", "another-token"), "transfer", "What comes out is another token.", &mixed),
        bad(
            ("R-20", "sum-wraps"),
            "transfer",
            "The outputs' sum modulo 2^64 is what went in.",
            &wraps,
        ),
    ]
}

fn change() -> Vec<Vector> {
    let deal = |old: bool| {
        let mut trade = Trade::new();
        let note = trade.fund();
        let ada = trade.ada;
        let floor = trade.world.at(&ada);
        trade.world.idle(&ada);
        let mut outputs = trade.split();
        if old {
            outputs[1].lock = Lock::Device { id: ada, floor };
        }
        let index = trade.pay(vec![note.id()], outputs);
        trade.deal(index)
    };
    vec![
        good("change", "The change's floor is the head before the entry.", &deal(false)),
        bad(
            ("R-18", "change-with-older-floor"),
            "change",
            "The change's floor is a head of the log, but an older one.",
            &deal(true),
        ),
    ]
}

fn owners() -> Vec<Vector> {
    let another = {
        let mut trade = Trade::new();
        let mut output = trade.output(1_000, &trade.ada);
        // The floor is on Ada's log all the same.
        output.lock = Lock::Device { id: trade.cleo, floor: trade.world.at(&trade.ada) };
        let index = trade.issue(0, vec![output]);
        let id = trade.world.note(&trade.issuer, index, 0).id();
        let outputs = trade.split();
        let index = trade.pay(vec![id], outputs);
        trade.deal(index)
    };
    let vault = {
        let mut trade = Trade::new();
        let mut output = trade.output(1_000, &trade.ada);
        output.lock = Lock::Vault { root: Digest::ZERO };
        trade.issue(0, vec![output]);
        let id = trade.world.note(&trade.issuer, 1, 0).id();
        let outputs = trade.split();
        let index = trade.pay(vec![id], outputs);
        trade.deal_parts(index, &[(trade.issuer, 0, 1, &[1]), (trade.ada, 0, 1, &[1])])
    };
    vec![
        bad(("R-22", "input-of-another"), "transfer", "Ada spends a note of Cleo's.", &another),
        bad(("R-22", "input-of-a-vault"), "transfer", "Ada spends a vault's note.", &vault),
    ]
}

fn transferability() -> Vec<Vector> {
    let bound = |policy: &mut Policy| policy.transferable = false;
    let kept =
        paid(bound, |trade, _| vec![trade.output(600, &trade.ada), trade.output(400, &trade.ada)]);
    let moved = paid(bound, |trade, _| trade.split());
    vec![
        good("bound-token-kept", "Ada cuts a note of a token that does not move.", &kept),
        bad(
            ("R-31", "bound-token-moved"),
            "bound-token-kept",
            "Ada pays Ben with a token that does not move.",
            &moved,
        ),
    ]
}

fn limits() -> Vec<Vector> {
    let deal =
        |limit: u64| paid(|policy| policy.entry_limit = Some(limit), |trade, _| trade.split());
    vec![
        good("entry-limit-reached", "600 move, and 600 may.", &deal(600)),
        bad(("R-32", "entry-limit-passed"), "entry-limit-reached", "599 may move.", &deal(599)),
    ]
}

fn allow_sets() -> Vec<Vector> {
    let deal = |to_vault: bool| {
        let names = Trade::new();
        let owners = vec![names.ada, names.ben, names.cleo];
        let leaves: Vec<Digest> = owners.iter().map(|owner| owner.0).collect();
        let mut trade = Trade::under(|policy| policy.allow_set = Some(list_root(&leaves)));
        trade.world.allow(trade.token, owners);
        let note = trade.fund();
        let mut outputs = trade.split();
        if to_vault {
            outputs[1].lock = Lock::Vault { root: Digest::ZERO };
        }
        let index = trade.pay(vec![note.id()], outputs);
        (trade.deal(index), trade.ben)
    };
    let (shown, ben) = deal(false);
    let (vault, _) = deal(true);
    let without = |change: fn(&mut dsm_core::pack::Allowance)| {
        shown.clone().dealing(|dealt| {
            let devices = dealt.pack.devices.iter().position(|device| device.id() == ben);
            let mut proofs = dealt.pack.allowances.clone().into_inner();
            for proof in &mut proofs {
                if usize::try_from(proof.device).ok() == devices {
                    change(proof);
                }
            }
            proofs.retain(|proof| proof.count > 0);
            dealt.pack.allowances = limited(proofs);
        })
    };
    let missing = without(|proof| proof.count = 0);
    let wrong = without(|proof| proof.index = 0);
    vec![
        good("allow-set", "Each owner is shown to be in the allow set.", &shown),
        bad(("R-31", "allow-set-to-a-vault"), "allow-set", "The change goes to a vault.", &vault),
        bad(("R-33", "proof-missing"), "allow-set", "Nothing shows that Ben may own.", &missing),
        bad(("R-33", "proof-of-another-leaf"), "allow-set", "Ben's proof fits no leaf.", &wrong),
    ]
}

fn burns() -> Vec<Vector> {
    let deal = |burnable: bool, amount: u64, inputs: bool| {
        let mut trade = Trade::under(|policy| policy.burnable = burnable);
        let note = trade.fund();
        let value = Value::Burn { token: trade.token, amount };
        let spends = if inputs { vec![note.id()] } else { Vec::new() };
        let index = trade.write_to_ben(spends, Some(value));
        trade.deal(index)
    };
    let burn = deal(true, 1_000, true);
    vec![
        good("burn", "Ada burns her note and tells Ben.", &burn),
        bad(
            ("R-16", "burn-without-inputs"),
            "burn",
            "Nothing is burnt.",
            &deal(true, 1_000, false),
        ),
        bad(("R-17", "burn-of-zero"), "burn", "A note is burnt as zero.", &deal(true, 0, true)),
        bad(
            ("R-19", "burn-of-less"),
            "burn",
            "Less is burnt than consumed.",
            &deal(true, 999, true),
        ),
        bad(
            ("R-34", "not-burnable"),
            "burn",
            "The policy does not allow it.",
            &deal(false, 1_000, true),
        ),
    ]
}
