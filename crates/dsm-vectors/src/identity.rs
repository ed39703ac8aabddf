//! `vectors/identity`: DeviceIds, IdentityIds, device trees and relationships.

use dsm_core::identity::{Genesis, device_tree};
use dsm_encoding::from_slice;
use dsm_log::{DeviceDescriptor, DeviceId, Position, relationship};
use serde_json::{Value, json};

use crate::json::{
    as_bytes, as_digest, canonical, device, digest, hex, id, items, list, member, number, option,
    same,
};
use crate::roster::Owner;
use crate::world::{World, seed};
use crate::{Problem, Vector};

pub(crate) fn vectors() -> Vec<Vector> {
    let mut world = World::default();
    let [ada, ben] = ["ada", "ben"].map(|name| world.device(name));
    let plain = world.get(&ada).descriptor.clone();
    let slotted = DeviceDescriptor { slot_set: Some(seed("slot set", 0)), ..plain.clone() };
    let genesis = Owner::new("owner", &["one", "two"]).genesis;
    let tree: Vec<DeviceId> = vec![ada, ben];
    vec![
        Vector::new("identity", "device", "A software device.", describe_device(&plain)),
        Vector::new(
            "identity",
            "device-with-slots",
            "The same, ordered.",
            describe_device(&slotted),
        ),
        Vector::new("identity", "genesis", "An owner of two devices.", describe_genesis(&genesis)),
        Vector::new(
            "identity",
            "relationship",
            "Two devices: the key of their relationship and the tree over them.",
            describe_pair(&tree),
        ),
    ]
}

fn describe_device(of: &DeviceDescriptor) -> Value {
    let origin = Position::origin(&of.id());
    json!({
        "bytes": canonical(of),
        "network": number(u64::from(of.network.0)),
        "recovery": digest(&of.recovery),
        "slot_set": option(of.slot_set, digest),
        "key": hex(of.key.as_bytes()),
        "kem": digest(&of.kem),
        "anchor": canonical(&of.anchor),
        "id": device(&of.id()),
        "text": of.id().to_string(),
        "head_0": digest(&origin.head),
    })
}

fn describe_genesis(of: &Genesis) -> Value {
    json!({
        "bytes": canonical(of),
        "network": number(u64::from(of.network.0)),
        "recovery": hex(of.recovery.as_bytes()),
        "devices": digest(&of.devices),
        "window_blocks": number(u64::from(of.window_blocks)),
        "id": digest(&of.id().0),
        "text": of.id().to_string(),
    })
}

fn describe_pair(of: &[DeviceId]) -> Value {
    let key = match of {
        [one, other] => relationship(one, other),
        _ => dsm_crypto::Digest::ZERO,
    };
    json!({
        "devices": list(of, device),
        "relationship": digest(&key),
        "device_tree": digest(&device_tree(of)),
    })
}

pub(crate) fn check(value: &Value) -> Result<(), Problem> {
    let wrong = |error: dsm_encoding::DecodeError| Problem::new(error.to_string());
    let mut found = if value.get("window_blocks").is_some() {
        describe_genesis(&from_slice(&as_bytes(member(value, "bytes")?)?).map_err(wrong)?)
    } else if value.get("devices").is_some() {
        let devices: Result<Vec<_>, Problem> =
            items(value, "devices")?.iter().map(|device| as_digest(device).map(DeviceId)).collect();
        describe_pair(&devices?)
    } else {
        id(value, "id")?;
        describe_device(&from_slice(&as_bytes(member(value, "bytes")?)?).map_err(wrong)?)
    };
    found["about"] = member(value, "about")?.clone();
    found["noun"] = member(value, "noun")?.clone();
    same(value, &found)
}
