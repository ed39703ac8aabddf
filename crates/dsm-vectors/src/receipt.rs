//! `vectors/receipt`: what both sides signed, and what proves nothing.

use dsm_core::receipt::{Acknowledged, Receipt, ReceiptLink, ReceiptSide};
use dsm_core::{Before, Op};
use dsm_log::{DeviceId, Network, Position, SignedHead};
use serde_json::{Value, json};

use crate::json::{canonical, device, member, object, position, same};
use crate::knowledge::network;
use crate::roster::Owner;
use crate::world::{Draft, NETWORK, World, key, limited, seed};
use crate::{Problem, Vector};

const NOUN: &str = "receipt";

struct Deal {
    world: World,
    ada: DeviceId,
    ben: DeviceId,
    cleo: DeviceId,
}

impl Deal {
    fn new() -> Self {
        let mut world = World::default();
        let [ada, ben, cleo] =
            ["ada", "ben", "cleo"].map(|name| world.enter(key(name), Owner::descriptor(name)));
        world.idle(&ada);
        Self { world, ada, ben, cleo }
    }

    /// Ada writes to somebody; the leaf of her tree that changes is Ben's in any case.
    fn say(&mut self, to: DeviceId) {
        let (ada, peer, leaf) = (self.ada, Some(to), Some(self.ben));
        let schema = seed("schema", 0);
        let ops = vec![Op::Data { schema, bytes: limited_bytes() }];
        self.world.write(&ada, Draft { peer, leaf, ops, ..Draft::default() });
    }

    /// Ben answers somebody; the leaf that changes is Ada's.
    fn answer(&mut self, to: DeviceId, stitch: Position, ops: Vec<Op>) {
        let (ben, peer, leaf) = (self.ben, Some(to), Some(self.ada));
        let stitch = Some(stitch);
        self.world.write(&ben, Draft { peer, leaf, stitch, ops, ..Draft::default() });
    }

    fn side(&self, name: &str, writer: &DeviceId) -> ReceiptSide {
        let of = self.world.get(writer);
        let written = of.log.last().expect("an entry");
        let index = written.at.index;
        let place = |index: u64| of.written(index).map_or(of.start, |one| one.at);
        let before = of.written(index - 1).map(|one| (one, place(index - 2).head));
        let link = before.map(|(one, head)| ReceiptLink {
            head,
            spends: one.entry.record().pair().spends,
            opening: Before::of(&one.entry),
        });
        ReceiptSide {
            card: Owner::new(name, &[name]).card(name, Vec::new()),
            entry: written.entry.clone(),
            before: place(index - 1),
            link,
            tip: written.tip_before,
            tip_proof: written.proof.clone(),
            signature: SignedHead::sign(NETWORK, *writer, written.at, &of.key).signature,
        }
    }

    fn receipt(&self) -> Receipt {
        Receipt { payer: self.side("ada", &self.ada), payee: self.side("ben", &self.ben) }
    }
}

fn limited_bytes() -> dsm_encoding::Blob<{ dsm_core::value::MAX_DATA }> {
    b"thanks".to_vec().try_into().unwrap_or_default()
}

/// Ada writes to Ben, Ben acknowledges.
pub(crate) fn sample() -> Receipt {
    let mut deal = Deal::new();
    deal.say(deal.ben);
    let at = deal.world.at(&deal.ada);
    deal.answer(deal.ada, at, vec![Op::Receive {}]);
    deal.receipt()
}

pub(crate) fn vectors() -> Vec<Vector> {
    let receipt = sample();
    let mut found = vec![Vector::good(
        NOUN,
        "acknowledged",
        "Ben acknowledges what Ada wrote to him.",
        value(&receipt, NETWORK),
    )];
    found.extend(sides(&receipt));
    found.extend(parts(&receipt));
    found
}

fn one(names: (&str, &str), about: &str, receipt: &Receipt) -> Vector {
    Vector::bad(NOUN, names, "acknowledged", about, value(receipt, NETWORK))
}

