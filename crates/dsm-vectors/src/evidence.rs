//! `vectors/evidence`: what a real emulator of a TPM 2.0 said of nine heads, and one fault each for every check.
//!
//! The heads are 32 times the entry's number. What the emulator said was captured once; no key of it is known.

use dsm_crypto::{Digest, sha256};
use dsm_encoding::{Decode, from_slice};
use dsm_log::{Chip, ChipEvidence, verify_run};
use serde_json::{Value, json};

use crate::json::{
    as_bytes, as_digest, canonical, digest, hex, items, list, member, number, object, same, uint,
};
use crate::{Problem, Vector};

const NOUN: &str = "evidence";
const WHOLE: &str = "captured";

/// Evidence of a run.
#[derive(Clone)]
struct Run {
    chip: Chip,
    floor: u64,
    heads: Vec<Digest>,
    evidence: Vec<ChipEvidence>,
}

fn captured() -> Run {
    let text = include_str!("../captured/tpm.json");
    let value: Value = serde_json::from_str(text).expect("the committed capture");
    let heads = (1..=9).map(|number| Digest::from_bytes([number; 32])).collect();
    let evidence = all(&value, "evidence").expect("the committed capture");
    let chip = object(&value, "chip").expect("the committed capture");
    Run { chip, floor: 0, heads, evidence }
}

fn all<T: Decode>(value: &Value, name: &str) -> Result<Vec<T>, Problem> {
    let one = |item: &Value| {
        from_slice(&as_bytes(item)?).map_err(|error| Problem::new(error.to_string()))
    };
    items(value, name)?.iter().map(one).collect()
}

impl Run {
    fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut run = self.clone();
        change(&mut run);
        run
    }

    /// The last digest of each piece that is of a part of these heads.
    fn attested(&self) -> Vec<Value> {
        let of = |piece: &ChipEvidence| {
            let from = piece.first.checked_sub(self.floor)?.checked_sub(1)?;
            let upto = piece.last.checked_sub(self.floor)?;
            let (from, upto) = (usize::try_from(from).ok()?, usize::try_from(upto).ok()?);
            let heads = self.heads.get(from..upto)?;
            let mut value = self.chip.value(piece.first.checked_sub(1)?)?;
            let mut session = self.chip.after_reading(piece.start, value);
            for head in heads {
                value = value.checked_add(1)?;
                session = Chip::after_stirring(session, head);
                session = self.chip.after_incrementing(session);
                session = self.chip.after_reading(session, value);
            }
            let attestation = self.chip.attestation(&piece.beside, &session);
            Some(json!({
                "session": hex(&session),
                "attestation": hex(&attestation),
                "signed": hex(&sha256(&[&attestation])),
            }))
        };
        self.evidence.iter().map(|piece| of(piece).unwrap_or(Value::Null)).collect()
    }

    fn value(&self) -> Value {
        json!({
            "chip": canonical(&self.chip),
            "counter_name": hex(&self.chip.counter_name()),
            "key_name": hex(&self.chip.key_name()),
            "floor": number(self.floor),
            "heads": list(&self.heads, digest),
            "evidence": list(&self.evidence, canonical),
            "attested": self.attested(),
        })
    }

    fn holds(&self) -> bool {
        verify_run(&self.chip, &self.evidence, self.floor, &self.heads).is_ok()
    }
}

/// From the third entry on, cut out of a piece of five.
fn cut(run: &Run) -> Run {
    run.with(|run| {
        let tail = run.evidence[3].after(&run.chip, &run.heads[3..5]).expect("a later part");
        run.floor = 5;
        run.heads.drain(..5);
        run.evidence = vec![tail, run.evidence[4].clone()];
    })
}

/// The pieces of the first session as one.
fn joined(run: &Run) -> Run {
    run.with(|run| {
        let mut one = run.evidence[0].clone();
        for next in 1..4 {
            let upto = usize::try_from(one.last).expect("few");
            let piece = &run.evidence[next];
            one = one.joined(&run.chip, &run.heads[..upto], piece).expect("one session");
        }
        run.evidence.splice(..4, [one]);
    })
}

pub(crate) fn vectors() -> Vec<Vector> {
    let run = captured();
    let good = |name: &str, about: &str, run: &Run| {
        assert!(run.holds(), "{name}");
        Vector::good(NOUN, name, about, run.value())
    };
    let mut found = vec![
        good(WHOLE, "Nine entries in two sessions, attested one by one and five together.", &run),
        good("cut", "The last four of them: a piece is cut at its front.", &cut(&run)),
        good("joined", "The pieces of the first session are one.", &joined(&run)),
    ];
    found.extend(refused(&run));
    found
}

fn refused(run: &Run) -> Vec<Vector> {
    let one = |name: &str, about: &str, change: &dyn Fn(&mut Run)| {
        let run = run.with(change);
        assert!(!run.holds(), "{name}");
        Vector::bad(NOUN, ("R-73", name), WHOLE, about, run.value())
    };
    vec![
        one("no-evidence", "There is none.", &|run| run.evidence.clear()),
        one("last-missing", "The last entry has none.", &|run| run.evidence.truncate(4)),
        one("first-missing", "The first entry has none.", &|run| drop(run.evidence.drain(..1))),
        one("gap", "Entry 2 has none.", &|run| drop(run.evidence.drain(1..2))),
        one("repeated", "A piece is there twice.", &|run| {
            run.evidence.insert(1, run.evidence[0].clone())
        }),
        one("beyond-the-run", "Evidence of more than is shown.", &|run| run.heads.truncate(8)),
        one("before-the-run", "Evidence from before the floor.", &|run| {
            run.floor = 1;
            run.heads.remove(0);
        }),
        one("other-head", "The head of entry 5 is another one.", &|run| {
            run.heads[4] = Digest::ZERO
        }),
        one("heads-swapped", "Two heads are exchanged.", &|run| run.heads.swap(4, 5)),
        one("other-start", "The start digest is another one.", &|run| {
            run.evidence[3].start[31] ^= 1
        }),
        one("start-of-a-session", "The start is that of a new session.", &|run| {
            run.evidence[1].start = [0; 32];
        }),
        one("other-clock", "The chip's clock is altered.", &|run| run.evidence[0].beside[0] ^= 1),
        one("other-firmware", "The firmware's version is altered.", &|run| {
            run.evidence[0].beside[25] ^= 1
        }),
        one("signature-of-another-piece", "The signature is that of the piece before.", &|run| {
            run.evidence[1].signature = run.evidence[0].signature.clone();
        }),
        one("other-first-value", "The counter began one later.", &|run| run.chip.first_value += 1),
        one("other-counter", "The counter is at another handle.", &|run| run.chip.counter += 1),
        one("last-before-first", "A piece ends before it begins.", &|run| {
            (run.evidence[3].first, run.evidence[3].last) = (8, 4);
        }),
        one("index-moved", "A piece says that it is of the entry after.", &|run| {
            run.evidence[4].first += 1;
            run.evidence[4].last += 1;
        }),
    ]
}

pub(crate) fn check(value: &Value) -> Result<(), Problem> {
    let heads: Result<Vec<Digest>, Problem> =
        items(value, "heads")?.iter().map(as_digest).collect();
    let run = Run {
        chip: object(value, "chip")?,
        floor: uint(value, "floor")?,
        heads: heads?,
        evidence: all(value, "evidence")?,
    };
    for (name, found) in run.value().as_object().into_iter().flatten() {
        same(member(value, name)?, found)?;
    }
    if run.holds() {
        same(member(value, "expect")?, &json!("accept"))
    } else {
        same(member(value, "rule")?, &json!("R-73"))
    }
}
