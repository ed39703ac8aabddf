//! Letters of which any number were lost in a row, and what moves a chain.

use std::collections::BTreeSet;

use dsm_core::TokenId;
use dsm_encoding::{List, from_slice};
use dsm_engine::Read;
use dsm_link::MemoryMailbox;
use dsm_session::{Contents, Ledger, Letter, LetterError, Request};

use crate::disk::Death;
use crate::letters::{is_first, old_friends, reads, refuses, sealed, secret, town, writes};
use crate::person::{Person, rogue};

/// The number of the next letter under the chain that a person expects of another.
fn expects(person: &Person, of: &Person) -> u64 {
    let books = person.engine.wallet().books().expect("books");
    books.mail(&of.id()).inbox.chain.map_or(0, |chain| chain.number)
}

/// Says nothing, but how far the reader's chain was read.
fn nothing(read: u64) -> Contents {
    Contents { accepted: 0, known: None, read, enclosures: List::default() }
}

/// A letter with a request.
fn asks(from: &mut Person, to: &Person, token: TokenId, amount: u64) -> Vec<u8> {
    writes(from, to.id(), Some(Request::new(token, amount)))
}

#[test]
fn after_any_number_of_lost_letters_one_is_read_and_the_chain_works_again() {
    for lost in [31, 32, 33, 64, 65, 100, 300] {
        let (mut ada, mut ben, token) = old_friends();
        ada.engine.pay_away(&ben.id(), token, 10).expect("a payment");
        for _ in 0..lost {
            writes(&mut ada, ben.id(), None);
        }
        let letter = writes(&mut ada, ben.id(), None);
        assert_eq!(is_first(&letter), lost >= 32, "{lost}");
        reads(&mut ben, &letter);
        assert_eq!(ben.balance(&token), 110, "{lost}");
        let receipt = writes(&mut ben, ada.id(), None);
        reads(&mut ada, &receipt);
        for _ in 0..40 {
            let letter = asks(&mut ada, &ben, token, 1);
            assert!(!is_first(&letter), "{lost}");
            reads(&mut ben, &letter);
            let answer = writes(&mut ben, ada.id(), None);
            reads(&mut ada, &answer);
        }
    }
}

#[test]
fn both_heal_when_both_directions_were_lost() {
    let (mut ada, mut ben, token) = old_friends();
    for _ in 0..100 {
        writes(&mut ada, ben.id(), None);
        writes(&mut ben, ada.id(), None);
    }
    for amount in 1..=3 {
        let letter = asks(&mut ada, &ben, token, amount);
        reads(&mut ben, &letter);
        let letter = asks(&mut ben, &ada, token, amount);
        reads(&mut ada, &letter);
        assert_eq!(is_first(&letter), amount == 1, "{amount}");
    }
}

#[test]
fn letters_of_one_who_is_never_answered_are_all_read() {
    let (mut ada, mut ben, token) = old_friends();
    for amount in 1..=100 {
        let letter = asks(&mut ada, &ben, token, amount);
        assert_eq!(is_first(&letter), amount > 32, "{amount}");
        reads(&mut ben, &letter);
    }
}

fn collects(person: &mut Person, mailbox: &mut MemoryMailbox) -> Vec<Read> {
    let mut reads = Vec::new();
    person.engine.collect(mailbox, &mut reads).expect("a sound mailbox");
    reads
}

#[test]
fn a_mailbox_that_lost_any_number_of_letters_brings_the_next_ones() {
    for (friends, lost) in [(false, 31), (false, 100), (true, 31), (true, 32), (true, 100)] {
        let (mut ada, mut ben, token) = if friends { old_friends() } else { town() };
        let had = ben.balance(&token);
        ada.engine.pay_away(&ben.id(), token, 10).expect("a payment");
        for _ in 0..lost {
            ada.engine.post(&mut MemoryMailbox::default(), &ben.id(), None, &secret()).expect("");
        }
        let mut mailbox = MemoryMailbox::default();
        ada.engine.post(&mut mailbox, &ben.id(), None, &secret()).expect("room");
        assert_eq!(collects(&mut ben, &mut mailbox).len(), 1, "{friends} {lost}");
        assert_eq!(ben.balance(&token), had + 10);
        for _ in 0..40 {
            ben.engine.post(&mut mailbox, &ada.id(), None, &secret()).expect("room");
            assert_eq!(collects(&mut ada, &mut mailbox).len(), 1, "{friends} {lost}");
            ada.engine.post(&mut mailbox, &ben.id(), None, &secret()).expect("room");
            assert_eq!(collects(&mut ben, &mut mailbox).len(), 1, "{friends} {lost}");
        }
        let books = ada.engine.wallet().books().expect("books");
        let outbox = books.mail(&ben.id()).outbox;
        assert!(outbox.chain.is_some_and(|chain| chain.number >= 40), "under the chain");
    }
}

