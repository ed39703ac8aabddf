//! Letters between people who are not there at the same time: lost, repeated, reordered, forged.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use dsm_core::{Reject, TokenId};
use dsm_crypto::{Secret, Signer};
use dsm_encoding::{List, from_slice, to_vec};
use dsm_engine::{MailError, Read};
use dsm_log::{DeviceId, Network};
use dsm_session::{Enclosure, Goal, Letter, LetterError, Notice, Request, SessionError};
use dsm_store::StoreError;

use crate::disk::Death;
use crate::person::{Person, UNITS, introduce, rogue};
use crate::raw::OPEN;
use crate::wire::{between, fresh};

pub(crate) fn secret() -> Secret<32> {
    Secret::from_bytes(fresh())
}

pub(crate) fn writes(person: &mut Person, to: DeviceId, request: Option<Request>) -> Vec<u8> {
    person.engine.write_letter(&to, request, &secret()).expect("a letter")
}

pub(crate) fn reads(person: &mut Person, letter: &[u8]) -> Read {
    let read = person.engine.read_letter(letter).expect("a good letter");
    assert_eq!(read.failure, None);
    read
}

pub(crate) fn refuses(person: &mut Person, letter: &[u8]) -> LetterError {
    let before = person.disk.books();
    let refused = person.engine.read_letter(letter);
    assert_eq!(person.disk.books(), before, "a refused letter changes nothing");
    match refused {
        Err(MailError::Letter(error)) => error,
        other => panic!("not refused: {other:?}"),
    }
}

/// Ada, who holds UNITS, and Ben, whom she never dealt with.
pub(crate) fn town() -> (Person, Person, TokenId) {
    let (mut ada, mut ben) = (Person::new("ada"), Person::new("ben"));
    introduce(&mut ada, &mut ben);
    let token = ada.issue("mint");
    (ada, ben, token)
}

/// A payment on a live link.
fn meet(ada: &mut Person, ben: &mut Person, token: TokenId, amount: u64) {
    let pay = Goal::Pay { peer: ben.id(), token, amount };
    let (paid, _) = between(ada, ben, (pay, OPEN), |_, _, frame| Some(vec![frame]));
    assert!(paid.result.is_ok(), "{paid:?}");
}

/// The same for contacts that dealt before.
pub(crate) fn old_friends() -> (Person, Person, TokenId) {
    let (mut ada, mut ben, token) = town();
    meet(&mut ada, &mut ben, token, 100);
    (ada, ben, token)
}

/// Request, payment, receipt; the letters' lengths.
fn three_letters(ada: &mut Person, ben: &mut Person, token: TokenId, amount: u64) -> [usize; 3] {
    let (ada_id, ben_id) = (ada.id(), ben.id());
    let had = ben.balance(&token);
    let request = Request::new(token, amount);
    let ask = writes(ben, ada_id, Some(request.clone()));
    let read = reads(ada, &ask);
    assert!(read.notices.contains(&Notice::Asked { peer: ben_id, request }));
    assert!(!read.is_answer_due, "whether to pay is for the person");
    let index = ada.engine.pay_asked(&ben_id, token, amount).expect("a payment");
    let pay = writes(ada, ben_id, None);
    let read = reads(ben, &pay);
    let received = |notice: &Notice| matches!(notice, Notice::Received { amount: units, .. } if *units == amount);
    assert!(read.is_answer_due && read.notices.iter().any(received), "{read:?}");
    let receipt = writes(ben, ada_id, None);
    let read = reads(ada, &receipt);
    assert!(!read.is_answer_due && read.notices.contains(&Notice::Acknowledged { index }));
    assert_eq!(ben.balance(&token), had + amount);
    [ask.len(), pay.len(), receipt.len()]
}

pub(crate) fn is_first(letter: &[u8]) -> bool {
    matches!(from_slice(letter), Ok(Letter::First { .. }))
}

