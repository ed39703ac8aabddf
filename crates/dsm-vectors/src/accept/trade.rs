//! A small market for the scenarios: an issuer, Ada who pays, Ben who judges, Cleo beside them.

use dsm_core::{
    Cosigners, FinalityClass, Kind, Note, Output, Policy, Supervision, TokenId, Value, lot_id,
};
use dsm_log::{DeviceId, Nonce, Position, SpendId};

use super::Deal;
use crate::knowledge::Knowledge;
use crate::world::{Draft, NETWORK, World, limited, seed};

/// What Ben asks for.
pub(crate) fn nonce() -> Nonce {
    *seed("nonce", 0).as_bytes()
}

/// The market.
pub(crate) struct Trade {
    pub(crate) world: World,
    pub(crate) issuer: DeviceId,
    pub(crate) ada: DeviceId,
    pub(crate) ben: DeviceId,
    pub(crate) cleo: DeviceId,
    pub(crate) token: TokenId,
}

/// A token that anybody may hold.
pub(crate) fn coupon(issuer: DeviceId) -> Policy {
    Policy {
        network: NETWORK,
        name: "Coupon".try_into().expect("a short name"),
        ticker: "CPN".try_into().expect("a short ticker"),
        decimals: 2,
        kind: Kind::Fungible,
        issuer,
        issuer_floor: Position::origin(&issuer),
        lots: 10,
        units_per_lot: 1_000,
        cosigners: Cosigners::default(),
        allow_set: None,
        entry_limit: None,
        transferable: true,
        class_floor: FinalityClass::Exposed,
        supervision: Supervision::None {},
        burnable: true,
        metadata: None,
    }
}

impl Trade {
    /// A market with the plain token.
    pub(crate) fn new() -> Self {
        Self::under(|_| {})
    }

    /// A market whose token has another policy.
    pub(crate) fn under(change: impl FnOnce(&mut Policy)) -> Self {
        let mut world = World::default();
        let devices = ["issuer", "ada", "ben", "cleo"].map(|name| world.device(name));
        Self::of(world, devices, change)
    }

    /// A market of these devices, the issuer first.
    pub(crate) fn of(
        mut world: World,
        [issuer, ada, ben, cleo]: [DeviceId; 4],
        change: impl FnOnce(&mut Policy),
    ) -> Self {
        let mut policy = coupon(issuer);
        change(&mut policy);
        let token = world.add_policy(policy);
        Self { world, issuer, ada, ben, cleo, token }
    }

    pub(crate) fn output(&self, amount: u64, owner: &DeviceId) -> Output {
        self.world.output(self.token, amount, owner)
    }

    /// Writes an issue of a lot that consumes what it should.
    pub(crate) fn issue(&mut self, lot: u64, outputs: Vec<Output>) -> u64 {
        let (issuer, token) = (self.issuer, self.token);
        let cosignatures = limited(Vec::new());
        let value = Value::Issue { token, lot, outputs: limited(outputs), cosignatures };
        let spends = vec![lot_id(&token, lot)];
        self.world.write(&issuer, Draft { spends, value: Some(value), ..Draft::default() })
    }

    /// Issues lot 0, 1,000 units, to Ada.
    pub(crate) fn fund(&mut self) -> Note {
        let output = self.output(1_000, &self.ada.clone());
        let index = self.issue(0, vec![output]);
        self.world.note(&self.issuer, index, 0)
    }

    /// Writes a transfer of a device that nobody in particular is told.
    pub(crate) fn move_on(
        &mut self,
        writer: &DeviceId,
        spends: Vec<SpendId>,
        outputs: Vec<Output>,
    ) -> u64 {
        let value = Some(Value::transfer(limited(outputs)));
        self.world.write(writer, Draft { spends, value, ..Draft::default() })
    }

    /// Writes an entry of Ada to Ben that answers his Ask.
    pub(crate) fn write_to_ben(&mut self, spends: Vec<SpendId>, value: Option<Value>) -> u64 {
        let (peer, nonce) = (Some(self.ben), Some(nonce()));
        let ada = self.ada;
        self.world.write(&ada, Draft { peer, spends, value, nonce, ..Draft::default() })
    }

    /// Writes a transfer of Ada to Ben.
    pub(crate) fn pay(&mut self, spends: Vec<SpendId>, outputs: Vec<Output>) -> u64 {
        self.write_to_ben(spends, Some(Value::transfer(limited(outputs))))
    }

    /// 600 to Ben, 400 back to Ada.
    pub(crate) fn split(&self) -> Vec<Output> {
        vec![self.output(600, &self.ben), self.output(400, &self.ada)]
    }

    /// What Ben knows who met Ada and never dealt with her.
    pub(crate) fn ben_knows(&self) -> Knowledge {
        let mut knowledge = Knowledge::of(&self.world, &self.ben);
        knowledge.pin(&self.world, &self.ada);
        knowledge
    }

    /// Ben, who never dealt with Ada, is dealt one of her entries with all that it rests on.
    pub(crate) fn deal(&self, index: u64) -> Deal {
        let dealt = self.world.deal_all(&self.ada, index);
        Deal { knowledge: self.ben_knows(), asked: Some(nonce()), dealt }
    }

    /// The same with chosen stretches.
    pub(crate) fn deal_parts(&self, index: u64, parts: &[crate::world::Part<'_>]) -> Deal {
        let dealt = self.world.deal_parts(&self.ada, index, parts);
        Deal { knowledge: self.ben_knows(), asked: Some(nonce()), dealt }
    }
}

/// The payment that most others are compared with: 600 of 1,000 to Ben at a first contact.
pub(crate) fn transfer() -> (Trade, Deal) {
    let mut trade = Trade::new();
    let note = trade.fund();
    let outputs = trade.split();
    let index = trade.pay(vec![note.id()], outputs);
    let deal = trade.deal(index);
    (trade, deal)
}
