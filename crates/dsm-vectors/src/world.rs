//! Devices that write whatever a scenario wants, honest or not, and know everything.
//!
//! A [`World`] is a view that lacks nothing and signs any head on demand, so the shipped writer of
//! packs can be asked for the pack of any lie. It judges nothing.

use std::collections::{BTreeMap, BTreeSet};

use dsm_core::pack::{OpenedEntry, Plan, Stretch, Wanted, build, plan_entry};
use dsm_core::{
    Allowed, Before, Dealt, Entry, Lock, MakerId, Note, Op, Origin, Output, Peer, Policy, Settings,
    TokenId, Value, View,
};
use dsm_crypto::{Digest, Domain, Secret, SecretKey, Signer, hash};
use dsm_encoding::List;
use dsm_log::{
    Anchor, Chip, DeviceDescriptor, DeviceId, Network, Nonce, Position, Record, SignedHead,
    SimulatedChip, SpendId, relationship,
};
use dsm_merkle::{TipProof, TipTree, list_prove};

/// The network of all vectors.
pub(crate) const NETWORK: Network = Network::TEST;

/// 32 bytes from a name and a number.
pub(crate) fn seed(name: &str, number: u8) -> Digest {
    hash(Domain::Seed, &(name, number))
}

fn wide<const N: usize>(name: &str) -> Secret<N> {
    let mut bytes = [0; N];
    for (number, part) in (1..).zip(bytes.chunks_mut(32)) {
        part.copy_from_slice(&seed(name, number).as_bytes()[..part.len()]);
    }
    Secret::from_bytes(bytes)
}

/// A device's signing key from a name.
pub(crate) fn key(name: &str) -> SecretKey {
    SecretKey::from_seed(wide(name))
}

/// An owner's recovery key from a name.
pub(crate) fn recovery(name: &str) -> dsm_crypto::RecoverySecret {
    dsm_crypto::RecoverySecret::from_seed(&wide(name))
}

/// A device's KEM key from a name.
pub(crate) fn kem(name: &str) -> dsm_crypto::KemSecret {
    dsm_crypto::KemSecret::from_seed(wide(name))
}

/// A list within its limit.
pub(crate) fn limited<T, const MAX: usize>(elements: Vec<T>) -> List<T, MAX> {
    List::try_from(elements).expect("vectors are small")
}

/// What an entry shall say. Ids are consumed in the order given.
#[derive(Clone, Default)]
pub(crate) struct Draft {
    pub(crate) peer: Option<DeviceId>,
    pub(crate) stitch: Option<Position>,
    pub(crate) spends: Vec<SpendId>,
    pub(crate) value: Option<Value>,
    pub(crate) ops: Vec<Op>,
    pub(crate) nonce: Option<Nonce>,
    /// Whose leaf the entry changes instead of the peer's: a lie.
    pub(crate) leaf: Option<DeviceId>,
    /// A tip that the entry changes beside its own: a lie.
    pub(crate) other_tip: Option<(Digest, Digest)>,
}

/// An entry with what its dealing shows.
#[derive(Clone)]
pub(crate) struct Written {
    pub(crate) entry: Entry,
    pub(crate) at: Position,
    pub(crate) stitch: Option<u64>,
    pub(crate) tip_before: Option<Digest>,
    pub(crate) proof: TipProof,
}

/// One device.
pub(crate) struct Device {
    pub(crate) key: SecretKey,
    pub(crate) descriptor: DeviceDescriptor,
    pub(crate) start: Position,
    pub(crate) log: Vec<Written>,
    /// What absorbs its heads, whatever they are.
    chip: Option<SimulatedChip>,
    pub(crate) maker: Option<MakerId>,
    tree: TipTree,
}

impl Device {
    /// A signed head, with evidence of this entry if there is a chip.
    fn sign(&self, at: Position) -> SignedHead {
        let (network, device) = (self.descriptor.network, self.descriptor.id());
        let mut signed = SignedHead::sign(network, device, at, &self.key);
        if let Some(mut chip) = self.chip.clone() {
            chip.danger_go_to(at.index);
            let evidence = chip.absorb(&at.head).expect("an index in range");
            signed.signature.evidence = limited(vec![evidence]);
        }
        signed
    }