#[test]
fn three_letters_pay_a_request() {
    let (mut ada, mut ben, token) = town();
    three_letters(&mut ada, &mut ben, token, 50);
    three_letters(&mut ada, &mut ben, token, 60);
    three_letters(&mut ben, &mut ada, token, 20);
    assert_eq!((ada.balance(&token), ben.balance(&token)), (UNITS - 90, 90));
}

#[test]
fn letters_between_contacts_that_dealt_before_are_short() {
    let (mut ada, mut ben, token) = old_friends();
    for _ in 0..3 {
        let [ask, pay, receipt] = three_letters(&mut ada, &mut ben, token, 50);
        assert!(ask < 858 && pay < 3_400 && receipt < 3_400, "{ask} {pay} {receipt}");
    }
}

#[test]
fn the_first_letter_is_sealed_to_a_key_and_the_rest_to_the_relationship() {
    let (mut ada, mut ben, token) = town();
    let (ada_id, ben_id) = (ada.id(), ben.id());
    ada.engine.pay_away(&ben_id, token, 5).expect("a payment");
    let pay = writes(&mut ada, ben_id, None);
    // Nobody knows yet that Ben has her secret.
    assert!(is_first(&pay) && is_first(&writes(&mut ada, ben_id, None)));
    reads(&mut ben, &pay);
    let receipt = writes(&mut ben, ada_id, None);
    assert!(is_first(&receipt));
    reads(&mut ada, &receipt);
    ada.engine.pay_away(&ben_id, token, 6).expect("a payment");
    let pay = writes(&mut ada, ben_id, None);
    assert!(!is_first(&pay));
    reads(&mut ben, &pay);
    assert!(!is_first(&writes(&mut ben, ada_id, None)));
}

#[test]
fn somebody_who_is_away_is_paid_by_letter_or_at_the_next_meeting() {
    for dealt_before in [false, true] {
        for by_letter in [false, true] {
            let (mut ada, mut ben, token) = if dealt_before { old_friends() } else { town() };
            let had = ben.balance(&token);
            ada.engine.pay_away(&ben.id(), token, 40).expect("a payment");
            ada.engine.pay_away(&ben.id(), token, 50).expect("a payment");
            if by_letter {
                let letter = writes(&mut ada, ben.id(), None);
                reads(&mut ben, &letter);
            } else {
                let call = Goal::Sync { peer: ben.id() };
                let (met, _) =
                    between(&mut ada, &mut ben, (call, OPEN), |_, _, frame| Some(vec![frame]));
                assert!(met.result.is_ok(), "{met:?}");
            }
            assert_eq!(ben.balance(&token), had + 90, "{dealt_before} {by_letter}");
            // What went the other way meanwhile changes nothing.
            let late = writes(&mut ada, ben.id(), None);
            reads(&mut ben, &late);
            assert_eq!(ben.balance(&token), had + 90);
        }
    }
}

#[test]
fn two_who_owe_each_other_value_settle_in_one_meeting() {
    let (mut ada, mut ben, token) = old_friends();
    ada.engine.pay_away(&ben.id(), token, 40).expect("a payment");
    ben.engine.pay_away(&ada.id(), token, 30).expect("a payment");
    let call = Goal::Sync { peer: ben.id() };
    let met = between(&mut ada, &mut ben, (call, OPEN), |_, _, frame| Some(vec![frame]));
    assert!(met.0.is_acknowledged() && met.1.is_acknowledged(), "{met:?}");
    assert!(met.0.result.is_ok() && met.1.result.is_ok(), "{met:?}");
}

