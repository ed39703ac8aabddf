//! Conversations of one wallet that change what another one of it rests on.

use std::sync::atomic::Ordering;

use dsm_core::TokenId;
use dsm_core::data::{Author, Reducer};
use dsm_engine::{Answer, Conversation, ConverseError, Event, Next};
use dsm_log::ForkProof;
use dsm_session::{Batch, Goal, MAX_MESSAGE, Message, Notice, SessionError};
use dsm_store::{Changes, StoreError};

use crate::person::{Person, introduce, rogue};
use crate::raw::{OPEN, fork_of, hello};
use crate::wire::fresh;

fn town() -> (Person, Person, TokenId) {
    let (mut ada, mut ben) = (Person::new("ada"), Person::new("ben"));
    introduce(&mut ada, &mut ben);
    let token = ada.issue("mint");
    (ada, ben, token)
}

const FIRST: Conversation = Conversation(1);
const SECOND: Conversation = Conversation(2);

fn open(of: Conversation, goal: Goal) -> Event {
    Event::Open { of, goal, fresh: fresh(), proven: None }
}

fn said(of: Conversation, message: &Message) -> Event {
    Event::Message { of, message: dsm_encoding::to_vec(message) }
}

/// What a wallet answers to something in one turn.
pub(crate) fn happen(person: &mut Person, event: Event) -> Vec<Answer> {
    let mut answers = Vec::new();
    let turned = person.engine.turn(vec![event], &mut |_, _, answer| answers.push(answer));
    turned.expect("a sound store");
    answers
}

pub(crate) fn frames(answers: Vec<Answer>) -> Vec<Vec<u8>> {
    answers.into_iter().flat_map(|answer| answer.frames).collect()
}

fn name(frame: &[u8]) -> &'static str {
    dsm_encoding::from_slice::<Message>(frame).expect("an honest side speaks canonically").name()
}

/// Ada pays Ben in the first conversation, up to a message of this name, which is held back.
fn up_to(ada: &mut Person, ben: &mut Person, token: TokenId, held_back: &str) -> Vec<u8> {
    pays_up_to(FIRST, ada, ben, token, held_back)
}

/// The same in any conversation.
pub(crate) fn pays_up_to(
    of: Conversation,
    ada: &mut Person,
    ben: &mut Person,
    token: TokenId,
    held_back: &str,
) -> Vec<u8> {
    let pay = Goal::Pay { peer: ben.id(), token, amount: 50 };
    let mut to = [frames(happen(ada, open(of, pay))), frames(happen(ben, open(of, OPEN)))];
    for round in 0..40 {
        let (one, other) = if round % 2 == 0 { (&mut *ben, 1) } else { (&mut *ada, 0) };
        for message in std::mem::take(&mut to[1 - other]) {
            if name(&message) == held_back {
                return message;
            }
            let event = Event::Message { of, message };
            to[other].extend(frames(happen(one, event)));
        }
    }
    panic!("nobody says {held_back}")
}

fn learn(person: &mut Person, proof: ForkProof) {
    let forks = vec![proof.verify().expect("a true proof")];
    let batch = Batch { forks, ..Batch::default() };
    person.engine.commit(&Changes { batch, ..Changes::default() }).expect("a proof");
}

fn fork_of_person(person: &Person) -> ForkProof {
    fork_of(&person.card().descriptor, &person.key())
}

fn ends_by(answers: &[Answer], is: impl Fn(&SessionError) -> bool) -> bool {
    let over = answers.last().map(|answer| &answer.next);
    matches!(over, Some(Next::Over(Err(ConverseError::Session(error)))) if is(error))
}

#[test]
fn a_device_whose_fork_came_to_light_elsewhere_signs_nothing_more() {
    let (mut ada, mut ben, token) = town();
    let want = up_to(&mut ada, &mut ben, token, "Want");
    let proof = fork_of_person(&ada);
    learn(&mut ada, proof);
    let before = ada.disk.books();
    let answers = happen(&mut ada, Event::Message { of: FIRST, message: want });
    assert!(ends_by(&answers, |error| *error == SessionError::OwnFork));
    assert_eq!((frames(answers), ada.disk.books()), (Vec::new(), before));
}

#[test]
fn a_payee_whose_fork_came_to_light_elsewhere_acknowledges_nothing_more() {
    let (mut ada, mut ben, token) = town();
    let pay = up_to(&mut ada, &mut ben, token, "Pay");
    let proof = fork_of_person(&ben);
    learn(&mut ben, proof);
    let before = ben.disk.books();
    let answers = happen(&mut ben, Event::Message { of: FIRST, message: pay });
    assert!(ends_by(&answers, |error| *error == SessionError::OwnFork));
    assert_eq!((frames(answers), ben.disk.books()), (Vec::new(), before));
}

#[test]
fn nobody_is_bound_to_pay_a_device_whose_fork_came_to_light_elsewhere() {
    let (mut ada, mut ben, token) = town();
    let want = up_to(&mut ada, &mut ben, token, "Want");
    learn(&mut ada, fork_of_person(&ben));
    let before = ada.disk.books();
    let answers = happen(&mut ada, Event::Message { of: FIRST, message: want });
    let refused =
        |error: &SessionError| matches!(error, SessionError::Rejected(r) if r.rule() == "R-44");
    assert!(ends_by(&answers, refused));
    assert!(!answers.iter().flat_map(|one| &one.notices).any(is_bound));
    assert_eq!(ada.disk.books(), before);
}

fn is_bound(notice: &Notice) -> bool {
    matches!(notice, Notice::Bound { .. })
}

