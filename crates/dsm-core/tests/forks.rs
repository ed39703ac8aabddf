//! Two histories of one log become a proof, and honest devices are never accused (`spec/log.md`).

use dsm_core::{
    Claimed, Dealt, FinalityClass, Note, Output, Reject, Value, View, accept, prove_fork,
};
use dsm_crypto::{Digest, Signature};
use dsm_encoding::{List, from_slice, to_vec};
use dsm_log::{BadForkProof, ForkProof, HeadSignature, Network, Position, SignedHead};
use dsm_sim::{Actor, Certified, NETWORK, PURSE, Payment, Town, edit, outputs, stretch};

/// Ada pays Ben and Cleo with the same note, from two copies of her disk.
fn double_spend() -> (Town, [(Payment, Dealt); 2]) {
    let mut town = Town::new();
    let mut copy = town.ada.clone();
    let bens = town.ada.pay(&mut town.ben, town.token, PURSE);
    let bens_dealt = town.ada.deal(&bens.dealing, &town.ben);
    let cleos = copy.pay(&mut town.cleo, town.token, PURSE);
    let cleos_dealt = copy.deal(&cleos.dealing, &town.cleo);
    (town, [(bens, bens_dealt), (cleos, cleos_dealt)])
}

#[test]
fn two_strangers_accept_and_the_proof_appears_when_they_meet() {
    let (mut town, [(bens, one), (cleos, two)]) = double_spend();
    let accepted = town.ben.receive(&one, bens.nonce).result.expect("the first history");
    assert_eq!(accepted.class(), FinalityClass::Exposed);
    town.cleo.receive(&two, cleos.nonce).result.expect("the other history");
    // Ben pays Cleo with what he got: she refuses it and holds the proof.
    let payment = town.ben.pay(&mut town.cleo, town.token, PURSE);
    let dealt = town.ben.insist(&payment.dealing);
    let verdict = town.cleo.receive(&dealt, payment.nonce);
    let device = town.ada.id();
    assert_eq!(verdict.result.err(), Some(Reject::Forked { device }));
    let [proof] = verdict.forks.as_slice() else { panic!("one proof") };
    // Anybody can check it, from bytes.
    let proof: ForkProof = from_slice(&to_vec(&**proof)).expect("canonical bytes");
    assert_eq!(proof.clone().verify().map(|proof| proof.device()), Ok(device));
    // Whatever Ada deals now is refused.
    town.ada.idle();
    let next = town.ada.acknowledge(town.cleo.id());
    let dealt = town.ada.insist(&next);
    assert_eq!(town.cleo.refusal(&dealt, None), Some(Reject::Forked { device }));
}

#[test]
fn a_second_history_dealt_to_the_same_peer_is_refused_with_a_proof() {
    let mut town = Town::new();
    let mut copy = town.ada.clone();
    let first = town.ada.pay(&mut town.ben, town.token, PURSE);
    let first_dealt = town.ada.deal(&first.dealing, &town.ben);
    let second = copy.pay(&mut town.ben, town.token, PURSE);
    let second_dealt = copy.insist(&second.dealing);
    assert_eq!(town.ben.refusal(&second_dealt, second.nonce), None);
    town.ben.receive(&first_dealt, first.nonce).result.expect("the first history");
    let before = town.ben.balance(town.token);
    let verdict = town.ben.receive(&second_dealt, second.nonce);
    let device = town.ada.id();
    assert_eq!(verdict.result.err(), Some(Reject::Forked { device }));
    assert_eq!(verdict.forks.len(), 1);
    assert_eq!(town.ben.balance(town.token), before);
    // Nothing of the second history is kept.
    assert_eq!(town.ben.view.head(&device, 1), Some(town.ada.head(1)));
}

#[test]
fn a_pack_cannot_show_two_heads_at_one_index() {
    let mut town = Town::new();
    town.ada.idle();
    let payment = town.ada.pay(&mut town.ben, town.token, PURSE);
    let dealt = town.ada.insist(&payment.dealing);
    assert_eq!(town.ben.refusal(&dealt, payment.nonce), None);
    let device = town.ada.id();
    let ada = dealt.writer;
    let runs: Vec<_> = dealt.pack.runs.to_vec();
    let run = runs.iter().find(|run| run.device == ada).expect("Ada's run").clone();
    // Twice the same start, an overlap, and a run that begins where the other ends.
    for (start, expected) in [
        (0, Reject::PackOrder),
        (1, Reject::RunOverlap { device }),
        (2, Reject::RunOverlap { device }),
    ] {
        let mut other = run.clone();
        other.start = Position { index: start, head: Digest::from_bytes([1; 32]) };
        let mut two = dealt.clone();
        edit(&mut two.pack.runs, |runs| {
            let at = runs.iter().position(|run| run.device == ada).expect("Ada's run");
            runs.insert(at + 1, other);
        });
        assert_eq!(town.ben.refusal(&two, payment.nonce), Some(expected));
    }
}

