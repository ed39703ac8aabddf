//! Letters that answer each other over a link: cut, changed, repeated, of somebody else.

use dsm_core::TokenId;
use dsm_engine::{ExchangeError, Exchanged, MailError};
use dsm_link::LinkError;
use dsm_session::{Goal, LetterError, Notice, Request, SessionError};

use crate::letters::{old_friends, reads, secret, town, writes};
use crate::person::{Person, introduce};
use crate::raw::OPEN;
use crate::wire::{Way, between, ends};

/// What arrives in the place of the letter with a number, counted over both ways.
type Middle<'m> = &'m mut dyn FnMut(usize, Vec<u8>) -> Option<Vec<u8>>;

/// How it went for one side.
#[derive(Debug)]
struct Side {
    result: Result<Exchanged, ExchangeError>,
    notices: Vec<Notice>,
}

impl Side {
    fn is_bound(&self) -> bool {
        self.notices.iter().any(|notice| matches!(notice, Notice::Bound { .. }))
    }
}

fn exchange(
    (ada, pay): (&mut Person, Option<(TokenId, u64)>),
    (ben, ask): (&mut Person, Option<Request>),
    middle: Middle<'_>,
) -> (Side, Side) {
    let ben_id = ben.id();
    let calls = |mut link| {
        let mut notices = Vec::new();
        let mut tell = |notice: &Notice| notices.push(notice.clone());
        let fresh = [secret(), secret()];
        let result = ada.engine.exchange_with(&mut link, ben_id, pay, &fresh, &mut tell);
        Side { result, notices }
    };
    let waits = |mut link| {
        let mut notices = Vec::new();
        let mut tell = |notice: &Notice| notices.push(notice.clone());
        let result = ben.engine.exchange(&mut link, ask, &[secret(), secret()], &mut tell);
        Side { result, notices }
    };
    ends(calls, waits, |way, number, letter| {
        let place = number * 2 + usize::from(way == Way::Back);
        Some(vec![middle(place, letter)?])
    })
}

/// What goes through unchanged, and is kept.
fn keep(kept: &mut Vec<Vec<u8>>) -> impl FnMut(usize, Vec<u8>) -> Option<Vec<u8>> {
    |_, letter| {
        kept.push(letter.clone());
        Some(letter)
    }
}

fn pays(ada: &mut Person, ben: &mut Person, pay: (TokenId, u64), ask: Option<Request>) {
    let had = ben.balance(&pay.0);
    let mut kept = Vec::new();
    let (paid, received) = exchange((ada, Some(pay)), (ben, ask), &mut keep(&mut kept));
    let index = paid.result.as_ref().expect("a payment").entry.expect("an entry");
    assert!(paid.notices.contains(&Notice::Acknowledged { index }), "{paid:?}");
    assert!(received.result.is_ok(), "{received:?}");
    assert_eq!((ben.balance(&pay.0) - had, kept.len()), (pay.1, 4));
}

#[test]
fn four_letters_over_a_link_pay_and_acknowledge() {
    for (mut ada, mut ben, token) in [town(), old_friends()] {
        pays(&mut ada, &mut ben, (token, 5), None);
        pays(&mut ada, &mut ben, (token, 6), Some(Request::new(token, 6)));
        pays(&mut ben, &mut ada, (token, 3), None);
    }
}

#[test]
fn whoever_has_nothing_to_pay_hears_and_says_what_is_due() {
    let (mut ada, mut ben, token) = old_friends();
    ben.engine.pay_away(&ada.id(), token, 7).expect("a payment");
    ada.engine.pay_away(&ben.id(), token, 9).expect("a payment");
    let mut kept = Vec::new();
    let (one, other) = exchange((&mut ada, None), (&mut ben, None), &mut keep(&mut kept));
    assert!(one.result.is_ok() && other.result.is_ok(), "{one:?} {other:?}");
    assert_eq!((ben.balance(&token), kept.len()), (100 - 7 + 9, 3));
    assert!(one.notices.iter().any(|one| matches!(one, Notice::Received { amount: 7, .. })));
    for side in [one, other] {
        let acknowledged = |notice: &Notice| matches!(notice, Notice::Acknowledged { .. });
        assert!(side.notices.iter().any(acknowledged), "{side:?}");
    }
}

#[test]
fn a_payer_that_is_asked_for_something_else_is_not_bound() {
    let (mut ada, mut ben, token) = old_friends();
    let ask = Some(Request::new(token, 6));
    let (paid, received) =
        exchange((&mut ada, Some((token, 5))), (&mut ben, ask), &mut |_, letter| Some(letter));
    let other = matches!(paid.result, Err(ExchangeError::Session(SessionError::OtherAsk)));
    assert!(other && !paid.is_bound() && received.result.is_ok(), "{paid:?} {received:?}");
    pays(&mut ada, &mut ben, (token, 6), None);
}

/// What is begun and broken off is done once, whatever brings the rest.
fn finishes(ada: &mut Person, ben: &mut Person, token: TokenId, by: usize) {
    match by {
        0 => {
            let (one, other) = exchange((ada, None), (ben, None), &mut |_, letter| Some(letter));
            assert!(one.result.is_ok() && other.result.is_ok(), "{one:?} {other:?}");
        }
        1 => {
            let pay = writes(ada, ben.id(), None);
            reads(ben, &pay);
            let receipt = writes(ben, ada.id(), None);
            reads(ada, &receipt);
        }
        _ => {
            let call = Goal::Sync { peer: ben.id() };
            let (met, _) = between(ada, ben, (call, OPEN), |_, _, frame| Some(vec![frame]));
            assert!(met.result.is_ok(), "{met:?}");
        }
    }
    let open = |one: &dsm_store::HistoryEntry| {
        one.own && one.entry.value.is_some() && one.peer.is_some() && !one.acknowledged
    };
    assert!(!ada.history().iter().any(open), "{by}");
    let had = ben.balance(&token);
    pays(ada, ben, (token, 1), None);
    assert_eq!(ben.balance(&token), had + 1);
    assert!(!ada.knows_fork(&ben.id()) && !ben.knows_fork(&ada.id()));
}

