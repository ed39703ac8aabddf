//! Over the secure channel nobody speaks in another's name (`spec/channel.md`, who speaks).

use dsm_crypto::Secret;
use dsm_encoding::to_vec;
use dsm_engine::{ConverseError, Secure};
use dsm_link::Link;
use dsm_log::DeviceId;
use dsm_session::{Goal, Message, SessionError};
use dsm_sim::NETWORK;

use crate::person::{Person, introduce};
use crate::wire::{Wire, fresh, wire};

/// Ada, Ben and Eve, each other's contacts.
fn people() -> (Person, Person, Person) {
    let (mut ada, mut ben, mut eve) = (Person::new("ada"), Person::new("ben"), Person::new("eve"));
    introduce(&mut ada, &mut ben);
    introduce(&mut ben, &mut eve);
    introduce(&mut eve, &mut ada);
    (ada, ben, eve)
}

fn hello(device: DeviceId) -> Vec<u8> {
    let network = NETWORK;
    to_vec(&Message::Hello { network, device, salt: fresh(), accepted: 0, known: None })
}

type Ended = Result<(), ConverseError>;

/// What an honest person makes of a link, with a goal.
fn listens(person: &mut Person, mut link: Secure<Wire>, goal: Goal) -> Ended {
    person.engine.converse(&mut link, goal, fresh(), &mut |_| {})
}

fn is_refused(ended: &Ended, as_device: DeviceId) -> bool {
    matches!(
        ended,
        Err(ConverseError::Session(SessionError::WrongPeer { device })) if *device == as_device
    )
}

#[test]
fn a_contact_cannot_call_in_the_name_of_another() {
    for as_ada in [true, false] {
        let (ada, mut ben, eve) = people();
        let name = if as_ada { ada.id() } else { eve.id() };
        let key = ben.card().kem;
        let (near, far) = wire();
        let ended = std::thread::scope(|scope| {
            let called = scope.spawn(|| {
                let link = ben.engine.answer(far, Secret::from_bytes(fresh()))?;
                Ok::<_, dsm_engine::SecureError>(listens(
                    &mut ben,
                    link,
                    Goal::Receive { ask: None },
                ))
            });
            let link = eve.engine.call(near, &key, Secret::from_bytes(fresh()));
            let mut link = link.expect("a channel between Eve and Ben");
            link.send(&hello(name)).expect("a link");
            if !as_ada {
                // In her own name Eve is answered.
                assert!(link.receive(dsm_session::MAX_MESSAGE).expect("a link").is_some());
            }
            drop(link);
            called.join().expect("no panic").expect("a channel")
        });
        assert_eq!(is_refused(&ended, ada.id()), as_ada, "{ended:?}");
    }
}

#[test]
fn whoever_is_called_cannot_answer_in_the_name_of_another() {
    let (mut ada, ben, eve) = people();
    let (near, far) = wire();
    let ended = std::thread::scope(|scope| {
        let called = scope.spawn(|| {
            let mut link = eve.engine.answer(far, Secret::from_bytes(fresh())).expect("a channel");
            let _ = link.receive(dsm_session::MAX_MESSAGE);
            link.send(&hello(ben.id())).expect("a link");
            let _ = link.receive(dsm_session::MAX_MESSAGE);
        });
        let link = ada.engine.call(near, &eve.card().kem, Secret::from_bytes(fresh()));
        let goal = Goal::Sync { peer: ben.id() };
        let ended = listens(&mut ada, link.expect("a channel to Eve"), goal);
        called.join().expect("no panic");
        ended
    });
    assert!(is_refused(&ended, ben.id()), "{ended:?}");
}
