//! `vectors/fork_proof`: two histories of one log, and what proves nothing.

use dsm_core::Reject;
use dsm_log::{DeviceId, ForkProof, MAX_INDEX, Pair, Position, SignedHead};
use serde_json::{Value, json};

use crate::json::{canonical, device, digest, list, member, object, same};
use crate::world::{NETWORK, World, key, limited, seed};
use crate::{Problem, Vector};

const NOUN: &str = "fork_proof";

struct Cheat {
    world: World,
    ada: DeviceId,
}

impl Cheat {
    /// A proof that Ada signed `first`, and the end of the pairs that follow `start`.
    fn proof(&self, first: Position, start: Position, pairs: Vec<Pair>) -> ForkProof {
        let mut end = start;
        for pair in &pairs {
            end = end.after(pair).unwrap_or(end);
        }
        let key = &self.world.get(&self.ada).key;
        let sign = |at: &Position| SignedHead::sign(NETWORK, self.ada, *at, key).signature;
        ForkProof {
            device: self.world.get(&self.ada).descriptor.clone(),
            first,
            first_signature: sign(&first),
            start,
            pairs: limited(pairs),
            second_signature: sign(&end),
        }
    }
}

fn place(index: u64, number: u8) -> Position {
    Position { index, head: seed("history", number) }
}

fn pairs(count: u8) -> Vec<Pair> {
    (0..count)
        .map(|number| Pair { spends: seed("spends", number), body: seed("body", number) })
        .collect()
}

pub(crate) fn vectors() -> Vec<Vector> {
    let mut world = World::default();
    let ada = world.device("ada");
    let cheat = Cheat { world, ada };
    let at_once = cheat.proof(place(4, 0), place(4, 1), Vec::new());
    let later = cheat.proof(place(4, 0), place(4, 1), pairs(3));
    let moved = cheat.proof(place(4, 0), place(9, 0), Vec::new());
    let one = |name, about, proof: &ForkProof| Vector::good(NOUN, name, about, value(proof));
    let mut found = vec![
        one("one-index", "Two signed heads at one index.", &at_once),
        one("three-entries-later", "The other history is signed three entries later.", &later),
        one("one-head-two-indices", "One head is signed at two indices.", &moved),
    ];
    found.extend(refused(&cheat, &later, &at_once));
    found
}

fn refused(cheat: &Cheat, later: &ForkProof, at_once: &ForkProof) -> Vec<Vector> {
    let one = |name, sibling, about, proof: &ForkProof| {
        Vector::bad(NOUN, ("R-46", name), sibling, about, value(proof))
    };
    let same = cheat.proof(place(4, 0), place(4, 0), pairs(3));
    let apart = cheat.proof(place(4, 0), place(5, 1), pairs(3));
    let over = cheat.proof(place(MAX_INDEX - 1, 0), place(MAX_INDEX - 1, 1), pairs(1));
    let signed =
        |at: Position, name: &str| SignedHead::sign(NETWORK, cheat.ada, at, &key(name)).signature;
    let mut other_key = at_once.clone();
    other_key.second_signature = signed(at_once.start, "ben");
    let mut first = at_once.clone();
    first.first_signature = signed(at_once.first, "ben");
    let mut altered = later.clone();
    let mut changed = altered.pairs.clone().into_inner();
    changed[1].body = seed("body", 9);
    altered.pairs = limited(changed);
    let mut shorter = later.clone();
    let mut fewer = shorter.pairs.clone().into_inner();
    fewer.remove(0);
    shorter.pairs = limited(fewer);
    let mut stranger = at_once.clone();
    stranger.device.recovery = seed("recovery", 9);
    vec![
        one("one-history", "three-entries-later", "Both heads lie on one line.", &same),
        one("indices-apart", "three-entries-later", "The run starts after the head.", &apart),
        one("index-over", "three-entries-later", "The run passes the last index.", &over),
        one("first-by-another", "one-index", "Ben signed the first head.", &first),
        one("second-by-another", "one-index", "Ben signed the second head.", &other_key),
        one("pair-altered", "three-entries-later", "A pair is not the signed one.", &altered),
        one("pair-missing", "three-entries-later", "A pair is left out.", &shorter),
        one("another-device", "one-index", "The descriptor is another device's.", &stranger),
    ]
}

fn value(proof: &ForkProof) -> Value {
    let mut end = proof.start;
    let mut heads = Vec::new();
    for pair in proof.pairs.iter() {
        end = end.after(pair).unwrap_or(end);
        heads.push(end.head);
    }
    let message = |at| digest(&SignedHead::message(proof.device.network, &proof.device(), at));
    json!({
        "proof": canonical(proof),
        "device": device(&proof.device()),
        "heads": list(&heads, digest),
        "messages": [message(&proof.first), message(&end)],
    })
}

pub(crate) fn check(value: &Value) -> Result<(), Problem> {
    let proof: ForkProof = object(value, "proof")?;
    let found = self::value(&proof);
    for name in ["device", "heads", "messages"] {
        same(member(value, name)?, &found[name])?;
    }
    match proof.verify() {
        Ok(_) => same(member(value, "expect")?, &json!("accept")),
        Err(error) => same(member(value, "rule")?, &json!(Reject::ForkProof { error }.rule())),
    }
}