#[test]
fn a_mailbox_that_nobody_emptied_for_long_loses_nothing() {
    let (mut ada, mut ben, token) = old_friends();
    let mut mailbox = MemoryMailbox::default();
    for amount in 1..=100 {
        let request = Some(Request::new(token, amount));
        ada.engine.post(&mut mailbox, &ben.id(), request, &secret()).expect("room");
    }
    // Those under the chain, oldest first, and then the others as many as are taken at once.
    assert_eq!(collects(&mut ben, &mut mailbox).len(), 32 + 64);
    assert_eq!(collects(&mut ben, &mut mailbox).len(), 4);
    assert!(mailbox.is_empty());
    ben.engine.pay_asked(&ada.id(), token, 100).expect("the last request");
    ben.engine.post(&mut mailbox, &ada.id(), None, &secret()).expect("room");
    assert_eq!(collects(&mut ada, &mut mailbox).len(), 1);
}

#[test]
fn only_a_new_first_letter_of_the_contact_moves_a_chain() {
    let (mut ada, mut ben, token) = old_friends();
    let eve = rogue("eve", &mut [&mut ben]);
    let stranger = Person::new("stranger");
    for _ in 0..50 {
        writes(&mut ada, ben.id(), None);
    }
    let old = asks(&mut ada, &ben, token, 1);
    let new = asks(&mut ada, &ben, token, 2);
    assert!(is_first(&old) && is_first(&new));
    // Another signs in her name, a contact in its own, a stranger in its own.
    let forged = sealed(&*eve.key, (ada.id(), 90, 20), &ben, &nothing(0));
    assert_eq!(refuses(&mut ben, &forged), LetterError::Signature);
    let others = sealed(&*eve.key, (eve.id(), 0, 20), &ben, &nothing(0));
    reads(&mut ben, &others);
    let unknown = sealed(&stranger.key(), (stranger.id(), 0, 20), &ben, &nothing(0));
    assert!(matches!(refuses(&mut ben, &unknown), LetterError::Rejected(_)));
    assert_eq!(expects(&ben, &ada), 0);
    reads(&mut ben, &new);
    assert_eq!(expects(&ben, &ada), 32);
    for letter in [&old, &new] {
        assert_eq!(refuses(&mut ben, letter), LetterError::Old);
    }
    // What she signed with a lower number later does not move it back.
    let back = sealed(&ada.key(), (ada.id(), 90, 3), &ben, &nothing(0));
    reads(&mut ben, &back);
    assert_eq!(expects(&ben, &ada), 32);
}

#[test]
fn a_contact_that_claims_too_much_moves_nothing() {
    let (mut ada, mut ben, token) = old_friends();
    let letter = asks(&mut ada, &ben, token, 1);
    for (number, next) in [1 << 63, u64::MAX, (1 << 16) + 1].into_iter().enumerate() {
        let letter = sealed(&ada.key(), (ada.id(), number as u64, next), &ben, &nothing(next));
        reads(&mut ben, &letter);
        assert_eq!(expects(&ben, &ada), 0);
    }
    reads(&mut ben, &letter);
    // Who claims that it read what was never written is written to as before.
    for count in 0..40 {
        let letter = writes(&mut ben, ada.id(), None);
        assert_eq!(is_first(&letter), count >= 32, "{count}");
    }
    // The farthest that is believed.
    let far = sealed(&ada.key(), (ada.id(), 9, 1 << 16), &ben, &nothing(0));
    reads(&mut ben, &far);
    assert_eq!(expects(&ben, &ada), 1 << 16);
}

#[test]
fn a_death_while_letters_are_lost_or_a_chain_moves_repeats_no_key() {
    for death in (0..3).flat_map(|at| [Death::Before(at), Death::After(at)]) {
        let (mut ada, mut ben, token) = old_friends();
        let mut left = Vec::new();
        for _ in 0..31 {
            left.push(writes(&mut ada, ben.id(), None));
        }
        let mut dying = ada.restarted(death);
        for _ in 0..4 {
            left.extend(dying.engine.write_letter(&ben.id(), None, &secret()));
        }
        drop(dying);
        let mut ada = ada.restarted(Death::Never);
        ada.engine.pay_away(&ben.id(), token, 10).expect("a payment");
        let last = (0..4).map(|_| writes(&mut ada, ben.id(), None)).last().expect("a letter");
        let mut dying = ben.restarted(death);
        let _ = dying.engine.read_letter(&last);
        drop(dying);
        ben = ben.restarted(Death::Never);
        let _ = ben.engine.read_letter(&last);
        assert_eq!(ben.balance(&token), 110, "{death:?}");
        let receipt = writes(&mut ben, ada.id(), None);
        reads(&mut ada, &receipt);
        for _ in 0..3 {
            left.push(writes(&mut ada, ben.id(), None));
        }
        reads(&mut ben, left.last().expect("a letter"));
        let tags: Vec<_> = left
            .iter()
            .filter_map(|letter| match from_slice(letter) {
                Ok(Letter::Next { tag, .. }) => Some(tag),
                _ => None,
            })
            .collect();
        assert!(tags.len() >= 34, "{death:?}: {}", tags.len());
        let unique: BTreeSet<_> = tags.iter().collect();
        assert_eq!(tags.len(), unique.len(), "{death:?}");
    }
}
