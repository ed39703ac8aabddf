//! The kinds of hostile input.

use dsm_core::pack::{PackRecord, PackRun, Wanted};
use dsm_core::{Cosigners, Note, Op, deal, lot_id};
use dsm_crypto::{PublicKey, Signature};
use dsm_encoding::{List, to_vec};
use dsm_log::{Anchor, MAX_EVIDENCE, Position};
use dsm_sim::{Actor, free_policy};

use super::writer::{Mallory, cosigners};
use super::{Input, MEBIBYTE};
use crate::core::transfer::filler;

pub(super) const ALL: &[fn() -> Input] = &[
    deep,
    records,
    outputs,
    splits,
    transfers,
    chain,
    long_chain,
    lots,
    runs,
    forked_runs,
    cosigned,
    policies,
    known_policies,
    data,
    cached,
    sessions,
];

/// Arrays in arrays.
fn deep() -> Input {
    Input { name: "deep", bytes: vec![0x81; MEBIBYTE], known: Vec::new(), max_hops: None }
}

/// As many records as fit, three bytes each. They cannot be good: each would need an opened entry.
fn records() -> Input {
    let mut mallory = Mallory::new();
    let dealing = mallory.dealing(&[], Vec::new());
    let mut dealt = mallory.deal(&dealing, &[(0, 1, vec![1])]);
    let record = PackRecord { spends: List::default(), body: None };
    let room = MEBIBYTE - to_vec(&dealt).len() - 20;
    let run = PackRun {
        device: 0,
        start: Position::origin(&mallory.actor.id()),
        records: List::try_from(vec![record; room / 3]).expect("fewer than the limit"),
        signature: Signature::from_bytes(&[0; Signature::LENGTH]).expect("the length").into(),
    };
    dealt.pack.runs = List::try_from(vec![run]).expect("one run");
    mallory.finish("records", &dealt)
}

/// As many outputs as fit, five bytes each, in entries that nobody spends from.
fn outputs() -> Input {
    let mut mallory = Mallory::new();
    mallory.found(1, |_| {});
    let token = mallory.tokens[0];
    for _ in 0..770 {
        let change = mallory.change(token, &[1; 256]);
        mallory.transfer(&[], change);
    }
    let dealing = mallory.dealing(&[], Vec::new());
    mallory.input("outputs", &dealing)
}

/// The same, where each entry spends a note of the one before, so that all are judged and kept.
fn splits() -> Input {
    let mut mallory = Mallory::new();
    mallory.found(1, |_| {});
    let token = mallory.tokens[0];
    let mut left = 1 << 30;
    let mut notes = mallory.issue(token, 0, &[left], &[]);
    for _ in 0..760 {
        left -= 255;
        let mut amounts = [1; 256];
        amounts[255] = left;
        let change = mallory.change(token, &amounts);
        notes = mallory.transfer(&notes, change).split_off(255);
    }
    let dealing = mallory.dealing(&notes, Vec::new());
    mallory.input("splits", &dealing)
}

/// Every note of an entry is spent by the next, 256 of them.
fn transfers() -> Input {
    let mut mallory = Mallory::new();
    mallory.found(1, |_| {});
    let token = mallory.tokens[0];
    let mut notes = mallory.issue(token, 0, &[1; 256], &[]);
    for _ in 0..325 {
        let change = mallory.change(token, &[1; 256]);
        notes = mallory.transfer(&notes, change);
    }
    let dealing = mallory.dealing(&notes, Vec::new());
    mallory.input("transfers", &dealing)
}

fn chain_of(name: &'static str, hops: usize, max_hops: Option<u64>) -> Input {
    let mut mallory = Mallory::new();
    mallory.max_hops = max_hops;
    mallory.found(1, |_| {});
    let token = mallory.tokens[0];
    let mut notes = mallory.issue(token, 0, &[1], &[]);
    for _ in 0..hops {
        let change = mallory.change(token, &[1]);
        notes = mallory.transfer(&notes, change);
    }
    let dealing = mallory.dealing(&notes, Vec::new());
    mallory.input(name, &dealing)
}

/// As many hops as a receiver follows.
fn chain() -> Input {
    chain_of("chain", 9_998, None)
}

/// As many hops as fit, for a receiver that follows all.
fn long_chain() -> Input {
    chain_of("long_chain", 16_000, Some(u64::MAX))
}

/// Records that name 256 lots each.
fn lots() -> Input {
    let mut mallory = Mallory::new();
    mallory.found(1, |_| {});
    let token = mallory.tokens[0];
    mallory.issue(token, 0, &[1], &[]);
    for _ in 0..745 {
        let spends = (0..256).map(|lot| lot_id(&token, lot)).collect();
        mallory.append(spends, None);
    }
    let dealing = mallory.dealing(&[], Vec::new());
    let last = dealing.entry.index;
    let dealt = mallory.deal(&dealing, &[(0, last, vec![1, last])]);
    mallory.finish("lots", &dealt)
}

const RUNS: u64 = 390;

/// As many signatures of runs as fit.
fn runs() -> Input {
    let mut mallory = Mallory::new();
    (0..RUNS * 2).for_each(|_| mallory.actor.idle());
    let dealing = mallory.dealing(&[], Vec::new());
    let last = dealing.entry.index;
    let mut stretches: Vec<_> =
        (0..RUNS - 1).map(|run| (run * 2, run * 2 + 1, vec![run * 2 + 1])).collect();
    stretches.push((last - 2, last, vec![last]));
    let dealt = mallory.deal(&dealing, &stretches);
    mallory.finish("runs", &dealt)
}

