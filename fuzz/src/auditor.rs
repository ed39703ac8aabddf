//! Looks at what a verifier accepted the slow way: every entry back to issuance, every record between a
//! note's floor and its spend, every hash and every signature done again.
//!
//! It shares with `accept` the types and what the verifier was shown, and none of its steps.

use std::collections::{BTreeMap, BTreeSet};

use dsm_core::{Accepted, Lock, MemoryView, Output, TokenId, Value, View};
use dsm_crypto::Digest;
use dsm_encoding::to_vec;
use dsm_log::{DeviceId, Position, Record, SpendId};

use crate::naive;

type Sums = BTreeMap<TokenId, u128>;

/// What a verifier was shown, by a verifier's view that has kept the accepted entry.
pub(crate) struct Auditor<'a> {
    view: &'a MemoryView,
    seen: BTreeSet<(DeviceId, u64)>,
    consumed: BTreeMap<SpendId, (DeviceId, u64)>,
}

impl<'a> Auditor<'a> {
    pub(crate) fn new(view: &'a MemoryView) -> Self {
        Self { view, seen: BTreeSet::new(), consumed: BTreeMap::new() }
    }

    /// Fails if what was accepted is not what it seems.
    pub(crate) fn look_at(&mut self, accepted: &Accepted, asked: Option<[u8; 32]>) {
        let me = self.view.me();
        let (entry, writer) = (accepted.entry(), accepted.writer());
        assert_eq!((entry.peer, entry.nonce), (Some(me), asked), "it answers the verifier");
        for note in accepted.notes() {
            let Lock::Device { id, floor } = note.output.lock else { panic!("a vault's note") };
            assert_eq!((id, note.head), (me, accepted.at().head));
            assert_eq!(self.view.head(&me, floor.index), Some(floor.head), "a floor of mine");
            assert!(note.output.amount > 0);
            let given = entry.value.as_ref().map_or(&[][..], Value::outputs);
            let number = usize::try_from(note.number).expect("a small number");
            assert_eq!(given.get(number), Some(&note.output));
        }
        let mut open = vec![(writer, accepted.at().index)];
        while let Some((device, index)) = open.pop() {
            if self.seen.insert((device, index)) {
                open.extend(self.entry(device, index));
            }
        }
    }

    /// One entry of a lineage; gives what it rests on.
    fn entry(&mut self, device: DeviceId, index: u64) -> Vec<(DeviceId, u64)> {
        let opened = self.view.opened(&device, index).expect("an opened entry");
        let record = self.record(&device, index);
        assert_eq!(record.body, naive::body(&opened.rest, opened.value.as_ref()), "it was opened");
        self.signed(device, index);
        assert!(record.spends.windows(2).all(|pair| pair[0] < pair[1]), "ids ascend");
        for id in record.spends.iter() {
            let by = *self.consumed.entry(*id).or_insert((device, index));
            assert_eq!(by, (device, index), "an id was consumed twice");
        }
        match &opened.value {
            None => Vec::new(),
            Some(Value::Issue { token, lot, outputs, .. }) => {
                self.issue((device, index), token, *lot, outputs, &record);
                Vec::new()
            }
            Some(Value::Transfer { outputs, .. }) => {
                let (inputs, rests) = self.inputs(device, index, &record);
                assert_eq!(inputs, sums(outputs), "what goes in comes out");
                rests
            }
            Some(Value::Burn { token, amount }) => {
                let (inputs, rests) = self.inputs(device, index, &record);
                assert_eq!(inputs, Sums::from([(*token, u128::from(*amount))]));
                rests
            }
        }
    }