fn sides(receipt: &Receipt) -> Vec<Vector> {
    let dealt = |to: fn(&Deal) -> DeviceId, back: fn(&Deal) -> DeviceId, op: Op| {
        let mut deal = Deal::new();
        deal.say(to(&deal));
        let at = deal.world.at(&deal.ada);
        deal.answer(back(&deal), at, vec![op]);
        deal.receipt()
    };
    let for_cleo = dealt(|deal| deal.cleo, |deal| deal.ada, Op::Receive {});
    let to_cleo = dealt(|deal| deal.ben, |deal| deal.cleo, Op::Receive {});
    let silent = dealt(|deal| deal.ben, |deal| deal.ada, Op::Checkpoint {});
    let swapped = Receipt { payer: receipt.payee.clone(), payee: receipt.payer.clone() };
    let oneself = Receipt { payer: receipt.payer.clone(), payee: receipt.payer.clone() };
    let replayed = {
        let mut deal = Deal::new();
        deal.say(deal.ben);
        let at = deal.world.at(&deal.ada);
        deal.answer(deal.ada, at, vec![Op::Receive {}]);
        deal.say(deal.ben);
        deal.receipt()
    };
    vec![
        one(("R-54", "for-another"), "Ada wrote to Cleo.", &for_cleo),
        one(("R-54", "answered-to-another"), "Ben answers Cleo.", &to_cleo),
        one(("R-54", "one-side-twice"), "Both sides are Ada's.", &oneself),
        one(("R-55", "sides-swapped"), "The sides are swapped.", &swapped),
        one(("R-55", "replayed"), "Ben acknowledged an earlier entry of Ada's.", &replayed),
        one(("R-55", "no-acknowledgement"), "Ben writes, but acknowledges nothing.", &silent),
    ]
}

fn parts(receipt: &Receipt) -> Vec<Vector> {
    let with = |change: &dyn Fn(&mut Receipt)| {
        let mut receipt = receipt.clone();
        change(&mut receipt);
        receipt
    };
    let forged = with(&|one| one.payee.signature = one.payer.signature.clone());
    let index = with(&|one| one.payer.before.index += 1);
    let tip = with(&|one| one.payer.tip = Some(seed("tip", 0)));
    let link = with(&|one| one.payer.link = None);
    let other = with(&|one| {
        let card = &mut one.payer.card;
        card.devices = limited(vec![card.descriptor.id(), one.payee.card.descriptor.id()]);
    });
    vec![
        Vector::bad(
            NOUN,
            ("R-02", "other-network"),
            "acknowledged",
            "The reader lives elsewhere.",
            value(receipt, Network::MAIN),
        ),
        one(("R-13", "signature-of-the-other"), "Ben's side bears Ada's signature.", &forged),
        one(("R-38", "index"), "The entry does not follow the place before it.", &index),
        one(("R-39", "other-tip-before"), "Another tip is said to be before.", &tip),
        one(("R-39", "entry-before-hidden"), "The entry before is not opened.", &link),
        one(("R-52", "device-added"), "The card has a first device too many.", &other),
    ]
}

fn value(receipt: &Receipt, on: Network) -> Value {
    let mut value = json!({ "receipt": canonical(receipt), "network": on.0 });
    if let Ok(proven) = receipt.verify(on) {
        value["result"] = result(&proven);
    }
    value
}

fn result(proven: &Acknowledged) -> Value {
    json!({
        "payer": device(&proven.payer),
        "payer_at": position(&proven.payer_at),
        "payee": device(&proven.payee),
        "payee_at": position(&proven.payee_at),
    })
}

pub(crate) fn check(value: &Value) -> Result<(), Problem> {
    let receipt: Receipt = object(value, "receipt")?;
    match receipt.verify(network(value)?) {
        Ok(proven) => same(member(value, "result")?, &result(&proven)),
        Err(reject) => same(member(value, "rule")?, &json!(reject.rule())),
    }
}
