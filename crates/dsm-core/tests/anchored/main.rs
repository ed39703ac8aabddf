//! Heads bound to chips: what a receiver takes, and what a cheat with a chip cannot do (`spec/anchors.md`).

mod nested;
mod orders;
mod pieces;
mod planned;
mod shown;

use dsm_core::pack::PackRecord;
use dsm_core::{Dealt, Facts, FinalityClass, Reject, View};
use dsm_crypto::{Digest, Secret};
use dsm_encoding::{DecodeError, List, from_slice, to_vec};
use dsm_log::{
    Anchor, BadForkProof, ChipEvidence, HeadSignature, MAX_EVIDENCE, Position, SignedHead,
    SimulatedChip,
};
use dsm_sim::{Actor, MAKER, NETWORK, PURSE, Payment, Town, edit};

fn tpm(chip: dsm_log::Chip) -> Anchor {
    Anchor::Tpm2 { chip }
}

fn town() -> Town {
    Town::anchored(tpm, PURSE)
}

/// Changes the evidence of the payer's run.
fn with_evidence(dealt: &Dealt, change: impl FnOnce(&mut Vec<ChipEvidence>)) -> Dealt {
    let mut dealt = dealt.clone();
    let writer = dealt.writer;
    edit(&mut dealt.pack.runs, |runs| {
        let run = runs.iter_mut().rfind(|run| run.device == writer).expect("the payer's run");
        edit(&mut run.signature.evidence, change);
    });
    dealt
}

/// Ada pays Ben all that she has.
fn payment(town: &mut Town) -> (Payment, Dealt) {
    let payment = town.ada.pay(&mut town.ben, town.token, PURSE);
    let dealt = town.ada.insist(&payment.dealing);
    (payment, dealt)
}

#[test]
fn money_whose_every_hop_is_bound_to_a_chip_is_anchored() {
    let mut town = town();
    let (payment, dealt) = payment(&mut town);
    let accepted = town.ben.receive(&dealt, payment.nonce).result.expect("anchored money");
    assert_eq!(accepted.class(), FinalityClass::Anchored);
    let next = town.ben.pay(&mut town.cleo, town.token, PURSE);
    let dealt = town.ben.insist(&next.dealing);
    let accepted = town.cleo.receive(&dealt, next.nonce).result.expect("two hops later");
    assert_eq!(accepted.class(), FinalityClass::Anchored);
    assert_eq!(accepted.lineage().uncertified.len(), 3);
}

#[test]
fn what_the_receiver_did_not_ask_for_does_not_count_as_anchored() {
    let exposed = |change: fn(&mut Town)| {
        let mut town = town();
        town.ben.view.settings.exposed_cap = PURSE;
        change(&mut town);
        let (payment, dealt) = payment(&mut town);
        let accepted = town.ben.receive(&dealt, payment.nonce).result.expect("exposed money");
        assert_eq!(accepted.class(), FinalityClass::Exposed);
    };
    // Nobody vouched for the mint's chip; for Ada's; the maker is not on the list.
    exposed(|town| assert!(town.ben.view.makers.remove(&town.mint.id()).is_some()));
    exposed(|town| assert!(town.ben.view.makers.remove(&town.ada.id()).is_some()));
    exposed(|town| assert!(town.ben.view.settings.makers.remove(&MAKER).is_some()));
}

#[test]
fn a_simulated_chip_is_never_hardware_whoever_vouches_for_it() {
    let mut town = Town::anchored(|chip| Anchor::Simulated { chip }, PURSE);
    let (payment, dealt) = payment(&mut town);
    let refusal = town.ben.refusal(&dealt, payment.nonce);
    assert!(matches!(refusal, Some(Reject::ExposedCap { .. })), "{refusal:?}");
    town.ben.view.settings.exposed_cap = PURSE;
    let accepted = town.ben.receive(&dealt, payment.nonce).result.expect("exposed money");
    assert_eq!(accepted.class(), FinalityClass::Exposed);
}

#[test]
fn a_device_that_nodes_could_close_elsewhere_is_not_anchored_without_their_word() {
    let mut town = town();
    let slots = Some(Digest::ZERO);
    let chip = town.ada.chip.clone();
    let mut ada = town.ada.clone().renamed(|of| of.slot_set = slots);
    ada.chip = chip;
    ada.learn_policy(&town.policy);
    let (index, note) = town.mint.issue(town.token, 1, PURSE, ada.lock());
    ada.take_issue(&town.mint, index, note);
    dsm_sim::introduce(&mut ada, &mut town.ben);
    town.ben.view.makers.insert(ada.id(), MAKER);
    town.ben.view.settings.exposed_cap = PURSE;
    let payment = ada.pay(&mut town.ben, town.token, PURSE);
    let dealt = ada.insist(&payment.dealing);
    let accepted = town.ben.receive(&dealt, payment.nonce).result.expect("exposed money");
    assert_eq!(accepted.class(), FinalityClass::Exposed);
}