#[test]
fn letters_may_be_lost_repeated_and_reordered() {
    let (mut ada, mut ben, token) = old_friends();
    let (ada_id, ben_id) = (ada.id(), ben.id());
    let had = ben.balance(&token);
    let mut letters = Vec::new();
    for amount in 1..=5 {
        ada.engine.pay_away(&ben_id, token, amount).expect("a payment");
        letters.push(writes(&mut ada, ben_id, None));
    }
    // The third overtakes the first two, and brings what they brought.
    reads(&mut ben, &letters[2]);
    assert_eq!(ben.balance(&token), had + 6);
    for old in &letters[..3] {
        assert_eq!(refuses(&mut ben, old), LetterError::Unknown);
    }
    // The fourth is lost.
    reads(&mut ben, &letters[4]);
    assert_eq!(ben.balance(&token), had + 15);
    // So are some receipts.
    for _ in 0..20 {
        writes(&mut ben, ada_id, None);
    }
    let receipt = writes(&mut ben, ada_id, None);
    let read = reads(&mut ada, &receipt);
    assert!(read.notices.iter().any(|one| matches!(one, Notice::Acknowledged { .. })));
    assert!(
        ada.history()
            .iter()
            .all(|one| one.entry.value.is_none() || one.acknowledged || one.peer.is_none())
    );
    assert_eq!(refuses(&mut ada, &receipt), LetterError::Unknown);
    let after = writes(&mut ada, ben_id, None);
    assert!(after.len() < 400, "nothing is said again: {}", after.len());
}

#[test]
fn an_old_first_letter_asks_nobody_twice() {
    let (mut ada, mut ben, token) = town();
    let (ada_id, ben_id) = (ada.id(), ben.id());
    let old = writes(&mut ben, ada_id, Some(Request::new(token, 5)));
    let new = writes(&mut ben, ada_id, Some(Request::new(token, 7)));
    reads(&mut ada, &new);
    assert_eq!(refuses(&mut ada, &new), LetterError::Old);
    assert_eq!(refuses(&mut ada, &old), LetterError::Old);
    let other = ada.engine.pay_asked(&ben_id, token, 5);
    assert!(matches!(other, Err(MailError::Session(SessionError::OtherAsk))), "{other:?}");
    ada.engine.pay_asked(&ben_id, token, 7).expect("a payment");
    let again = ada.engine.pay_asked(&ben_id, token, 7);
    assert!(matches!(again, Err(MailError::Session(SessionError::NoAsk))), "{again:?}");
}

#[test]
fn what_was_asked_for_by_letter_and_paid_at_a_meeting_is_asked_for_no_more() {
    let (mut ada, mut ben, token) = old_friends();
    let ask = writes(&mut ben, ada.id(), Some(Request::new(token, 5)));
    reads(&mut ada, &ask);
    meet(&mut ada, &mut ben, token, 6);
    assert!(ada.copied().engine.pay_asked(&ben.id(), token, 5).is_ok(), "6 are not 5");
    meet(&mut ada, &mut ben, token, 5);
    let again = ada.engine.pay_asked(&ben.id(), token, 5);
    assert!(matches!(again, Err(MailError::Session(SessionError::NoAsk))), "{again:?}");
}

#[test]
fn what_is_no_letter_for_one_is_refused_with_a_reason() {
    let (mut ada, mut ben, token) = old_friends();
    let mut cleo = Person::new("cleo");
    introduce(&mut ada, &mut cleo);
    let (ada_id, ben_id, cleo_id) = (ada.id(), ben.id(), cleo.id());
    let next = writes(&mut ben, ada_id, Some(Request::new(token, 1)));
    let first = writes(&mut cleo, ada_id, Some(Request::new(token, 1)));
    // To another device.
    assert_eq!(refuses(&mut cleo, &next), LetterError::Unknown);
    assert_eq!(refuses(&mut ben, &first), LetterError::Sealed);
    // To oneself.
    assert_eq!(refuses(&mut ben, &next), LetterError::Unknown);
    // Of another network.
    for letter in [&next, &first] {
        let mut other: Letter = from_slice(letter).expect("a letter");
        match &mut other {
            Letter::First { network, .. } | Letter::Next { network, .. } => {
                *network = Network::MAIN
            }
        }
        assert_eq!(refuses(&mut ada, &to_vec(&other)), LetterError::Network);
    }
    // Cut.
    for letter in [&next, &first] {
        for length in [0, 1, letter.len() / 2, letter.len() - 1] {
            assert!(matches!(refuses(&mut ada, &letter[..length]), LetterError::Form(_)));
        }
    }
    assert!(matches!(refuses(&mut ada, &vec![0; (1 << 20) + 1]), LetterError::Form(_)));
    // From somebody who is no contact, or is one no more.
    let mut stranger = Person::new("stranger");
    stranger.pin("ada", ada.card());
    let unknown = writes(&mut stranger, ada_id, None);
    let reject = Reject::UnknownPeer { device: stranger.id() };
    assert_eq!(refuses(&mut ada, &unknown), LetterError::Rejected(reject));
    // After all that they are read.
    assert_eq!(reads(&mut ada, &next).from, ben_id);
    assert_eq!(reads(&mut ada, &first).from, cleo_id);
}