#[test]
fn creation_on_one_side_and_spend_on_the_other_is_refused() {
    // Ada's change is made on the side that Ben knows, and spent on the other.
    let mut town = Town::new();
    let mut copy = town.ada.clone();
    town.ada.settle(&mut town.ben, town.token, 400);
    let change = town.ada.only_note();
    copy.idle();
    copy.learn(town.ada.learned[2].clone());
    let output = Output { token: town.token, amount: 600, lock: town.cleo.lock() };
    // The note exists in what the copy knows; its log does not hold it.
    assert!(copy.learned.len() > 2);
    let value = Value::transfer(outputs([output]));
    let payment = copy.claim(&mut town.cleo, vec![change.id()], value);
    let refusal = {
        let parts = [stretch(copy.id(), 0, 2, &[2]), stretch(town.mint.id(), 0, 1, &[1])];
        town.cleo.take_log(&town.ada);
        let dealt = copy.show(&payment.dealing, &parts);
        town.cleo.judge(&dealt, payment.nonce)
    };
    let device = town.ada.id();
    assert_eq!(refusal.result.err(), Some(Reject::Forked { device }));
    assert_eq!(refusal.forks.len(), 1);
}

#[test]
fn a_fork_by_a_past_payer_freezes_what_passed_through_it() {
    let (mut town, [(bens, one), (cleos, two)]) = double_spend();
    town.ben.receive(&one, bens.nonce).result.expect("the first history");
    town.cleo.receive(&two, cleos.nonce).result.expect("the other history");
    let mut dora = Actor::new("dora");
    dsm_sim::introduce(&mut town.ben, &mut dora);
    let payment = town.ben.pay(&mut dora, town.token, PURSE);
    let dealt = town.ben.insist(&payment.dealing);
    assert_eq!(dora.refusal(&dealt, payment.nonce), None);
    // Once Dora has the proof, from Cleo's knowledge or from anybody, she refuses.
    let learned = town.cleo.judge(&dealt, payment.nonce);
    for proof in learned.forks {
        dora.view.forks.insert(proof.device(), proof);
    }
    let device = town.ada.id();
    assert_eq!(dora.refusal(&dealt, payment.nonce), Some(Reject::Forked { device }));
}

/// Ben's payment to Cleo rests on a hop of Ada, who forked; that hop is registered or not.
#[test]
fn registered_value_passes_through_a_forked_device_on_one_history_only() {
    let mut town = Town::new();
    let mut copy = town.ada.clone();
    town.ada.idle();
    town.ada.settle(&mut town.ben, town.token, PURSE);
    copy.scribble(vec![copy.only_note().id()]);
    copy.idle();
    // Cleo knows the other history, in which the note was named earlier or elsewhere.
    town.cleo.take_last(&copy);
    let payment = town.ben.pay(&mut town.cleo, town.token, PURSE);
    let dealt = town.ben.insist(&payment.dealing);
    let claimed = Claimed::decode(&to_vec(&dealt)).expect("canonical bytes");
    let device = town.ada.id();
    let judge = |view: &dsm_core::MemoryView, registered: bool| {
        let head = [(device, town.ada.head(2))];
        let heads = if registered { &head[..] } else { &[] };
        accept(&Certified::new(view, heads), &claimed, payment.nonce)
    };
    let mut all = town.cleo.clone();
    all.take_log(&copy);
    let verdict = judge(&all.view, true);
    assert_eq!(verdict.forks.len(), 1);
    let accepted = verdict.result.expect("registered money");
    // Of the device that forked nothing is kept.
    assert!(accepted.facts().lines.iter().all(|line| line.device != device));
    assert!(accepted.facts().opened.iter().all(|opened| opened.device != device));
    assert_eq!(judge(&all.view, false).result.err(), Some(Reject::Forked { device }));
}