    /// What an entry consumes, and where that was made.
    fn inputs(
        &self,
        device: DeviceId,
        index: u64,
        record: &Record,
    ) -> (Sums, Vec<(DeviceId, u64)>) {
        assert!(!record.spends.is_empty(), "value comes from somewhere");
        let (mut outputs, mut rests) = (Vec::new(), Vec::new());
        for id in record.spends.iter() {
            let (origin, output) = self.view.origin(id).expect("a note that was made");
            let head = self.view.head(&origin.device, origin.index).expect("its place");
            assert_eq!(id.0, naive::note_id(&output, &head, origin.output), "it is this note");
            let made = self.view.opened(&origin.device, origin.index).expect("it was opened");
            let number = usize::try_from(origin.output).expect("a small number");
            assert_eq!(made.outputs().get(number), Some(&output));
            let Lock::Device { id: owner, floor } = output.lock else { panic!("a vault's note") };
            assert_eq!(owner, device, "a note of the writer");
            self.first_spend(device, &floor, index, id);
            outputs.push(output);
            rests.push((origin.device, origin.index));
        }
        (sums(&outputs), rests)
    }

    fn issue(
        &self,
        (device, index): (DeviceId, u64),
        token: &TokenId,
        lot: u64,
        outputs: &[Output],
        record: &Record,
    ) {
        let policy = self.view.policy(token).expect("the token's policy");
        assert_eq!(naive::hash_bytes("token", &to_vec(&policy)), token.0);
        assert_eq!(policy.issuer, device, "the issuer issues");
        assert!(lot < policy.lots);
        let made = sums(outputs);
        assert!(made.keys().all(|other| other == token), "one token");
        assert!(made.values().all(|sum| *sum <= u128::from(policy.units_per_lot)));
        let lot = naive::hash("issue", vec![naive::Item::of(&token.0), naive::Item::Uint(lot)]);
        assert_eq!(record.spends.to_vec(), [SpendId(lot)], "it consumes its lot and nothing else");
        self.first_spend(device, &policy.issuer_floor, index, &SpendId(lot));
    }

    /// From its floor on, an id stands in this entry's record first, and no record is left out.
    fn first_spend(&self, device: DeviceId, floor: &Position, index: u64, id: &SpendId) {
        assert!(floor.index < index, "a spend comes after its floor");
        let mut head = floor.head;
        for at in floor.index + 1..=index {
            let record = self.record(&device, at);
            assert_eq!(record.spends.contains(id), at == index, "at {at} of {index}");
            head = naive::head_after(&head, &record);
        }
        assert_eq!(Some(head), self.view.head(&device, index), "the run leads from its floor here");
    }

    /// A signed head lies on or after a place, and the records lead there.
    fn signed(&self, device: DeviceId, index: u64) {
        let end = self.view.signed_index(&device, index).expect("a signed head after it");
        let mut head = self.view.head(&device, index).expect("its head");
        for at in index + 1..=end {
            head = naive::head_after(&head, &self.record(&device, at));
        }
        let signed = self.view.signed(&device, end).expect("the signed head");
        assert_eq!((signed.at.index, signed.at.head), (end, head));
        let descriptor = self.view.descriptor(&device).expect("the device");
        assert_eq!(naive::hash_bytes("device", &to_vec(&descriptor)), device.0);
        let message = naive::signed_head(self.view.network(), &device, &signed.at);
        let holds =
            naive::verifies(&descriptor.key, message.as_bytes(), &signed.signature.signature);
        assert!(holds, "other libraries verify it");
    }

    fn record(&self, device: &DeviceId, index: u64) -> Record {
        self.view.record(device, index).expect("every record that is needed was shown")
    }
}

fn sums(outputs: &[Output]) -> Sums {
    let mut sums = Sums::new();
    for output in outputs {
        *sums.entry(output.token).or_default() += u128::from(output.amount);
    }
    sums
}

/// The heads of a log, done again, are those that a view knows.
pub(crate) fn heads(view: &MemoryView, device: &DeviceId, upto: u64) -> Vec<Digest> {
    let mut heads = vec![naive::hash_bytes("log", &naive::Item::of(&device.0).bytes())];
    for index in 1..=upto {
        let Some(record) = view.record(device, index) else { break };
        let before = *heads.last().expect("a head");
        heads.push(naive::head_after(&before, &record));
    }
    heads
}
