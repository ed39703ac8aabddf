//! News: victims of a fork find it whoever calls, and nobody is accused falsely or learns more.

use dsm_core::pack::Line;
use dsm_core::{Facts, TokenId, View};
use dsm_crypto::{Digest, Domain, hash};
use dsm_encoding::List;
use dsm_log::{DeviceId, ForkProof, Pair, Position, Record, SignedHead};
use dsm_session::{Batch, Goal, Hint, Message, Notice, SelectError, SessionError, SignedRun};
use dsm_sim::{Actor, NETWORK};
use dsm_store::Changes;

use crate::person::{Person, introduce, rogue};
use crate::raw::{OPEN, fork_of, meet, rich, settle};
use crate::wire::{Met, between};

/// Ben and Cleo, who pinned each other and Eve; Eve and her copy hold the same money.
struct Town {
    ben: Person,
    cleo: Person,
    eve: Actor,
    copy: Actor,
    token: TokenId,
}

fn town() -> Town {
    let (mut ben, mut cleo) = (Person::new("ben"), Person::new("cleo"));
    introduce(&mut ben, &mut cleo);
    let mut eve = rogue("eve", &mut [&mut ben, &mut cleo]);
    let token = rich(&mut eve, "mint", 100_000);
    let copy = eve.clone();
    Town { ben, cleo, eve, copy, token }
}

fn sync(caller: &mut Person, called: &mut Person) -> (Met, Met) {
    let goal = Goal::Sync { peer: called.id() };
    between(caller, called, (goal, OPEN), |_, _, frame| Some(vec![frame]))
}

/// Both know the fork after one meeting, whoever calls.
fn both_find(ben: &Person, cleo: &Person, eve: DeviceId, story: &str) {
    for ben_calls in [true, false] {
        let (mut ben, mut cleo) = (ben.copied(), cleo.copied());
        let met = if ben_calls { sync(&mut ben, &mut cleo) } else { sync(&mut cleo, &mut ben) };
        assert!(met.0.result.is_ok() && met.1.result.is_ok(), "{story} {ben_calls}: {met:?}");
        assert!(ben.knows_fork(&eve) && cleo.knows_fork(&eve), "{story} {ben_calls}: {met:?}");
        for person in [&ben, &cleo] {
            let books = person.engine.wallet().books().expect("books");
            let proof = books.fork_proofs().pop().expect("a proof");
            assert!(proof.verify().is_ok(), "{story}");
        }
    }
}

#[test]
fn a_fork_is_found_however_long_the_branches_are() {
    for (to_ben, to_cleo) in [(1, 1), (1, 3), (3, 1), (2, 4)] {
        let Town { mut ben, mut cleo, mut eve, mut copy, token } = town();
        for _ in 0..to_ben {
            assert!(settle(&mut eve, &mut ben, token, 10).has_received());
        }
        for _ in 0..to_cleo {
            assert!(settle(&mut copy, &mut cleo, token, 10).has_received());
        }
        both_find(&ben, &cleo, eve.id(), &format!("{to_ben} against {to_cleo}"));
    }
}

#[test]
fn a_fork_is_found_after_both_told_each_other_what_looked_harmless() {
    let Town { mut ben, mut cleo, mut eve, mut copy, token } = town();
    assert!(settle(&mut eve, &mut ben, token, 10).has_received());
    // Cleo knows nothing of Eve yet, and is told of her.
    let met = sync(&mut ben, &mut cleo);
    assert!(met.0.result.is_ok() && met.1.result.is_ok(), "{met:?}");
    for _ in 0..3 {
        assert!(settle(&mut copy, &mut cleo, token, 10).has_received());
    }
    both_find(&ben, &cleo, eve.id(), "told before");
    // Both branches go on.
    for _ in 0..5 {
        assert!(settle(&mut eve, &mut ben, token, 10).has_received());
    }
    both_find(&ben, &cleo, eve.id(), "told before, and both went on");
}

