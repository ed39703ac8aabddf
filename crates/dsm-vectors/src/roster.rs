//! `vectors/roster`: contact cards and the rosters that they show.

use std::sync::OnceLock;

use dsm_core::identity::{
    Card, DeviceSignature, Genesis, Roster, RosterAuthority, RosterChange, RosterStep, device_tree,
};
use dsm_crypto::{Digest, RecoverySecret, SecretKey, Signer};
use dsm_log::{Anchor, DeviceDescriptor, DeviceId, Network, Position};
use serde_json::{Value, json};

use crate::json::{canonical, device, digest, list, member, number, object, same};
use crate::knowledge::network;
use crate::world::{NETWORK, kem, key, limited, recovery, seed};
use crate::{Problem, Vector};

const NOUN: &str = "roster";

/// A person with a recovery key and devices.
pub(crate) struct Owner {
    pub(crate) genesis: Genesis,
    first: Vec<DeviceId>,
}

/// The recovery key that all owners of the vectors share: making one takes long.
pub(crate) fn secret() -> &'static RecoverySecret {
    static SECRET: OnceLock<RecoverySecret> = OnceLock::new();
    SECRET.get_or_init(|| recovery("owner"))
}

impl Owner {
    pub(crate) fn new(name: &str, devices: &[&str]) -> Self {
        let first: Vec<DeviceId> =
            devices.iter().map(|device| Self::descriptor(device).id()).collect();
        let genesis = Genesis {
            network: NETWORK,
            recovery: secret().public_key().clone(),
            devices: device_tree(&first),
            // So that two owners with one key have two names.
            window_blocks: 1_008 + u32::try_from(name.len()).unwrap_or(0),
        };
        Self { genesis, first }
    }

    pub(crate) fn key(name: &str) -> SecretKey {
        key(name)
    }

    pub(crate) fn descriptor(name: &str) -> DeviceDescriptor {
        DeviceDescriptor {
            network: NETWORK,
            recovery: secret().public_key().digest(),
            slot_set: None,
            key: key(name).public_key().clone(),
            kem: kem(name).public_key().digest(),
            anchor: Anchor::Software {},
        }
    }

    /// A card that introduces one of the devices.
    pub(crate) fn card(&self, name: &str, steps: Vec<RosterStep>) -> Card {
        let descriptor = Self::descriptor(name);
        let at = Position::origin(&descriptor.id());
        Card {
            genesis: self.genesis.clone(),
            devices: limited(self.first.clone()),
            steps: limited(steps),
            kem: kem(name).public_key().clone(),
            descriptor,
            at,
        }
    }

    fn roster(&self) -> Roster {
        Roster::new(self.genesis.clone(), &self.first).expect("a good genesis")
    }
}

fn add(name: &str) -> RosterChange {
    RosterChange::Add { device: Owner::descriptor(name).id() }
}

fn retire(name: &str) -> RosterChange {
    RosterChange::Retire { device: Owner::descriptor(name).id() }
}

fn signed(name: &str, message: &Digest) -> DeviceSignature {
    let signature = Owner::key(name).sign(message);
    DeviceSignature { device: Owner::descriptor(name), signature }
}

/// A step on which two devices agree; an added device consents by `enrolled`.
fn step(
    roster: &Roster,
    change: RosterChange,
    [one, two]: [&str; 2],
    enrolled: Option<&str>,
) -> RosterStep {
    let message = roster.message(&change);
    let device = match &change {
        RosterChange::Add { device } | RosterChange::Retire { device } => *device,
    };
    RosterStep {
        change,
        authority: RosterAuthority::Devices {
            one: Box::new(signed(one, &message)),
            two: Box::new(signed(two, &message)),
        },
        enrolled: enrolled.map(|name| signed(name, &roster.enrolment(&device))),
    }
}

const BOTH: [&str; 2] = ["one", "two"];

pub(crate) fn vectors() -> Vec<Vector> {
    let owner = Owner::new("owner", &BOTH);
    let start = owner.roster();
    let added = step(&start, add("three"), BOTH, Some("three"));
    let grown = start.clone().step(&added).expect("a good step");
    let retired = step(&grown, retire("one"), ["two", "three"], None);
    let message = start.message(&add("three"));
    let mut recovered = added.clone();
    recovered.authority = RosterAuthority::Recovery { signature: secret().sign(&message) };
    let good = |name, about, card: &Card| Vector::good(NOUN, name, about, value(card, NETWORK));
    let mut found = vec![
        good("first", "The devices of the genesis.", &owner.card("two", vec![])),
        good("added", "Two devices add a third.", &owner.card("three", vec![added.clone()])),
        good(
            "recovered",
            "The recovery key adds one.",
            &owner.card("three", vec![recovered.clone()]),
        ),
        good(
            "retired",
            "Then one is retired.",
            &owner.card("two", vec![added.clone(), retired.clone()]),
        ),
    ];
    found.extend(cards(&owner, &added, &retired));
    found.extend(steps(&owner, &start, &added, &recovered));
    found
}