/// A certificate orders heads; the run to them must be of the same history.
#[test]
fn one_history_does_not_fill_the_gaps_of_another() {
    let mut town = Town::new();
    let (mut one, mut other) = (town.ada.clone(), town.ada.clone());
    for _ in 0..2 {
        one.idle();
        other.idle();
    }
    other.scribble(vec![]);
    other.idle();
    // A note on a floor of the other history, named in the first one at 5 and spent there at 6.
    let (index, note) = town.mint.issue(town.token, 1, PURSE, other.lock());
    other.idle();
    for _ in 0..2 {
        one.idle();
    }
    one.scribble(vec![note.id()]);
    one.take_issue(&town.mint, index, note);
    let output = Output { token: town.token, amount: PURSE, lock: town.ben.lock() };
    one.write(None, vec![note.id()], Some(Value::transfer(outputs([output]))), vec![], None);
    let bens = Note { output, head: one.head(6), number: 0 };
    town.cleo.take_last(&one);
    town.ben.take_log(&one);
    town.ben.take_log(&other);
    let output = Output { amount: PURSE, token: town.token, lock: town.cleo.lock() };
    let value = Value::transfer(outputs([output]));
    let payment = town.ben.claim(&mut town.cleo, vec![bens.id()], value);
    let (ada, mint, ben) = (one.id(), town.mint.id(), town.ben.id());
    let parts = [stretch(ada, 0, 5, &[5]), stretch(mint, 0, 2, &[2]), stretch(ben, 0, 1, &[1])];
    let dealt = town.ben.show(&payment.dealing, &parts);
    let claimed = Claimed::decode(&to_vec(&dealt)).expect("canonical bytes");
    let view = Certified::new(&town.cleo.view, &[(ada, one.head(6))]);
    let verdict = accept(&view, &claimed, payment.nonce);
    assert_eq!(verdict.result.err(), Some(Reject::Hole { id: bens.id() }));
    assert_eq!(verdict.forks.len(), 1);
}

/// What one history did is not proven by the certificate of another.
#[test]
fn one_history_does_not_lend_its_certificate_to_another() {
    let mut town = Town::new();
    let first = town.ada.only_note();
    let (index, second) = town.mint.issue(town.token, 1, PURSE, town.ada.lock());
    town.ada.take_issue(&town.mint, index, second);
    let (mut one, mut other) = (town.ada.clone(), town.ada.clone());
    let pays = |owner: &Actor| {
        Value::transfer(outputs([Output { token: town.token, amount: PURSE, lock: owner.lock() }]))
    };
    // One history pays Ben with a note; the other pays itself with another note, and is certified.
    let value = pays(&town.ben);
    one.write(None, vec![first.id()], Some(value.clone()), vec![], None);
    let bens = Note { output: value.outputs()[0], head: one.head(1), number: 0 };
    other.write(None, vec![second.id()], Some(pays(&other)), vec![], None);
    other.idle();
    town.cleo.take_log(&one);
    town.ben.take_log(&one);
    town.ben.take_log(&other);
    let value = pays(&town.cleo);
    let payment = town.ben.claim(&mut town.cleo, vec![bens.id()], value);
    let (ada, mint, ben) = (one.id(), town.mint.id(), town.ben.id());
    let parts = [stretch(ada, 0, 2, &[2]), stretch(mint, 0, 2, &[1, 2]), stretch(ben, 0, 1, &[1])];
    let claimed = Claimed::from(town.ben.show(&payment.dealing, &parts));
    let view = Certified::new(&town.cleo.view, &[(ada, other.head(1))]);
    let verdict = accept(&view, &claimed, payment.nonce);
    assert_eq!(verdict.result.err(), Some(Reject::Hole { id: bens.id() }));
    assert_eq!(verdict.forks.len(), 1);
}

/// A proof with every part right, and its two signed heads.
fn honest_proof() -> (Town, ForkProof) {
    let (mut town, [(bens, one), (cleos, two)]) = double_spend();
    town.ben.receive(&one, bens.nonce).result.expect("the first history");
    let _ = cleos;
    town.ben.view.pin(&town.ada.descriptor);
    let verdict = town.ben.judge(&two, None);
    let proof = verdict.forks.first().expect("a proof").clone().into_inner();
    assert!(proof.clone().verify().is_ok());
    (town, proof)
}

#[test]
fn a_fork_proof_needs_both_signatures_of_the_device() {
    let (town, proof) = honest_proof();
    let forged = Signature::from_bytes(&[0; Signature::LENGTH]).expect("its length");
    let forged = HeadSignature::from(forged);
    let no = [
        ForkProof { first_signature: forged.clone(), ..proof.clone() },
        ForkProof { second_signature: forged, ..proof.clone() },
        ForkProof { device: town.ben.descriptor.clone(), ..proof.clone() },
        ForkProof { first_signature: proof.second_signature.clone(), ..proof.clone() },
    ];
    for proof in no {
        assert_eq!(proof.verify().err(), Some(BadForkProof::Signature));
    }
    let mut other = proof;
    other.device.network = Network::MAIN;
    assert_eq!(other.verify().err(), Some(BadForkProof::Signature));
}

