//! Claims that the own books are an old copy: true ones end all signing, false ones cost a session.

use dsm_core::TokenId;
use dsm_crypto::{Domain, SecretKey, hash};
use dsm_engine::{IssueError, MailError, ShareError};
use dsm_log::{DeviceId, Position, SignedHead};
use dsm_session::{Goal, LetterError, Message, SessionError};
use dsm_sim::{Actor, NETWORK};

use crate::interleaved::Anything;
use crate::letters::secret;
use crate::person::{Person, rogue};
use crate::raw::{OPEN, meet};
use crate::wire::Met;

fn town() -> (Person, Actor, TokenId) {
    let mut ada = Person::new("ada");
    let eve = rogue("eve", &mut [&mut ada]);
    let token = ada.issue("mint");
    (ada, eve, token)
}

/// Eve claims to know more of Ada's log than Ada wrote, and shows something, or leaves.
fn claims(ada: &mut Person, eve: &Actor, goal: Goal, shown: Option<Message>) -> Met {
    let (met, ()) = meet(ada, goal, |raw| {
        raw.greet(eve.id(), 7, Some(7));
        raw.say(&Message::Sync { hints: dsm_encoding::List::default() });
        raw.hear_until("Doubt").expect("Ada doubts");
        raw.say(&shown.unwrap_or(Message::Done {}));
        raw.hear_out();
        let silent = |name: &&str| matches!(*name, "Hello" | "Doubt");
        assert!(raw.heard.iter().all(silent), "{:?}", raw.heard);
    });
    met
}

fn show(signed: SignedHead) -> Option<Message> {
    Some(Message::Shown { signed: Some(Box::new(signed)) })
}

/// A head of a device, signed by whoever has the key.
fn head(of: DeviceId, by: &SecretKey, index: u64) -> SignedHead {
    let at = Position { index, head: hash(Domain::Head, &index) };
    SignedHead::sign(NETWORK, of, at, by)
}

#[test]
fn a_false_claim_to_know_a_later_own_head_costs_one_session() {
    let (mut ada, eve, token) = town();
    let before = ada.disk.books();
    for goal in [OPEN, Goal::Sync { peer: eve.id() }] {
        let forged = head(ada.id(), &eve.key, 7);
        let not_later = head(ada.id(), &ada.key(), 0);
        let of_eve = head(eve.id(), &eve.key, 7);
        let lies = [None, show(forged), show(not_later), show(of_eve)];
        for lie in lies.into_iter().chain([Some(Message::Shown { signed: None })]) {
            let met = claims(&mut ada, &eve, goal.clone(), lie);
            assert!(matches!(met.error(), Some(SessionError::Unexpected(_))), "{met:?}");
            assert_eq!(ada.disk.books(), before);
        }
    }
    assert!(ada.engine.issue(&token, 1).is_ok());
}

#[test]
fn a_later_own_head_once_shown_ends_all_signing() {
    for goal in [OPEN, Goal::Sync { peer: rogue("eve", &mut []).id() }] {
        let (mut ada, eve, token) = town();
        let future = show(head(ada.id(), &ada.key(), 7));
        let met = claims(&mut ada, &eve, goal, future);
        assert_eq!(met.error(), Some(&SessionError::OldCopy));
        assert!(matches!(ada.engine.issue(&token, 1), Err(IssueError::OldCopy)));
        let before = ada.disk.books();
        let away = ada.engine.pay_away(&eve.id(), token, 1);
        assert!(matches!(away, Err(MailError::Session(SessionError::OldCopy))), "{away:?}");
        let letter = ada.engine.write_letter(&eve.id(), None, &secret());
        let old = LetterError::Session(SessionError::OldCopy);
        assert!(matches!(letter, Err(MailError::Letter(error)) if error == old));
        let shared = ada.engine.share(&eve.id(), &Anything, b"a word");
        assert!(matches!(shared, Err(ShareError::OldCopy)), "{shared:?}");
        assert_eq!(ada.disk.books(), before);
        // After a restart neither, although nothing is claimed any more.
        let mut ada = ada.copied();
        let goal = Goal::Pay { peer: eve.id(), token, amount: 1 };
        let (met, ()) = meet(&mut ada, goal, |raw| {
            raw.greet(eve.id(), 0, None);
            raw.hear_out();
        });
        assert_eq!(met.error(), Some(&SessionError::OldCopy));
    }
}