#[test]
fn every_changed_byte_is_noticed() {
    let (mut ada, mut ben, token) = old_friends();
    let mut cleo = Person::new("cleo");
    introduce(&mut ada, &mut cleo);
    let next = writes(&mut ben, ada.id(), Some(Request::new(token, 1)));
    let first = writes(&mut cleo, ada.id(), Some(Request::new(token, 1)));
    for letter in [next, first] {
        for at in (0..letter.len()).step_by(if letter.len() > 1_000 { 23 } else { 1 }) {
            let mut changed = letter.clone();
            changed[at] ^= 1;
            refuses(&mut ada, &changed);
        }
        reads(&mut ada, &letter);
    }
}

/// Somebody seals to Ada what Ben signed for another, or signs in his name.
#[test]
fn nobody_asks_in_the_name_of_another() {
    let (mut ada, mut ben, token) = town();
    let mallory = rogue("mallory", &mut [&mut ada, &mut ben]);
    let (ada_id, ben_id) = (ada.id(), ben.id());
    let books = ben.engine.wallet().books().expect("books");
    let floor = dsm_session::Ledger::own_log(&books).at;
    drop(books);
    let forged = dsm_log::Position { index: 0, head: dsm_crypto::Digest::ZERO };
    for floor in [floor, forged] {
        let request = Some(Request::new(token, 900));
        let enough = dsm_core::FinalityClass::Exposed;
        let ask = dsm_session::Ask { nonce: [1; 32], floor, request, enough };
        let contents = dsm_session::Contents {
            accepted: 0,
            known: None,
            read: 0,
            enclosures: List::try_from(vec![Enclosure::Ask { ask }]).expect("one"),
        };
        for (from, error) in [
            (ben_id, LetterError::Signature),
            (ada_id, LetterError::Rejected(Reject::UnknownPeer { device: ada_id })),
        ] {
            let letter = sealed_by(&mallory, from, &ada, &contents);
            assert_eq!(refuses(&mut ada, &letter), error);
        }
        // In its own name it may.
        let letter = sealed_by(&mallory, mallory.id(), &ada, &contents);
        assert_eq!(reads(&mut ada.copied(), &letter).from, mallory.id());
        // What it says to Ben is not said to Ada.
        let letter = sealed_by(&mallory, mallory.id(), &ben, &contents);
        assert_eq!(refuses(&mut ada, &letter), LetterError::Sealed);
    }
    let nothing = ada.engine.pay_asked(&ben_id, token, 900);
    assert!(matches!(nothing, Err(MailError::Session(SessionError::NoAsk))));
}

/// A first letter to somebody's KEM key, made by hand.
fn sealed_by(
    writer: &dsm_sim::Actor,
    from: DeviceId,
    to: &Person,
    contents: &dsm_session::Contents,
) -> Vec<u8> {
    sealed(&*writer.key, (from, 0, 0), to, contents)
}

