//! Every message in every state: a typed error or silence, no panic, and unchanged books.

use dsm_core::pack::{Plan, Wanted};
use dsm_core::{Lock, TokenId};
use dsm_encoding::{List, Text, to_vec};
use dsm_engine::{ConverseError, MAX_GREETING};
use dsm_link::{Link, LinkError};
use dsm_log::Position;
use dsm_session::{Goal, MAX_MESSAGE, Message, SessionError, SignedRun};
use dsm_sim::Actor;

use crate::person::{Person, rogue};
use crate::raw::{OPEN, Raw, ask_of, dealt, hello, meet, rich};
use crate::wire::Met;

/// One of each message, none of them what an honest peer would say next.
fn samples(eve: &Actor, victim: &Person) -> Vec<Message> {
    let mut liar = eve.clone();
    let token = rich(&mut liar, "mint of lies", 50);
    let zero = Lock::Device { id: eve.id(), floor: Position::origin(&eve.id()) };
    let dealing = liar.pay_to(victim.id(), zero, token, 50, None).dealing;
    let plan = dealing.plan(&liar.view, None).expect("a plan");
    let all = Wanted::all(&plan).expect("a short plan");
    let lie = || Box::new(dealt(&liar, &dealing, None, &all));
    let signature = {
        use dsm_crypto::Signer;
        dsm_log::HeadSignature::from(liar.key.sign(&dsm_crypto::Digest::ZERO))
    };
    let run = SignedRun {
        device: eve.descriptor.clone(),
        start: Position { index: 1, ..eve.at() },
        pairs: List::default(),
        signature: signature.clone(),
    };
    let proof = dsm_log::ForkProof {
        device: eve.descriptor.clone(),
        first: eve.at(),
        first_signature: signature.clone(),
        start: Position { index: 0, head: dsm_crypto::Digest::ZERO },
        pairs: List::default(),
        second_signature: signature,
    };
    let proofs = List::try_from(vec![proof; 16]).expect("sixteen");
    vec![
        hello(eve.id(), 0, None),
        hello(victim.id(), u64::MAX, Some(u64::MAX)),
        ask_of(eve, Some((TokenId(dsm_crypto::Digest::ZERO), 1))),
        Message::Offer {
            index: u64::MAX,
            floor: u64::MAX,
            token,
            amount: u64::MAX,
            plan: plan.clone(),
        },
        Message::Want { wanted: Wanted { tokens: List::default(), ..all.clone() } },
        Message::Want { wanted: Wanted::default() },
        Message::Pay { dealt: lie() },
        Message::Receipt { dealt: lie() },
        Message::Resume { index: 0, floor: None, plan: Plan::default() },
        Message::Resume { index: u64::MAX, floor: Some(u64::MAX), plan },
        Message::Evidence { proofs },
        Message::Sync { hints: List::default() },
        Message::Behind { hints: List::default() },
        Message::Contradict { run: Box::new(run) },
        Message::Doubt {},
        Message::Shown { signed: None },
        Message::Refuse { rule: Text::try_from("R-01").expect("short") },
        Message::Done {},
        Message::Cancel {},
    ]
}

/// How far the conversation is when the message comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    CalledAlone,
    CalledMet,
    CalledSynced,
    CalledWanting,
    CalledDone,
    PayerAlone,
    PayerMet,
    PayerOffered,
    PayerSent,
}

const STATES: [State; 9] = [
    State::CalledAlone,
    State::CalledMet,
    State::CalledSynced,
    State::CalledWanting,
    State::CalledDone,
    State::PayerAlone,
    State::PayerMet,
    State::PayerOffered,
    State::PayerSent,
];

/// Brings the victim into a state.
impl State {
    /// Whether the peer has said nothing yet.
    fn is_alone(self) -> bool {
        matches!(self, Self::CalledAlone | Self::PayerAlone)
    }
}

fn reach(raw: &mut Raw, eve: &Actor, state: State) {
    use State::{
        CalledAlone, CalledDone, CalledSynced, CalledWanting, PayerAlone, PayerOffered, PayerSent,
    };
    if matches!(state, CalledAlone | PayerAlone) {
        return;
    }
    raw.greet(eve.id(), 0, None);
    if matches!(state, CalledSynced | CalledWanting | CalledDone) {
        raw.tell_nothing();
    }
    if state == CalledWanting {
        raw.say(&Message::Resume { index: 9, floor: None, plan: Plan::default() });
        raw.hear_until("Want").expect("a Want");
    }
    if state == CalledDone {
        raw.say(&Message::Resume { index: 9, floor: None, plan: Plan::default() });
        raw.hear_until("Want").expect("a Want");
        raw.say(&Message::Done {});
    }
    if matches!(state, PayerOffered | PayerSent) {
        raw.say(&ask_of(eve, None));
        raw.tell_nothing();
        let Some(Message::Offer { plan, .. }) = raw.hear_until("Offer") else {
            panic!("no Offer: {:?}", raw.heard)
        };
        if state == PayerSent {
            raw.say(&Message::Want { wanted: Wanted::all(&plan).expect("a short plan") });
            raw.hear_until("Pay").expect("a Pay");
        }
    }
}