#[test]
fn a_fork_is_found_by_one_who_knows_the_cheat_from_lineages_only() {
    for further in [0, 2] {
        let (mut ben, mut cleo) = (Person::new("ben"), Person::new("cleo"));
        let mut dan = Person::new("dan");
        introduce(&mut ben, &mut cleo);
        introduce(&mut dan, &mut cleo);
        let mut eve = rogue("eve", &mut [&mut ben, &mut dan]);
        let token = rich(&mut eve, "mint", 100_000);
        let mut copy = eve.clone();
        assert!(settle(&mut eve, &mut ben, token, 10).has_received());
        for _ in 0..further {
            assert!(settle(&mut eve, &mut ben, token, 10).has_received());
        }
        assert!(settle(&mut copy, &mut dan, token, 10).has_received());
        let pay = Goal::Pay { peer: cleo.id(), token, amount: 10 };
        let paid = between(&mut dan, &mut cleo, (pay, OPEN), |_, _, frame| Some(vec![frame]));
        assert!(paid.1.has_received(), "{paid:?}");
        both_find(&ben, &cleo, eve.id(), &format!("from a lineage, {further} further"));
        // What rests on it is frozen.
        let met = sync(&mut ben, &mut cleo);
        assert!(met.0.result.is_ok(), "{met:?}");
        assert_eq!((ben.balance(&token), cleo.balance(&token)), (0, 0));
    }
}

#[test]
fn who_did_not_need_a_proof_gets_it_again_when_he_does() {
    let Town { mut ben, mut cleo, mut eve, mut copy, token } = town();
    let mut dan = Person::new("dan");
    introduce(&mut ben, &mut dan);
    assert!(settle(&mut eve, &mut ben, token, 10).has_received());
    assert!(settle(&mut copy, &mut cleo, token, 10).has_received());
    sync(&mut ben, &mut cleo);
    assert!(ben.knows_fork(&eve.id()));
    // Dan does not know Eve, so he does not keep the proof.
    let met = sync(&mut ben, &mut dan);
    assert!(met.0.result.is_ok() && !dan.knows_fork(&eve.id()), "{met:?}");
    let (owner, _) = dsm_sim::Owner::new("eve", &["eve"]);
    dan.pin("eve", owner.card(&eve));
    eve.view.pin(&dan.card().descriptor);
    assert!(settle(&mut eve, &mut dan, token, 10).has_received());
    for dan_calls in [true, false] {
        let (mut ben, mut dan) = (ben.copied(), dan.copied());
        let met = if dan_calls { sync(&mut dan, &mut ben) } else { sync(&mut ben, &mut dan) };
        assert!(dan.knows_fork(&eve.id()), "{dan_calls}: {met:?}");
    }
}

#[test]
fn a_proof_about_a_contact_is_kept_before_anything_was_dealt() {
    let Town { mut ben, mut cleo, mut eve, mut copy, token } = town();
    let mut dan = Person::new("dan");
    introduce(&mut ben, &mut dan);
    let (owner, _) = dsm_sim::Owner::new("eve", &["eve"]);
    dan.pin("eve", owner.card(&eve));
    eve.view.pin(&dan.card().descriptor);
    assert!(settle(&mut eve, &mut ben, token, 10).has_received());
    assert!(settle(&mut copy, &mut cleo, token, 10).has_received());
    sync(&mut ben, &mut cleo);
    sync(&mut ben, &mut dan);
    assert!(dan.knows_fork(&eve.id()));
    refuses_to_deal(&mut dan, &eve);
}

/// A hint of a rogue, true or not.
fn hint(device: &DeviceId, index: u64, tag: u8) -> Hint {
    let mut first = [0; 8];
    first.copy_from_slice(&device.0.as_bytes()[..8]);
    Hint { device: first, index, tag: [tag; 8] }
}