#[test]
fn no_more_rests_on_one_chip_than_the_receiver_said() {
    for (most, refused) in [(PURSE, false), (PURSE - 1, true)] {
        let mut town = Town::anchored(tpm, most);
        let (payment, dealt) = payment(&mut town);
        let refusal = town.ben.refusal(&dealt, payment.nonce);
        assert_eq!(matches!(refusal, Some(Reject::ExposedCap { .. })), refused, "{refusal:?}");
    }
}

#[test]
fn a_second_payment_from_a_copied_disk_has_no_evidence_and_is_refused_offline() {
    let mut town = town();
    let mut copy = town.ada.clone();
    let (first, one) = payment(&mut town);
    let second = copy.pay(&mut town.cleo, town.token, PURSE);
    let two = copy.insist(&second.dealing);
    // Whoever is dealt the one that the chip absorbed takes it, in whatever order they are shown.
    let device = town.ada.id();
    assert_eq!(town.cleo.refusal(&two, second.nonce), Some(Reject::Evidence { device }));
    town.ben.receive(&one, first.nonce).result.expect("the entry that was absorbed");
    assert_eq!(town.cleo.refusal(&two, second.nonce), Some(Reject::Evidence { device }));
    // The evidence of the first one is of another head.
    let evidence = town.ada.view.signed(&device, town.ada.at().index).expect("her own");
    let lent = with_evidence(&two, |own| *own = evidence.signature.evidence.to_vec());
    assert_eq!(town.cleo.refusal(&lent, second.nonce), Some(Reject::Evidence { device }));
    // The chip has gone on; the copy's next entry is absorbed at the value of another.
    copy.idle();
    let later = copy.insist(&second.dealing);
    assert_eq!(town.cleo.refusal(&later, second.nonce), Some(Reject::Evidence { device }));
}

#[test]
fn a_fork_filled_up_with_entries_that_were_never_absorbed_is_refused() {
    let mut town = town();
    let mut copy = town.ada.clone();
    // The chip absorbs the honest history up to 3; the copy's fork is as long, and only its last entry is absorbed.
    payment(&mut town);
    town.ada.idle();
    let second = copy.pay(&mut town.cleo, town.token, PURSE);
    copy.idle();
    copy.idle();
    let device = town.ada.id();
    let signed = copy.view.signed(&device, 3).expect("her own").signature;
    assert_eq!(signed.first(), Some(3), "the last entry of the fork was absorbed");
    let mut dealt = copy.insist(&second.dealing);
    let writer = dealt.writer;
    edit(&mut dealt.pack.runs, |runs| {
        let run = runs.iter_mut().find(|run| run.device == writer).expect("her run");
        edit(&mut run.records, |records| {
            for index in 2..=3 {
                let body = Some(copy.view.record(&device, index).expect("her own").body);
                records.push(PackRecord { spends: List::new(), body });
            }
        });
        run.signature = signed.clone();
    });
    assert_eq!(town.cleo.refusal(&dealt, second.nonce), Some(Reject::Evidence { device }));
    // Whatever the evidence says of itself.
    for (first, start) in [(1, signed.evidence[0].start), (2, [0; 32]), (1, [0; 32])] {
        let lying = with_evidence(&dealt, |own| (own[0].first, own[0].start) = (first, start));
        assert_eq!(town.cleo.refusal(&lying, second.nonce), Some(Reject::Evidence { device }));
    }
}