    pub(crate) fn at(&self) -> Position {
        self.log.last().map_or(self.start, |last| last.at)
    }

    /// The entry at an index.
    pub(crate) fn written(&self, index: u64) -> Option<&Written> {
        let at = index.checked_sub(self.start.index)?.checked_sub(1)?;
        self.log.get(usize::try_from(at).ok()?)
    }
}

/// A stretch of a log: device, from, to, and which entries are opened.
pub(crate) type Part<'a> = (DeviceId, u64, u64, &'a [u64]);

/// All devices and tokens of one scenario.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) devices: BTreeMap<DeviceId, Device>,
    policies: BTreeMap<TokenId, Policy>,
    allowed: BTreeMap<TokenId, Vec<DeviceId>>,
    settings: Settings,
}

impl World {
    /// A device whose keys come from its name.
    pub(crate) fn device(&mut self, name: &str) -> DeviceId {
        let descriptor = self.descriptor(name);
        self.enter(key(name), descriptor)
    }

    fn descriptor(&self, name: &str) -> DeviceDescriptor {
        DeviceDescriptor {
            network: NETWORK,
            recovery: seed(name, 100),
            slot_set: None,
            key: key(name).public_key().clone(),
            kem: seed(name, 101),
            anchor: Anchor::Software {},
        }
    }

    /// A device whose keys come from its name, with a chip that says of itself what `kind` says, and that this maker is known to have made.
    pub(crate) fn anchored(
        &mut self,
        name: &str,
        kind: fn(Chip) -> Anchor,
        maker: Option<MakerId>,
    ) -> DeviceId {
        let chip = SimulatedChip::new(wide(&format!("{name}'s chip")), 40);
        let mut descriptor = self.descriptor(name);
        descriptor.anchor = kind(chip.chip().clone());
        let id = self.enter(key(name), descriptor);
        let device = self.devices.get_mut(&id).expect("a device of this world");
        (device.chip, device.maker) = (Some(chip), maker);
        id
    }

    /// A device with a given descriptor.
    pub(crate) fn enter(&mut self, key: SecretKey, descriptor: DeviceDescriptor) -> DeviceId {
        let id = descriptor.id();
        let (start, log, tree) = (Position::origin(&id), Vec::new(), TipTree::default());
        let device = Device { key, descriptor, start, log, chip: None, maker: None, tree };
        self.devices.insert(id, device);
        id
    }

    pub(crate) fn get(&self, device: &DeviceId) -> &Device {
        self.devices.get(device).expect("a device of this world")
    }

    fn get_mut(&mut self, device: &DeviceId) -> &mut Device {
        self.devices.get_mut(device).expect("a device of this world")
    }

    /// Lets a log claim to have come this far already.
    pub(crate) fn begin_at(&mut self, device: &DeviceId, start: Position) {
        self.get_mut(device).start = start;
    }

    pub(crate) fn add_policy(&mut self, policy: Policy) -> TokenId {
        let id = policy.id();
        self.policies.insert(id, policy);
        id
    }

    /// Says which devices an allow set has, in the order of its leaves.
    pub(crate) fn allow(&mut self, token: TokenId, devices: Vec<DeviceId>) {
        self.allowed.insert(token, devices);
    }

    pub(crate) fn at(&self, device: &DeviceId) -> Position {
        self.get(device).at()
    }

    /// A lock with the device's last place as floor; for the writer, that of change.
    pub(crate) fn lock(&self, device: &DeviceId) -> Lock {
        Lock::Device { id: *device, floor: self.at(device) }
    }

    pub(crate) fn output(&self, token: TokenId, amount: u64, owner: &DeviceId) -> Output {
        Output { token, amount, lock: self.lock(owner) }
    }