fn victim() -> (Person, Actor, TokenId) {
    let mut ada = Person::new("ada");
    let eve = rogue("eve", &mut [&mut ada]);
    let token = ada.issue("mint");
    (ada, eve, token)
}

fn goal(eve: &Actor, token: TokenId, state: State) -> Goal {
    if format!("{state:?}").starts_with("Payer") {
        Goal::Pay { peer: eve.id(), token, amount: 300 }
    } else {
        OPEN
    }
}

/// Says something in a state; books may change by what brought the state about only.
fn say_in(ada: &Person, eve: &Actor, token: TokenId, state: State, bytes: &[u8]) -> Met {
    let mut ada = ada.copied();
    let disk = ada.disk.clone();
    let (met, before) = meet(&mut ada, goal(eve, token, state), |raw| {
        reach(raw, eve, state);
        let before = disk.books();
        raw.shout(bytes);
        // What is no message ends it in any case.
        raw.shout(&[]);
        raw.hear_out();
        before
    });
    assert_eq!(ada.disk.books(), before, "{state:?}");
    met
}

#[test]
fn no_message_does_harm_in_any_state() {
    let (ada, eve, token) = victim();
    for state in STATES {
        for message in samples(&eve, &ada) {
            let name = message.name();
            let met = say_in(&ada, &eve, token, state, &to_vec(&message));
            let is_over = met.result.is_ok() && matches!(message, Message::Done {});
            // Nobody is heard at length before it is known.
            let long = matches!(
                met.result,
                Err(ConverseError::Link(LinkError::TooLong { most: MAX_GREETING }))
            );
            let ended = met.error().is_some() || is_over;
            assert!(ended || (long && state.is_alone()), "{name} in {state:?}: {met:?}");
        }
    }
}

#[test]
fn what_is_no_message_ends_the_session() {
    let (ada, eve, token) = victim();
    let hello = to_vec(&hello(eve.id(), 0, None));
    for state in [State::CalledAlone, State::CalledMet, State::PayerOffered] {
        for bytes in [&[][..], &[0x80], &[0xff; 9], hello.get(1..).expect("bytes")] {
            let met = say_in(&ada, &eve, token, state, bytes);
            assert!(matches!(met.error(), Some(SessionError::Form(_))), "{met:?}");
        }
        let met = say_in(&ada, &eve, token, state, &vec![0; MAX_MESSAGE + 1]);
        let most = if state.is_alone() { MAX_GREETING } else { MAX_MESSAGE };
        let link = LinkError::TooLong { most };
        assert_eq!(
            format!("{:?}", met.result),
            format!("{:?}", Err::<(), _>(ConverseError::Link(link)))
        );
    }
}

#[test]
fn a_silent_peer_is_given_up_by_its_link() {
    let (mut ada, eve, _) = victim();
    for says_hello in [false, true] {
        let (near, far) = crate::wire::wire();
        let near = near.patient(std::time::Duration::from_millis(100));
        let mut far = far;
        if says_hello {
            Link::send(&mut far, &to_vec(&hello(eve.id(), 0, None))).expect("a link");
        }
        let met = crate::wire::converse(&mut ada, near, OPEN);
        assert!(matches!(met.result, Err(ConverseError::Link(LinkError::Silent))), "{met:?}");
    }
}

#[test]
fn strangers_and_impostors_are_sent_away() {
    let (mut ada, eve, token) = victim();
    let stranger = Actor::new("stranger");
    let (met, ()) = meet(&mut ada, OPEN, |raw| {
        raw.say(&hello(stranger.id(), 0, None));
        raw.hear_out();
        assert_eq!(raw.heard, ["Refuse"]);
    });
    assert_eq!(met.rule(), Some("R-35"));
    let (met, ()) = meet(&mut ada, goal(&eve, token, State::PayerMet), |raw| {
        raw.say(&hello(stranger.id(), 0, None));
        raw.hear_out();
    });
    assert_eq!(met.error(), Some(&SessionError::WrongPeer { device: stranger.id() }));
    let me = ada.id();
    let (met, ()) = meet(&mut ada, OPEN, |raw| {
        raw.say(&hello(me, 0, None));
        raw.hear_out();
    });
    assert_eq!(met.rule(), Some("R-35"));
    let (met, ()) = meet(&mut ada, OPEN, |raw| {
        let (network, device) = (dsm_log::Network::MAIN, eve.id());
        raw.say(&Message::Hello { network, device, salt: [0; 32], accepted: 0, known: None });
        raw.hear_out();
    });
    assert_eq!(met.rule(), Some("R-02"));
}

#[test]
fn chatter_without_end_is_cut_off() {
    let (mut ada, eve, _) = victim();
    let ask = ask_of(&eve, None);
    let (met, ()) = meet(&mut ada, OPEN, |raw| {
        raw.greet(eve.id(), 0, None);
        for _ in 0..5_000 {
            raw.say(&ask);
        }
        raw.hear_out();
    });
    assert_eq!(met.error(), Some(&SessionError::TooLong));
}
