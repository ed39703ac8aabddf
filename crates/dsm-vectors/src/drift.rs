//! `vectors/drift.json`: one example of every type with the plain BLAKE3 of its bytes.
//!
//! A change of a form shows here first. Each example names its rule of `spec/dsm.cddl`.

mod letters;
mod messages;

use dsm_encoding::{Decode, Encode, from_slice, to_vec};
use serde_json::{Value, json};

use crate::accept::trade::{Trade, transfer};
use crate::json::{as_bytes, bytes, hex, items, member, same, text};
use crate::world::{all, seed};
use crate::{Problem, Vector};

/// An example: the name of its rule and its bytes.
type Example = (&'static str, Vec<u8>);

/// Reads bytes as a type and writes them again.
type Again = fn(&[u8]) -> Option<Vec<u8>>;

fn again<T: Decode + Encode>(bytes: &[u8]) -> Option<Vec<u8>> {
    from_slice::<T>(bytes).ok().map(|value| to_vec(&value))
}

/// Every type with the name of its rule.
const TYPES: &[(&str, Again)] = &[
    ("digest", again::<dsm_crypto::Digest>),
    ("device-descriptor", again::<dsm_log::DeviceDescriptor>),
    ("position", again::<dsm_log::Position>),
    ("side", again::<dsm_log::Side>),
    ("rest", again::<dsm_log::Rest>),
    ("pair", again::<dsm_log::Pair>),
    ("record", again::<dsm_log::Record>),
    ("signed-head", again::<dsm_log::SignedHead>),
    ("fork-proof", again::<dsm_log::ForkProof>),
    ("tip-proof", again::<dsm_merkle::TipProof>),
    ("list-proof", again::<dsm_merkle::ListProof>),
    ("entry", again::<dsm_core::Entry>),
    ("before", again::<dsm_core::Before>),
    ("own-log", again::<dsm_core::OwnLog>),
    ("value", again::<dsm_core::Value>),
    ("op", again::<dsm_core::Op>),
    ("lock", again::<dsm_core::Lock>),
    ("output", again::<dsm_core::Output>),
    ("cosignature", again::<dsm_core::value::Cosignature>),
    ("policy", again::<dsm_core::Policy>),
    ("cosigners", again::<dsm_core::Cosigners>),
    ("allowed", again::<dsm_core::Allowed>),
    ("plan", again::<dsm_core::pack::Plan>),
    ("wanted", again::<dsm_core::pack::Wanted>),
    ("pack", again::<dsm_core::pack::Pack>),
    ("dealt", again::<dsm_core::Dealt>),
    ("genesis", again::<dsm_core::identity::Genesis>),
    ("roster-step", again::<dsm_core::identity::RosterStep>),
    ("card", again::<dsm_core::identity::Card>),
    ("introduction", again::<dsm_session::introduction::Introduction>),
    ("receipt", again::<dsm_core::receipt::Receipt>),
    ("note", again::<dsm_core::Note>),
    ("dealing", again::<dsm_core::Dealing>),
    ("held", again::<dsm_session::Held>),
    ("signed-run", again::<dsm_session::SignedRun>),
    ("request", again::<dsm_session::Request>),
    ("ask", again::<dsm_session::Ask>),
    ("letter", again::<dsm_session::Letter>),
    ("contents", again::<dsm_session::Contents>),
    ("enclosure", again::<dsm_session::Enclosure>),
    ("signed-letter", again::<dsm_session::Signed>),
    ("chain", again::<dsm_session::Chain>),
    ("mail", again::<dsm_session::Mail>),
    ("message", again::<dsm_session::Message>),
];

pub(crate) fn vector() -> Vector {
    let mut found = logs();
    found.extend(values());
    found.extend(packs());
    found.extend(owners());
    found.extend(messages::examples());
    found.extend(letters::examples());
    let example = |(rule, bytes): &Example| {
        json!({
            "rule_name": rule,
            "bytes": hex(bytes),
            "blake3": hex(blake3::hash(bytes).as_bytes()),
        })
    };
    let examples: Vec<Value> = found.iter().map(example).collect();
    for (rule, _) in TYPES {
        assert!(found.iter().any(|(name, _)| name == rule), "{rule} has no example");
    }
    let about = "One example of every type, with the BLAKE3 of its canonical bytes.";
    let value = json!({ "about": about, "noun": "drift", "examples": examples });
    Vector { path: "drift.json".to_owned(), value }
}

pub(crate) fn check(value: &Value) -> Result<(), Problem> {
    for example in items(value, "examples")? {
        let rule = text(example, "rule_name")?;
        let again = TYPES.iter().find(|(name, _)| *name == rule);
        let (_, again) = again.ok_or_else(|| Problem::new(format!("no type `{rule}`")))?;
        let bytes = as_bytes(member(example, "bytes")?)?;
        let back = again(&bytes).ok_or_else(|| Problem::new(format!("{rule} does not decode")))?;
        same(member(example, "bytes")?, &hex(&back))?;
        same(member(example, "blake3")?, &hex(blake3::hash(&bytes).as_bytes()))?;
    }
    Ok(())
}

fn bytes_of(value: &Value, name: &str) -> Vec<u8> {
    bytes(value, name).expect("a vector of this crate")
}

fn logs() -> Vec<Example> {
    let (trade, _) = transfer();
    let device = trade.world.get(&trade.ada);
    let entry = &device.written(1).expect("the payment").entry;
    let rest = entry.rest();
    let dsm_core::Entry { index, peer, stitch, nonce, .. } = *entry;
    let side = dsm_log::Side { index, peer, stitch, nonce };
    let signed = dsm_core::View::signed(&trade.world, &trade.ada, 1).expect("an entry");
    let log = dsm_core::OwnLog {
        device: trade.ada,
        at: device.at(),
        before: Some(dsm_core::Before::of(entry)),
    };
    let forks = crate::fork_proof::vectors();
    let fork = forks.iter().find(|one| one.path.contains("later")).expect("a fork proof");
    vec![
        ("digest", to_vec(&seed("digest", 0))),
        ("device-descriptor", to_vec(&device.descriptor)),
        ("position", to_vec(&device.at())),
        ("side", to_vec(&side)),
        ("rest", to_vec(&rest)),
        ("pair", to_vec(&entry.record().pair())),
        ("record", to_vec(&entry.record())),
        ("signed-head", to_vec(&signed)),
        ("fork-proof", bytes_of(&fork.value, "proof")),
        ("entry", to_vec(entry)),
        ("before", to_vec(&dsm_core::Before::of(entry))),
        ("own-log", to_vec(&log)),
    ]
}

fn values() -> Vec<Example> {
    let (trade, _) = transfer();
    let transfer = trade.world.get(&trade.ada).log[0].entry.value.clone().expect("a transfer");
    let issue = trade.world.get(&trade.issuer).log[0].entry.value.clone().expect("an issue");
    let output = transfer.outputs()[0];
    let vault = dsm_core::Lock::Vault { root: seed("root", 0) };
    let burn = dsm_core::Value::Burn { token: trade.token, amount: 1 };
    let message = seed("message", 0);
    let signature = dsm_crypto::Signer::sign(&crate::world::key("ada"), &message);
    let randomness = [7; 64];
    let kem = crate::world::kem("ben");
    let (ciphertext, _) = dsm_crypto::encapsulate(kem.public_key(), randomness);
    let data =
        dsm_core::Op::Data { schema: message, bytes: vec![1, 2].try_into().unwrap_or_default() };
    let policies = crate::policy::vectors();
    let full = policies.iter().find(|one| one.path.contains("full")).expect("a policy");
    let full: dsm_core::Policy =
        from_slice(&bytes_of(&full.value, "bytes")).expect("canonical bytes");
    vec![
        ("value", to_vec(&transfer)),
        ("value", to_vec(&issue)),
        ("value", to_vec(&burn)),
        ("op", to_vec(&dsm_core::Op::Open { ciphertext: Box::new(ciphertext) })),
        ("op", to_vec(&dsm_core::Op::Receive {})),
        ("op", to_vec(&data)),
        ("op", to_vec(&dsm_core::Op::Checkpoint {})),
        ("lock", to_vec(&output.lock)),
        ("lock", to_vec(&vault)),
        ("output", to_vec(&output)),
        ("cosignature", to_vec(&dsm_core::value::Cosignature { key: 1, signature })),
        ("policy", to_vec(&full)),
        ("cosigners", to_vec(&full.cosigners)),
    ]
}

fn packs() -> Vec<Example> {
    let (trade, deal) = transfer();
    let plan = trade.world.plan(&trade.ada, 1, 0);
    let elements: Vec<_> = (0..5).map(|number| seed("element", number)).collect();
    let proof = dsm_merkle::list_prove(&elements, 2).expect("five elements");
    let allowed = dsm_core::Allowed { index: 2, count: 5, proof: proof.clone() };
    vec![
        ("tip-proof", to_vec(&deal.dealt.tip_proof)),
        ("list-proof", to_vec(&proof)),
        ("allowed", to_vec(&allowed)),
        ("plan", to_vec(&plan)),
        ("wanted", to_vec(&all(&plan))),
        ("pack", to_vec(&deal.dealt.pack)),
        ("pack", to_vec(&allow_set_pack())),
        ("dealt", to_vec(&deal.dealt)),
    ]
}

/// A pack in which every table has an element.
fn allow_set_pack() -> dsm_core::pack::Pack {
    let names = Trade::new();
    let leaves = [names.ada.0, names.ben.0];
    let set = dsm_merkle::list_root(&leaves);
    let mut trade = Trade::under(|policy| policy.allow_set = Some(set));
    trade.world.allow(trade.token, vec![trade.ada, trade.ben]);
    let note = trade.fund();
    let outputs = trade.split();
    let index = trade.pay(vec![note.id()], outputs);
    trade.deal(index).dealt.pack
}

fn owners() -> Vec<Example> {
    let cards = crate::roster::vectors();
    let card = |name: &str| {
        let found = cards.iter().find(|one| one.path == format!("roster/{name}.json"));
        bytes_of(&found.expect("a card").value, "card")
    };
    let read =
        |bytes: &[u8]| -> dsm_core::identity::Card { from_slice(bytes).expect("canonical bytes") };
    let (added, recovered) = (card("retired"), card("recovered"));
    let step = |bytes: &[u8], at: usize| to_vec(&read(bytes).steps[at]);
    vec![
        ("genesis", to_vec(&read(&added).genesis)),
        ("roster-step", step(&added, 0)),
        ("roster-step", step(&added, 1)),
        ("roster-step", step(&recovered, 0)),
        ("introduction", to_vec(&introduction(read(&added)))),
        ("card", added),
        ("receipt", to_vec(&crate::receipt::sample())),
    ]
}

fn introduction(card: dsm_core::identity::Card) -> dsm_session::introduction::Introduction {
    let message = seed("message", 1);
    let signature = dsm_crypto::Signer::sign(&crate::world::key("ada"), &message);
    dsm_session::introduction::Introduction { card, signature }
}