#[test]
fn false_hints_accuse_nobody_and_change_nothing() {
    let Town { mut ben, mut cleo, mut eve, token, .. } = town();
    for _ in 0..3 {
        assert!(settle(&mut eve, &mut ben, token, 10).has_received());
    }
    let mallory = rogue("mallory", &mut [&mut ben]);
    let pay = Goal::Pay { peer: cleo.id(), token, amount: 10 };
    between(&mut ben, &mut cleo, (pay, OPEN), |_, _, frame| Some(vec![frame]));
    let before = ben.disk.books();
    let known = [eve.id(), ben.id(), cleo.id(), mallory.id()];
    let hints: Vec<Hint> = known
        .iter()
        .flat_map(|device| (0..12).map(|index| hint(device, index, 1)))
        .chain(known.iter().map(|device| hint(device, u64::MAX, 1)))
        .collect();
    let (met, shown) = meet(&mut ben, OPEN, |raw| {
        raw.greet(mallory.id(), 0, None);
        raw.tell(&hints);
        let mut shown = Vec::new();
        loop {
            match raw.hear().expect("an answer") {
                Message::Contradict { run } => shown.push(*run),
                Message::Behind { hints } => break assert!(hints.len() <= known.len()),
                _ => {}
            }
        }
        for run in &shown {
            let end = run.pairs.iter().try_fold(run.start, |at, pair| at.after(pair));
            let (device, signature) = (run.device.id(), run.signature.clone());
            let signed = SignedHead { device, at: end.expect("a run"), signature };
            assert!(signed.verify(&run.device).is_some(), "only what was signed is shown");
            // No answer to it, or a useless one, changes nothing.
            raw.say(&Message::Evidence { proofs: List::default() });
        }
        shown.len()
    });
    assert!(shown > 0 && shown <= known.len());
    assert!(met.error().is_none(), "{met:?}");
    assert_eq!(ben.disk.books(), before);
    assert!(known.iter().all(|device| !ben.knows_fork(device)));
}

#[test]
fn hints_of_unknown_devices_get_no_answer_that_depends_on_them() {
    let Town { mut ben, eve, .. } = town();
    let strangers: Vec<Hint> = (0..64)
        .map(|number| hint(&DeviceId(hash(Domain::Seed, &("stranger", number))), number, 3))
        .collect();
    let (_, heard) = meet(&mut ben, OPEN, |raw| {
        raw.greet(eve.id(), 0, None);
        raw.tell(&strangers);
        let Some(Message::Behind { hints }) = raw.hear_until("Behind") else {
            panic!("no answer: {:?}", raw.heard)
        };
        assert!(hints.is_empty());
        raw.heard.clone()
    });
    assert_eq!(heard, ["Hello", "Ask", "Sync", "Behind"]);
}

/// A run that a rogue makes up about an honest device.
fn forged(of: &Person, known: Position, by: &Actor) -> SignedRun {
    let pair = Pair { spends: Digest::ZERO, body: Digest::ZERO };
    let start = Position { head: Digest::ZERO, ..known };
    let at = start.after(&pair).expect("a place");
    let signature = SignedHead::sign(NETWORK, of.id(), at, &*by.key).signature;
    let pairs = List::try_from(vec![pair]).expect("one");
    SignedRun { device: of.card().descriptor, start, pairs, signature }
}

#[test]
fn forged_contradictions_and_proofs_mark_nobody() {
    let Town { mut ben, mut cleo, mut eve, token, .. } = town();
    assert!(settle(&mut eve, &mut cleo, token, 10).has_received());
    let pay = Goal::Pay { peer: ben.id(), token, amount: 10 };
    between(&mut cleo, &mut ben, (pay, OPEN), |_, _, frame| Some(vec![frame]));
    let mallory = rogue("mallory", &mut [&mut ben]);
    let known = ben.engine.wallet().books().expect("books").latest(&cleo.id()).expect("a head");
    let run = forged(&cleo, known, &mallory);
    let before = ben.disk.books();
    let mut hints = 0;
    let (met, answers) = meet(&mut ben, OPEN, |raw| {
        raw.greet(mallory.id(), 0, None);
        for _ in 0..200 {
            raw.say(&Message::Contradict { run: Box::new(run.clone()) });
        }
        while let Some(message) = raw.hear() {
            match message {
                Message::Evidence { proofs } => assert!(proofs.is_empty()),
                Message::Sync { hints: told } => hints = told.len(),
                Message::Hello { .. } | Message::Ask { .. } => {}
                other => panic!("not an answer: {other:?}"),
            }
        }
        raw.heard.iter().filter(|name| **name == "Evidence").count()
    });
    // As many as it was told of heads.
    assert_eq!((hints > 0, answers), (true, hints));
    assert_eq!(met.error(), Some(&SessionError::Unexpected("a Contradict of no hint")));
    assert!(!met.told(|one| matches!(one, Notice::Forked { .. })));
    let proof = ForkProof {
        device: run.device.clone(),
        first: known,
        first_signature: run.signature.clone(),
        start: run.start,
        pairs: run.pairs.clone(),
        second_signature: run.signature.clone(),
    };
    let twisted = ForkProof { first: run.start, ..proof.clone() };
    for (proof, rule) in [(proof, "R-46"), (twisted, "R-46")] {
        let (met, ()) = meet(&mut ben, OPEN, |raw| {
            raw.greet(mallory.id(), 0, None);
            let proofs = List::try_from(vec![proof]).expect("one");
            raw.say(&Message::Evidence { proofs });
            raw.hear_out();
        });
        assert_eq!(met.rule(), Some(rule), "{met:?}");
    }
    assert!(!ben.knows_fork(&cleo.id()));
    assert_eq!(ben.disk.books(), before);
}