    /// Writes one more entry and gives its index.
    pub(crate) fn write(&mut self, writer: &DeviceId, draft: Draft) -> u64 {
        let device = self.get_mut(writer);
        let before = device.at();
        let index = before.index + 1;
        let mut entry = Entry {
            index,
            peer: draft.peer,
            stitch: draft.stitch.map(|at| at.head),
            tips: device.tree.root(),
            spends: limited(draft.spends),
            value: draft.value,
            ops: limited(draft.ops),
            nonce: draft.nonce,
        };
        let leaf = draft.leaf.or(draft.peer);
        let key = leaf.map_or(Digest::ZERO, |peer| relationship(writer, &peer));
        let (Ok(tip_before), Ok(proof)) = (device.tree.get(key), device.tree.prove(key));
        if draft.peer.is_some() {
            let Ok(_) = device.tree.update(key, entry.tip_after(tip_before));
        }
        if let Some((key, tip)) = draft.other_tip {
            let Ok(_) = device.tree.update(key, tip);
        }
        entry.tips = device.tree.root();
        let pair = entry.record().pair();
        let head = hash(Domain::Head, &(before.head, pair.spends, pair.body));
        let (at, stitch) = (Position { index, head }, draft.stitch.map(|at| at.index));
        device.log.push(Written { entry, at, stitch, tip_before, proof });
        index
    }

    /// An entry that concerns nobody.
    pub(crate) fn idle(&mut self, writer: &DeviceId) -> u64 {
        self.write(writer, Draft { ops: vec![Op::Checkpoint {}], ..Draft::default() })
    }

    /// The note that an entry made.
    pub(crate) fn note(&self, writer: &DeviceId, index: u64, number: u32) -> Note {
        let written = self.get(writer).written(index).expect("an entry");
        let outputs = written.entry.value.as_ref().map_or(&[][..], Value::outputs);
        let at = usize::try_from(number).expect("a small number");
        Note { output: outputs[at], head: written.at.head, number }
    }

    /// Every stretch that an entry's lineage needs, with one of the writer from an index on.
    pub(crate) fn plan(&self, writer: &DeviceId, index: u64, from: u64) -> Plan {
        let plan = plan_entry(self, *writer, index).expect("the world knows all");
        let (mut own, mut others) = (Vec::new(), Vec::new());
        for stretch in plan.stretches.into_inner() {
            if stretch.device == *writer { own.push(stretch) } else { others.push(stretch) }
        }
        let opened = own.iter().flat_map(|stretch| stretch.opened.iter().copied()).collect();
        let from = own.iter().map(|stretch| stretch.from).fold(from, u64::min);
        let opened = limited(opened);
        others.push(Stretch { device: *writer, from, to: index, opened });
        others.sort_by_key(|stretch| (stretch.device, stretch.from));
        Plan { stretches: limited(others), tokens: plan.tokens }
    }

    /// A plan of chosen stretches.
    pub(crate) fn chosen(&self, parts: &[Part<'_>]) -> Plan {
        let mut parts = parts.to_vec();
        parts.sort_unstable();
        let stretch = |(device, from, to, opened): &Part<'_>| Stretch {
            device: *device,
            from: *from,
            to: *to,
            opened: limited(opened.to_vec()),
        };
        let opened = parts.iter().flat_map(|(device, _, _, opened)| {
            opened.iter().filter_map(|index| self.opened(device, *index))
        });
        let mut tokens = BTreeSet::new();
        for value in opened.filter_map(|one| one.value) {
            tokens.extend(value.outputs().iter().map(|output| output.token));
            if let Value::Issue { token, .. } | Value::Burn { token, .. } = value {
                tokens.insert(token);
            }
        }
        Plan {
            stretches: limited(parts.iter().map(stretch).collect()),
            tokens: limited(tokens.into_iter().collect()),
        }
    }

    /// What the peer of an entry is dealt.
    pub(crate) fn deal(
        &self,
        writer: &DeviceId,
        index: u64,
        plan: &Plan,
        wanted: &Wanted,
    ) -> Dealt {
        let pack = build(self, plan, wanted).expect("the world knows all");
        let number = pack.devices.iter().position(|device| device.id() == *writer);
        let number = number.expect("the writer has a run");
        let device = self.get(writer);
        let Written { entry, stitch, proof, .. } = device.written(index).expect("an entry").clone();
        let before = index.checked_sub(1).and_then(|before| device.written(before));
        Dealt {
            network: NETWORK,
            writer: u32::try_from(number).expect("a small table"),
            index,
            stitch,
            tips: entry.tips,
            ops: entry.ops,
            nonce: entry.nonce,
            before: before.map(|written| Before::of(&written.entry)),
            tip_proof: proof,
            pack,
        }
    }

