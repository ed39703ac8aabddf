//! Rules of form.

use dsm_core::pack::{
    Pack, PackDevice, PackLock, PackOpened, PackRecord, PackSpend, PackToken, PackValue,
};
use dsm_core::{Dealt, Op};
use dsm_crypto::Signature;
use dsm_encoding::to_vec;
use dsm_log::{MAX_INDEX, Network, Position, SignedHead};

use super::trade::{Trade, coupon, nonce, transfer};
use super::{Deal, bad, bad_bytes, good};
use crate::Vector;
use crate::world::{Draft, NETWORK, all, key, limited, seed};

const FIRST: &str = "transfer";

pub(super) fn vectors() -> Vec<Vector> {
    let (trade, deal) = transfer();
    let mut found = vec![good(
        FIRST,
        "Ada pays Ben 600 of the 1,000 that were issued to her; they never dealt before.",
        &deal,
    )];
    found.extend(form(&deal));
    found.extend(tables(&trade, &deal));
    found.extend(names(&deal));
    found.extend(signatures(&trade, &deal));
    found.extend(knowledge(&deal));
    found.extend(orders());
    found.extend(indexes());
    found
}

fn form(deal: &Deal) -> Vec<Vector> {
    let bytes = to_vec(&deal.dealt);
    let mut longer = bytes.clone();
    longer.push(0);
    let mut overlong = bytes.clone();
    // The network, 1, in two bytes.
    overlong.splice(1..2, [0x18, 0x01]);
    let shorter = bytes.split_last().map(|(_, rest)| rest.to_vec()).unwrap_or_default();
    let other = deal.clone().dealing(|dealt| dealt.network = Network::MAIN);
    let one = |name, about, bytes: &[u8]| bad_bytes(("R-01", name), FIRST, about, deal, bytes);
    vec![
        one("trailing-byte", "A byte follows the dealt entry.", &longer),
        one("missing-byte", "The last byte is missing.", &shorter),
        one("overlong-integer", "The network stands in two bytes where one is enough.", &overlong),
        bad(("R-02", "other-network"), FIRST, "The dealt entry names another network.", &other),
    ]
}

pub(super) fn first_mut<T: Clone, const MAX: usize>(
    list: &mut dsm_encoding::List<T, MAX>,
    change: impl FnOnce(&mut Vec<T>),
) {
    let mut elements = list.clone().into_inner();
    change(&mut elements);
    *list = limited(elements);
}

fn tables(trade: &Trade, deal: &Deal) -> Vec<Vector> {
    let swapped = deal.clone().dealing(|dealt| {
        first_mut(&mut dealt.pack.opened, |opened| opened.swap(0, 1));
        each_spend(&mut dealt.pack, |spend| {
            if let PackSpend::Note { opened, .. } = spend {
                *opened = 1 - *opened;
            }
        });
    });
    let stranger = (0..).map(|number| dsm_log::DeviceId(seed("stranger", number)));
    let known = trade.world.devices.keys().next_back().copied();
    let last = stranger.into_iter().find(|id| Some(*id) > known).expect("a late id");
    let unused = deal.clone().dealing(|dealt| {
        first_mut(&mut dealt.pack.devices, |all| all.push(PackDevice::Named { id: last }));
    });
    let full = deal.clone().dealing(|dealt| {
        let descriptor = Box::new(trade.world.get(&trade.ben).descriptor.clone());
        first_mut(&mut dealt.pack.devices, |all| {
            for device in all.iter_mut().filter(|device| device.id() == trade.ben) {
                *device = PackDevice::Full { descriptor: descriptor.clone() };
            }
        });
    });
    let outside = deal.clone().dealing(|dealt| dealt.writer = 99);
    let lot = deal.clone().dealing(|dealt| {
        each_spend(&mut dealt.pack, |spend| {
            if let PackSpend::Lot { token, .. } = spend {
                *token = 1;
            }
        });
    });
    vec![
        bad(("R-03", "opened-entries-swapped"), FIRST, "The opened entries descend.", &swapped),
        bad(
            ("R-04", "device-that-nothing-names"),
            FIRST,
            "A device is named for nothing.",
            &unused,
        ),
        bad(
            ("R-04", "descriptor-without-run"),
            FIRST,
            "A descriptor is sent of a device that has no run in the pack.",
            &full,
        ),
        bad(("R-05", "writer-outside-table"), FIRST, "The writer's number names nobody.", &outside),
        bad(("R-05", "token-outside-table"), FIRST, "A lot is of a token that is not there.", &lot),
    ]
}

pub(super) fn each_spend(pack: &mut Pack, mut change: impl FnMut(&mut PackSpend)) {
    first_mut(&mut pack.runs, |runs| {
        for run in runs {
            first_mut(&mut run.records, |records| {
                for record in records {
                    first_mut(&mut record.spends, |spends| spends.iter_mut().for_each(&mut change));
                }
            });
        }
    });
}

