//! What the rows hold (`docs/store-format.md`, tables).
//!
//! Keys are ids and big-endian numbers side by side, so that their order is that of what they name.
//! Values are canonical bytes.

use dsm_core::{Before, Entry, FinalityClass, MakerId, Output, Settings, TokenId, Value};
use dsm_crypto::Digest;
use dsm_encoding::{Decode, DecodeError, Encode, List, choice, from_slice, record, to_vec};
use dsm_log::{DeviceId, Position};
use dsm_merkle::{Child, Node, NodeId, TipProof};

use crate::StoreError;
use crate::kv::{Snapshot, Table};

/// The format that this program writes; one of an earlier format is rewritten when it is opened.
pub(crate) const FORMAT: u64 = 4;

/// Keys of [`Table::Single`].
pub(crate) const KEY_FORMAT: &[u8] = &[0];
pub(crate) const KEY_FOUNDING: &[u8] = &[1];
pub(crate) const KEY_SETTINGS: &[u8] = &[2];
pub(crate) const KEY_STAND: &[u8] = &[3];
pub(crate) const KEY_MAKERS: &[u8] = &[4];

/// A whole entry and what shows it to its addressee, or to a third party in a receipt.
#[derive(Clone, Debug)]
pub(crate) struct EntryRow {
    pub(crate) entry: Entry,
    /// Opens the entry before.
    pub(crate) before: Option<Before>,
    /// Index of the entry that its stitch names.
    pub(crate) stitch: Option<u64>,
    /// The writer's tip for the relationship before it.
    pub(crate) tip: Option<Digest>,
    /// None if it is addressed to nobody.
    pub(crate) tip_proof: Option<TipProof>,
    /// How final the value was when it was accepted; none for own entries and without value.
    pub(crate) class: Option<FinalityClass>,
}
record! { EntryRow { entry, before, stitch, tip, tip_proof, class } }

/// How far one has dealt with a contact's device.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PeerRow {
    pub(crate) active: bool,
    pub(crate) tip: Option<Digest>,
    pub(crate) stitch: Option<u64>,
    /// The last place of its log that was accepted.
    pub(crate) at: Option<Position>,
}
record! { PeerRow { active, tip, stitch, at } }

/// A node of a tip tree: the number and the hash of each of two subtrees, or a leaf.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NodeRow {
    /// A key with its tip.
    Leaf { key: Digest, tip: Digest },
    /// What lies left and right.
    Inner { left: (NodeId, Digest), right: (NodeId, Digest) },
}
choice! { NodeRow { 0 => Leaf { key, tip }, 1 => Inner { left, right } } }

impl NodeRow {
    /// None for nothing.
    pub(crate) fn of(node: &Node) -> Option<Self> {
        match *node {
            Node::Empty => None,
            Node::Leaf { key, tip } => Some(Self::Leaf { key, tip }),
            Node::Inner { children: [left, right] } => {
                Some(Self::Inner { left: (left.id, left.hash), right: (right.id, right.hash) })
            }
        }
    }

    pub(crate) fn node(self) -> Node {
        let child = |(id, hash)| Child { id, hash };
        match self {
            Self::Leaf { key, tip } => Node::Leaf { key, tip },
            Self::Inner { left, right } => Node::Inner { children: [child(left), child(right)] },
        }
    }
}

/// An opened entry; the ids of its notes follow from its head.
pub(crate) type OpenedRow = (Digest, Option<Value>);

/// Where a note was made, and the output.
pub(crate) type OriginRow = (DeviceId, u64, u32, Output);

/// Something learned.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NewsRow {
    /// A signed head.
    Head { device: DeviceId, at: Position },
    /// A fork proof.
    Fork { device: DeviceId },
}
choice! { NewsRow { 0 => Head { device, at }, 1 => Fork { device } } }

/// Whose chips count, and how much may rest on any one of them.
type MakersRow = List<(MakerId, u64), { 1 << 16 }>;

type SettingsRow = (FinalityClass, u64, List<(TokenId, u64), { 1 << 16 }>, u64, u64);

pub(crate) fn settings_to_vec(settings: &Settings) -> Result<Vec<u8>, StoreError> {
    let Settings { enough, exposed_cap, exposed_caps, max_hops, max_gap, makers: _ } = settings;
    let caps = exposed_caps.iter().map(|(token, cap)| (*token, *cap));
    let caps = List::try_collect(caps).map_err(|_| damaged(Table::Single))?;
    let row: SettingsRow = (*enough, *exposed_cap, caps, *max_hops, *max_gap);
    Ok(to_vec(&row))
}

pub(crate) fn makers_to_vec(settings: &Settings) -> Result<Vec<u8>, StoreError> {
    let makers = settings.makers.iter().map(|(maker, most)| (*maker, *most));
    let row: MakersRow = List::try_collect(makers).map_err(|_| damaged(Table::Single))?;
    Ok(to_vec(&row))
}

/// The settings of their two rows; there is none of makers in a store of an earlier format.
pub(crate) fn settings_from(row: &[u8], makers: Option<&[u8]>) -> Result<Settings, StoreError> {
    let row: Result<SettingsRow, DecodeError> = from_slice(row);
    let (enough, exposed_cap, caps, max_hops, max_gap) = row.map_err(|_| damaged(Table::Single))?;
    let exposed_caps = caps.into_iter().collect();
    let makers = makers.map(|row| read::<MakersRow>(Table::Single, row)).transpose()?;
    let makers = makers.unwrap_or_default().into_iter().collect();
    Ok(Settings { enough, exposed_cap, exposed_caps, makers, max_hops, max_gap })
}

pub(crate) fn damaged(table: Table) -> StoreError {
    StoreError::Damaged { table }
}

/// A value of a table.
pub(crate) fn read<T: Decode>(table: Table, bytes: &[u8]) -> Result<T, StoreError> {
    from_slice(bytes).map_err(|_| damaged(table))
}

/// What is under a key.
pub(crate) fn load<S: Snapshot, T: Decode>(
    from: &S,
    table: Table,
    key: &[u8],
) -> Result<Option<T>, StoreError> {
    from.get(table, key)?.map(|bytes| read(table, &bytes)).transpose()
}

pub(crate) fn device_key(device: &DeviceId) -> &[u8] {
    device.0.as_bytes()
}

/// An index of a device's log.
pub(crate) fn place(device: &DeviceId, index: u64) -> Vec<u8> {
    joined(device_key(device), &index.to_be_bytes())
}

/// Two parts side by side.
pub(crate) fn joined(one: &[u8], other: &[u8]) -> Vec<u8> {
    [one, other].concat()
}

/// The first 32 bytes of a key and the rest.
pub(crate) fn split(table: Table, key: &[u8]) -> Result<(Digest, &[u8]), StoreError> {
    let (first, rest) = key.split_first_chunk().ok_or_else(|| damaged(table))?;
    Ok((Digest::from_bytes(*first), rest))
}

/// A big-endian number.
pub(crate) fn number(table: Table, bytes: &[u8]) -> Result<u64, StoreError> {
    bytes.try_into().map(u64::from_be_bytes).map_err(|_| damaged(table))
}

/// The device and the index of a [`place`].
pub(crate) fn split_place(table: Table, key: &[u8]) -> Result<(DeviceId, u64), StoreError> {
    let (device, index) = split(table, key)?;
    Ok((DeviceId(device), number(table, index)?))
}

/// The canonical bytes of a value.
pub(crate) fn bytes<T: Encode + ?Sized>(value: &T) -> Vec<u8> {
    to_vec(value)
}