fn one(names: (&str, &str), sibling: &str, about: &str, card: &Card) -> Vector {
    Vector::bad(NOUN, names, sibling, about, value(card, NETWORK))
}

fn cards(owner: &Owner, added: &RosterStep, retired: &RosterStep) -> Vec<Vector> {
    let card = owner.card("two", vec![]);
    let main = value(&card, Network::MAIN);
    let gone = owner.card("one", vec![added.clone(), retired.clone()]);
    let stranger = owner.card("three", vec![]);
    let mut fewer = card.clone();
    fewer.devices = limited(owner.first[1..].to_vec());
    let mut order = card.clone();
    order.devices = limited(owner.first.iter().rev().copied().collect());
    let mut kem_key = card.clone();
    kem_key.kem = kem("one").public_key().clone();
    let foreign = {
        let mut descriptor = Owner::descriptor("two");
        descriptor.recovery = seed("another owner", 0);
        let mut other = Owner::new("owner", &[]);
        other.first = vec![descriptor.id()];
        other.genesis.devices = device_tree(&other.first);
        let mut card = other.card("two", vec![]);
        card.at = Position::origin(&descriptor.id());
        card.descriptor = descriptor;
        card
    };
    vec![
        Vector::bad(NOUN, ("R-02", "other-network"), "first", "The reader lives elsewhere.", main),
        one(("R-36", "retired"), "retired", "The device was retired.", &gone),
        one(("R-36", "stranger"), "first", "The device was never added.", &stranger),
        one(("R-52", "device-missing"), "first", "A first device is left out.", &fewer),
        one(("R-52", "devices-reordered"), "first", "The first devices stand otherwise.", &order),
        one(("R-53", "other-kem-key"), "first", "The KEM key is another device's.", &kem_key),
        one(("R-53", "stranger-enrolled"), "first", "The device names another owner.", &foreign),
    ]
}

fn steps(owner: &Owner, start: &Roster, added: &RosterStep, recovered: &RosterStep) -> Vec<Vector> {
    let card = |step: RosterStep| owner.card("two", vec![step]);
    let with = |step: &RosterStep, change: &dyn Fn(&mut RosterStep)| {
        let mut step = step.clone();
        change(&mut step);
        card(step)
    };
    let again = card(step(start, add("two"), BOTH, Some("two")));
    let absent = card(step(start, retire("three"), BOTH, None));
    let twice = card(step(start, add("three"), ["one", "one"], Some("three")));
    let outsider = card(step(start, add("three"), ["one", "three"], Some("three")));
    let grown = start.clone().step(added).expect("a good step");
    let version = step(&grown, add("three"), BOTH, None);
    let old = with(added, &|step| step.authority = version.authority.clone());
    let forged = with(recovered, &|step| {
        if let RosterAuthority::Recovery { signature } = &mut step.authority {
            let mut bytes = signature.as_bytes().to_vec();
            bytes[0] ^= 1;
            *signature = dsm_crypto::RecoverySignature::from_bytes(&bytes).expect("its length");
        }
    });
    let silent = with(added, &|step| step.enrolled = None);
    let message = start.enrolment(&Owner::descriptor("three").id());
    let another = with(added, &|step| {
        step.enrolled = Some(DeviceSignature {
            device: Owner::descriptor("three"),
            signature: Owner::key("one").sign(&message),
        });
    });
    let leaving = card(step(start, retire("one"), BOTH, Some("one")));
    vec![
        one(("R-49", "added-twice"), "added", "The device is active already.", &again),
        one(("R-49", "retired-stranger"), "retired", "The device is not active.", &absent),
        one(("R-50", "one-device-twice"), "added", "One device consents twice.", &twice),
        one(("R-50", "outsider"), "added", "One of the two is not active.", &outsider),
        one(("R-50", "other-version"), "added", "They consented to another version.", &old),
        one(
            ("R-50", "recovery-forged"),
            "recovered",
            "One bit of the signature is wrong.",
            &forged,
        ),
        one(("R-51", "not-asked"), "added", "The added device did not sign.", &silent),
        one(("R-51", "signed-by-another"), "added", "Another device signed for it.", &another),
        one(("R-51", "retired-enrols"), "retired", "A retired device signs to enter.", &leaving),
    ]
}

fn value(card: &Card, on: Network) -> Value {
    let mut value = json!({ "card": canonical(card), "network": on.0 });
    if let Ok(roster) = card.roster(on) {
        value["result"] = result(&roster);
    }
    value
}

fn result(roster: &Roster) -> Value {
    json!({
        "identity": digest(&roster.genesis().id().0),
        "version": number(roster.version()),
        "devices": list(roster.devices(), device),
        "device_tree": digest(&device_tree(roster.devices())),
    })
}

pub(crate) fn check(value: &Value) -> Result<(), Problem> {
    let card: Card = object(value, "card")?;
    match card.roster(network(value)?) {
        Ok(roster) => same(member(value, "result")?, &result(&roster)),
        Err(reject) => same(member(value, "rule")?, &json!(reject.rule())),
    }
}