/// The same with a number, and that of the next letter under the chain.
pub(crate) fn sealed<S: Signer + ?Sized>(
    key: &S,
    (from, number, next): (DeviceId, u64, u64),
    to: &Person,
    contents: &dsm_session::Contents,
) -> Vec<u8> {
    use dsm_crypto::{Domain, SealKey, encapsulate, hash, seal};
    let (network, kem) = (dsm_sim::NETWORK, to.card().kem);
    let (ciphertext, secret) = encapsulate(&kem, [3; 64]);
    let said = (from, number, next, contents);
    let signature = key.sign(&hash(Domain::Letter, &(network, to.id(), &ciphertext, said)));
    let contents = contents.clone();
    let signed = dsm_session::Signed { from, number, next, contents, signature };
    let header = to_vec(&("dsm letter", network, 0_u8));
    let key = SealKey::derive(&secret, &"letter");
    let sealed = seal(&key, &[4; 24], &header, &to_vec(&signed)).try_into().expect("short");
    let ciphertext = Box::new(ciphertext);
    to_vec(&Letter::First { network, ciphertext, nonce: [4; 24], sealed })
}

#[test]
fn an_entry_of_a_third_is_not_taken_from_a_letter() {
    let (mut ada, mut ben, token) = old_friends();
    let mut mallory = rogue("mallory", &mut [&mut ben]);
    let lies = crate::raw::rich(&mut mallory, "mint of lies", 50);
    let mut eve = rogue("eve", &mut [&mut ben]);
    eve.view.pin(&ben.card().descriptor);
    let lock = dsm_core::Lock::Device { id: ben.id(), floor: ben.card().at };
    let dealing = mallory.pay_to(ben.id(), lock, lies, 50, None).dealing;
    let plan = dealing.plan(&mallory.view, None).expect("a plan");
    let all = dsm_core::pack::Wanted::all(&plan).expect("a short plan");
    let dealt = Box::new(crate::raw::dealt(&mallory, &dealing, None, &all));
    let contents = dsm_session::Contents {
        accepted: 0,
        known: None,
        read: 0,
        enclosures: List::try_from(vec![Enclosure::Pay { floor: None, dealt }]).expect("one"),
    };
    let letter = sealed_by(&eve, eve.id(), &ben, &contents);
    let read = ben.engine.read_letter(&letter).expect("Eve wrote it");
    let device = mallory.id();
    assert_eq!(read.failure, Some(SessionError::WrongPeer { device }));
    assert_eq!(ben.balance(&lies), 0);
    // From the one who wrote it, it is taken.
    let letter = sealed_by(&mallory, mallory.id(), &ben, &contents);
    assert_eq!(reads(&mut ben, &letter).from, mallory.id());
    assert_eq!(ben.balance(&lies), 50);
    assert_eq!(ada.balance(&token), UNITS - 100);
    let _ = &mut ada;
}

#[test]
fn an_old_copy_that_hears_of_its_future_by_letter_does_nothing() {
    let (mut ada, mut ben, token) = old_friends();
    let mut old = ada.copied();
    meet(&mut ada, &mut ben, token, 5);
    let letter = writes(&mut ben, ada.id(), Some(Request::new(token, 1)));
    assert_eq!(refuses(&mut old, &letter), LetterError::Session(SessionError::OldCopy));
}

/// What both do, each with a process that may die; gives every letter that left.
fn exchange(
    ada: &mut Person,
    ben: &mut Person,
    token: TokenId,
    left: &mut Vec<Vec<u8>>,
) -> Option<()> {
    let (ada_id, ben_id) = (ada.id(), ben.id());
    let mut sent = |engine: &mut Person, to: DeviceId, request: Option<Request>| {
        let letter = engine.engine.write_letter(&to, request, &secret()).ok()?;
        left.push(letter.clone());
        Some(letter)
    };
    let ask = sent(ben, ada_id, Some(Request::new(token, 50)))?;
    ada.engine.read_letter(&ask).ok()?;
    ada.engine.pay_asked(&ben_id, token, 50).ok()?;
    let pay = sent(ada, ben_id, None)?;
    ben.engine.read_letter(&pay).ok()?;
    let receipt = sent(ben, ada_id, None)?;
    ada.engine.read_letter(&receipt).ok()?;
    Some(())
}