    /// The same with everything that the lineage needs and the whole log of the writer.
    pub(crate) fn deal_all(&self, writer: &DeviceId, index: u64) -> Dealt {
        let from = self.get(writer).start.index;
        let plan = self.plan(writer, index, from);
        self.deal(writer, index, &plan, &all(&plan))
    }

    /// The same with chosen stretches.
    pub(crate) fn deal_parts(&self, writer: &DeviceId, index: u64, parts: &[Part<'_>]) -> Dealt {
        let plan = self.chosen(parts);
        self.deal(writer, index, &plan, &all(&plan))
    }
}

/// All of a plan.
pub(crate) fn all(plan: &Plan) -> Wanted {
    Wanted::all(plan).expect("a short plan")
}

impl View for World {
    fn network(&self) -> Network {
        NETWORK
    }

    fn me(&self) -> DeviceId {
        DeviceId(Digest::ZERO)
    }

    fn is_own(&self, _device: &DeviceId) -> bool {
        false
    }

    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn peer(&self, _device: &DeviceId) -> Option<Peer> {
        None
    }

    fn exposure(&self, _device: &DeviceId, _token: &TokenId) -> u64 {
        0
    }

    fn is_forked(&self, _device: &DeviceId) -> bool {
        false
    }

    fn is_certified(&self, _device: &DeviceId, _from: u64, _to: &Position) -> bool {
        false
    }

    fn maker(&self, device: &DeviceId) -> Option<MakerId> {
        self.devices.get(device)?.maker
    }

    fn descriptor(&self, device: &DeviceId) -> Option<DeviceDescriptor> {
        self.devices.get(device).map(|device| device.descriptor.clone())
    }

    fn policy(&self, token: &TokenId) -> Option<Policy> {
        self.policies.get(token).cloned()
    }

    fn latest(&self, device: &DeviceId) -> Option<Position> {
        self.devices.get(device).map(Device::at)
    }

    fn head(&self, device: &DeviceId, index: u64) -> Option<Digest> {
        let device = self.devices.get(device)?;
        let start = (index == device.start.index).then_some(device.start.head);
        start.or_else(|| device.written(index).map(|written| written.at.head))
    }

    fn record(&self, device: &DeviceId, index: u64) -> Option<Record> {
        Some(self.devices.get(device)?.written(index)?.entry.record())
    }

    fn signed(&self, device: &DeviceId, index: u64) -> Option<SignedHead> {
        let head = self.head(device, index)?;
        Some(self.devices.get(device)?.sign(Position { index, head }))
    }

    fn opened(&self, device: &DeviceId, index: u64) -> Option<OpenedEntry> {
        let written = self.devices.get(device)?.written(index)?;
        Some(OpenedEntry::new(*device, &written.entry, written.at.head))
    }

    fn first_spend(&self, _device: &DeviceId, _id: &SpendId, _after: u64) -> Option<u64> {
        None
    }

    fn origin(&self, id: &SpendId) -> Option<(Origin, Output)> {
        let entries = self.devices.iter().flat_map(|(device, of)| {
            of.log.iter().filter_map(|written| self.opened(device, written.at.index))
        });
        entries.into_iter().find_map(|opened| {
            let (device, index) = (opened.device, opened.index);
            let mut made = opened.made();
            let (output, _, what) = made.find(|(_, made, _)| made == id)?;
            Some((Origin { device, index, output }, what))
        })
    }

    fn allowance(&self, token: &TokenId, device: &DeviceId) -> Option<Allowed> {
        let devices = self.allowed.get(token)?;
        let leaves: Vec<Digest> = devices.iter().map(|device| device.0).collect();
        let at = devices.iter().position(|one| one == device)?;
        let index = u64::try_from(at).ok()?;
        let proof = list_prove(&leaves, index)?;
        Some(Allowed { index, count: leaves.len() as u64, proof })
    }
}
