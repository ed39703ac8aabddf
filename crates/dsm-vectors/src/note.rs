//! `vectors/note`: ids of notes and lots, and what co-signers sign.

use dsm_core::value::cosign_message;
use dsm_core::{Lock, Note, Output, TokenId, lot_id};
use dsm_crypto::Digest;
use dsm_encoding::{List, from_slice};
use dsm_log::{DeviceId, Position};
use serde_json::{Value, json};

use crate::json::{
    as_bytes, canonical, digest, id, items, list, member, number, object, same, uint,
};
use crate::world::{limited, seed};
use crate::{Problem, Vector};

pub(crate) fn vectors() -> Vec<Vector> {
    let token = TokenId(seed("token", 0));
    let floor = Position { index: 3, head: seed("floor", 0) };
    let device = Lock::Device { id: DeviceId(seed("owner", 0)), floor };
    let vault = Lock::Vault { root: seed("root", 0) };
    let head = seed("head", 0);
    let note = |amount, lock, number| {
        described_note(&Note { output: Output { token, amount, lock }, head, number })
    };
    let notes =
        [note(1, device, 0), note(1, device, 1), note(u64::MAX, device, 0), note(1, vault, 0)];
    let lots = [0, 1, u64::MAX].map(|lot| described_lot(&token, lot));
    let outputs = limited(vec![Output { token, amount: 7, lock: device }]);
    vec![
        Vector::new("note", "notes", "Ids of notes.", json!({ "notes": notes })),
        Vector::new("note", "lots", "Ids that issues consume.", json!({ "lots": lots })),
        Vector::new(
            "note",
            "cosign",
            "What co-signers of an issue sign.",
            json!({ "cosign": [described_cosign(&token, 4, &outputs)] }),
        ),
    ]
}

fn described_note(note: &Note) -> Value {
    json!({
        "output": canonical(&note.output),
        "lock": canonical(&note.output.lock),
        "head": digest(&note.head),
        "number": note.number,
        "id": digest(&note.id().0),
    })
}

fn described_lot(token: &TokenId, lot: u64) -> Value {
    json!({ "token": digest(&token.0), "lot": number(lot), "id": digest(&lot_id(token, lot).0) })
}

fn described_cosign(token: &TokenId, lot: u64, outputs: &List<Output, 256>) -> Value {
    json!({
        "token": digest(&token.0),
        "lot": number(lot),
        "outputs": list(outputs, canonical),
        "message": digest(&cosign_message(token, lot, outputs)),
    })
}

pub(crate) fn check(value: &Value) -> Result<(), Problem> {
    let every = |name: &str, found: fn(&Value) -> Result<Value, Problem>| match value.get(name) {
        Some(_) => items(value, name)?.iter().try_for_each(|case| same(case, &found(case)?)),
        None => Ok(()),
    };
    every("notes", |case| {
        let output: Output = object(case, "output")?;
        let number = u32::try_from(uint(case, "number")?);
        let number = number.map_err(|_| Problem::new("an output number has 32 bits"))?;
        let head: Digest = id(case, "head")?;
        Ok(described_note(&Note { output, head, number }))
    })?;
    every("lots", |case| Ok(described_lot(&TokenId(id(case, "token")?), uint(case, "lot")?)))?;
    every("cosign", |case| {
        let outputs: Result<Vec<Output>, Problem> = items(case, "outputs")?
            .iter()
            .map(|one| from_slice(&as_bytes(one)?).map_err(|error| Problem::new(error.to_string())))
            .collect();
        member(case, "message")?;
        let token = TokenId(id(case, "token")?);
        Ok(described_cosign(&token, uint(case, "lot")?, &limited(outputs?)))
    })
}
