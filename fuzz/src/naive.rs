//! The bytes, hashes and signatures of the spec, done again the plain way and by other libraries.

use dsm_core::{Lock, Output, Value};
use dsm_crypto::{Digest, PublicKey, Signature};
use dsm_log::{DeviceId, Network, Position, Record};
use fips204::traits::{SerDes as _, Verifier as _};
use ml_dsa::signature::Verifier as _;

/// A canonical item of CBOR.
#[derive(Clone)]
pub(crate) enum Item {
    Null,
    Uint(u64),
    Bytes(Vec<u8>),
    List(Vec<Item>),
}

impl Item {
    pub(crate) fn of(digest: &Digest) -> Self {
        Self::Bytes(digest.as_bytes().to_vec())
    }

    pub(crate) fn position(at: &Position) -> Self {
        Self::List(vec![Self::Uint(at.index), Self::of(&at.head)])
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Null => vec![0xf6],
            Self::Uint(number) => head(0, *number),
            Self::Bytes(bytes) => [head(2, bytes.len() as u64), bytes.clone()].concat(),
            Self::List(items) => {
                let items = items.iter().flat_map(Self::bytes);
                head(4, self.len()).into_iter().chain(items).collect()
            }
        }
    }

    fn len(&self) -> u64 {
        if let Self::List(items) = self { items.len() as u64 } else { 0 }
    }
}

/// A major type with its shortest argument.
pub(crate) fn head(major: u8, argument: u64) -> Vec<u8> {
    let bytes = argument.to_be_bytes();
    let (short, len) = match argument {
        0..24 => return vec![major * 32 + bytes[7]],
        24..0x100 => (24, 1),
        0x100..0x1_0000 => (25, 2),
        0x1_0000..0x1_0000_0000 => (26, 4),
        _ => (27, 8),
    };
    [&[major * 32 + short][..], &bytes[8 - len..]].concat()
}

/// H, by the context string.
pub(crate) fn hash(noun: &str, items: Vec<Item>) -> Digest {
    hash_bytes(noun, &Item::List(items).bytes())
}

pub(crate) fn hash_bytes(noun: &str, bytes: &[u8]) -> Digest {
    Digest::from_bytes(blake3::derive_key(&format!("dsm v1 {noun}"), bytes))
}

fn output_item(output: &Output) -> Item {
    let lock = match &output.lock {
        Lock::Device { id, floor } => vec![Item::Uint(0), Item::of(&id.0), Item::position(floor)],
        Lock::Vault { root } => vec![Item::Uint(1), Item::of(root)],
    };
    Item::List(vec![Item::of(&output.token.0), Item::Uint(output.amount), Item::List(lock)])
}

fn value_item(value: &Value) -> Item {
    let outputs = || Item::List(value.outputs().iter().map(output_item).collect());
    Item::List(match value {
        Value::Transfer { .. } => vec![Item::Uint(0), Item::List(Vec::new()), outputs()],
        Value::Issue { token, lot, cosignatures, .. } => {
            let signed = cosignatures.iter().map(|one| {
                let signature = Item::Bytes(one.signature.as_bytes().to_vec());
                Item::List(vec![Item::Uint(u64::from(one.key)), signature])
            });
            let signed = Item::List(signed.collect());
            vec![Item::Uint(1), Item::of(&token.0), Item::Uint(*lot), outputs(), signed]
        }
        Value::Burn { token, amount } => {
            vec![Item::Uint(2), Item::of(&token.0), Item::Uint(*amount)]
        }
    })
}

/// The body of an opened entry.
pub(crate) fn body(rest: &Digest, value: Option<&Value>) -> Digest {
    let value = value.map_or(Item::Null, value_item);
    hash("body", vec![Item::of(rest), Item::of(&hash_bytes("value", &value.bytes()))])
}

/// The head after a record.
pub(crate) fn head_after(before: &Digest, record: &Record) -> Digest {
    let ids = record.spends.iter().map(|id| Item::of(&id.0)).collect();
    let spends = hash("spends", ids);
    hash("head", vec![Item::of(before), Item::of(&spends), Item::of(&record.body)])
}

pub(crate) fn note_id(output: &Output, head: &Digest, number: u32) -> Digest {
    let Item::List(mut items) = output_item(output) else { return Digest::ZERO };
    items.extend([Item::of(head), Item::Uint(u64::from(number))]);
    hash("note", items)
}

pub(crate) fn signed_head(network: Network, device: &DeviceId, at: &Position) -> Digest {
    let network = Item::Uint(u64::from(network.0));
    let at = [Item::Uint(at.index), Item::of(&at.head)];
    hash("signed head", [network, Item::of(&device.0)].into_iter().chain(at).collect())
}

/// Whether both halves hold, each by other libraries than ours; the two for ML-DSA must agree.
pub(crate) fn verifies(key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
    let (ed_key, ml_key) = key.as_bytes().split_at(32);
    let (ed, ml) = signature.as_bytes().split_at(64);
    let one = ring::signature::UnparsedPublicKey::new(&ring::signature::ED25519, ed_key);
    one.verify(message, ed).is_ok() && ml_dsa_verifies(ml_key, message, ml)
}

pub(crate) fn ml_dsa_verifies(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let key: [u8; 1312] = key.try_into().expect("the length of a key");
    let signature: [u8; 2420] = signature.try_into().expect("the length of a signature");
    let first = fips204::ml_dsa_44::PublicKey::try_from_bytes(key)
        .is_ok_and(|key| key.verify(message, &signature, b""));
    let key = ml_dsa::VerifyingKey::<ml_dsa::MlDsa44>::decode(&key.into());
    let second = ml_dsa::Signature::<ml_dsa::MlDsa44>::try_from(signature.as_slice())
        .is_ok_and(|signature| key.verify(message, &signature).is_ok());
    assert_eq!(first, second, "two other implementations of ML-DSA-44 differ");
    first
}

/// The root of the tree of all leaves below so many bits (`spec/trees.md`).
pub(crate) fn tip_root(leaves: &[(Digest, Digest)], depth: usize) -> Digest {
    if leaves.is_empty() {
        return Digest::ZERO;
    }
    if let [(key, tip)] = leaves {
        return hash("tree leaf", vec![Item::of(key), Item::of(tip)]);
    }
    let right =
        |(key, _): &&(Digest, Digest)| key.as_bytes()[depth / 8] >> (7 - depth % 8) & 1 == 1;
    let halves: (Vec<_>, Vec<_>) = leaves.iter().partition(|leaf| !right(leaf));
    let (left, right) = (tip_root(&halves.0, depth + 1), tip_root(&halves.1, depth + 1));
    hash("tree node", vec![Item::of(&left), Item::of(&right)])
}

/// The root of a list, filled up to the next power of two.
pub(crate) fn list_root(elements: &[Digest]) -> Digest {
    let leaf = |element: &Digest| hash_bytes("list leaf", &Item::of(element).bytes());
    let mut level: Vec<Digest> = elements.iter().map(leaf).collect();
    let pad = hash_bytes("list pad", &Item::Null.bytes());
    level.resize(elements.len().next_power_of_two(), pad);
    while level.len() > 1 {
        let node = |pair: &[Digest]| hash("list node", pair.iter().map(Item::of).collect());
        level = level.chunks(2).map(node).collect();
    }
    hash("list node", vec![Item::Uint(elements.len() as u64), Item::of(&level[0])])
}
