//! One transfer while other devices exist: as contacts with facts in the views of both parties.

use dsm_core::pack::Line;
use dsm_core::{Facts, TokenId};
use dsm_crypto::{PublicKey, Signature};
use dsm_encoding::List;
use dsm_log::{Anchor, DeviceDescriptor, Position, Record};
use dsm_sim::{Actor, NETWORK, introduce};

use super::transfer::{device, filler, issuer, relate, teach, transfer};
use crate::report::Report;
use crate::timing::Samples;

const SIZES: [(&str, u64); 3] = [("10", 10), ("1k", 1_000), ("100k", 100_000)];
const ROUNDS: u64 = 151;
const UNITS: u64 = 1_000;

struct World {
    payer: Actor,
    payee: Actor,
    samples: Samples,
}

pub(crate) fn run(report: &mut Report) {
    let mut worlds = SIZES.map(|(_, others)| world(others));
    for round in 0..ROUNDS {
        let tokens = worlds.each_mut().map(|world| give(world, round));
        for (World { payer, payee, samples }, token) in worlds.iter_mut().zip(tokens) {
            samples.time(|| transfer(payer, payee, token, UNITS));
        }
    }
    let medians = worlds.map(|world| world.samples.median());
    for ((name, _), median) in SIZES.iter().zip(medians) {
        report.number(format!("world.transfer_us_{name}"), median);
    }
    let [few, .., many] = medians;
    report.number("world.cost_ratio", many / few);
}

fn world(others: u64) -> World {
    let (mut payer, mut payee) = (device("ada"), device("ben"));
    introduce(&mut payer, &mut payee);
    for actor in [&mut payer, &mut payee] {
        relate(actor, others);
        for number in 0..others {
            meet(actor, number);
        }
    }
    World { payer, payee, samples: Samples::default() }
}

/// The payer gets a new note, of a token that the payee knows too.
fn give(World { payer, payee, .. }: &mut World, round: u64) -> TokenId {
    let (mut issuer, token) = issuer(&format!("issuer {round}"), 1);
    let (index, note) = issuer.issue(token, 0, UNITS, payer.lock());
    payer.take_issue(&issuer, index, note);
    teach(payee, &issuer, index);
    token
}

/// Another device becomes a contact with one known entry. Nobody deals with it, so its keys need
/// not be keys.
fn meet(actor: &mut Actor, number: u64) {
    let mut key = [0; PublicKey::LENGTH];
    key.iter_mut().zip(filler(number).as_bytes()).for_each(|(to, from)| *to = *from);
    let descriptor = DeviceDescriptor {
        network: NETWORK,
        recovery: filler(number),
        slot_set: None,
        key: PublicKey::from_bytes(&key).expect("the length of a key"),
        kem: filler(number),
        anchor: Anchor::Software {},
    };
    actor.view.pin(&descriptor);
    let line = Line {
        device: descriptor.id(),
        start: Position { index: number, head: filler(number) },
        records: vec![Record { spends: List::default(), body: filler(number) }],
        heads: vec![filler(number)],
        signature: Signature::from_bytes(&[0; Signature::LENGTH]).expect("the length").into(),
    };
    actor.view.learn(&Facts { lines: vec![line], ..Facts::default() });
}