#[test]
fn a_death_at_any_durable_step_loses_and_repeats_nothing() {
    for friends in [false, true] {
        let (ada, ben, token) = if friends { old_friends() } else { town() };
        let all = ada.balance(&token) + ben.balance(&token);
        for (side, death) in (0..8).flat_map(|at| {
            let at = move |side| [(side, Death::Before(at)), (side, Death::After(at))];
            [0, 1].into_iter().flat_map(at)
        }) {
            let (ada, ben) = (ada.copied(), ben.copied());
            let had = ben.balance(&token);
            let mut left = Vec::new();
            let deaths = [0, 1].map(|who| if who == side { death } else { Death::Never });
            let (mut dying_ada, mut dying_ben) =
                (ada.restarted(deaths[0]), ben.restarted(deaths[1]));
            let done = exchange(&mut dying_ada, &mut dying_ben, token, &mut left);
            drop((dying_ada, dying_ben));
            let (mut ada, mut ben) = (ada.restarted(Death::Never), ben.restarted(Death::Never));
            // What left may come again, and late: it is read or refused.
            for letter in left.clone() {
                let _ = ada.engine.read_letter(&letter);
                let _ = ben.engine.read_letter(&letter);
            }
            // Each writes what the other is not known to have; then she pays if she had not.
            for _ in 0..2 {
                let pay = writes(&mut ada, ben.id(), None);
                reads(&mut ben, &pay);
                let receipt = writes(&mut ben, ada.id(), None);
                reads(&mut ada, &receipt);
                left.extend([pay, receipt]);
            }
            let paid = ben.balance(&token) - had;
            assert!(paid == 50 || paid == 0, "{side} {death:?}: {paid}");
            assert!(paid == 50 || done.is_none(), "{side} {death:?}");
            assert_eq!(ada.balance(&token) + ben.balance(&token), all, "{side} {death:?}");
            exchange(&mut ada, &mut ben, token, &mut left).expect("both live");
            assert_eq!(ben.balance(&token), had + paid + 50);
            assert!(!ada.knows_fork(&ben.id()) && !ben.knows_fork(&ada.id()));
            let tags: Vec<_> = left.iter().filter_map(|letter| tag(letter)).collect();
            let unique: BTreeSet<_> = tags.iter().collect();
            assert_eq!(tags.len(), unique.len(), "no key seals two letters: {side} {death:?}");
        }
    }
}

fn tag(letter: &[u8]) -> Option<[u8; 8]> {
    match from_slice(letter).expect("a letter") {
        Letter::Next { tag, .. } => Some(tag),
        Letter::First { .. } => None,
    }
}

#[test]
fn a_letter_that_cannot_be_read_to_its_end_leaves_nothing_that_a_later_step_makes_durable() {
    let (mut ada, ben, token) = old_friends();
    for amount in [10, 20] {
        ada.engine.pay_away(&ben.id(), token, amount).expect("a payment");
    }
    let letter = writes(&mut ada, ben.id(), None);
    let before = ben.disk.books();
    let mut began = 0;
    for count in 0..200 {
        let mut ben = ben.copied();
        ben.disk.reads.store(count, Ordering::SeqCst);
        let read = ben.engine.read_letter(&letter);
        ben.disk.reads.store(usize::MAX, Ordering::SeqCst);
        if read.is_ok() {
            assert!(began > 0, "it never failed after it began");
            assert_eq!(ben.balance(&token), 130);
            return;
        }
        let later = ben.engine.rest();
        began += u32::from(matches!(later, Err(StoreError::Reopen)));
        assert_eq!(ben.disk.books(), before, "{count}: {later:?}");
    }
    panic!("it never reads enough");
}