/// The same, where the reader knows another history of each place under one late signature.
fn forked_runs() -> Input {
    let input = runs();
    let mut mallory = Mallory::new();
    mallory.actor.write(None, Vec::new(), None, Vec::new(), None);
    let facts = mallory.long_run(28_000);
    Input { name: "forked_runs", known: vec![facts], ..input }
}

/// As many co-signatures as fit.
fn cosigned() -> Input {
    let (actors, keys) = cosigners();
    let cosigners: Vec<_> = actors.iter().collect();
    let mut mallory = Mallory::new();
    mallory.found(1, |policy| policy.cosigners = keys.clone());
    let token = mallory.tokens[0];
    let mut notes = Vec::new();
    for lot in 0..24 {
        notes.extend(mallory.issue(token, lot, &[1], &cosigners));
    }
    let dealing = mallory.dealing(&notes, Vec::new());
    mallory.input("cosigned", &dealing)
}

/// Sixteen keys that differ in their last byte only.
fn like_keys() -> Cosigners {
    let keys = (0..16).map(|last| {
        let mut bytes = [7; PublicKey::LENGTH];
        bytes[PublicKey::LENGTH - 1] = last;
        PublicKey::from_bytes(&bytes).expect("the length of a key")
    });
    Cosigners { threshold: 0, keys: List::try_collect(keys).expect("sixteen keys") }
}

/// Entries that move notes of many tokens at once.
fn many_tokens(mallory: &mut Mallory, hops: usize) -> Vec<Note> {
    let mut notes: Vec<Note> = Vec::new();
    for token in mallory.tokens.clone() {
        notes.extend(mallory.issue(token, 0, &[1], &[]));
    }
    for _ in 0..hops {
        let tokens = mallory.tokens.clone();
        let change = tokens.iter().flat_map(|token| mallory.change(*token, &[1])).collect();
        notes = mallory.transfer(&notes, change);
    }
    notes
}

/// Policies of the greatest size, looked up again and again.
fn policies() -> Input {
    let mut mallory = Mallory::new();
    mallory.found(12, |policy| policy.cosigners = like_keys());
    let notes = many_tokens(&mut mallory, 3_800);
    let dealing = mallory.dealing(&notes, Vec::new());
    mallory.input("policies", &dealing)
}

/// The same with more tokens, whose policies the reader knows already.
fn known_policies() -> Input {
    let mut mallory = Mallory::new();
    mallory.found(256, |policy| policy.cosigners = like_keys());
    let notes = many_tokens(&mut mallory, 300);
    let dealing = mallory.dealing(&notes, Vec::new());
    let known: Vec<_> = mallory.tokens.drain(..).collect();
    let policies = known.iter().filter_map(|id| dsm_core::View::policy(&mallory.actor.view, id));
    let policies = policies.collect();
    mallory.known.push(dsm_core::Facts { policies, ..dsm_core::Facts::default() });
    mallory.input("known_policies", &dealing)
}

/// Application state of the greatest size.
fn data() -> Input {
    let mut mallory = Mallory::new();
    let bytes = vec![0xff; dsm_core::value::MAX_DATA];
    let bytes = dsm_encoding::Blob::try_from(bytes).expect("the limit");
    let op = Op::Data { schema: filler(0), bytes };
    let dealing = mallory.dealing(&[], vec![op; 15]);
    mallory.input("data", &dealing)
}

/// A note with an old floor, whose long run the reader keeps already.
fn cached() -> Input {
    let mut mallory = Mallory::new();
    mallory.found(1, |_| {});
    let token = mallory.tokens[0];
    let notes = mallory.issue(token, 0, &[1], &[]);
    let facts = mallory.long_run(100_000);
    mallory.known.push(facts);
    let dealing = mallory.dealing(&notes, Vec::new());
    let last = dealing.entry.index;
    let dealt = mallory.deal(&dealing, &[(0, 1, vec![1]), (last - 2, last, vec![last])]);
    mallory.finish("cached", &dealt)
}

/// A lot of an issuer whose chip began a new session for each entry: as many pieces of evidence as a reader takes.
fn sessions() -> Input {
    let mut mallory = Mallory::new();
    let mut mint = Actor::anchored("mint of mallory", |chip| Anchor::Simulated { chip });
    let restart = |mint: &Actor| {
        mint.chip.as_ref().expect("its chip").lock().expect("a sound chip").restart();
    };
    let policy = free_policy(&mint, 1, 1);
    mint.learn_policy(&policy);
    for _ in 1..MAX_EVIDENCE {
        restart(&mint);
        mint.idle();
    }
    restart(&mint);
    let (index, note) = mint.issue(policy.id(), 0, 1, mallory.actor.lock());
    mallory.actor.take_issue(&mint, index, note);
    let dealing = mallory.dealing(&[note], Vec::new());
    let view = &mallory.actor.view;
    let plan = dealing.plan(view, None).expect("a complete lineage");
    let wanted = Wanted::all(&plan).expect("a short plan");
    let dealt = deal(view, &dealing, &plan, &wanted).expect("a complete lineage");
    mallory.finish("sessions", &dealt)
}
