//! An example of every message of a session, and of what wallets keep and show.

use dsm_core::{Before, Dealing, FinalityClass, Lineage};
use dsm_encoding::{Writer, from_slice, to_vec};
use dsm_log::{ForkProof, Position, SignedHead};
use dsm_session::{Ask, Held, Message, Request, SignedRun};

use super::{Example, bytes_of};
use crate::accept::trade::{nonce, transfer};
use crate::world::{NETWORK, all, limited, seed};

pub(super) fn examples() -> Vec<Example> {
    let (trade, deal) = transfer();
    let plan = trade.world.plan(&trade.ada, 1, 0);
    let floor = Position { index: 0, head: seed("floor", 0) };
    let (token, index, amount) = (trade.token, 1, 600);
    let written = &trade.world.get(&trade.ada).log[0];
    let note = trade.world.note(&trade.ada, 1, 0);
    let lineage =
        Lineage { class: FinalityClass::Exposed, uncertified: [trade.ada].into(), hops: 2 };
    let held = Held::new(note, &lineage).expect("one device");
    let (device, salt) = (trade.ada, nonce());
    let hello = Message::Hello { network: NETWORK, device, salt, accepted: 3, known: Some(7) };
    let request = Request {
        memo: Some("two coffees".try_into().expect("a short memo")),
        expires: Some(1_900_000_000),
        ..Request::new(token, amount)
    };
    let signed = SignedHead { device, at: floor, signature: run().signature };
    let open = Ask { nonce: nonce(), floor, request: None, enough: FinalityClass::Anchored };
    let ask = Ask { request: Some(request.clone()), ..open.clone() };
    let resume = Message::Resume { index, floor: None, plan: plan.clone() };
    let messages = [
        hello,
        Message::Ask { ask: ask.clone() },
        Message::Ask { ask: open },
        Message::Offer { index, floor: 0, token, amount, plan: plan.clone() },
        Message::Want { wanted: all(&plan) },
        Message::Pay { dealt: Box::new(deal.dealt.clone()) },
        Message::Receipt { dealt: Box::new(deal.dealt.clone()) },
        resume,
        Message::Evidence { proofs: limited(vec![fork()]) },
        Message::Contradict { run: Box::new(run()) },
        Message::Refuse { rule: "R-48".try_into().expect("a short id") },
        Message::Done {},
        Message::Behind { hints: limited(Vec::new()) },
        Message::Doubt {},
        Message::Shown { signed: Some(Box::new(signed)) },
        Message::Shown { signed: None },
        Message::Cancel {},
    ];
    let dealing = Dealing {
        entry: written.entry.clone(),
        before: Some(Before::of(&written.entry)),
        stitch: written.stitch,
        tip_proof: written.proof.clone(),
    };
    let mut found = vec![
        ("note", to_vec(&note)),
        ("dealing", to_vec(&dealing)),
        ("held", to_vec(&held)),
        ("request", to_vec(&request)),
        ("ask", to_vec(&ask)),
        ("signed-run", to_vec(&run())),
        ("message", sync()),
    ];
    found.extend(messages.iter().map(|message| ("message", to_vec(message))));
    found
}

pub(super) fn fork() -> ForkProof {
    let forks = crate::fork_proof::vectors();
    let fork = forks.iter().find(|one| one.path.contains("later")).expect("a fork proof");
    from_slice(&bytes_of(&fork.value, "proof")).expect("canonical bytes")
}

/// The second history of a fork proof.
fn run() -> SignedRun {
    let ForkProof { device, start, pairs, second_signature: signature, .. } = fork();
    SignedRun { device, start, pairs, signature }
}

/// A Sync, written by hand: what a hint is made of is the session's own affair.
fn sync() -> Vec<u8> {
    let mut to = Writer::new();
    to.array(2);
    to.uint(8);
    to.array(1);
    to.array(3);
    to.bytes(&[1; 8]);
    to.uint(5);
    to.bytes(&[2; 8]);
    to.into_vec()
}
