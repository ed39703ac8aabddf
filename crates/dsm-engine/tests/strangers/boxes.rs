//! Letters that lie in mailboxes.

use dsm_engine::{MailError, Read};
use dsm_link::{Mailbox, MemoryMailbox};
use dsm_session::Request;

use crate::disk::Death;
use crate::letters::{secret, town};
use crate::person::Person;

fn collects(person: &mut Person, mailbox: &mut MemoryMailbox) -> Vec<Read> {
    let mut reads = Vec::new();
    person.engine.collect(mailbox, &mut reads).expect("a sound mailbox");
    reads
}

#[test]
fn a_mailbox_brings_payments_receipts_and_requests() {
    let (mut ada, mut ben, token) = town();
    let (ada_id, ben_id) = (ada.id(), ben.id());
    let mut mailbox = MemoryMailbox::default();
    for round in 0..4 {
        ada.engine.pay_away(&ben_id, token, 10).expect("a payment");
        ada.engine.post(&mut mailbox, &ben_id, None, &secret()).expect("a posted letter");
        // Whoever knows both can spoil the box of first letters; it brings nothing.
        let box_of_first = dsm_crypto::hash(dsm_crypto::Domain::Mailbox, &(ada_id, ben_id));
        mailbox.put(box_of_first.as_bytes(), b"spam").expect("memory");
        let read = collects(&mut ben, &mut mailbox);
        assert_eq!((read.len(), read[0].is_answer_due), (1, true), "{round}");
        let request = Some(Request::new(token, 1));
        ben.engine.post(&mut mailbox, &ada_id, request, &secret()).expect("a posted letter");
        ben.engine.post(&mut mailbox, &ada_id, None, &secret()).expect("a posted letter");
        let read = collects(&mut ada, &mut mailbox);
        assert_eq!(read.len(), 2, "{round}");
        assert!(mailbox.is_empty());
    }
    assert_eq!(ben.balance(&token), 40);
    assert!(collects(&mut ada, &mut mailbox).is_empty());
}

/// A mailbox that cannot remove anything.
struct Stuck(MemoryMailbox);

impl Mailbox for Stuck {
    type Error = std::fmt::Error;

    fn put(&mut self, key: &[u8; 32], letter: &[u8]) -> Result<(), Self::Error> {
        self.0.put(key, letter).map_err(|never| match never {})
    }

    fn take(
        &mut self,
        key: &[u8; 32],
        read: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<bool, Self::Error> {
        let shown = self.0.take(key, &mut |letter| {
            read(letter);
            false
        });
        if shown == Ok(true) { Err(std::fmt::Error) } else { Ok(false) }
    }
}

#[test]
fn a_letter_that_was_read_and_could_not_be_removed_does_nothing_the_next_time() {
    let (mut ada, mut ben, token) = town();
    let mut stuck = Stuck(MemoryMailbox::default());
    ada.engine.pay_away(&ben.id(), token, 10).expect("a payment");
    ada.engine.post(&mut stuck, &ben.id(), None, &secret()).expect("room");
    let mut reads = Vec::new();
    let failed = ben.engine.collect(&mut stuck, &mut reads);
    assert!(matches!(failed, Err(MailError::Mailbox(_))) && reads.len() == 1, "{failed:?}");
    let mut ben = ben.restarted(Death::Never);
    assert_eq!(ben.balance(&token), 10);
    assert!(collects(&mut ben, &mut stuck.0).is_empty());
    assert_eq!(ben.balance(&token), 10);
    // The receipt that was not written then follows the next letter.
    ada.engine.post(&mut stuck.0, &ben.id(), None, &secret()).expect("room");
    assert!(collects(&mut ben, &mut stuck.0)[0].is_answer_due);
}
