//! Where value came from, back to its issuance (`spec/lineage.md`).
//!
//! Walks every operation that an entry rests on, once, and judges each by the same rules. Since
//! ids are hashes of what made them, the walk cannot meet itself.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::rc::Rc;
use alloc::vec::Vec;

use dsm_log::{DeviceId, Position, SpendId};

use crate::known::Known;
use crate::value::{Cosignature, MAX_OUTPUTS, cosign_message, lot_id};
use crate::{FinalityClass, Lock, Output, Policy, Reject, TokenId, Value, View};

/// What the whole history behind an operation amounts to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lineage {
    /// The weakest class of all its hops.
    pub class: FinalityClass,
    /// The devices with a hop that no certificate covers, the verifier's own left out.
    pub uncertified: BTreeSet<DeviceId>,
    /// How many operations it has.
    pub hops: u64,
}

type Sums = BTreeMap<TokenId, u64>;
/// Every operation that was judged.
pub(crate) type Seen = BTreeSet<(DeviceId, u64)>;

/// Judges the operation of an entry and all that it rests on.
///
/// # Errors
/// Rules: for the first broken one that the walk meets.
pub(crate) fn judge<V: View + ?Sized>(
    known: &mut Known<'_, V>,
    device: DeviceId,
    index: u64,
) -> Result<(Lineage, Seen), Reject> {
    let most = known.view.settings().max_hops;
    let mut walk = Walk {
        known,
        class: FinalityClass::Registered,
        uncertified: BTreeSet::new(),
        seen: BTreeSet::from([(device, index)]),
        policies: BTreeMap::new(),
        open: alloc::vec![(device, index)],
    };
    while let Some((device, index)) = walk.open.pop() {
        if walk.seen.len() as u64 > most {
            return Err(Reject::Hops { most });
        }
        walk.operation(device, index)?;
    }
    let hops = walk.seen.len() as u64;
    Ok((Lineage { class: walk.class, uncertified: walk.uncertified, hops }, walk.seen))
}

struct Walk<'w, 'a, V: View + ?Sized> {
    known: &'w mut Known<'a, V>,
    class: FinalityClass,
    uncertified: BTreeSet<DeviceId>,
    seen: Seen,
    /// Policies that were found sound.
    policies: BTreeMap<TokenId, Rc<Policy>>,
    open: Vec<(DeviceId, u64)>,
}

impl<V: View + ?Sized> Walk<'_, '_, V> {
    fn operation(&mut self, device: DeviceId, index: u64) -> Result<(), Reject> {
        let value = self.known.opened_value(&device, index).ok_or(Reject::OpenedMismatch)?;
        let record = self.known.record(&device, index).ok_or(Reject::OpenedMismatch)?;
        let spends: &[SpendId] = &record.spends;
        let wrong = Reject::Spends { device, index };
        match &value {
            None => return if spends.is_empty() { Ok(()) } else { Err(wrong) },
            Some(Value::Transfer { outputs, .. }) => {
                if spends.is_empty() {
                    return Err(wrong);
                }
                let from = self.inputs(device, index, spends)?;
                let to = sums(outputs)?;
                conserved(&from, &to)?;
                for token in from.keys() {
                    self.transfer_predicates(token, device, outputs)?;
                }
            }
            Some(Value::Issue { token, lot, outputs, cosignatures }) => {
                if *spends != [lot_id(token, *lot)] {
                    return Err(wrong);
                }
                self.issue((device, index), (token, *lot), outputs, cosignatures)?;
            }
            Some(Value::Burn { token, amount }) => {
                if spends.is_empty() {
                    return Err(wrong);
                }
                if *amount == 0 {
                    return Err(Reject::AmountZero { device, index });
                }
                let from = self.inputs(device, index, spends)?;
                conserved(&from, &BTreeMap::from([(*token, *amount)]))?;
                if !self.policy(token)?.burnable {
                    return Err(Reject::NotBurnable { token: *token });
                }
            }
        }
        self.outputs(device, index, value.as_ref().map_or(&[], Value::outputs))
    }

    /// Zero amounts, and the floor of change.
    fn outputs(&self, device: DeviceId, index: u64, outputs: &[Output]) -> Result<(), Reject> {
        let before = index.checked_sub(1).ok_or(Reject::IndexRange)?;
        for output in outputs {
            if output.amount == 0 {
                return Err(Reject::AmountZero { device, index });
            }
            if let Some((owner, floor)) = output.lock.device()
                && *owner == device
                && (floor.index != before || !self.known.is_at(&device, floor))
            {
                return Err(Reject::ChangeFloor { device, index });
            }
        }
        Ok(())
    }

    /// Checks every input of an operation and gives their sums.
    fn inputs(&mut self, device: DeviceId, index: u64, spends: &[SpendId]) -> Result<Sums, Reject> {
        let mut from = Sums::new();
        for id in spends {
            let (origin, output) = self.known.origin(id).ok_or(Reject::Hole { id: *id })?;
            let Lock::Device { id: owner, floor } = output.lock else {
                return Err(Reject::NotOwner { id: *id });
            };
            if owner != device {
                return Err(Reject::NotOwner { id: *id });
            }
            self.first_spend(device, index, id, &floor)?;
            add(&mut from, &output)?;
            if self.seen.insert((origin.device, origin.index)) {
                self.open.push((origin.device, origin.index));
            }
        }
        Ok(from)
    }