#[test]
fn one_history_is_no_fork() {
    let mut ada = Actor::new("ada");
    for _ in 0..6 {
        ada.idle();
    }
    let at = |index| Position { index, head: ada.head(index) };
    let signature = |index| SignedHead::sign(NETWORK, ada.id(), at(index), &*ada.key).signature;
    let pairs = |from: u64, to: u64| {
        let pair = |index| ada.view.record(&ada.id(), index).expect("known").pair();
        List::try_collect((from + 1..=to).map(pair)).expect("few")
    };
    let junk = Digest::from_bytes([4; 32]);
    for first in 1..=6 {
        for start in 0..=6 {
            for end in start..=6 {
                let proof = |start: Position| ForkProof {
                    device: ada.descriptor.clone(),
                    first: at(first),
                    first_signature: signature(first),
                    start,
                    pairs: pairs(start.index.min(end), end),
                    second_signature: signature(end),
                };
                assert!(proof(at(start)).verify().is_err());
                // Nor if the start is another head, or the same head elsewhere.
                assert!(proof(Position { head: junk, ..at(start) }).verify().is_err());
                assert!(proof(Position { index: start, ..at(first) }).verify().is_err());
            }
        }
    }
}

#[test]
fn one_head_under_two_indices_is_a_fork() {
    let mut ada = Actor::new("ada");
    ada.idle();
    let head = ada.at().head;
    let sign =
        |index| SignedHead::sign(NETWORK, ada.id(), Position { index, head }, &*ada.key).signature;
    let proof = ForkProof {
        device: ada.descriptor.clone(),
        first: Position { index: 1, head },
        first_signature: sign(1),
        start: Position { index: 7, head },
        pairs: List::default(),
        second_signature: sign(7),
    };
    assert!(proof.clone().verify().is_ok());
    let same = ForkProof { start: proof.first, second_signature: sign(1), ..proof.clone() };
    assert_eq!(same.verify().err(), Some(BadForkProof::NoContradiction));
    let unrelated = ForkProof { start: Position { index: 7, head: Digest::ZERO }, ..proof };
    assert_eq!(unrelated.verify().err(), Some(BadForkProof::NoContradiction));
}

#[test]
fn a_fork_proof_stays_in_the_range_of_indexes() {
    let (_, proof) = honest_proof();
    let index = u64::MAX;
    let first = Position { index, ..proof.first };
    let start = Position { index, ..proof.start };
    let pair = dsm_log::Pair { spends: Digest::ZERO, body: Digest::ZERO };
    let pairs = List::try_from(vec![pair]).expect("one");
    let proof = ForkProof { first, start, pairs, ..proof };
    assert_eq!(proof.verify().err(), Some(BadForkProof::Index));
}

#[test]
fn a_lineage_of_an_honest_log_accuses_nobody() {
    // Ben knows Ada's log to different places; whatever run of it he is shown proves nothing.
    let mut town = Town::new();
    for _ in 0..5 {
        town.ada.idle();
    }
    town.ben.take_log(&town.ada);
    for from in 0..5 {
        for to in from + 1..=5 {
            let records = (from + 1..=to)
                .map(|index| town.ada.view.record(&town.ada.id(), index).expect("known").pair());
            let pairs: Vec<_> = records.collect();
            let head = town.ada.head(from);
            let signed = town.ada.view.signed(&town.ada.id(), to).expect("signed");
            for head in [head, Digest::from_bytes([2; 32])] {
                let start = Position { index: from, head };
                let signature = &signed.signature;
                let view = &town.ben.view;
                let proof = prove_fork(view, &town.ada.descriptor, start, &pairs, signature);
                assert!(proof.is_none());
            }
        }
    }
}

#[test]
fn a_bad_signature_beside_a_contradiction_marks_nobody() {
    let (mut town, [(bens, one), (cleos, mut two)]) = double_spend();
    town.ben.receive(&one, bens.nonce).result.expect("the first history");
    let ada = two.writer;
    edit(&mut two.pack.runs, |runs| {
        for run in runs.iter_mut().filter(|run| run.device == ada) {
            let signature = Signature::from_bytes(&[0; Signature::LENGTH]);
            run.signature = signature.expect("its length").into();
        }
    });
    let verdict = town.ben.judge(&two, cleos.nonce);
    let device = town.ada.id();
    assert_eq!(verdict.result.err(), Some(Reject::Signature { device }));
    assert!(verdict.forks.is_empty());
    assert_eq!(Reject::Signature { device }.blame(), None);
}

#[test]
fn a_contradiction_that_the_view_cannot_prove_is_refused() {
    let (mut town, [(bens, one), (cleos, two)]) = double_spend();
    town.ben.receive(&one, bens.nonce).result.expect("the first history");
    let claimed = Claimed::decode(&to_vec(&two)).expect("canonical bytes");
    let view = Certified { forgets: true, ..Certified::new(&town.ben.view, &[]) };
    let verdict = accept(&view, &claimed, cleos.nonce);
    assert_eq!(verdict.result.err(), Some(Reject::Forked { device: town.ada.id() }));
    assert!(verdict.forks.is_empty());
}
