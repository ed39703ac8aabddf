//! Devices with chips: R-73, and what of them is anchored.

use dsm_core::{Dealt, MakerId};
use dsm_crypto::{Digest, Secret};
use dsm_log::{Anchor, Chip, ChipEvidence, DeviceId, SimulatedChip};

use super::packs::first_mut;
use super::trade::Trade;
use super::{Deal, bad, good};
use crate::Vector;
use crate::world::{World, seed};

const FIRST: &str = "anchored";

fn tpm(chip: Chip) -> Anchor {
    Anchor::Tpm2 { chip }
}

fn simulated(chip: Chip) -> Anchor {
    Anchor::Simulated { chip }
}

fn maker() -> MakerId {
    MakerId(seed("maker", 0))
}

/// Ada, whose chip absorbed two entries before, pays Ben 600; the issuer has a chip too.
fn market(kind: fn(Chip) -> Anchor, most: u64) -> (Trade, Deal) {
    let mut world = World::default();
    let chipped = ["issuer", "ada"].map(|name| world.anchored(name, kind, Some(maker())));
    let plain = ["ben", "cleo"].map(|name| world.device(name));
    let [issuer, ada, ben, cleo] = [chipped, plain].concat().try_into().expect("four");
    let mut trade = Trade::of(world, [issuer, ada, ben, cleo], |_| {});
    for _ in 0..2 {
        trade.world.idle(&ada);
    }
    let note = trade.fund();
    let outputs = trade.split();
    let index = trade.pay(vec![note.id()], outputs);
    let mut deal = trade.deal(index);
    deal.knowledge.makers = chipped.iter().map(|device| (*device, maker())).collect();
    deal.knowledge.settings.makers = [(maker(), most)].into();
    deal.knowledge.settings.exposed_cap = 0;
    (trade, deal)
}

/// Changes the evidence of a device's run.
fn evidence(deal: &Deal, device: DeviceId, change: impl FnOnce(&mut Vec<ChipEvidence>)) -> Deal {
    deal.clone().dealing(|dealt: &mut Dealt| {
        let at = dealt.pack.devices.iter().position(|one| one.id() == device).expect("a device");
        first_mut(&mut dealt.pack.runs, |runs| {
            let of = |run: &&mut dsm_core::pack::PackRun| run.device as usize == at;
            let run = runs.iter_mut().find(of).expect("a run");
            first_mut(&mut run.signature.evidence, change);
        });
    })
}

pub(super) fn vectors() -> Vec<Vector> {
    let (trade, deal) = market(tpm, 600);
    let mut found =
        vec![good(FIRST, "Chips stand behind every hop, and their maker counts.", &deal)];
    found.extend(classes(&deal));
    found.extend(lacking(&trade, &deal));
    found.extend(refused(&trade, &deal));
    found
}

fn classes(deal: &Deal) -> Vec<Vector> {
    let enough = |deal: Deal| deal.with(|deal| deal.knowledge.settings.exposed_cap = 600);
    let (_, program) = market(simulated, 600);
    let nobody = deal.clone().with(|deal| deal.knowledge.makers.truncate(1));
    let other = deal.clone().with(|deal| deal.knowledge.settings.makers.clear());
    let (_, less) = market(tpm, 599);
    vec![
        good(
            "simulated-chip-is-exposed",
            "The chips say of themselves that they are programs.",
            &enough(program),
        ),
        good("nobody-vouched", "Nobody vouched for one of the chips.", &enough(nobody)),
        good(
            "maker-not-on-the-list",
            "The receiver counts no chips of this maker.",
            &enough(other),
        ),
        bad(
            ("R-48", "more-than-the-makers-cap"),
            FIRST,
            "One unit more than may rest on a chip.",
            &less,
        ),
    ]
}

fn one(name: &str, about: &str, deal: &Deal) -> Vector {
    bad(("R-73", name), FIRST, about, deal)
}

/// Entries without evidence, or with that of others.
fn lacking(trade: &Trade, deal: &Deal) -> Vec<Vector> {
    let (ada, issuer) = (trade.ada, trade.issuer);
    let of_ada = |change: &dyn Fn(&mut Vec<ChipEvidence>)| evidence(deal, ada, |all| change(all));
    vec![
        one("none", "The payer's entries have no evidence.", &of_ada(&|all| all.clear())),
        one(
            "none-of-an-earlier-hop",
            "The issuer's have none.",
            &evidence(deal, issuer, Vec::clear),
        ),
        one("none-of-the-last", "The last entry has none.", &of_ada(&|all| all.truncate(2))),
        one(
            "none-of-the-first",
            "The first entry has none.",
            &of_ada(&|all| all.retain(|one| one.first != 1)),
        ),
        one(
            "none-between",
            "An entry between has none.",
            &of_ada(&|all| all.retain(|one| one.first != 2)),
        ),
        one("twice", "A piece is there twice.", &of_ada(&|all| all.insert(1, all[0].clone()))),
        one("descending", "The pieces descend.", &of_ada(&|all| all.swap(0, 1))),
    ]
}

/// Pieces that are altered, or of something else.
fn refused(trade: &Trade, deal: &Deal) -> Vec<Vector> {
    let ada = trade.ada;
    let of_ada = |change: &dyn Fn(&mut Vec<ChipEvidence>)| evidence(deal, ada, |all| change(all));
    let absorbed = |head: &Digest, index| {
        let secret = Secret::from_bytes(*seed("ada's chip", 1).as_bytes());
        let mut chip = SimulatedChip::new(secret, 40);
        chip.danger_go_to(index);
        chip.absorb(head).expect("an index in range")
    };
    let other_head = absorbed(&seed("head", 0), 3);
    let foreign =
        SimulatedChip::new(Secret::from_bytes([7; 32]), 42).absorb(&trade.world.at(&ada).head);
    let foreign = foreign.expect("an index in range");
    let (plain, of_plain) = super::trade::transfer();
    let spare = evidence(&of_plain, plain.ada, |all| all.push(other_head.clone()));
    vec![
        one(
            "another-head",
            "The chip absorbed another head at this value.",
            &of_ada(&|all| all[2] = other_head.clone()),
        ),
        one(
            "another-value",
            "The evidence is of the entry before.",
            &of_ada(&|all| {
                (all[2].start, all[2].signature) = (all[1].start, all[1].signature.clone())
            }),
        ),
        one(
            "another-chip",
            "Another chip absorbed the head at this value.",
            &of_ada(&|all| all[2].signature = foreign.signature.clone()),
        ),
        one(
            "start-that-lies",
            "The start digest is another one.",
            &of_ada(&|all| all[2].start[0] ^= 1),
        ),
        one(
            "other-clock",
            "What the chip says beside is altered.",
            &of_ada(&|all| all[2].beside[9] ^= 1),
        ),
        one(
            "range-over",
            "A piece says that it reaches further.",
            &of_ada(&|all| all[2].last += 1),
        ),
        bad(
            ("R-73", "device-without-chip"),
            "transfer",
            "A device without a chip shows evidence.",
            &spare,
        ),
    ]
}