#[test]
fn a_turn_that_cannot_read_leaves_nothing_that_a_later_one_makes_durable() {
    let (ada, ben, token) = town();
    let reads = |count| {
        let (mut ada, mut ben) = (ada.copied(), ben.copied());
        let want = up_to(&mut ada, &mut ben, token, "Want");
        happen(&mut ada, open(SECOND, Goal::Sync { peer: ben.id() }));
        let before = ada.disk.books();
        ada.disk.reads.store(count, Ordering::SeqCst);
        let events = vec![
            Event::Message { of: FIRST, message: want },
            said(SECOND, &hello(ben.id(), 0, None)),
        ];
        let mut gone = 0;
        let turned = ada.engine.turn(events, &mut |_, _, answer| gone += answer.frames.len());
        ada.disk.reads.store(usize::MAX, Ordering::SeqCst);
        (turned, gone, before, ada)
    };
    for count in 0..100 {
        let (turned, gone, before, mut ada) = reads(count);
        if turned.is_ok() {
            assert!(count > 3 && gone > 0);
            return;
        }
        // What left is durable; whatever else was staged never is.
        assert!(gone == 0 || ada.disk.books() != before, "{count}");
        let after = ada.disk.books();
        let later = ada.engine.commit(&Changes::default());
        assert!(matches!(later, Err(StoreError::Reopen)), "{count}: {later:?}");
        assert!(matches!(ada.engine.rest(), Err(StoreError::Reopen)), "{count}");
        assert_eq!(ada.disk.books(), after, "{count}");
    }
    panic!("it never reads enough");
}

/// Takes anything.
pub(crate) struct Anything;

impl Reducer for Anything {
    type State = ();

    const SCHEMA: &'static str = "test/anything";

    fn start(&self) {}

    fn apply(&self, (): &(), _: Author, _: &[u8]) -> Option<()> {
        Some(())
    }
}

#[test]
fn a_contact_who_wants_everything_again_gets_no_more_at_once_than_its_link_took() {
    let mut ada = Person::new("ada");
    let eve = rogue("eve", &mut [&mut ada]);
    for _ in 0..100 {
        ada.engine.share(&eve.id(), &Anything, &vec![7; 1 << 14]).expect("a contribution");
    }
    happen(&mut ada, open(FIRST, OPEN));
    let mut answers = happen(&mut ada, said(FIRST, &hello(eve.id(), 0, None)));
    answers.extend(happen(&mut ada, said(FIRST, &Message::Sync { hints: Default::default() })));
    let (mut delivered, mut parts) = (0, 0);
    loop {
        let at_once: Vec<Vec<u8>> = frames(answers.split_off(0));
        let bytes: usize = at_once.iter().map(Vec::len).sum();
        assert!(bytes <= MAX_MESSAGE, "{bytes} bytes wait for one link");
        delivered += at_once.iter().filter(|frame| name(frame) == "Receipt").count();
        parts += 1;
        if delivered == 100 {
            break;
        }
        assert!(parts < 100, "only {delivered}");
        answers = happen(&mut ada, Event::Ready { of: FIRST });
    }
    assert!(parts > 1);
}

#[test]
fn news_that_a_peer_cannot_have_read_yet_are_told_again() {
    let (mut ada, mut ben, _) = town();
    let eve = rogue("eve", &mut [&mut ada, &mut ben]);
    learn(&mut ada, fork_of(&eve.descriptor, &eve.key));
    // Ben delivers this as soon as he knows who calls, before he hears anything more.
    ben.engine.share(&ada.id(), &Anything, &[7]).expect("a contribution");
    happen(&mut ben, open(FIRST, OPEN));
    let calls = frames(happen(&mut ada, open(FIRST, Goal::Sync { peer: ben.id() })));
    let [hello] = &calls[..] else { panic!("more than a Hello") };
    let said = frames(happen(&mut ben, Event::Message { of: FIRST, message: hello.clone() }));
    assert!(said.iter().any(|frame| name(frame) == "Receipt"));
    let mut lost = Vec::new();
    for message in said {
        lost.extend(frames(happen(&mut ada, Event::Message { of: FIRST, message })));
    }
    assert!(lost.iter().any(|frame| name(frame) == "Evidence"));
    // All that Ada said is lost with the link.
    for person in [&mut ada, &mut ben] {
        happen(person, Event::Close { of: FIRST });
    }
    let goal = Goal::Sync { peer: ben.id() };
    let met =
        crate::wire::between(&mut ada, &mut ben, (goal, OPEN), |_, _, frame| Some(vec![frame]));
    assert!(met.0.result.is_ok() && met.1.result.is_ok(), "{met:?}");
    assert!(ben.knows_fork(&eve.id()), "Ben was never told");
}

#[test]
fn who_said_done_keeps_what_comes_up_elsewhere_for_the_next_conversation() {
    let (mut ada, mut ben, token) = town();
    let done = up_to(&mut ada, &mut ben, token, "Done");
    let ids = [ben.id(), ada.id()];
    for (one, other) in [&mut ada, &mut ben].into_iter().zip(ids) {
        one.engine.share(&other, &Anything, &[7]).expect("a contribution");
    }
    let said = frames(happen(&mut ben, Event::Message { of: FIRST, message: done }));
    let names: Vec<_> = said.iter().map(|frame| name(frame)).collect();
    assert_eq!(names, ["Receipt", "Done"]);
    let mut answers = Vec::new();
    for message in said {
        answers.extend(happen(&mut ada, Event::Message { of: FIRST, message }));
    }
    assert!(matches!(answers.last().map(|one| &one.next), Some(Next::Over(Ok(())))));
    assert!(frames(answers).is_empty(), "it says more after Done");
}