#[test]
fn evidence_must_be_of_each_entry_and_no_other() {
    let mut town = town();
    for _ in 0..4 {
        town.ada.idle();
    }
    let (payment, dealt) = payment(&mut town);
    assert_eq!(town.ben.refusal(&dealt, payment.nonce), None);
    let device = town.ada.id();
    let spoil = |what: &str, change: &dyn Fn(&mut Vec<ChipEvidence>)| {
        let spoilt = with_evidence(&dealt, |own| change(own));
        assert_ne!(spoilt, dealt, "{what}");
        let refusal = town.ben.refusal(&spoilt, payment.nonce);
        assert_eq!(refusal, Some(Reject::Evidence { device }), "{what}");
    };
    let last = |own: &mut Vec<ChipEvidence>| own.pop().expect("evidence");
    spoil("none", &|own| own.clear());
    spoil("twice", &|own| own.push(own[0].clone()));
    spoil("another first", &|own| own[0].first += 1);
    spoil("another last", &|own| own[0].last -= 1);
    spoil("first beyond last", &|own| (own[0].first, own[0].last) = (9, 2));
    spoil("the whole range", &|own| (own[0].first, own[0].last) = (0, u64::MAX));
    spoil("a start that lies", &|own| own[0].start[7] ^= 1);
    spoil("another clock", &|own| own[0].beside[3] ^= 1);
    spoil("of other entries", &|own| {
        let mut piece = last(own);
        (piece.first, piece.last) = (piece.first + 1, piece.last + 1);
        own.push(piece);
    });
    let foreign = SimulatedChip::new(Secret::from_bytes([9; 32]), 1_000).absorb(&Digest::ZERO);
    spoil("of another chip", &|own| own[0].signature = foreign.clone().expect("some").signature);
}

#[test]
fn evidence_of_a_device_without_a_chip_is_refused() {
    let mut town = Town::new();
    let payment = town.ada.pay(&mut town.ben, town.token, PURSE);
    let dealt = town.ada.insist(&payment.dealing);
    let piece = SimulatedChip::new(Secret::from_bytes([9; 32]), 0).absorb(&Digest::ZERO);
    let spoilt = with_evidence(&dealt, |own| own.extend(piece));
    let device = town.ada.id();
    assert_eq!(town.ben.refusal(&spoilt, payment.nonce), Some(Reject::Evidence { device }));
}

#[test]
fn a_head_signature_has_one_form() {
    let town = town();
    let signed = town.ada.view.signed(&town.mint.id(), 1).expect("the issue").signature;
    let bare = HeadSignature::from(signed.signature.clone());
    for one in [&signed, &bare] {
        assert_eq!(from_slice::<HeadSignature>(&to_vec(one)).as_ref(), Ok(one));
    }
    assert_eq!(
        to_vec(&bare),
        to_vec(&signed.signature),
        "nothing is spent on a device without a chip"
    );
    let empty: List<ChipEvidence, 1> = List::new();
    let long = to_vec(&(signed.signature, empty));
    assert_eq!(from_slice::<HeadSignature>(&long), Err(DecodeError::WrongLength));
}

#[test]
fn an_input_holds_only_as_many_pieces_as_a_reader_can_check_soon() {
    let town = town();
    let signed = town.ada.view.signed(&town.mint.id(), 1).expect("the issue").signature;
    let piece = signed.evidence.first().expect("the chip's").clone();
    let pieces = |count| HeadSignature {
        evidence: List::try_from(vec![piece.clone(); count]).expect("not too many"),
        ..signed.clone()
    };
    let read =
        |count| from_slice::<(HeadSignature, HeadSignature)>(&to_vec(&(pieces(count), &signed)));
    assert!(read(MAX_EVIDENCE - 1).is_ok());
    assert_eq!(read(MAX_EVIDENCE).err(), Some(DecodeError::TooLong));
    // What fits in a mebibyte by weight is read.
    let light = (0..).find(|count| dsm_encoding::weigh(&pieces(count + 1)) > 1 << 20);
    assert!(light.is_some_and(|count| count > 3_900 && count < MAX_EVIDENCE), "{light:?}");
}

#[test]
fn evidence_grows_by_nothing_for_each_entry_of_one_session() {
    let mut town = town();
    let mut weights = Vec::new();
    for _ in 0..3 {
        town.ada.idle();
        let mut ada = town.ada.clone();
        ada.copy_chip();
        let payment = ada.pay(&mut town.ben, town.token, PURSE);
        let dealt = ada.insist(&payment.dealing);
        assert_eq!(town.ben.refusal(&dealt, payment.nonce), None);
        let run = dealt.pack.runs.iter().find(|run| run.device == dealt.writer).expect("her run");
        weights.push(run.signature.evidence.len());
    }
    assert_eq!(weights, [1, 1, 1]);
    // One piece more for each time that the power was away.
    let chip = town.ada.chip.clone().expect("her chip");
    chip.lock().expect("no panic").restart();
    let (payment, dealt) = payment(&mut town);
    assert_eq!(town.ben.refusal(&dealt, payment.nonce), None);
    let run = dealt.pack.runs.iter().find(|run| run.device == dealt.writer).expect("her run");
    assert_eq!(run.signature.evidence.len(), 2);
}

