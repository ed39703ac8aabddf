//! Small worlds, and one whole transfer between two devices of one.

use dsm_core::pack::{OpenedEntry, Plan, Wanted};
use dsm_core::{
    Before, Claimed, Dealing, Entry, Facts, OwnLog, TokenId, Verdict, View, accept, deal,
};
use dsm_crypto::{Digest, Domain, hash};
use dsm_encoding::{Decode, Encode, List, from_slice, to_vec};
use dsm_log::{DeviceId, Position, SignedHead, relationship};
use dsm_merkle::{MemoryNodes, TipTree};
use dsm_sim::{Actor, Holding, NETWORK, free_policy};

/// A device without caps, so that only the rules of the protocol are in the way.
pub(crate) fn device(name: &str) -> Actor {
    let mut actor = Actor::new(name);
    actor.view.settings.exposed_cap = u64::MAX;
    actor.view.settings.max_hops = u64::MAX;
    actor
}

/// An issuer that knows its own token.
pub(crate) fn issuer(name: &str, lots: u64) -> (Actor, TokenId) {
    let mut issuer = device(name);
    let policy = free_policy(&issuer, lots, 1_000_000);
    let token = policy.id();
    let descriptors = vec![issuer.descriptor.clone()];
    issuer.view.learn(&Facts { policies: vec![policy], descriptors, ..Facts::default() });
    (issuer, token)
}

/// Teaches a view where an issue came from, without giving it the note.
pub(crate) fn teach(actor: &mut Actor, issuer: &Actor, index: u64) {
    let plan = dsm_core::pack::plan_entry(&issuer.view, issuer.id(), index);
    let plan = plan.expect("the issuer knows its log");
    let wanted = Wanted::of(&actor.view, &plan).expect("a short plan");
    let pack = dsm_core::pack::build(&issuer.view, &plan, &wanted).expect("a pack");
    let verdict = dsm_core::examine(&actor.view, &pack, issuer.id(), index);
    let (_, facts) = verdict.result.expect("a valid issue");
    actor.view.learn(&facts);
}

/// Gives a device that has written nothing a log with one entry and this many relationships.
pub(crate) fn relate(actor: &mut Actor, count: u64) {
    let me = actor.id();
    let leaves = (0..count).map(|number| {
        let other = DeviceId(hash(Domain::Seed, &("other", number)));
        (relationship(&me, &other), hash(Domain::Tip, &number))
    });
    let Ok(tree) = TipTree::rebuild(MemoryNodes::default(), leaves);
    let entry = Entry {
        index: 1,
        peer: None,
        stitch: None,
        tips: tree.root(),
        spends: List::default(),
        value: None,
        ops: List::default(),
        nonce: None,
    };
    let start = Position::origin(&me);
    let at = entry.after(&start).expect("the first entry");
    let signature = SignedHead::sign(NETWORK, me, at, &*actor.key).signature;
    let (records, heads) = (vec![entry.record()], vec![at.head]);
    let line = dsm_core::pack::Line { device: me, start, records, heads, signature };
    let opened = OpenedEntry::new(me, &entry, at.head);
    actor.view.learn(&Facts { lines: vec![line], opened: vec![opened], ..Facts::default() });
    actor.log = OwnLog { device: me, at, before: Some(Before::of(&entry)) };
    actor.tree = tree;
}

/// One whole transfer, both sides, every message encoded and decoded; the bytes of the payer's entry.
pub(crate) fn transfer(
    payer: &mut Actor,
    payee: &mut Actor,
    token: TokenId,
    amount: u64,
) -> Vec<u8> {
    let nonce = payee.ask();
    let payment = payer.pay_to(payee.id(), payee.lock(), token, amount, Some(nonce));
    let pay = message(payer, payee, &payment.dealing);
    receive(payee, &pay, Some(nonce)).result.expect("an honest payment");
    let acknowledgement = payee.acknowledge(payer.id());
    let receipt = message(payee, payer, &acknowledgement);
    receive(payer, &receipt, None).result.expect("an honest receipt");
    pay
}

/// An entry as it goes over the wire, once plan and answer went there and back.
pub(crate) fn message(from: &Actor, to: &Actor, dealing: &Dealing) -> Vec<u8> {
    let known = to.view.latest(&from.id()).map(|at| at.index);
    let plan: Plan = dealing.plan(&from.view, known).expect("a complete lineage");
    let plan = sent(&plan);
    let wanted = sent(&Wanted::of(&to.view, &plan).expect("a short plan"));
    to_vec(&deal(&from.view, dealing, &plan, &wanted).expect("a complete lineage"))
}

/// Over the wire and back.
fn sent<T: Encode + Decode>(value: &T) -> T {
    from_slice(&to_vec(value)).expect("canonical bytes")
}

/// Judges the bytes of an entry and keeps what the verdict taught.
pub(crate) fn receive(actor: &mut Actor, bytes: &[u8], asked: Option<[u8; 32]>) -> Verdict {
    let claimed = Claimed::decode(bytes).expect("canonical bytes");
    let verdict = accept(&actor.view, &claimed, asked);
    actor.view.keep(&verdict);
    if let Ok(accepted) = &verdict.result {
        actor.accepted.insert(accepted.writer(), accepted.at());
        for note in accepted.notes() {
            let lineage = accepted.lineage().clone();
            actor.notes.insert(note.id(), Holding { note: *note, lineage });
        }
    }
    verdict
}

/// 32 bytes that differ for each number.
pub(crate) fn filler(number: u64) -> Digest {
    hash(Domain::Seed, &("filler", number))
}