fn each_record(pack: &mut Pack, mut change: impl FnMut(&mut PackRecord)) {
    first_mut(&mut pack.runs, |runs| {
        for run in runs {
            first_mut(&mut run.records, |records| records.iter_mut().for_each(&mut change));
        }
    });
}

fn each_lock(pack: &mut Pack, mut change: impl FnMut(&mut PackLock)) {
    first_mut(&mut pack.opened, |opened| {
        for one in opened {
            if let Some(PackValue::Transfer { outputs, .. } | PackValue::Issue { outputs, .. }) =
                &mut one.value
            {
                first_mut(outputs, |outputs| {
                    outputs.iter_mut().for_each(|output| change(&mut output.lock));
                });
            }
        }
    });
}

/// What is named by number instead of being sent.
fn names(deal: &Deal) -> Vec<Vector> {
    let closed = deal.clone().dealing(|dealt| {
        let body = seed("body", 0);
        each_record(&mut dealt.pack, |record| record.body = Some(body));
    });
    let lacking = deal.clone().dealing(|dealt| {
        first_mut(&mut dealt.pack.opened, |opened: &mut Vec<PackOpened>| {
            for one in opened.iter_mut().filter(|one| one.device == dealt.writer) {
                one.index = 2;
            }
        });
    });
    let cycle = deal.clone().dealing(|dealt| {
        each_lock(&mut dealt.pack, |lock| {
            if let PackLock::Shown { floor, .. } = lock {
                *floor = 1;
            }
        });
    });
    let raw = deal.clone().dealing(|dealt| {
        let made = made_by_issue(deal);
        each_spend(&mut dealt.pack, |spend| {
            if matches!(spend, PackSpend::Note { .. }) {
                *spend = PackSpend::Raw { id: made };
            }
        });
    });
    let absent = deal.clone().dealing(|dealt| {
        each_lock(&mut dealt.pack, |lock| {
            if let PackLock::Plain { device, floor } = *lock {
                *lock = PackLock::Shown { device, floor: floor.index };
            }
        });
    });
    vec![
        bad(("R-07", "body-of-opened-entry"), FIRST, "Opened entries come with bodies.", &closed),
        bad(("R-07", "opened-entry-off-the-run"), FIRST, "No run shows an opened entry.", &lacking),
        bad(
            ("R-08", "floor-after-the-spend"),
            FIRST,
            "The floor of the issued note is named as the head of the entry that spends it.",
            &cycle,
        ),
        bad(("R-11", "computable-id-sent"), FIRST, "The input's id is sent in full.", &raw),
        bad(
            ("R-12", "floor-without-run"),
            FIRST,
            "Ben's floor is named by its index, but no run of Ben is in the pack.",
            &absent,
        ),
    ]
}

fn made_by_issue(deal: &Deal) -> dsm_log::SpendId {
    let view = deal.knowledge.view().expect("facts");
    let verdict = dsm_core::accept(&view, &deal.dealt.clone().into(), deal.asked);
    let accepted = verdict.result.expect("a good payment");
    let issue = accepted.facts().opened.iter().find(|one| one.device != accepted.writer());
    *issue.and_then(|one| one.notes.first()).expect("a note")
}

fn signatures(trade: &Trade, deal: &Deal) -> Vec<Vector> {
    let ada = trade.world.get(&trade.ada);
    let sign = |network, device, at: &Position, name: &str| {
        SignedHead::sign(network, device, *at, &key(name)).signature
    };
    let at = ada.at();
    let right = sign(NETWORK, trade.ada, &at, "ada");
    let flipped = |byte: usize| {
        let mut bytes = right.signature.as_bytes().to_vec();
        bytes[byte] ^= 1;
        Signature::from_bytes(&bytes).expect("the right length").into()
    };
    let index = Position { index: at.index + 1, ..at };
    let purpose = dsm_crypto::Signer::sign(&ada.key, &at.head).into();
    let wrong = [
        (
            "other-index",
            "Ada signed this head for another index.",
            sign(NETWORK, trade.ada, &index, "ada"),
        ),
        (
            "other-device",
            "Ada signed for another device's log.",
            sign(NETWORK, trade.ben, &at, "ada"),
        ),
        (
            "other-network",
            "Ada signed for another network.",
            sign(Network::MAIN, trade.ada, &at, "ada"),
        ),
        ("other-purpose", "Ada signed the bare head, under no domain.", purpose),
        ("other-key", "Ben signed for Ada.", sign(NETWORK, trade.ada, &at, "ben")),
        ("classical-half", "One bit of the Ed25519 half is wrong.", flipped(5)),
        ("lattice-half", "One bit of the ML-DSA half is wrong.", flipped(100)),
    ];
    let wrong = wrong.into_iter().map(|(name, about, signature)| {
        let forged = deal.clone().dealing(|dealt| {
            let writer = dealt.writer;
            first_mut(&mut dealt.pack.runs, |runs| {
                for run in runs.iter_mut().filter(|run| run.device == writer) {
                    run.signature = signature.clone();
                }
            });
        });
        bad(("R-13", name), FIRST, about, &forged)
    });
    wrong.collect()
}