#[test]
fn whoever_learned_a_part_of_a_log_can_show_any_part_of_it() {
    let mut town = Town::anchored(tpm, u64::MAX);
    for _ in 0..3 {
        town.ada.settle(&mut town.ben, town.token, 10);
        town.ben.settle(&mut town.ada, town.token, 5);
        town.ada.idle();
    }
    town.ada.settle(&mut town.cleo, town.token, 10);
    let (device, last) = (town.ada.id(), town.ada.at().index);
    for view in [&town.ada.view, &town.ben.view] {
        let end = view.latest(&device).expect("a place").index;
        for to in 1..=end {
            let Some(signed) = view.signed(&device, to).filter(|signed| signed.at.index == to)
            else {
                continue;
            };
            for from in 0..to {
                let heads: Option<Vec<Digest>> =
                    (from + 1..=to).map(|index| view.head(&device, index)).collect();
                let (Some(heads), Some(head)) = (heads, view.head(&device, from)) else { continue };
                let shown = dsm_core::signature_after(view, signed.clone(), from);
                let shown = shown.expect("what is known can be shown");
                let start = Position { index: from, head };
                assert_eq!(shown.verify(&town.ada.descriptor, &start, &heads), Ok(()));
            }
        }
    }
    assert!(last >= 10, "{last}");
}

#[test]
fn a_chip_that_goes_back_lets_both_histories_pass_and_is_proven_when_they_meet() {
    let mut town = town();
    let mut copy = town.ada.clone();
    copy.copy_chip();
    let (first, one) = payment(&mut town);
    let second = copy.pay(&mut town.cleo, town.token, PURSE);
    let two = copy.insist(&second.dealing);
    town.ben.receive(&one, first.nonce).result.expect("the assumption is broken");
    town.cleo.receive(&two, second.nonce).result.expect("the assumption is broken");
    let next = town.ben.pay(&mut town.cleo, town.token, PURSE);
    let dealt = town.ben.insist(&next.dealing);
    let verdict = town.cleo.receive(&dealt, next.nonce);
    let device = town.ada.id();
    assert_eq!(verdict.result.err(), Some(Reject::Forked { device }));
    assert_eq!(verdict.forks.len(), 1);
    // Without the evidence it would prove nothing: whoever stole the keys and not the chip accuses nobody.
    let proof = verdict.forks[0].clone().into_inner();
    for side in 0..2 {
        let mut bare = proof.clone();
        let signature = [&mut bare.first_signature, &mut bare.second_signature];
        signature.into_iter().nth(side).expect("two").evidence = List::new();
        assert_eq!(bare.verify().err(), Some(BadForkProof::Evidence));
    }
}

#[test]
fn histories_with_one_beginning_are_proven_however_far_back_a_run_begins() {
    for (shared, more) in [(0, 0), (1, 0), (3, 0), (3, 2)] {
        let mut town = town();
        (0..shared).for_each(|_| town.ada.idle());
        let mut copy = town.ada.clone();
        copy.copy_chip();
        let (first, one) = payment(&mut town);
        let second = copy.pay(&mut town.cleo, town.token, PURSE);
        (0..more).for_each(|_| copy.idle());
        town.ben.receive(&one, first.nonce).result.expect("the assumption is broken");
        let two = copy.insist(&second.dealing);
        town.cleo.receive(&two, second.nonce).result.expect("the assumption is broken");
        // Ben shows Ada's log from its origin on, to somebody who knows the other history from there.
        let next = town.ben.pay(&mut town.cleo, town.token, PURSE);
        let verdict = town.cleo.receive(&town.ben.insist(&next.dealing), next.nonce);
        let device = town.ada.id();
        assert_eq!(verdict.result.err(), Some(Reject::Forked { device }));
        assert_eq!(verdict.forks.len(), 1, "{shared} entries are the same");
    }
}

#[test]
fn whoever_has_the_keys_and_not_the_chip_accuses_nobody() {
    let mut town = town();
    payment(&mut town);
    let ada = &town.ada;
    let (device, at) = (ada.id(), ada.at());
    let head = Digest::from_bytes([7; 32]);
    let stolen = SignedHead::sign(NETWORK, device, Position { head, ..at }, &*ada.key);
    let found = dsm_core::prove_fork(&ada.view, &ada.descriptor, stolen.at, &[], &stolen.signature);
    assert!(found.is_none());
    assert!(stolen.verify(&ada.descriptor).is_none(), "it is no signed head");
}