/// A true proof that an actor forked.
fn proof_of(actor: &Actor) -> ForkProof {
    fork_of(&actor.descriptor, &actor.key)
}

#[test]
fn true_proofs_about_nobody_that_matters_are_not_kept() {
    let Town { mut ben, eve, .. } = town();
    let strangers: Vec<ForkProof> =
        (0..4).map(|number| proof_of(&Actor::new(&format!("stranger {number}")))).collect();
    let (_, ()) = meet(&mut ben, OPEN, |raw| {
        raw.greet(eve.id(), 0, None);
        let proofs = List::try_from(strangers.clone()).expect("few");
        raw.say(&Message::Evidence { proofs });
        raw.tell_nothing();
        raw.say(&Message::Done {});
        raw.hear_out();
    });
    assert!(ben.engine.wallet().books().expect("books").fork_proofs().is_empty());
    // A cheat may show its own fork; then nothing more is dealt with it.
    let (met, ()) = meet(&mut ben, OPEN, |raw| {
        raw.greet(eve.id(), 0, None);
        let proofs = List::try_from(vec![proof_of(&eve)]).expect("one");
        raw.say(&Message::Evidence { proofs });
        raw.hear_until("Sync");
    });
    assert!(met.told(|one| matches!(one, Notice::Forked { .. })), "{met:?}");
    refuses_to_deal(&mut ben, &eve);
}

fn refuses_to_deal(person: &mut Person, with: &Actor) {
    let (met, ()) = meet(person, OPEN, |raw| {
        raw.say(&crate::raw::hello(with.id(), 0, None));
        raw.hear_out();
        assert_eq!(raw.heard, ["Refuse"]);
    });
    assert_eq!(met.rule(), Some("R-44"), "{met:?}");
}

#[test]
fn a_fork_that_comes_to_light_after_the_offer_stops_the_payment() {
    let Town { mut ben, mut eve, token, .. } = town();
    let mallory = rogue("mallory", &mut [&mut ben]);
    assert!(settle(&mut eve, &mut ben, token, 10).has_received());
    let goal = Goal::Pay { peer: mallory.id(), token, amount: 10 };
    let (met, ()) = meet(&mut ben, goal, |raw| {
        raw.greet(mallory.id(), 0, None);
        raw.say(&crate::raw::ask_of(&mallory, None));
        let Some(Message::Offer { plan, .. }) = raw.hear_until("Offer") else {
            panic!("no Offer: {:?}", raw.heard)
        };
        let proofs = List::try_from(vec![proof_of(&eve)]).expect("one");
        raw.say(&Message::Evidence { proofs });
        let wanted = dsm_core::pack::Wanted::all(&plan).expect("a short plan");
        raw.say(&Message::Want { wanted });
        raw.hear_out();
        assert!(!raw.heard.contains(&"Pay"));
    });
    let short = SessionError::Select(SelectError::Short { available: 0 });
    assert!(!met.is_bound() && met.error() == Some(&short), "{met:?}");
}