/// Devices and tokens that the receiver does not know.
fn knowledge(deal: &Deal) -> Vec<Vector> {
    let device = deal.clone().dealing(|dealt| {
        first_mut(&mut dealt.pack.devices, |all| {
            for device in all {
                *device = PackDevice::Named { id: device.id() };
            }
        });
    });
    let token = deal.clone().dealing(|dealt| {
        first_mut(&mut dealt.pack.tokens, |all| {
            for token in all {
                if let PackToken::Full { policy } = token {
                    *token = PackToken::Named { id: policy.id() };
                }
            }
        });
    });
    let senseless = |change: fn(&mut dsm_core::Policy)| {
        let mut trade = Trade::under(change);
        let note = trade.fund();
        let outputs = trade.split();
        let index = trade.pay(vec![note.id()], outputs);
        trade.deal(index)
    };
    let policy = senseless(|policy| policy.network = Network::MAIN);
    let signer = {
        let mut trade = Trade::new();
        let mut descriptor = trade.world.get(&trade.issuer).descriptor.clone();
        descriptor.network = Network::MAIN;
        let issuer = trade.world.enter(key("issuer"), descriptor);
        let token = trade.world.add_policy(coupon(issuer));
        (trade.issuer, trade.token) = (issuer, token);
        let note = trade.fund();
        let outputs = trade.split();
        let index = trade.pay(vec![note.id()], outputs);
        trade.deal(index)
    };
    let overflow = senseless(|policy| policy.lots = 1 << 60);
    let decimals = senseless(|policy| policy.decimals = 19);
    vec![
        bad(("R-02", "policy-of-other-network"), FIRST, "The token lives elsewhere.", &policy),
        bad(("R-02", "issuer-of-other-network"), FIRST, "The issuer lives elsewhere.", &signer),
        bad(("R-14", "issuer-unknown"), FIRST, "The issuer's descriptor is not sent.", &device),
        bad(("R-15", "policy-unknown"), FIRST, "The policy is not sent.", &token),
        bad(("R-15", "cap-overflows"), FIRST, "Lots times units do not fit 64 bits.", &overflow),
        bad(("R-15", "decimals"), FIRST, "The policy wants 19 decimals.", &decimals),
    ]
}

/// A transfer of two inputs.
fn orders() -> Vec<Vector> {
    let deal = |descending: bool| {
        let mut trade = Trade::new();
        let output = trade.output(500, &trade.ada);
        trade.issue(0, vec![output, output]);
        let mut ids: Vec<_> =
            (0..2).map(|number| trade.world.note(&trade.issuer, 1, number).id()).collect();
        ids.sort_unstable();
        if descending {
            ids.reverse();
        }
        let outputs = trade.split();
        let index = trade.pay(ids, outputs);
        trade.deal(index)
    };
    let twice = {
        let mut trade = Trade::new();
        let output = trade.output(500, &trade.ada);
        trade.issue(0, vec![output, output]);
        let id = trade.world.note(&trade.issuer, 1, 0).id();
        let outputs = trade.split();
        let index = trade.pay(vec![id, id], outputs);
        trade.deal(index)
    };
    vec![
        good("two-inputs", "Ada pays with two notes.", &deal(false)),
        bad(("R-10", "inputs-descend"), "two-inputs", "The ids descend.", &deal(true)),
        bad(("R-10", "input-twice"), "two-inputs", "One note is named twice.", &twice),
    ]
}

/// The greatest index.
fn indexes() -> Vec<Vector> {
    let deal = |index: u64| {
        let mut trade = Trade::new();
        let start = Position { index: index - 2, head: seed("somewhere", 0) };
        let (ada, ben) = (trade.ada, trade.ben);
        trade.world.begin_at(&ada, start);
        trade.world.idle(&ada);
        let ops = vec![Op::Receive {}];
        let draft = Draft { peer: Some(ben), ops, nonce: Some(nonce()), ..Draft::default() };
        trade.world.write(&ada, draft);
        let plan = trade.world.chosen(&[(ada, index - 2, index, &[index])]);
        let dealt: Dealt = trade.world.deal(&ada, index, &plan, &all(&plan));
        Deal { knowledge: trade.ben_knows(), asked: Some(nonce()), dealt }
    };
    let elsewhere = {
        let mut trade = Trade::new();
        let ada = trade.ada;
        trade.world.begin_at(&ada, Position { index: 0, head: seed("somewhere", 0) });
        let note = trade.fund();
        let outputs = trade.split();
        let index = trade.pay(vec![note.id()], outputs);
        trade.deal(index)
    };
    let last = deal(MAX_INDEX - 1);
    let over = deal(MAX_INDEX);
    vec![
        good("last-index", "An entry at the greatest index, at a first contact.", &last),
        bad(("R-09", "index-over"), "last-index", "The entry stands at 2^63.", &over),
        bad(
            ("R-56", "other-origin"),
            FIRST,
            "Ada's log, and the floor in it, begin with a head of her choice.",
            &elsewhere,
        ),
    ]
}
