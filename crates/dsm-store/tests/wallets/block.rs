//! Contacts with which nothing is dealt, and tokens that the owner knows.

use dsm_core::{Reject, TokenId, View};
use dsm_crypto::{Digest, KemSecret, Secret};
use dsm_log::DeviceId;
use dsm_session::{
    Event, Goal, Ledger, LetterError, Message, Reading, Session, SessionError, pay_away,
    write_letter,
};
use dsm_store::{Changes, StoreError};

use crate::home::Home;
use crate::person::{Person, seeded};
use crate::talk::{Cut, fresh, pay, sync};
use crate::trade::two;

fn block<H: Home>(person: &mut Person<'_, H>, device: DeviceId, blocked: bool) {
    let blocked = vec![(device, blocked)];
    person.commit(&Changes { blocked, ..Changes::default() }).expect("a contact");
}

fn is_unknown(failure: Option<&SessionError>) -> bool {
    matches!(failure, Some(SessionError::Rejected(Reject::UnknownPeer { .. })))
}

pub(crate) fn a_blocked_contact_gets_no_further_than_hello<H: Home>(home: &H) {
    let (mut ada, mut ben, token) = two(home);
    assert!(pay(&mut ada, &mut ben, (token, 300), Cut::Never).over);
    let paid = pay(&mut ben, &mut ada, (token, 100), Cut::Frames(9));
    let owed = ben.books().history(Some(&ada.id()));
    block(&mut ben, ada.id(), true);
    let before = (ben.books().own_log().at, ben.books().all_held());
    for talk in [pay(&mut ada, &mut ben, (token, 50), Cut::Never), sync(&mut ada, &mut ben)] {
        assert!(is_unknown(talk.failures[1].as_ref()), "{talk:?}");
        assert!(
            matches!(&talk.failures[0], Some(SessionError::Refused { rule }) if **rule == *"R-35")
        );
        // Hello, and the refusal: no Ask, no news, no Want.
        assert_eq!((talk.frames, talk.batches), (2, 0), "{talk:?}");
    }
    assert!((ben.books().own_log().at, ben.books().all_held()) == before, "nothing is signed");
    assert!(ben.books().history(Some(&ada.id())) == owed, "what is owed stays written: {paid:?}");
    ben.restart();
    assert!(ben.books().is_blocked(&ada.id()), "it is durable");
    assert!(ben.books().contact(&ada.id()).is_some(), "it stays a contact");
    block(&mut ben, ada.id(), false);
    assert!(sync(&mut ben, &mut ada).over);
    assert!(pay(&mut ada, &mut ben, (token, 50), Cut::Never).over);
}

pub(crate) fn nothing_is_written_to_a_blocked_contact<H: Home>(home: &H) {
    let (mut ada, mut ben, token) = two(home);
    assert!(pay(&mut ada, &mut ben, (token, 300), Cut::Never).over);
    let secret = |byte| Secret::from_bytes([byte; 32]);
    let kem = |name| KemSecret::from_seed(seeded(name, "kem"));
    let first =
        write_letter(&ada.books(), &ada.key, &ben.id(), None, &secret(1)).expect("a letter");
    let first = first.persist(|batch| ada.commit(&Changes::from(batch))).expect("a letter").1;
    block(&mut ben, ada.id(), true);
    assert!(ben.books().correspondents().is_empty(), "no tag of it is looked for");
    for expected in [None, Some(ada.id())] {
        let read = Reading::open(&ben.books(), &kem("ben"), &first, expected.as_ref());
        let unknown = Reject::UnknownPeer { device: ada.id() };
        let refused = matches!(&read, Err(LetterError::Rejected(reject)) if *reject == unknown);
        // Under the chain its letter is of nobody, as a stranger's.
        assert!(refused || matches!(read, Err(LetterError::Unknown)), "{read:?}");
    }
    let paid = pay_away(&ben.books(), &ben.key, ada.id(), token, 1);
    assert!(is_unknown(paid.as_ref().err()), "{paid:?}");
    assert!(write_letter(&ben.books(), &ben.key, &ada.id(), None, &secret(2)).is_err());
    block(&mut ben, ada.id(), false);
    assert!(Reading::open(&ben.books(), &kem("ben"), &first, None).is_ok());
}

pub(crate) fn who_is_blocked_while_they_talk_is_not_heard_any_more<H: Home>(home: &H) {
    let (ada, mut ben, _) = two(home);
    let hello = Message::Hello {
        network: ada.books().network(),
        device: ada.id(),
        salt: fresh("ada", 1),
        accepted: 0,
        known: None,
    };
    let said = |message: &Message| dsm_encoding::to_vec(message);
    let session = Session::new(Goal::Receive { ask: None }, fresh("ben", 1));
    let hello = said(&hello);
    let met = session.step(&ben.books(), &ben.key, Event::Message(&hello)).expect("a contact").0;
    assert_eq!(met.peer(), Some(ada.id()));
    block(&mut ben, ada.id(), true);
    let sync = said(&Message::Sync { hints: Default::default() });
    let (after, effects) =
        met.step(&ben.books(), &ben.key, Event::Message(&sync)).expect("a refusal");
    assert!(is_unknown(after.failure()) && after.is_over());
    let then = effects.persist(|batch| {
        assert!(batch.is_empty(), "{batch:?}");
        Ok::<_, StoreError>(())
    });
    assert_eq!(then.expect("nothing to keep").frames.len(), 1);
}

pub(crate) fn only_contacts_are_blocked<H: Home>(home: &H) {
    let mut ada = Person::new(home, "ada");
    let device = DeviceId(Digest::ZERO);
    let changes = Changes { blocked: vec![(device, true)], ..Changes::default() };
    let refused = ada.commit(&changes);
    assert!(matches!(refused, Err(StoreError::NoContact { device: of }) if of == device));
}

pub(crate) fn tokens_are_pinned_and_unpinned<H: Home>(home: &H) {
    let mut ada = Person::new(home, "ada");
    let token = TokenId(Digest::ZERO);
    let pin = |ada: &mut Person<'_, H>, pinned| {
        let pinned = vec![(token, pinned)];
        ada.commit(&Changes { pinned, ..Changes::default() }).expect("a change");
        ada.restart();
        (ada.books().is_pinned(&token), ada.books().pinned())
    };
    assert_eq!(pin(&mut ada, true), (true, vec![token]));
    assert_eq!(pin(&mut ada, true), (true, vec![token]));
    assert_eq!(pin(&mut ada, false), (false, vec![]));
}