/// An observer who knows a device's log up to an index.
fn knows(town: &Town, index: u64) -> Actor {
    let mut observer = Actor::new("observer");
    observer.view.pin(&town.ada.descriptor);
    for facts in &town.ada.learned {
        let mut facts = facts.clone();
        facts.lines.retain(|line| line.device == town.ada.id() && line.end().index <= index);
        facts.opened.clear();
        observer.view.learn(&facts);
    }
    observer
}

#[test]
fn fork_proofs_show_evidence_of_the_entries_that_contradict_each_other_and_of_no_others() {
    let mut town = town();
    town.ada.idle();
    let mut copy = town.ada.clone();
    copy.copy_chip();
    for _ in 0..3 {
        town.ada.idle();
        copy.write(None, Vec::new(), None, vec![dsm_core::Op::Receive {}], None);
    }
    let device = town.ada.id();
    let line = |index: u64| {
        let lines = copy.learned.iter().flat_map(|facts| &facts.lines);
        lines.filter(|line| line.device == device).find(|line| line.end().index == index)
    };
    // From each length of what is known to each length of the other history.
    for known in 2..=4 {
        let observer = knows(&town, known);
        for other in 2..=4 {
            let signed = line(other).expect("an entry").signed();
            let signature = dsm_core::signature_after(&copy.view, signed, 1).expect("its own");
            let pairs: Vec<_> = (3..=other)
                .map(|index| copy.view.record(&device, index).expect("it").pair())
                .collect();
            let start = Position { index: 2, head: copy.view.head(&device, 2).expect("its own") };
            let from = if pairs.is_empty() { 1 } else { 2 };
            let signature = dsm_core::signature_after(
                &copy.view,
                SignedHead { signature, ..line(other).expect("it").signed() },
                from,
            )
            .expect("its own");
            let proof = dsm_core::prove_fork(
                &observer.view,
                &town.ada.descriptor,
                start,
                &pairs,
                &signature,
            );
            let proof = proof.unwrap_or_else(|| panic!("known {known}, other {other}"));
            assert_eq!(proof.first_signature.evidence.len(), 1);
        }
    }
}

#[test]
fn pieces_that_reach_over_each_other_are_not_replayed_one_by_one() {
    let mut town = town();
    for _ in 0..4 {
        town.ada.idle();
    }
    let (device, chip) = (town.ada.id(), town.ada.descriptor.anchor.chip().expect("hers").clone());
    let signed = town.ada.view.signed(&device, 4).expect("her own");
    let whole = dsm_core::signature_after(&town.ada.view, signed, 0).expect("her own").evidence;
    for pieces in [2, 100] {
        let evidence = List::try_from(vec![whole[0].clone(); pieces]).expect("few");
        let signature = town.ada.view.signed(&device, 4).expect("her own").signature.signature;
        let looked = std::cell::Cell::new(0);
        let head = |index| {
            looked.set(looked.get() + 1);
            town.ada.view.head(&device, index)
        };
        let cut = HeadSignature { signature, evidence }.after(&chip, 2, head);
        assert_eq!((cut, looked.get()), (None, 2), "{pieces} pieces");
    }
}

#[test]
fn evidence_that_reaches_over_each_other_is_put_together_to_any_place() {
    const MIDDLE: u64 = 12;
    let mut town = town();
    for index in 0..2 * MIDDLE {
        if index % 3 == 0 {
            town.ada.chip.as_ref().expect("her chip").lock().expect("sound").restart();
        }
        town.ada.idle();
    }
    let (device, ada) = (town.ada.id(), &town.ada.view);
    // Runs around one place, each a little longer at both ends; and each last entry by itself.
    let mut observer = knows(&town, 0);
    let nested = (0..MIDDLE).map(|more| (MIDDLE - more - 1, MIDDLE + more));
    for (from, to) in nested.chain([(2 * MIDDLE - 1, 2 * MIDDLE)]) {
        let lines = vec![shown::line(&town.ada, from, to)];
        observer.view.learn(&Facts { lines, ..Facts::default() });
    }
    let signed = observer.view.signed(&device, 2 * MIDDLE).expect("the last");
    for from in 0..2 * MIDDLE {
        let shown = dsm_core::signature_after(&observer.view, signed.clone(), from);
        let start = Position { index: from, head: ada.head(&device, from).expect("her own") };
        let heads: Vec<Digest> =
            (from + 1..=2 * MIDDLE).map(|index| ada.head(&device, index).expect("it")).collect();
        let verified = shown.expect("all is known").verify(&town.ada.descriptor, &start, &heads);
        assert_eq!(verified, Ok(()), "from {from}");
    }
}