/// A run of an actor's log that names nothing, signed at its end.
fn long_run(actor: &Actor, body: u8, len: usize) -> Facts {
    let body = Digest::from_bytes([body; 32]);
    let record = Record { spends: List::default(), body };
    let start = Position::origin(&actor.id());
    let ends = (0..len).scan(start, |at, _| {
        *at = at.after(&record.pair())?;
        Some(*at)
    });
    let ends: Vec<Position> = ends.collect();
    let end = ends.last().copied().unwrap_or(start);
    let line = Line {
        device: actor.id(),
        start,
        records: vec![record; len],
        heads: ends.iter().map(|at| at.head).collect(),
        signature: SignedHead::sign(NETWORK, actor.id(), end, &*actor.key).signature,
    };
    let descriptors = vec![actor.descriptor.clone()];
    Facts { lines: vec![line], descriptors, ..Facts::default() }
}

#[test]
fn what_fits_no_message_is_not_told_and_keeps_nobody_apart() {
    let Town { mut ben, mut cleo, eve, .. } = town();
    // About 1.3 MB of pairs.
    let (long, short) = (long_run(&eve, 1, 20_000), long_run(&eve, 2, 2));
    let learn = |facts: &Facts| Changes { facts: vec![facts.clone()], ..Changes::default() };
    ben.engine.commit(&learn(&long)).expect("facts");
    cleo.engine.commit(&learn(&short)).expect("facts");
    let met = sync(&mut ben, &mut cleo);
    assert!(met.0.result.is_ok() && met.1.result.is_ok(), "{met:?}");
    assert!(!ben.knows_fork(&eve.id()) && !cleo.knows_fork(&eve.id()));
    // The same with a proof, which Ben has from elsewhere.
    let [one, other] = [&short, &long].map(|facts| facts.lines[0].clone());
    let first = one.end();
    let start = Position { head: other.heads[1], ..first };
    let pairs = other.records[2..].iter().map(Record::pair);
    let proof = ForkProof {
        device: eve.descriptor.clone(),
        first,
        first_signature: one.signature,
        start,
        pairs: List::try_collect(pairs).expect("a run"),
        second_signature: other.signature,
    };
    let forks = vec![proof.verify().expect("a true proof")];
    let batch = Batch { forks, ..Batch::default() };
    ben.engine.commit(&Changes { batch, ..Changes::default() }).expect("a proof");
    for _ in 0..2 {
        let met = sync(&mut cleo, &mut ben);
        assert!(met.0.result.is_ok() && met.1.result.is_ok(), "{met:?}");
    }
    assert!(!cleo.knows_fork(&eve.id()));
    refuses_to_deal(&mut ben, &eve);
}

/// A piece of a run, under a signed head of its own.
fn piece(actor: &Actor, run: &Line, from: usize, to: usize) -> Facts {
    let place = |index: usize| Position {
        index: index as u64,
        head: run.head(index as u64).expect("a head of the run"),
    };
    let line = Line {
        device: actor.id(),
        start: place(from),
        records: run.records[from..to].to_vec(),
        heads: run.heads[from..to].to_vec(),
        signature: SignedHead::sign(NETWORK, actor.id(), place(to), &*actor.key).signature,
    };
    let descriptors = vec![actor.descriptor.clone()];
    Facts { lines: vec![line], descriptors, ..Facts::default() }
}

#[test]
fn a_fork_is_found_by_what_was_learned_before_a_gap() {
    let Town { mut ben, mut cleo, eve, .. } = town();
    let [one, other] = [1, 2].map(|body| long_run(&eve, body, 9).lines[0].clone());
    let learn = |facts: Facts| Changes { facts: vec![facts], ..Changes::default() };
    ben.engine.commit(&learn(piece(&eve, &one, 1, 5))).expect("facts");
    cleo.engine.commit(&learn(piece(&eve, &other, 0, 3))).expect("facts");
    cleo.engine.commit(&learn(piece(&eve, &other, 7, 9))).expect("facts");
    both_find(&ben, &cleo, eve.id(), "a gap");
}