#[test]
fn an_exchange_that_is_cut_after_any_letter_is_finished_by_whatever_comes_next() {
    for friends in [false, true] {
        let (ada, ben, token) = if friends { old_friends() } else { town() };
        for (cut, by) in (0..4).flat_map(|cut| (0..3).map(move |by| (cut, by))) {
            let (mut ada, mut ben) = (ada.copied(), ben.copied());
            let had = ben.balance(&token);
            let ask = Some(Request::new(token, 50));
            let (paid, _) =
                exchange((&mut ada, Some((token, 50))), (&mut ben, ask), &mut |place, letter| {
                    (place != cut).then_some(letter)
                });
            assert!(paid.result.is_err() && paid.is_bound() == (cut >= 2), "{cut} {paid:?}");
            finishes(&mut ada, &mut ben, token, by);
            let due = if cut >= 2 { 50 } else { 0 };
            assert_eq!(ben.balance(&token), had + due + 1, "{cut} {by}");
        }
    }
}

/// Puts a letter in the place of one, and sees the exchange end with a reason and nothing lost.
fn spoils(
    (ada, ben): (&Person, &Person),
    token: TokenId,
    (place, forged): (usize, &dyn Fn(Vec<u8>) -> Vec<u8>),
) -> LetterError {
    let (mut ada, mut ben) = (ada.copied(), ben.copied());
    let had = ben.balance(&token);
    let mut middle = |at, letter| Some(if at == place { forged(letter) } else { letter });
    let (paid, received) = exchange((&mut ada, Some((token, 50))), (&mut ben, None), &mut middle);
    let heard = if place % 2 == 0 { received.result } else { paid.result };
    let Err(ExchangeError::Mail(MailError::Letter(error))) = heard else {
        panic!("{place}: {heard:?}");
    };
    finishes(&mut ada, &mut ben, token, place % 3);
    let due = if place >= 2 { 50 } else { 0 };
    assert_eq!(ben.balance(&token), had + due + 1, "{place}");
    error
}

#[test]
fn a_letter_of_an_earlier_exchange_is_refused_at_every_place() {
    for (mut ada, mut ben, token) in [town(), old_friends()] {
        let mut kept = Vec::new();
        for _ in 0..2 {
            let pay = (&mut ada, Some((token, 5)));
            let (paid, _) = exchange(pay, (&mut ben, None), &mut keep(&mut kept));
            assert!(paid.result.is_ok(), "{paid:?}");
        }
        for (place, old) in (0..4).flat_map(|place| kept.iter().map(move |old| (place, old))) {
            let error = spoils((&ada, &ben), token, (place, &|_| old.clone()));
            use LetterError::{Old, Sealed, Unknown};
            assert!(matches!(error, Old | Sealed | Unknown), "{place}: {error}");
        }
    }
}

#[test]
fn a_changed_letter_is_refused_at_every_place() {
    for (ada, ben, token) in [town(), old_friends()] {
        for (place, part) in (0..4).flat_map(|place| (0..8).map(move |part| (place, part))) {
            let change = |mut letter: Vec<u8>| {
                let at = (letter.len() - 1) * part / 7;
                letter[at] ^= 1;
                letter
            };
            spoils((&ada, &ben), token, (place, &change));
            spoils((&ada, &ben), token, (place, &|letter| letter[..letter.len() / 2].to_vec()));
        }
    }
}

#[test]
fn a_letter_of_somebody_else_is_refused_at_every_place() {
    let (mut ada, mut ben, token) = old_friends();
    let (mut cleo, mut stranger) = (Person::new("cleo"), Person::new("stranger"));
    introduce(&mut cleo, &mut ada);
    introduce(&mut cleo, &mut ben);
    stranger.pin("ada", ada.card());
    stranger.pin("ben", ben.card());
    for place in 0..4 {
        let reader = if place % 2 == 0 { ben.id() } else { ada.id() };
        let unknown = writes(&mut stranger, reader, None);
        let error = spoils((&ada, &ben), token, (place, &|_| unknown.clone()));
        assert!(matches!(error, LetterError::Rejected(_)), "{place}: {error}");
        // Another contact may greet, and not answer.
        if place > 0 {
            let other = writes(&mut cleo, reader, None);
            let error = spoils((&ada, &ben), token, (place, &|_| other.clone()));
            assert_eq!(error, LetterError::OtherWriter, "{place}");
        }
    }
}

#[test]
fn what_is_longer_than_a_letter_is_not_taken() {
    let (mut ada, mut ben, token) = old_friends();
    for place in 0..4 {
        let long = |at, letter| Some(if at == place { vec![0; (1 << 20) + 1] } else { letter });
        let pay = (&mut ada, Some((token, 1)));
        let (paid, received) = exchange(pay, (&mut ben, None), &mut { long });
        let heard = if place % 2 == 0 { received.result } else { paid.result };
        let too_long = matches!(heard, Err(ExchangeError::Link(LinkError::TooLong { .. })));
        assert!(too_long, "{place}: {heard:?}");
    }
}