    /// The entry is the first on its line to name the id, every record since the floor is known,
    /// and the device showed one history only.
    fn first_spend(
        &mut self,
        device: DeviceId,
        index: u64,
        id: &SpendId,
        floor: &Position,
    ) -> Result<(), Reject> {
        if floor.index >= index || !self.known.is_at(&device, floor) {
            return Err(Reject::FloorNotOnLog { id: *id });
        }
        if let Some(index) = self.known.spent_before(&device, id, floor.index, index) {
            return Err(Reject::SpentBefore { id: *id, device, index });
        }
        if !self.known.is_whole(&device, floor.index, index) {
            return Err(Reject::RunIncomplete { device });
        }
        let head = self.known.head(&device, index).ok_or(Reject::RunIncomplete { device })?;
        let (view, forked) = (self.known.view, self.known.is_forked(&device));
        if view.is_certified(&device, floor.index, &Position { index, head }) {
            return Ok(());
        }
        if forked {
            return Err(Reject::Forked { device });
        }
        if !view.is_own(&device) {
            let bound = self.known.trusted(&device).is_some();
            let class = if bound { FinalityClass::Anchored } else { FinalityClass::Exposed };
            self.class = self.class.weaker(class);
            self.uncertified.insert(device);
        }
        Ok(())
    }

    fn policy(&mut self, token: &TokenId) -> Result<Rc<Policy>, Reject> {
        if let Some(policy) = self.policies.get(token) {
            return Ok(Rc::clone(policy));
        }
        let policy = self.known.policy(token);
        let policy = policy.filter(|policy| policy.cap().is_some());
        let policy = policy.ok_or(Reject::PolicyUnknown { token: *token })?;
        if policy.network != self.known.view.network() {
            return Err(Reject::Network);
        }
        let policy = Rc::new(policy);
        self.policies.insert(*token, Rc::clone(&policy));
        Ok(policy)
    }

    fn transfer_predicates(
        &mut self,
        token: &TokenId,
        writer: DeviceId,
        outputs: &[Output],
    ) -> Result<(), Reject> {
        let policy = self.policy(token)?;
        let away = outputs.iter().filter(|output| {
            output.token == *token && output.lock.device().is_none_or(|(owner, _)| *owner != writer)
        });
        let mut moved: u64 = 0;
        for output in away {
            if !policy.transferable {
                return Err(Reject::NotTransferable { token: *token });
            }
            moved = moved.checked_add(output.amount).ok_or(Reject::Overflow { token: *token })?;
        }
        if policy.entry_limit.is_some_and(|limit| moved > limit) {
            return Err(Reject::EntryLimit { token: *token });
        }
        self.allow_set(&policy, token, outputs)
    }

    /// Every owner of an output is in the allow set; a vault is nobody, so not in it.
    fn allow_set(
        &self,
        policy: &Policy,
        token: &TokenId,
        outputs: &[Output],
    ) -> Result<(), Reject> {
        if policy.allow_set.is_none() {
            return Ok(());
        }
        for output in outputs.iter().filter(|output| output.token == *token) {
            let owner = output.lock.device().map(|(owner, _)| *owner);
            let device = owner.ok_or(Reject::NotTransferable { token: *token })?;
            if !self.known.is_allowed(token, &device) {
                return Err(Reject::AllowSet { token: *token, device });
            }
        }
        Ok(())
    }

    fn issue(
        &mut self,
        (device, index): (DeviceId, u64),
        (token, lot): (&TokenId, u64),
        outputs: &dsm_encoding::List<Output, MAX_OUTPUTS>,
        cosignatures: &[Cosignature],
    ) -> Result<(), Reject> {
        let policy = self.policy(token)?;
        if policy.issuer != device {
            return Err(Reject::NotIssuer { token: *token });
        }
        if lot >= policy.lots {
            return Err(Reject::LotRange { token: *token });
        }
        let issued = sums(outputs)?;
        if issued.keys().any(|other| other != token) {
            return Err(Reject::IssueToken { token: *token });
        }
        if issued.get(token).is_some_and(|sum| *sum > policy.units_per_lot) {
            return Err(Reject::LotAmount { token: *token });
        }
        self.allow_set(&policy, token, outputs)?;
        check_cosignatures(&policy, token, lot, outputs, cosignatures)?;
        self.first_spend(device, index, &lot_id(token, lot), &policy.issuer_floor)
    }
}

/// Exactly the threshold of valid signatures, by ascending key number.
fn check_cosignatures(
    policy: &Policy,
    token: &TokenId,
    lot: u64,
    outputs: &dsm_encoding::List<Output, MAX_OUTPUTS>,
    cosignatures: &[Cosignature],
) -> Result<(), Reject> {
    let wrong = Reject::Cosign { token: *token };
    let ascends = cosignatures.windows(2).all(|pair| match pair {
        [one, next] => one.key < next.key,
        _ => true,
    });
    if cosignatures.len() != usize::from(policy.cosigners.threshold) || !ascends {
        return Err(wrong);
    }
    let message = cosign_message(token, lot, outputs);
    for cosignature in cosignatures {
        let key = policy.cosigners.keys.get(usize::from(cosignature.key)).ok_or(wrong)?;
        key.verify(&message, &cosignature.signature).map_err(|_| wrong)?;
    }
    Ok(())
}

fn add(sums: &mut Sums, output: &Output) -> Result<(), Reject> {
    let sum = sums.entry(output.token).or_insert(0);
    let overflow = Reject::Overflow { token: output.token };
    *sum = sum.checked_add(output.amount).ok_or(overflow)?;
    Ok(())
}

fn sums(outputs: &[Output]) -> Result<Sums, Reject> {
    let mut sums = Sums::new();
    for output in outputs {
        add(&mut sums, output)?;
    }
    Ok(sums)
}

fn conserved(from: &Sums, to: &Sums) -> Result<(), Reject> {
    let differs = from.keys().chain(to.keys()).find(|token| from.get(*token) != to.get(*token));
    differs.map_or(Ok(()), |token| Err(Reject::Conservation { token: *token }))
}
