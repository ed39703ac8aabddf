//! Where units begin: R-16 for lots, R-26 to R-30.

use dsm_core::value::{Cosignature, cosign_message};
use dsm_core::{Cosigners, Output, Value, lot_id};
use dsm_crypto::Signer;
use dsm_log::SpendId;

use super::trade::Trade;
use super::{Deal, bad, good};
use crate::Vector;
use crate::world::{Draft, key, limited};

pub(super) fn vectors() -> Vec<Vector> {
    let mut found = lots();
    found.extend(tokens());
    found.extend(issuers());
    found.extend(cosigners());
    found
}

/// An issue as somebody writes it, which Ada then spends.
struct Issue {
    lot: u64,
    outputs: Vec<Output>,
    spends: Vec<SpendId>,
    cosignatures: Vec<Cosignature>,
}

fn issued(trade: &mut Trade, change: impl FnOnce(&Trade, &mut Issue)) -> Deal {
    let outputs = vec![trade.output(1_000, &trade.ada)];
    let spends = vec![lot_id(&trade.token, 9)];
    let mut issue = Issue { lot: 9, outputs, spends, cosignatures: Vec::new() };
    change(trade, &mut issue);
    let Issue { lot, outputs, spends, cosignatures } = issue;
    let amount = outputs.first().map_or(0, |output| output.amount);
    let (outputs, cosignatures) = (limited(outputs), limited(cosignatures));
    let value = Some(Value::Issue { token: trade.token, lot, outputs, cosignatures });
    let issuer = trade.issuer;
    trade.world.write(&issuer, Draft { spends, value, ..Draft::default() });
    let note = trade.world.note(&issuer, 1, 0).id();
    let outputs = vec![trade.output(600, &trade.ben), trade.output(amount - 600, &trade.ada)];
    let index = trade.pay(vec![note], outputs);
    trade.deal(index)
}

fn lots() -> Vec<Vector> {
    let last = issued(&mut Trade::new(), |_, _| {});
    let over = issued(&mut Trade::new(), |trade, issue| {
        issue.lot = 10;
        issue.spends = vec![lot_id(&trade.token, 10)];
    });
    let more = issued(&mut Trade::new(), |_, issue| issue.outputs[0].amount = 1_001);
    let other = issued(&mut Trade::new(), |trade, issue| {
        issue.spends = vec![lot_id(&trade.token, 8)];
    });
    let nothing = issued(&mut Trade::new(), |_, issue| issue.spends = Vec::new());
    let also = issued(&mut Trade::new(), |trade, issue| {
        issue.spends.push(lot_id(&trade.token, 8));
        issue.spends.sort_unstable();
    });
    vec![
        good("last-lot", "The last of ten lots is issued in full.", &last),
        bad(("R-16", "other-lot-consumed"), "last-lot", "Lot 8 is consumed, 9 issued.", &other),
        bad(("R-16", "lot-not-consumed"), "last-lot", "No lot is consumed.", &nothing),
        bad(("R-16", "second-lot-consumed"), "last-lot", "Two lots are consumed.", &also),
        bad(("R-27", "lot-over"), "last-lot", "There is no eleventh lot.", &over),
        bad(("R-28", "lot-exceeded"), "last-lot", "A lot of 1,000 issues 1,001.", &more),
    ]
}

fn tokens() -> Vec<Vector> {
    let mut trade = Trade::new();
    let mut policy = super::trade::coupon(trade.issuer);
    policy.name = "Other".try_into().expect("a short name");
    let other = trade.world.add_policy(policy);
    let mixed = issued(&mut trade, |trade, issue| {
        issue.outputs.push(trade.world.output(other, 1, &trade.ada));
    });
    vec![bad(
        ("R-29", "another-token"),
        "last-lot",
        "The issue also makes a unit of another token.",
        &mixed,
    )]
}

fn issuers() -> Vec<Vector> {
    let by_cleo = {
        let names = Trade::new();
        // The policy's floor is on Cleo's log all the same.
        let floor = names.world.at(&names.cleo);
        let mut trade = Trade::under(|policy| policy.issuer_floor = floor);
        trade.issuer = names.cleo;
        issued(&mut trade, |_, _| {})
    };
    vec![bad(("R-26", "another-log"), "last-lot", "Cleo writes the issue in her log.", &by_cleo)]
}

/// Two of three co-signers.
fn cosigners() -> Vec<Vector> {
    const NAMES: [&str; 3] = ["cosigner 0", "cosigner 1", "cosigner 2"];
    let trade = || {
        Trade::under(|policy| {
            let keys = NAMES.map(|name| key(name).public_key().clone());
            policy.cosigners = Cosigners { threshold: 2, keys: limited(keys.to_vec()) };
        })
    };
    let deal = |signed: &[(u8, &str)], lot: u64| {
        issued(&mut trade(), |trade, issue| {
            let outputs = limited(issue.outputs.clone());
            let message = cosign_message(&trade.token, lot, &outputs);
            let sign = |(number, name): &(u8, &str)| Cosignature {
                key: *number,
                signature: key(name).sign(&message),
            };
            issue.cosignatures = signed.iter().map(sign).collect();
        })
    };
    let [zero, one, two] = [(0, NAMES[0]), (1, NAMES[1]), (2, NAMES[2])];
    let sibling = "cosigned-issue";
    vec![
        good(sibling, "Two of three co-signers consent.", &deal(&[zero, two], 9)),
        bad(("R-30", "one-missing"), sibling, "One signs.", &deal(&[zero], 9)),
        bad(("R-30", "one-too-many"), sibling, "Three sign.", &deal(&[zero, one, two], 9)),
        bad(("R-30", "descending"), sibling, "Key numbers descend.", &deal(&[two, zero], 9)),
        bad(("R-30", "same-key-twice"), sibling, "One signs twice.", &deal(&[zero, zero], 9)),
        bad(
            ("R-30", "other-lot"),
            sibling,
            "They consented to another lot.",
            &deal(&[zero, two], 8),
        ),
        bad(
            ("R-30", "no-such-key"),
            sibling,
            "There is no key 3.",
            &deal(&[zero, (3, NAMES[2])], 9),
        ),
    ]
}
